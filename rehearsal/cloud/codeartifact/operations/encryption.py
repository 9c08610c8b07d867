"""The KMS key of a domain.

Source: User Guide, "Create a domain": symmetric keys only; who creates a domain needs kms:DescribeKey and kms:CreateGrant.
"""

import re
import uuid

from evaluator.arns import partition_of
from rehearsal.cloud.codeartifact.authorization import Target
from rehearsal.cloud.codeartifact.errors import invalid
from rehearsal.cloud.codeartifact.operations.call import Call

KEY_ARN = re.compile(r"arn:[a-z-]+:kms:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):key/[A-Za-z0-9-]+")


def managed_key(region: str, account: str) -> str:
    """The ARN of the account's AWS managed key for CodeArtifact."""
    return f"arn:{partition_of(region)}:kms:{region}:{account}:key/{uuid.uuid5(uuid.NAMESPACE_URL, f'{region}/{account}/aws/codeartifact')}"


def checked_key(call: Call) -> str:
    """The key that a new domain is encrypted with: the request's, which must exist, be enabled, symmetric and usable by the caller."""
    arn = call.get("encryptionKey")
    if arn is None:
        return managed_key(call.service.region, call.principal.account)
    match = KEY_ARN.fullmatch(arn)
    if match is None or match["region"] != call.service.region:
        raise _unusable(f"'{arn}' is not the ARN of a KMS key in {call.service.region}.")
    _require_use(call, arn, match["account"])
    key = call.service.adapter.kms_key(arn)
    if key is None:
        raise _unusable(f"The key '{arn}' does not exist.")
    if not key["enabled"]:
        raise _unusable(f"The key '{arn}' is not enabled.")
    if key["spec"] != "SYMMETRIC_DEFAULT" or key["usage"] != "ENCRYPT_DECRYPT":
        raise _unusable(f"The key '{arn}' is not a symmetric encryption key.")
    return arn


def _require_use(call: Call, arn: str, owner: str) -> None:
    documents, required = call.service.adapter.resource_policy("kms:CreateGrant", arn)
    target = Target(arn, owner, tuple(documents), policy_required=required)
    context = {"kms:ViaService": f"codeartifact.{call.service.region}.amazonaws.com", "kms:CallerAccount": call.principal.account}
    call.service.authorizer.require(call.principal, "kms:DescribeKey", target, context)
    call.service.authorizer.require(call.principal, "kms:CreateGrant", target, {**context, "kms:GrantIsForAWSResource": "true"})


def _unusable(message: str) -> Exception:
    return invalid(message, "ENCRYPTION_KEY_ERROR")
