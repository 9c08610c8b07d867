"""The JSON Schemas say of single values what the program says of them, and never more."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import schemas
from company.places import bootstraps
from tests.bootstrap import samples
from tests.docs.pages import ROOT
from tests.settings.builders import ABSENT, CONFIG, changed, good
from tests.settings.test_settings_bad import STACK_VALUES, TEAM_VALUES, Case

FOLDER = ROOT / "schemas"
FILES = {
    "stack.json": sorted(ROOT.glob("Pulumi.*.yaml")),
    "catalog.json": sorted(ROOT.glob("catalog/*/*.yaml")),
    "bootstrap.json": bootstraps(ROOT),
}
SHIPPED = [(schema, file) for schema, files in FILES.items() for file in files]
# A key that is no text is none in JSON.
CASES = [case for case in (*STACK_VALUES, *TEAM_VALUES) if all(isinstance(key, str | int) for key in case.at) and case.at[-1] != 7]
# Refused by a rule between keys, files or policies, or for what a pattern does not see: `python -m settings check` says it.
FOR_THE_PROGRAM_ALONE = 0.4


def validator(name: str) -> Any:
    return jsonschema.Draft7Validator(yaml.safe_load(schemas.texts()[name]))


STACK, TEAM, BOOTSTRAP = (validator(name) for name in FILES)


def is_valid(configuration: dict[str, Any]) -> bool:
    """Whether editors take every file of a configuration."""
    teams = [one for name, one in configuration.items() if name != CONFIG]
    teams = [yaml.safe_load(one) if isinstance(one, str) else one for one in teams]
    return STACK.is_valid({"config": configuration[CONFIG]}) and all(TEAM.is_valid(one) for one in teams)


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == schemas.texts()[name], "run make reference"
    jsonschema.Draft7Validator.check_schema(yaml.safe_load(schemas.texts()[name]))


def test_every_schema_has_its_file_and_no_other() -> None:
    assert {one.name for one in FOLDER.glob("*.json")} == set(schemas.texts()) == set(FILES)


@pytest.mark.parametrize(("schema", "file"), SHIPPED, ids=lambda value: value if isinstance(value, str) else value.name)
def test_a_shipped_file_names_its_schema_and_fits(schema: str, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    named = text.partition("\n")[0].removeprefix("# yaml-language-server: $schema=")
    assert (file.parent / named).resolve() == FOLDER / schema
    assert [one.message for one in validator(schema).iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.key} {str(case.bad)[:30]!r}")
def test_what_the_program_takes_fits(case: Case) -> None:
    assert is_valid(good() if case.good is ABSENT else changed((case.at, case.good)))


def test_what_the_program_refuses_mostly_does_not_fit() -> None:
    assert is_valid(good())
    fitting = [case for case in CASES if is_valid(changed((case.at, case.bad)))]
    assert len(fitting) < FOR_THE_PROGRAM_ALONE * len(CASES)


@pytest.mark.parametrize(
    ("schema", "change", "word"),
    [
        (STACK, {"package-flow:tokenDuration": 90_000}, "43200"),
        (STACK, {"package-flow:tokenDurations": 3_600}, "tokenDurations"),
        (STACK, {"aws:secretKey": "value-of-a-key"}, "aws:secretKey"),
        (STACK, {"aws:region": "eu-west-9"}, "eu-west-9"),
        (STACK, {"package-flow:domain": {"encryption": "aws"}}, "'name' is a required property"),
        (STACK, {"package-flow:developers": {"mode": "policy"}}, "'groups' is a required property"),
        (BOOTSTRAP, {"package-flow-bootstrap:approvals": "1"}, "'1' is not of type 'integer'"),
        (BOOTSTRAP, {"package-flow-bootstrap:stacks": {"prod": {}}}, "'branch' is a required property"),
        (BOOTSTRAP, {"package-flow-bootstrap:githubActions": {"stateBucket": "acme-state"}}, "'stateKey' is a required property"),
        (BOOTSTRAP, {"package-flow-bootstrap:guardedElsewhere": ["tools"]}, "'tools' does not match"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_value_is_one_error(schema: Any, change: dict[str, Any], word: str) -> None:
    shipped = samples.config() if schema is BOOTSTRAP else yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"]
    assert schema.is_valid({"config": shipped})
    (error,) = schema.iter_errors({"config": {**shipped, **change}})
    assert word in error.message


def test_a_key_has_the_words_of_the_reference() -> None:
    repository = TEAM.schema["properties"]["repositories"]["patternProperties"]
    (one,) = repository.values()
    checks = one["properties"]["required_checks"]
    assert checks["description"] == (
        "Names of checks that GitHub Actions reports and that must pass before a merge. A check that never ran blocks merging. Default: []."
    )
    assert checks["items"]["patternErrorMessage"] == "allowed: the name of a check: text on one line"
