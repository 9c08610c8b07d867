"""Promotion: a reviewed version is copied from the team's repository to shared, and nothing else comes there."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from policies.names import PROMOTE_ENVIRONMENT, SHARED_REPOSITORY
from policies.owned_names import Format
from rehearsal import clients, packages
from rehearsal.cast import COLLEAGUE, MANAGER, WRITER, Publisher, first, package_name, publishers
from rehearsal.clients import Credentials
from rehearsal.packages import Package
from rehearsal.scenario import DENY, Scenario
from rehearsal.scenarios.publishing import install, package, publish
from rehearsal.scenarios.reading import administrator
from rehearsal.world import World

PROMOTE = "promote-package.yml"


def scenarios(world: World) -> list[Scenario]:
    """For the first repository that promotes and publishes a format that has a client here, with a literal release branch."""
    found = publishers(world.settings)
    for format in packages.PUBLISH:
        one = first(found, format, promotes=True, literal=True)
        if one and world.settings.publishing.workflow:
            return [*_scenarios(world, one, format), *_destructive(world, one, format)]
    return []


def promoted(one: Publisher) -> str:
    """Name of the scenario in which a version is promoted."""
    return f"{one.name}: a reviewed version is promoted"


def _coordinates(world: World, what: Package) -> dict[str, str]:
    return {"domain": world.settings.domain.name, "domainOwner": world.place.account, **what.coordinates}


def _revision(world: World, one: Publisher, what: Package) -> str:
    described = world.client("codeartifact", administrator(world)).describe_package_version(
        **_coordinates(world, what), repository=one.team.name, packageVersion=what.version
    )
    return described["packageVersion"]["revision"]


def _promote(
    world: World,
    one: Publisher,
    what: Package,
    *,
    actor: str = WRITER,
    branch: str = "",
    approve_by: tuple[str, ...] = (MANAGER,),
    revision: str = "",
) -> str:
    """Run the promotion workflow by hand on the release branch, approved by a reviewer, but for what is said otherwise."""
    branch = branch or one.branch
    world.github.ensure_branch(one.name, branch, WRITER)
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
        "revision": revision or _revision(world, one, what),
        **clients.tool_version(what.format),
    }
    return world.run_workflow(PROMOTE, one.name, actor, request, inputs=inputs)


def _token(world: World, one: Publisher, *, environment: str = PROMOTE_ENVIRONMENT, workflow: str | None = None) -> str:
    job = world.github.run(
        one.name,
        WRITER,
        event="workflow_dispatch",
        ref=f"refs/heads/{one.branch}",
        environment=environment,
        job_workflow_ref=workflow or str(world.settings.publishing.promotion_workflow),
        approve_by=[MANAGER],
    )
    return job.token("sts.amazonaws.com")


def _session(world: World, one: Publisher) -> Credentials:
    return world.session(world.consumer(one.name)["promoteRole"], _token(world, one))


def _copy(world: World, who: Credentials, what: Package, source: str) -> str:
    answer = clients.call(
        world.client("codeartifact", who).copy_package_versions,
        **_coordinates(world, what),
        sourceRepository=source,
        destinationRepository=SHARED_REPOSITORY,
        versions=[what.version],
    )
    if failed := answer.get("failedVersions"):
        raise RuntimeError(str(failed))
    return f"copied {list(answer['successfulVersions'])}"


def _scenarios(world: World, one: Publisher, format: Format) -> list[Scenario]:
    what = package(one, format, "promoted")
    ready = f"{one.name}: publishes {what.name}, to promote it"
    name = promoted(one)
    job = f"{PROMOTE} on {one.branch} of {one.name}"
    action, place = f"promote {what.name}", f"{one.team.name} -> {SHARED_REPOSITORY}"

    def refused(title: str, who: str, attempt: Callable[[], str], after: tuple[str, ...] = ()) -> Scenario:
        return Scenario(f"{one.name}: {title}", who, action, place, attempt, DENY, name, (ready, *after))

    def without_environment() -> str:
        return world.assume(world.consumer(one.name)["promoteRole"], _token(world, one, environment=""))

    def by_publishing_workflow() -> str:
        token = _token(world, one, workflow=str(world.settings.publishing.workflow))
        return world.assume(world.consumer(one.name)["promoteRole"], token)

    return [
        Scenario(
            ready,
            f"publish-package.yml on {one.branch}",
            f"publish {what.name}",
            one.team.name,
            lambda: publish(world, one, what),
            slow=True,
        ),
        refused("a promotion that nobody approved", f"{job}, not approved", lambda: _promote(world, one, what, approve_by=())),
        refused(
            "a promotion approved by who asked for it",
            f"{job}, started and approved by the same reviewer",
            lambda: _promote(world, one, what, actor=MANAGER),
        ),
        refused(
            "a promotion approved by somebody who is no reviewer",
            f"{job}, approved by another writer",
            lambda: _promote(world, one, what, approve_by=(COLLEAGUE,)),
        ),
        refused(
            "a promotion from another branch",
            f"{PROMOTE} on feature/x of {one.name}",
            lambda: _promote(world, one, what, branch="feature/x"),
        ),
        refused("a promotion without the environment", f"{job}, no environment", without_environment),
        refused("another workflow in the environment", f"publish-package.yml in {PROMOTE_ENVIRONMENT}", by_publishing_workflow),
        refused(
            "a version that changed since it was reviewed",
            f"{job}, another revision than the reviewed one",
            lambda: _promote(world, one, what, revision="bm90LXRoZS1yZXZpZXdlZC1vbmU="),
        ),
        refused(
            "the publish role copies to shared",
            f"publish-package.yml on {one.branch} of {one.name}",
            lambda: _copy(world, world.session(world.publish_role(one.name), world.publishing_token(one)), what, one.team.name),
        ),
        Scenario(name, f"{job}, approved by a reviewer", action, place, lambda: _promote(world, one, what), after=(ready,)),
        *_after(world, one, what),
        *_without_dependency(world, one, format, job),
    ]


def _without_dependency(world: World, one: Publisher, format: Format, job: str) -> list[Scenario]:
    """The version needs another package of the team, which nobody promoted."""
    needed = package(one, format, "unpromoted")
    what = replace(package(one, format, "needs-unpromoted"), needs=(needed.name,))
    ready = f"{one.name}: publishes {what.name}, which needs {needed.name}"
    place = f"{one.team.name} -> {SHARED_REPOSITORY}"

    def publish_both() -> str:
        publish(world, one, needed)
        return publish(world, one, what)

    return [
        Scenario(ready, f"publish-package.yml on {one.branch}", f"publish {what.name}", one.team.name, publish_both, slow=True),
        Scenario(
            f"{one.name}: a version is promoted without what it needs",
            f"{job}, approved by a reviewer",
            f"promote {what.name}, which needs {needed.name}",
            place,
            lambda: _promote(world, one, what),
            DENY,
            promoted(one),
            (ready,),
            slow=True,
        ),
    ]


def _after(world: World, one: Publisher, what: Package) -> list[Scenario]:
    """What follows a promotion: others install it from shared, another team's name stays out, and it is never overwritten."""
    name = promoted(one)
    asking_shared = [team.repositories[0].name for team in world.settings.teams if not team.has_repository and team.repositories]
    others = [team for team in world.settings.teams if team.has_repository and team.name != one.team.name and what.format in team.owns]
    made = []
    if asking_shared:
        made.append(
            Scenario(
                f"{asking_shared[0]}: installs {what.name} from shared",
                f"a pull request of {asking_shared[0]}",
                f"install {what.name}",
                SHARED_REPOSITORY,
                lambda: install(world, asking_shared[0], what),
                after=(name,),
            )
        )
    if others:
        foreign = Package(what.format, package_name(others[0].owns[what.format][0], "client"))
        made.append(
            Scenario(
                f"{one.name}: promotes a name of team {others[0].name}",
                f"{PROMOTE} on {one.branch} of {one.name}, approved by a reviewer",
                f"promote {foreign.name}",
                f"{one.team.name} -> {SHARED_REPOSITORY}",
                lambda: _copy(world, _session(world, one), foreign, one.team.name),
                DENY,
                name,
            )
        )
    return made


def _destructive(world: World, one: Publisher, format: Format) -> list[Scenario]:
    """No role of the program deletes, disposes or overwrites; an administrator may in a team's repository, and not in shared."""
    what, name = package(one, format, "promoted"), promoted(one)
    roles: Mapping[str, Callable[[], Credentials]] = {
        "publish": lambda: world.session(world.publish_role(one.name), world.publishing_token(one)),
        "promote": lambda: _session(world, one),
    }
    allowed = f"an administrator deletes {what.name} in the repository of team {one.team.name}"
    overwritten = f"{one.name}: a promoted version is overwritten"

    def act(operation: str, who: Credentials, repository: str, **more: Any) -> str:
        call = getattr(world.client("codeartifact", who), operation)
        answer = clients.call(call, **_coordinates(world, what), repository=repository, versions=[what.version], **more)
        if failed := answer.get("failedVersions"):
            raise RuntimeError(str(failed))
        return f"{operation} {list(answer['successfulVersions'])}"

    tried = [
        Scenario(
            f"{one.name}: the {role} role: {operation.replace('_', ' ')}",
            f"a job with the {role} role of {one.name}",
            f"{operation.replace('_', ' ')}: {what.name}",
            one.team.name,
            lambda session=session, operation=operation, more=more: act(operation, session(), one.team.name, **more),
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
        f"an administrator deletes {what.name} in shared",
        "an administrator of the account",
        f"delete package versions: {what.name}",
        SHARED_REPOSITORY,
        lambda: act("delete_package_versions", administrator(world), SHARED_REPOSITORY),
        DENY,
        allowed,
        (name,),
    )
    deleted = Scenario(
        allowed,
        "an administrator of the account",
        f"delete package versions: {what.name}",
        one.team.name,
        lambda: act("delete_package_versions", administrator(world), one.team.name),
        after=(name, in_shared.name, *(scenario.name for scenario in tried), *_installs_of(world, what)),
    )
    overwrite = Scenario(
        overwritten,
        f"{PROMOTE} on {one.branch} of {one.name}, approved by a reviewer",
        f"promote {what.name} {what.version} with other content",
        f"{one.team.name} -> {SHARED_REPOSITORY}",
        lambda: _overwrite(world, one, what),
        DENY,
        name,
        (allowed,),
    )
    return [*tried, in_shared, deleted, overwrite]


def _installs_of(world: World, what: Package) -> list[str]:
    asking_shared = [team.repositories[0].name for team in world.settings.teams if not team.has_repository and team.repositories]
    return [f"{name}: installs {what.name} from shared" for name in asking_shared[:1]]


def _overwrite(world: World, one: Publisher, what: Package) -> str:
    """The version was deleted in the team's repository and published again with other content."""
    publish(world, one, what, content="other content")
    return _promote(world, one, what)
