"""What only AWS and GitHub know: the account, ids, exact names, default branches, the plan.

Everything is looked up with plain invokes, which run at preview too, before anything is registered; then `problems` checks what was seen
and one LookupProblems lists all that stands in the way. Deciding is pure; only `look_up` talks to the providers.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from types import SimpleNamespace
from typing import Any, TypeVar

import pulumi
import pulumi_aws as aws
import pulumi_github as github
from pulumi import runtime

import leftovers
import registry_stack
from existing import apart, github_organization, noted, spent
from existing import listed as lists
from existing.answers import member
from existing.listed import PER_PAGE, Page
from existing.table import look
from existing.there import There
from leftovers import (
    ALIAS_TYPE,
    BRANCH_POLICY_TYPE,
    DOMAIN_TYPE,
    ENVIRONMENT_TYPE,
    KEY_TYPE,
    ORGANIZATION_RULESET_TYPE,
    POLICY_TYPE,
    PROVIDER_TYPE,
    REPOSITORY_TYPE,
    ROLE_TYPE,
    RULESET_TYPE,
    VARIABLE_TYPE,
)
from plan import parts
from plan.facts import Facts, IdentityCenter, SeenRepository, WorkflowPermissions, assumed
from plan.planning import plan
from plan.split import part
from policies import branches, guards
from policies.arns import GITHUB_OIDC_HOST, Registry
from policies.branches import TAGS
from policies.github_tokens import AUDIENCE, Owner, trusted_branches
from policies.names import PROMOTE_ENVIRONMENT, PUBLIC_SOURCES, variables_of
from settings import DeveloperMode, Encryption, GithubScope, OidcProvider, Repository, Settings
from settings.problems import bounded, lines

CONSUMER_TYPE = "package-flow:index:ConsumingRepository"
OIDC_TYPE = "package-flow:index:GitHubOidc"
PERMISSIONS_TYPE = "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions"

# Whose workflows and actions a repository may use, by visibility: of the called one to those of callers. Of a private or internal one its
# settings have to allow it besides (Actions, Access). What this credential can't see is not public; it is held to be private.
# https://docs.github.com/en/actions/reference/workflows-and-actions/reusing-workflow-configurations#access-to-reusable-workflows
CALLERS = {"public": ("public", "internal", "private"), "internal": ("internal", "private"), "private": ("private",), "": ("private",)}


class LookupProblems(pulumi.RunError):
    """What AWS or GitHub says stands in the way; `problems` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        super().__init__("\n".join([f"{count} found at AWS and GitHub; nothing was changed", *lines(problems, "  - ")]))


@dataclass(frozen=True)
class State:
    """What this stack created before, as far as the checks need it.

    GitHub repositories are named as they were then; `repository_ids` says which ones those were. `environments` and `permissions` are those
    that it created, `trusted` the release branches that its roles admit and its rulesets guard, by repository id, `teams` the ids of the
    GitHub teams in its guards by slug. `domain` is the ARN of its domain, "" = it has none, `own_key` whether it created a key for that,
    `key` what encrypts it, `known` what leftovers are recognised by, `others` the ids of repositories of team
    stacks that its read roles trust, `repositories` the ARNs of its CodeArtifact repositories.
    """

    variables: frozenset[tuple[str, str]] = frozenset()
    codeartifact_repositories: Mapping[str, str] = field(default_factory=dict)
    oidc_provider: bool = False
    repository_ids: Mapping[str, int] = field(default_factory=dict)
    environments: frozenset[tuple[str, str]] = frozenset()
    permissions: frozenset[str] = frozenset()
    trusted: Mapping[int, frozenset[str]] = field(default_factory=dict)
    domain: str = ""
    own_key: bool = False
    key: str = ""
    known: leftovers.Known = field(default_factory=leftovers.Known)
    teams: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, int] = field(default_factory=dict)
    repositories: Mapping[str, str] = field(default_factory=dict)

    def trusted_before(self, repository_id: int) -> list[str]:
        """The release branches of a repository that may publish already."""
        return sorted(self.trusted.get(repository_id, ()))


@dataclass(frozen=True)
class WorkflowRepository:
    """The repository that has the trusted workflow, as a credential sees it. `full_name` is "" if it sees none."""

    full_name: str
    id: int = 0
    visibility: str = ""


@dataclass(frozen=True)
class Seen:
    """Everything that was looked up.

    teams: id by slug, None = not visible. oidc_audiences: the provider's client ids, None = there is no provider. build_roles: path and
    name by the name in the stack file, None = there is no such role. identity_center: None if nothing is created there. workflow: the
    repository of the publishing workflow (not looked at where any may publish). departed: ids that the names now have on GitHub that the
    stack knows and the catalog no longer has, 0 = none. registry: in a team stack, the outputs of its registry stack ({} = none).

    Of repositories of team stacks the registry stack sees names and ids, which its read roles trust; a team stack sees its own alone.
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
    workflow: WorkflowRepository = WorkflowRepository("")
    departed: Mapping[str, int] = field(default_factory=dict)
    registry: Mapping[str, Any] = field(default_factory=dict)


# The plan that follows from what was seen: built when it is first needed, and once.
Planned = Callable[[], parts.Plan]


def look_up(settings: Settings, identity_center: pulumi.ProviderResource | None = None) -> tuple[Facts, parts.Plan]:
    """Look everything up, and judge it by the plan that follows from it. Returns both.

    `identity_center` is the provider for IAM Identity Center, None = the default one. Raises LookupProblems with all that is missing,
    invisible or unusable, or with every question that was not answered.
    """
    unanswered: list[str] = []
    seen = _see(settings, identity_center, unanswered)
    planned = plan_once(settings, seen)
    questions = _questions(settings, seen, identity_center)
    left = leftovers.Found() if unanswered else _leftovers(settings, seen, planned, questions, unanswered)
    there, more = ([], []) if unanswered else _existing(seen, planned, questions, unanswered)
    crowded = [] if unanswered else _crowded(planned, questions, unanswered)
    waits = [] if unanswered else _missing_upstreams(settings, questions, unanswered)
    pulumi.log.info(_requests.line())
    # Environments and variables are judged with their repository.
    others = [one for one in there if one.type not in _JUDGED_WITH_REPOSITORIES and one.key not in left.adopted]
    # What was not answered would look as if it were not there.
    found = unanswered or [
        *problems(settings, seen, planned),
        *crowded,
        *left.problems,
        *waits,
        *(one.problem(settings.running) for one in others),
    ]
    if found or seen.owner is None:
        raise LookupProblems(found)
    for note in (*notes(settings, seen), *more):
        pulumi.log.warn(note)
    return replace(_facts(settings, seen), adopted={**adopted(settings, seen, planned), **left.adopted}), planned()


@dataclass(frozen=True)
class Adoption:
    """What is there before a stack takes it over. `problems` are about something else and come first: with any there are no `facts`."""

    facts: Facts | None
    there: tuple[There, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    permissions: Mapping[str, WorkflowPermissions]


def look_for_adoption(settings: Settings, identity_center: pulumi.ProviderResource | None = None) -> Adoption:
    """The same look, by somebody who wants to adopt what is there. Raises LookupProblems with every question that was not answered."""
    unanswered: list[str] = []
    seen = _see(settings, identity_center, unanswered)
    planned = plan_once(settings, seen)
    questions = _questions(settings, seen, identity_center)
    left = leftovers.Found() if unanswered else _leftovers(settings, seen, planned, questions, unanswered)
    there, more = ([], []) if unanswered else _existing(seen, planned, questions, unanswered)
    if unanswered:
        raise LookupProblems(unanswered)
    keys = {one.key for one in there}
    found = [*problems(settings, seen, planned, adopting=True), *left.problems]
    facts = None
    if not found and seen.owner:
        facts = replace(_facts(settings, seen), adopted=adopted(settings, seen, planned))
    permissions = {name: one.workflow_permissions for name, one in seen.repositories.items() if one.workflow_permissions}
    if facts:
        facts = replace(facts, adopted={key: id for key, id in facts.adopted.items() if key not in keys})
    return Adoption(facts, tuple(there), tuple(found), (*notes(settings, seen), *more), permissions)


def plan_once(settings: Settings, seen: Seen) -> Planned:
    """The plan for all who judge what was seen by it, and for those who register it."""
    return cache(lambda: part(plan(settings, _facts(settings, seen)), settings))


def _facts(settings: Settings, seen: Seen) -> Facts:
    """What was seen, for the plan. Where something was not found, what is assumed of it stands in: `problems` has a line about that."""
    usual = assumed(settings)
    return Facts(
        registry=Registry(seen.partition, seen.account, settings.region, settings.domain.name),
        owner=seen.owner or usual.owner,
        plan=seen.plan,
        repositories={**usual.repositories, **{name: one for name, one in seen.repositories.items() if one.full_name}},
        teams={slug: seen.teams.get(slug) or id for slug, id in usual.teams.items()},
        identity_center=seen.identity_center or usual.identity_center,
        caller=seen.caller or usual.caller,
        trusted_before={**usual.trusted_before, **{name: seen.state.trusted_before(one.id) for name, one in seen.repositories.items()}},
    )


# --- what is wrong (pure) -------------------------------------------------------------------------------------------------------------


def problems(settings: Settings, seen: Seen, planned: Planned | None = None, *, adopting: bool = False) -> list[str]:
    """Every reason why this stack can't be created as the catalog says, each with its file and what to do.

    `planned` is the plan that others judge by too, None = it is built here. Whoever is adopting learns of environments and variables that
    are there in another way.
    """
    planned = planned or plan_once(settings, seen)
    found = [*_owner(settings, seen), *_provider(settings, seen), *_teams(settings, seen), *_left_out(settings, seen)]
    found += [*registry_stack.elsewhere(settings, seen.state.known), *_of_team_stacks(settings, seen)]
    if settings.team_stack and seen.owner and seen.account:
        place = Registry(seen.partition, seen.account, settings.region, settings.domain.name)
        found += registry_stack.another_stack(settings, seen.state.known, place, seen.state.repositories)
        found += registry_stack.stale(settings, planned(), seen.registry)
    found += [
        *_departed(settings, seen),
        *_another_domain(settings, seen),
        *_own_account(settings, seen),
        *_workflow(settings, seen),
        *_build_roles(settings, seen),
        *_identity_center(settings, seen),
    ]
    wanted = {} if adopting else _wanted(settings, seen, planned)
    for team in settings.own_teams:
        for repository in team.repositories:
            why = _repository(settings, repository, seen, wanted.get(repository.name))
            found += [f"{team.file}: repositories.{repository.name}: {one}" for one in why]
    return found


def _wanted(settings: Settings, seen: Seen, planned: Planned | None) -> dict[str, parts.ConsumingRepository]:
    """Each repository's part of the plan, if one of them has something that this stack does not know (a plan of hundreds takes time)."""
    there = any(one.environments or _unknown(repository, one, seen.state) for repository, one in _pairs(settings, seen))
    planned = planned or plan_once(settings, seen)
    return {one.name: one for one in planned().consumers} if there else {}


def _pairs(settings: Settings, seen: Seen) -> list[tuple[Repository, SeenRepository]]:
    return [(one, seen.repositories[one.name]) for one in settings.own_repositories]


def adopted(settings: Settings, seen: Seen, planned: Planned | None = None) -> dict[str, str]:
    """Import ids of what an interrupted run left, of that which `problems` judges: variables and the OIDC provider.

    An environment needs none: it is put.
    """
    wanted, found = _wanted(settings, seen, planned), {}
    for repository, one in _pairs(settings, seen):
        for variable, value in _unknown(repository, one, seen.state).items():
            if wanted[repository.name].variables.get(variable) == value:
                found[leftovers.key(VARIABLE_TYPE, one.name, variable)] = f"{one.name}:{variable}"
    if settings.oidc_provider is OidcProvider.CREATE and _is_left(seen):
        found[leftovers.key(PROVIDER_TYPE, f"https://{GITHUB_OIDC_HOST}")] = _provider_arn(seen)
    return found


def _owner(settings: Settings, seen: Seen) -> list[str]:
    name = settings.github_owner
    if seen.owner is None:
        return [f"github:owner: organisation '{name}' does not exist or is not visible to this credential"]
    if seen.owner.login != name:
        said = bounded(seen.owner.login, _SHOWN_MAX)
        return [f"github:owner: '{name}' is called '{said}' on GitHub; IAM compares case, so write that"]
    if not seen.plan:
        return [
            f"github:owner: the plan of '{name}' is not visible to this credential; give the GitHub App the organisation permission "
            "Plan: read"
        ]
    if settings.github_scope is GithubScope.ORGANIZATION and not guards.can_have_organization_rulesets(seen.plan):
        return [
            f"package-flow:githubScope: got organization, and plan '{seen.plan}' of '{name}' has no organisation rulesets; expected GitHub "
            "Team or Enterprise. Write repository"
        ]
    return []


def _own_account(settings: Settings, seen: Seen) -> list[str]:
    """The stack's own account where another one is meant. The configuration alone knows it only where aws:allowedAccountIds says it."""
    why = f"{seen.account} is the stack's own account; name another one"
    shared = settings.sharing.accounts if settings.sharing else ()
    found = [f"package-flow:sharing.accounts: {why}"] if seen.account in shared else []
    return found + [
        f"{team.file}: publishers.{index}.account: {why} (roles of this one publish through GitHub)"
        for team in settings.teams
        for index, publisher in enumerate(team.publishers)
        if publisher.account == seen.account
    ]


def _workflow(settings: Settings, seen: Seen) -> list[str]:
    publishing = settings.publishing
    named, login = publishing.repository, seen.owner.login if seen.owner else settings.github_owner
    # An owner that github:owner spells so too is reported there.
    if named is None or (login != settings.github_owner and named.startswith(f"{settings.github_owner}/")):
        return []
    why = wrong_workflow_repository(named, publishing.repository_id, seen.workflow)
    return [f"package-flow:{why}"] if why else []


def wrong_workflow_repository(named: str, id: int, seen: WorkflowRepository) -> str | None:
    """Why a trusted workflow is not in the repository that is meant, with the key below `package-flow:`; None if it is.

    A token says the workflow's repository by name alone (`job_workflow_ref`), as GitHub spells it: whoever has that name writes what
    publishes. `id` is what the stack file says of it, 0 = nothing. https://docs.github.com/en/actions/reference/security/oidc
    """
    key, said = "publishing.workflow", bounded(seen.full_name, _SHOWN_MAX)
    if not seen.full_name:
        return None if id else f"{key}: got {named}, which does not exist or is not visible to this credential; {_MAKE_SURE}"
    if said.casefold() == named.casefold() and said != named:
        return f"{key}: '{named}' is called '{said}' on GitHub; IAM compares case, so write that"
    if said != named:
        return (
            f"{key}: '{named}' is called '{said}' on GitHub: it was renamed, and whoever creates a repository of the former name writes "
            "what publishes; write the new name here and in every uses: of it"
        )
    if id not in (0, seen.id):
        return (
            f"publishing.repositoryId: got repository {seen.id} on GitHub under the name {named}; expected {id}: it was deleted or "
            "renamed, and another has its name. Find out who created that repository; write its id if it is meant"
        )
    return None


_MAKE_SURE = (
    "expected one that it sees, because whoever creates a repository of that name writes what publishes. If it exists and is private or "
    "internal, write its id in publishing.repositoryId (gh api repos/OWNER/REPOSITORY --jq .id), which the bootstrap compares"
)


def _provider(settings: Settings, seen: Seen) -> list[str]:
    if settings.team_stack:
        return []
    if settings.oidc_provider is OidcProvider.EXISTING:
        if seen.oidc_audiences is None:
            return [f"package-flow:githubOidcProvider: account {seen.account} has no provider for {GITHUB_OIDC_HOST}; say create"]
        if AUDIENCE not in seen.oidc_audiences:
            there = bounded(", ".join(seen.oidc_audiences), _SHOWN_MAX) or "none"
            return [f"package-flow:githubOidcProvider: the account's provider has these audiences: {there}; add {AUDIENCE}"]
    elif seen.oidc_audiences is not None and not seen.state.oidc_provider and not _is_left(seen):
        return [
            f"package-flow:githubOidcProvider: account {seen.account} has a provider for {GITHUB_OIDC_HOST} already; say existing, or "
            f"import {_provider_arn(seen)} if an interrupted run of this stack created it"
        ]
    return []


def _is_left(seen: Seen) -> bool:
    """Whether the account's provider is there as an earlier run of this stack, which came to that point, would have created it."""
    return seen.oidc_audiences == (AUDIENCE,) and not seen.state.oidc_provider and seen.state.known.begun("GitHubOidc")


def _provider_arn(seen: Seen) -> str:
    return f"arn:{seen.partition}:iam::{seen.account}:oidc-provider/{GITHUB_OIDC_HOST}"


def _teams(settings: Settings, seen: Seen) -> list[str]:
    wanted = dict.fromkeys((team.file, slug) for team in settings.own_teams for slug in _slugs(team))
    found = []
    for file, slug in wanted:
        id, known = seen.teams.get(slug), seen.state.teams.get(slug)
        if id is None:
            found.append(f"{file}: GitHub team '{slug}' does not exist in {settings.github_owner} or is not visible to this credential")
        elif known not in (None, id):
            found.append(_another_team(file, slug, id, known))
    return found


def _another_team(file: str, slug: str, id: int, known: int) -> str:
    """By default every member of an organisation creates teams, so whoever takes a slug that is free would be let past the guards.

    https://docs.github.com/en/organizations/managing-organization-settings/setting-team-creation-permissions-in-your-organization
    """
    return (
        f"{file}: got team {id} on GitHub under the name '{slug}'; expected {known}, which this stack knows by it: that one was renamed or "
        f"deleted, and another has its name. Write its new name; if {id} is meant, take '{slug}' out of the catalog, run pulumi up and "
        "name it again (docs/operations.md, Renaming a GitHub team)"
    )


def _build_roles(settings: Settings, seen: Seen) -> list[str]:
    """A role is named with its path, because the policies of team repositories name it by its ARN."""
    found = []
    for role in () if settings.team_stack else settings.build_roles:
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
    public = {*PUBLIC_SOURCES, *map(settings.source, settings.public_sources)}
    declared = {settings.shared, *public, *(team.own_repository for team in settings.teams if team.has_repository)}
    return [_off_boarding(settings, name, urn) for name, urn in seen.state.codeartifact_repositories.items() if name not in declared]


def _another_domain(settings: Settings, seen: Seen) -> list[str]:
    """What would replace the domain, and with it every package. The engine refuses too, but only once a protected key for it is there."""
    state, domain = seen.state, settings.domain
    if not (state.domain and domain.protect and seen.account):
        return []
    keep = "another domain would take the place of this stack's, which is protected and holds packages. Set it back, or create a new stack"
    wanted = Registry(seen.partition, seen.account, settings.region, domain.name).domain_arn
    if wanted != state.domain:
        return [f"package-flow:domain.name: got {wanted}; expected {state.domain}: {keep}"]
    had = Encryption.CUSTOMER if state.own_key else state.key if domain.key else Encryption.AWS
    got = domain.key or domain.encryption
    return [] if got == had else [f"package-flow:domain.encryption: got {got}; expected {had}: {keep}"]


def _off_boarding(settings: Settings, name: str, urn: str) -> str:
    return (
        f"{settings.catalog}: '{name}' is gone, but its repository is in this stack, protected, and holds packages. To off-board it: keep "
        "the file, take its repositories out and run pulumi up; copy away what others need; pulumi state unprotect "
        f"'{urn}'; pulumi destroy --target '{urn}' --target-dependents; then remove the file"
    )


def _repository(settings: Settings, repository: Repository, seen: Seen, wanted: parts.ConsumingRepository | None) -> list[str]:
    full_name = f"{settings.github_owner}/{repository.name}"
    one = seen.repositories[repository.name]
    if why := _not_of_this_name(full_name, one):
        return [why + _after_renaming(settings, repository, one, seen.state)]
    if another := _another_repository(repository, one, seen.state):
        return [another]
    found = []
    if not _BRANCH.fullmatch(one.default_branch):
        said = f"'{bounded(one.default_branch, _SHOWN_MAX)}'" if one.default_branch else "none"
        found.append(f"has no default branch that a ruleset can name ({said}); push one, or choose another on GitHub")
    if one.archived:
        found.append("is archived, and archived repositories refuse every change; unarchive it or take it out")
    if not one.default_subject:
        found.append("has a customised OIDC subject template, which replaces the whole sub; reset it to the default (use_default)")
    if seen.plan and not guards.can_have_rulesets(seen.plan, one.visibility):
        found.append(f"is {one.visibility}, and plan '{seen.plan}' has no rulesets for that; make it public or change the plan")
    if repository.promotes and seen.plan and not guards.can_require_reviewers(seen.plan, one.visibility):
        found.append(
            f"promotes needs required reviewers, which plan '{seen.plan}' does not have for a {one.visibility} repository; leave promotes "
            "out and let an administrator promote by hand, past a Deny of shared (docs/operations.md, Promoting by hand), or promote from "
            "a public or Enterprise repository"
        )
    found += [*_callable(settings, one, seen), *_unreviewed(repository, one, seen.state)]
    return found + ([*_environments(repository, one, wanted), *_variables(repository, one, seen.state, wanted)] if wanted else [])


def _not_of_this_name(full_name: str, one: SeenRepository) -> str | None:
    """Why no repository of this name was seen. GitHub leads a former name to the renamed repository, and takes any case."""
    if not one.full_name:
        return f"'{full_name}' does not exist or is not visible to this credential"
    said = bounded(one.full_name, _SHOWN_MAX)
    return None if one.full_name == full_name else f"'{full_name}' is called '{said}' on GitHub; write that name"


def _after_renaming(settings: Settings, repository: Repository, one: SeenRepository, state: State) -> str:
    """What to write besides the new name, where this stack has the repository under the former one."""
    owner, _, name = one.full_name.partition("/")
    if state.repository_ids.get(repository.name) != one.id or owner != settings.github_owner:
        return ""
    if name.casefold() == repository.name.casefold():
        return ", after two renames by way of a third name (docs/operations.md, Renaming a repository)"
    return f", with renamed_from: {repository.name} in it (docs/operations.md, Renaming a repository)"


def _of_team_stacks(settings: Settings, seen: Seen) -> Iterator[str]:
    """In a registry stack, repositories of team stacks that its read roles would trust and that are not the ones that are meant."""
    for team in () if settings.team_stack else settings.teams:
        for repository in team.repositories if team.stack else ():
            one, known = seen.repositories[repository.name], seen.state.others
            trusted = known.get(repository.name, known.get(repository.renamed_from, one.id))
            why = _not_of_this_name(f"{settings.github_owner}/{repository.name}", one)
            if why is None and trusted != one.id:
                why = (
                    f"got repository {one.id} on GitHub; expected {trusted}, which the read roles trust: it was deleted, or another "
                    "has its name now. If the other is meant, take it out of the catalog, run pulumi up and put it in again"
                )
            if why:
                yield f"{team.file}: repositories.{repository.name}: {why}"


def _another_repository(repository: Repository, one: SeenRepository, state: State) -> str | None:
    """Why what this stack has under a name may not be taken for this repository's.

    GitHub sends a request for a former name, a deletion too, to the repository that had it; where another repository has that name by now,
    the request reaches the other.
    """
    for name in filter(None, (repository.name, repository.renamed_from)):
        known = state.repository_ids.get(name, one.id)
        if known != one.id:
            return (
                f"got repository {one.id} on GitHub; expected {known}, which this stack knows as '{name}': it was deleted, or another has "
                f"its name now. This run would take the rulesets of the one for the other's. {_FORGET}"
            )
    former = [name for name, id in state.repository_ids.items() if id == one.id and name not in (repository.name, repository.renamed_from)]
    if not former:
        return None
    return (
        f"is the repository that this stack knows as '{former[0]}': it was renamed on GitHub. This run would delete what is under the old "
        f"name, which GitHub takes for this repository's; write renamed_from: {former[0]} here (docs/operations.md, Renaming a repository)"
    )


# Deletions by name are what has to be avoided, so the state forgets first.
_FORGET = "Take what it has of that name out of its state first (docs/operations.md, A name that another repository has)"


def _departed(settings: Settings, seen: Seen) -> list[str]:
    """Repositories that the stack has and the catalog does not, under a name that is another repository's on GitHub by now."""
    return [
        f"{settings.catalog}: '{name}' is gone, and on GitHub that name is repository {id} now; this stack created its variables and "
        f"rulesets in repository {seen.state.repository_ids[name]}. This run would delete from the wrong one. {_FORGET}"
        for name, id in seen.departed.items()
        if id not in (0, seen.state.repository_ids[name])
    ]


def _callable(settings: Settings, one: SeenRepository, seen: Seen) -> list[str]:
    """Whether the repository may use the workflows and actions of the repository that has them."""
    program = settings.publishing.repository
    if program is None or one.visibility in CALLERS[seen.workflow.visibility]:
        return []
    is_what = seen.workflow.visibility or "not visible to this credential, so not public"
    wanted = " or ".join(called for called, callers in CALLERS.items() if called and one.visibility in callers)
    return [
        f"is {one.visibility}, and GitHub lets it use workflows and actions of {wanted} repositories alone; {program} is {is_what}. Change "
        "the visibility of one of the two, or name the workflow of a copy that it may call (package-flow:publishing.workflow)"
    ]


def _unreviewed(repository: Repository, one: SeenRepository, state: State) -> list[str]:
    """Branches that would publish without ever having been reviewed, and accepted ones that anybody could still make."""
    key, before = "release_branches", state.trusted_before(one.id)
    accepted = repository.accepted_branches
    there = one.branches or ()
    unreviewed = branches.unreviewed(there, repository.release_branches.names, before, one.default_branch, accepted)
    found = [
        f"{key} would let the branch '{bounded(branch, _SHOWN_MAX)}' publish, which is there already and which nobody had to review; look "
        "at it and name it in accepted_branches, or delete it on GitHub"
        for branch in unreviewed
    ]
    new = [branch for branch in repository.release_branches.names if branch not in before]
    return found + [
        f"accepted_branches names '{branch}', which is not there: whoever creates it before its guards publishes from it; take it out"
        for branch in accepted
        if one.branches is not None and branches.matches(branch, new) and not branches.matches(branch, before) and branch not in there
    ]


def _environments(repository: Repository, one: SeenRepository, wanted: parts.ConsumingRepository) -> list[str]:
    return [
        there_before(one.name, name, there, _other_environment(repository, name))
        for name, there in one.environments.items()
        if not _as_planned(name, there, wanted)
    ]


_HOW = leftovers.HOW


def _as_planned(name: str, there: Mapping[str, Any], wanted: parts.ConsumingRepository) -> bool:
    return any(each.name == name and leftovers.same_environment(each, there) for each in wanted.environments)


def _other_environment(repository: Repository, name: str) -> str:
    return "Name another one, or delete it there" if name == repository.environment else "Delete it there, or take promotes out"


def there_before(repository: str, environment: str, there: Mapping[str, Any], instead: str) -> str:
    """Why an environment that is there and not in this stack's state is in the way; what protects it, and what to do `instead`."""
    return (
        f"has the environment {environment} already, which is not in this stack's state, with "
        f"{', '.join(_protections(there)) or 'no protection'}; it would lose what this stack does not ask for, and go with its secrets "
        f"when this stack goes. {instead}; {_HOW}: then import it with the id {repository}:{environment}"
    )


def environments_of(repository: Repository) -> list[str]:
    """The environments that the program creates in a repository."""
    return [*filter(None, (repository.environment,)), *((PROMOTE_ENVIRONMENT,) if repository.promotes else ())]


def notes(settings: Settings, seen: Seen) -> list[str]:
    """What this run changes in settings that were there before, and what it did not look at. Nothing stands in its way."""
    unseen = settings.publishing.repository and not seen.workflow.full_name
    return [
        *([f"package-flow:publishing.workflow: {settings.publishing.repository} {_NOT_SEEN}"] if unseen else []),
        *(
            f"{team.file}: repositories.{one.name}: {note}"
            for team in settings.own_teams
            for one in team.repositories
            for note in _notes(f"{settings.github_owner}/{one.name}", seen.repositories[one.name])
        ),
    ]


def _notes(full_name: str, one: SeenRepository) -> list[str]:
    there = one.workflow_permissions
    found = [_stricter(full_name, there)] if there and (there.default != "read" or there.can_approve) else []
    found += [_FORK] if one.fork else []
    return found + ([] if one.branches is not None else [_NOT_LISTED])


_NOT_SEEN = "was not looked at, because this credential does not see it; the bootstrap compares its name and publishing.repositoryId"
_FORK = "is a fork: what is merged from its parent was reviewed there by others, if at all; its own rulesets and roles hold all the same"
_NOT_LISTED = "its branches were not looked at, because this preview's credential may not list them; pulumi up looks at them first"


def _stricter(full_name: str, there: WorkflowPermissions) -> str:
    approves = str(there.can_approve).lower()
    return (
        f"its workflows' default permission becomes read, and they can no longer create or approve pull requests (now: {there.default}, "
        f"{approves}); jobs that need more say so under permissions. It stays so when this stack goes; what was there comes back by: "
        f"gh api -X PUT repos/{full_name}/actions/permissions/workflow -f default_workflow_permissions={there.default} "
        f"-F can_approve_pull_request_reviews={approves}"
    )


def _unknown(repository: Repository, one: SeenRepository, state: State) -> dict[str, str]:
    """Variables of the names that the program writes which are there and which this stack's state does not have, with their values."""
    own = {one.name, repository.renamed_from}
    return {
        variable: value
        for variable, value in one.variables.items()
        if variable in variables_of(bool(repository.publishes), bool(repository.promotes))
        and not any((name, variable) in state.variables for name in own)
    }


def _variables(repository: Repository, one: SeenRepository, state: State, wanted: parts.ConsumingRepository) -> list[str]:
    unknown = _unknown(repository, one, state)
    # Of the same value too: it would stay as it is when the organisation's changes.
    shadowing = [variable for variable in unknown if variable not in wanted.variables]
    return [
        f"has the Actions variable {variable} already, with another value than this stack's, and it is not in its state; {_HOW}. Delete it "
        f"there or import it with the id {one.name}:{variable}"
        for variable, value in unknown.items()
        if variable not in shadowing and wanted.variables[variable] != value
    ] + [
        f"has the Actions variable {variable}, which is not in this stack's state and shadows the organisation's of that name "
        f"(githubScope: organization). Delete it (gh variable delete {variable} --repo {one.full_name})"
        for variable in shadowing
    ]


def _slugs(team) -> list[str]:
    reviewers = [slug for repository in team.repositories if repository.promotes for slug in repository.promotes.reviewers]
    reviewers += [slug for repository in team.repositories for slug in repository.protection.reviewers]
    return [*team.release_managers, *reviewers]


# --- asking the providers -------------------------------------------------------------------------------------------------------------

# Characters of an answer, and of an error, that a message shows.
_SHOWN_MAX, _ERROR_MAX = 200, 500
# What git takes as a branch (https://git-scm.com/docs/git-check-ref-format) and no ruleset reads as a pattern.
_BRANCH = re.compile(r"(?![-./@]+\Z)[^\x00-\x20\x7f~^:?*\[\\]+")
_ACCOUNT = re.compile(r"[0-9]{12}")
_PARTITION = re.compile(r"aws(-[a-z]+)*")
_CALLER = re.compile(r"arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:[^\s*?]+")
# https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreateAccountAssignment.html: PrincipalId
_GROUP_ID = re.compile(r"([0-9a-f]{10}-)?[A-Fa-f0-9]{8}(-[A-Fa-f0-9]{4}){3}-[A-Fa-f0-9]{12}")
# https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_InstanceMetadata.html: InstanceArn
_INSTANCE = re.compile(r"arn:aws[a-z-]*:sso:::instance/(sso)?ins-[a-zA-Z0-9.-]{16}")
_ANY_TEXT = re.compile(r"[\s\S]+")
_WORKFLOW_PERMISSION = re.compile("read|write")
_VISIBILITIES = ("public", "private", "internal")

Answered = TypeVar("Answered")


class _NoAnswer(Exception):
    """A provider refused a question, or its answer can't be used."""


class Asking:
    """Asks one question after the other; what is not answered is written down with the thing that it was about."""

    def __init__(self, unanswered: list[str]) -> None:
        self.unanswered = unanswered

    def __call__(self, about: str, question: Callable[[], Answered], otherwise: Answered) -> Answered:
        try:
            return question()
        except _NoAnswer as error:
            self.unanswered.append(f"{about}: {error}")
            return otherwise


def _invoke(function: Callable[..., Any], **arguments: Any) -> Any:
    """What a provider answers, None if there is no such thing. Raises _NoAnswer with the provider's words for every other error."""
    answer = None
    try:
        answer = apart.call(function, **arguments)
        return answer
    except Exception as error:  # the SDK raises no narrower type
        if _absent(error):
            return None
        # Providers tell what they answered after what they were asked, and put pages of HTML behind.
        words = " ".join(str(error).split())
        raise _NoAnswer(f"the question was refused: {bounded(words, _ERROR_MAX)}") from error
    finally:
        if function.__module__.startswith(f"{github.__name__}."):
            _requests.count(getattr(function, "__name__", ""), arguments, answer)


# Of the look-up that is under way: a process has one at a time.
_requests = spent.Requests()


# How each says that a thing is not there. What was asked for stands beside it and may hold any number and word. GitHub's client says the
# status behind the address, its GraphQL a sentence, AWS's SDK a code (ResourceNotFoundException comes with 400), its provider words.
# https://pkg.go.dev/github.com/google/go-github/github#ErrorResponse.Error, https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
_SAYS_ABSENT = re.compile(
    r"\b[A-Z]+ https?://\S+: 404 "
    r"|(?<!\S)(NoSuchEntity|NoSuchEntityException|ResourceNotFoundException): "
    r"|: couldn't find resource\b|^couldn't find resource\b"
    r"|\bCould not resolve to an? [A-Z]\w+ with the (login|name) of "
)
# A right that is missing, or credentials that are: what they say of the thing is nothing.
_SAYS_REFUSED = re.compile(
    r"https?://\S+: (401|403|429|5\d\d) |StatusCode: (401|403|429|5\d\d)\b"
    r"|\b(AccessDenied|AccessDeniedException|UnauthorizedException|UnrecognizedClientException|InvalidClientTokenId|ExpiredToken(Exception)?)\b"
)


def _absent(error: Exception) -> bool:
    """Whether a provider's error says that the thing does not exist; anything else (no right, no network) must not pass for that."""
    words = " ".join(str(error).split())
    return bool(_SAYS_ABSENT.search(words)) and not _SAYS_REFUSED.search(words)


def _usable(what: str, value: Any, grammar: re.Pattern[str]) -> str:
    """`value` if it is text of this form. Raises _NoAnswer."""
    if not (isinstance(value, str) and grammar.fullmatch(value)):
        raise _NoAnswer(f"the answer can't be used: {what} is {_shown(value)}")
    return value


def _id(what: str, value: Any) -> int:
    """The id in an answer, which is a number from 1 or its text. Raises _NoAnswer."""
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if isinstance(value, bool) or not re.fullmatch(r"[1-9][0-9]{0,17}", text, re.ASCII):
        raise _NoAnswer(f"the answer can't be used: {what} is {_shown(value)}")
    return int(text)


def _shown(value: Any) -> str:
    return f"'{bounded(str(value), _SHOWN_MAX)}'" if value not in (None, "") else "missing"


def _there(what: str, answer: Any) -> Any:
    """An answer that has to be there. Raises _NoAnswer."""
    if answer is None:
        raise _NoAnswer(f"{what} was not found")
    return answer


def _see(settings: Settings, identity_center: pulumi.ProviderResource | None, unanswered: list[str]) -> Seen:
    """Everything; where a question is not answered, what stands in for it and a line in `unanswered`."""
    ask = Asking(unanswered)
    _requests.begin()
    account, caller = ask("aws: the caller's account", _see_caller, ("", ""))
    partition = ask("aws: the partition", _see_partition, "")
    owner, plan = ask(f"github:owner: {settings.github_owner}", lambda: _see_owner(settings.github_owner), (None, ""))
    slugs = {slug: team.file for team in settings.own_teams[::-1] for slug in reversed(_slugs(team))}
    provider = "package-flow:githubOidcProvider: the account's provider"
    state = ask("pulumi: this stack's own state", own_state, State())
    _afford(settings, state, len(slugs))
    mine = settings.looked_up_teams
    names = {*(one.name for team in mine for one in team.repositories), *_departing(settings, state)}
    listed = _listed(f"orgs/{settings.github_owner}/repos?sort=full_name&", names, "name", _IN_LIST)
    teams = _listed(f"orgs/{settings.github_owner}/teams?", slugs, "slug", ("id",))
    return Seen(
        partition=partition,
        account=account,
        owner=owner,
        plan=plan,
        repositories={
            one.name: ask(
                f"{team.file}: repositories.{one.name}",
                partial(
                    _see_repository if team.stack == settings.team_stack else _see_name,
                    settings.github_owner,
                    one,
                    state,
                    listed.get(one.name),
                ),
                SeenRepository(""),
            )
            for team in mine
            for one in team.repositories
        },
        teams={slug: ask(f"{file}: GitHub team {slug}", partial(_see_team, slug, teams.get(slug)), None) for slug, file in slugs.items()},
        oidc_audiences=None if settings.team_stack else ask(provider, lambda: _see_oidc_audiences(partition, account), None),
        state=state,
        build_roles={
            role: ask(f"package-flow:builds.roles: {role}", partial(_see_role, role), None)
            for role in (() if settings.team_stack else settings.build_roles)
        },
        identity_center=ask(
            "package-flow:developers: IAM Identity Center", lambda: _see_identity_center(settings, identity_center, ask), None
        ),
        caller=caller,
        workflow=ask(
            "package-flow:publishing.workflow: its repository",
            lambda: see_workflow_repository(settings.publishing.repository),
            WorkflowRepository(""),
        ),
        departed={
            name: ask(
                f"{settings.catalog}: {name}, which is gone", partial(_see_id, f"{settings.github_owner}/{name}", listed.get(name)), 0
            )
            for name in sorted(_departing(settings, state))
        },
        registry=ask(f"package-flow:registryStack: {settings.stack}", partial(_see_outputs, settings.stack), {})
        if settings.team_stack
        else {},
    )


def _see_outputs(stack: str) -> Mapping[str, Any]:
    return _there("its outputs", _invoke(registry_stack.read_outputs, stack=stack))


def _afford(settings: Settings, state: State, teams: int) -> None:
    """Raises LookupProblems if this hour's requests to GitHub are not enough for what follows."""
    there, needs = _allowance(), spent.needed(settings, state.repository_ids, teams)
    _requests.allowance = there
    if why := spent.refusal(needs, there):
        raise LookupProblems([why])
    if note := spent.warning(needs, there):
        pulumi.log.warn(note)


def _allowance() -> spent.Allowance | None:
    try:
        return spent.allowance(_see_rest(spent.RATE_LIMIT))
    except _NoAnswer:
        return None


def _departing(settings: Settings, state: State) -> set[str]:
    named = {name for one in settings.repositories for name in (one.name, one.renamed_from)}
    # What is there by the repository's name is what would be deleted from another one.
    by_name = {name for name, _ in (*state.variables, *state.environments)} | state.permissions
    return (set(state.repository_ids) & by_name) - named


# What is needed of a repository, by the names that GitHub's lists have for it.
_IN_LIST = ("id", "full_name", "default_branch", "visibility", "archived", "fork")


def _listed(path: str, names: Collection[str], key: str, needed: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Entries of a list of the organisation, by name, that say what is needed. One that is not there is looked up alone."""

    def page(number: int) -> Page:
        endpoint = f"{path}per_page={PER_PAGE}&page={number}"
        try:
            answer = _invoke(github.get_rest_api, endpoint=endpoint)
            return Page() if answer is None or answer.code != 200 else lists.page(number, json.loads(answer.body), answer.headers)
        except (_NoAnswer, TypeError, ValueError):
            return Page()

    return {name: one for name, one in lists.look(names, key, page).items() if {*needed} <= {*one}}


def _ask_repository(full_name: str, listed: Mapping[str, Any] | None = None) -> Any:
    """A repository by the list's entry, if there is one; otherwise alone, which finds it under a former name too."""
    if listed is None:
        return _invoke(github.get_repository, full_name=full_name)
    return SimpleNamespace(**{one: listed[one] for one in _IN_LIST}, repo_id=listed["id"])


def _see_id(full_name: str, listed: Mapping[str, Any] | None) -> int:
    one = _ask_repository(full_name, listed)
    return _id("the repository's id", one.repo_id) if one is not None and one.repo_id else 0


def see_workflow_repository(full_name: str | None) -> WorkflowRepository:
    """The repository that has a workflow; None = there is none to look at."""
    one = _invoke(github.get_repository, full_name=full_name) if full_name else None
    if one is None or not one.full_name:
        return WorkflowRepository("")
    return WorkflowRepository(one.full_name, _id("the repository's id", one.repo_id), _visibility(one))


def _visibility(one: Any) -> str:
    if one.visibility not in _VISIBILITIES:
        raise _NoAnswer(f"the answer can't be used: the visibility is {_shown(one.visibility)}")
    return one.visibility


def _see_caller() -> tuple[str, str]:
    caller = _there("the caller", _invoke(aws.get_caller_identity))
    return _usable("the account", caller.account_id, _ACCOUNT), _usable("the caller's ARN", caller.arn, _CALLER)


def _see_partition() -> str:
    return _usable("the partition", _there("the partition", _invoke(aws.get_partition)).partition, _PARTITION)


def _see_owner(login: str) -> tuple[Owner | None, str]:
    # Without summary_only the provider pages through every member and repository.
    organization = _invoke(github.get_organization, name=login, summary_only=True)
    if organization is None:
        return None, ""
    return Owner(str(organization.login or ""), _id("the organisation's id", organization.id)), str(organization.plan or "").strip().lower()


def _see_repository(owner: str, repository: Repository, state: State, listed: Mapping[str, Any] | None) -> SeenRepository:
    """A repository that does not exist or is not visible comes back with empty fields, not as an error."""
    name = repository.name
    one = _ask_repository(f"{owner}/{name}", listed)
    if one is None or not one.repo_id or not one.full_name:
        return SeenRepository("")
    visibility, id = _visibility(one), _id("the repository's id", one.repo_id)
    # The name that is looked up; whether it is the exact one, `full_name` says.
    template = _there(
        "its OIDC subject template", _invoke(github.get_actions_repository_oidc_subject_claim_customization_template, name=name)
    )
    return SeenRepository(
        full_name=one.full_name,
        name=name,
        id=id,
        default_branch=one.default_branch or "",
        visibility=visibility,
        archived=one.archived is not False and one.archived is not None,
        fork=one.fork is True,
        default_subject=template.use_default is True,
        variables=_see_variables(one.full_name, repository, state),
        branches=_see_branches(repository, state.trusted_before(id), one.default_branch or ""),
        environments=_see_environments(one.full_name, repository, state),
        workflow_permissions=_see_permissions(one.full_name, repository, state),
    )


def _see_name(owner: str, repository: Repository, _: State, listed: Mapping[str, Any] | None) -> SeenRepository:
    """Name and id of a repository that another stack registers: what the read roles trust."""
    one = _ask_repository(f"{owner}/{repository.name}", listed)
    if one is None or not one.repo_id or not one.full_name:
        return SeenRepository("")
    return SeenRepository(full_name=one.full_name, name=repository.name, id=_id("the repository's id", one.repo_id))


def _see_variables(full_name: str, repository: Repository, state: State) -> dict[str, str]:
    """Its Actions variables, unless the state has every one that the program writes there."""
    names, wanted = (repository.name, repository.renamed_from), variables_of(bool(repository.publishes), bool(repository.promotes))
    if all(any((name, variable) in state.variables for name in names) for variable in wanted):
        return {}
    listed = _there("the list of its Actions variables", _invoke(github.get_actions_variables, full_name=full_name)).variables or []
    return {one.name: one.value for one in listed if one.name}


def _see_branches(repository: Repository, before: list[str], default: str) -> tuple[str, ...] | None:
    """Its branches, if one of its release branches is new and not the default branch; None in a preview that may not list them.

    Whoever lists branches may read code, and a preview of a pull request runs what the pull request says.
    """
    if not branches.may_be_unreviewed(repository.release_branches.names, before, default, repository.accepted_branches):
        return ()
    try:
        there = _there("the list of its branches", _invoke(github.get_repository_branches, repository=repository.name))
    except _NoAnswer as error:
        if pulumi.runtime.is_dry_run() and " 403 " in str(error):
            return None
        raise
    # One without a name would look as if it were not there.
    return tuple(_usable("the name of a branch", getattr(branch, "name", None), _ANY_TEXT) for branch in there.branches or ())


def _see_environments(full_name: str, repository: Repository, state: State) -> dict[str, Mapping[str, Any]]:
    """Those that the program would make and that are there, and not by this stack, as GitHub describes them."""
    known = {environment for name, environment in state.environments if name in (repository.name, repository.renamed_from)}
    return see_environments(full_name, (one for one in environments_of(repository) if one not in known))


def see_environments(full_name: str, wanted: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Which of these environments a repository has, as GitHub describes them."""
    wanted, listed, all_listed = [*wanted], {}, False
    if len(wanted) > 1:
        answer = _see_rest(f"repos/{full_name}/environments?per_page={PER_PAGE}")
        # GitHub's names of environments know no case.
        listed = {str(one.get("name")).casefold(): one for one in (answer.get("environments") if answer else None) or ()}
        all_listed = answer is not None and len(listed) == answer.get("total_count")
    found = {one: listed.get(one.casefold()) for one in wanted}
    if not all_listed:
        found = {name: one or _see_rest(f"repos/{full_name}/environments/{name}") for name, one in found.items()}
    return {name: one for name, one in found.items() if one is not None}


def _protections(environment: Mapping[str, Any]) -> tuple[str, ...]:
    """What protects an environment, in words; GitHub lists a rule only where there is one.

    https://docs.github.com/en/rest/deployments/environments#get-an-environment
    """
    found = [words for rule in environment.get("protection_rules") or () for words in _protection(rule)]
    return (*found, "deployment branches") if environment.get("deployment_branch_policy") else tuple(found)


def _protection(rule: Any) -> list[str]:
    rule = rule if isinstance(rule, dict) else {}
    match rule.get("type"):
        case "branch_policy":
            return []
        case "wait_timer":
            return [f"a wait timer of {bounded(str(rule.get('wait_timer')), _SHOWN_MAX)} minutes"]
        case "required_reviewers":
            reviewers = rule.get("reviewers")
            count = f"required reviewers ({len(reviewers)})" if isinstance(reviewers, list) else "required reviewers"
            return [count, *(["no self-review"] if rule.get("prevent_self_review") else [])]
        case other:
            return [f"the rule {bounded(str(other), _SHOWN_MAX)}"]


def _see_permissions(full_name: str, repository: Repository, state: State) -> WorkflowPermissions | None:
    if repository.installs_only or {repository.name, repository.renamed_from} & state.permissions:
        return None
    there = _there("what its workflows may do", _see_rest(f"repos/{full_name}/actions/permissions/workflow"))
    default = _usable("the default permission of its workflows", there.get("default_workflow_permissions"), _WORKFLOW_PERMISSION)
    return WorkflowPermissions(default, there.get("can_approve_pull_request_reviews") is not False)


def _see_rest(endpoint: str, kind: type[Any] = dict) -> Any:
    """An object (or what else it is) of GitHub's REST API that no function of the provider looks up, None if there is none."""
    answer = _invoke(github.get_rest_api, endpoint=endpoint)
    # 409: a repository without a commit has no refs. https://docs.github.com/en/rest/git/refs#list-matching-references
    if answer is None or answer.code in (404, 409):
        return None
    try:
        found = json.loads(answer.body) if answer.code == 200 else None
    except (TypeError, ValueError):
        found = None
    if not isinstance(found, kind):
        raise _NoAnswer(f"the answer can't be used: {endpoint} has status {_shown(answer.code)} and is {_shown(answer.body)}")
    return found


def _see_team(slug: str, listed: Mapping[str, Any] | None) -> int | None:
    team = SimpleNamespace(id=listed["id"]) if listed else _invoke(github.get_team, slug=slug, summary_only=True)
    return None if team is None else _id("the team's id", team.id)


def _see_oidc_audiences(partition: str, account: str) -> tuple[str, ...] | None:
    arn = f"arn:{partition}:iam::{account}:oidc-provider/{GITHUB_OIDC_HOST}"
    provider = _invoke(aws.iam.get_open_id_connect_provider, arn=arn)
    return None if provider is None else tuple(one for one in provider.client_id_lists or () if one)


def _see_role(role: str) -> str | None:
    """Path and name of the role that has the name `role` ends with."""
    found = _invoke(aws.iam.get_role, name=role.rpartition("/")[2])
    return None if found is None else _usable("the role's ARN", found.arn, _CALLER).partition(":role/")[2]


def _see_identity_center(settings: Settings, provider: pulumi.ProviderResource | None, ask: Asking) -> IdentityCenter | None:
    developers = settings.developers
    if settings.team_stack or developers is None or developers.mode is not DeveloperMode.IDENTITY_CENTER:
        return None
    there = pulumi.InvokeOptions(provider=provider)
    instances = _invoke(aws.ssoadmin.get_instances, region=developers.region, opts=there)
    if instances is None or not instances.arns or not instances.identity_store_ids:
        return IdentityCenter("")
    instance = _usable("the instance's ARN", instances.arns[0], _INSTANCE)
    store = instances.identity_store_ids[0]
    groups = {group: where for where, group in reversed(_groups(settings))}
    found = {
        group: ask(f"{where}: {group}", partial(_see_group, store, group, developers.region, there), None)
        for group, where in groups.items()
    }
    return IdentityCenter(instance, found)


def _see_group(store: str, group: str, region: str, there: pulumi.InvokeOptions) -> str | None:
    # Not dicts: a function's arguments keep a dict's Python keys, which the provider does not know.
    attribute = aws.identitystore.GetGroupAlternateIdentifierUniqueAttributeArgs(attribute_path="DisplayName", attribute_value=group)
    named = aws.identitystore.GetGroupAlternateIdentifierArgs(unique_attribute=attribute)
    one = _invoke(aws.identitystore.get_group, identity_store_id=store, alternate_identifier=named, region=region, opts=there)
    return None if one is None else _usable("the group's id", one.group_id, _GROUP_ID)


def _questions(settings: Settings, seen: Seen, identity_center: pulumi.ProviderResource | None) -> "_Questions":
    """One for all who ask in a run, so that nothing is asked twice."""
    return _Questions(seen.account, settings.domain.name, settings.developers.region if settings.developers else "", identity_center)


def _leftovers(settings: Settings, seen: Seen, planned: Planned, questions: "_Questions", unanswered: list[str]) -> leftovers.Found:
    """What is there of components that an earlier run came to. What the state has is not asked for."""
    known = seen.state.known
    there = {(one.name, name): each for _, one in _pairs(settings, seen) for name, each in one.environments.items()}
    if not known.components and not there:
        return leftovers.Found()
    consumers = {one.name: one for one in planned().consumers}
    environments = {(name, each): _as_planned(each, found, consumers[name]) for (name, each), found in there.items()}
    return Asking(unanswered)(
        "what an interrupted run may have left",
        lambda: leftovers.look(planned(), known, environments, questions, pulumi.runtime.is_dry_run()),
        leftovers.Found(),
    )


def _crowded(planned: Planned, questions: "_Questions", unanswered: list[str]) -> list[str]:
    """Whether the organisation's rulesets find room beside those that are there, and whether who writes them is shown any."""

    def ask() -> list[str]:
        hidden = [] if pulumi.runtime.is_dry_run() else github_organization.hidden(planned(), questions)
        return [*github_organization.crowded(planned(), questions), *hidden]

    return Asking(unanswered)("the organisation's rulesets", ask, [])


def _existing(seen: Seen, planned: Planned, questions: "_Questions", unanswered: list[str]) -> tuple[list[There], list[str]]:
    """What is there that no run of this stack came to, and what people should know of it."""
    if seen.owner is None or not seen.account:
        return [], []
    known, ask = seen.state.known, Asking(unanswered)
    visibilities = {name: one.visibility for name, one in seen.repositories.items()}
    there = ask("what is there already", lambda: look(planned(), known, dict(seen.repositories), questions), [])
    return there, ask("what holds there already", lambda: list(noted.notes(planned(), known, questions, visibilities)), [])


def _missing_upstreams(settings: Settings, questions: "_Questions", unanswered: list[str]) -> list[str]:
    """Repositories of other team stacks that this one's teams install from, and that are not there."""
    why = "the repositories that its teams install from"
    return Asking(unanswered)(why, lambda: list(registry_stack.missing_upstreams(settings, questions.repository)), [])


_JUDGED_WITH_REPOSITORIES = (ENVIRONMENT_TYPE, BRANCH_POLICY_TYPE, VARIABLE_TYPE)


class _Questions:
    """`leftovers.Questions` and `existing.Answers`, answered by the providers. Nothing is adopted that this credential may not see.

    A deployer's rights are about roles of a path, and a role that is not there has none: AWS refuses instead of not finding it.
    """

    def __init__(
        self, account: str, domain: str, identity_region: str = "", identity_center: pulumi.ProviderResource | None = None
    ) -> None:
        self._account, self._domain = account, domain
        self._identity_region, self._identity_center = identity_region, pulumi.InvokeOptions(provider=identity_center)
        self._answered: dict[str, Any] = {}

    def rest(self, endpoint: str) -> Any:
        if endpoint not in self._answered:
            self._answered[endpoint] = self._rest(endpoint)
        return self._answered[endpoint]

    def _rest(self, endpoint: str) -> Any:
        try:
            return _see_rest(endpoint, object)
        except _NoAnswer as error:
            # What the organisation's plan does not have, the repository has not either; `problems` says that it has to.
            if " 403 Upgrade to GitHub " in str(error) or (pulumi.runtime.is_dry_run() and " 403 " in str(error)):
                return None
            raise

    def role(self, name: str) -> Mapping[str, Any] | None:
        def ask() -> Mapping[str, Any] | None:
            one = _invoke(aws.iam.get_role, name=name)
            if one is None:
                return None
            policies = _there("its policies", _invoke(aws.iam.get_role_policies, role_name=name)).policy_names
            attached = _there("its managed policies", _invoke(aws.iam.get_role_policy_attachments, role_name=name)).attached_policies
            shape = ("arn", "path", "description", "permissions_boundary", "max_session_duration", "assume_role_policy")
            names = [each.policy_name for each in attached or []]
            return {**{each: getattr(one, each) for each in shape}, "policies": policies or [], "attached": names}

        return self._seen(ask)

    def policy(self, arn: str) -> Mapping[str, Any] | None:
        one = self._seen(lambda: _invoke(aws.iam.get_policy, arn=arn))
        return None if one is None else {"policy": one.policy}

    def alias(self, name: str) -> str | None:
        one = self._seen(lambda: _invoke(aws.kms.get_alias, name=name))
        return None if one is None else one.target_key_id

    def repository(self, name: str) -> bool:
        # No function looks up a repository; one that is not there has no endpoint.
        where = {"domain": self._domain, "domain_owner": self._account, "repository": name, "format": "npm"}
        return self._seen(lambda: _invoke(aws.codeartifact.get_repository_endpoint, **where)) is not None

    def role_policy(self, role: str, name: str) -> str | None:
        # The provider has no function for a document of a role.
        one = self._seen(lambda: self.resource("AWS::IAM::RolePolicy", f"{name}|{role}"))
        return None if one is None else json.dumps(one.get("PolicyDocument"))

    def managed_by_aws(self, key: str) -> bool | None:
        one = self._seen(lambda: _invoke(aws.kms.get_key, key_id=key))
        return None if one is None else one.key_manager == "AWS"

    def resource(self, type: str, identifier: str) -> Mapping[str, Any] | None:
        one = self._seen(lambda: _invoke(aws.cloudcontrol.get_resource, type_name=type, identifier=identifier))
        if one is None:
            return None
        try:
            found = json.loads(one.properties)
        except (TypeError, ValueError):
            found = None
        if not isinstance(found, dict):
            raise _NoAnswer(f"the answer can't be used: the properties of {identifier} are {_shown(one.properties)}")
        return found

    def topic(self, name: str) -> str | None:
        one = self._seen(lambda: _invoke(aws.sns.get_topic, name=name))
        return None if one is None else one.arn

    def queue(self, name: str) -> str | None:
        one = self._seen(lambda: _invoke(aws.sqs.get_queue, name=name))
        return None if one is None else one.url

    def permission_set(self, instance: str, name: str) -> str | None:
        where = {"region": self._identity_region, "opts": self._identity_center}
        one = self._seen(lambda: _invoke(aws.ssoadmin.get_permission_set, instance_arn=instance, name=name, **where))
        return None if one is None else one.arn

    @staticmethod
    def _seen(question: Callable[[], Answered]) -> Answered | None:
        try:
            return question()
        except _NoAnswer as error:
            if "AccessDenied" in str(error):
                return None
            raise


def own_state() -> State:
    """What this stack created before, from its own state: GitHub and AWS can't say what others created."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = _invoke(_stack_resources, name=name)
    return state_from((answer.get("outputs") or {}) if isinstance(answer, dict) else {})


def _stack_resources(name: str) -> Any:
    return runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {"stackName": name}).value


def state_from(resources: Mapping[str, Any]) -> State:
    """The state of a stack from its resources: {urn: {"type": ..., "outputs": {...}}}."""
    by_type: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for urn, one in resources.items():
        by_type.setdefault(str(one.get("type")), []).append((urn, one.get("outputs") or {}))
    ids = dict(_repository_ids(by_type))
    rulesets = [
        *((ids.get(str(outputs.get("repository")), 0), outputs) for _, outputs in by_type.get(RULESET_TYPE, [])),
        *((id, outputs) for _, outputs in by_type.get(ORGANIZATION_RULESET_TYPE, []) for id in _held(outputs)),
    ]
    # One whose creation failed half-way may have no outputs, or not all of them.
    return State(
        variables=frozenset(
            (outputs.get("repository", ""), outputs.get("variableName", "")) for _, outputs in by_type.get(VARIABLE_TYPE, []) if outputs
        ),
        codeartifact_repositories={
            outputs["repository"]: urn for urn, outputs in by_type.get(REPOSITORY_TYPE, []) if outputs.get("repository")
        },
        oidc_provider=bool(by_type.get(PROVIDER_TYPE)),
        repository_ids=ids,
        environments=frozenset(
            (outputs.get("repository", ""), outputs.get("environment", "")) for _, outputs in by_type.get(ENVIRONMENT_TYPE, [])
        ),
        permissions=frozenset(outputs.get("repository", "") for _, outputs in by_type.get(PERMISSIONS_TYPE, []) if outputs),
        trusted=_guarded(
            _trusted(str(outputs.get("assumeRolePolicy")) for _, outputs in by_type.get(ROLE_TYPE, [])),
            rulesets,
        ),
        domain=next((outputs.get("arn", "") for urn, outputs in by_type.get(DOMAIN_TYPE, []) if _OF_REGISTRY in urn), ""),
        key=next((outputs.get("encryptionKey", "") for urn, outputs in by_type.get(DOMAIN_TYPE, []) if _OF_REGISTRY in urn), ""),
        own_key=any(_OF_REGISTRY in urn for urn, _ in by_type.get(KEY_TYPE, [])),
        known=_known(by_type, rulesets),
        teams={slug: _id(f"the id of team {slug} in it", id) for slug, id in _known_teams(by_type)},
        others={
            name: _id(f"the id of {name} in it", id)
            for _, outputs in by_type.get(OIDC_TYPE, [])
            for name, id in member(outputs, "repositories").items()
        },
        repositories={
            outputs["repository"]: outputs["arn"]
            for _, outputs in by_type.get(REPOSITORY_TYPE, [])
            if outputs.get("repository") and outputs.get("arn")
        },
    )


def _known_teams(by_type: Mapping[str, list[tuple[str, Mapping[str, Any]]]]) -> Iterator[tuple[str, Any]]:
    for _, outputs in by_type.get(CONSUMER_TYPE, []):
        yield from member(outputs, "teams").items()


def _known(by_type: Mapping[str, list[tuple[str, Mapping[str, Any]]]], rulesets: list[tuple[int, Mapping[str, Any]]]) -> leftovers.Known:
    def of(type: str, *names: str) -> frozenset[Any]:
        found = (tuple(outputs.get(name, "") for name in names) for _, outputs in by_type.get(type, []) if outputs.get(names[0]))
        return frozenset(one if len(names) > 1 else one[0] for one in found)

    own = {type: found for type, found in by_type.items() if type.startswith("package-flow:")}
    components = ((type.rpartition(":")[2], urn.rpartition("::")[2]) for type, found in own.items() for urn, _ in found)
    return leftovers.Known(
        components=frozenset(components),
        rulesets=of(RULESET_TYPE, "repository", "name"),
        branch_policies=frozenset(
            (outputs["repository"], outputs.get("environment", ""), _deploying(outputs))
            for _, outputs in by_type.get(BRANCH_POLICY_TYPE, [])
            if outputs.get("repository")
        ),
        roles=of(ROLE_TYPE, "name"),
        policies=of(POLICY_TYPE, "name"),
        aliases=of(ALIAS_TYPE, "name"),
        keys={
            outputs["description"]: outputs["keyId"]
            for _, outputs in by_type.get(KEY_TYPE, [])
            if outputs.get("keyId") and outputs.get("description")
        },
        repositories=of(REPOSITORY_TYPE, "repository"),
        made=frozenset(
            leftovers.key_in_state(type, urn.rpartition("::")[2], made) for type, found in by_type.items() for urn, made in found
        ),
        guarded_tags=frozenset(
            (id, str(ref))
            for id, ruleset in rulesets
            if ruleset.get("target") == "tag"
            for ref in member(member(ruleset, "conditions"), "refName").get("includes") or ()
        ),
    )


def _deploying(policy: Mapping[str, Any]) -> str:
    """What a policy of an environment lets deploy: a pattern of branches, or refs/tags/ and a pattern of tags."""
    tags = policy.get("tagPattern")
    return f"{TAGS}{tags}" if tags else str(policy.get("branchPattern") or "")


# In the URNs of the domain and its key; the sandbox and events have others.
_OF_REGISTRY = ":PackageRegistry$"


def _repository_ids(by_type: Mapping[str, list[tuple[str, Mapping[str, Any]]]]) -> Iterator[tuple[str, int]]:
    """Name and id of each GitHub repository that something was created in. Rulesets have no id in their outputs; all have variables, or
    those of the organisation, and then their component says it."""
    for type in (VARIABLE_TYPE, ENVIRONMENT_TYPE, CONSUMER_TYPE):
        for _, outputs in by_type.get(type, []):
            if outputs.get("repository") and outputs.get("repositoryId"):
                yield outputs["repository"], _id(f"the id of {outputs['repository']} in it", outputs["repositoryId"])


def _trusted(documents: Iterable[str]) -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    for document in documents:
        for id, refs in trusted_branches(document).items():
            found[id] = found.get(id, frozenset()) | refs
    return found


def _guarded(trusted: Mapping[int, frozenset[str]], rulesets: list[tuple[int, Mapping[str, Any]]]) -> dict[int, frozenset[str]]:
    """Of the branches that roles admit those that rulesets guard, by repository id: nobody changes or creates them without review.

    A run that narrows guards can end before the roles follow; what is trusted and open then may have anything in it.
    """
    found = {}
    for id, names in trusted.items():
        guards = [_guard(ruleset) for repository, ruleset in rulesets if repository == id]
        reviewed, closed = ({name for one in guards for name in one[which]} for which in (0, 1))
        found[id] = frozenset(name for name in names if branches.matches(name, [*reviewed]) and branches.matches(name, [*closed]))
    return {id: names for id, names in found.items() if names}


def _held(ruleset: Mapping[str, Any]) -> Iterator[int]:
    """Ids of the repositories that an organisation's ruleset of the state names."""
    listed = member(ruleset, "conditions").get("repositoryIds")
    for one in listed if isinstance(listed, list) else ():
        yield _id(f"a repository of the ruleset {ruleset.get('name')} in it", one)


def _guard(ruleset: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Branches and patterns whose changes a ruleset has reviewed, and those whose creation it refuses. By what it does, not by its name."""
    refs, rules = member(member(ruleset, "conditions"), "refName"), member(ruleset, "rules")
    includes, excludes = refs.get("includes"), refs.get("excludes")
    if (ruleset.get("target"), ruleset.get("enforcement")) != ("branch", "active") or excludes or not isinstance(includes, list):
        return [], []
    names = [one.removeprefix(branches.HEADS) for one in includes if isinstance(one, str) and one.startswith(branches.HEADS)]
    approvals = member(rules, "pullRequest").get("requiredApprovingReviewCount")
    reviewed = isinstance(approvals, int | float) and approvals >= 1 and not ruleset.get("bypassActors")
    return names if reviewed else [], names if rules.get("creation") is True else []
