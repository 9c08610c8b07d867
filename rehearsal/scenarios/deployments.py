"""Who may preview and deploy the stack, and what they can't do with it: Pulumi Deployments, the two roles, the boundary, the App keys.

Only in an account that was bootstrapped: another company's stack file is rehearsed with a deployer created by hand.
"""

import json
import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from bootstrap import refs
from bootstrap.declaration import Stack
from policies.branches import HEADS
from policies.deployment_tokens import Operation, PulumiStack, any_of
from policies.deployments import BOOTSTRAP_PATH, Access, Deployed
from policies.document import statement, text
from policies.github_tokens import AUDIENCE, GitHubRepository, Owner
from policies.names import STACK_TAG, RoleKind, role_name
from policies.roles.deployer import deploying_workflow
from policies.roles.previewer import DRIFT_WORKFLOW, drift_checks, pull_requests
from rehearsal import bootstrapping, clients
from rehearsal.cast import MANAGER, STRANGER_ORGANIZATION, WRITER
from rehearsal.clients import Credentials
from rehearsal.scenario import DENY, Denied, Scenario
from rehearsal.scenarios.read_access import administrator
from rehearsal.seeding import OWNER_ID, outside_by_name
from rehearsal.world import World
from settings import Encryption

_TRUSTS_NO_PRINCIPAL = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}
)
_FULL_ACCESS = text([statement("Everything", "*", "*")])
# In the names of the roles that scenarios create with the deployer's rights; only one of them is kept.
ROLE_INFIX = "rehearsal"
_ASSUME_DEPLOYER, _ASSUME_PREVIEW = "assume the deployer role", "assume the preview role"


def scenarios(world: World) -> list[Scenario]:
    """For the rehearsed stack, if the account was bootstrapped."""
    bootstrap = world.bootstrap
    if bootstrap is None:
        return []
    deploying = _Deploying(world, next(stack for stack in bootstrap.stacks if stack.name == world.settings.stack))
    parts = (_tokens, _previewing, _roles, _bounded, _domain_keys, _keys, _triggers, _guards, _tags, _workflows)
    by_pulumi = (_tokens, _triggers)
    return [scenario for part in parts if bootstrap.pulumi_cloud or part not in by_pulumi for scenario in part(deploying)]


class _Deploying:
    """The stack's deployment: its roles, tokens, and sessions that several scenarios share."""

    def __init__(self, world: World, stack: Stack) -> None:
        bootstrap = world.bootstrap
        assert bootstrap is not None
        self.world, self.bootstrap, self.stack, self.name = world, bootstrap, stack, stack.name
        self.deployed = Deployed(world.registry, stack.name)
        self.repository = f"{bootstrap.github_owner}/{bootstrap.repository}"
        # Another registry stack of the account, or the name of none: this one's roles and those of its team stacks are called alike.
        others = (each.name for each in bootstrap.stacks if each.settings.stack != stack.settings.stack)
        self.other = next(others, f"not-{stack.name}")
        self._clients: dict[tuple[str, Access], Any] = {}

    @cached_property
    def pulumi_stack(self) -> PulumiStack:
        """At Pulumi Deployments, where that deploys."""
        assert self.bootstrap.pulumi_cloud is not None
        return PulumiStack(self.bootstrap.pulumi_cloud.organization, self.stack.settings.project, self.name)

    def token(self, operation: str, *, audience: str = "", **place: str) -> str:
        """The token of a deployment: of this stack, but for what is said otherwise."""
        where = {
            "organization": self.pulumi_stack.organization,
            "project": self.pulumi_stack.project,
            "stack": self.pulumi_stack.stack,
        } | place
        return self.world.control.post("pulumi/token", operation=operation, **({"audience": audience} if audience else {}), **where)[
            "token"
        ]

    def assume(self, access: Access, token: str) -> str:
        bootstrapping.assume(self.world.place.endpoint, self.world.place.region, self.deployed.role_arn(access), token)
        return f"a session of {self.deployed.role_name(access)}"

    @cached_property
    def _sessions(self) -> Mapping[Access, Credentials]:
        where = self.world.place
        return {
            access: bootstrapping.assume(where.endpoint, where.region, self.deployed.role_arn(access), self._own_token(access))
            for access in Access
        }

    def _own_token(self, access: Access) -> str:
        """Of who previews or deploys."""
        if self.bootstrap.pulumi_cloud is None:
            return bootstrapping.workflow_token(self.world.github, self.bootstrap, self.stack, access)
        return self.token(Operation.PREVIEW if access is Access.PREVIEW else Operation.UPDATE)

    def client(self, service: str, access: Access) -> Any:
        """A client with the credentials of a preview or of a deployment."""
        if (service, access) not in self._clients:
            self._clients[service, access] = self.world.client(service, self._sessions[access])
        return self._clients[service, access]

    def iam(self, operation: str, access: Access = Access.DEPLOY, **parameters: Any) -> Any:
        return clients.call(getattr(self.client("iam", access), operation), **parameters)

    @property
    def who(self) -> str:
        return f"the deployment of {self.name}"

    @property
    def own_role(self) -> str:
        """Name of a role of the stack."""
        return role_name(self.name, RoleKind.READ)


# --- whose token opens which role ------------------------------------------------------------------------------------------------------


def _tokens(deploying: _Deploying) -> list[Scenario]:
    name, world = deploying.name, deploying.world
    other = deploying.other
    updates, previews = f"{name} update: {_ASSUME_DEPLOYER}", f"{name} preview: {_ASSUME_PREVIEW}"

    def attempt(access: Access, operation: str, **changed: str) -> Callable[[], str]:
        return lambda: deploying.assume(access, deploying.token(operation, **changed))

    listed = [
        Scenario(updates, f"an update of {name}", _ASSUME_DEPLOYER, name, attempt(Access.DEPLOY, "update")),
        Scenario(previews, f"a preview of {name}", _ASSUME_PREVIEW, name, attempt(Access.PREVIEW, "preview")),
        Scenario(
            f"{name} update: {_ASSUME_PREVIEW}",
            f"an update of {name}",
            _ASSUME_PREVIEW,
            name,
            attempt(Access.PREVIEW, "update"),
        ),
    ]
    checks = f"{name} drift check: {_ASSUME_PREVIEW}"
    listed.append(Scenario(checks, f"a drift check of {name}", _ASSUME_PREVIEW, name, attempt(Access.PREVIEW, "detect-drift")))
    who = f"{name} drift remediation"
    remediates = attempt(Access.PREVIEW, "remediate-drift")
    listed.append(Scenario(f"{who}: {_ASSUME_PREVIEW}", f"a {who}", _ASSUME_PREVIEW, name, remediates, DENY, checks))
    for operation in ("refresh", "destroy"):
        who = f"a {operation} of {name}"
        listed.append(Scenario(f"{name} {operation}: {_ASSUME_DEPLOYER}", who, _ASSUME_DEPLOYER, name, attempt(Access.DEPLOY, operation)))
    refused: dict[str, tuple[str, dict[str, str]]] = {
        f"{name} preview": ("preview", {}),
        f"{name} drift check": ("detect-drift", {}),
        f"update of stack {other}": ("update", {"stack": other}),
        "update of another project": ("update", {"project": "another"}),
        # Its audience may be this stack's organisation; its subject has its own.
        f"update of organisation {STRANGER_ORGANIZATION}": (
            "update",
            {"organization": STRANGER_ORGANIZATION, "audience": deploying.pulumi_stack.organization},
        ),
        "update for another audience": ("update", {"audience": f"aws:{deploying.pulumi_stack.organization}"}),
    }
    for who, (operation, changed) in refused.items():
        attempted = attempt(Access.DEPLOY, operation, **changed)
        listed.append(Scenario(f"{who}: {_ASSUME_DEPLOYER} of {name}", f"a {who}", _ASSUME_DEPLOYER, name, attempted, DENY, updates))
    who = f"preview of stack {other}"
    attempted = attempt(Access.PREVIEW, "preview", stack=other)
    listed.append(Scenario(f"{who}: {_ASSUME_PREVIEW} of {name}", f"a {who}", _ASSUME_PREVIEW, name, attempted, DENY, previews))
    # A role's credentials stay what they are: neither of the two may assume another.
    listed.append(
        Scenario(
            f"{name} preview: {_ASSUME_DEPLOYER} by role chaining",
            f"a preview of {name}",
            _ASSUME_DEPLOYER,
            name,
            lambda: _chain(deploying, world),
            DENY,
            updates,
        )
    )
    return listed


def _chain(deploying: _Deploying, world: World) -> str:
    sts = deploying.client("sts", Access.PREVIEW)
    return str(
        clients.call(sts.assume_role, RoleArn=deploying.deployed.role_arn(Access.DEPLOY), RoleSessionName="chained")["AssumedRoleUser"]
    )


# --- a preview reads -------------------------------------------------------------------------------------------------------------------


def _previewing(deploying: _Deploying) -> list[Scenario]:
    """Each write is tried by a deployment first: what it writes is what is there."""
    name, world = deploying.name, deploying.world
    where = {"domain": world.settings.domain.name, "domainOwner": world.place.account}

    def describe() -> str:
        deploying.iam("get_role", Access.PREVIEW, RoleName=deploying.own_role)
        clients.call(deploying.client("codeartifact", Access.PREVIEW).describe_domain, **where)
        return "a role and the domain"

    def put_role_policy(access: Access) -> str:
        policy = deploying.iam("get_role_policy", RoleName=deploying.own_role, PolicyName=RoleKind.READ)["PolicyDocument"]
        deploying.iam("put_role_policy", access, RoleName=deploying.own_role, PolicyName=RoleKind.READ, PolicyDocument=json.dumps(policy))
        return f"the policy of {deploying.own_role}"

    def put_domain_policy(access: Access) -> str:
        codeartifact = deploying.client("codeartifact", access)
        policy = deploying.client("codeartifact", Access.DEPLOY).get_domain_permissions_policy(**where)["policy"]["document"]
        clients.call(codeartifact.put_domain_permissions_policy, **where, policyDocument=policy)
        return "the domain's policy"

    listed = [
        Scenario(
            f"{name} preview: describe a role and the domain", f"a preview of {name}", "describe a role and the domain", name, describe
        )
    ]
    for action, attempted in (("change a role's policy", put_role_policy), ("change the domain's policy", put_domain_policy)):
        allowed = f"{name} deployment: {action}"
        listed += [
            Scenario(allowed, deploying.who, action, name, lambda attempted=attempted: attempted(Access.DEPLOY)),
            Scenario(
                f"{name} preview: {action}",
                f"a preview of {name}",
                action,
                name,
                lambda attempted=attempted: attempted(Access.PREVIEW),
                DENY,
                allowed,
            ),
        ]
    return listed


# --- the deployer creates roles, within bounds ----------------------------------------------------------------------------------------


def _create(deploying: _Deploying, name: str, *, path: str = "", boundary: str | None = "") -> str:
    """Create a role and delete it again."""
    bound = boundary or deploying.deployed.boundary_arn
    bounded: dict[str, Any] = {} if boundary is None else {"PermissionsBoundary": bound}
    path = path or deploying.world.settings.iam.path
    created = deploying.iam("create_role", RoleName=name, Path=path, AssumeRolePolicyDocument=_TRUSTS_NO_PRINCIPAL, **bounded)["Role"][
        "Arn"
    ]
    deploying.iam("delete_role", RoleName=name)
    return f"created {created} and deleted it"


def _roles(deploying: _Deploying) -> list[Scenario]:
    name, own, deployed = deploying.name, deploying.own_role, deploying.deployed
    deployer, preview = deployed.role_name(Access.DEPLOY), deployed.role_name(Access.PREVIEW)
    other = deploying.other
    creates = f"{name} deployment: create a role with the boundary"

    def create(suffix: str, **changed: Any) -> Callable[[], str]:
        return lambda: _create(deploying, f"{name}-{ROLE_INFIX}-{suffix}", **changed)

    listed = [Scenario(creates, deploying.who, "create a role", f"{name}-{ROLE_INFIX}", create("bounded"))]
    refused: dict[str, Callable[[], str]] = {
        "without the boundary": create("unbounded", boundary=None),
        "with another boundary": create("other-bound", boundary=f"arn:{deployed.registry.partition}:iam::aws:policy/AdministratorAccess"),
        "under another path": create("path", path="/"),
        "under the bootstrap's path": create("beside", path=BOOTSTRAP_PATH),
        "with another stack's name": lambda: _create(deploying, f"{other}-{ROLE_INFIX}"),
    }
    for how, attempted in refused.items():
        listed.append(
            Scenario(f"{name} deployment: create a role {how}", deploying.who, f"create a role {how}", name, attempted, DENY, creates)
        )
    # What widens a role: allowed on the stack's own, on nothing else.
    document = deploying.iam
    acts: dict[str, Callable[[str], Any]] = {
        "put a policy on": lambda role: document(
            "put_role_policy", RoleName=role, PolicyName=RoleKind.READ, PolicyDocument=_policy(deploying)
        ),
        "change the trust policy of": lambda role: document("update_assume_role_policy", RoleName=role, PolicyDocument=_trust(deploying)),
    }
    for act, attempted in acts.items():
        allowed = f"{name} deployment: {act} {own}"
        listed.append(Scenario(allowed, deploying.who, f"{act} a role", own, lambda attempted=attempted: f"{own}: {_done(attempted(own))}"))
        for role in (deployer, preview):
            listed.append(
                Scenario(
                    f"{name} deployment: {act} {role}",
                    deploying.who,
                    f"{act} a role",
                    role,
                    lambda attempted=attempted, role=role: f"{role}: {_done(attempted(role))}",
                    DENY,
                    allowed,
                )
            )
    return [*listed, *_boundary(deploying)]


def _domain_keys(deploying: _Deploying) -> list[Scenario]:
    """Two stacks may share an account: neither may lose what the other's key encrypts."""
    name, world = deploying.name, deploying.world
    if world.settings.domain.encryption is not Encryption.CUSTOMER:
        return []
    attempted, other = "write a key's policy", deploying.other

    def kms() -> Any:
        return deploying.client("kms", Access.DEPLOY)

    def own() -> str:
        return kms().describe_key(KeyId=f"alias/codeartifact/{world.settings.domain.name}")["KeyMetadata"]["KeyId"]

    def of_another() -> str:
        created = world.client("kms", administrator(world)).create_key(Tags=[{"TagKey": STACK_TAG, "TagValue": other}])
        return created["KeyMetadata"]["KeyId"]

    def write(key: str) -> str:
        policy = kms().get_key_policy(KeyId=key, PolicyName="default")["Policy"]
        return _done(clients.call(kms().put_key_policy, KeyId=key, PolicyName="default", Policy=policy))

    allowed = f"{name} deployment: write the policy of its domain's key"
    return [
        Scenario(allowed, deploying.who, attempted, name, lambda: write(own())),
        Scenario(
            f"{name} deployment: write the policy of a key of {other}",
            deploying.who,
            attempted,
            other,
            lambda: write(of_another()),
            DENY,
            allowed,
        ),
        Scenario(
            f"{name} deployment: schedule the deletion of a key of {other}",
            deploying.who,
            "schedule a key's deletion",
            other,
            lambda: _done(clients.call(kms().schedule_key_deletion, KeyId=of_another(), PendingWindowInDays=30)),
            DENY,
            allowed,
        ),
        Scenario(
            f"{name} deployment: tag a key of {other} as its own",
            deploying.who,
            "tag a key",
            other,
            lambda: _done(clients.call(kms().tag_resource, KeyId=of_another(), Tags=[{"TagKey": STACK_TAG, "TagValue": name}])),
            DENY,
            allowed,
        ),
    ]


def _done(_: Any) -> str:
    return "done"


def _policy(deploying: _Deploying) -> str:
    """What the stack's own read role has, so that putting it there changes nothing."""
    return json.dumps(deploying.iam("get_role_policy", RoleName=deploying.own_role, PolicyName=RoleKind.READ)["PolicyDocument"])


def _trust(deploying: _Deploying) -> str:
    return json.dumps(deploying.iam("get_role", RoleName=deploying.own_role)["Role"]["AssumeRolePolicyDocument"])


def _boundary(deploying: _Deploying) -> list[Scenario]:
    """The boundary of a role may be set, which changes nothing; it may not be removed, replaced or rewritten."""
    name, own, boundary = deploying.name, deploying.own_role, deploying.deployed.boundary_arn
    sets = f"{name} deployment: set the boundary of {own}"
    another = f"arn:{deploying.deployed.registry.partition}:iam::aws:policy/AdministratorAccess"

    def put(arn: str) -> str:
        return _done(deploying.iam("put_role_permissions_boundary", RoleName=own, PermissionsBoundary=arn))

    def rewrite() -> str:
        return _done(deploying.iam("create_policy_version", PolicyArn=boundary, PolicyDocument=_FULL_ACCESS, SetAsDefault=True))

    def attach() -> str:
        return _done(deploying.iam("attach_role_policy", RoleName=deploying.deployed.role_name(Access.DEPLOY), PolicyArn=another))

    return [
        Scenario(sets, deploying.who, "set a boundary", own, lambda: put(boundary)),
        Scenario(
            f"{name} deployment: replace the boundary of {own}", deploying.who, "replace a boundary", own, lambda: put(another), DENY, sets
        ),
        Scenario(
            f"{name} deployment: remove the boundary of {own}",
            deploying.who,
            "remove a boundary",
            own,
            lambda: _done(deploying.iam("delete_role_permissions_boundary", RoleName=own)),
            DENY,
            sets,
        ),
        Scenario(
            f"{name} deployment: rewrite the boundary policy", deploying.who, "rewrite the boundary policy", boundary, rewrite, DENY, sets
        ),
        Scenario(
            f"{name} deployment: attach AdministratorAccess to itself",
            deploying.who,
            "attach AdministratorAccess",
            "itself",
            attach,
            DENY,
            sets,
        ),
    ]


# --- what a role with full access can do within the boundary ---------------------------------------------------------------------------


def _bounded(deploying: _Deploying) -> list[Scenario]:
    """A deployment creates a role with full access and assumes it: what the boundary leaves."""
    name, world = deploying.name, deploying.world
    role = f"{name}-{ROLE_INFIX}-all"
    read_packages = f"{name} role with full access: read packages"
    where = {"domain": world.settings.domain.name, "domainOwner": world.place.account}
    session: dict[str, Credentials] = {}

    def become() -> Credentials:
        bound = deploying.deployed.boundary_arn
        trust = text([statement("Anybody", "sts:AssumeRole", None, principal={"AWS": world.registry.account_root_arn})])
        path = world.settings.iam.path
        created = deploying.iam("create_role", RoleName=role, Path=path, AssumeRolePolicyDocument=trust, PermissionsBoundary=bound)["Role"]
        deploying.iam("put_role_policy", RoleName=role, PolicyName="everything", PolicyDocument=_FULL_ACCESS)
        answer = world.control.post("sessions", role_arn=created["Arn"], session_name="everything")
        session["role"] = Credentials(answer["access_key_id"], answer["secret_access_key"], answer.get("session_token") or "")
        return session["role"]

    def read() -> str:
        codeartifact = world.client("codeartifact", become())
        return str(clients.call(codeartifact.describe_repository, **where, repository=world.settings.shared)["repository"]["arn"])

    refused: dict[str, Callable[[], Any]] = {
        "create a user": lambda: clients.call(world.client("iam", session["role"]).create_user, UserName="rehearsal"),
        "read a secret": lambda: _secret(world, session["role"], deploying.deployed.app_secret_name(Access.DEPLOY)),
        "delete the domain": lambda: clients.call(world.client("codeartifact", session["role"]).delete_domain, **where),
    }
    who = f"a role of {name} with full access"
    return [
        Scenario(read_packages, who, "read shared", world.settings.shared, read),
        *(
            Scenario(
                f"{name} role with full access: {what}",
                who,
                what,
                name,
                lambda attempted=attempted: _done(attempted()),
                DENY,
                read_packages,
                (read_packages,),
            )
            for what, attempted in refused.items()
        ),
    ]


# --- keys of the GitHub Apps -----------------------------------------------------------------------------------------------------------


def _secret(world: World, who: Credentials, name: str) -> str:
    return f"{len(clients.call(world.client('secretsmanager', who).get_secret_value, SecretId=name)['SecretString'])} characters"


def _keys(deploying: _Deploying) -> list[Scenario]:
    name, world, deployed = deploying.name, deploying.world, deploying.deployed

    def read(by: Access, key: Access) -> str:
        secrets = deploying.client("secretsmanager", by)
        return f"{len(clients.call(secrets.get_secret_value, SecretId=deployed.app_secret_name(key))['SecretString'])} characters"

    deploy, preview = deployed.app_secret_name(Access.DEPLOY), deployed.app_secret_name(Access.PREVIEW)
    allowed = f"{name} deployment: read the deploying App's key"
    return [
        Scenario(allowed, deploying.who, "read a GitHub App's key", deploy, lambda: read(Access.DEPLOY, Access.DEPLOY)),
        Scenario(
            f"{name} preview: read the previewing App's key",
            f"a preview of {name}",
            "read a GitHub App's key",
            preview,
            lambda: read(Access.PREVIEW, Access.PREVIEW),
        ),
        Scenario(
            f"{name} preview: read the deploying App's key",
            f"a preview of {name}",
            "read a GitHub App's key",
            deploy,
            lambda: read(Access.PREVIEW, Access.DEPLOY),
            DENY,
            allowed,
        ),
        Scenario(
            f"administrator: read the deploying App's key of {name}",
            "an administrator of the account",
            "read a GitHub App's key",
            deploy,
            lambda: _secret(world, administrator(world), deploy),
            DENY,
            allowed,
        ),
    ]


# --- what starts a deployment ----------------------------------------------------------------------------------------------------------


def _triggers(deploying: _Deploying) -> list[Scenario]:
    name, stack = deploying.name, deploying.stack
    catalog = f"{stack.settings.catalog}/a-team.yaml"
    deploys = f"{name}: deploy on a push to {stack.branch} that changes the catalog"

    def push(branch: str, *changed: str) -> Callable[[], str]:
        return lambda: _started(deploying, "push", branch=branch, changed=list(changed))

    pushes = "push"
    listed = [Scenario(deploys, f"a push to {stack.branch}", pushes, catalog, push(stack.branch, catalog))]
    for what in ("policies/github_tokens.py", "components/team.py", "__main__.py"):
        listed.append(
            Scenario(f"{name}: deploy on a push that changes {what}", f"a push to {stack.branch}", pushes, what, push(stack.branch, what))
        )
    for what in ("docs/operations.md", "tests/conftest.py", f"catalog/not-{name}/a-team.yaml"):
        who = f"a push to {stack.branch}"
        listed.append(
            Scenario(
                f"{name}: deploy on a push that changes {what}", who, pushes, what, push(stack.branch, "README.md", what), DENY, deploys
            )
        )
    who = "a push to a topic branch"
    listed.append(
        Scenario(f"{name}: deploy on {who} that changes the catalog", who, pushes, catalog, push("topic", catalog), DENY, deploys)
    )
    if deploying.bootstrap.drift_detection:
        what = f"{name}: check drift on its schedule"
        listed.append(Scenario(what, "Pulumi Deployments", "check drift", name, lambda: _started(deploying, "drift")))
    pull_request = Scenario(
        f"{name}: preview a pull request that changes the catalog",
        f"a pull request against {stack.branch}",
        "open a pull request",
        catalog,
        lambda: _started(deploying, "pull-request", base=stack.branch, changed=[catalog]),
        "allow" if stack.pull_request_previews else DENY,
        None if stack.pull_request_previews else deploys,
    )
    return [*listed, pull_request]


def _started(deploying: _Deploying, event: str, **what: Any) -> str:
    """What Pulumi starts for the stack. Raises Denied if that is nothing."""
    started = deploying.world.control.post(f"pulumi/{event}", repository=deploying.repository, **what)["deployments"]
    own = [deployment for deployment in started if deployment["stack"] == deploying.name]
    if not own:
        raise Denied(f"Pulumi starts no deployment of {deploying.name}")
    return f"{own[0]['operation']} of {own[0]['stack']}, version {own[0]['version']}"


# --- who puts code on a branch that deploys --------------------------------------------------------------------------------------------


def _guards(deploying: _Deploying) -> list[Scenario]:
    world, branch, repository = deploying.world, deploying.stack.branch, deploying.bootstrap.repository
    reviewers, checks = world.github.reviewers[: deploying.bootstrap.approvals], deploying.bootstrap.checks
    deploys = f"which deploys {deploying.name}"
    reviewed = f"{repository}: merge a reviewed pull request to {branch}, {deploys}"
    who = f"a writer of {repository}"

    def merge(approvals_by: list[str], passed: tuple[str, ...]) -> Callable[[], str]:
        return lambda: world.github.merge(repository, branch, WRITER, approvals_by=approvals_by, checks=passed)

    def scenario(what: str, attempt: Callable[[], str]) -> Scenario:
        return Scenario(f"{repository}: {what}, {deploys}", who, "change what is deployed", branch, attempt, DENY, reviewed)

    return [
        Scenario(reviewed, who, "change what is deployed", branch, merge(list(reviewers), checks)),
        scenario(f"merge an unreviewed pull request to {branch}", merge([], checks)),
        scenario(f"merge a pull request without passing checks to {branch}", merge(list(reviewers), ())),
        scenario(f"push to {branch} without a pull request", lambda: world.github.push(repository, branch, WRITER)),
    ]


# --- who puts a tag in the place of what others run ------------------------------------------------------------------------------------


def _tags(deploying: _Deploying) -> list[Scenario]:
    """`uses: OWNER/REPOSITORY/...@NAME` is a tag before it is a branch: the one that deploys, and the one whose workflow is trusted."""
    world, name, repository, workflow = (
        deploying.world,
        deploying.name,
        deploying.bootstrap.repository,
        deploying.world.settings.publishing.workflow,
    )
    trusted = refs.guarded_tags(deploying.bootstrap)
    branches = [deploying.stack.branch, *([workflow.partition(f"@{HEADS}")[2]] if workflow and f"@{HEADS}" in workflow else [])]
    who, free = f"a writer of {repository}", f"nightly-{name}"
    pushes, moves = (
        f"{repository}: push tag {free}",
        f"{repository}: move tag {free}",
    )

    def push(tag: str, *, move: bool = False) -> Callable[[], str]:
        return lambda: world.github.push(repository, tag, WRITER, kind="tags", force=move)

    listed = [Scenario(pushes, who, "push a tag", free, push(free))]
    for branch in dict.fromkeys(branches):
        what = f"{repository}: push tag {branch}, named like a trusted branch"
        listed.append(Scenario(what, who, "push a tag", branch, push(branch), DENY, pushes))
    if trusted:
        listed.append(Scenario(moves, who, "move a tag", free, push(free, move=True), after=(pushes,)))
    for tag in trusted:
        what = f"{repository}: move trusted tag {tag}"
        listed.append(Scenario(what, who, "move a tag", tag, push(tag, move=True), DENY, moves))
    return listed


# --- the workflow in GitHub Actions ----------------------------------------------------------------------------------------------------


def _workflows(deploying: _Deploying) -> list[Scenario]:
    """The bootstrap's roles where it lets workflows deploy, else such as have the trust that they would get."""
    world, name, stack, repository = deploying.world, deploying.name, deploying.stack, deploying.bootstrap.repository
    roles: dict[Access, str] = {}
    making = threading.Lock()  # scenarios run side by side

    def role(access: Access) -> str:
        with making:
            if access not in roles:
                roles[access] = _workflow_role(deploying, access)
        return roles[access]

    def job(access: Access, branch: str = "", environment: str | None = None, *, of: str = "", owner: str = "") -> str:
        where, of = branch or stack.branch, of or repository
        world.github.ensure_branch(of, where, WRITER, owner=owner)
        environment = name if environment is None else environment
        started = world.github.run(of, WRITER, ref=f"refs/heads/{where}", environment=environment, approve_by=[MANAGER], owner=owner)
        return world.assume(role(access), started.token(AUDIENCE))

    def pull_request(access: Access, of: str = "") -> str:
        number = world.github.pull_request(of or repository, WRITER)["number"]
        return world.assume(
            role(access), world.github.run(of or repository, WRITER, event="pull_request", pull_request=number).token(AUDIENCE)
        )

    def drift_check(access: Access, branch: str = "", workflow: str = DRIFT_WORKFLOW, environment: str = "") -> str:
        default = world.control.get(f"github/repositories/{deploying.repository}")["default_branch"]
        where = branch or default
        world.github.ensure_branch(repository, where, WRITER)
        # A schedule runs on the default branch; what somebody starts may run anywhere.
        scheduled = where == default and not environment
        event, ref = ("schedule", "") if scheduled else ("workflow_dispatch", f"{HEADS}{where}")
        started = world.github.run(
            repository, WRITER, workflow=workflow, environment=environment, approve_by=[MANAGER], event=event, ref=ref
        )
        return world.assume(role(access), started.token(AUDIENCE))

    deploys, previews = (
        f"deploy.yml of {name} on {stack.branch}: {_ASSUME_DEPLOYER}",
        f"deploy.yml of {name} on a pull request: {_ASSUME_PREVIEW}",
    )
    elsewhere, checks = outside_by_name(world.settings), f"drift.yml of {name} on its schedule: {_ASSUME_PREVIEW}"
    listed = [
        Scenario(checks, "drift.yml on its schedule", _ASSUME_PREVIEW, name, lambda: drift_check(Access.PREVIEW)),
        Scenario(deploys, f"deploy.yml on {stack.branch}", _ASSUME_DEPLOYER, name, lambda: job(Access.DEPLOY)),
        Scenario(previews, "deploy.yml on a pull request", _ASSUME_PREVIEW, name, lambda: pull_request(Access.PREVIEW)),
    ]
    refused: dict[str, Callable[[], str]] = {
        f"deploy.yml of {name} on another branch": lambda: job(Access.DEPLOY, "topic/deploy"),
        f"deploy.yml of {name} in another environment": lambda: job(Access.DEPLOY, environment=f"not-{name}"),
        f"deploy.yml of {name} without an environment": lambda: job(Access.DEPLOY, environment=""),
        f"deploy.yml of {name} on a pull request": lambda: pull_request(Access.DEPLOY),
        f"deploy.yml of {name} in {elsewhere}": lambda: job(Access.DEPLOY, "main", of=elsewhere),
    }
    listed += [
        Scenario(f"{who}: {_ASSUME_DEPLOYER}", who, _ASSUME_DEPLOYER, name, attempt, DENY, deploys) for who, attempt in refused.items()
    ]
    elsewise: dict[str, Callable[[], str]] = {
        f"drift.yml of {name} on another branch": lambda: drift_check(Access.PREVIEW, "topic/drift"),
        f"checks.yml of {repository} on its schedule": lambda: drift_check(Access.PREVIEW, workflow=".github/workflows/checks.yml"),
    }
    listed += [
        Scenario(f"{who}: {_ASSUME_PREVIEW} of {name}", who, _ASSUME_PREVIEW, name, attempt, DENY, checks)
        for who, attempt in elsewise.items()
    ]
    who = f"drift.yml of {name} on its schedule"
    listed.append(Scenario(f"{who}: {_ASSUME_DEPLOYER}", who, _ASSUME_DEPLOYER, name, lambda: drift_check(Access.DEPLOY), DENY, deploys))
    who = f"pull request of {elsewhere}"
    preview = Scenario(
        f"{who}: {_ASSUME_PREVIEW} of {name}",
        f"a {who}",
        _ASSUME_PREVIEW,
        name,
        lambda: pull_request(Access.PREVIEW, elsewhere),
        DENY,
        previews,
    )
    return [*listed, preview]


def _workflow_role(deploying: _Deploying, access: Access) -> str:
    world, stack, bootstrap = deploying.world, deploying.stack, deploying.bootstrap
    if bootstrap.github_actions:
        return deploying.deployed.role_arn(access)
    seen = world.control.get(f"github/repositories/{deploying.repository}")
    repository = GitHubRepository(Owner(bootstrap.github_owner, OWNER_ID), bootstrap.repository, seen["id"])
    forms = stack.settings.subjects
    ways = {
        Access.DEPLOY: lambda: deploying_workflow(world.registry, repository, stack.branch, stack.name, forms),
        Access.PREVIEW: lambda: any_of(
            [pull_requests(world.registry, repository, forms), drift_checks(world.registry, repository, seen["default_branch"], forms)]
        ),
    }
    trust = json.loads(text(ways[access]()))
    return str(world.control.post("principals", kind="role", name=f"workflow-{stack.name}-{access}", trust=trust)["arn"])
