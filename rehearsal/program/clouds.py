"""Connections to the local cloud, configured as the AWS and GitHub providers would be."""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import boto3
import botocore.session
import httpx
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader

from rehearsal import service_models
from rehearsal.program.handlers import CloudError, NotSupported
from rehearsal.program.inputs import Inputs
from rehearsal.program.stack_files import Stack

SESSION_NAME = "rehearsal"
# Keeps the service descriptions that it has read; reading them takes longer than all calls to a service.
DESCRIPTIONS = Loader()
# What GitHub's provider sends again, and the limit that it waits for (terraform-provider-github, `retryable_errors` and its transports).
RETRIED = (500, 502, 503, 504)
LIMITED = (403, 429)
SECONDARY_LIMIT = "#about-secondary-rate-limits"


@dataclass(frozen=True)
class Connection:
    """How the clouds are reached.

    attempts: how often at most a call is tried that was throttled, met a server error or (AWS) was not answered; the real providers' own
    are 25 (AWS) and 4 (GitHub). timeout: seconds to wait for an answer. pause: waits before the next attempt at GitHub. transport:
    instead of a socket, for GitHub's client.
    """

    attempts: int = 1
    timeout: float = 60
    pause: Callable[[float], None] = time.sleep
    transport: httpx.BaseTransport | None = None
    clients: dict[tuple[str, ...], Any] = field(default_factory=dict, compare=False)
    lock: Any = field(default_factory=threading.Lock, compare=False, repr=False)

    def client(self, session: boto3.session.Session, service: str, url: str) -> Any:
        """A client of an AWS service, one for each set of credentials and region."""
        credentials = session.get_credentials()
        key = (url, service, session.region_name, credentials.access_key if credentials else "")
        with self.lock:  # boto3 makes clients in one thread at a time
            return self._client(key, session, service, url)

    def _client(self, key: tuple[str, ...], session: boto3.session.Session, service: str, url: str) -> Any:
        if key not in self.clients:
            retries = {"total_max_attempts": self.attempts, "mode": "standard"}
            config = Config(retries=retries, connect_timeout=min(10, self.timeout), read_timeout=self.timeout)
            self.clients[key] = session.client(service, endpoint_url=url, config=config)
        return self.clients[key]


class Aws:
    """AWS in one region with one set of credentials. Errors come as `CloudError` with AWS's code and message."""

    def __init__(
        self,
        url: str,
        region: str,
        credentials: Mapping[str, str],
        default_tags: Mapping[str, str] | None = None,
        connection: Connection | None = None,
    ) -> None:
        self.url, self.region, self.default_tags = url, region, dict(default_tags or {})
        self.connection = connection or Connection()
        self._credentials = dict(credentials)
        described = botocore.session.get_session()
        described.register_component("data_loader", DESCRIPTIONS)
        self._session = boto3.session.Session(region_name=region, botocore_session=described, **self._credentials)
        self._account: str | None = None

    def in_region(self, region: str | None) -> "Aws":
        """The same account in another region."""
        if region is None or region == self.region:
            return self
        return Aws(self.url, region, self._credentials, self.default_tags, self.connection)

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """One API call; parameters that are None are left out."""
        client = self.connection.client(self._session, service, self.url)
        given = {key: value for key, value in parameters.items() if value is not None}
        # The real providers are not there to be refused by the services: their models are asked in full.
        model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
        if wrong := service_models.problems(model, given):
            raise CloudError(f"{service} {operation}: {'; '.join(wrong)}")
        try:
            return getattr(client, operation)(**given)
        except ClientError as error:
            detail = error.response.get("Error", {})
            raise AwsError(service, error.operation_name, str(detail.get("Code", "")), str(detail.get("Message", ""))) from error
        except BotoCoreError as error:
            raise CloudError(f"{service} {operation}: {error}") from error

    def account(self) -> str:
        """The account of the credentials."""
        if self._account is None:
            self._account = self.call("sts", "get_caller_identity")["Account"]
        return self._account

    def partition(self) -> str:
        """The partition of the region, from botocore's own endpoint data."""
        return self._session.get_partition_for_region(self.region)


class AwsError(CloudError):
    """An AWS API answered with an error."""

    def __init__(self, service: str, operation: str, code: str, message: str) -> None:
        super().__init__(f"{service} {operation}: {code}: {message}")
        self.code = code
        # Each service has a word of its own for it.
        self.not_found = code in NOT_FOUND


NOT_FOUND = {
    "NoSuchEntity",
    "NotFound",
    "NotFoundException",
    "ResourceNotFoundException",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
}


class Github:
    """GitHub's REST API for one owner. Errors come as `GithubError` with GitHub's status and message."""

    def __init__(
        self, url: str, token: str, owner: str, transport: httpx.BaseTransport | None = None, connection: Connection | None = None
    ) -> None:
        self.owner, self._connection = owner, connection or Connection()
        headers = {"authorization": f"Bearer {token}", "accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
        self._client = httpx.Client(
            base_url=url.rstrip("/") + "/",
            headers=headers,
            follow_redirects=True,
            timeout=self._connection.timeout,
            trust_env=False,
            transport=transport or self._connection.transport,
        )

    def call(self, method: str, *path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Any:
        """One request to the path of these segments (each is escaped); the JSON answer, None if it is empty."""
        return self.response(method, *path, body=body, query=query).json_or_none

    def response(self, method: str, *path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> "GithubResponse":
        """Like `call`, with the answer's headers."""
        address = "/".join(quote(segment, safe="") for segment in path)
        try:
            answer = self._request(method, address, body, query)
        except httpx.HTTPError as error:
            raise CloudError(f"{method} {address}: {error}") from error
        # A branch policy that is there already is answered with 303 and no place to go to; the provider's client takes that for an error.
        if not answer.is_success:
            raise GithubError(method, str(answer.url), answer)
        body = answer.json() if answer.content else None
        return GithubResponse(body, answer.headers.get("etag", ""), answer.links.get("next", {}).get("url"), dict(answer.headers))

    def _request(self, method: str, address: str, body: Any, query: Mapping[str, Any] | None) -> httpx.Response:
        """As the provider: again after a server's error or a secondary limit, not after a connection that broke."""
        for _ in range(self._connection.attempts - 1):
            answer = self._client.request(method, address, json=body, params=query)
            limited = answer.status_code in LIMITED and SECONDARY_LIMIT in answer.text
            if not limited and answer.status_code not in RETRIED:
                return answer
            self._connection.pause(float(answer.headers.get("retry-after", 1)))
        return self._client.request(method, address, json=body, params=query)

    def pages(self, *path: str, member: str = "") -> list[Any]:
        """Every entry of a paged list, which is the answer itself or its `member`."""
        entries: list[Any] = []
        page = 1
        while True:
            answer = self.response("GET", *path, query={"per_page": 100, "page": page})
            entries += answer.json_or_none[member] if member else answer.json_or_none
            if answer.next_url is None:
                return entries
            page += 1


@dataclass(frozen=True)
class GithubResponse:
    """A successful answer."""

    json_or_none: Any
    etag: str
    next_url: str | None
    headers: Mapping[str, str] = field(default_factory=dict)


class GithubError(CloudError):
    """GitHub answered with an error; worded as the provider's client words it."""

    def __init__(self, method: str, url: str, answer: httpx.Response) -> None:
        try:
            detail = answer.json()
        except ValueError:
            detail = {"message": answer.text}
        errors = f" {json.dumps(detail['errors'])}" if detail.get("errors") else ""
        super().__init__(f"{method} {url}: {answer.status_code} {detail.get('message') or answer.reason_phrase}{errors}")
        self.status = answer.status_code
        self.not_found = self.status == 404


class PulumiCloud:
    """Pulumi Cloud's REST API. Errors come as `PulumiError` with its status and message."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"authorization": f"token {token}", "accept": "application/vnd.pulumi+8"}
        self._client = httpx.Client(base_url=f"{url.rstrip('/')}/_pulumi/api/", headers=headers, timeout=60, trust_env=False)

    def call(self, method: str, *path: str, body: Any = None) -> Any:
        """One request to the path of these segments; the JSON answer."""
        address = "/".join(quote(segment, safe="") for segment in path)
        try:
            answer = self._client.request(method, address, json=body)
        except httpx.HTTPError as error:
            raise CloudError(f"{method} {address}: {error}") from error
        if answer.is_error:
            raise PulumiError(method, address, answer)
        return answer.json()


class PulumiError(CloudError):
    """Pulumi Cloud answered with an error."""

    def __init__(self, method: str, address: str, answer: httpx.Response) -> None:
        super().__init__(f"{method} {address}: {answer.status_code} {answer.json().get('message', '')}")
        self.status = answer.status_code


@dataclass
class Clouds:
    """The providers of a run: one default of each kind, configured by the stack, and those that the program registers itself."""

    url: str
    github_url: str
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    explicit: dict[str, Aws | Github] = field(default_factory=dict)
    default_aws: Aws | None = None
    default_github: Github | None = None
    connection: Connection = field(default_factory=Connection)

    def configure(self, stack: Stack) -> None:
        """Sets up the default providers and applies the account guard. Raises `CloudError` if the account is not allowed."""
        region = stack.value("aws:region") or self.environment.get("AWS_REGION") or self.environment.get("AWS_DEFAULT_REGION")
        tags = (stack.structured("aws:defaultTags") or {}).get("tags") or {}
        if region:
            self.default_aws = Aws(self.url, region, self._aws_credentials(), tags, self.connection)
            check_account(self.default_aws, stack.structured("aws:allowedAccountIds"), stack.structured("aws:forbiddenAccountIds"))
        owner = stack.value("github:owner") or self.environment.get("GITHUB_OWNER")
        token = self.environment.get("GITHUB_TOKEN")
        if owner and token:
            self.default_github = Github(self.github_url, token, owner, connection=self.connection)

    def aws(self, provider: str) -> Aws:
        """The AWS of a resource's provider reference (`urn::id`), or the default."""
        chosen = self.explicit.get(_urn(provider), self.default_aws)
        if not isinstance(chosen, Aws):
            raise CloudError("the AWS provider has no region: set aws:region in the stack file")
        return chosen

    def github(self, provider: str) -> Github:
        """The GitHub of a resource's provider reference, or the default."""
        chosen = self.explicit.get(_urn(provider), self.default_github)
        if not isinstance(chosen, Github):
            raise CloudError("the GitHub provider needs github:owner in the stack file and GITHUB_TOKEN in the environment")
        return chosen

    def pulumi_cloud(self) -> PulumiCloud:
        """Pulumi Cloud with the environment's token; there is one default provider."""
        token = self.environment.get("PULUMI_ACCESS_TOKEN")
        if not token:
            raise CloudError("the Pulumi Cloud provider needs PULUMI_ACCESS_TOKEN in the environment")
        return PulumiCloud(self.url, token)

    def register(self, urn: str, token: str, values: Mapping[str, Any]) -> None:
        """A provider that the program registers. Raises `NotSupported`, `InputProblems` or `CloudError`."""
        inputs = Inputs(_decoded(values))
        if token == "pulumi:providers:aws":
            self.explicit[urn] = self._explicit_aws(inputs)
        elif token == "pulumi:providers:github":
            self.explicit[urn] = self._explicit_github(inputs)
        else:
            raise NotSupported(f"the rehearsal has no provider {token}")

    def _explicit_aws(self, inputs: Inputs) -> Aws:
        region = inputs.text("region", required=True) or ""
        allowed, forbidden = inputs.texts("allowedAccountIds"), inputs.texts("forbiddenAccountIds")
        tags = inputs.object("defaultTags")
        default_tags = tags.mapping("tags") if tags else {}
        roles = [(each.text("roleArn", required=True), each.text("sessionName") or SESSION_NAME) for each in inputs.objects("assumeRoles")]
        for flag in ("skipCredentialsValidation", "skipRegionValidation", "skipMetadataApiCheck", "skipRequestingAccountId"):
            inputs.flag(flag)  # the SDK always sends these; they switch off checks of the real provider that do not exist here
        inputs.check()
        aws = Aws(self.url, region, self._aws_credentials(), default_tags, self.connection)
        for arn, session in roles:
            keys = aws.call("sts", "assume_role", RoleArn=arn, RoleSessionName=session)["Credentials"]
            session_keys = _credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
            aws = Aws(self.url, region, session_keys, default_tags, self.connection)
        check_account(aws, allowed or None, forbidden or None)
        return aws

    def _explicit_github(self, inputs: Inputs) -> Github:
        owner = inputs.text("owner") or self.environment.get("GITHUB_OWNER")
        inputs.text("baseUrl")  # the SDK sends https://api.github.com/ unasked; the rehearsal has one GitHub
        token = inputs.text("token") or self.environment.get("GITHUB_TOKEN")
        inputs.check()
        if not owner or not token:
            raise CloudError("an explicit GitHub provider needs an owner and a token")
        return Github(self.github_url, token, owner, connection=self.connection)

    def _aws_credentials(self) -> dict[str, str]:
        given = [self.environment.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")]
        if not given[0] or not given[1]:
            raise CloudError("no AWS credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be in the environment")
        return _credentials(given[0], given[1], given[2])


def check_account(aws: Aws, allowed: list[str] | None, forbidden: list[str] | None) -> None:
    """The guard of `aws:allowedAccountIds` and `aws:forbiddenAccountIds`, in the provider's words."""
    if allowed is None and forbidden is None:
        return
    account = aws.account()
    if (allowed is not None and account not in map(str, allowed)) or account in map(str, forbidden or []):
        raise CloudError(f"AWS account ID not allowed: {account}")


def _credentials(key: str, secret: str, token: str | None) -> dict[str, str]:
    names = {"aws_access_key_id": key, "aws_secret_access_key": secret}
    return {**names, "aws_session_token": token} if token else names


def _urn(provider: str) -> str:
    return provider.rpartition("::")[0]


def _decoded(values: Mapping[str, Any]) -> dict[str, Any]:
    """A provider's own configuration travels as JSON texts, except for strings."""
    decoded = {}
    for key, value in values.items():
        decoded[key] = value
        if isinstance(value, str) and value[:1] in ("[", "{", "t", "f"):
            try:
                decoded[key] = json.loads(value)
            except ValueError:
                decoded[key] = value
    return decoded
