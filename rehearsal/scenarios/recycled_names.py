"""Names that change hands: a repository is renamed, another takes its name, and it gets its name back.

The last act, because the repository is another one meanwhile. Its scenarios run one after the other.
"""

from rehearsal.cast import Publisher, first, publishers
from rehearsal.scenario import DENY, Scenario
from rehearsal.world import World
from settings import Readers, ReadRole, Subjects


def scenarios(world: World) -> list[Scenario]:
    """For a publisher that lets builds in, with a literal branch, whose guards are not in the way."""
    found = publishers(world.settings, world.facts)
    publisher = first(found, literal=True, environment=False) or first(found, environment=False)
    return _scenarios(world, publisher) if publisher else []


def _anybody_reads(world: World, publisher: Publisher) -> bool:
    """Whether every repository of the organisation with an immutable subject reads as this one does: then the taker reads as itself."""
    settings = world.settings
    immutable = settings.subjects is Subjects.IMMUTABLE
    return immutable and settings.read_role is ReadRole.ORGANIZATION and publisher.team.readers is Readers.ORGANIZATION


def _scenarios(world: World, publisher: Publisher) -> list[Scenario]:
    full_name = f"{world.settings.github_owner}/{publisher.name}"
    who = f"publish-package.yml of a new {full_name}, on {publisher.branch}"
    publish, read = (world.publish_role(publisher.name), world.read_role(publisher.name))
    allowed = f"{publisher.name}: assume the publish role after regaining its name"
    reads = f"{publisher.name}: assume the read role after regaining its name"

    def publishing(role: str) -> str:
        return world.assume(role, world.publishing_token(publisher))

    def building() -> str:
        return world.assume(read, world.build_job(publisher.name).token("sts.amazonaws.com"))

    def taken(attempt) -> str:
        with world.name_taken_by_another(publisher.name):
            return attempt()

    recycled_publish = f"{publisher.name}: assume the publish role from a repository of the same name with another id"
    recycled_read = f"{publisher.name}: assume the read role from a repository of the same name with another id"
    return [
        Scenario(
            recycled_publish, who, "assume the publish role", publisher.name, lambda: taken(lambda: publishing(publish)), DENY, allowed
        ),
        Scenario(
            recycled_read,
            f"a pull request of a new {full_name}",
            "assume the read role",
            publisher.name,
            lambda: taken(building),
            *(("allow", None) if _anybody_reads(world, publisher) else (DENY, reads)),
            (recycled_publish,),
        ),
        Scenario(
            allowed,
            f"publish-package.yml of {full_name}, with the immutable subject that renaming brings",
            "assume the publish role",
            publisher.name,
            lambda: publishing(publish),
            after=(recycled_read,),
        ),
        Scenario(
            reads,
            f"a pull request of {full_name}, with the immutable subject that renaming brings",
            "assume the read role",
            publisher.name,
            building,
            after=(allowed,),
        ),
    ]
