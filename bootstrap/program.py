"""What the bootstrap registers, from its declaration and what AWS and GitHub know."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_github as github
from pulumi.runtime import config as runtime_config

import lookups
from bootstrap import declaration, refs, rights
from bootstrap.declaration import Declaration, Stack
from bootstrap.program_repository import Environment, GuardedRepository, ProgramRepository
from bootstrap.pulumi_cloud import DeployedByPulumi, Deployments, paths
from bootstrap.roles import RoleDocuments, RolesOfStack, StackRoles
from policies.arns import GITHUB_OIDC_HOST, Registry
from policies.branches import HEADS
from policies.deployment_tokens import PULUMI_OIDC_URL, PulumiStack, any_of, pulumi_audiences, pulumi_deployments
from policies.deployments import BOOTSTRAP_PATH, Access, Deployed
from policies.github_tokens import AUDIENCE, GitHubRepository, Owner
from policies.guards import TAGS
from policies.roles.deployer import deploying_workflow
from policies.roles.previewer import drift_checks, pull_requests
from settings.problems import SettingsError
from settings.shapes import OidcProvider

# Without these nothing can be deployed, and a boundary that is gone leaves roles that can do nothing.
_KEPT = pulumi.ResourceOptions(protect=True)


@dataclass(frozen=True)
class Facts:
    """What only AWS and GitHub know. `teams` are ids by slug; `tags` those of `refs.tags` that exist, without refs/tags/."""

    partition: str
    repository: GitHubRepository
    default_branch: str
    teams: Mapping[str, int]
    tags: frozenset[str]


def _decoded(config: Mapping[str, Any]) -> dict[str, Any]:
    """Values as YAML has them: the engine hands objects, lists, numbers over as JSON text."""
    decoded = {}
    for key, value in config.items():
        decoded[key] = value
        if isinstance(value, str) and (key.startswith(declaration.PROJECT) or key == "aws:allowedAccountIds"):
            try:
                decoded[key] = json.loads(value)
            except ValueError:
                decoded[key] = value
    return decoded


def load(folder: Path) -> Declaration:
    """The declaration of the running stack. Raises pulumi.RunError with every problem."""
    given = _decoded({**runtime_config.get_config_env(), **runtime_config.CONFIG.get()})
    try:
        return declaration.parse({**declaration.defaults(folder), **given}, folder.parent, f"bootstrap/Pulumi.{pulumi.get_stack()}.yaml")
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from error


def look_up(declared: Declaration) -> Facts:
    """Ask AWS and GitHub. Raises pulumi.RunError."""
    owner = github.get_organization(name=declared.github_owner, summary_only=True)
    full_name = f"{declared.github_owner}/{declared.repository}"
    seen = github.get_repository(full_name=full_name)
    # The provider answers nothing for a repository that is not there or not visible.
    if not seen.repo_id or seen.full_name != full_name:
        raise pulumi.RunError(
            f"got {seen.full_name or 'no repository'} from GitHub; expected {full_name}; correct the name, or let the credential see it"
        )
    repository = GitHubRepository(Owner(owner.login, int(owner.id)), seen.name, seen.repo_id)
    slugs = dict.fromkeys(slug for one in declared.stacks for slug in one.reviewers)
    teams = {slug: int(github.get_team(slug=slug, summary_only=True).id) for slug in slugs}
    tags = _existing_tags(refs.tags(declared, seen.default_branch), repository, seen.default_branch)
    return Facts(aws.get_partition().partition, repository, seen.default_branch, teams, tags)


def _existing_tags(wanted: Sequence[str], repository: GitHubRepository, default_branch: str) -> frozenset[str]:
    """Which of these tags are there. Raises pulumi.RunError if the credential sees no refs.

    The provider answers nothing for a ref that is not there, that the credential may not see, or that is asked for without an owner: a
    branch that is surely there distinguishes the first from the others.
    """

    def there(ref: str) -> bool:
        return bool(github.get_ref(owner=repository.owner.login, repository=repository.name, ref=ref.removeprefix("refs/")).sha)

    if not there(f"{HEADS}{default_branch}"):
        full_name = f"{repository.owner.login}/{repository.name}"
        raise pulumi.RunError(
            f"got no {HEADS}{default_branch} of {full_name} from GitHub; expected the default branch; give the credential Contents: read, "
            "or push that branch"
        )
    return frozenset(ref.removeprefix(TAGS) for ref in wanted if there(ref))


def _check_refs(declared: Declaration, facts: Facts, root: Path) -> None:
    """Raises pulumi.RunError, with every problem, if code of the repository would run from a ref that nothing guards."""
    try:
        called = refs.calls(root, f"{facts.repository.owner.login}/{facts.repository.name}")
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from error
    found = refs.problems(declared, facts.default_branch, facts.tags, called, f"bootstrap/Pulumi.{pulumi.get_stack()}.yaml")
    if found:
        raise pulumi.RunError(str(SettingsError(found)))


def _check_repositories(declared: Declaration, facts: Facts) -> None:
    """Raises LookupProblems if a trusted workflow's repository is another one than is meant, or an environment was there before."""
    unanswered: list[str] = []
    ask = lookups.Asking(unanswered)
    found = [*_workflow_repositories(declared, facts, ask), *(_environments(declared, facts, ask) if declared.github_actions else [])]
    if unanswered or found:
        raise lookups.LookupProblems(unanswered or found)


def _workflow_repositories(declared: Declaration, facts: Facts, ask: lookups.Asking) -> list[str]:
    """This credential sees more than those of the stacks, so it compares what those may not see."""
    program, elsewhere = facts.repository, {one.name: named for one, named in refs.workflows_elsewhere(declared)}
    own = lookups.WorkflowRepository(f"{program.owner.login}/{program.name}", program.id)
    found = []
    for one in declared.stacks:
        named, id, where = one.settings.publishing.repository, one.settings.publishing.repository_id, f"Pulumi.{one.name}.yaml"
        if named is None:
            continue
        look = partial(lookups.see_workflow_repository, named)
        seen = ask(f"{where}: {named}", look, lookups.WorkflowRepository("")) if one.name in elsewhere else own
        why = lookups.wrong_workflow_repository(named, id, seen) if seen.full_name else f"publishing.workflow: {named} is not visible"
        found += [f"{where}: {one.settings.project}:{why}"] if why else []
    return found


def _environments(declared: Declaration, facts: Facts, ask: lookups.Asking) -> list[str]:
    """Environments called like the stacks that are there, and not by this bootstrap."""
    repository = facts.repository
    state = ask("pulumi: this stack's own state", lookups.own_state, lookups.State())
    former = {repository.name, *(name for name, id in state.repository_ids.items() if id == repository.id)}
    wanted = [one.name for one in declared.stacks if not any((name, one.name) in state.environments for name in former)]
    full_name = f"{repository.owner.login}/{repository.name}"
    there = ask(f"{full_name}: its environments", lambda: lookups.see_environments(full_name, wanted), {})
    instead = "Delete it there, or give the stack another name"
    return [f"{full_name} {lookups.there_before(repository.name, name, found, instead)}" for name, found in there.items()]


def run(folder: Path) -> None:
    """Register everything."""
    declared = load(folder)
    facts = look_up(declared)
    _check_refs(declared, facts, folder.parent)
    _check_repositories(declared, facts)
    guarded = _repository(declared, facts)
    providers = _providers(declared)
    for one in declared.stacks:
        _stack(declared, facts, one, guarded, providers)


def _registry(declared: Declaration, facts: Facts, domain: str) -> Registry:
    return Registry(facts.partition, declared.account, declared.region, domain)


def _providers(declared: Declaration) -> list[pulumi.Resource]:
    """OIDC providers. Other programs of the account may rely on one, ESC for example: it stays when this stack goes."""
    created: list[pulumi.Resource] = []
    stays = pulumi.ResourceOptions(retain_on_delete=True)
    cloud, actions = declared.pulumi_cloud, declared.github_actions
    if cloud and cloud.provider is OidcProvider.CREATE:
        audiences = pulumi_audiences(cloud.organization, cloud.environments)
        created.append(aws.iam.OpenIdConnectProvider("pulumi", url=PULUMI_OIDC_URL, client_id_lists=audiences, opts=stays))
    if actions and actions.provider is OidcProvider.CREATE:
        url = f"https://{GITHUB_OIDC_HOST}"
        created.append(aws.iam.OpenIdConnectProvider("github", url=url, client_id_lists=[AUDIENCE], opts=stays))
    return created


def _repository(declared: Declaration, facts: Facts) -> ProgramRepository:
    """The repository that holds the program. Who deploys by GitHub Actions gets environments and variables for it."""
    environments: tuple[Environment, ...] = ()
    variables: dict[str, str] = {}
    if declared.github_actions:
        environments = tuple(
            Environment(one.name, one.branch, tuple(facts.teams[slug] for slug in one.reviewers)) for one in declared.stacks
        )
        variables = {
            "PACKAGE_FLOW_STACKS": _by_branch(declared, [one for one in declared.stacks if not one.settings.team_stack]),
            "PACKAGE_FLOW_BACKEND": f"s3://{declared.github_actions.backend.bucket}?region={declared.region}",
            "PACKAGE_FLOW_ROLES": f"arn:{facts.partition}:iam::{declared.account}:role{BOOTSTRAP_PATH}",
            "PACKAGE_FLOW_REGION": declared.region,
        }
        if teams := [one for one in declared.stacks if one.settings.team_stack]:
            variables["PACKAGE_FLOW_TEAM_STACKS"] = _by_branch(declared, teams)
        if declared.drift_detection:
            checked = [{"stack": one.name, "branch": one.branch} for one in declared.stacks]
            variables["PACKAGE_FLOW_DRIFT"] = json.dumps(checked, separators=(",", ":"))
        readers = {one.name: one.identity_center_preview_role for one in declared.stacks if one.identity_center_preview_role}
        if readers:
            variables["PACKAGE_FLOW_IDENTITY_CENTER"] = json.dumps(readers, separators=(",", ":"))
    guarded = GuardedRepository(
        name=facts.repository.name,
        bootstrap=pulumi.get_stack(),
        default_branch=facts.default_branch,
        branches=declared.branches,
        tags=tuple(refs.tags(declared, facts.default_branch)),
        approvals=declared.approvals,
        checks=declared.checks,
        environments=environments,
        variables=variables,
        code_owners=declared.code_owners,
    )
    return ProgramRepository(declared.repository, guarded, _KEPT)


def _by_branch(declared: Declaration, stacks: Sequence[Stack]) -> str:
    """The stacks that each branch deploys, as JSON; a branch without any is left out."""
    listed = {branch: [one.name for one in stacks if one.branch == branch] for branch in declared.branches}
    return json.dumps({branch: names for branch, names in listed.items() if names}, separators=(",", ":"))


def documents(declared: Declaration, registry: Registry, facts: Facts, stack: Stack, access: Access) -> RoleDocuments:
    """Who may assume one of a stack's two roles, and what it may do."""
    cloud, actions, forms = declared.pulumi_cloud, declared.github_actions, stack.settings.subjects
    ways = []
    if cloud:
        deployed = PulumiStack(cloud.organization, stack.settings.project, stack.name)
        ways.append(pulumi_deployments(registry, deployed, access))
    if actions and access is Access.DEPLOY:
        ways.append(deploying_workflow(registry, facts.repository, stack.branch, stack.name, forms))
    elif actions:
        ways.append(pull_requests(registry, facts.repository, forms))
        if declared.drift_detection:
            ways.append(drift_checks(registry, facts.repository, facts.default_branch, forms))
    backend = actions.backend if actions else None
    allowed = rights.documents(stack.settings, registry, access, backend, stack.identity_center_preview_role)
    return RoleDocuments(any_of(ways), allowed)


def _stack(declared: Declaration, facts: Facts, stack: Stack, guarded: ProgramRepository, providers: list[pulumi.Resource]) -> None:
    registry = _registry(declared, facts, stack.settings.domain.name)
    planned = RolesOfStack(
        Deployed(registry, stack.name),
        None if stack.settings.team_stack else rights.boundary(stack.settings, registry),
        documents(declared, registry, facts, stack, Access.PREVIEW),
        documents(declared, registry, facts, stack, Access.DEPLOY),
    )
    roles = StackRoles(stack.name, planned, [*providers, *guarded.guards], _KEPT)
    if declared.pulumi_cloud:
        deployments = Deployments(
            stack=PulumiStack(declared.pulumi_cloud.organization, stack.settings.project, stack.name),
            repository=f"{facts.repository.owner.login}/{facts.repository.name}",
            branch=stack.branch,
            paths=paths(stack.name, stack.settings.catalog, stack.settings.stack),
            previews=stack.pull_request_previews,
            region=declared.region,
            identity_center_preview_role=stack.identity_center_preview_role,
            drift_detection=declared.drift_detection,
        )
        DeployedByPulumi(f"{stack.name}-deployments", deployments, roles.preview_role_arn, roles.deploy_role_arn)
    boundary = {"boundary": roles.boundary_arn} if roles.boundary_arn else {}
    pulumi.export(stack.name, {**boundary, "previewRole": roles.preview_role_arn, "deployRole": roles.deploy_role_arn})
