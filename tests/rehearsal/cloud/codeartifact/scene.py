"""What the tests of the CodeArtifact emulator share: a domain, people, clients, and packages to publish."""

import base64
import hashlib
import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from rehearsal.cloud.aws import Credentials
from rehearsal.cloud.codeartifact import npm as npm_endpoint
from rehearsal.cloud.codeartifact.service import Service
from rehearsal.cloud.codeartifact.store import Package
from rehearsal.cloud.public_registries import npm, pypi
from tests.rehearsal.cloud.in_process import ACCOUNT, REGION, Cloud, allow

NUMBERS = count()  # of roles: the cloud outlives a test
HTTP = httpx.Client(timeout=20)
DOMAIN = "acme"
PREFIX = f"arn:aws:codeartifact:{REGION}:{ACCOUNT}"
DOMAIN_ARN = f"{PREFIX}:domain/{DOMAIN}"
TOKEN = (
    allow("codeartifact:GetAuthorizationToken", resource=DOMAIN_ARN),
    allow("sts:GetServiceBearerToken", Condition={"StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}}),
)


def repository_arn(repository: str) -> str:
    return f"{PREFIX}:repository/{DOMAIN}/{repository}"


def package_arn(repository: str, path: str) -> str:
    """path: FORMAT/NAMESPACE/NAME."""
    return f"{PREFIX}:package/{DOMAIN}/{repository}/{path}"


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Scene:
    """A fresh emulator on a running cloud."""

    cloud: Cloud
    service: Service
    clock: Clock
    admin: Any

    def role(self, *statements: Mapping[str, Any], **options: Any) -> Credentials:
        """A session of a new role with these statements."""
        return self.cloud.role(f"role-{next(NUMBERS)}", *statements, **options)

    def api(self, credentials: Credentials) -> Any:
        """A boto3 client of CodeArtifact."""
        return self.cloud.client("codeartifact", credentials, parameter_validation=False)

    def token(self, client: Any, duration: int = 3600) -> str:
        return client.get_authorization_token(domain=DOMAIN, durationSeconds=duration)["authorizationToken"]

    def person(self, *statements: Mapping[str, Any]) -> "Person":
        """Somebody with a token and these statements besides."""
        api = self.api(self.role(*TOKEN, *statements))
        return Person(self, api, self.token(api))

    def repositories(self, **upstreams: str) -> None:
        """Repositories by name, in order: each value is an external connection, or upstreams separated by blanks."""
        for name, above in upstreams.items():
            connection = above if above.startswith("public:") else ""
            named = [] if connection else [{"repositoryName": upstream} for upstream in above.split()]
            self.admin.create_repository(domain=DOMAIN, repository=name, upstreams=named)
            if connection:
                self.admin.associate_external_connection(domain=DOMAIN, repository=name, externalConnection=connection)

    def versions(self, repository: str, format: str, package: str, namespace: str = "") -> dict[str, str]:
        """Versions stored in a repository, with their statuses."""
        named = {"namespace": namespace} if namespace else {}
        with maybe_missing():
            found = self.admin.list_package_versions(domain=DOMAIN, repository=repository, format=format, package=package, **named)
            return {version["version"]: version["status"] for version in found["versions"]}
        return {}

    def public(self, format: str, name: str, version: str) -> None:
        """Put a package into the public registry."""
        answer = self.cloud.control("POST", "codeartifact/public-packages", {"format": format, "name": name, "version": version})
        assert answer.status_code == 201

    def controls(self, repository: str, name: str, publish: str, upstream: str) -> None:
        """Set a package's own origin controls; name: as npm writes it."""
        packages, package = self.service.store.domains[ACCOUNT, DOMAIN].repositories[repository].packages, npm_endpoint.coordinates(name)
        packages.setdefault(package, Package(package, {})).restrictions = {"publish": publish, "upstream": upstream}

    def group(self, pattern: str, **restrictions: str | list[str]) -> None:
        """A package group that counts already. restrictions: PUBLISH=..., a mode, or the repositories that are allowed."""
        self.admin.create_package_group(domain=DOMAIN, packageGroup=pattern)
        self.restrict(pattern, **restrictions)
        self.clock.now += 1

    def restrict(self, pattern: str, **restrictions: str | list[str]) -> None:
        modes = {kind: value if isinstance(value, str) else "ALLOW_SPECIFIC_REPOSITORIES" for kind, value in restrictions.items()}
        allowed = [
            {"repositoryName": name, "originRestrictionType": kind}
            for kind, value in restrictions.items() if not isinstance(value, str) for name in value
        ]  # fmt: skip
        self.admin.update_package_group_origin_configuration(
            domain=DOMAIN, packageGroup=pattern, restrictions=modes, addAllowedRepositories=allowed
        )


@dataclass
class Person:
    """A principal with a token."""

    scene: Scene
    api: Any
    token: str

    def request(self, method: str, format: str, repository: str, path: str, **options: Any) -> httpx.Response:
        """A package manager's request."""
        url = self.url(format, repository) + path
        headers = {"authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return HTTP.request(method, url, headers=headers, **options)

    def url(self, format: str, repository: str) -> str:
        """A repository's endpoint, with its final slash."""
        return f"{self.scene.cloud.url}/_codeartifact/{DOMAIN}-{ACCOUNT}/{format}/{repository}/"

    def npm_publish(self, repository: str, name: str, version: str, /, *, tag: str = "latest", **manifest: Any) -> httpx.Response:
        document = npm_document(name, version, tag, **manifest)
        return self.request("PUT", "npm", repository, name.replace("/", "%2f"), json=document)

    def npm_versions(self, repository: str, name: str) -> list[str]:
        """The versions that npm is shown, none for 404."""
        answer = self.request("GET", "npm", repository, name.replace("/", "%2f"))
        assert answer.status_code in (200, 404), answer.text
        return list(answer.json().get("versions", []))

    def npm_tags(self, repository: str, name: str) -> dict[str, str]:
        """The tags that npm is shown."""
        return self.request("GET", "npm", repository, name.replace("/", "%2f")).json()["dist-tags"]

    def npm_tarball(self, repository: str, name: str, version: str) -> httpx.Response:
        return self.request("GET", "npm", repository, f"{name}/-/{name.rpartition('/')[2]}-{version}.tgz")

    def pypi_upload(self, repository: str, name: str, version: str, *, content: bytes = b"", file: str = "") -> httpx.Response:
        packed = content or pypi.wheel(name, version, [])
        form = {
            ":action": "file_upload", "protocol_version": "1", "name": name, "version": version, "filetype": "bdist_wheel",
            "metadata_version": "2.1", "sha256_digest": hashlib.sha256(packed).hexdigest(),
        }  # fmt: skip
        return self.request("POST", "pypi", repository, "", data=form, files={"content": (file or pypi.wheel_name(name, version), packed)})


def npm_document(name: str, version: str, tag: str = "latest", /, **manifest: Any) -> dict[str, Any]:
    """What `npm publish` sends."""
    package = npm.manifest(name, version, {}) | manifest
    tarball = npm.tarball(package)
    dist = {
        "shasum": hashlib.sha1(tarball, usedforsecurity=False).hexdigest(),
        "integrity": "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode(),
    }
    attachment = {"content_type": "application/octet-stream", "data": base64.b64encode(tarball).decode(), "length": len(tarball)}
    return {
        "_id": name, "name": name, "dist-tags": {tag: version}, "versions": {version: package | {"dist": dist}},
        "_attachments": {f"{name}-{version}.tgz": attachment},
    }  # fmt: skip


@contextmanager
def refused(code: str, message: str = "") -> Generator[None]:
    """The block raises a ClientError of this code whose message has these words."""
    with pytest.raises(ClientError) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == code, caught.value
    assert message in caught.value.response["Error"]["Message"]


@contextmanager
def maybe_missing() -> Generator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
