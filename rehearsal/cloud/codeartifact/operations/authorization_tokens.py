"""GetAuthorizationToken. Source: User Guide, "AWS CodeArtifact authentication and tokens"; API reference."""

from typing import Any

from rehearsal.cloud.codeartifact.errors import denied, invalid
from rehearsal.cloud.codeartifact.operations.call import Call, operation
from rehearsal.cloud.codeartifact.tokens import LONGEST, SHORTEST, Token


@operation
def get_authorization_token(call: Call) -> dict[str, Any]:
    duration = call.get("durationSeconds", LONGEST)
    if duration != 0 and duration < SHORTEST:
        raise invalid(f"durationSeconds is {duration}; it is 0 or between {SHORTEST} and {LONGEST}.")
    if call.principal.arn.endswith(":root"):
        raise denied("Root users cannot call GetAuthorizationToken.")
    _authorize(call, duration)
    domain = call.existing_domain()
    expires = call.service.clock() + duration if duration else _session_end(call)
    token = Token(call.principal, (domain.owner, domain.name), expires, duration == 0)
    return {"authorizationToken": call.service.tokens.issue(token), "expiration": expires}


def _authorize(call: Call, duration: int) -> None:
    """The domain's own action, and STS's in the identity policy, with the duration that was asked for."""
    call.allow("GetAuthorizationToken", call.targets.domain(call.owner, call.domain_name))
    context = {"sts:AWSServiceName": "codeartifact.amazonaws.com", "sts:DurationSeconds": str(duration)}
    own = call.targets.anything(call.principal.account)
    call.service.authorizer.require(call.principal, "sts:GetServiceBearerToken", own, context)


def _session_end(call: Call) -> float:
    """When the caller's credentials end; ValidationException for long-lived ones, which 0 is not meant for."""
    end = call.principal.expiration
    if end is None:
        raise invalid("durationSeconds is 0, which needs temporary credentials.")
    return end
