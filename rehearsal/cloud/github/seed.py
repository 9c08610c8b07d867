"""Putting accounts, repositories and tokens into the state, checked as a whole before anything is changed."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from rehearsal.cloud.github import openapi
from rehearsal.cloud.github.changes import Refused
from rehearsal.cloud.github.state import (
    HOURLY,
    ROLES,
    Commit,
    GitHub,
    Installation,
    Organization,
    Repository,
    Team,
    User,
    Variable,
    new_commit,
    now,
)

Role = Literal["read", "triage", "write", "maintain", "admin"]
# GitHub knows these permissions of Apps; its published description of installations does not list them.
VARIABLE_PERMISSIONS = {"actions_variables": ["read", "write"], "organization_actions_variables": ["read", "write"]}


class Strict(BaseModel):
    """A body of the acting API: no unknown key, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SeedUser(Strict):
    login: str
    id: int
    app_id: int | None = None


class SeedTeam(Strict):
    slug: str
    id: int
    members: list[str] = []


class SeedEnterprise(Strict):
    slug: str
    id: int


class SeedOrganization(Strict):
    login: str
    id: int
    plan: Literal["free", "team", "enterprise"] = "free"
    owners: list[str] = []
    members: list[str] = []
    apps: list[int] = []
    teams: list[SeedTeam] = []
    immutable_subjects: bool = False
    enterprise: SeedEnterprise | None = None
    variables: dict[str, str] = {}


class SeedRepository(Strict):
    owner: str
    name: str
    id: int
    visibility: Literal["public", "private", "internal"] = "private"
    default_branch: str = "main"
    branches: list[str] = []
    tags: list[str] = []
    commits: list[str] = []
    subject: Literal["name", "immutable"] = "name"
    archived: bool = False
    admins: list[str] = []
    maintainers: list[str] = []
    writers: list[str] = []
    readers: list[str] = []
    teams: dict[str, Role] = {}
    delete_branch_on_merge: bool = False
    actions_access: Literal["none", "organization"] = "none"

    def roles(self) -> dict[str, str]:
        """Login -> role; who is named twice has the higher one."""
        by_role = {"read": self.readers, "write": self.writers, "maintain": self.maintainers, "admin": self.admins}
        return {login: role for role in ROLES for login in by_role.get(role, [])}


class SeedToken(Strict):
    token: str
    organization: str
    app_id: int
    permissions: dict[str, str]
    repositories: list[str] | None = None
    requests_left: int = HOURLY


class Seed(Strict):
    users: list[SeedUser] = []
    organizations: list[SeedOrganization] = []
    repositories: list[SeedRepository] = []
    tokens: list[SeedToken] = []


def seed(github: GitHub, wanted: Seed) -> None:
    """Add everything in `wanted`. Raises Refused (422), naming every problem, and then adds nothing."""
    problems = [*_account_problems(github, wanted), *_repository_problems(github, wanted), *_token_problems(github, wanted)]
    if problems:
        raise Refused(422, "; ".join(problems))
    for user in wanted.users:
        github.add_user(User(user.login, user.id, user.app_id))
    for organization in wanted.organizations:
        github.organizations[organization.login.lower()] = _organization(organization)
    for repository in wanted.repositories:
        github.add_repository(_repository(github, repository))
    for token in wanted.tokens:
        github.tokens[token.token] = _installation(github, token)


def _account_problems(github: GitHub, wanted: Seed) -> list[str]:
    users = [*github.users.values(), *wanted.users]
    organizations = [*github.organizations.values(), *wanted.organizations]
    # People and organisations share one space of logins and one of ids.
    problems = _twice("login", [one.login.lower() for one in [*users, *organizations] if not getattr(one, "personal", False)])
    problems += _twice("account id", [one.id for one in [*users, *organizations] if not getattr(one, "personal", False)])
    logins = {user.login for user in users}
    for organization in wanted.organizations:
        people = {*organization.owners, *organization.members, *(login for team in organization.teams for login in team.members)}
        problems += [f"{organization.login}: there is no user {login!r}" for login in sorted(people - logins)]
    teams = [team.id for one in github.organizations.values() for team in one.teams.values()]
    problems += _twice("team id", [*teams, *(team.id for one in wanted.organizations for team in one.teams)])
    return problems


def _repository_problems(github: GitHub, wanted: Seed) -> list[str]:
    names = [*(one.full_name for one in github.repositories.values()), *(f"{one.owner}/{one.name}" for one in wanted.repositories)]
    problems = _twice("repository", [name.lower() for name in names])
    problems += _twice("repository id", [*github.repositories, *(one.id for one in wanted.repositories)])
    logins = {user.login for user in github.users.values()} | {user.login for user in wanted.users}
    teams = {name: set(one.teams) for name, one in github.organizations.items()}
    teams |= {one.login.lower(): {team.slug.lower() for team in one.teams} for one in wanted.organizations}
    for one in wanted.repositories:
        if one.owner.lower() not in teams:
            problems.append(f"{one.owner}/{one.name}: there is no account {one.owner!r}")
            continue
        problems += [f"{one.owner}/{one.name}: there is no user {login!r}" for login in sorted(set(one.roles()) - logins)]
        problems += [f"{one.owner}/{one.name}: there is no team {slug!r}" for slug in sorted(set(one.teams) - teams[one.owner.lower()])]
    return problems


def _token_problems(github: GitHub, wanted: Seed) -> list[str]:
    known = openapi.permissions() | VARIABLE_PERMISSIONS
    accounts = {*github.organizations, *(one.login.lower() for one in wanted.organizations)}
    names = {one.full_name.lower() for one in github.repositories.values()}
    names |= {f"{one.owner}/{one.name}".lower() for one in wanted.repositories}
    problems = []
    for token in wanted.tokens:
        what = f"token of {token.organization}"
        if token.organization.lower() not in accounts:
            problems.append(f"{what}: there is no account {token.organization!r}")
        wrong = [f"{name}: {level}" for name, level in token.permissions.items() if level not in known.get(name, [])]
        problems += [f"{what}: GitHub has no permission {one!r}" for one in wrong]
        missing = [one for one in token.repositories or [] if f"{token.organization}/{one}".lower() not in names]
        problems += [f"{what}: there is no repository {one!r}" for one in missing]
    return problems


def _twice(what: str, values: Iterable[object]) -> list[str]:
    return [f"{what} {value!r} is given twice" for value, number in Counter(values).items() if number > 1]


def _organization(wanted: SeedOrganization) -> Organization:
    return Organization(
        wanted.login,
        wanted.id,
        wanted.plan,
        owners=set(wanted.owners),
        members=set(wanted.members),
        teams={team.slug.lower(): Team(team.slug, team.id, set(team.members)) for team in wanted.teams},
        variables={name.upper(): Variable(name.upper(), value, now(), now()) for name, value in wanted.variables.items()},
        apps=set(wanted.apps),
        enterprise=(wanted.enterprise.slug, wanted.enterprise.id) if wanted.enterprise else None,
        immutable_subject=wanted.immutable_subjects,
    )


def _repository(github: GitHub, wanted: SeedRepository) -> Repository:
    repository = Repository(
        wanted.id,
        github.organization(wanted.owner),
        wanted.name,
        wanted.visibility,
        wanted.default_branch,
        wanted.archived,
        immutable_subject=True if wanted.subject == "immutable" else None,
        roles=wanted.roles(),
        team_roles=dict(wanted.teams),
        delete_branch_on_merge=wanted.delete_branch_on_merge,
        actions_access=wanted.actions_access,
        created_at=now(),
    )
    first = repository.store(new_commit((), "GitHub", f"first commit of {wanted.id}"))
    for sha in wanted.commits:
        repository.store(Commit(sha, (first.sha,), "GitHub", f"commit {sha}"))
    branches = [repository.default_ref, *(f"refs/heads/{name}" for name in wanted.branches)]
    repository.refs |= dict.fromkeys([*branches, *(f"refs/tags/{name}" for name in wanted.tags)], first.sha)
    return repository


def _installation(github: GitHub, wanted: SeedToken) -> Installation:
    organization = github.organization(wanted.organization)
    organization.apps.add(wanted.app_id)
    chosen = None
    if wanted.repositories is not None:
        chosen = frozenset(github.repository(f"{wanted.organization}/{name}").id for name in wanted.repositories)
    return Installation(wanted.app_id, organization.login, {"metadata": "read", **wanted.permissions}, chosen, wanted.requests_left)
