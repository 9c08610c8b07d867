"""`python -m plan`, as a person starts it."""

import json
from pathlib import Path

import pytest

from plan.__main__ import main
from plan.facts import assumed
from plan.planning import plan
from settings.parsing import of_stack

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_every_statement_and_everything_that_has_a_name_is_there(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", stack]) == 0
    printed = capsys.readouterr().out
    settings = of_stack(ROOT, stack)
    planned = plan(settings, assumed(settings))
    documents = [text for role in planned.roles for text in (role.trust, role.permissions) if text]
    documents += [one.policy for one in (planned.registry, *planned.repositories) if one.policy]
    assert len(documents) > 20
    assert all(json.dumps(one) in printed for text in documents for one in json.loads(text)["Statement"])
    names = [*(one.arn for one in planned.roles), *(one.name for one in planned.repositories), *(one.name for one in planned.consumers)]
    names += [f"{name} = {value}" for one in planned.consumers for name, value in one.variables.items()]
    names += [group.owned.group_pattern for team in planned.teams for group in team.package_groups]
    assert all(name in printed for name in names)


def test_problems_are_said_and_nothing_is_planned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text((ROOT / "Pulumi.prod.yaml").read_text().replace("encryption: customer", "encryption: rot13"))
    assert main(["--config", str(file)]) == 1
    captured = capsys.readouterr()
    assert "rot13" in captured.err and not captured.out
