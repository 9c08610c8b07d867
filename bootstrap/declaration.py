"""The bootstrap's configuration, typed and validated: every problem in one error, before anything is registered.

What is already said in a stack file (account, region, domain, IAM path, boundary) is read from there and not said again.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

import settings as stack_settings
from bootstrap import apart, rights
from bootstrap.apart import PROJECT
from plan import sizes
from plan.declared import GithubScope
from policies.arns import Registry
from policies.branches import check as wrong_branch
from policies.branches import is_pattern
from policies.deployments import BOOTSTRAP_PATH, Access, Deployed, role_name
from policies.document import text
from settings.problems import NOTHING, Problem, SettingsError, Words
from settings.shapes import (
    KEY_SAYS_ALL,
    Approvals,
    CheckName,
    OidcProvider,
    OidcProviderWord,
    PlainText,
    RepositoryName,
    RoleArn,
    TeamSlug,
    YesOrNo,
    described,
    fit,
    pattern_schema,
)
from settings.yaml_files import read_mapping

_KEYS = (
    "repository",
    "stacks",
    "checks",
    "approvals",
    "codeOwners",
    "tags",
    "guardedElsewhere",
    "pulumiCloud",
    "githubActions",
    "driftDetection",
)
# Where GitHub looks, in its order: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/
# customizing-your-repository/about-code-owners#codeowners-file-location
CODE_OWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
# Of drift.yml too, which can't read it from here.
DRIFT_SCHEDULE = "23 5 * * *"
_FULL_NAME = "OWNER/REPOSITORY, a repository on GitHub by its whole name"
_ORGANIZATION = "the organisation's name as in the address of its page in Pulumi Cloud: lower-case letters, digits, hyphens, underscores"
_KEY_ARN = "the ARN of a KMS key, such as arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-..."


@dataclass(frozen=True)
class _Like(AfterValidator):
    said: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core_schema), **self.said}


def _like(pattern: str, allowed: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise PydanticCustomError("refused", "{allowed}", {"allowed": allowed})
        return value

    return _Like(check, said=pattern_schema(pattern, allowed))


# Five fields, evaluated in UTC. https://www.pulumi.com/docs/reference/cloud-rest-api/schema/createscheduleddriftdeploymentrequest/
_SCHEDULE = f'never, or a cron expression of five fields in UTC, such as "{DRIFT_SCHEDULE}"'
Schedule = Annotated[str, _like(r"never|[0-9*/,-]+( [0-9*/,-]+){4}", _SCHEDULE)]
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
Bucket = Annotated[str, _like(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "an S3 bucket: 3 to 63 lower-case letters, digits, dots and hyphens")]
KeyArn = Annotated[str, _like(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+", _KEY_ARN)]
# The name becomes part of a token's subject and of a trust policy, where AWS compares case.
FullName = Annotated[str, _like(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.\.?\Z)[A-Za-z0-9._-]{1,100}", _FULL_NAME)]
Organization = Annotated[str, _like(r"[a-z0-9][a-z0-9_-]{0,62}", _ORGANIZATION)]


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=to_camel)


class _StackShape(_Shape):
    branch: str = described(
        "The branch whose pushes deploy the stack `NAME`. Its file is `Pulumi.NAME.yaml` beside the program", "", required=True
    )
    pull_request_previews: YesOrNo = described(
        "Whether Pulumi Deployments [previews pull requests](../docs/deployments.md#pulumi-deployments)", False
    )
    reviewers: list[TeamSlug] = described("Slugs of GitHub teams. A member of one of them approves each deployment by GitHub Actions", [])
    identity_center_preview_role: RoleArn = described(
        "If the stack sets `developers.roleArn`: the ARN of a role in that account with which [previews "
        "read](../docs/deployments.md#previews-and-identity-center)",
        "",
    )


class _PulumiCloudShape(_Shape):
    organization: Organization = described("Your organisation in Pulumi Cloud")
    oidc_provider: OidcProviderWord = described(
        "`create` Pulumi's OIDC provider in the account, or use the `existing` one, whose audience must be the organisation's name",
        OidcProvider.CREATE,
    )
    environments: YesOrNo = described("Whether ESC environments use the provider too (audience `aws:ORGANISATION`)", False)


class _GitHubActionsShape(_Shape):
    state_bucket: Bucket = described("The S3 bucket that holds the state")
    state_key: KeyArn = described("The ARN of the KMS key that encrypts the stacks' secrets")
    oidc_provider: OidcProviderWord = described(
        "`create` GitHub's OIDC provider in the account, or use the `existing` one. The stacks say `existing`", OidcProvider.CREATE
    )


class Declared(_Shape):
    repository: RepositoryName = described("The GitHub repository that holds the program, without its owner")
    stacks: dict[str, Annotated[_StackShape, KEY_SAYS_ALL]] = described("The stacks of this account, by name", required=True)
    checks: list[CheckName] = described(
        "Checks that a change of a deploying branch must pass: jobs that run on every pull request (`.github/workflows/checks.yml`)"
    )
    approvals: Approvals = described("The approvals that such a change needs: 1 to 10")
    code_owners: YesOrNo = described(
        "`true`: such a change also needs the approval of an owner of each changed file. The checkout must have a `.github/CODEOWNERS`; "
        "[copy the sample](#code-owners)"
    )
    tags: list[PlainText] = described(
        "Existing tags of the repository that nobody can create, move or delete, besides the tags that the stacks trust and the names of "
        "guarded branches"
    )
    guarded_elsewhere: list[FullName] = described(
        "Other repositories (`OWNER/REPOSITORY`) whose workflow a stack may trust (`publishing.workflow`), because their own bootstrap or "
        "rulesets guard its branch and tag",
        [],
    )
    pulumi_cloud: _PulumiCloudShape | None = described("Deployment by Pulumi Deployments. By default, not used", None)
    github_actions: _GitHubActionsShape | None = described("Deployment by GitHub Actions. By default, not used", None)
    drift_detection: Schedule = described(
        "When every stack is [compared](../docs/operations.md#drift) with AWS and GitHub: a cron expression in UTC, or `never`. With "
        "`githubActions` alone, `drift.yml` holds the time",
        DRIFT_SCHEDULE,
    )


@dataclass(frozen=True)
class Stack:
    """A stack of this account: its settings, the branch that deploys it, who lets a deployment start, whether pull requests are previewed
    by Pulumi Deployments, and the role (ARN or "") with which a preview reads another account's Identity Center."""

    settings: stack_settings.Settings
    branch: str
    reviewers: tuple[str, ...]
    pull_request_previews: bool
    identity_center_preview_role: str = ""

    @property
    def name(self) -> str:
        return self.settings.running


@dataclass(frozen=True)
class PulumiCloud:
    """Pulumi Deployments: its organisation, whose OIDC provider, and whether ESC environments use it too."""

    organization: str
    provider: OidcProvider
    environments: bool


@dataclass(frozen=True)
class GitHubActions:
    """Deploying by a workflow: where the state is, and whose OIDC provider for GitHub."""

    backend: rights.Backend
    provider: OidcProvider


@dataclass(frozen=True)
class Declaration:
    """All input of the bootstrap of one account. The stacks agree on account, region and GitHub organisation."""

    account: str
    region: str
    github_owner: str
    repository: str
    stacks: tuple[Stack, ...]
    checks: tuple[str, ...]
    approvals: int
    tags: tuple[str, ...]
    pulumi_cloud: PulumiCloud | None
    github_actions: GitHubActions | None
    guarded_elsewhere: tuple[str, ...] = ()
    code_owners: bool = False
    drift_detection: str = ""
    """When the stacks are compared with AWS and GitHub: a cron expression, or "" = never."""

    @property
    def branches(self) -> tuple[str, ...]:
        """The branches that deploy, each once."""
        return tuple(dict.fromkeys(one.branch for one in self.stacks))


# --------------------------------------------------------------------------------------------------------------------- rules


Problems = Iterator[Problem]


def _key(name: str) -> str:
    return f"{PROJECT}:{name}"


@dataclass(frozen=True)
class _Bootstrap:
    """One bootstrap's stack file, what it says of the account, and the settings of its stacks."""

    file: str
    own: Mapping[str, Any]
    declared: Declared
    stacks: Mapping[str, stack_settings.Settings]

    @property
    def account(self) -> str:
        return self.own["aws:allowedAccountIds"][0]

    @property
    def repository(self) -> str:
        """GitHub's names know no case."""
        return f"{self.own['github:owner']}/{self.declared.repository}".casefold()

    def beside(self) -> list[apart.Beside]:
        account = apart.Account(Registry("aws", self.account, self.own["aws:region"], ""), _backend(self.declared.github_actions))
        roles = {name: one.identity_center_preview_role for name, one in self.declared.stacks.items()}
        return [apart.Beside(one, account, roles[one.running], self.file) for one in self.stacks.values()]


def _rules(bootstrap: _Bootstrap, others: list[_Bootstrap]) -> Problems:
    yield from _own_rules(bootstrap.file, bootstrap.declared, bootstrap.stacks, bootstrap.own)
    yield from _beside_each_other(bootstrap, [other for other in others if other.account == bootstrap.account])
    yield from _beside_other_bootstraps(bootstrap, others)


def _own_rules(file: str, declared: Declared, stacks: Mapping[str, stack_settings.Settings], own: Mapping[str, Any]) -> Problems:
    if declared.pulumi_cloud is None and declared.github_actions is None:
        yield Problem(file, _key("pulumiCloud"), NOTHING, "pulumiCloud, githubActions or both: something has to deploy")
    if not declared.approvals:
        yield Problem(file, _key("approvals"), 0, "1 to 10: a push to a deploying branch deploys without another approval")
    if declared.github_actions and not declared.pulumi_cloud and declared.drift_detection not in ("never", DRIFT_SCHEDULE):
        allowed = "never, or no value, with githubActions alone: .github/workflows/drift.yml has the schedule"
        yield Problem(file, _key("driftDetection"), declared.drift_detection, allowed)
    yield from _drift(file, declared, stacks)
    for index, tag in enumerate(declared.tags):
        if wrong := "one tag, not a pattern" if is_pattern(tag) else wrong_branch(tag):
            yield Problem(file, _key(f"tags.{index}"), tag, wrong)
    for name, one in declared.stacks.items():
        wrong = wrong_branch(one.branch) if one.branch else "a branch"
        if wrong or is_pattern(one.branch):
            yield Problem(file, _key(f"stacks.{name}.branch"), one.branch or NOTHING, wrong or "one branch, not a pattern")
        if one.reviewers and declared.github_actions is None:
            allowed = "nothing without githubActions: Pulumi Deployments has no approval before a deployment"
            yield Problem(file, _key(f"stacks.{name}.reviewers"), one.reviewers, allowed)
    for settings in stacks.values():
        yield from _stack(settings, declared, own)
        yield from _preview_role(file, settings, declared.stacks[settings.running].identity_center_preview_role)
        yield from _registry_stack(file, declared, settings)


def _drift(file: str, declared: Declared, stacks: Mapping[str, stack_settings.Settings]) -> Problems:
    """Pulumi Deployments refreshes whole stacks, and GitHub shows an organisation's rulesets only to an App that can write them."""
    scoped = [name for name, one in stacks.items() if one.github_scope is GithubScope.ORGANIZATION]
    if declared.pulumi_cloud and scoped and declared.drift_detection != "never":
        allowed = f"never with pulumiCloud: {', '.join(scoped)} has githubScope: organization, whose rulesets the reading App can't see"
        yield Problem(file, _key("driftDetection"), declared.drift_detection, allowed)


def _no_code_owners(bootstrap: _Bootstrap, root: Path) -> Problems:
    """Without the file GitHub asks for no owner's review, whatever the ruleset says."""
    if bootstrap.declared.code_owners and not any((root / one).is_file() for one in CODE_OWNERS):
        allowed = f"false, or a file {CODE_OWNERS[0]} in the checkout ({CODE_OWNERS[0]}.example is a sample)"
        yield Problem(bootstrap.file, _key("codeOwners"), True, allowed)


def _beside_each_other(bootstrap: _Bootstrap, others: list[_Bootstrap]) -> Problems:
    """No stack reaches what another one of the account creates, also of another bootstrap: IAM knows no regions. Names of roles and of
    environments don't tell upper case from lower."""
    own = [*bootstrap.stacks]
    names = [*own, *(name for other in others for name in other.stacks)]
    for name, count in Counter(name.casefold() for name in names).items():
        alike = [stack for stack in names if stack.casefold() == name]
        if count > 1 and {*alike} & {*own}:
            allowed = "names that differ by more than case, in all bootstraps of the account: AWS ignores the case of their roles' names"
            yield Problem(bootstrap.file, _key("stacks"), alike, allowed)
    for one in apart.reached([*bootstrap.beside(), *(each for other in others for each in other.beside())]):
        project = next(each.stacks[one.stack].project for each in (bootstrap, *others) if one.stack in each.stacks)
        key = f"{project}:{one.key}" if one.key else ""
        other = {"": "another name of the stack", "iam.path": "another iam.path, or another name of the stack"}.get(
            one.key, f"another {one.key}"
        )
        allowed = f"{other}: its rights would reach {one.thing.what}"
        yield Problem(f"Pulumi.{one.stack}.yaml", key, Words(one.pattern), allowed)


def _beside_other_bootstraps(bootstrap: _Bootstrap, others: list[_Bootstrap]) -> Problems:
    """What there is once: an account's OIDC provider of a URL, and a repository's Actions variables for `deploy.yml`."""
    for other in others:
        for name in ("pulumi_cloud", "github_actions"):
            ours, theirs, key = getattr(bootstrap.declared, name), getattr(other.declared, name), _key(f"{to_camel(name)}.oidcProvider")
            if other.account == bootstrap.account and ours and theirs and OidcProvider.CREATE is ours.oidc_provider is theirs.oidc_provider:
                allowed = f"existing in this file or in {other.file}: an account has one provider per URL"
                yield Problem(bootstrap.file, key, ours.oidc_provider, allowed)
        if bootstrap.declared.github_actions and other.declared.github_actions and bootstrap.repository == other.repository:
            allowed = (
                f"pulumiCloud here or in {other.file}, or another repository for the program: deploy.yml reads its settings from the "
                "repository's variables, which exist once"
            )
            yield Problem(bootstrap.file, _key("githubActions"), Words("githubActions a second time"), allowed)


def _stack(settings: stack_settings.Settings, declared: Declared, own: Mapping[str, Any]) -> Problems:
    file, project = f"Pulumi.{settings.stack}.yaml", settings.project
    wanted = (("aws:region", settings.region), ("github:owner", settings.github_owner))
    for key, got in wanted:
        if got != own[key]:
            yield Problem(file, key, got, f"{own[key]}; the bootstrap has this value, and another value needs another bootstrap")
    if list(settings.allowed_account_ids) != own["aws:allowedAccountIds"]:
        yield Problem(
            file, "aws:allowedAccountIds", list(settings.allowed_account_ids), f"{own['aws:allowedAccountIds']}, as the bootstrap's"
        )
        return
    registry = Registry("aws", own["aws:allowedAccountIds"][0], settings.region, settings.domain.name)
    stack = Deployed(registry, settings.stack)
    bound = re.sub(r"^arn:aws[a-z-]*:", "arn:aws:", settings.iam.permissions_boundary)
    if bound != stack.boundary_arn:
        allowed = f"{stack.boundary_arn} (in its own partition), the bootstrap's boundary"
        yield Problem(file, f"{project}:iam.permissionsBoundary", settings.iam.permissions_boundary or NOTHING, allowed)
    deployer = f"{BOOTSTRAP_PATH}{role_name(settings.running, Access.DEPLOY)}".strip("/")
    if settings.iam.deployers and deployer not in settings.iam.deployers:
        allowed = f"{deployer} among them: the domain's policy would refuse the bootstrap's deployer"
        yield Problem(file, f"{project}:iam.deployers", list(settings.iam.deployers), allowed)
    if declared.github_actions and settings.oidc_provider is not OidcProvider.EXISTING:
        allowed = "existing: with githubActions, the bootstrap takes care of GitHub's provider"
        yield Problem(file, f"{project}:githubOidcProvider", settings.oidc_provider, allowed)
    yield from _oversize(file, settings, registry, declared)


def _preview_role(file: str, settings: stack_settings.Settings, role: str) -> Problems:
    key, creator = _key(f"stacks.{settings.running}.identityCenterPreviewRole"), settings.developers.role_arn if settings.developers else ""
    if role and settings.team_stack:
        yield Problem(file, key, role, f"nothing: {settings.stack} alone, the registry stack, looks at Identity Center")
    elif role and not creator:
        allowed = f"nothing: Pulumi.{settings.stack}.yaml reaches Identity Center without a role (developers.roleArn)"
        yield Problem(file, key, role, allowed)
    elif role and role == creator:
        yield Problem(file, key, role, "another role, which only reads: a pull request's code runs with it")
    elif role and role.split(":")[4] != creator.split(":")[4]:
        yield Problem(file, key, role, f"a role of the account {creator.split(':')[4]}, as developers.roleArn")


def _registry_stack(file: str, declared: Declared, settings: stack_settings.Settings) -> Problems:
    """A team stack's roles have its registry stack's boundary, which the same bootstrap makes, and both are of one commit."""
    registry, branch = declared.stacks.get(settings.stack), declared.stacks[settings.running].branch
    if registry is None:
        allowed = f"{settings.stack} among them too: it is the registry stack of {settings.running}"
        yield Problem(file, _key("stacks"), sorted(declared.stacks), allowed)
    elif branch != registry.branch:
        allowed = f"{registry.branch}, which deploys its registry stack {settings.stack}"
        yield Problem(file, _key(f"stacks.{settings.running}.branch"), branch, allowed)


def _oversize(file: str, settings: stack_settings.Settings, registry: Registry, declared: Declared) -> Problems:
    backend = _backend(declared.github_actions)
    for access in Access:
        role = declared.stacks[settings.running].identity_center_preview_role
        size = sum(len(text(one)) for one in rights.documents(settings, registry, access, backend, role).values())
        if size > sizes.INLINE_MAX:
            got = Words(f"policies of {size:,} characters for the role that {access}s")
            fewer = "own fewer names, or give one of its teams another stack" if settings.team_stack else "list fewer build roles"
            yield Problem(f"Pulumi.{settings.running}.yaml", "", got, f"at most {sizes.INLINE_MAX:,}: {fewer}")
    size = len(text(rights.boundary(settings, registry)))
    if size > sizes.MANAGED_MAX:
        allowed = f"at most {sizes.MANAGED_MAX:,}: list fewer pipelines"
        yield Problem(file, f"{settings.project}:events.pipelines", Words(f"a boundary of {size:,} characters"), allowed)


# ------------------------------------------------------------------------------------------------------------------- reading


def _backend(shape: _GitHubActionsShape | None) -> rights.Backend | None:
    return rights.Backend(shape.state_bucket, shape.state_key) if shape else None


def _required(config: Mapping[str, Any], file: str) -> dict[str, Any]:
    own = {key: config.get(key) for key in ("aws:region", "aws:allowedAccountIds", "github:owner")}
    problems = [
        Problem(file, key, NOTHING, "a value: what the bootstrap creates belongs to one account") for key, value in own.items() if not value
    ]
    accounts = own["aws:allowedAccountIds"]
    if accounts and not (isinstance(accounts, list) and len(accounts) == 1):
        problems.append(Problem(file, "aws:allowedAccountIds", accounts, "a list with one account"))
    if problems:
        raise SettingsError(problems)
    return own


def _unknown(config: Mapping[str, Any], file: str) -> list[Problem]:
    own = [key.removeprefix(f"{PROJECT}:") for key in config if key.startswith(f"{PROJECT}:")]
    return [Problem(file, _key(key), Words("an unknown key"), ", ".join(_KEYS)) for key in own if key not in _KEYS]


def _shape(config: Mapping[str, Any], file: str) -> Declared:
    values = {key: config[_key(key)] for key in _KEYS if config.get(_key(key)) not in (None, {})}
    declared, findings = fit(Declared, values, {}, {})
    problems = [*_unknown(config, file), *(one.problem(file, f"{PROJECT}:") for one in findings)]
    if problems or declared is None:
        raise SettingsError(problems)
    return declared


def _stack_files(root: Path, names: list[str]) -> dict[str, stack_settings.Settings]:
    project = stack_settings.read_project_file(root)
    read, problems = {}, []
    for name in names:
        try:
            config = stack_settings.read_stack_file(root / f"Pulumi.{name}.yaml")
            read[name] = stack_settings.parse(project, config, root, project["name"], name)
        except SettingsError as error:
            problems += error.problems
    if problems:
        raise SettingsError(problems)
    return read


def _read(config: Mapping[str, Any], root: Path, file: str) -> _Bootstrap:
    own = _required(config, file)
    declared = _shape(config, file)
    return _Bootstrap(file, own, declared, _stack_files(root, list(declared.stacks)))


def _others(root: Path, file: str) -> list[_Bootstrap]:
    """The bootstraps beside this one, of its account and of others. Raises SettingsError where one can't be read."""
    folder = root / "bootstrap"
    files = {f"bootstrap/{path.name}": path for path in sorted(folder.glob("Pulumi.*.yaml"))}
    return [_read({**defaults(folder), **stack_settings.read_stack_file(path)}, root, name) for name, path in files.items() if name != file]


def parse(config: Mapping[str, Any], root: Path, file: str) -> Declaration:
    """The declaration of one account. Reads the stack files in `root` and the files of other bootstraps, with which it is compared; raises
    SettingsError with every problem.

    `config` has full keys and values as YAML has them, Pulumi.yaml's defaults included; `file` is what problems call it.
    """
    bootstrap = _read(config, root, file)
    problems = [*_rules(bootstrap, _others(root, file)), *_no_code_owners(bootstrap, root)]
    if problems:
        raise SettingsError(problems)
    own, declared, stacks = bootstrap.own, bootstrap.declared, bootstrap.stacks
    cloud, actions = declared.pulumi_cloud, declared.github_actions
    return Declaration(
        account=own["aws:allowedAccountIds"][0],
        region=own["aws:region"],
        github_owner=own["github:owner"],
        repository=declared.repository,
        stacks=tuple(
            Stack(stacks[name], one.branch, tuple(one.reviewers), one.pull_request_previews, one.identity_center_preview_role)
            for name, one in declared.stacks.items()
        ),
        checks=tuple(declared.checks),
        approvals=declared.approvals,
        tags=tuple(declared.tags),
        pulumi_cloud=PulumiCloud(cloud.organization, cloud.oidc_provider, cloud.environments) if cloud else None,
        github_actions=GitHubActions(rights.Backend(actions.state_bucket, actions.state_key), actions.oidc_provider) if actions else None,
        guarded_elsewhere=tuple(declared.guarded_elsewhere),
        drift_detection="" if declared.drift_detection == "never" else declared.drift_detection,
        code_owners=declared.code_owners,
    )


def defaults(folder: Path) -> dict[str, Any]:
    """The defaults of Pulumi.yaml in the bootstrap's folder, by full key."""
    declared = read_mapping(folder / "Pulumi.yaml", "bootstrap/Pulumi.yaml")["config"]
    return {_key(key): one["default"] for key, one in declared.items() if "default" in one}
