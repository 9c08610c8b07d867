"""Release tags: who may create, move and delete them, which may publish, and from which commits."""

from collections.abc import Callable
from typing import Any

from policies.owned_names import Format
from rehearsal import callers, packages
from rehearsal.cast import WRITER, Publisher, tag_publishers
from rehearsal.onboarding import BY_TAG, RELEASE
from rehearsal.packages import Package
from rehearsal.scenario import DENY, Scenario
from rehearsal.scenarios import workflows
from rehearsal.scenarios.publishing import package
from rehearsal.world import PUBLISH, World

_ASSUME = "assume the publish role"


def scenarios(world: World) -> list[Scenario]:
    """For the first repository that publishes from tags."""
    found = tag_publishers(world.settings, world.facts)
    return [*_guards(world, found[0]), *_trust(world, found[0]), *_publishing(world, found[0])] if found else []


def tag(publisher: Publisher, version: str) -> str:
    """A release tag that says a version, if the tags are a pattern."""
    declared = next((one for one in publisher.repository.release_tags.names if one.endswith("*")), None)
    return f"{declared.removesuffix('*')}{version}" if declared else publisher.repository.release_tags.names[0]


def _created(publisher: Publisher, name: str) -> str:
    return f"{publisher.name}: create the tag {name} as {publisher.tagger_in_words}"


def _guards(world: World, publisher: Publisher) -> list[Scenario]:
    name, other = tag(publisher, "9.0.0"), tag(publisher, "9.0.1")
    place = f"{publisher.name} {name}"
    created = _created(publisher, name)

    def denied(attempt: str, principal: str, act: Callable[[], str], after: tuple[str, ...] = ()) -> Scenario:
        return Scenario(f"{publisher.name}: {attempt}", principal, attempt, place, act, DENY, created, after)

    # Of tags without a `*` there is one alone: who creates it has to come first, and be refused.
    before = (f"{publisher.name}: create the tag {other} as a writer",) if name == other else ()
    return [
        Scenario(
            created,
            publisher.tagger_in_words,
            "create a tag",
            place,
            lambda: world.github.tag(publisher.name, name, publisher.tagger),
            after=before,
        ),
        denied(f"create the tag {other} as a writer", "a writer", lambda: world.github.tag(publisher.name, other, WRITER)),
        denied(
            f"move the tag {name}",
            publisher.tagger_in_words,
            lambda: world.github.tag(publisher.name, name, publisher.tagger, on="root", force=True),
            (created,),
        ),
        denied(
            f"delete the tag {name}",
            publisher.tagger_in_words,
            lambda: world.github.delete_tag(publisher.name, name, publisher.tagger),
            (created,),
        ),
    ]


def _trust(world: World, publisher: Publisher) -> list[Scenario]:
    good = tag(publisher, "9.1.0")
    before = (_created(publisher, good),) if good == tag(publisher, "9.0.0") else ()
    allowed = f"{publisher.name}: {_ASSUME} from the tag {good}"

    def on(name: str, actor: str) -> str:
        world.github.ensure_branch(publisher.name, name, actor, kind="tags")
        return world.assume(world.publish_role(publisher.name), world.publishing_token(publisher, tag=name))

    def denied(name: str) -> Scenario:
        principal = f"{PUBLISH} on the tag {name}"
        title = f"{publisher.name}: {_ASSUME} from the tag {name}, which no release tag covers"
        return Scenario(title, principal, _ASSUME, publisher.name, lambda: on(name, WRITER), DENY, allowed)

    others = [name for name in (f"x-{good}", f"{good}/x") if name not in publisher.repository.release_tags.names]
    return [
        Scenario(allowed, f"{PUBLISH} on the tag {good}", _ASSUME, publisher.name, lambda: on(good, publisher.tagger), after=before),
        *(denied(name) for name in others),
    ]


def _publishing(world: World, publisher: Publisher) -> list[Scenario]:
    """By the workflow, from a tag on a merged commit and from one on a commit that nobody reviewed."""
    format = next((one for one in publisher.repository.publishes if one in packages.PROJECTS and publisher.roomy(one)), None)
    if format is None or not any(one.endswith("*") for one in publisher.repository.release_tags.names):
        return []
    front = tag(publisher, "")
    # Without the input, a tag may have `v` in front of the version, or the package's name.
    prefix = {} if front == "v" else {"tag-prefix": front}
    merged, unmerged = (package(publisher, format, "by-tag", version) for version in ("9.2.0", "9.3.0"))
    allowed = f"{publisher.name}: run {PUBLISH} for a tag on a merged commit"

    def publish(what: Package, on: str) -> str:
        name = tag(publisher, what.version)
        if not on:
            reviewers = world.github.reviewers[: publisher.repository.approvals]
            checks = publisher.repository.required_checks
            world.github.merge(publisher.name, "", WRITER, approvals_by=reviewers, checks=checks)
        world.github.tag(publisher.name, name, publisher.tagger, on=on)
        trigger: dict[str, Any] = {"event": "push", "ref": f"refs/tags/{name}"}
        if format is Format.NPM:
            return workflows.run(world, publisher, what, inputs={**callers.call(BY_TAG / RELEASE, "publish"), **prefix}, **trigger)
        source = packages.source(world.folder("source"), what)
        return workflows.run(world, publisher, what, source=source, inputs={**packages.inputs(what), **prefix}, **trigger)

    def of(what: Package, commit: str) -> str:
        return f"{PUBLISH}, the tag {tag(publisher, what.version)} on {commit} of {publisher.name}"

    return [
        Scenario(
            allowed, of(merged, "a merged commit"), f"publish {merged.name}", publisher.team.own_repository, lambda: publish(merged, "")
        ),
        Scenario(
            f"{publisher.name}: run {PUBLISH} for a tag on a commit that is not merged",
            of(unmerged, "an unreviewed commit"),
            f"publish {unmerged.name}",
            publisher.team.own_repository,
            lambda: publish(unmerged, "feature/unreviewed"),
            DENY,
            allowed,
        ),
    ]
