"""A repository that is deleted, and a state that is lost, with the steps of docs/operations.md, under the engine."""

from pathlib import Path

import pytest

from tests.adoption.test_brownfield import Checkout, succeeded
from tests.docs.pages import page
from tests.engine.life import SMALL, Life, changes, done, in_the_organization, living, needs_engine

pytestmark = [needs_engine, pytest.mark.slow("tests/program shows what is refused, test_stops.py what stays guarded")]
OPERATIONS = page("docs/operations.md")
API = "payments-api"


def test_a_deleted_repository_leaves_with_a_refresh_and_nothing_trusts_it(tmp_path: Path) -> None:
    assert "pulumi up --stack prod --refresh" in OPERATIONS.section("A repository was deleted or transferred")
    with living(SMALL, tmp_path) as life:
        done(life.stack.up())
        life.cloud.control.act("github/repositories/delete", repository=f"acme/{API}")
        refused = life.stack.up()
        assert f"'acme/{API}' does not exist or is not visible to this credential" in refused.errors[0].text
        assert changes(refused) == []
        team = life.team("payments")
        del team["repositories"][API]
        life.configure({"payments": team})
        shown = changes(done(life.stack.preview(refresh=True)))
        assert {f"delete Role {API}-publish", f"delete Role {API}-promote"} <= set(shown)
        assert "404" in life.stack.up().errors[0].text
        done(life.stack.up(refresh=True))
        assert changes(done(life.stack.preview())) == []
        roles = life.aws("iam").list_roles(PathPrefix="/package-flow/")["Roles"]
        assert roles and not [one["RoleName"] for one in roles if API in one["RoleName"]]


def test_a_lost_state_comes_back_from_an_export_and_changes_nothing(tmp_path: Path) -> None:
    block = OPERATIONS.section("A full restore").split("```bash\n")[1].partition("```")[0]
    steps = block.replace("prod-state.json", "kept.json").replace("prod", "small").splitlines()
    with living(SMALL, tmp_path) as life:
        checkout = Checkout(life, tmp_path)
        checkout.configure()
        succeeded(checkout.run("pulumi stack init small"))
        succeeded(checkout.run("pulumi up --stack small"))
        succeeded(checkout.run("pulumi stack export --stack small --file kept.json"))
        succeeded(checkout.run("pulumi stack rm --stack small --force --yes"))
        checkout.configure()
        before = life.cloud.control.get("end-state")["lines"]
        init, restore, up = steps
        succeeded(checkout.run(init))
        refused = checkout.run("pulumi up --stack small")
        assert refused.returncode != 0 and "is there already and not in this stack's state" in refused.stdout + refused.stderr
        succeeded(checkout.run(restore))
        succeeded(checkout.run(up))
        succeeded(checkout.run("pulumi up --stack small --expect-no-changes"))
        assert life.cloud.control.get("end-state")["lines"] == before


def guards(life: Life) -> list[str]:
    """Names of the rulesets that hold for the repository."""
    seen = life.cloud.control.get(f"github/repositories/acme/{API}")
    return [*seen["rulesets"], *seen["inherited_rulesets"]]


@pytest.mark.parametrize("scope", ["repository", "organization"])
def test_a_name_that_another_repository_took_is_forgotten_and_onboarded(tmp_path: Path, scope: str) -> None:
    block = OPERATIONS.section("A name that another repository has").split("```bash\n")[1].partition("```")[0]
    forget = block.replace("prod", "small").replace("web-tooling", API)
    with living(SMALL if scope == "repository" else in_the_organization(SMALL, tmp_path), tmp_path) as life:
        checkout = Checkout(life, tmp_path)
        checkout.configure()
        succeeded(checkout.run("pulumi stack init small"))
        succeeded(checkout.run("pulumi up --stack small"))
        life.cloud.control.act("github/repositories/delete", repository=f"acme/{API}")
        life.cloud.control.post("github/seed", repositories=[{"owner": "acme", "name": API, "id": 777}])
        refused = checkout.run("pulumi up --stack small")
        assert refused.returncode != 0 and "got repository 777 on GitHub" in refused.stdout + refused.stderr
        succeeded(checkout.run(f"set -euo pipefail\n{forget}"))
        known = [one for one in checkout.state() if one.get("outputs", {}).get("repository") == API]
        assert known == []
        assert guards(life) == []
        succeeded(checkout.run("pulumi up --stack small"))
        succeeded(checkout.run("pulumi up --stack small --expect-no-changes"))
        assert len(guards(life)) == 2
        trust = life.aws("iam").get_role(RoleName=f"small-publish-{API}")["Role"]["AssumeRolePolicyDocument"]
        assert "'777'" in str(trust)
