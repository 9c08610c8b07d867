"""Who may assume a publish role: only the publishing workflow on a reviewed release branch of its repository."""

from collections.abc import Callable, Sequence

from policies.branches import matches
from policies.names import PRIVATE_DEPENDENCIES_ENVIRONMENT
from rehearsal.cast import MANAGER, STRANGER_ORGANIZATION, WRITER, Publisher, first, matching, publishers
from rehearsal.scenario import DENY, Scenario
from rehearsal.world import World

_ACTION = "assume the publish role"


def scenarios(world: World) -> list[Scenario]:
    """Every publisher is let in once; the refusals are tried on one with a literal branch, one with a pattern, one with an environment."""
    found = publishers(world.settings, world.facts)
    listed = [_allowed(world, publisher) for publisher in found]
    for candidate, refusals in (
        (first(found, literal=True, environment=False) or first(found, literal=True) or first(found), _refusals),
        (first(found, pattern=True), _pattern),
        (first(found, environment=True), _environment),
    ):
        listed += refusals(world, candidate, found) if candidate else []
    return listed


def base(publisher: Publisher) -> str:
    """Name of the scenario in which a publisher's workflow is let in."""
    return f"{publisher.name}: {_ACTION} from {publisher.branch}"


def _assume(world: World, publisher: Publisher, **differs) -> str:
    """Assume the publish role as the publishing workflow on the release branch, but for what `differs`."""
    return world.assume(world.publish_role(publisher.name), world.publishing_token(publisher, **differs))


def _allowed(world: World, publisher: Publisher) -> Scenario:
    form = world.github.subject_form(publisher.name)
    return Scenario(
        base(publisher),
        f"publish-package.yml on {publisher.branch} of {publisher.name}, {form} subject",
        _ACTION,
        publisher.name,
        lambda: _assume(world, publisher),
    )


def _denied(publisher: Publisher, how: str, principal: str, attempt: Callable[[], str], twin: str | None = None) -> Scenario:
    return Scenario(f"{publisher.name}: {_ACTION} {how}", principal, _ACTION, publisher.name, attempt, DENY, twin or base(publisher))


def _refusals(world: World, publisher: Publisher, found: Sequence[Publisher]) -> list[Scenario]:
    branch = publisher.branch
    return [
        *_other_refs(world, publisher, branch),
        *_other_origins(world, publisher, found),
        *_other_tokens(world, publisher),
        *_other_workflow(world, publisher),
        *_other_job(world, publisher),
    ]


def _other_refs(world: World, publisher: Publisher, branch: str) -> list[Scenario]:
    longer, other = f"{branch}-evil", publisher.unreleased
    return [
        _denied(
            publisher,
            "from a pull request",
            "publish-package.yml on a pull request",
            lambda: _assume(world, publisher, event="pull_request"),
        ),
        _denied(
            publisher,
            "from an unreviewed branch",
            f"publish-package.yml on {other}",
            lambda: _assume(world, publisher, branch=other),
        ),
        *(
            [
                _denied(
                    publisher,
                    f"from a branch named {longer}",
                    f"publish-package.yml on {longer}",
                    lambda: _assume(world, publisher, branch=longer),
                )
            ]
            # A pattern covers it; only release managers create it then.
            if not matches(longer, publisher.repository.release_branches.names)
            else []
        ),
        _denied(
            publisher,
            f"from a tag named {branch}",
            f"publish-package.yml on the tag {branch}",
            lambda: _assume(world, publisher, tag=branch),
        ),
    ]


def _other_origins(world: World, publisher: Publisher, found: Sequence[Publisher]) -> list[Scenario]:
    other = next((candidate for candidate in found if candidate.name != publisher.name and candidate.literal), None)
    listed = []
    if world.callable_by_strangers:
        listed.append(
            _denied(
                publisher,
                "from another organisation",
                f"publish-package.yml of {STRANGER_ORGANIZATION}/{publisher.name}",
                lambda: _assume(world, publisher, owner=STRANGER_ORGANIZATION),
            )
        )
    if other:
        listed.append(
            _denied(
                publisher,
                "from another repository",
                f"publish-package.yml of {other.name}",
                lambda: world.assume(world.publish_role(publisher.name), world.publishing_token(other)),
            )
        )
    return listed


def _other_workflow(world: World, publisher: Publisher) -> list[Scenario]:
    if world.settings.publishing.workflow is None:
        return []
    return [
        _denied(
            publisher,
            "from another workflow file",
            f"another workflow on {publisher.branch}",
            lambda: _assume(world, publisher, reusable=None),
        ),
        _denied(
            publisher,
            "from the publishing workflow at another ref",
            f"publish-package.yml@feature/x on {publisher.branch}",
            lambda: _assume(world, publisher, reusable=world.workflow_at("feature/x")),
        ),
    ]


def _other_job(world: World, publisher: Publisher) -> list[Scenario]:
    """The publishing workflow has a second job that requests tokens: it must not be able to publish."""
    return [
        _denied(
            publisher,
            "from the job that fetches private dependencies",
            f"publish-package.yml on {publisher.branch}, environment {PRIVATE_DEPENDENCIES_ENVIRONMENT}",
            lambda: _assume(world, publisher, environment=PRIVATE_DEPENDENCIES_ENVIRONMENT),
        )
    ]


def _other_tokens(world: World, publisher: Publisher) -> list[Scenario]:
    return [
        _denied(
            publisher,
            "with a token not signed by GitHub",
            "a token signed by a stranger",
            lambda: _assume(world, publisher, token="forged"),
        ),
        _denied(
            publisher,
            "with an expired token",
            f"publish-package.yml on {publisher.branch}, expired token",
            lambda: _assume(world, publisher, token="expired"),
        ),
        _denied(
            publisher,
            "with a token for another audience",
            f"publish-package.yml on {publisher.branch}, token for another audience",
            lambda: _assume(world, publisher, audience=f"https://github.com/{world.settings.github_owner}"),
        ),
    ]


def _pattern(world: World, publisher: Publisher, found: Sequence[Publisher]) -> list[Scenario]:
    """On GitHub `*` does not cross a slash, so a branch one level deeper is not protected and must not be trusted."""
    good, prefix = matching(str(publisher.pattern)), str(publisher.pattern).removesuffix("*")
    deeper, beside = f"{prefix}a/b", f"{prefix.rstrip('/')}-evil/1.0"
    allowed = f"{publisher.name}: {_ACTION} from {good}, matched by {publisher.pattern}"

    def on(branch: str, actor: str) -> str:
        world.github.ensure_branch(publisher.name, branch, actor)
        return _assume(world, publisher, branch=branch)

    return [
        Scenario(allowed, f"publish-package.yml on {good}", _ACTION, publisher.name, lambda: on(good, MANAGER)),
        _denied(
            publisher,
            f"from {deeper}, not matched by {publisher.pattern}",
            f"publish-package.yml on {deeper}",
            lambda: on(deeper, WRITER),
            allowed,
        ),
        _denied(
            publisher,
            f"from {beside}, not matched by {publisher.pattern}",
            f"publish-package.yml on {beside}",
            lambda: on(beside, WRITER),
            allowed,
        ),
    ]


def _environment(world: World, publisher: Publisher, found: Sequence[Publisher]) -> list[Scenario]:
    environment = publisher.repository.environment
    return [
        _denied(
            publisher,
            f"from a job outside environment {environment}",
            f"publish-package.yml on {publisher.branch}, no environment",
            lambda: _assume(world, publisher, environment=""),
        ),
        _denied(
            publisher,
            f"from another branch in environment {environment}",
            f"publish-package.yml on {publisher.unreleased}, environment {environment}",
            lambda: _assume(world, publisher, branch=publisher.unreleased, environment=environment),
        ),
    ]
