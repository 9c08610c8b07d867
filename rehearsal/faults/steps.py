"""What docs/faults.md says to do after an interrupted run where running again is not enough: the same commands, carried out."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from policies.owned_names import Format, parse
from rehearsal.engine.life import Life
from rehearsal.engine.stack import Message, Run
from rehearsal.identity_center import place
from rehearsal.program.clouds import Aws

# How services say that what is to be created is there. ConflictException alone may be another request's.
_THERE_ALREADY = re.compile(r"already exist|AlreadyExists", re.IGNORECASE)
_GONE = re.compile(r": 404 |NoSuchEntity|ResourceNotFound")
# What is gone has no path or tags, by which the deployer's rights are given: AWS then refuses instead of not finding it.
_REFUSED = re.compile(r"(iam (Delete|Get)Role|sso-admin (Delete|Describe)PermissionSet)\w*: AccessDenied")
_EMPTY_REPOSITORY = re.compile(r"aws codeartifact delete-repository --domain (\S+) --repository ([^\s)]+)")
DOMAIN, ASSIGNMENT = "aws:codeartifact/domain:Domain", "aws:ssoadmin/accountAssignment:AccountAssignment"
PERMISSION_SET, GROUP = "aws:ssoadmin/permissionSet:PermissionSet", "aws:cloudcontrol/resource:Resource"
KEY, ALIAS = "aws:kms/key:Key", "aws:kms/alias:Alias"


def next_step(life: Life, run: Run) -> str | None:
    """Carries out the command that the page names for the first message that asks for one; the command. None: run again."""
    return next((command for said in run.errors for command in _step(life, said)), None)


def _step(life: Life, said: Message) -> Iterator[str]:
    if found := _EMPTY_REPOSITORY.search(said.text):
        domain, repository = found.groups()
        yield _repository(life, domain, repository)
        return
    type, name = _type(said.urn), said.urn.rpartition("::")[2]
    if type in _TAKEN and _THERE_ALREADY.search(said.text):
        yield _TAKEN[type](life, said.urn, name)
    elif type.startswith("github:") and _GONE.search(said.text):
        life.stack.pulumi("refresh", "--target", said.urn, "--yes", "--skip-preview")
        yield f"pulumi refresh --target {type} {name}"
    elif _REFUSED.search(said.text):
        life.stack.pulumi("state", "delete", said.urn, "--yes")
        yield f"pulumi state delete {type} {name}"


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2] if urn else ""


def _repository(life: Life, domain: str, repository: str) -> str:
    codeartifact = life.aws("codeartifact")
    assert codeartifact.list_packages(domain=domain, repository=repository)["packages"] == []
    codeartifact.delete_repository(domain=domain, repository=repository)
    return f"aws codeartifact delete-repository {repository}"


def _group(life: Life, urn: str, name: str) -> str:
    format, _, owned = name.partition(":")
    pattern = parse(Format(format), owned).group_pattern
    life.aws("codeartifact").delete_package_group(domain=life.settings.domain.name, packageGroup=pattern)
    return f"aws codeartifact delete-package-group {pattern}"


def _domain(life: Life, urn: str, name: str) -> str:
    # CodeArtifact refuses to delete one that has repositories.
    life.aws("codeartifact").delete_domain(domain=name)
    return f"aws codeartifact delete-domain {name}"


def _there(life: Life) -> Aws:
    """IAM Identity Center, by its account's administrator."""
    found = place(life.settings, life.cloud.registry)
    assert found is not None
    keys = life.cloud.control.post("principals", kind="root", account=found.account)
    named = {"aws_access_key_id": keys["access_key_id"], "aws_secret_access_key": keys["secret_access_key"]}
    return Aws(life.cloud.place.endpoint, found.region, named)


def _permission_set_arn(life: Life, name: str) -> tuple[str, str]:
    there = _there(life)
    instance = there.call("sso-admin", "list_instances")["Instances"][0]["InstanceArn"]
    for arn in there.call("sso-admin", "list_permission_sets", InstanceArn=instance)["PermissionSets"]:
        one = there.call("sso-admin", "describe_permission_set", InstanceArn=instance, PermissionSetArn=arn)["PermissionSet"]
        if one["Name"] == name:
            return arn, instance
    raise LookupError(f"there is no permission set {name}")


def _permission_set(life: Life, urn: str, name: str) -> str:
    arn, instance = _permission_set_arn(life, name)
    # Identity Center refuses to delete one that is assigned.
    _there(life).call("sso-admin", "delete_permission_set", InstanceArn=instance, PermissionSetArn=arn)
    return f"aws sso-admin delete-permission-set {name}"


def _assignment(life: Life, urn: str, name: str) -> str:
    of = next(one["urn"].rpartition("::")[2] for one in life.stack.state() if one["type"] == PERMISSION_SET)
    arn, instance = _permission_set_arn(life, of)
    there, where = _there(life), {"InstanceArn": instance, "PermissionSetArn": arn}
    account = life.cloud.place.account
    for one in there.call("sso-admin", "list_account_assignments", **where, AccountId=account)["AccountAssignments"]:
        who = {"PrincipalType": one["PrincipalType"], "PrincipalId": one["PrincipalId"]}
        there.call("sso-admin", "delete_account_assignment", **where, **who, TargetId=account, TargetType="AWS_ACCOUNT")
    return f"aws sso-admin delete-account-assignment {name}"


_TAKEN: dict[str, Callable[[Life, str, str], str]] = {
    DOMAIN: _domain,
    GROUP: _group,
    PERMISSION_SET: _permission_set,
    ASSIGNMENT: _assignment,
}


def dispose(life: Life) -> list[str]:
    """Schedules the deletion of keys that neither an alias nor the state has; the commands."""
    kms: Any = life.aws("kms")
    known = {one["id"] for one in life.stack.state() if one["type"] == KEY}
    known |= {one.get("TargetKeyId") for one in kms.list_aliases()["Aliases"]}
    left = [one["KeyId"] for one in kms.list_keys()["Keys"] if one["KeyId"] not in known]
    orphans = [key for key in left if kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"]
    for key in orphans:
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    return ["aws kms schedule-key-deletion" for _ in orphans]
