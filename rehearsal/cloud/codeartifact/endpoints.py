"""The package endpoints: `/_codeartifact/{domain}-{owner}/{format}/{repository}/...`, what package managers talk to.

A request carries a token as bearer or as the password of user `aws`. It is authorized with the policies in force now, for the
principal that fetched the token.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import unquote

from evaluator.package_groups import Coordinates
from rehearsal.cloud.codeartifact.asgi import Request, json_reply
from rehearsal.cloud.codeartifact.authorization import Principal
from rehearsal.cloud.codeartifact.errors import ApiError, not_found, not_implemented
from rehearsal.cloud.codeartifact.lookup import repository_of
from rehearsal.cloud.codeartifact.model import Reply
from rehearsal.cloud.codeartifact.service import Service
from rehearsal.cloud.codeartifact.store import Domain, Repository

PATH = re.compile(
    r"/_codeartifact/(?P<domain>[a-z][a-z0-9-]{0,48}[a-z0-9])-(?P<owner>\d{12})/(?P<format>[a-z]+)/(?P<repository>[^/]+)/(?P<rest>.*)"
)


@dataclass(frozen=True)
class EndpointCall:
    """An authenticated request to one repository's endpoint; `rest` is the path after it, still with percent escapes."""

    service: Service
    principal: Principal
    request: Request
    owner: str
    domain_name: str
    format: str
    repository_name: str
    rest: str

    @property
    def domain(self) -> Domain:
        found = self.service.store.domain(self.owner, self.domain_name)
        if found is None:
            raise not_found(f"Domain '{self.domain_name}' does not exist.", "domain", self.domain_name)
        return found

    @property
    def repository(self) -> Repository:
        return repository_of(self.domain, self.repository_name)

    @property
    def base(self) -> str:
        """The endpoint's URL, with its final slash."""
        return self.service.endpoint(self.domain, self.format, self.repository)

    def require_read(self) -> tuple[Domain, Repository]:
        """The repository, if the principal may read from it."""
        target = self.service.authorizer.repository(self.owner, self.domain_name, self.repository_name)
        self.service.authorizer.require(self.principal, "codeartifact:ReadFromRepository", target)
        return self.domain, self.repository

    def require_package(self, package: Coordinates, *actions: str) -> tuple[Domain, Repository]:
        """The repository, if the principal may do all `actions` on the package."""
        target = self.service.authorizer.package(self.owner, self.domain_name, self.repository_name, package)
        for action in actions:
            self.service.authorizer.require(self.principal, f"codeartifact:{action}", target)
        return self.domain, self.repository


def authenticated(service: Service, request: Request) -> EndpointCall:
    """The call behind a request; 404 for a path that is no endpoint, 401 without a valid token of the endpoint's domain."""
    match = PATH.fullmatch(request.raw_path)
    if match is None:
        raise not_found("There is no package endpoint at this path.", "repository", request.path)
    token = service.tokens.find(token_text(request.headers.get("authorization", ""), match["format"]), service.clock())
    if token is None or token.domain != (match["owner"], match["domain"]):
        raise _unauthenticated()
    principal = service.adapter.principal_for_key(token.principal.access_key_id)
    if principal is None:
        raise _unauthenticated()
    return EndpointCall(
        service, principal, request, match["owner"], match["domain"], match["format"], unquote(match["repository"]), match["rest"]
    )


def token_text(authorization: str, format: str) -> str:
    """The token in an Authorization header, empty if there is none. Cargo's header is the token that it was given, and nothing else."""
    scheme, blank, value = authorization.partition(" ")
    if format == "cargo" and not blank:
        return scheme
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        user, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password if user == "aws" else ""


def error_reply(error: ApiError) -> Reply:
    """An error as package managers show it: npm prints `error`, others the body or the status."""
    headers = {"www_authenticate": 'Basic realm="codeartifact"'} if error.status == 401 else {}
    return json_reply({"error": error.message, "message": error.message}, error.status, x_amzn_errortype=error.code, **headers)


def unsupported(call: EndpointCall) -> ApiError:
    """501 for a request that this emulator has no answer to."""
    return not_implemented(f"{call.request.method} {unquote(call.rest)} of {call.format} repositories")


def _unauthenticated() -> ApiError:
    return ApiError("UnauthorizedException", "Unauthenticated: the request has no valid authorization token.", 401)
