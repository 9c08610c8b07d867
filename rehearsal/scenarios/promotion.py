"""Promotion: a reviewed version is copied from the team's repository to shared, and nothing else comes there."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from policies.names import PROMOTE_ENVIRONMENT
from policies.owned_names import Format
from rehearsal import clients, packages
from rehearsal.cast import COLLEAGUE, MANAGER, WRITER, Publisher, first, package_name, publishers
from rehearsal.clients import Credentials
from rehearsal.packages import Package
from rehearsal.scenario import DENY, Scenario
from rehearsal.scenarios.publishing import install, package, publish
from rehearsal.scenarios.read_access import administrator
from rehearsal.world import World

PROMOTE = "promote-package.yml"


def scenarios(world: World) -> list[Scenario]:
    """What is promoted, who may not, and what follows."""
    if (found := promoting(world)) is None:
        return []
    return [*_scenarios(world, *found), *_destructive(world, *found)]


def promoting(world: World) -> tuple[Publisher, Format] | None:
    """The first repository that promotes and publishes a format that has a client here, with a literal release branch."""
    if world.settings.publishing.workflow is None:
        return None
    found = publishers(world.settings, world.facts)
    pairs = ((first(found, format, promotes=True, literal=True, roomy=True), format) for format in packages.PUBLISH)
    return next(((publisher, format) for publisher, format in pairs if publisher), None)


def promoted(publisher: Publisher) -> str:
    """Name of the scenario in which a version is promoted."""
    return f"{publisher.name}: promote a reviewed version"


def _coordinates(world: World, what: Package) -> dict[str, str]:
    return {"domain": world.settings.domain.name, "domainOwner": world.place.account, **what.coordinates}


def _revision(world: World, publisher: Publisher, what: Package) -> str:
    described = world.client("codeartifact", administrator(world)).describe_package_version(
        **_coordinates(world, what), repository=publisher.team.own_repository, packageVersion=what.version
    )
    return described["packageVersion"]["revision"]


def _promote(
    world: World,
    publisher: Publisher,
    what: Package,
    *,
    actor: str = WRITER,
    branch: str = "",
    approve_by: tuple[str, ...] = (MANAGER,),
    revision: str = "",
) -> str:
    """Run the promotion workflow by hand on the release branch, approved by a reviewer, but for what is said otherwise."""
    branch = branch or publisher.branch
    world.github.ensure_branch(publisher.name, branch, WRITER)
    request = {
        "event": "workflow_dispatch",
        "ref": f"refs/heads/{branch}",
        "workflow": ".github/workflows/promote.yml",
        "job_workflow_ref": str(world.settings.publishing.promotion_workflow),
        "approve_by": list(approve_by),
    }
    inputs = {
        "format": what.format.value,
        "package": what.name,
        "version": what.version,
        "revision": revision or _revision(world, publisher, what),
        **clients.tool_version(what.format),
    }
    return world.run_workflow(PROMOTE, publisher.name, actor, request, inputs=inputs)


def _token(world: World, publisher: Publisher, *, environment: str = PROMOTE_ENVIRONMENT, workflow: str | None = None) -> str:
    job = world.github.run(
        publisher.name,
        WRITER,
        event="workflow_dispatch",
        ref=f"refs/heads/{publisher.branch}",
        environment=environment,
        job_workflow_ref=workflow or str(world.settings.publishing.promotion_workflow),
        approve_by=[MANAGER],
    )
    return job.token("sts.amazonaws.com")


def _session(world: World, publisher: Publisher) -> Credentials:
    return world.session(world.consumer(publisher.name)["promoteRole"], _token(world, publisher))


def _copy(world: World, who: Credentials, what: Package, source: str) -> str:
    answer = clients.call(
        world.client("codeartifact", who).copy_package_versions,
        **_coordinates(world, what),
        sourceRepository=source,
        destinationRepository=world.settings.shared,
        versions=[what.version],
    )
    if failed := answer.get("failedVersions"):
        raise RuntimeError(f"failedVersions: got {failed}; expected none")
    return f"copied {list(answer['successfulVersions'])}"


def _scenarios(world: World, publisher: Publisher, format: Format) -> list[Scenario]:
    what = package(publisher, format, "promoted")
    ready = f"{publisher.name}: publish {what.name} for promotion"
    name = promoted(publisher)
    job = f"{PROMOTE} on {publisher.branch} of {publisher.name}"
    action, place = f"promote {what.name}", f"{publisher.team.own_repository} -> {world.settings.shared}"

    def refused(tried: str, who: str, attempt: Callable[[], str], after: tuple[str, ...] = ()) -> Scenario:
        return Scenario(f"{publisher.name}: {tried}", who, action, place, attempt, DENY, name, (ready, *after))

    def without_environment() -> str:
        return world.assume(world.consumer(publisher.name)["promoteRole"], _token(world, publisher, environment=""))

    def by_publishing_workflow() -> str:
        token = _token(world, publisher, workflow=str(world.settings.publishing.workflow))
        return world.assume(world.consumer(publisher.name)["promoteRole"], token)

    return [
        Scenario(
            ready,
            f"publish-package.yml on {publisher.branch}",
            f"publish {what.name}",
            publisher.team.own_repository,
            lambda: publish(world, publisher, what),
            slow=True,
        ),
        refused("promote without an approval", f"{job}, not approved", lambda: _promote(world, publisher, what, approve_by=())),
        refused(
            "promote with the requester's own approval",
            f"{job}, started and approved by the same reviewer",
            lambda: _promote(world, publisher, what, actor=MANAGER),
        ),
        refused(
            "promote with an approval from a non-reviewer",
            f"{job}, approved by another writer",
            lambda: _promote(world, publisher, what, approve_by=(COLLEAGUE,)),
        ),
        refused(
            "promote from another branch",
            f"{PROMOTE} on {publisher.unreleased} of {publisher.name}",
            lambda: _promote(world, publisher, what, branch=publisher.unreleased),
        ),
        refused("promote without the environment", f"{job}, no environment", without_environment),
        refused(
            "promote from another workflow in the environment", f"publish-package.yml in {PROMOTE_ENVIRONMENT}", by_publishing_workflow
        ),
        refused(
            "promote a version changed after its review",
            f"{job}, another revision than the reviewed one",
            lambda: _promote(world, publisher, what, revision="bm90LXRoZS1yZXZpZXdlZC1vbmU="),
        ),
        refused(
            "copy to shared with the publish role",
            f"publish-package.yml on {publisher.branch} of {publisher.name}",
            lambda: _copy(
                world,
                world.session(world.publish_role(publisher.name), world.publishing_token(publisher)),
                what,
                publisher.team.own_repository,
            ),
        ),
        Scenario(name, f"{job}, approved by a reviewer", action, place, lambda: _promote(world, publisher, what), after=(ready,)),
        *_after(world, publisher, what),
        *_without_dependency(world, publisher, format, job),
    ]


def _without_dependency(world: World, publisher: Publisher, format: Format, job: str) -> list[Scenario]:
    """The version needs another package of the team, which is not promoted."""
    needed = package(publisher, format, "unpromoted")
    what = replace(package(publisher, format, "needs-unpromoted"), needs=(needed.name,))
    ready = f"{publisher.name}: publish {what.name} with a dependency on {needed.name}"
    place = f"{publisher.team.own_repository} -> {world.settings.shared}"

    def publish_both() -> str:
        publish(world, publisher, needed)
        return publish(world, publisher, what)

    return [
        Scenario(
            ready,
            f"publish-package.yml on {publisher.branch}",
            f"publish {what.name}",
            publisher.team.own_repository,
            publish_both,
            slow=True,
        ),
        Scenario(
            f"{publisher.name}: promote a version without its dependencies",
            f"{job}, approved by a reviewer",
            f"promote {what.name}, which depends on {needed.name}",
            place,
            lambda: _promote(world, publisher, what),
            DENY,
            promoted(publisher),
            (ready,),
            slow=True,
        ),
    ]


def _after(world: World, publisher: Publisher, what: Package) -> list[Scenario]:
    """What follows a promotion: others install it from shared, another team's name stays out, and it is never overwritten."""
    name = promoted(publisher)
    asking_shared = [team.repositories[0].name for team in world.settings.teams if not team.has_repository and team.repositories]
    others = [
        team for team in world.settings.teams if team.has_repository and team.name != publisher.team.name and what.format in team.owns
    ]
    listed = []
    if asking_shared:
        listed.append(
            Scenario(
                f"{asking_shared[0]}: install {what.name} from shared",
                f"a pull request of {asking_shared[0]}",
                f"install {what.name}",
                world.settings.shared,
                lambda: install(world, asking_shared[0], what),
                after=(name,),
            )
        )
    if others:
        foreign = Package(what.format, package_name(others[0].owns[what.format], "client"))
        listed.append(
            Scenario(
                f"{publisher.name}: promote a name of team {others[0].name}",
                f"{PROMOTE} on {publisher.branch} of {publisher.name}, approved by a reviewer",
                f"promote {foreign.name}",
                f"{publisher.team.own_repository} -> {world.settings.shared}",
                lambda: _copy(world, _session(world, publisher), foreign, publisher.team.own_repository),
                DENY,
                name,
            )
        )
    return listed


def _destructive(world: World, publisher: Publisher, format: Format) -> list[Scenario]:
    """No role of the program deletes, disposes or overwrites; an administrator may in a team's repository, and not in shared."""
    what, name = package(publisher, format, "promoted"), promoted(publisher)
    roles: Mapping[str, Callable[[], Credentials]] = {
        "publish": lambda: world.session(world.publish_role(publisher.name), world.publishing_token(publisher)),
        "promote": lambda: _session(world, publisher),
    }
    allowed = f"administrator: delete {what.name} from the repository of team {publisher.team.name}"
    overwritten = f"{publisher.name}: overwrite a promoted version"

    def act(operation: str, who: Credentials, repository: str, **more: Any) -> str:
        call = getattr(world.client("codeartifact", who), operation)
        answer = clients.call(call, **_coordinates(world, what), repository=repository, versions=[what.version], **more)
        if failed := answer.get("failedVersions"):
            raise RuntimeError(f"failedVersions: got {failed}; expected none")
        return f"{operation} {list(answer['successfulVersions'])}"

    tried = [
        Scenario(
            f"{publisher.name} {role} role: {operation.replace('_', ' ')}",
            f"a job with the {role} role of {publisher.name}",
            f"{operation.replace('_', ' ')}: {what.name}",
            publisher.team.own_repository,
            lambda session=session, operation=operation, more=more: act(operation, session(), publisher.team.own_repository, **more),
            DENY,
            allowed,
            (name,),
        )
        for role, session in roles.items()
        for operation, more in (
            ("delete_package_versions", {}),
            ("dispose_package_versions", {}),
            ("update_package_versions_status", {"targetStatus": "Archived"}),
        )
    ]
    in_shared = Scenario(
        f"administrator: delete {what.name} from shared",
        "an administrator of the account",
        f"delete package versions: {what.name}",
        world.settings.shared,
        lambda: act("delete_package_versions", administrator(world), world.settings.shared),
        DENY,
        allowed,
        (name,),
    )
    deleted = Scenario(
        allowed,
        "an administrator of the account",
        f"delete package versions: {what.name}",
        publisher.team.own_repository,
        lambda: act("delete_package_versions", administrator(world), publisher.team.own_repository),
        after=(name, in_shared.name, *(scenario.name for scenario in tried), *_installs_of(world, what)),
    )
    overwrite = Scenario(
        overwritten,
        f"{PROMOTE} on {publisher.branch} of {publisher.name}, approved by a reviewer",
        f"promote {what.name} {what.version} with other content",
        f"{publisher.team.own_repository} -> {world.settings.shared}",
        lambda: _overwrite(world, publisher, what),
        DENY,
        name,
        (allowed,),
    )
    return [*tried, in_shared, deleted, overwrite]


def _installs_of(world: World, what: Package) -> list[str]:
    asking_shared = [team.repositories[0].name for team in world.settings.teams if not team.has_repository and team.repositories]
    return [f"{name}: install {what.name} from shared" for name in asking_shared[:1]]


def _overwrite(world: World, publisher: Publisher, what: Package) -> str:
    """The version was deleted in the team's repository and published again with other content."""
    publish(world, publisher, what, content="other content")
    return _promote(world, publisher, what)
