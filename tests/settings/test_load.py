"""`load`: settings from the configuration that the engine hands to the program."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import config as runtime_config
from pulumi.runtime import settings as runtime_settings

import settings
from tests.settings.builders import PROJECT, ROOT

Configure = Callable[[str, dict[str, Any]], None]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """Sets stack and configuration as the engine does, values as text, and sets back what was there."""
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    before, options = runtime_config.CONFIG.get(), runtime_settings.SETTINGS

    def use(stack: str, config: dict[str, Any]) -> None:
        pulumi.runtime.configure(pulumi.runtime.Settings(project=PROJECT, stack=stack))
        runtime_config.set_all_config({key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()})

    yield use
    runtime_config.CONFIG.set(before)
    pulumi.runtime.configure(options)


def _stack_file(stack: str) -> dict[str, Any]:
    return settings.read_stack_file(ROOT / f"Pulumi.{stack}.yaml")


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_program_gets_what_the_stack_file_says(configure: Configure, stack: str) -> None:
    configure(stack, _stack_file(stack))
    expected = settings.parse(settings.read_project_file(ROOT), _stack_file(stack), ROOT, PROJECT, stack)
    assert settings.load() == expected


def test_the_working_directory_does_not_matter(configure: Configure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    configure("dev", _stack_file("dev"))
    monkeypatch.chdir(tmp_path)
    assert settings.load().stack == "dev"


def test_configuration_in_the_environment_counts_too(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    configure("dev", _stack_file("dev"))
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"package-flow:tokenDuration": "1800"}))
    assert settings.load().token_duration == 1800


def test_problems_are_an_error_that_the_engine_prints_without_a_stack_trace(configure: Configure) -> None:
    """The whole map is read: a key that nobody asks for is a problem as well, and the message names the stack's file."""
    configure("dev", {**_stack_file("dev"), "package-flow:domian": {"name": "acme"}, "package-flow:tokenDuration": "1h"})
    with pytest.raises(pulumi.RunError) as refused:
        settings.load()
    heading, *lines = str(refused.value).splitlines()
    assert heading == "2 problems in the configuration; nothing was changed:"
    assert lines[0] == "  Pulumi.dev.yaml: package-flow:tokenDuration: got '1h', allowed: 900 to 43200 (seconds)"
    assert lines[1].startswith("  Pulumi.dev.yaml: package-flow:domian: got an unknown key, allowed: ")
    assert lines[1].endswith("(did you mean domain?)")
    assert isinstance(refused.value.__cause__, settings.SettingsError)
