"""The recipe for Dependabot: what its proxy does with the file leads to the role and the repository that the stack has."""

from pathlib import Path

import yaml

from plan import planning
from plan.facts import assumed
from settings.parsing import of_stack
from tests.settings.builders import ROOT

FILE = Path(__file__).parents[2] / "examples" / "dependabot" / ".github" / "dependabot.yml"


def test_the_recipe_names_the_role_and_the_repository_of_the_stack() -> None:
    """The proxy makes `arn:aws:iam::ACCOUNT:role/NAME` of account and name, so the name begins with the role's path."""
    settings = of_stack(ROOT, "prod")
    plan = planning.plan(settings, assumed(settings))
    consumer = next(one for one in plan.consumers if one.name == "login-web")
    registry = yaml.safe_load(FILE.read_text())["registries"]["acme"]
    assert consumer.dependabot_role is not None
    assert f"arn:aws:iam::{registry['account-id']}:role/{registry['role-name']}" == consumer.dependabot_role.arn
    place = plan.place
    assert (registry["domain"], registry["domain-owner"], registry["aws-region"]) == (place.domain, place.account, place.region)
    host = f"{place.domain}-{place.account}.d.codeartifact.{place.region}.amazonaws.com"
    assert registry["url"] == f"https://{host}/npm/{consumer.codeartifact_repository}/"
    # Without it Dependabot looks private names up in the public registry, too.
    assert registry["replaces-base"] is True
