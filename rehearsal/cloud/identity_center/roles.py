"""Reserved roles: what a permission set becomes in an account. They change by provisioning alone; IAM's own API refuses to touch them."""

from collections.abc import Mapping

from rehearsal.cloud import aws
from rehearsal.cloud.identity_center.store import Instance, PermissionSet, new_role_name, seconds

_INLINE_POLICY = "AwsSSOInlinePolicy"
_RESERVED_PATH = "/aws-reserved/"


def provision(instance: Instance, permission_set: PermissionSet, account: str) -> None:
    """Make or renew the role of a permission set in an account."""
    name = permission_set.roles.get(account)
    if name is None:
        name = permission_set.roles[account] = new_role_name(permission_set.name)
        aws.create_role(account, name, instance.role_path, None, _trust(account))
    aws.put_role_policy(account, name, _INLINE_POLICY, permission_set.inline_policy)


def remove(permission_set: PermissionSet, account: str) -> None:
    """Remove the role."""
    aws.delete_role(account, permission_set.roles.pop(account))


def credentials(instance: Instance, permission_set: PermissionSet, account: str, user: str) -> aws.Credentials:
    """A session of the role for a user."""
    arn = f"arn:aws:iam::{account}:role{instance.role_path}{permission_set.roles[account]}"
    session, _ = aws.start_session(arn, user, seconds(permission_set.session_duration) or 0)
    return session


def refuse_changes(account: str, operation: str, parameters: Mapping[str, str]) -> None:
    """What IAM's API refuses every caller: a role of one's own at the reserved path, and changes of a reserved role.

    Raises aws.ServiceError.
    """
    if operation == "CreateRole" and parameters.get("Path", "/").startswith(_RESERVED_PATH):
        raise aws.ServiceError("ValidationError", f"The path {_RESERVED_PATH} is reserved for AWS services.")
    name = parameters.get("RoleName", "")
    arn = aws.Directory().iam_arn(account, "role", name) or ""
    if f":role{_RESERVED_PATH}" in arn and not operation.startswith(("Get", "List")):
        raise aws.ServiceError("UnmodifiableEntity", f"Cannot perform the operation on the protected role '{name}'")


def _trust(account: str) -> Mapping[str, object]:
    """Identity Center alone, through its SAML provider in the account."""
    provider = f"arn:aws:iam::{account}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
        "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
