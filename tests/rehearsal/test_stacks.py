"""Whatever settings accept rehearses: the scenarios follow from the stack, nothing comes out otherwise, no message is a traceback."""

import os
from pathlib import Path

import pytest
from hypothesis import given, reject
from hypothesis import settings as hypothesis

import settings as configuration
from rehearsal import facts, report, seeding, selection
from rehearsal.cloud.github.seed import Seed, seed
from rehearsal.cloud.github.state import GitHub
from rehearsal.engine import runner
from rehearsal.program.runner import Options
from rehearsal.program.stack_files import load
from rehearsal.scenario import Scenario
from tests.engine.life import needs_engine
from tests.fuzzing import program
from tests.fuzzing.generating import unhurried
from tests.fuzzing.inputs import Tree, written
from tests.rehearsal.generated import legitimate
from tests.rehearsal.offline import without_a_cloud
from tests.rehearsal.stacks import CASES, placed, stack
from tests.rehearsal.test_rehearsal import rehearse, wrong
from tests.settings.builders import PROJECT, ROOT

# How many generated ones: their scenarios are chosen, and some are rehearsed as a whole. The same in every run of as many.
CHOSEN, REHEARSED_WHOLE = int(os.environ.get("STACKS", "25")), int(os.environ.get("REHEARSED_STACKS", "6"))
ALL_CHOSEN = 300
# Rehearsed as a whole in every test run; the others' scenarios are looked at, and rehearsed with --all.
REHEARSED = ("a team without repositories", "readers: team alone", "default branch trunk and an environment")


def parsed(tree: Tree, folder: Path) -> configuration.Settings:
    file, _ = placed(tree, folder)
    return configuration.parse(configuration.read_project_file(ROOT), configuration.read_stack_file(file), folder, PROJECT, tree.stack)


def selected(tree: Tree, folder: Path) -> list[Scenario]:
    """Seed GitHub for the stack, run the program on what it is told, and choose the scenarios."""
    settings = parsed(tree, folder)
    known = facts.derived(settings)
    seed(GitHub(), Seed.model_validate(seeding.github(settings, (), known)))
    outcome = program.run(written(tree))
    assert outcome.error is None, outcome.trace
    return [one for phase in selection.phases(without_a_cloud(settings, outcome.outputs)) for one in phase]


@pytest.mark.parametrize("case", CASES)
def test_the_scenarios_of_a_case(case: str, tmp_path: Path) -> None:
    assert selected(CASES[case], tmp_path)


def test_the_scenarios_of_any_stack(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> None:
    examples = max(CHOSEN, ALL_CHOSEN if pytestconfig.getoption("--all") else 0)

    @hypothesis(unhurried, max_examples=examples, derandomize=True)
    @given(legitimate())
    def there_are_some(tree: Tree) -> None:
        try:
            assert selected(tree, tmp_path_factory.mktemp("stack"))
        except configuration.SettingsError:
            reject()  # as a trust policy that is too long

    there_are_some()


def test_the_report_lists_who_gets_no_event(tmp_path: Path) -> None:
    here, there = "arn:aws:sqs:us-east-1:111122223333:", "arn:aws:sqs:us-east-1:444455556666:"
    receivers = {"sqs": [f"{here}a", f"{there}a"], "email": ["a@contoso.example"], "pipelines": ["release"]}
    tree = stack(events={**receivers, "slack": {"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"}})
    events = parsed(tree, tmp_path).events
    assert report.not_delivered(events, here) == ["a@contoso.example", f"{there}a", "release", "Slack channel C07EZ1ABC23"]
    assert report.not_delivered(None, here) == []


def as_expected(tree: Tree, folder: Path, environment: object = None, engine: str = "sdk") -> None:
    file, catalog = placed(tree, folder, environment)
    done, said = rehearse("--config", str(file), "--catalog", str(catalog), "--quick", "--engine", engine)
    assert wrong(said) == []
    assert done.returncode == (2 if any(one["observed"] == "skipped" for one in said["scenarios"]) else 0)
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "case",
    [one if one in REHEARSED else pytest.param(one, marks=pytest.mark.slow("three cases are rehearsed in every run")) for one in CASES],
)
def test_a_case_rehearses(case: str, tmp_path: Path) -> None:
    as_expected(CASES[case], tmp_path)


@pytest.mark.slow("the SDK rehearses it")
@needs_engine
@pytest.mark.parametrize("case", ["provider keys, and an account that begins with 0", "a Slack channel"])
def test_a_case_rehearses_under_the_engine(case: str, tmp_path: Path) -> None:
    as_expected(CASES[case], tmp_path, engine="auto")


def test_the_engine_gets_the_keys_that_a_rehearsal_applies(tmp_path: Path) -> None:
    file, _ = placed(CASES["provider keys, and an account that begins with 0"], tmp_path / "stack")
    given = runner.source(Options(ROOT, file, "live", "", "", {}), load(ROOT, file, "live")).values
    assert {key for key in given if key.startswith(("aws:", "github:"))} == {"aws:region", "aws:allowedAccountIds", "github:owner"}


def test_a_stack_that_imports_an_environment_rehearses(tmp_path: Path) -> None:
    as_expected(CASES["a team without repositories"], tmp_path, "[contoso/shared]")


@pytest.mark.slow("their scenarios are looked at in every run")
def test_any_stack_rehearses(tmp_path_factory: pytest.TempPathFactory) -> None:
    @hypothesis(unhurried, max_examples=REHEARSED_WHOLE, derandomize=True)
    @given(legitimate())
    def it_does(tree: Tree) -> None:
        folder = tmp_path_factory.mktemp("stack")
        try:
            selected(tree, folder)
        except configuration.SettingsError:
            reject()
        as_expected(tree, folder / "whole")

    it_does()
