"""Whatever comes in, settings come out or SettingsError does, and nothing else."""

import contextlib
import copy
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import settings
from settings import Settings, SettingsError
from settings.provider_keys import PROVIDER_KEYS
from settings.shapes import NOT_YET, RepositoryShape, StackShape, TeamShape, keys_of
from tests.settings.builders import ABSENT, CONFIG, PROJECT, ROOT, STACK, changed, good, parse, write_catalog
from tests.settings.test_settings_bad import STACK_VALUES, TEAM_VALUES

PROJECT_FILE = settings.read_project_file(ROOT)
EXAMPLES = 100

WORDS = [
    *(
        "",
        "acme",
        "@acme/*",
        "acme-*",
        "com.acme:*",
        "*",
        "main",
        "release/*",
        "a/../b",
        "npm",
        "pypi",
        "maven",
        "npmjs",
        "shared",
        "promote",
    ),
    *("identity", "payments", "research", "storefront", "team", "any", "on", "eu-west-1", "o-a1b2c3d4e5", "444455556666", "{}", "[]", "7"),
    *("arn:aws:iam::111122223333:policy/boundary", "acme/f/.github/workflows/p.yml@refs/heads/main", "/p/", "x" * 300),
]
KEYS = [*keys_of(TeamShape), *keys_of(RepositoryShape), "reviewers", "npm", "pypi", "name", "accounts", "organizationId", *sorted(NOT_YET)]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.dates(),
    st.binary(max_size=5),
    st.sampled_from(WORDS),
    st.text(alphabet=st.characters(codec=None), max_size=12),
)
keys = st.one_of(st.sampled_from(KEYS), st.text(max_size=8))
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=20)


def _places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path in the data."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(place for key, value in inner for place in _places(value, (*path, key)))]


PLACES = [place for place in _places(good()) if place and place != (CONFIG, "package-flow:catalog")]


# Changes: what other tests call good or bad values, together, and anything anywhere.
CASES = [case for case in (*STACK_VALUES, *TEAM_VALUES) if ABSENT not in (case.bad, case.good)]
changes = st.one_of(
    st.sampled_from([(case.at, case.good) for case in CASES]),
    st.sampled_from([(case.at, case.good) for case in CASES]),
    st.sampled_from([(case.at, case.bad) for case in CASES]),
    st.tuples(st.sampled_from(PLACES), anything),
)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """The good configuration with one to four changes."""
    configuration = good()
    for change in draw(st.lists(changes, min_size=1, max_size=4)):
        with contextlib.suppress(KeyError, IndexError, TypeError, AttributeError):  # an earlier change took this place away
            configuration = changed(copy.deepcopy(change), start=configuration)
    return configuration


def _settings_or_problems(root: Path, configuration: dict[str, Any]) -> None:
    try:
        assert isinstance(parse(root, configuration), Settings)
    except SettingsError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.file
            assert problem.allowed
            assert str(problem).isprintable()
        assert len(str(error).splitlines()) == 1 + len(error.problems)


quickly = hypothesis_settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quickly
@given(mutated())
def test_a_good_configuration_with_something_else_in_it(configuration: dict[str, Any]) -> None:
    if not isinstance(configuration[CONFIG], dict):
        configuration[CONFIG] = {}
    texts = {name: team if isinstance(team, str) else _dumped(team) for name, team in configuration.items() if name != CONFIG}
    with tempfile.TemporaryDirectory() as root:
        _settings_or_problems(Path(root), {**texts, CONFIG: configuration[CONFIG]})


def _dumped(data: Any) -> str:
    return yaml.safe_dump(data, allow_unicode=False)


config_keys = st.one_of(
    st.sampled_from([f"{PROJECT}:{key}" for key in keys_of(StackShape)]),
    st.sampled_from([f"{namespace}:{key}" for namespace, names in PROVIDER_KEYS.items() for key in sorted(names)]),
    st.text(max_size=10),
    scalars.filter(lambda key: not isinstance(key, float) or key == key),
)


@quickly
@given(st.dictionaries(config_keys, anything, max_size=6))
def test_any_stack_configuration(config: dict[Any, Any]) -> None:
    with tempfile.TemporaryDirectory() as root:
        write_catalog(Path(root), {name: _dumped(team) for name, team in good().items() if name != CONFIG})
        given_before = copy.deepcopy(config)
        try:
            settings.parse(PROJECT_FILE, {"package-flow:catalog": "catalog", **config}, Path(root), PROJECT, STACK)
        except SettingsError as error:
            assert all(str(problem).isprintable() for problem in error.problems)
        assert repr(config) == repr(given_before)


@quickly
@given(st.binary(max_size=60) | st.text(alphabet="{}[]:-&*!? \nab'\"#|>%@`,<1.~\t", max_size=60).map(str.encode))
def test_any_bytes_as_a_team_file(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as root:
        write_catalog(Path(root), {})
        (Path(root) / "catalog" / "extra.yaml").write_bytes(content)
        _settings_or_problems(Path(root), good())
