"""What an operator does when `pulumi up` was interrupted, by the steps in docs/faults.md. Each is told, none is silent.

Deciding is pure; reading what is there and acting go through an administrator's clients.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from policies.arns import GITHUB_OIDC_HOST
from rehearsal.program.clouds import Aws, Github
from rehearsal.program.handlers import absent_is_fine

# How services say that what is to be created is there. 303 is GitHub's for a branch policy.
THERE_ALREADY = re.compile(
    r"already exist|AlreadyExists|EntityAlreadyExists|ConflictException.*exist|: 303 |Name must be unique", re.IGNORECASE
)
GONE = re.compile(r": 404 ")
# What is gone has no path, boundary or tags, by which the deployer's rights are given: AWS then refuses instead of not finding it.
REFUSED = re.compile(r"(iam (Delete|Get)Role|sso-admin (Delete|Describe)PermissionSet)\w*: AccessDenied")
UNKNOWN_VARIABLE = re.compile(r"repositories\.(\S+): has the Actions variable (\w+), which this stack did not make; .* with the id (\S+)")
VARIABLE = "github:index/actionsVariable:ActionsVariable"
UNKNOWN_ENVIRONMENT = re.compile(
    r"repositories\.(\S+): has the environment (\S+) already, which this stack did not make.* with the id (\S+)"
)
ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment"
UNKNOWN_PROVIDER = re.compile(r"githubOidcProvider: account \d+ has a provider for \S+ already")
PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
KEY = "aws:kms/key:Key"


@dataclass(frozen=True)
class Step:
    """One step by hand: `words` are for people and begin with what was done; the others are for the next run (see runner.Options)."""

    words: str
    imports: Mapping[str, str] = field(default_factory=dict)
    refresh: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()


@dataclass(frozen=True)
class Administrator:
    """Who looks and acts: an administrator of the account, the deployer's GitHub App, the administrator of Identity Center's account."""

    aws: Aws
    github: Github
    identity_center: Callable[[], Aws]


def next_step(error: Mapping[str, Any], state: Mapping[str, Any], who: Administrator) -> Step | None:
    """What the documentation says to do after this error; None if running again is all there is to do."""
    if unknown := UNKNOWN_VARIABLE.search(error.get("message", "")):
        return _import_of_consumer(VARIABLE, "{0}-{1}", unknown, state)
    if unknown := UNKNOWN_ENVIRONMENT.search(error.get("message", "")):
        return _import_of_consumer(ENVIRONMENT, "{0}/{1}", unknown, state)
    if UNKNOWN_PROVIDER.search(error.get("message", "")):
        return _import_provider(state, who)
    if not error.get("urn"):
        return None
    if THERE_ALREADY.search(error["message"]):
        return _take_over(error, who)
    if GONE.search(error["message"]) and error["type"].startswith("github:"):
        words = f"refreshed after a lost response: {error['type']} {error['name']} is gone (pulumi refresh --target)"
        return Step(words, refresh=(error["urn"],))
    if REFUSED.search(error["message"]) and error["type"] in THERE and not THERE[error["type"]](error, who):
        words = f"forgotten after a lost response: {error['type']} {error['name']} is gone (pulumi state delete)"
        return Step(words, forget=(error["urn"],))
    return None


def _import_of_consumer(type: str, naming: str, unknown: re.Match[str], state: Mapping[str, Any]) -> Step:
    """The program's own words before it registers anything, which name the id. `naming` makes a logical name of repository and thing."""
    *parts, import_id = unknown.groups()
    name = naming.format(*parts)
    types = f"package-flow:index:ConsumingRepository${type}"
    urn = f"urn:pulumi:{state['stack']}::{state['project']}::{types}::{name}"
    return Step(f"adopted after a lost response: {type} {name} (import id {import_id})", {urn: import_id})


def _has_permission_set(error: Mapping[str, Any], who: Administrator) -> bool:
    try:
        _permission_set(error["inputs"], who)
    except LookupError:
        return False
    return True


def _import_provider(state: Mapping[str, Any], who: Administrator) -> Step:
    urn = f"urn:pulumi:{state['stack']}::{state['project']}::package-flow:index:GitHubOidc${PROVIDER}::github"
    import_id = _oidc_provider({"url": GITHUB_OIDC_HOST}, who)
    return Step(f"adopted after a lost response: {PROVIDER} github (import id {import_id})", {urn: import_id})


def _has_role(error: Mapping[str, Any], who: Administrator) -> bool:
    with absent_is_fine():
        who.aws.call("iam", "get_role", RoleName=error["inputs"]["name"])
        return True
    return False


def _take_over(error: Mapping[str, Any], who: Administrator) -> Step | None:
    type, inputs = error["type"], error["inputs"]
    about = f"{type} {error['name']}"
    if type == "aws:cloudcontrol/resource:Resource":
        # CloudControl's resource has no import; a package group holds nothing, so it is deleted and made again.
        group = json.loads(inputs["desiredState"]) if isinstance(inputs["desiredState"], str) else inputs["desiredState"]
        who.aws.call("codeartifact", "delete_package_group", domain=group["DomainName"], packageGroup=group["Pattern"])
        return Step(f"removed after a lost response: {about} (aws codeartifact delete-package-group)")
    if type not in IMPORT_IDS:
        return None
    import_id = IMPORT_IDS[type](inputs, who)
    return Step(f"adopted after a lost response: {about} (import id {import_id})", {error["urn"]: import_id})


def orphaned_keys(known: set[str], description: str, aws: Aws) -> list[str]:
    """Enabled keys of this description that no state knows: CreateKey has no token by which a repetition is known for one."""
    listed = [each["KeyId"] for each in aws.call("kms", "list_keys")["Keys"]]
    found = [aws.call("kms", "describe_key", KeyId=key)["KeyMetadata"] for key in listed if key not in known]
    return [each["KeyId"] for each in found if each["KeyState"] == "Enabled" and each.get("Description", "") == description]


def dispose(keys: list[str], aws: Aws) -> list[Step]:
    """Schedules the deletion of keys that encrypt nothing."""
    for key in keys:
        aws.call("kms", "schedule_key_deletion", KeyId=key, PendingWindowInDays=7)
    return [Step(f"removed after a lost response: the key {key}, which nothing uses (aws kms schedule-key-deletion)") for key in keys]


# --- import ids -------------------------------------------------------------------------------------------------------------------------
# As the providers' documentation has them, under "Import" of each resource.


def _arn(who: Administrator, service: str, rest: str, region: str | None = None) -> str:
    return f"arn:{who.aws.partition()}:{service}:{who.aws.region if region is None else region}:{who.aws.account()}:{rest}"


def _domain(inputs: Mapping[str, Any], who: Administrator) -> str:
    return _arn(who, "codeartifact", f"domain/{inputs['domain']}")


def _repository(inputs: Mapping[str, Any], who: Administrator) -> str:
    return _arn(who, "codeartifact", f"repository/{inputs['domain']}/{inputs['repository']}")


def _policy(inputs: Mapping[str, Any], who: Administrator) -> str:
    return _arn(who, "iam", f"policy{inputs.get('path', '/')}{inputs['name']}", region="")


def _oidc_provider(inputs: Mapping[str, Any], who: Administrator) -> str:
    return _arn(who, "iam", f"oidc-provider/{inputs['url'].removeprefix('https://')}", region="")


def _permission_set(inputs: Mapping[str, Any], who: Administrator) -> str:
    there, instance = who.identity_center(), inputs["instanceArn"]
    for arn in there.call("sso-admin", "list_permission_sets", InstanceArn=instance)["PermissionSets"]:
        found = there.call("sso-admin", "describe_permission_set", InstanceArn=instance, PermissionSetArn=arn)["PermissionSet"]
        if found["Name"] == inputs["name"]:
            return f"{arn},{instance}"
    raise LookupError(f"there is no permission set {inputs['name']}")


def _assignment(inputs: Mapping[str, Any], who: Administrator) -> str:
    return ",".join(inputs[key] for key in ("principalId", "principalType", "targetId", "targetType", "permissionSetArn", "instanceArn"))


def _variable(inputs: Mapping[str, Any], who: Administrator) -> str:
    return f"{inputs['repository']}:{inputs['variableName']}"


def _ruleset(inputs: Mapping[str, Any], who: Administrator) -> str:
    listed = who.github.call("GET", "repos", who.github.owner, inputs["repository"], "rulesets")
    number = next(one["id"] for one in listed if one["name"] == inputs["name"])
    return f"{inputs['repository']}:{number}"


def _branch_policy(inputs: Mapping[str, Any], who: Administrator) -> str:
    path = ("repos", who.github.owner, inputs["repository"], "environments", inputs["environment"], "deployment-branch-policies")
    pattern = inputs.get("branchPattern") or inputs.get("tagPattern")
    number = next(one["id"] for one in who.github.call("GET", *path)["branch_policies"] if one["name"] == pattern)
    return f"{inputs['repository']}:{quote(inputs['environment'], safe='')}:{number}"


IMPORT_IDS: dict[str, Callable[[Mapping[str, Any], Administrator], str]] = {
    "aws:codeartifact/domain:Domain": _domain,
    "aws:codeartifact/repository:Repository": _repository,
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _oidc_provider,
    "aws:iam/policy:Policy": _policy,
    "aws:iam/role:Role": lambda inputs, who: inputs["name"],
    "aws:kms/alias:Alias": lambda inputs, who: inputs["name"],
    "aws:ssoadmin/accountAssignment:AccountAssignment": _assignment,
    "aws:ssoadmin/permissionSet:PermissionSet": _permission_set,
    "github:index/actionsVariable:ActionsVariable": _variable,
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy": _branch_policy,
    "github:index/repositoryRuleset:RepositoryRuleset": _ruleset,
}

# Whether what a deletion was refused for is there at all.
THERE: dict[str, Callable[[Mapping[str, Any], Administrator], bool]] = {
    "aws:iam/role:Role": _has_role,
    "aws:ssoadmin/permissionSet:PermissionSet": _has_permission_set,
}
