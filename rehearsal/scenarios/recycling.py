"""Names that change hands: a repository is renamed, another takes its name, and it gets its name back.

The last act, because the repository is another one meanwhile. Its scenarios run one after the other.
"""

from rehearsal.cast import Publisher, first, publishers
from rehearsal.scenario import DENY, Scenario
from rehearsal.world import World


def scenarios(world: World) -> list[Scenario]:
    """For a publisher that lets builds in, with a literal branch, whose guards are not in the way."""
    found = publishers(world.settings)
    one = first(found, literal=True, environment=False) or first(found, environment=False)
    return _scenarios(world, one) if one else []


def _scenarios(world: World, one: Publisher) -> list[Scenario]:
    full_name = f"{world.settings.github_owner}/{one.name}"
    who = f"publish-package.yml of a new {full_name}, on {one.branch}"
    publish, read = (world.publish_role(one.name), world.read_role(one.name))
    allowed = f"{one.name}: assume the publish role after regaining its name"
    reads = f"{one.name}: assume the read role after regaining its name"

    def publishing(role: str) -> str:
        return world.assume(role, world.publishing_token(one))

    def building() -> str:
        return world.assume(read, world.build_job(one.name).token("sts.amazonaws.com"))

    def taken(attempt) -> str:
        with world.name_taken_by_another(one.name):
            return attempt()

    recycled_publish = f"{one.name}: assume the publish role from a repository of the same name with another id"
    recycled_read = f"{one.name}: assume the read role from a repository of the same name with another id"
    return [
        Scenario(recycled_publish, who, "assume the publish role", one.name, lambda: taken(lambda: publishing(publish)), DENY, allowed),
        Scenario(
            recycled_read,
            f"a pull request of a new {full_name}",
            "assume the read role",
            one.name,
            lambda: taken(building),
            DENY,
            reads,
            (recycled_publish,),
        ),
        Scenario(
            allowed,
            f"publish-package.yml of {full_name}, with the immutable subject that renaming brings",
            "assume the publish role",
            one.name,
            lambda: publishing(publish),
            after=(recycled_read,),
        ),
        Scenario(
            reads,
            f"a pull request of {full_name}, with the immutable subject that renaming brings",
            "assume the read role",
            one.name,
            building,
            after=(allowed,),
        ),
    ]
