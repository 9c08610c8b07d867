"""What an interrupted run left: things that are there as this stack would create them, and that its state does not know.

What equals the plan in all that the plan decides is adopted: its resource gets the option `import_`, and the engine takes it into the state
instead of creating it again. Anything else is refused, with what to do. Only components that the state has were begun, so only in those is
something looked for. Comparing and deciding is pure; `look` asks.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi
from pulumi import runtime

from plan import parts
from policies.branches import TAGS

VARIABLE_TYPE = "github:index/actionsVariable:ActionsVariable"
RULESET_TYPE = "github:index/repositoryRuleset:RepositoryRuleset"
ORGANIZATION_VARIABLE_TYPE = "github:index/actionsOrganizationVariable:ActionsOrganizationVariable"
ORGANIZATION_RULESET_TYPE = "github:index/organizationRuleset:OrganizationRuleset"
BRANCH_POLICY_TYPE = "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy"
PROVIDER_TYPE = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
ROLE_TYPE = "aws:iam/role:Role"
POLICY_TYPE = "aws:iam/policy:Policy"
ALIAS_TYPE = "aws:kms/alias:Alias"
KEY_TYPE = "aws:kms/key:Key"
DOMAIN_TYPE = "aws:codeartifact/domain:Domain"
REPOSITORY_TYPE = "aws:codeartifact/repository:Repository"
ENVIRONMENT_TYPE = "github:index/repositoryEnvironment:RepositoryEnvironment"
TOPIC_TYPE = "aws:sns/topic:Topic"
QUEUE_TYPE = "aws:sqs/queue:Queue"
PERMISSION_SET_TYPE = "aws:ssoadmin/permissionSet:PermissionSet"

# Inputs that tell one resource of a type from the others, before anything is created.
_IDENTITY: Mapping[str, tuple[str, ...]] = {
    VARIABLE_TYPE: ("repository", "variable_name"),
    RULESET_TYPE: ("repository", "name"),
    ORGANIZATION_VARIABLE_TYPE: ("variable_name",),
    ORGANIZATION_RULESET_TYPE: ("name",),
    PROVIDER_TYPE: ("url",),
    ROLE_TYPE: ("name",),
    POLICY_TYPE: ("name",),
    ALIAS_TYPE: ("name",),
    DOMAIN_TYPE: ("domain",),
    REPOSITORY_TYPE: ("repository",),
    ENVIRONMENT_TYPE: ("repository", "environment"),
    TOPIC_TYPE: ("name",),
    QUEUE_TYPE: ("name",),
    PERMISSION_SET_TYPE: ("name",),
}
# What GitHub answers of a pull request rule beyond what was written, and what does not make it looser or stricter there.
_GITHUBS_OWN = ("allowed_merge_methods", "required_reviewers")
_ONE_HOUR = 3600

HOW = "it may be what an interrupted run of this stack left (docs/faults.md)"


@dataclass(frozen=True)
class Known:
    """What the state has: components by type and name, and of each kind what identifies it. `keys` are ids by description, `made`
    everything by its `key`."""

    components: frozenset[tuple[str, str]] = frozenset()
    rulesets: frozenset[tuple[str, str]] = frozenset()
    branch_policies: frozenset[tuple[str, str, str]] = frozenset()
    roles: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()
    aliases: frozenset[str] = frozenset()
    keys: Mapping[str, str] = field(default_factory=dict)
    repositories: frozenset[str] = frozenset()
    made: frozenset[str] = frozenset()

    def begun(self, type: str, *names: str) -> bool:
        """Whether an earlier run came to this component, under one of these names (none = under any)."""
        return any(one == type and (not names or name in names) for one, name in self.components)


@dataclass
class Found:
    """What is adopted, as import ids by `key`, and a line for each thing that is in the way."""

    adopted: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def judge(self, key: str, id: str, as_planned: bool, problem: str) -> None:
        """Of something that is there: adopted by its id if it is as planned, otherwise in the way."""
        if as_planned:
            self.adopted[key] = id
        else:
            self.problems.append(problem)


class Questions(Protocol):
    """Answers about what is there. None: there is no such thing, or this preview's credential may not see it."""

    def rest(self, endpoint: str) -> Any: ...

    def role(self, name: str) -> Mapping[str, Any] | None: ...

    def policy(self, arn: str) -> Mapping[str, Any] | None: ...

    def alias(self, name: str) -> str | None: ...

    def repository(self, name: str) -> bool: ...


def key(type: str, *identity: str) -> str:
    """What a resource is called in `Found.adopted`."""
    return "|".join((type, *identity))


def key_of(resource: pulumi.ResourceTransformationArgs) -> str:
    """The same of a resource that is being registered: by its inputs or, where those are outputs of others, by its name in the stack."""
    names = _IDENTITY.get(resource.type_)
    identity = [resource.props.get(one) for one in names] if names else [resource.name]
    return key(resource.type_, *map(str, identity))


def key_in_state(type: str, name: str, outputs: Mapping[str, Any]) -> str:
    """The same of a resource of the state, of whose outputs some may be missing."""
    names = _IDENTITY.get(type)
    identity = [outputs.get(_camel(one), "") for one in names] if names else [name]
    return key(type, *map(str, identity))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(one.capitalize() for one in rest)


def adopt(adopted: Mapping[str, str]) -> None:
    """Give every resource that is adopted its import id. Components know nothing of interrupted runs."""

    def imported(resource: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        id = adopted.get(key_of(resource))
        options = pulumi.ResourceOptions(import_=id)
        return pulumi.ResourceTransformationResult(resource.props, pulumi.ResourceOptions.merge(resource.opts, options)) if id else None

    if adopted:
        runtime.register_stack_transformation(imported)


# --- is it what would be created? (pure) ----------------------------------------------------------------------------------------------


def same_ruleset(wanted: parts.Ruleset, found: Mapping[str, Any], *, bypass_shown: bool) -> bool:
    """Whether a ruleset, as GitHub describes it, is exactly the planned one.

    GitHub shows the bypass list to those alone who may edit the ruleset; `bypass_shown` is False for a preview that reads.
    """
    actors = [(one.get("actor_id"), one.get("actor_type"), one.get("bypass_mode")) for one in found.get("bypass_actors") or ()]
    teams = [(team, "Team", "always") for team in wanted.bypass_teams]
    apps = [(app, "Integration", "always") for app in wanted.bypass_apps]
    bypass = sorted(actors, key=str) == sorted([*teams, *apps], key=str)
    conditions = found.get("conditions") or {}
    names, held = conditions.get("ref_name") or {}, (conditions.get("repository_id") or {}).get("repository_ids") or ()
    return (
        (bypass if bypass_shown or "bypass_actors" in found else True)
        and (found.get("target"), found.get("enforcement")) == (wanted.target, "active")
        and set(conditions) == {"ref_name", *(["repository_id"] if wanted.repositories else [])}
        and sorted(held) == sorted(wanted.repositories)
        and sorted(names.get("include") or ()) == sorted(wanted.refs)
        and not names.get("exclude")
        and _same_rules(dict(_github_rules(wanted.rules)), found.get("rules") or ())
    )


def _github_rules(rules: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The plan's rules, in the provider's words, as GitHub has them."""
    for kind, value in rules.items():
        parameters = dict(value) if isinstance(value, Mapping) else {}
        if "required_checks" in parameters:
            parameters["required_status_checks"] = parameters.pop("required_checks")
        yield kind, parameters


def _same_rules(wanted: Mapping[str, Mapping[str, Any]], found: Sequence[Mapping[str, Any]]) -> bool:
    return sorted(wanted) == sorted(str(one.get("type")) for one in found) and all(
        _same_parameters(wanted[one["type"]], one.get("parameters") or {}) for one in found
    )


def _same_parameters(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """What was not written has to be off: adopting a rule that somebody tightened would loosen it."""
    return all(found.get(name) == value for name, value in wanted.items()) and not any(
        value for name, value in found.items() if name not in wanted and name not in _GITHUBS_OWN
    )


def same_environment(wanted: parts.Environment, found: Mapping[str, Any]) -> bool:
    """Whether an environment, as GitHub describes it, has exactly the planned protection. Its branch policies are looked at apart.

    https://docs.github.com/en/rest/deployments/environments#get-an-environment
    """
    every = found.get("protection_rules") or ()
    rules = [one for one in every if one.get("type") not in ("branch_policy", "wait_timer")]
    timer = next((one.get("wait_timer") for one in every if one.get("type") == "wait_timer"), 0)
    policy = found.get("deployment_branch_policy") or {}
    return (
        (policy.get("protected_branches"), policy.get("custom_branch_policies")) == (False, True)
        and (found.get("can_admins_bypass") is not False) != wanted.admins_cannot_bypass
        and timer == wanted.wait_timer
        and [_reviewers(one) for one in rules]
        == ([(sorted(wanted.reviewer_teams), wanted.prevents_self_review)] if wanted.reviewer_teams else [])
    )


def _reviewers(rule: Mapping[str, Any]) -> tuple[list[int], bool] | None:
    """Teams that review, and whether whoever started the job may not; None for any other rule or with any other reviewer."""
    reviewers = rule.get("reviewers") or ()
    if rule.get("type") != "required_reviewers" or any(one.get("type") != "Team" for one in reviewers):
        return None
    return sorted((one.get("reviewer") or {}).get("id") or 0 for one in reviewers), rule.get("prevent_self_review") is True


def same_role(wanted: parts.Role, found: Mapping[str, Any]) -> bool:
    """Whether a role is the planned one as its creation leaves it: with no policy, for policies come after it."""
    shape = ("arn", "path", "description", "permissions_boundary", "max_session_duration")
    planned = (wanted.arn, wanted.path, wanted.description, wanted.boundary, _ONE_HOUR)
    policies = [*found["policies"], *found["attached"]]
    return tuple(found[one] for one in shape) == planned and not policies and same_document(wanted.trust, found["assume_role_policy"])


def same_document(one: str, other: str) -> bool:
    """Whether two policy documents say the same, whatever their layout and the order of their members."""
    try:
        return json.loads(one) == json.loads(other)
    except ValueError:
        return False


# --- what is there --------------------------------------------------------------------------------------------------------------------


def look(planned: parts.Plan, known: Known, environments: Mapping[tuple[str, str], bool], questions: Questions, dry_run: bool) -> Found:
    """Everything that is in no state and that the provider would fail to create.

    environments: those that the state does not know and that are there, and whether each has exactly the planned protection.
    """
    found = Found()
    for one in planned.consumers:
        begun = known.begun("ConsumingRepository", one.name, one.renamed_from)
        where = f"{one.file}: repositories.{one.name}: "
        if begun:
            _rulesets(one, known, questions, dry_run, where, found)
            _roles(one.roles, known, questions, where, found)
        for environment in one.environments:
            as_planned = environments.get((one.name, environment.name))
            if as_planned or (as_planned is None and begun):
                _branch_policies(one, environment, known, questions, where, found, adopted=bool(as_planned))
    if planned.organization and known.begun("GitHubOrganization"):
        _organization_rulesets(planned.organization, known, questions, dry_run, found)
    if known.begun("GitHubOidc"):
        _roles(planned.oidc.read_roles, known, questions, "aws: ", found)
    if planned.events and known.begun("PackageEvents"):
        _roles([one for one in (planned.events.role, planned.events.chat_role) if one], known, questions, "aws: ", found)
    _policy(planned.builds.policy, known, questions, found)
    for one in filter(None, (planned.registry.key, planned.events.key if planned.events else None)):
        _alias(one, known, questions, found)
    _repositories(planned, known, questions, found)
    return found


def _rulesets(one: parts.ConsumingRepository, known: Known, questions: Questions, dry_run: bool, where: str, found: Found) -> None:
    names = {one.name, one.renamed_from}
    missing = [each for each in one.rulesets if not any((name, each.name) in known.rulesets for name in names)]
    if not missing:
        return
    full_name = f"{one.repository.owner.login}/{one.name}"
    listed = questions.rest(f"repos/{full_name}/rulesets?includes_parents=false&per_page=100") or ()
    for wanted in missing:
        for there in [each for each in listed if each.get("name") == wanted.name]:
            ruleset = questions.rest(f"repos/{full_name}/rulesets/{there.get('id')}")
            id = f"{one.name}:{there.get('id')}"
            if ruleset is not None:
                found.judge(
                    key(RULESET_TYPE, one.name, wanted.name),
                    id,
                    same_ruleset(wanted, ruleset, bypass_shown=not dry_run),
                    f"{where}has the ruleset {wanted.name} already, with other content than this stack's, and not in its state; {HOW}. "
                    f"Delete it there, or import it with the id {id}",
                )


def _organization_rulesets(one: parts.GitHubOrganization, known: Known, questions: Questions, dry_run: bool, found: Found) -> None:
    missing = {each.name: each for each in one.rulesets if key(ORGANIZATION_RULESET_TYPE, each.name) not in known.made}
    listed = (questions.rest(f"orgs/{one.login}/rulesets?per_page=100") or ()) if missing else ()
    for there in [each for each in listed if each.get("name") in missing]:
        ruleset = questions.rest(f"orgs/{one.login}/rulesets/{there.get('id')}")
        if ruleset is not None:
            found.judge(
                key(ORGANIZATION_RULESET_TYPE, there["name"]),
                str(there.get("id")),
                same_ruleset(missing[there["name"]], ruleset, bypass_shown=not dry_run),
                f"package-flow:githubScope: the organisation has the ruleset {there['name']} already, with other content than this "
                f"stack's, and not in its state; {HOW}. Delete it there, or import it with the id {there.get('id')}",
            )


def _branch_policies(
    one: parts.ConsumingRepository,
    environment: parts.Environment,
    known: Known,
    questions: Questions,
    where: str,
    found: Found,
    *,
    adopted: bool,
) -> None:
    """Policies of an environment, the planned ones of which are adopted. An environment that is adopted may have no others."""
    names = {one.name, one.renamed_from}
    known_patterns = {pattern for name, within, pattern in known.branch_policies if name in names and within == environment.name}
    # By what GitHub calls them: the policy's type and name. In the state's names a tag has refs/tags/ in front.
    planned = {("branch", one): one for one in environment.branches} | {("tag", one): f"{TAGS}{one}" for one in environment.tags}
    missing = {each: name for each, name in planned.items() if name not in known_patterns}
    if not missing:
        return
    path = f"repos/{one.repository.owner.login}/{one.name}/environments/{environment.name}/deployment-branch-policies?per_page=100"
    listed = (questions.rest(path) or {}).get("branch_policies") or ()
    for there in listed:
        pattern = str(there.get("name"))
        which = (str(there.get("type", "branch")), pattern)
        if which in missing:
            id = f"{one.name}:{environment.name.replace(':', '??')}:{there.get('id')}"
            found.adopted[key(BRANCH_POLICY_TYPE, f"{one.name}/{environment.name}/{missing[which]}")] = id
        elif adopted:
            found.problems.append(
                f"{where}has the environment {environment.name} already, not in this stack's state, and it lets {pattern} deploy, which "
                f"this stack would not; {HOW}. Delete it there, or import it with the id {one.name}:{environment.name}"
            )


def _roles(roles: Sequence[parts.Role], known: Known, questions: Questions, where: str, found: Found) -> None:
    for wanted in roles:
        there = None if wanted.name in known.roles else questions.role(wanted.name)
        if there is not None:
            found.judge(
                key(ROLE_TYPE, wanted.name),
                wanted.name,
                same_role(wanted, there),
                f"{where}the role {wanted.name} is there already, with another trust policy, path, boundary or description than this "
                f"stack's or with policies, and not in its state; {HOW}. Delete it, or import it with the id {wanted.name}",
            )


def _policy(wanted: parts.ReadPolicy, known: Known, questions: Questions, found: Found) -> None:
    begun = known.begun("BuildAccess") and wanted.name not in known.policies
    there = questions.policy(wanted.arn) if begun else None
    if there is not None:
        found.judge(
            key(POLICY_TYPE, wanted.name),
            wanted.arn,
            same_document(wanted.policy, there["policy"]),
            f"aws: the policy {wanted.name} is there already, with another document than this stack's, and not in its state; {HOW}. Delete "
            f"it, or import it with the id {wanted.arn}",
        )


def _alias(wanted: parts.Key, known: Known, questions: Questions, found: Found) -> None:
    """An alias names one of the state's keys, or it is not this stack's."""
    target = known.keys.get(wanted.description)
    there = questions.alias(wanted.alias) if target and wanted.alias not in known.aliases else None
    if there is not None:
        found.judge(
            key(ALIAS_TYPE, wanted.alias),
            wanted.alias,
            there == target,
            f"aws: {wanted.alias} is there already, for the key {there}, and expected for {target}, this stack's; {HOW}. Delete the alias "
            f"(aws kms delete-alias --alias-name {wanted.alias})",
        )


def _repositories(planned: parts.Plan, known: Known, questions: Questions, found: Found) -> None:
    """CodeArtifact repositories are never adopted: no answer here says whether somebody has put packages into one."""
    domain = planned.place.domain
    begun = {one.name for one in planned.teams if known.begun("Team", one.name)}
    if known.begun("PackageRegistry", planned.registry.name):
        begun |= {planned.registry.shared.name, *(one.name for one in planned.registry.public_sources)}
    for one in planned.repositories:
        if one.name in begun - known.repositories and questions.repository(one.name):
            found.problems.append(
                f"aws: the CodeArtifact repository {one.name} is there already and not in this stack's state; {HOW}. If it is empty (aws "
                f"codeartifact list-packages --domain {domain} --repository {one.name}), delete it (aws codeartifact delete-repository "
                f"--domain {domain} --repository {one.name}); else find out who filled it, or import it with the id {one.arn}"
            )
