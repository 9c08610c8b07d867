"""Who and what the scenarios are about, derived from the rehearsed catalog: nothing here knows the shipped one."""

from collections.abc import Iterable
from dataclasses import dataclass

from access.attempts import STRANGER
from policies.branches import is_pattern
from policies.owned_names import Format, OwnedName
from settings import Readers, Repository, Settings, Team

# People of the rehearsed organisation. Release managers and reviewers also belong to the catalog's GitHub teams.
WRITER, COLLEAGUE, MANAGER, ADMIN = "writer", "colleague", "manager", "admin"
STRANGER_ORGANIZATION = STRANGER


@dataclass(frozen=True)
class Publisher:
    """A repository that publishes, and its team."""

    team: Team
    repository: Repository

    @property
    def name(self) -> str:
        return self.repository.name

    @property
    def literal(self) -> str | None:
        """A release branch that is a literal."""
        return next((branch for branch in self.repository.release_branches.names if not is_pattern(branch)), None)

    @property
    def pattern(self) -> str | None:
        """A release branch that is a pattern."""
        return next((branch for branch in self.repository.release_branches.names if is_pattern(branch)), None)

    @property
    def branch(self) -> str:
        """A branch that may publish: a literal one, or one that matches the pattern."""
        return self.literal or matching(str(self.pattern))


def matching(pattern: str) -> str:
    """A branch that matches `literal/*`."""
    return pattern.removesuffix("*") + "1.0"


def publishers(settings: Settings) -> list[Publisher]:
    """Every repository that publishes from branches, in catalog order."""
    return [Publisher(team, repository) for team in settings.teams for repository in team.repositories if repository.release_branches.names]


def tag_publishers(settings: Settings) -> list[Publisher]:
    """Every repository that publishes from tags, in catalog order."""
    return [Publisher(team, repository) for team in settings.teams for repository in team.repositories if repository.release_tags.names]


def first(candidates: Iterable[Publisher], format: Format | None = None, **traits: bool) -> Publisher | None:
    """The first publisher of a format that has each trait (pattern, literal, environment, promotes, open) or lacks it."""
    for publisher in candidates:
        has = {
            "pattern": publisher.pattern is not None,
            "literal": publisher.literal is not None,
            "environment": bool(publisher.repository.environment),
            "promotes": publisher.repository.promotes is not None,
            "open": publisher.team.readers is Readers.ORGANIZATION,
        }
        if (format is None or format in publisher.repository.publishes) and all(
            has[trait] is expected for trait, expected in traits.items()
        ):
            return publisher
    return None


def installers(settings: Settings, *, readers: Readers) -> list[tuple[Team, Repository]]:
    """Repositories that only install, of teams with such readers."""
    return [
        (team, repository)
        for team in settings.teams
        if team.readers is readers
        for repository in team.repositories
        if not repository.publishes
    ]


def package_name(owned: OwnedName, word: str) -> str:
    """A package that an owned name covers: `word` in place of the `*`, or the name itself."""
    return owned.text.removesuffix("*") + word if owned.open_ended else owned.text
