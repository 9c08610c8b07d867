"""Who may assume a publish role: the publishing workflow on a reviewed release branch of one repository, and nobody else."""

from collections.abc import Callable, Sequence

from policies.names import PRIVATE_DEPENDENCIES_ENVIRONMENT
from rehearsal.cast import MANAGER, STRANGER_ORGANIZATION, WRITER, Publisher, first, matching, publishers
from rehearsal.scenario import DENY, Scenario
from rehearsal.world import World

_ACTION = "assume the publish role"


def scenarios(world: World) -> list[Scenario]:
    """Every publisher is let in once; the refusals are tried on one with a literal branch, one with a pattern, one with an environment."""
    found = publishers(world.settings)
    made = [_allowed(world, one) for one in found]
    for candidate, refusals in (
        (first(found, literal=True, environment=False) or first(found, literal=True), _refusals),
        (first(found, pattern=True), _pattern),
        (first(found, environment=True), _environment),
    ):
        made += refusals(world, candidate, found) if candidate else []
    return made


def base(one: Publisher) -> str:
    """Name of the scenario in which a publisher's workflow is let in."""
    return f"{one.name}: {_ACTION} from {one.branch}"


def _prepare(world: World, one: Publisher) -> None:
    if not one.literal:
        world.github.ensure_branch(one.name, one.branch, MANAGER)


def _assume(world: World, one: Publisher, **differs) -> str:
    """Assume the publish role as the publishing workflow on the release branch, but for what `differs`."""
    _prepare(world, one)
    return world.assume(world.publish_role(one.name), world.publishing_token(one, **differs))


def _allowed(world: World, one: Publisher) -> Scenario:
    form = world.github.subject_form(one.name)
    return Scenario(
        base(one), f"publish-package.yml on {one.branch} of {one.name}, {form} subject", _ACTION, one.name, lambda: _assume(world, one)
    )


def _denied(one: Publisher, how: str, principal: str, attempt: Callable[[], str], twin: str | None = None) -> Scenario:
    return Scenario(f"{one.name}: {_ACTION} {how}", principal, _ACTION, one.name, attempt, DENY, twin or base(one))


def _refusals(world: World, one: Publisher, found: Sequence[Publisher]) -> list[Scenario]:
    branch = one.branch
    return [
        *_other_refs(world, one, branch),
        *_other_origins(world, one, found),
        *_other_tokens(world, one),
        *_other_workflow(world, one),
        *_other_job(world, one),
    ]


def _other_refs(world: World, one: Publisher, branch: str) -> list[Scenario]:
    longer = f"{branch}-evil"
    return [
        _denied(one, "from a pull request", "publish-package.yml on a pull request", lambda: _assume(world, one, event="pull_request")),
        _denied(one, "from an unreviewed branch", "publish-package.yml on feature/x", lambda: _assume(world, one, branch="feature/x")),
        _denied(one, f"from a branch named {longer}", f"publish-package.yml on {longer}", lambda: _assume(world, one, branch=longer)),
        _denied(one, f"from a tag named {branch}", f"publish-package.yml on the tag {branch}", lambda: _assume(world, one, tag=branch)),
    ]


def _other_origins(world: World, one: Publisher, found: Sequence[Publisher]) -> list[Scenario]:
    other = next((candidate for candidate in found if candidate.name != one.name and candidate.literal), None)
    made = [
        _denied(
            one,
            "from another organisation",
            f"publish-package.yml of {STRANGER_ORGANIZATION}/{one.name}",
            lambda: _assume(world, one, owner=STRANGER_ORGANIZATION),
        ),
    ]
    if other:
        made.append(
            _denied(
                one,
                "from another repository",
                f"publish-package.yml of {other.name}",
                lambda: world.assume(world.publish_role(one.name), world.publishing_token(other)),
            )
        )
    return made


def _other_workflow(world: World, one: Publisher) -> list[Scenario]:
    if world.settings.publishing.workflow is None:
        return []
    return [
        _denied(one, "from another workflow file", f"another workflow on {one.branch}", lambda: _assume(world, one, reusable=None)),
        _denied(
            one,
            "from the publishing workflow at another ref",
            f"publish-package.yml@feature/x on {one.branch}",
            lambda: _assume(world, one, reusable=world.workflow_at("feature/x")),
        ),
    ]


def _other_job(world: World, one: Publisher) -> list[Scenario]:
    """The publishing workflow has a second job that asks for tokens: it must not be able to publish."""
    return [
        _denied(
            one,
            "from the job that fetches private dependencies",
            f"publish-package.yml on {one.branch}, environment {PRIVATE_DEPENDENCIES_ENVIRONMENT}",
            lambda: _assume(world, one, environment=PRIVATE_DEPENDENCIES_ENVIRONMENT),
        )
    ]


def _other_tokens(world: World, one: Publisher) -> list[Scenario]:
    return [
        _denied(one, "with a token not signed by GitHub", "a token signed by a stranger", lambda: _assume(world, one, token="forged")),
        _denied(
            one,
            "with an expired token",
            f"publish-package.yml on {one.branch}, expired token",
            lambda: _assume(world, one, token="expired"),
        ),
        _denied(
            one,
            "with a token for another audience",
            f"publish-package.yml on {one.branch}, token for another audience",
            lambda: _assume(world, one, audience="https://github.com/acme"),
        ),
    ]


def _pattern(world: World, one: Publisher, found: Sequence[Publisher]) -> list[Scenario]:
    """On GitHub `*` does not cross a slash, so a branch one level deeper is not protected and must not be trusted."""
    good, prefix = matching(str(one.pattern)), str(one.pattern).removesuffix("*")
    deeper, beside = f"{prefix}a/b", f"{prefix.rstrip('/')}-evil/1.0"
    allowed = f"{one.name}: {_ACTION} from {good}, matched by {one.pattern}"

    def on(branch: str, actor: str) -> str:
        world.github.ensure_branch(one.name, branch, actor)
        return _assume(world, one, branch=branch)

    return [
        Scenario(allowed, f"publish-package.yml on {good}", _ACTION, one.name, lambda: on(good, MANAGER)),
        _denied(
            one, f"from {deeper}, not matched by {one.pattern}", f"publish-package.yml on {deeper}", lambda: on(deeper, WRITER), allowed
        ),
        _denied(
            one, f"from {beside}, not matched by {one.pattern}", f"publish-package.yml on {beside}", lambda: on(beside, WRITER), allowed
        ),
    ]


def _environment(world: World, one: Publisher, found: Sequence[Publisher]) -> list[Scenario]:
    environment = one.repository.environment
    return [
        _denied(
            one,
            f"from a job outside environment {environment}",
            f"publish-package.yml on {one.branch}, no environment",
            lambda: _assume(world, one, environment=""),
        ),
        _denied(
            one,
            f"from another branch in environment {environment}",
            f"publish-package.yml on feature/x, environment {environment}",
            lambda: _assume(world, one, branch="feature/x", environment=environment),
        ),
    ]
