"""A stack's configuration: reading it, and its rules."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from plan.declared import PROMOTION_WORKFLOW_FILE, AnnouncedPackages, DeveloperMode, Encryption
from policies import namespaces
from policies.deployments import BOOTSTRAP_PATH
from policies.events import PIPELINES_MAX
from policies.names import STACK_NAME_MAX, RoleKind
from policies.namespaces import Namespace
from policies.owned_names import Format
from policies.roles.developer import DEVELOPERS
from policy_pack.rules.documents import meet
from settings import regions
from settings.problems import DEPTH_MAX, MAPPING, NOTHING, Problem, SettingsError, Words, encodable, misread, nearest, one_of
from settings.provider_keys import CREDENTIAL_KEYS, PROVIDER_KEYS
from settings.shapes import (
    ANY_WORKFLOW,
    DOMAIN_NAME,
    FOLDER,
    GITHUB_OWNER,
    PUBLISHING_WORKFLOW_FILE,
    TAKEN_OUT,
    EventsShape,
    ProviderShape,
    StackShape,
    fit,
    keys_of,
    repeated,
)

PROJECT_FILE = "Pulumi.yaml"
_ACCOUNTS = "aws:allowedAccountIds"


class StackFile(NamedTuple):
    """A stack's configuration without what is wrong with single values, and the file to name in problems."""

    stack: str
    file: str
    project: str
    shape: StackShape
    providers: ProviderShape

    def problem(self, key: str, got: object, allowed: str) -> Problem:
        return Problem(self.file, key, got, allowed)


Problems = Iterator[Problem]


# ------------------------------------------------------------------------------------------------------------------------------ reading


def _declared(project_file: Mapping[str, Any], project: str) -> dict[str, Mapping[str, Any]]:
    """The project's keys of Pulumi.yaml's `config:`, without the project's name in front. Raises SettingsError."""
    config = project_file.get("config", {}) if isinstance(project_file, Mapping) else None
    if not isinstance(config, Mapping):
        raise SettingsError([Problem(PROJECT_FILE, "config", misread(config) or config, MAPPING)])
    own = {str(key).removeprefix(f"{project}:"): one for key, one in config.items()}
    wrong = [key for key, one in own.items() if ":" not in key and not isinstance(one, Mapping)]
    if wrong:
        raise SettingsError(Problem(PROJECT_FILE, f"config.{key}", own[key], "a mapping of type, description and default") for key in wrong)
    return {key: one for key, one in own.items() if ":" not in key}


def defaults(project_file: Mapping[str, Any], project: str) -> dict[str, Any]:
    """The defaults of Pulumi.yaml, by full key. Raises SettingsError."""
    return {f"{project}:{key}": one["default"] for key, one in _declared(project_file, project).items() if "default" in one}


def _decoded(value: Any, kind: Any) -> Any:
    """A value as YAML has it: the engine hands everything to the program as text (objects and lists as JSON)."""
    kinds: dict[Any, Any] = {"object": dict, "array": list, "integer": int, "boolean": bool, None: (dict, list)}
    if not isinstance(value, str) or kind not in kinds:
        return value
    try:
        decoded = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return decoded if isinstance(decoded, kinds[kind]) and _readable(decoded) else value


def _readable(data: Any, depth: int = 0) -> bool:
    """Whether data is text that UTF-8 has, all through, and not too deep."""
    if isinstance(data, dict):
        return depth < DEPTH_MAX and all(_readable(key, depth) and _readable(value, depth + 1) for key, value in data.items())
    if isinstance(data, list):
        return depth < DEPTH_MAX and all(_readable(value, depth + 1) for value in data)
    return encodable(data) if isinstance(data, str) else True


def _other_namespace(key: str, project: str) -> str | None:
    """What is allowed instead of a key that is not the project's, or None if it is a good one."""
    namespace, _, name = key.partition(":")
    if key in CREDENTIAL_KEYS:
        return "credentials in the environment, because a provider's configuration is written into the state"
    if namespace in PROVIDER_KEYS:
        return None if name in PROVIDER_KEYS[namespace] else one_of(name, sorted(PROVIDER_KEYS[namespace]))
    if namespace == "pulumi":
        return None
    known = [*(f"{project}:{one}" for one in keys_of(StackShape)), *keys_of(ProviderShape)]
    close = nearest(key if name else f"{project}:{key}", known)
    return f"keys of {project}, aws, github and pulumi{f' (did you mean {close}?)' if close else ''}"


def other_namespaces(config: Mapping[Any, Any], project: str, file: str) -> Problems:
    """Keys that are not the project's and that no stack file may have."""
    for key in config:
        if not isinstance(key, str):
            yield Problem(file, str(key), misread(key) or key, "text as a key, such as aws:region")
        elif not key.startswith(f"{project}:"):
            allowed = _other_namespace(key, project)
            if allowed:
                # Never the value: it may be a credential.
                yield Problem(file, key, Words("a credential" if key in CREDENTIAL_KEYS else "an unknown key"), allowed)


def read(
    project_file: Mapping[str, Any], config: Mapping[str, object], project: str, stack: str
) -> tuple[StackFile | None, str | None, list[Problem]]:
    """A stack's configuration, its catalog's folder, and what is wrong with single values.

    None where they can't be read. Raises SettingsError if Pulumi.yaml itself can't be used.
    """
    file, prefix = f"Pulumi.{stack}.yaml", f"{project}:"
    declared = _declared(project_file, project)
    defaults = {key: one[name] for key, one in declared.items() for name in ("value", "default") if name in one}
    own = {key.removeprefix(prefix): value for key, value in config.items() if isinstance(key, str) and key.startswith(prefix)}
    # An unknown key stays as it was given: it is told of so.
    decoded = {key: _decoded(value, declared[key].get("type")) if key in declared else value for key, value in own.items()}
    given = {key: value for key, value in decoded.items() if _readable({key: value})}
    shape, findings = fit(StackShape, {**defaults, **given}, {}, defaults)
    problems = [one.problem(file if one.path and one.path[0] in given else PROJECT_FILE, prefix) for one in findings]
    theirs = {key: _decoded(config[key], "array" if key == _ACCOUNTS else "string") for key in keys_of(ProviderShape) if key in config}
    providers, findings = fit(ProviderShape, theirs, {}, {})
    problems += [one.problem(file) for one in (*findings, *repeated(theirs))]
    unreadable = [key for key in decoded if key not in given]
    problems += [Problem(file, prefix + key, decoded[key], "text in UTF-8, nested only a few levels deep") for key in unreadable]
    problems += [one.problem(file, prefix) for one in repeated(given)]
    problems += other_namespaces(config, project, file)
    read = StackFile(stack, file, project, shape, providers) if shape and providers else None
    folder = shape.catalog if shape else given.get("catalog")
    return read, folder if isinstance(folder, str) else None, problems


# -------------------------------------------------------------------------------------------------------------------------------- rules


def _required(stack: StackFile) -> Problems:
    required = (
        ("aws:region", stack.providers.region, regions.ALLOWED),
        ("github:owner", stack.providers.github_owner, GITHUB_OWNER),
        (f"{stack.project}:domain.name", stack.shape.domain.name, DOMAIN_NAME),
        (f"{stack.project}:catalog", stack.shape.catalog, FOLDER),
    )
    for key, value, allowed in required:
        if not value:
            yield stack.problem(key, NOTHING, allowed)


def _own_account(stack: StackFile) -> Problems:
    own = stack.providers.allowed_account_ids
    for index, account in enumerate(stack.shape.sharing.accounts):
        if account in own:
            yield stack.problem(f"{stack.project}:sharing.accounts.{index}", account, "other accounts: this one is the stack's own")
    boundary = stack.shape.iam.permissions_boundary
    # The fifth part of an ARN: the account, or `aws` for AWS's own policies.
    if own and boundary and boundary.split(":")[4] not in ("aws", *own):
        allowed = f"a policy of the stack's own account ({', '.join(own)}) or of AWS"
        yield stack.problem(f"{stack.project}:iam.permissionsBoundary", boundary, allowed)


def _encryption_key(stack: StackFile) -> Problems:
    """A domain takes a key of its own region alone. https://docs.aws.amazon.com/codeartifact/latest/APIReference/API_CreateDomain.html"""
    key, region = stack.shape.domain.encryption, stack.providers.region
    if key not in tuple(Encryption) and region and not key.startswith(f"arn:aws:kms:{region}:"):
        allowed = f"customer, aws, or a key of {region}, where the domain is (arn:aws:kms:{region}:ACCOUNT:key/ID)"
        yield stack.problem(f"{stack.project}:domain.encryption", key, allowed)


def _shared_with(stack: StackFile) -> Problems:
    sharing, key = stack.shape.sharing, f"{stack.project}:sharing"
    if sharing.organization_id and sharing.organization_paths:
        allowed = "one of organizationId and organizationPaths: the id already admits the whole organisation"
        yield stack.problem(f"{key}.organizationPaths", sharing.organization_paths, allowed)
    if sharing.downstream and not (sharing.organization_id or sharing.organization_paths or sharing.accounts):
        yield stack.problem(
            f"{key}.downstream", sharing.downstream, "nothing, because nobody is shared with: add an organisation or accounts"
        )


def _developers(stack: StackFile) -> Problems:
    developers, key = stack.shape.developers, f"{stack.project}:developers"
    if developers.model_fields_set and not developers.groups:
        yield stack.problem(
            f"{key}.groups", NOTHING, "at least one group of IAM Identity Center, such as [Engineering]; or leave developers out"
        )
    if developers.mode is DeveloperMode.POLICY:
        for name, value in (("region", developers.region), ("roleArn", developers.role_arn)):
            if value:
                allowed = "nothing with mode: policy, which creates nothing in IAM Identity Center"
                yield stack.problem(f"{key}.{name}", value, allowed)


def _builds(stack: StackFile) -> Problems:
    """The read policy denies every write, also what its role may by other policies: these roles need theirs."""
    own, denies = f"{stack.shape.iam.path}{stack.stack}-".removeprefix("/"), "the read policy denies every write"
    # An account has no two roles whose names differ in path or case alone.
    deployers = {one.rpartition("/")[2].casefold() for one in stack.shape.iam.deployers if one}
    for index, role in enumerate(stack.shape.builds.roles):
        key = f"{stack.project}:builds.roles.{index}"
        if role.casefold().startswith(own.casefold()):
            yield stack.problem(key, role, f"roles that are not this stack's own ({own}...), which may publish or promote: {denies}")
        elif f"/{role}".casefold().startswith(BOOTSTRAP_PATH):
            yield stack.problem(key, role, f"roles that are not the bootstrap's ({BOOTSTRAP_PATH}...), which deploy: {denies}")
        elif role.rpartition("/")[2].casefold() in deployers:
            yield stack.problem(key, role, f"roles that are not in {stack.project}:iam.deployers, which run pulumi up: {denies}")


def _events(stack: StackFile) -> Problems:
    events, key = stack.shape.events, f"{stack.project}:events"
    if not events.states:
        yield stack.problem(f"{key}.states", [], "at least one state, such as [Published]")
    if bool(events.slack.workspace) != bool(events.slack.channel):
        missing = "channel" if events.slack.workspace else "workspace"
        yield stack.problem(f"{key}.slack.{missing}", NOTHING, "an id: a channel belongs to a workspace, so both are named")
    if len(events.pipelines) > PIPELINES_MAX:
        got = Words(f"{len(events.pipelines)} pipelines")
        yield stack.problem(f"{key}.pipelines", got, f"at most {PIPELINES_MAX}: AWS gives a rule five targets, and one is the topic")
    narrowed = events.packages is not AnnouncedPackages.OWNED or events.model_fields_set & {"states"}
    if narrowed and not announces(events):
        allowed = "a receiver (email, https, sqs, slack, pipelines), or repositories, if others subscribe themselves"
        yield stack.problem(key, NOTHING, allowed)


def declared_namespaces(stack: StackFile) -> tuple[dict[Format, list[Namespace]], list[Problem]]:
    """What the stack's catalogs may own, by format, and what is wrong with it."""
    declared: dict[Format, list[Namespace]] = {}
    problems: list[Problem] = []
    for format in Format:
        for index, text in enumerate(stack.shape.namespaces.of(format)):
            if text is TAKEN_OUT:
                continue
            try:
                declared.setdefault(format, []).append(namespaces.parse(format, text))
            except ValueError as error:
                problems.append(stack.problem(f"{stack.project}:namespaces.{format}.{index}", text, str(error)))
    return declared, problems


def _namespaces(stack: StackFile) -> Problems:
    yield from declared_namespaces(stack)[1]


def announces(events: EventsShape) -> bool:
    """Whether a stack sends package events at all."""
    receivers = (events.email, events.https, events.sqs, events.slack.workspace, events.slack.channel, events.pipelines)
    return any(receivers) or bool(events.repositories)


def _own_names(stack: StackFile) -> Problems:
    """The deployer changes whatever is named as the stack's roles are: never what deploys it or what bounds them. `*` crosses `/`."""
    iam, key = stack.shape.iam, f"{stack.project}:iam"
    roles, policies = (f"{kind}{iam.path}{stack.stack}-*" for kind in ("role", "policy"))
    if meet(roles, f"role{BOOTSTRAP_PATH}*"):
        allowed = f"a path under which the stack's roles ({roles}) are not among the bootstrap's (role{BOOTSTRAP_PATH}...)"
        yield stack.problem(f"{key}.path", iam.path, f"{allowed}: the deployer could change itself")
    for index, deployer in enumerate(iam.deployers):
        if meet(roles, f"role/{deployer}"):
            allowed = f"a role that is not among the stack's own ({roles}): the deployer could change itself"
            yield stack.problem(f"{key}.deployers.{index}", deployer, allowed)
    boundary = iam.permissions_boundary
    if "::aws:policy/" not in boundary and meet(policies, boundary.rpartition(":")[2]):
        allowed = f"a policy that is not among the stack's own ({policies}): the deployer could change its bounds"
        yield stack.problem(f"{key}.permissionsBoundary", boundary, allowed)


def _sandbox(stack: StackFile) -> Problems:
    sandbox, key = stack.shape.sandbox, f"{stack.project}:sandbox"
    if sandbox.roles and not sandbox.name:
        yield stack.problem(f"{key}.name", NOTHING, DOMAIN_NAME)
    if not sandbox.name:
        return
    if sandbox.name == stack.shape.domain.name:
        yield stack.problem(f"{key}.name", sandbox.name, "another name than the domain's")
    if not (sandbox.roles or stack.shape.developers.groups):
        allowed = f"at least one role, or {stack.project}:developers: nobody could use the sandbox"
        yield stack.problem(f"{key}.roles", NOTHING, allowed)


def _workflow_of_its_own(stack: StackFile) -> Problems:
    workflow = stack.shape.publishing.workflow
    if workflow.split("@")[0].endswith(f"/{PROMOTION_WORKFLOW_FILE}"):
        allowed = f"another file: {PROMOTION_WORKFLOW_FILE} is the workflow that promotes"
        yield stack.problem(f"{stack.project}:publishing.workflow", workflow, allowed)


def _workflow_of_no_repository(stack: StackFile) -> Problems:
    publishing = stack.shape.publishing
    if publishing.repository_id and publishing.workflow == ANY_WORKFLOW:
        allowed = "nothing with workflow: any, which names no repository"
        yield stack.problem(f"{stack.project}:publishing.repositoryId", publishing.repository_id, allowed)


def _pinned_workflow(stack: StackFile) -> Problems:
    """A commit pins one file, and `publish-package.yml` calls the actions of its repository by the name of a branch."""
    workflow = stack.shape.publishing.workflow
    path, _, ref = workflow.partition("@")
    if path.endswith(f"/{PUBLISHING_WORKFLOW_FILE}") and ref and not ref.startswith("refs/"):
        allowed = (
            f"@refs/heads/BRANCH or @refs/tags/TAG: {PUBLISHING_WORKFLOW_FILE} runs actions from a branch, which a commit id would not pin"
        )
        yield stack.problem(f"{stack.project}:publishing.workflow", workflow, allowed)


def _stack_name(stack: StackFile) -> Problems:
    """Roles are named STACK-KIND-REPOSITORY, and a policy names the promote roles of a stack by pattern.

    The topic and its queue are named by the stack, too, and take no dot; Slack's channel takes no topic that begins with a sign.
    https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    https://docs.aws.amazon.com/chatbot/latest/APIReference/API_CreateSlackChannelConfiguration.html
    """
    if "." in stack.stack and announces(stack.shape.events):
        allowed = f"a stack's name without a dot, or no {stack.project}:events: a topic's name can't have one"
        yield stack.problem("", Words(f"the stack {stack.stack}"), allowed)
    if not stack.stack[:1].isalnum() and announces(stack.shape.events):
        allowed = f"a stack's name that starts with a letter or digit, or no {stack.project}:events: the topic is named after the stack"
        yield stack.problem("", Words(f"the stack {stack.stack}"), allowed)
    kinds = [*(str(kind) for kind in RoleKind), DEVELOPERS]
    if any(part in kinds for part in stack.stack.split("-")[1:]):
        allowed = f"a stack's name without -{', -'.join(kinds)}: its roles would look like those of another stack in the account"
        yield stack.problem("", Words(f"the stack {stack.stack}"), allowed)
    if len(stack.stack) > STACK_NAME_MAX:
        allowed = f"at most {STACK_NAME_MAX} characters: policies match roles by the start of their name, which must not be cut"
        yield stack.problem("", Words(f"a stack's name of {len(stack.stack)}"), allowed)


RULES = (
    _required,
    _own_account,
    _encryption_key,
    _shared_with,
    _developers,
    _builds,
    _events,
    _own_names,
    _sandbox,
    _namespaces,
    _workflow_of_its_own,
    _workflow_of_no_repository,
    _pinned_workflow,
    _stack_name,
)
