"""The catalog: one YAML file a team. Reading the files, and the rules between them."""

import os
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from plan.declared import Readers
from policies import branches, owned_names
from policies.names import PRIVATE_DEPENDENCIES_ENVIRONMENT, PROMOTE_ENVIRONMENT, PUBLIC_SOURCES, SHARED_REPOSITORY
from policies.owned_names import Format, OwnedName
from settings.problems import NOTHING, Problem, Words, one_of
from settings.shapes import (
    APPROVALS_MAX,
    FOLDER,
    PUBLISHER,
    REVIEWERS_MAX,
    TAKEN_OUT,
    TEAM_UPSTREAMS_MAX,
    RepositoryShape,
    TeamShape,
    fit,
    repeated,
)
from settings.yaml_files import read_document

# Why two names overlap that no package has both of.
_VARIATION = (
    "; CodeArtifact takes what differs in case, in '-', '_' and '.' or in 0 and o, 1 and l, rn and m for a variation, and blocks it"
)


class Claim(NamedTuple):
    """A name in `owns`, where it stands and as it is written. `name` is None where it follows no grammar."""

    format: Format
    key: str
    text: str
    name: OwnedName | None


class TeamFile(NamedTuple):
    """A team's file, without what is wrong with single values (`taken_out`, dotted). `name` is the file's where it says none."""

    file: str
    name: str
    shape: TeamShape
    taken_out: tuple[str, ...]
    claims: tuple[Claim, ...]

    @property
    def owned(self) -> dict[Format, tuple[OwnedName, ...]]:
        """The names that follow their grammar, by format."""
        return {format: tuple(one.name for one in self.claims if one.format is format and one.name) for format in self.shape.owns}

    @property
    def owns_nothing(self) -> bool:
        return not self.shape.owns and not self.unsure("owns")

    def unsure(self, key: str) -> bool:
        """Whether something at or below `key` was taken out, so that its absence means nothing."""
        return any(one == key or one.startswith(f"{key}.") for one in self.taken_out)

    def problem(self, key: str, got: object, allowed: str) -> Problem:
        return Problem(self.file, key, got, allowed)


class Catalog(NamedTuple):
    """The readable team files, the names of the unreadable ones, and what is wrong with single values."""

    teams: tuple[TeamFile, ...]
    unreadable: frozenset[str]
    problems: tuple[Problem, ...]


def _read_team(path: Path, file: str) -> tuple[TeamFile | None, list[Problem]]:
    document = read_document(path)
    data, broken = document.data, document.findings
    problems = [one.problem(file) for one in broken]
    if not isinstance(data, dict):
        return None, problems or [document.no_mapping((), data).problem(file)]
    shape, findings = fit(TeamShape, data, document.spellings, {})
    problems += [one.problem(file) for one in (*findings, *repeated(data))]
    if shape is None:
        return None, problems
    if not shape.team and not any(one.path == ("team",) for one in findings):
        problems.append(Problem(file, "team", NOTHING, path.stem))
    elif shape.team and shape.team != path.stem:
        problems.append(Problem(file, "team", shape.team, f"{path.stem}, or the file renamed to {shape.team}.yaml"))
    taken_out = tuple(one.problem(file).key for one in (*broken, *findings))
    return TeamFile(file, shape.team or path.stem, shape, taken_out, tuple(_claims(shape))), problems


def _claims(shape: TeamShape) -> Iterator[Claim]:
    """The one place where an owned name is parsed."""
    for format, names in shape.owns.items():
        for index, text in enumerate(names):
            try:
                name = owned_names.parse(format, text)
            except ValueError:
                name = None
            yield Claim(format, f"owns.{format}.{index}", text, name)


def _catalog_entries(folder: Path, shown: str, at: tuple[str, str]) -> tuple[list[Path], list[Problem]]:
    try:
        entries = sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    except FileNotFoundError:
        return [], [Problem(*at, Words(f"{shown}, which does not exist"), FOLDER)]
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no operating system allows the name"
        return [], [Problem(*at, Words(f"{shown}, which can't be read ({why})"), FOLDER)]
    folders = {one for one in entries if os.path.isdir(one)}  # noqa: PTH112 - Path.is_dir raises where it may not look
    stray = [one for one in entries if one in folders or one.suffix in (".yml", ".YAML", ".YML")]
    problems = [
        Problem(f"{shown}/{one.name}", "", Words("a folder" if one in folders else "another suffix"), "files named TEAM.yaml")
        for one in stray
    ]
    files = [one for one in entries if one.suffix == ".yaml" and one not in stray]
    if not files and not problems:
        problems.append(Problem(*at, Words(f"{shown}, which has no team's file"), FOLDER))
    return files, problems


def read(root: Path, shown: str, at: tuple[str, str]) -> Catalog:
    """Every team file of the folder; `at` is the file and key that name it."""
    shown = shown.rstrip("/") or "/"
    files, problems = _catalog_entries(root / shown, shown, at)
    teams: list[TeamFile] = []
    unreadable: set[str] = set()
    for path in files:
        team, found = _read_team(path, f"{shown}/{path.name}")
        problems += found
        if team:
            teams.append(team)
        else:
            unreadable.add(path.stem)
    return Catalog(tuple(teams), frozenset(unreadable), tuple(problems))


# ----------------------------------------------------------------------------------------------------------------- rules of the catalog
# Each takes the team files (single values are sound) and yields what is wrong between them.

Problems = Iterator[Problem]


def _team_names(catalog: Catalog) -> Problems:
    reserved = {SHARED_REPOSITORY, *PUBLIC_SOURCES}
    seen: dict[str, TeamFile] = {}
    for team in catalog.teams:
        folded = team.name.casefold()
        if folded in reserved:
            yield team.problem("team", team.name, f"another name: {', '.join(sorted(reserved))} are repositories of the registry")
        if folded in seen:
            yield team.problem("team", team.name, f"a name that differs from {seen[folded].name} ({seen[folded].file}) by more than case")
        seen.setdefault(folded, team)


def _upstream_of(team: TeamFile, upstream: str, teams: Mapping[str, TeamFile]) -> str | None:
    """What is allowed instead of this upstream, or None if it is a good one."""
    other = teams.get(upstream)
    if upstream == team.name:
        return "other teams: a repository is not its own upstream"
    if upstream == SHARED_REPOSITORY or upstream in PUBLIC_SOURCES:
        return "teams alone: shared and through it the public sources always come last"
    if other is None:
        return f"a team of the catalog: {one_of(upstream, sorted(set(teams) - {team.name}))}"
    if other.owns_nothing:
        return f"a team that owns packages: {other.file} owns none, so there is no repository to install from"
    if other.shape.readers is Readers.TEAM:
        return f"a team that the organisation may read: {other.file} says readers: team"
    return None


def _upstreams(catalog: Catalog) -> Problems:
    teams = {team.name: team for team in catalog.teams}
    for team in catalog.teams:
        upstreams = team.shape.upstreams
        if upstreams and team.shape.readers is Readers.TEAM:
            yield team.problem("upstreams", upstreams, "none with readers: team (what it installs from others comes through shared)")
        if upstreams and team.owns_nothing:
            yield team.problem("upstreams", upstreams, "none for a team that owns nothing: it has no repository and uses shared")
        if len(upstreams) > TEAM_UPSTREAMS_MAX:
            yield team.problem("upstreams", Words(f"{len(upstreams)} teams"), f"at most {TEAM_UPSTREAMS_MAX}, and shared as the tenth")
        for index, upstream in enumerate(upstreams[: TEAM_UPSTREAMS_MAX + 1]):
            allowed = None if upstream in catalog.unreadable else _upstream_of(team, upstream, teams)
            if allowed:
                yield team.problem(f"upstreams.{index}", upstream, allowed)


def _cycle(upstreams: Mapping[str, set[str]]) -> list[str] | None:
    """Some cycle, each team followed by one that it installs from, or None if there is none."""
    try:
        TopologicalSorter(upstreams).prepare()
    except CycleError as error:
        # Each one comes before the one that installs from it, and the first is the last again.
        return list(reversed(error.args[1]))[1:]
    return None


def _cycles(catalog: Catalog) -> Problems:
    """Cycles of upstreams, each reported at its alphabetically first team."""
    files = {team.name: team for team in catalog.teams}
    left = {team.name: {one for one in team.shape.upstreams if one in files and one != team.name} for team in catalog.teams}
    while cycle := _cycle(left):
        start = cycle.index(min(cycle))
        first, *others = cycle[start:] + cycle[:start]
        way = " -> ".join([first, *others, first])
        yield files[first].problem("upstreams", Words(way), "no cycle: let one of them install from shared instead")
        left[first].discard(others[0])


def _grammar(team: TeamFile) -> Problems:
    for claim in team.claims:
        if claim.name is None:
            close = owned_names.suggestion(claim.format, claim.text)
            hint = f" (did you mean {close}?)" if close else ""
            yield team.problem(claim.key, claim.text, owned_names.allowed(claim.format) + hint)
        elif claim.name.too_long:
            allowed = f"{owned_names.allowed(claim.format)}; each part of it at most {owned_names.PART_MAX} characters"
            yield team.problem(claim.key, claim.text, allowed)


def _ownership(catalog: Catalog) -> Problems:
    """Owned names follow the grammar, no package belongs to two teams, and no team's names block another's as variations."""
    # By format and namespace, without variations: names that differ in these never overlap, so a big catalog stays quick.
    earlier: dict[tuple[Format, str], list[tuple[TeamFile, Claim, OwnedName, OwnedName]]] = {}
    for team in catalog.teams:
        yield from _grammar(team)
        for format, names in team.shape.owns.items():
            if not names:
                yield team.problem(f"owns.{format}", [], f"{owned_names.allowed(format)}; or leave {format} out")
        claims = [(claim, claim.name, owned_names.without_variations(claim.name)) for claim in team.claims if claim.name]
        for claim, name, plain in claims:
            for other, rival, theirs, theirs_plain in earlier.get((plain.format, plain.namespace), []):
                if owned_names.overlaps(plain, theirs_plain):
                    why = "" if owned_names.overlaps(name, theirs) else _VARIATION
                    yield team.problem(
                        claim.key, claim.text, f"names that {other.name} does not own: {rival.text} ({other.file}, {rival.key}){why}"
                    )
        for claim, name, plain in claims:
            earlier.setdefault((plain.format, plain.namespace), []).append((team, claim, name, plain))
        if team.shape.readers is Readers.TEAM and team.owns_nothing:
            yield team.problem("readers", "team", "organization: a team that owns nothing has no repository to keep to itself")


def _repositories_once(catalog: Catalog) -> Problems:
    """GitHub's names don't tell upper case from lower, and a repository belongs to one team."""
    seen: dict[str, tuple[TeamFile, str]] = {}
    for team in catalog.teams:
        for name in team.shape.repositories:
            other, spelled = seen.setdefault(name.casefold(), (team, name))
            if (other, spelled) != (team, name):
                yield team.problem(
                    f"repositories.{name}", Words("a repository listed twice"), f"one place: it is {spelled} in {other.file}"
                )


def _renamed(catalog: Catalog) -> Problems:
    """What a repository had under its former name is carried along, so no other entry may have that name, now or before.

    Another case of the same name is the same name to IAM, which could not make the new roles while the old ones are there.
    """
    now = {name.casefold(): f"{team.file}, repositories.{name}" for team in catalog.teams for name in team.shape.repositories}
    before: dict[str, str] = {}
    for team in catalog.teams:
        for name, repository in team.shape.repositories.items():
            key, former = f"repositories.{name}.renamed_from", repository.renamed_from.casefold()
            if not former:
                continue
            if former == name.casefold():
                allowed = "another name: to change only the case, rename twice, with a third name in between"
                yield team.problem(key, repository.renamed_from, allowed)
            elif taken := now.get(former) or before.get(former):
                allowed = f"a name that no other repository has or had: {taken}; remove renamed_from once pulumi up has run with it"
                yield team.problem(key, repository.renamed_from, allowed)
            before.setdefault(former, f"{team.file}, {key}")


def _readers(catalog: Catalog) -> Problems:
    """Who reads besides a team's own builds is a question only where the organisation does not."""
    for team in catalog.teams:
        given = {"developer_groups": team.shape.developer_groups, "build_roles": team.shape.build_roles}
        for key, value in given.items():
            if value and team.shape.readers is not Readers.TEAM and not team.unsure("readers"):
                yield team.problem(key, value, "nothing with readers: organization, which lets every developer and build role in")


def _publishers(catalog: Catalog) -> Problems:
    for team in catalog.teams:
        for index, publisher in enumerate(team.shape.publishers):
            for key, value in (("account", publisher.account), ("role", publisher.role)):
                if not value and not team.unsure(f"publishers.{index}.{key}"):
                    yield team.problem(f"publishers.{index}.{key}", NOTHING, PUBLISHER)
        if team.shape.publishers and team.owns_nothing:
            yield team.problem(
                "publishers", Words(f"{len(team.shape.publishers)} roles"), "none for a team that owns nothing: it has no repository"
            )


_RESERVED_ENVIRONMENTS = {
    PROMOTE_ENVIRONMENT: f"{PROMOTE_ENVIRONMENT} is the environment of promotions",
    PRIVATE_DEPENDENCIES_ENVIRONMENT: (
        f"{PRIVATE_DEPENDENCIES_ENVIRONMENT} is the environment of the publishing workflow's own job, which may publish nothing"
    ),
}


def _release_branches(team: TeamFile, name: str, repository: RepositoryShape) -> Problems:
    key = f"repositories.{name}.release_branches"
    if not repository.release_branches and not repository.release_tags and not team.unsure(f"repositories.{name}.release_tags"):
        yield team.problem(
            key, NOTHING, "at least one branch, such as [main], or release_tags: a publishing repository publishes from those alone"
        )
    if repository.release_tags and not repository.release_branches and repository.promotes.reviewers:
        yield team.problem(key, NOTHING, "at least one branch, such as [main]: packages are promoted from release branches, not from tags")
    for index, branch in enumerate(repository.release_branches):
        reason = branches.check(branch)
        if reason:
            yield team.problem(f"{key}.{index}", branch, f"a branch, or a branch and /* at the end: {reason}")
        elif branches.is_pattern(branch) and not team.shape.release_managers and not team.unsure("release_managers"):
            yield team.problem(
                f"{key}.{index}", branch, "a pattern only with release_managers: nobody else may create a branch that matches it"
            )


def _nobody_tags(team: TeamFile) -> bool:
    """Whether nobody may create a release tag."""
    unsure = team.unsure("release_managers") or team.unsure("release_apps")
    return not team.shape.release_managers and not team.shape.release_apps and not unsure


def _release_tags(team: TeamFile, name: str, repository: RepositoryShape) -> Problems:
    key = f"repositories.{name}.release_tags"
    for index, tag in enumerate(repository.release_tags):
        reason = branches.check_tag(tag)
        if reason:
            yield team.problem(f"{key}.{index}", tag, f"a tag, or the beginning of tags and * at the end: {reason}")
        elif _nobody_tags(team):
            allowed = "no tag without release_managers or release_apps: nobody else may create one"
            yield team.problem(f"{key}.{index}", tag, allowed)


def _accepted_branches(team: TeamFile, name: str, repository: RepositoryShape) -> Problems:
    """Branches are accepted by name: a pattern would accept what nobody has looked at."""
    if team.unsure(f"repositories.{name}.release_branches"):
        return
    for index, branch in enumerate(repository.accepted_branches):
        if branch is not TAKEN_OUT and (branches.is_pattern(branch) or not branches.matches(branch, repository.release_branches)):
            allowed = f"the name of one branch that release_branches lets publish: {', '.join(repository.release_branches)}"
            yield team.problem(f"repositories.{name}.accepted_branches.{index}", branch, allowed)


def _publishing(team: TeamFile, name: str, repository: RepositoryShape) -> Problems:
    key = f"repositories.{name}"
    for index, format in enumerate(repository.publishes):
        if format and format not in team.shape.owns and not team.unsure("owns"):
            allowed = f"formats that the team owns names of; add owns: {format}: [...] ({owned_names.allowed(format)})"
            yield team.problem(f"{key}.publishes.{index}", str(format), allowed)
    if repository.approvals < 1:
        yield team.problem(f"{key}.approvals", repository.approvals, f"1 to {APPROVALS_MAX} (a publishing repository needs a review)")
    # GitHub's names of environments don't tell upper case from lower.
    if reserved := _RESERVED_ENVIRONMENTS.get(repository.environment.name.casefold()):
        yield team.problem(f"{key}.environment", repository.environment.said, f"another name: {reserved}")
    if repository.environment.said and not repository.environment.name:
        yield team.problem(f"{key}.environment.name", NOTHING, "the environment's name")
    if repository.environment.prevent_self_review and not repository.environment.reviewers:
        yield team.problem(f"{key}.environment.reviewers", [], "at least one GitHub team: without reviewers nobody reviews oneself")
    if len(repository.environment.reviewers) > REVIEWERS_MAX:
        teams = Words(f"{len(repository.environment.reviewers)} teams")
        yield team.problem(f"{key}.environment.reviewers", teams, f"at most {REVIEWERS_MAX}: GitHub allows no more per environment")
    if "reviewers" in repository.promotes.model_fields_set and not repository.promotes.reviewers:
        yield team.problem(f"{key}.promotes.reviewers", [], "at least one GitHub team")
    if len(repository.promotes.reviewers) > REVIEWERS_MAX:
        reviewers = Words(f"{len(repository.promotes.reviewers)} teams")
        yield team.problem(f"{key}.promotes.reviewers", reviewers, f"at most {REVIEWERS_MAX}: GitHub allows no more per environment")
    yield from _release_branches(team, name, repository)
    yield from _release_tags(team, name, repository)
    yield from _accepted_branches(team, name, repository)


def _installing(team: TeamFile, name: str, repository: RepositoryShape) -> Problems:
    given = {
        "release_branches": repository.release_branches,
        "release_tags": repository.release_tags,
        "accepted_branches": repository.accepted_branches,
        "environment": repository.environment.said,
        "promotes": {"reviewers": repository.promotes.reviewers} if repository.promotes.model_fields_set else None,
    }
    for key, value in given.items():
        if value:
            allowed = f"nothing, because {name} publishes nothing: add publishes: [npm] (or another format), or remove {key}"
            yield team.problem(f"repositories.{name}.{key}", value, allowed)


def _repositories(catalog: Catalog) -> Problems:
    for team in catalog.teams:
        for name, repository in team.shape.repositories.items():
            if repository.publishes:
                yield from _publishing(team, name, repository)
            elif not team.unsure(f"repositories.{name}.publishes"):
                yield from _installing(team, name, repository)


RULES = (_team_names, _upstreams, _cycles, _ownership, _readers, _publishers, _repositories_once, _renamed, _repositories)
