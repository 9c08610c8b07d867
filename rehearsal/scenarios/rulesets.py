"""What GitHub lets people do to release branches: rulesets of the program, enforced by the stand-in."""

from rehearsal.cast import ADMIN, COLLEAGUE, MANAGER, REPOSITORY_ADMIN, WRITER, Publisher, first, matching, publishers
from rehearsal.github import ACTIONS_BOT, DEPENDABOT
from rehearsal.scenario import DENY, Scenario
from rehearsal.world import World
from settings import GithubScope


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
        *_editing(world, publisher, branch),
    ]


def _editing(world: World, publisher: Publisher, branch: str) -> list[Scenario]:
    """What guards a branch is the repository's admins' to change, unless it is the organisation's."""
    what, place = f"what guards {branch}", f"{publisher.name} {branch}"
    shared = world.settings.github_scope is GithubScope.ORGANIZATION

    def attempt(verb: str, words: str, who: str, login: str, allowed: str = "") -> Scenario:
        def act() -> str:
            return world.github.edit_guard(publisher.name, "release", login, delete=verb == "delete")

        name = f"{publisher.name}: {verb} {what} as {words}"
        return (
            Scenario(name, who, f"{verb} a ruleset", place, act, DENY, allowed)
            if allowed
            else Scenario(name, who, f"{verb} a ruleset", place, act)
        )

    owner = attempt("edit", "an owner of the organisation", "an owner of the organisation", ADMIN)
    admin = attempt("edit", "a repository admin", "a repository admin", REPOSITORY_ADMIN, owner.name if shared else "")
    allowed = owner.name if shared else admin.name
    refused = [attempt("edit", "a writer", "a writer", WRITER, allowed)]
    if shared:
        refused.append(attempt("delete", "a repository admin", "a repository admin", REPOSITORY_ADMIN, allowed))
    return [*([owner] if shared else []), admin, *refused]


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
