"""A value is parsed once and a document built once: what is trusted, guarded, measured and registered is one value."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from plan import planning
from plan.facts import assumed
from policies import owned_names
from settings import parsing
from settings.parsing import of_stack
from tests.program.fake import Cloud
from tests.program.test_program import run

ROOT = Path(__file__).resolve().parents[2]


LEFT = "payments-api"


def counted(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> Counter:
    """How often a function is called, by its arguments in text."""
    calls, function = Counter(), getattr(module, name)

    def counting(*arguments: Any) -> Any:
        calls[repr(arguments)] += 1
        return function(*arguments)

    monkeypatch.setattr(module, name, counting)
    return calls


def documents(value: Any) -> Iterator[str]:
    """Every policy document that is somewhere in a plan."""
    if isinstance(value, str):
        if value.startswith('{"Version"'):
            yield value
    elif is_dataclass(value):
        for one in fields(value):
            yield from documents(getattr(value, one.name))
    elif isinstance(value, tuple):
        for one in value:
            yield from documents(one)


class Interrupted(Cloud):
    """prod after a run that came to two components and wrote a variable, which the state does not know."""

    def __init__(self) -> None:
        begun = {"GitHubOidc": "github", "ConsumingRepository": LEFT}
        urns = {f"urn:pulumi:prod::package-flow::package-flow:index:{type}::{name}": type for type, name in begun.items()}
        resources = {urn: {"type": f"package-flow:index:{type}", "outputs": {}} for urn, type in urns.items()}
        super().__init__(audiences=None, resources=resources)

    def _variables(self, fullName: str) -> dict[str, Any]:
        found = [{"name": "CODEARTIFACT_DOMAIN", "value": "acme"}] if fullName.endswith(f"/{LEFT}") else []
        return {**super()._variables(fullName), "variables": found}


@pytest.mark.parametrize("cloud", [Cloud(audiences=None), Interrupted()], ids=["first run", "after an interrupted one"])
def test_one_run_of_the_program(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan is built twice: with the widest ids before anything is looked up, and with the real ones, by which what was found is judged.
    What is left is taken into the state.
    """
    settings = of_stack(ROOT, "prod")
    owned = [name for team in settings.teams for names in team.owns.values() for name in names]
    texts = counted(monkeypatch, planning, "text")
    planning.plan(settings, assumed(settings))
    once = texts.total()
    texts.clear()
    plans = counted(monkeypatch, planning, "_Planning")
    parsed, declared = counted(monkeypatch, owned_names, "parse"), counted(monkeypatch, parsing, "declare")
    recording = run("prod", cloud)
    assert plans.total() == 2
    imported = [one.name for one in recording.registrations if one.options.get("importId")]
    assert len(imported) == isinstance(cloud, Interrupted)
    assert parsed.total() == len(owned) > 5
    assert declared.total() == len(settings.repositories) > 5
    assert texts.total() == 2 * once > 50


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_each_document_of_a_plan_is_built_once(stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = counted(monkeypatch, planning, "text")
    settings = of_stack(ROOT, stack)
    texts.clear()
    planned = planning.plan(settings, assumed(settings))
    assert texts.total() == len({id(one) for one in documents(planned)})
