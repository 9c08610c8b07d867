"""What GitHub lets people do to release branches: rulesets made by the program, enforced by the stand-in."""

from rehearsal.cast import COLLEAGUE, MANAGER, WRITER, Publisher, first, matching, publishers
from rehearsal.scenario import DENY, Scenario
from rehearsal.world import World


def scenarios(world: World) -> list[Scenario]:
    """For a repository with a literal release branch and one with a pattern."""
    found = publishers(world.settings)
    literal, pattern = first(found, literal=True), first(found, pattern=True)
    return [*(_literal(world, literal) if literal else []), *(_pattern(world, pattern) if pattern else [])]


def _literal(world: World, one: Publisher) -> list[Scenario]:
    branch = str(one.literal)
    reviewed = f"{one.name}: merge a reviewed pull request to {branch}"
    place = f"{one.name} {branch}"
    return [
        Scenario(reviewed, "a writer, reviewed by colleagues", "merge a pull request", place, lambda: _merge(world, one, branch)),
        Scenario(
            f"{one.name}: push to {branch} without a pull request",
            "a writer",
            "push without a pull request",
            place,
            lambda: world.github.push(one.name, branch, WRITER),
            DENY,
            reviewed,
        ),
        Scenario(
            f"{one.name}: merge an unreviewed pull request to {branch}",
            "a writer",
            "merge a pull request without approval",
            place,
            lambda: world.github.merge(one.name, branch, WRITER, approvals_by=[], checks=one.repository.required_checks),
            DENY,
            reviewed,
        ),
        Scenario(
            f"{one.name}: merge a pull request approved by its author to {branch}",
            "a writer",
            "merge a pull request approved by its author",
            place,
            lambda: world.github.merge(one.name, branch, WRITER, approvals_by=[WRITER], checks=one.repository.required_checks),
            DENY,
            reviewed,
        ),
        Scenario(
            f"{one.name}: rewrite the history of {branch}",
            "a writer",
            "force-push",
            place,
            lambda: world.github.push(one.name, branch, WRITER, force=True),
            DENY,
            reviewed,
        ),
    ]


def _merge(world: World, one: Publisher, branch: str) -> str:
    return world.github.merge(
        one.name, branch, WRITER, approvals_by=world.github.reviewers[: one.repository.approvals], checks=one.repository.required_checks
    )


def _pattern(world: World, one: Publisher) -> list[Scenario]:
    pattern = str(one.pattern)
    created = matching(pattern)
    allowed = f"{one.name}: create {created} as a release manager"
    evil = pattern.removesuffix("*") + "evil"
    return [
        Scenario(
            allowed, "a release manager", "create a branch", f"{one.name} {created}", lambda: world.github.push(one.name, created, MANAGER)
        ),
        Scenario(
            f"{one.name}: create {evil} as a writer",
            "a writer",
            "create a branch",
            f"{one.name} {evil}",
            lambda: world.github.push(one.name, evil, WRITER),
            DENY,
            allowed,
        ),
        Scenario(
            f"{one.name}: push to {created} without a pull request",
            "another writer",
            "push without a pull request",
            f"{one.name} {created}",
            lambda: world.github.push(one.name, created, COLLEAGUE),
            DENY,
            allowed,
            (allowed,),
        ),
    ]
