"""Who and what the scenarios are about, derived from the rehearsed catalog: nothing here knows the shipped one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from access.attempts import STRANGER
from policies.branches import is_pattern, matches
from policies.owned_names import Format, OwnedName
from rehearsal.facts import Facts, RepositoryFacts
from settings import Readers, Repository, Settings, Team

# People of the rehearsed organisation. Release managers and reviewers also belong to the catalog's GitHub teams.
WRITER, COLLEAGUE, MANAGER, ADMIN = "writer", "colleague", "manager", "admin"
# Administers repositories alone; the other one owns the organisation.
REPOSITORY_ADMIN = "repository-admin"
STRANGER_ORGANIZATION = STRANGER


# What packages are called where a team owns a `*`: each is published by scenarios of its own. Where it owns single names alone, each word
# stands for one of them.
WORDS = (
    "client",
    "by-workflow",
    "by-event",
    "reader",
    "promoted",
    "unpromoted",
    "needs-unpromoted",
    "tarball",
    "monorepo-zz-base",
    "monorepo-user",
    "two-wheels",
    "matrix",
    "mixed-matrix",
    "packed",
    "by-tag",
    "from-a-laptop",
    "internal",
    "by-administrator",
    "from-another-account",
    "api-client",
)


def app_bot(id: int) -> str:
    """Login of a GitHub App's bot."""
    return f"app-{id}[bot]"


@dataclass(frozen=True)
class Publisher:
    """A repository that publishes, its team, and what the repository had before the program ran."""

    team: Team
    repository: Repository
    facts: RepositoryFacts

    @property
    def name(self) -> str:
        return self.repository.name

    @property
    def literal(self) -> str | None:
        """A release branch that is a literal and there already: the default branch if it is one."""
        return next((branch for branch in self.facts.branches if branch in self.repository.release_branches.names), None)

    @property
    def pattern(self) -> str | None:
        """A release branch that is a pattern."""
        return next((branch for branch in self.repository.release_branches.names if is_pattern(branch)), None)

    @property
    def branch(self) -> str:
        """A branch that may publish: one that is there, or one that a release manager creates."""
        return self.literal or (matching(self.pattern) if self.pattern else self.repository.release_branches.names[0])

    @property
    def reachable(self) -> bool:
        """Whether there is such a branch, or somebody who may create it."""
        return bool(self.repository.release_branches.names) and (self.literal is not None or bool(self.team.release_managers))

    @property
    def unreleased(self) -> str:
        """A branch that may not publish."""
        branch = "feature/x"
        while matches(branch, self.repository.release_branches.names):
            branch = f"un{branch}"
        return branch

    @property
    def tagger(self) -> str:
        """Who creates its release tags: a release manager or, where the team has none, an App."""
        return MANAGER if self.team.release_managers else app_bot(self.team.release_apps[0])

    @property
    def tagger_in_words(self) -> str:
        return "a release manager" if self.team.release_managers else "a release App"

    def roomy(self, format: Format) -> bool:
        """Whether its team owns names enough for packages of their own in every scenario."""
        return roomy(self.team.owns.get(format, ()))


def matching(pattern: str) -> str:
    """A branch that matches `literal/*`."""
    return pattern.removesuffix("*") + "1.0"


def _all(settings: Settings, facts: Facts) -> list[Publisher]:
    return [Publisher(team, one, facts.of(one.name)) for team in settings.teams for one in team.repositories]


def publishers(settings: Settings, facts: Facts) -> list[Publisher]:
    """Every repository that publishes from a branch that is there or that somebody may create, in catalog order."""
    return [one for one in _all(settings, facts) if one.reachable]


def tag_publishers(settings: Settings, facts: Facts) -> list[Publisher]:
    """Every repository that publishes from tags, in catalog order."""
    return [one for one in _all(settings, facts) if one.repository.release_tags.names]


def first(candidates: Iterable[Publisher], format: Format | None = None, **traits: bool) -> Publisher | None:
    """The first publisher of a format that has each trait (pattern, literal, environment, promotes, open, roomy) or lacks it.

    `roomy` is about the format.
    """
    for publisher in candidates:
        has = {
            "pattern": publisher.pattern is not None,
            "literal": publisher.literal is not None,
            "environment": bool(publisher.repository.environment),
            "promotes": publisher.repository.promotes is not None,
            "open": publisher.team.readers is Readers.ORGANIZATION,
            "roomy": format is not None and publisher.roomy(format),
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


def _open_ended(owned: Sequence[OwnedName]) -> OwnedName | None:
    return next((one for one in owned if one.open_ended), None)


def roomy(owned: Sequence[OwnedName]) -> bool:
    """Whether there is another name for every word."""
    return _open_ended(owned) is not None or len(owned) >= len(WORDS)


def package_name(owned: Sequence[OwnedName], word: str) -> str:
    """A package that these names cover: `word` in place of the first `*`; without any, one of the names. Raises ValueError for no WORD."""
    place = WORDS.index(word)
    pattern = _open_ended(owned)
    return pattern.text.removesuffix("*") + word if pattern else owned[place % len(owned)].text
