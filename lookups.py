"""What only AWS and GitHub know: the account, ids, exact names, default branches, the plan.

Everything is looked up with plain invokes, which run at preview too, before anything is registered; then `problems` checks what was seen
and one LookupProblems lists all that stands in the way. Deciding is pure; only `look_up` talks to the providers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_github as github
from pulumi import runtime

from policies import guards
from policies.arns import GITHUB_OIDC_HOST, Registry
from policies.names import PUBLIC_SOURCES, SHARED_REPOSITORY, variables_of
from policies.trust import AUDIENCE, Owner
from settings import DeveloperMode, OidcProvider, Repository, Settings

VARIABLE_TYPE = "github:index/actionsVariable:ActionsVariable"
REPOSITORY_TYPE = "aws:codeartifact/repository:Repository"
PROVIDER_TYPE = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"


class LookupProblems(pulumi.RunError):
    """What AWS or GitHub says stands in the way; `problems` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        super().__init__(f"{count} found at AWS and GitHub; nothing was changed\n" + "\n".join(f"  - {one}" for one in problems))


@dataclass(frozen=True)
class SeenRepository:
    """A GitHub repository as this credential sees it. `full_name` is "" if it sees none."""

    full_name: str
    name: str = ""
    id: int = 0
    default_branch: str = ""
    visibility: str = ""
    archived: bool = False
    default_subject: bool = True
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """What this stack made before, as far as the checks need it."""

    variables: frozenset[tuple[str, str]] = frozenset()
    codeartifact_repositories: Mapping[str, str] = field(default_factory=dict)
    oidc_provider: bool = False


@dataclass(frozen=True)
class IdentityCenter:
    """IAM Identity Center: its instance ("" = there is none) and the ids of groups by display name, None = there is no such group."""

    instance_arn: str
    groups: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """Everything that was looked up.

    teams: id by slug, None = not visible. oidc_audiences: the provider's client ids, None = there is no provider. build_roles: path and
    name by the name in the stack file, None = there is no such role. identity_center: None if nothing is made there.
    """

    partition: str
    account: str
    owner: Owner | None
    plan: str
    repositories: Mapping[str, SeenRepository]
    teams: Mapping[str, int | None]
    oidc_audiences: tuple[str, ...] | None
    state: State
    build_roles: Mapping[str, str | None] = field(default_factory=dict)
    identity_center: IdentityCenter | None = None
    caller: str = ""


@dataclass(frozen=True)
class Facts:
    """What the program builds on. `repositories` by their name in the catalog, `teams` (ids) by slug, `caller` the ARN of who deploys."""

    registry: Registry
    owner: Owner
    plan: str
    repositories: Mapping[str, SeenRepository]
    teams: Mapping[str, int]
    identity_center: IdentityCenter = IdentityCenter("")
    caller: str = ""


def look_up(settings: Settings, identity_center: pulumi.ProviderResource | None = None) -> Facts:
    """Look everything up; `identity_center` is the provider for IAM Identity Center, None = the default one.

    Raises LookupProblems with all that is missing, invisible or unusable.
    """
    seen = _see(settings, identity_center)
    found = problems(settings, seen)
    if found or seen.owner is None:
        raise LookupProblems(found)
    return Facts(
        registry=Registry(seen.partition, seen.account, settings.region, settings.domain.name),
        owner=seen.owner,
        plan=seen.plan,
        repositories=seen.repositories,
        teams={slug: id for slug, id in seen.teams.items() if id is not None},
        identity_center=seen.identity_center or IdentityCenter(""),
        caller=seen.caller,
    )


# --- what is wrong (pure) -------------------------------------------------------------------------------------------------------------


def problems(settings: Settings, seen: Seen) -> list[str]:
    """Every reason why this stack can't be made as the catalog says, each with its file and what to do."""
    found = [*_owner(settings, seen), *_provider(settings, seen), *_teams(settings, seen), *_left_out(settings, seen)]
    found += [*_build_roles(settings, seen), *_identity_center(settings, seen)]
    for team in settings.teams:
        for repository in team.repositories:
            found += [f"{team.file}: repositories.{repository.name}: {why}" for why in _repository(settings, repository, seen)]
    return found


def _owner(settings: Settings, seen: Seen) -> list[str]:
    name = settings.github_owner
    if seen.owner is None:
        return [f"github:owner: organisation '{name}' does not exist or is not visible to this credential"]
    if seen.owner.login != name:
        return [f"github:owner: '{name}' is called '{seen.owner.login}' on GitHub; IAM compares case, so write that"]
    if not seen.plan:
        return [
            f"github:owner: the plan of '{name}' is not visible to this credential; give the GitHub App the organisation permission "
            "Plan: read"
        ]
    return []


def _provider(settings: Settings, seen: Seen) -> list[str]:
    if settings.oidc_provider is OidcProvider.EXISTING:
        if seen.oidc_audiences is None:
            return [f"package-flow:githubOidcProvider: account {seen.account} has no provider for {GITHUB_OIDC_HOST}; say create"]
        if AUDIENCE not in seen.oidc_audiences:
            return [
                f"package-flow:githubOidcProvider: the account's provider has the audiences {list(seen.oidc_audiences)}; add {AUDIENCE}"
            ]
    elif seen.oidc_audiences is not None and not seen.state.oidc_provider:
        return [f"package-flow:githubOidcProvider: account {seen.account} has a provider for {GITHUB_OIDC_HOST} already; say existing"]
    return []


def _teams(settings: Settings, seen: Seen) -> list[str]:
    wanted = [(team.file, slug) for team in settings.teams for slug in _slugs(team)]
    return [
        f"{file}: GitHub team '{slug}' does not exist in {settings.github_owner} or is not visible to this credential"
        for file, slug in dict.fromkeys(wanted)
        if seen.teams.get(slug) is None
    ]


def _build_roles(settings: Settings, seen: Seen) -> list[str]:
    """A role is named with its path, because the policies of team repositories name it by its ARN."""
    found = []
    for role in settings.build_roles:
        there = seen.build_roles.get(role)
        if there is None:
            found.append(f"package-flow:builds.roles: account {seen.account} has no role '{role.rpartition('/')[2]}'")
        elif there != role:
            found.append(f"package-flow:builds.roles: '{role}' is '{there}' in account {seen.account}; write that")
    return found


def _groups(settings: Settings) -> list[tuple[str, str]]:
    """Each group of developers with where it is named."""
    developers = settings.developers
    if developers is None:
        return []
    everybody = [("package-flow:developers.groups", group) for group in developers.groups]
    return everybody + [(f"{team.file}: developer_groups", group) for team in settings.teams for group in team.developer_groups]


def _identity_center(settings: Settings, seen: Seen) -> list[str]:
    one, developers = seen.identity_center, settings.developers
    if one is None or developers is None:
        return []
    if not one.instance_arn:
        return [
            f"package-flow:developers: there is no IAM Identity Center in {developers.region} for this credential; name its region and, if "
            "it is administered from another account, a role there (roleArn)"
        ]
    return [
        f"{where}: IAM Identity Center has no group with the display name '{group}'"
        for where, group in _groups(settings)
        if one.groups.get(group) is None
    ]


def _left_out(settings: Settings, seen: Seen) -> list[str]:
    """Protected team repositories that the stack still has and the catalog no longer names.

    A public source that is left out is the engine's affair: its protection refuses the change and names the command that lifts it, and
    then `pulumi up` takes the source out of shared's upstreams before it goes. A targeted destroy would take all that reads from it along.
    """
    if not settings.domain.protect:
        return []
    declared = {SHARED_REPOSITORY, *PUBLIC_SOURCES, *(team.name for team in settings.teams if team.has_repository)}
    return [_off_boarding(settings, name, urn) for name, urn in seen.state.codeartifact_repositories.items() if name not in declared]


def _off_boarding(settings: Settings, name: str, urn: str) -> str:
    return (
        f"{settings.catalog}: '{name}' is gone, but its repository is in this stack, protected, and holds packages. To off-board it: keep "
        "the file, take its repositories out and run pulumi up; copy away what others need; pulumi state unprotect "
        f"'{urn}'; pulumi destroy --target '{urn}' --target-dependents; then remove the file"
    )


def _repository(settings: Settings, repository: Repository, seen: Seen) -> list[str]:
    full_name = f"{settings.github_owner}/{repository.name}"
    one = seen.repositories[repository.name]
    if not one.full_name:
        return [f"'{full_name}' does not exist or is not visible to this credential"]
    if one.full_name != full_name:
        return [f"'{full_name}' is called '{one.full_name}' on GitHub; write that name"]
    found = []
    if one.archived:
        found.append("is archived, and archived repositories refuse every change; unarchive it or take it out")
    if not one.default_subject:
        found.append("has a customised OIDC subject template, which replaces the whole sub; reset it to the default (use_default)")
    if seen.plan and not guards.can_have_rulesets(seen.plan, one.visibility):
        found.append(f"is {one.visibility}, and plan '{seen.plan}' has no rulesets for that; make it public or change the plan")
    if repository.promotes and seen.plan and not guards.can_require_reviewers(seen.plan, one.visibility):
        found.append(
            f"promotes needs required reviewers, which plan '{seen.plan}' does not have for a {one.visibility} repository; leave promotes "
            "out and let an administrator promote (aws codeartifact copy-package-versions), or promote from a public or Enterprise "
            "repository"
        )
    return found + _variables(repository, one, seen.state)


def _variables(repository: Repository, one: SeenRepository, state: State) -> list[str]:
    return [
        f"has the Actions variable {variable}, which this stack did not make; delete it there or import it with the id "
        f"{one.name}:{variable}"
        for variable in one.variables
        if variable in variables_of(bool(repository.publishes), bool(repository.promotes)) and (one.name, variable) not in state.variables
    ]


def _slugs(team) -> list[str]:
    reviewers = [slug for repository in team.repositories if repository.promotes for slug in repository.promotes.reviewers]
    return [*team.release_managers, *reviewers]


# --- asking the providers -------------------------------------------------------------------------------------------------------------


def _see(settings: Settings, identity_center: pulumi.ProviderResource | None) -> Seen:
    caller = aws.get_caller_identity()
    partition = aws.get_partition().partition
    state = _state()
    owner, plan = _see_owner(settings.github_owner)
    slugs = dict.fromkeys(slug for team in settings.teams for slug in _slugs(team))
    return Seen(
        partition=partition,
        account=caller.account_id,
        owner=owner,
        plan=plan,
        repositories={one.name: _see_repository(settings.github_owner, one.name) for one in settings.repositories},
        teams={slug: _see_team(slug) for slug in slugs},
        oidc_audiences=_see_oidc_audiences(partition, caller.account_id),
        state=state,
        build_roles={role: _see_role(role) for role in settings.build_roles},
        identity_center=_see_identity_center(settings, identity_center),
        caller=caller.arn,
    )


def _absent(error: Exception) -> bool:
    """Whether a provider's error says that the thing does not exist; anything else (no right, no network) must not pass for that."""
    words = str(error).lower()
    return any(sign in words for sign in ("404", "not found", "nosuchentity", "couldn't find", "could not resolve"))


def _see_owner(login: str) -> tuple[Owner | None, str]:
    try:
        # Without summary_only the provider pages through every member and repository.
        organization = github.get_organization(name=login, summary_only=True)
    except Exception as error:
        if _absent(error):
            return None, ""
        raise
    return Owner(organization.login, int(organization.id)), organization.plan or ""


def _see_repository(owner: str, name: str) -> SeenRepository:
    """A repository that does not exist or is not visible comes back with empty fields, not as an error."""
    one = github.get_repository(full_name=f"{owner}/{name}")
    if not one.repo_id or not one.full_name:
        return SeenRepository("")
    template = github.get_actions_repository_oidc_subject_claim_customization_template(name=one.name)
    variables = github.get_actions_variables(full_name=one.full_name).variables or []
    return SeenRepository(
        full_name=one.full_name,
        name=one.name,
        id=int(one.repo_id),
        default_branch=one.default_branch,
        visibility=one.visibility,
        archived=bool(one.archived),
        default_subject=bool(template.use_default),
        variables=tuple(variable.name for variable in variables),
    )


def _see_team(slug: str) -> int | None:
    try:
        return int(github.get_team(slug=slug, summary_only=True).id)
    except Exception as error:
        if _absent(error):
            return None
        raise


def _see_oidc_audiences(partition: str, account: str) -> tuple[str, ...] | None:
    arn = f"arn:{partition}:iam::{account}:oidc-provider/{GITHUB_OIDC_HOST}"
    try:
        return tuple(aws.iam.get_open_id_connect_provider(arn=arn).client_id_lists)
    except Exception as error:
        if _absent(error):
            return None
        raise


def _see_role(role: str) -> str | None:
    """Path and name of the role that has the name `role` ends with."""
    try:
        return aws.iam.get_role(name=role.rpartition("/")[2]).arn.partition(":role/")[2]
    except Exception as error:
        if _absent(error):
            return None
        raise


def _see_identity_center(settings: Settings, provider: pulumi.ProviderResource | None) -> IdentityCenter | None:
    developers = settings.developers
    if developers is None or developers.mode is not DeveloperMode.IDENTITY_CENTER:
        return None
    there = pulumi.InvokeOptions(provider=provider)
    instances = aws.ssoadmin.get_instances(region=developers.region, opts=there)
    if not instances.arns:
        return IdentityCenter("")
    store = instances.identity_store_ids[0]
    groups = dict.fromkeys(group for _, group in _groups(settings))
    return IdentityCenter(instances.arns[0], {group: _see_group(store, group, developers.region, there) for group in groups})


def _see_group(store: str, group: str, region: str, there: pulumi.InvokeOptions) -> str | None:
    # Not dicts: a function's arguments keep a dict's Python keys, which the provider does not know.
    attribute = aws.identitystore.GetGroupAlternateIdentifierUniqueAttributeArgs(attribute_path="DisplayName", attribute_value=group)
    named = aws.identitystore.GetGroupAlternateIdentifierArgs(unique_attribute=attribute)
    try:
        return aws.identitystore.get_group(identity_store_id=store, alternate_identifier=named, region=region, opts=there).group_id
    except Exception as error:
        if _absent(error):
            return None
        raise


def _state() -> State:
    """What this stack made before, from its own state: it tells "made here" from "made by others", which GitHub and AWS can't."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {"stackName": name}).value or {}
    return state_from((answer.get("outputs") or {}) if isinstance(answer, dict) else {})


def state_from(resources: Mapping[str, Any]) -> State:
    """The state of a stack from its resources: {urn: {"type": ..., "outputs": {...}}}."""
    by_type: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for urn, one in resources.items():
        by_type.setdefault(one["type"], []).append((urn, one.get("outputs") or {}))
    return State(
        variables=frozenset((made["repository"], made["variableName"]) for _, made in by_type.get(VARIABLE_TYPE, []) if made),
        codeartifact_repositories={made["repository"]: urn for urn, made in by_type.get(REPOSITORY_TYPE, []) if made},
        oidc_provider=bool(by_type.get(PROVIDER_TYPE)),
    )
