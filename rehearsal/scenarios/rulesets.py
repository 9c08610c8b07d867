"""What GitHub lets people do to release branches: rulesets of the program, enforced by the stand-in."""

from rehearsal.cast import COLLEAGUE, MANAGER, WRITER, Publisher, first, matching, publishers
from rehearsal.github import ACTIONS_BOT, DEPENDABOT
from rehearsal.scenario import DENY, Scenario
from rehearsal.world import World


def scenarios(world: World) -> list[Scenario]:
    """For a repository with a literal release branch and one with a pattern."""
    found = publishers(world.settings, world.facts)
    literal, pattern = first(found, literal=True), first(found, pattern=True)
    return [*(_literal(world, literal) if literal else []), *(_pattern(world, pattern) if pattern else [])]


def _literal(world: World, publisher: Publisher) -> list[Scenario]:
    branch = str(publisher.literal)
    reviewed = f"{publisher.name}: merge a reviewed pull request to {branch}"
    place = f"{publisher.name} {branch}"
    return [
        Scenario(reviewed, "a writer, reviewed by colleagues", "merge a pull request", place, lambda: _merge(world, publisher, branch)),
        Scenario(
            f"{publisher.name}: push to {branch} without a pull request",
            "a writer",
            "push without a pull request",
            place,
            lambda: world.github.push(publisher.name, branch, WRITER),
            DENY,
            reviewed,
        ),
        Scenario(
            f"{publisher.name}: merge an unreviewed pull request to {branch}",
            "a writer",
            "merge a pull request without approval",
            place,
            lambda: world.github.merge(publisher.name, branch, WRITER, approvals_by=[], checks=publisher.repository.required_checks),
            DENY,
            reviewed,
        ),
        Scenario(
            f"{publisher.name}: merge a pull request approved by its author to {branch}",
            "a writer",
            "merge a pull request approved by its author",
            place,
            lambda: world.github.merge(publisher.name, branch, WRITER, approvals_by=[WRITER], checks=publisher.repository.required_checks),
            DENY,
            reviewed,
        ),
        Scenario(
            f"{publisher.name}: rewrite the history of {branch}",
            "a writer",
            "force-push",
            place,
            lambda: world.github.push(publisher.name, branch, WRITER, force=True),
            DENY,
            reviewed,
        ),
        *_bots(world, publisher, branch),
    ]


def _bots(world: World, publisher: Publisher, branch: str) -> list[Scenario]:
    """GITHUB_TOKEN opens no pull request, because GitHub's one switch lets it approve as well. An App does."""

    def opened(actor: str) -> str:
        return f"#{world.github.pull_request(publisher.name, actor, branch)['number']} opened"

    what, place = "open a pull request", f"{publisher.name} {branch}"
    by_app = f"{publisher.name}: open a pull request to {branch} as Dependabot"
    by_token = f"{publisher.name}: open a pull request to {branch} with GITHUB_TOKEN"
    return [
        Scenario(by_app, "Dependabot, an App", what, place, lambda: opened(DEPENDABOT)),
        Scenario(by_token, "a workflow with GITHUB_TOKEN", what, place, lambda: opened(ACTIONS_BOT), DENY, by_app),
    ]


def _merge(world: World, publisher: Publisher, branch: str) -> str:
    return world.github.merge(
        publisher.name,
        branch,
        WRITER,
        approvals_by=world.github.reviewers[: publisher.repository.approvals],
        checks=publisher.repository.required_checks,
    )


def _pattern(world: World, publisher: Publisher) -> list[Scenario]:
    pattern = str(publisher.pattern)
    created = matching(pattern)
    allowed = f"{publisher.name}: create {created} as a release manager"
    evil = pattern.removesuffix("*") + "evil"
    return [
        Scenario(
            allowed,
            "a release manager",
            "create a branch",
            f"{publisher.name} {created}",
            lambda: world.github.push(publisher.name, created, MANAGER),
        ),
        Scenario(
            f"{publisher.name}: create {evil} as a writer",
            "a writer",
            "create a branch",
            f"{publisher.name} {evil}",
            lambda: world.github.push(publisher.name, evil, WRITER),
            DENY,
            allowed,
        ),
        Scenario(
            f"{publisher.name}: push to {created} without a pull request",
            "another writer",
            "push without a pull request",
            f"{publisher.name} {created}",
            lambda: world.github.push(publisher.name, created, COLLEAGUE),
            DENY,
            allowed,
            (allowed,),
        ),
    ]
