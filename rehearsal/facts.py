"""What the rehearsed GitHub has before the program runs: the organisation's plan, and every repository's branches, tags, settings.

`--github FILE` says it; what the file leaves out is derived from the catalog.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, WrapValidator
from pydantic_core import PydanticCustomError

from policies.branches import is_pattern
from settings import Problem, Repository, Settings, SettingsError
from settings.problems import Words, one_of
from settings.shapes import KEY_SAYS_ALL, PlainText, RepositoryName, YesOrNo, fit
from settings.yaml_files import read_document

PLANS = ("free", "team", "enterprise")
VISIBILITIES = ("public", "private", "internal")
_BRANCH, _TAG = "refs/heads/", "refs/tags/"
_MAIN = "main"


def _word(*known: str) -> AfterValidator:
    def check(text: str) -> str:
        if text not in known:
            raise PydanticCustomError("refused", "{allowed}", {"allowed": one_of(text, known)})
        return text

    return AfterValidator(check)


def _name(value: Any, handler: Callable[[Any], str]) -> str:
    """A branch or tag without refs/ in front, in the part of git's grammar that a mistake in YAML would leave."""
    name = handler(value)
    if not name or is_pattern(name) or name.startswith("refs/") or any(one.isspace() for one in name):
        raise PydanticCustomError("refused", "{allowed}", {"allowed": "the name of one branch or tag, without refs/heads/ or refs/tags/"})
    return name


RefName = Annotated[PlainText, WrapValidator(_name)]


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class RulesetShape(_Shape):
    """As the body of https://docs.github.com/en/rest/repos/rules#create-a-repository-ruleset; the stand-in checks what is in it."""

    name: PlainText
    target: PlainText = "branch"
    enforcement: PlainText = "active"
    conditions: dict[str, Any] = {}
    rules: list[dict[str, Any]] = []
    bypass_actors: list[dict[str, Any]] = []


class RepositoryShape(_Shape):
    """One repository. `branches`: those beside the default branch."""

    default_branch: RefName | None = None
    visibility: Annotated[PlainText, _word(*VISIBILITIES)] | None = None
    archived: YesOrNo = False
    branches: list[RefName] | None = None
    tags: list[RefName] = []
    variables: dict[PlainText, PlainText] = {}
    rulesets: list[RulesetShape] = []


class FactsShape(_Shape):
    """The whole file."""

    plan: Annotated[PlainText, _word(*PLANS)] = "enterprise"
    variables: dict[PlainText, PlainText] = {}
    repositories: dict[RepositoryName, Annotated[RepositoryShape, KEY_SAYS_ALL]] = {}


@dataclass(frozen=True)
class RepositoryFacts:
    """One repository before the program runs. `branches` has the default branch; `commits` are ids that somebody refers to."""

    default_branch: str = _MAIN
    visibility: str = "private"
    archived: bool = False
    branches: tuple[str, ...] = (_MAIN,)
    tags: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    rulesets: tuple[RulesetShape, ...] = ()


@dataclass(frozen=True)
class Facts:
    """The organisation before the program runs: repositories of the catalog and of the publishing workflow, by name."""

    plan: str
    variables: Mapping[str, str]
    repositories: Mapping[str, RepositoryFacts]

    def of(self, repository: str) -> RepositoryFacts:
        """A repository that no file and no catalog says anything about is as a new one."""
        return self.repositories.get(repository, RepositoryFacts())


def derived(settings: Settings) -> Facts:
    """The facts that the catalog implies."""
    return _of(FactsShape(), settings)


def read(path: Path, settings: Settings) -> Facts:
    """The facts of a file, and what it leaves out derived. Raises SettingsError with every problem: file, key, got, allowed."""
    return _of(_file(path, settings), settings)


def _file(path: Path, settings: Settings) -> FactsShape:
    document, file = read_document(path), str(path)
    problems = [one.problem(file) for one in document.findings]
    data = {} if document.data is None and not problems else document.data
    if not isinstance(data, dict):
        raise SettingsError(problems or [document.no_mapping((), data).problem(file)])
    shape, findings = fit(FactsShape, data, document.spellings, {})
    problems += [one.problem(file) for one in findings]
    known = _names(settings)
    unknown = [name for name in (shape.repositories if shape else ()) if name not in known]
    problems += [Problem(file, f"repositories.{name}", Words("an unknown repository"), one_of(name, known)) for name in unknown]
    if problems or shape is None:
        raise SettingsError(problems)
    return shape


def _names(settings: Settings) -> list[str]:
    owner, _, workflows = settings.program_repository.partition("/")
    own = [workflows] if owner == settings.github_owner and settings.publishing.workflow else []
    return list(dict.fromkeys([*(one.name for one in settings.repositories), *own]))


def _of(file: FactsShape, settings: Settings) -> Facts:
    catalog = {one.name: one for one in settings.repositories}
    found = {name: _repository(file.repositories.get(name, RepositoryShape()), catalog.get(name), "") for name in _names(settings)}
    owner, _, name = settings.program_repository.partition("/")
    if settings.publishing.workflow and owner == settings.github_owner:
        said, ref = file.repositories.get(name, RepositoryShape()), settings.publishing.workflow.partition("@")[2]
        there = with_ref(_repository(said, catalog.get(name), ref), ref)
        # The workflow runs the repository's actions from main.
        found[name] = with_ref(there, f"{_BRANCH}{_MAIN}") if said.branches is None else there
        # By default public, so that another organisation can call the workflow, too, and be refused.
        found[name] = replace(found[name], visibility=said.visibility or "public")
    return Facts(file.plan, file.variables, found)


def _repository(said: RepositoryShape, declared: Repository | None, ref: str) -> RepositoryFacts:
    """`ref`: where the publishing workflow is trusted, if the repository has it."""
    released = declared.release_branches.names if declared else ()
    default = said.default_branch or _default_branch(released or ([ref.removeprefix(_BRANCH)] if ref.startswith(_BRANCH) else []))
    there = said.branches if said.branches is not None else declared.accepted_branches if declared else ()
    return RepositoryFacts(
        default,
        said.visibility or "private",
        said.archived,
        tuple(dict.fromkeys([default, *there])),
        tuple(said.tags),
        variables=said.variables,
        rulesets=tuple(said.rulesets),
    )


def _default_branch(released: Iterable[str]) -> str:
    """`main` where it publishes or no single branch does, else the first branch that publishes."""
    literal = [one for one in released if not is_pattern(one)]
    return _MAIN if _MAIN in literal or not literal else literal[0]


def with_ref(known: RepositoryFacts, ref: str) -> RepositoryFacts:
    """The repository with what a workflow's `@ref` names: a branch, a tag, or a commit."""
    if ref.startswith(_BRANCH):
        return replace(known, branches=tuple(dict.fromkeys([*known.branches, ref.removeprefix(_BRANCH)])))
    if ref.startswith(_TAG):
        return replace(known, tags=tuple(dict.fromkeys([*known.tags, ref.removeprefix(_TAG)])))
    return replace(known, commits=(ref,))
