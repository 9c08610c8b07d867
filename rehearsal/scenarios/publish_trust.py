"""Who may assume a publish role: only the publishing workflow on a reviewed release branch of its repository."""

from collections.abc import Iterable, Sequence
from typing import Any

from access.attempts import REFUSED, Attempt, Needs, Place
from policies.branches import matches
from rehearsal.cast import MANAGER, Publisher, first, matching, publishers
from rehearsal.scenario import DENY, Scenario
from rehearsal.world import World

_ACTION = "assume the publish role"


def scenarios(world: World) -> list[Scenario]:
    """Every publisher is let in once; the refusals are tried on one with a literal branch, one with a pattern, one with an environment."""
    found = publishers(world.settings, world.facts)
    listed = [_allowed(world, publisher) for publisher in found]
    tried = first(found, literal=True, environment=False) or first(found, literal=True) or first(found)
    if tried:
        neighbour = next((one for one in found if one.name != tried.name and one.literal), None)
        needs = {Needs.RELEASE: True, Needs.NEIGHBOUR: neighbour, Needs.WORKFLOW: world.settings.publishing.workflow}
        listed += _refused(world, tried, [one for one in REFUSED if needs.get(one.needs)], base(tried), neighbour)
    if pattern := first(found, pattern=True):
        listed += _pattern(world, pattern)
    if environment := first(found, environment=True):
        listed += _refused(world, environment, _that_need(Needs.ENVIRONMENT), base(environment))
    return listed


def base(publisher: Publisher) -> str:
    """Name of the scenario in which a publisher's workflow is let in."""
    return f"{publisher.name}: {_ACTION} from {publisher.branch}"


def _assume(world: World, publisher: Publisher, **differs: Any) -> str:
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


def _that_need(what: Needs) -> list[Attempt]:
    return [one for one in REFUSED if one.needs is what]


def _refused(
    world: World, publisher: Publisher, attempts: Iterable[Attempt], twin: str, neighbour: Publisher | None = None
) -> list[Scenario]:
    """Those of the attempts that this catalog refuses: another release branch may publish, and a stranger calls a public workflow alone."""
    place = Place(
        world.settings.github_owner,
        publisher.name,
        publisher.branch,
        publisher.pattern or "",
        publisher.repository.environment,
        neighbour.name if neighbour else "",
    )

    def act(made: Attempt) -> str:
        if neighbour and made.repository:
            return world.assume(world.publish_role(publisher.name), world.publishing_token(neighbour))
        return _assume(world, publisher, **_job(world, made))

    def differs(made: Attempt) -> bool:
        released = made.ref.startswith("heads/") and matches(made.ref.removeprefix("heads/"), publisher.repository.release_branches.names)
        # A tag called as a branch of the program's own repository would run in the place of every action at that branch.
        shadow = made.ref.startswith("tags/") and world.github.full_name(publisher.name) == world.settings.program_repository
        return not released and not shadow and (not made.owner or world.callable_by_strangers)

    return [
        Scenario(f"{publisher.name}: {_ACTION} {made.how}", made.who, _ACTION, publisher.name, lambda made=made: act(made), DENY, twin)
        for made in (one.at(place) for one in attempts)
        if differs(made)
    ]


def _job(world: World, attempt: Attempt) -> dict[str, Any]:
    """What differs from the publishing job, as `World.publishing_token` takes it."""
    kind, _, name = attempt.ref.partition("/")
    differs: dict[str, Any] = {
        {"": "branch", "heads": "branch", "tags": "tag", "pull": "event"}[kind]: "pull_request" if kind == "pull" else name,
        "owner": attempt.owner,
        "environment": attempt.environment,
        "token": attempt.signature,
    }
    if attempt.audience:
        differs["audience"] = attempt.audience
    if attempt.workflow:
        _, elsewhere, branch = attempt.workflow.partition("@")
        differs["reusable"] = world.workflow_at(branch) if elsewhere else None
    return differs


def _pattern(world: World, publisher: Publisher) -> Sequence[Scenario]:
    """A branch that the pattern covers, and branches that only look as if it did."""
    good = matching(str(publisher.pattern))
    allowed = f"{publisher.name}: {_ACTION} from {good}, matched by {publisher.pattern}"

    def on_it() -> str:
        world.github.ensure_branch(publisher.name, good, MANAGER)
        return _assume(world, publisher, branch=good)

    return [
        Scenario(allowed, f"publish-package.yml on {good}", _ACTION, publisher.name, on_it),
        *_refused(world, publisher, _that_need(Needs.PATTERN), allowed),
    ]
