"""The company before the program runs: people, teams and repositories at GitHub, the account and its deployer at AWS."""

import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from bootstrap import rights
from policies import deployments
from policies.arns import GITHUB_OIDC_HOST, Registry
from policies.deployments import BOOTSTRAP_PATH, Access
from policies.document import statement, text
from policies.events import Names
from policies.github_tokens import AUDIENCE
from rehearsal import clients, identity_center
from rehearsal.cast import ADMIN, COLLEAGUE, MANAGER, REPOSITORY_ADMIN, STRANGER_ORGANIZATION, WRITER, app_bot, publishers
from rehearsal.clients import Credentials
from rehearsal.control import Control
from rehearsal.facts import Facts, RepositoryFacts, derived, with_ref
from rehearsal.world import credentials
from settings import GithubScope, Repository, Settings, Subjects

OWNER_ID, STRANGER_ID = 1_000, 2_000
_TEAM_IDS, _REPOSITORY_IDS, _STRANGER_IDS = 3_000, 500_000, 600_000
_USER_IDS, _BOT_IDS = 10, 100
_OUTSIDE_IMMUTABLE, _OUTSIDE_BY_NAME = "package-flow-outside", "package-flow-outside-by-name"
# The GitHub App with which the program runs: the permissions that docs and README list, no more.
BUILD_SERVICE = "codebuild.amazonaws.com"
DEPLOYER_ROLE = "package-flow-deployer"
DEPLOYER_APP = 4_000
DEPLOYER_TOKEN = "rehearsal-deployer"
DEPLOYER_PERMISSIONS = {
    "actions": "read",
    "actions_variables": "write",
    "administration": "write",
    "contents": "read",
    "members": "read",
    "organization_plan": "read",
}
# Besides, where rulesets and variables are the organisation's (githubScope: organization).
ORGANIZATION_PERMISSIONS = {"organization_actions_variables": "write", "organization_administration": "write"}


def deployer_permissions(settings: Settings) -> dict[str, str]:
    """What the App of a stack may do."""
    return DEPLOYER_PERMISSIONS | (ORGANIZATION_PERMISSIONS if settings.github_scope is GithubScope.ORGANIZATION else {})


def outside_immutable(settings: Settings) -> str:
    """A repository of the organisation that the catalog does not name, whose tokens have immutable subjects."""
    return _free(_OUTSIDE_IMMUTABLE, settings)


def outside_by_name(settings: Settings) -> str:
    """Another one, whose tokens have name-only subjects."""
    return _free(_OUTSIDE_BY_NAME, settings)


def _free(name: str, settings: Settings) -> str:
    """The name or, where the catalog has that, one that it has not."""
    taken = {one.name.casefold() for one in settings.repositories}
    while name.casefold() in taken:
        name = f"not-{name}"
    return name


def reviewers(settings: Settings) -> list[str]:
    """Writers who approve, as many as the most demanding repository of the catalog needs."""
    most = max([1, *(repository.approvals for repository in settings.repositories)])
    return [COLLEAGUE, *(f"{COLLEAGUE}-{number}" for number in range(2, most + 1))]


def _users(settings: Settings) -> list[dict[str, Any]]:
    people = [WRITER, *reviewers(settings), MANAGER, ADMIN, REPOSITORY_ADMIN]
    bots = [{"login": app_bot(app), "id": _BOT_IDS + number, "app_id": app} for number, app in enumerate(_apps(settings))]
    return [*({"login": login, "id": _USER_IDS + number} for number, login in enumerate(people)), *bots]


def _apps(settings: Settings) -> list[int]:
    """The GitHub Apps that create release tags."""
    return list(dict.fromkeys(app for team in settings.teams for app in team.release_apps))


def _teams(settings: Settings, reviewers: Sequence[str]) -> list[dict[str, Any]]:
    named = [slug for team in settings.teams for slug in team.release_managers]
    named += [*reviewers, *(slug for repository in settings.repositories for slug in repository.protection.reviewers)]
    named += [slug for repository in settings.repositories if repository.promotes for slug in repository.promotes.reviewers]
    return [{"slug": slug, "id": _TEAM_IDS + number, "members": [MANAGER]} for number, slug in enumerate(dict.fromkeys(named))]


def _subject(settings: Settings, one: Repository, number: int) -> str:
    """Every second repository is an older one, with name-only subjects, unless stack or catalog trusts the immutable form alone."""
    return "immutable" if (one.subjects or settings.subjects) is Subjects.IMMUTABLE or number % 2 else "name"


def _repository(owner: str, name: str, id: int, subject: str, settings: Settings, facts: RepositoryFacts | None = None) -> dict[str, Any]:
    there = facts or RepositoryFacts()
    return {
        "owner": owner,
        "name": name,
        "id": id,
        "subject": subject,
        "admins": [ADMIN, REPOSITORY_ADMIN],
        "writers": [WRITER, *reviewers(settings), MANAGER, *map(app_bot, _apps(settings))],
        "visibility": there.visibility,
        "default_branch": there.default_branch,
        "archived": there.archived,
        "branches": list(there.branches),
        "tags": list(there.tags),
        "commits": list(there.commits),
    }


def _repositories(settings: Settings, facts: Facts) -> list[dict[str, Any]]:
    ours = sorted(settings.repositories, key=lambda repository: not repository.publishes)
    strangers = [publisher.name for publisher in publishers(settings, facts)] or [one.name for one in ours]
    owner, stranger_subject = settings.github_owner, settings.subjects is Subjects.IMMUTABLE
    listed = [
        _repository(owner, one.name, _REPOSITORY_IDS + number, _subject(settings, one, number), settings, facts.of(one.name))
        for number, one in enumerate(ours)
    ]
    listed += [
        _repository(
            STRANGER_ORGANIZATION, name, _STRANGER_IDS + number, "immutable" if stranger_subject or number % 2 else "name", settings
        )
        for number, name in enumerate(strangers)
    ]
    _workflow_repository(settings, facts, listed)
    return [
        *listed,
        _repository(owner, outside_immutable(settings), _REPOSITORY_IDS - 1, "immutable", settings),
        _repository(owner, outside_by_name(settings), _REPOSITORY_IDS - 2, "name", settings),
    ]


def _workflow_repository(settings: Settings, facts: Facts, listed: list[dict[str, Any]]) -> None:
    """Add the repository that holds the publishing workflow, where the catalog has not; whoever may call it, can."""
    if settings.publishing.workflow is None:
        return
    owner, _, name = settings.program_repository.partition("/")
    known = next((one for one in listed if (one["owner"], one["name"]) == (owner, name)), None)
    if known is None:
        ref = settings.publishing.workflow.partition("@")[2]
        # Another organisation's is called from here, so it is public.
        there = facts.of(name) if owner == settings.github_owner else with_ref(RepositoryFacts(visibility="public"), ref)
        known = _repository(owner, name, _REPOSITORY_IDS - 3, "name", settings, there)
        listed.append(known)
    if settings.publishing.repository_id:
        known["id"] = settings.publishing.repository_id
    if known["visibility"] != "public":
        known["actions_access"] = "organization"


def workflow_owner(settings: Settings) -> str:
    """The organisation that has the publishing workflow, if it is neither the stack's own nor the stranger's; else ""."""
    owner = settings.program_repository.partition("/")[0]
    return "" if settings.publishing.workflow is None or owner in (settings.github_owner, STRANGER_ORGANIZATION) else owner


def github(settings: Settings, reviewers: Sequence[str] = (), facts: Facts | None = None) -> dict[str, Any]:
    """What the stand-in is seeded with; `reviewers` are teams that review deployments. `facts`: None = as the catalog implies."""
    if settings.github_owner.casefold() == STRANGER_ORGANIZATION:
        raise ValueError(f"github:owner: got {settings.github_owner}; expected another name: the rehearsal's other organisation has it")
    facts = facts or derived(settings)
    people = [user["login"] for user in _users(settings) if "app_id" not in user]
    organization = {
        "login": settings.github_owner,
        "id": OWNER_ID,
        "plan": facts.plan,
        "variables": dict(facts.variables),
        "owners": [ADMIN],
        "members": people,
        "apps": [DEPLOYER_APP, *_apps(settings)],
        "teams": _teams(settings, reviewers),
        "immutable_subjects": settings.subjects == "immutable",
    }
    others = [STRANGER_ORGANIZATION, *filter(None, [workflow_owner(settings)])]
    strangers = [
        {"login": login, "id": STRANGER_ID + number, "plan": "enterprise", "owners": [ADMIN], "members": people}
        for number, login in enumerate(others)
    ]
    token = {
        "token": DEPLOYER_TOKEN,
        "organization": settings.github_owner,
        "app_id": DEPLOYER_APP,
        "permissions": deployer_permissions(settings),
    }
    return {
        "users": _users(settings),
        "organizations": [organization, *strangers],
        "repositories": _repositories(settings, facts),
        "tokens": [token],
    }


def repository_settings(settings: Settings, facts: Facts, api: str) -> None:
    """What repositories have by themselves: Actions variables and rulesets, created by GitHub's API at `api`, which checks them.

    Raises ValueError for what GitHub refuses.
    """
    headers = {"authorization": f"Bearer {DEPLOYER_TOKEN}", "accept": "application/vnd.github+json"}
    for name, there in facts.repositories.items():
        bodies = [("actions/variables", key, {"name": key, "value": value}) for key, value in there.variables.items()]
        bodies += [("rulesets", one.name, one.model_dump()) for one in there.rulesets]
        for path, key, body in bodies:
            answer = clients.http().post(f"{api}/repos/{settings.github_owner}/{name}/{path}", json=body, headers=headers)
            if answer.status_code != HTTPStatus.CREATED:
                what = f"--github: repositories.{name}.{path.rpartition('/')[2]}, {key}"
                raise ValueError(f"{what}: got {body}; expected what GitHub accepts: {answer.status_code} {answer.text[:500]}")


def aws(
    settings: Settings,
    registry: Registry,
    control: Control,
    root: Credentials,
    endpoint: str,
    bootstrapped: Callable[[], tuple[str, Credentials]] | None = None,
    *,
    provider: bool,
) -> Credentials:
    """The account: GitHub's `provider` where others made it, and the deployer, whose credentials are returned.

    The deployer is what `bootstrapped` returns (the role's ARN and a session of it); without it, a role with the policy that real deployers
    get. So a right that the program needs and the policy lacks fails the rehearsal.
    """
    if provider:
        iam = clients.aws(endpoint, registry.region, "iam", root)
        iam.create_open_id_connect_provider(Url=f"https://{GITHUB_OIDC_HOST}", ClientIDList=[AUDIENCE])
    _queues(settings, registry, root, endpoint)
    control.post("quotas", account=registry.account, trust_policy=settings.iam.trust_policy_length)
    if key := settings.domain.key:
        control.post("keys", arn=key, accounts=[key.split(":")[4], registry.account])
    if settings.events and settings.events.slack:
        # What a person does once, in the console.
        control.post("chatbot/workspaces", account=registry.account, workspace=settings.events.slack.workspace)
    arn, deployer = bootstrapped() if bootstrapped else _deployer(settings, registry, control, root, endpoint)
    identity_center.seed(settings, registry, control, arn)
    _build_roles(settings, control)
    _organization(settings, registry, control)
    return deployer


def _by_hand(settings: Settings) -> str:
    return f"/{next(iter(settings.iam.deployers), DEPLOYER_ROLE)}"


def deployer_name(settings: Settings, bootstrapped: bool) -> str:
    """Name of the role that deploys: the bootstrap's, or the role created by hand."""
    return deployments.role_name(settings.stack, Access.DEPLOY) if bootstrapped else _by_hand(settings).rpartition("/")[2]


def _deployer(settings: Settings, registry: Registry, control: Control, root: Credentials, endpoint: str) -> tuple[str, Credentials]:
    """A deployer created by hand, with the bootstrap's boundary under whatever name the stack has for it."""
    boundary = settings.iam.permissions_boundary
    if boundary.split(":")[4:5] == [registry.account]:
        path, _, name = boundary.partition(":policy")[2].rpartition("/")
        iam = clients.aws(endpoint, registry.region, "iam", root)
        iam.create_policy(PolicyName=name, Path=f"{path}/", PolicyDocument=text(rights.boundary(settings, registry)))
    policy = text(rights.deployer(settings, registry))
    path, _, name = _by_hand(settings).rpartition("/")
    role = control.post("principals", kind="role", name=name, path=f"{path}/", policy=json.loads(policy))
    return role["arn"], credentials(role)


def team_deployer(settings: Settings, registry: Registry, control: Control) -> Credentials:
    """A team stack's deployer created by hand: called as the bootstrap calls it, which the stack file names if it names any."""
    name = deployments.role_name(settings.running, Access.DEPLOY)
    role = control.post(
        "principals", kind="role", name=name, path=BOOTSTRAP_PATH, policy=json.loads(text(rights.deployer(settings, registry)))
    )
    return credentials(role)


def _organization(settings: Settings, registry: Registry, control: Control) -> None:
    """The account itself belongs to the organisation that it shares with: that must let none of its own principals in."""
    sharing = settings.sharing
    if sharing and sharing.organization_id:
        control.post("accounts", account=registry.account, organization=sharing.organization_id)
    elif sharing and sharing.organization_paths:
        path = sharing.organization_paths[0]
        control.post("accounts", account=registry.account, organization=path.split("/")[0], paths=[path.removesuffix("*")])


def _build_roles(settings: Settings, control: Control) -> None:
    """The account's roles that builds on AWS run with. They belong to others, and have no right in the registry before the program runs."""
    service = {"Effect": "Allow", "Principal": {"Service": BUILD_SERVICE}, "Action": "sts:AssumeRole"}
    for role in settings.build_roles:
        path, slash, name = role.rpartition("/")
        trust = {"Version": "2012-10-17", "Statement": [service]}
        control.post("principals", kind="role", name=name, path=f"/{path}{slash}", trust=trust)


def _queues(settings: Settings, registry: Registry, root: Credentials, endpoint: str) -> None:
    """The account's queues that the stack subscribes to its events. They belong to others, who let the topic in."""
    if settings.events is None:
        return
    topic = Names(registry, settings.stack, settings.iam.path).topic_arn
    for arn in settings.events.sqs:
        _, _, _, region, account, name = arn.split(":")
        if (region, account) == (registry.region, registry.account):
            source = {"ArnEquals": {"aws:SourceArn": topic}}
            let_in = statement("Topic", "sqs:SendMessage", arn, principal={"Service": "sns.amazonaws.com"}, conditions=source)
            clients.aws(endpoint, region, "sqs", root).create_queue(QueueName=name, Attributes={"Policy": text([let_in])})
