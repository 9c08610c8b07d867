"""What people change in a stack, under Pulumi's engine: what is made, updated and deleted, in which order, all in one `pulumi up`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.engine.life import SMALL, Life, changes, done, living, needs_engine

pytestmark = needs_engine

ROLE, GUARDS = (
    "update Role payments-api-publish",
    ["update RepositoryRuleset payments-api-create", "update RepositoryRuleset payments-api-release"],
)
MOBILE = {"team": "mobile", "owns": {"npm": ["@acme-mobile/*"]}, "repositories": {"package-flow-outside": {}}}


def up(life: Life) -> list[str]:
    """What one up changes; after it a preview has nothing left."""
    steps = changes(done(life.stack.up()))
    assert changes(done(life.stack.preview())) == []
    return steps


def repository(life: Life, change: Callable[[dict[str, Any]], object]) -> list[str]:
    """What it takes to change payments-api in its team's file."""
    team = life.team("payments")
    change(team["repositories"]["payments-api"])
    life.configure({"payments": team})
    return up(life)


def policies(environment: str, *patterns: str) -> list[str]:
    return [f"RepositoryEnvironmentDeploymentPolicy payments-api/{environment}/{pattern}" for pattern in patterns]


def test_a_repository_publishes_from_more_branches_from_fewer_and_not_at_all(tmp_path: Path) -> None:
    with living(SMALL, tmp_path) as life:
        done(life.stack.up())
        more = [*policies("packages", "release/*"), *policies("promote", "release/*")]
        widened = repository(life, lambda one: one.update(release_branches=["main", "release/*"]))
        roles = [ROLE, ROLE.replace("publish", "promote")]
        assert sorted(widened) == sorted([*GUARDS, *roles, *(f"create {one}" for one in more)])
        assert set(widened[-2:]) == set(roles)  # the guards are there first
        narrowed = repository(life, lambda one: one.update(release_branches=["main"]))
        assert sorted(narrowed) == sorted([*GUARDS, *roles, *(f"delete {one}" for one in more)])
        assert set(narrowed[-2:]) == {f"delete {one}" for one in more}
        without = repository(life, lambda one: one.update(environment=""))
        assert without == [
            ROLE,
            *(f"delete {one}" for one in policies("packages", "main")),
            "delete RepositoryEnvironment payments-api/packages",
        ]
        reviewed = repository(life, lambda one: one.pop("promotes"))
        assert set(reviewed[:3]) == {
            "delete RolePolicy payments-api-promote",
            "delete ActionsVariable payments-api-CODEARTIFACT_PROMOTE_ROLE_ARN",
            "delete Role payments-api-promote",
        }
        assert reviewed[3:] == [
            *(f"delete {one}" for one in policies("promote", "main")),
            "delete RepositoryEnvironment payments-api/promote",
        ]
        installs = repository(life, lambda one: (one.pop("publishes"), one.pop("release_branches"), one.pop("environment")))
        assert "create RepositoryRuleset payments-api-default" in installs
        last_role, guards = (
            installs.index("delete Role payments-api-publish"),
            [one for one in installs if one.startswith("delete RepositoryRuleset")],
        )
        assert len(guards) == 2
        assert all(installs.index(guard) > last_role for guard in guards)


def test_teams_and_public_sources_come_and_go(tmp_path: Path) -> None:
    with living(SMALL, tmp_path) as life:
        done(life.stack.up())
        life.configure({"mobile": MOBILE}, publicSources=["npmjs", "pypi"], tokenDuration=1800)
        joined = up(life)
        made = [one for one in joined if one.startswith("create")]
        assert {"create Repository mobile", "create RepositoryPermissionsPolicy mobile", "create Resource npm:@acme-mobile/*"} <= set(made)
        assert {"create Repository pypi", "create RepositoryPermissionsPolicy pypi"} <= set(made)
        assert {one.split()[0] for one in joined} == {"create", "update"}
        research = {**life.team("research"), "readers": "organization"}
        life.configure({"research": research})
        opened = up(life)
        assert {"create RepositoryPermissionsPolicy research", "delete Role scoring-notebooks-read"} <= set(opened)
        life.configure({"research": {**research, "readers": "team"}})
        closed = up(life)
        assert {"delete RepositoryPermissionsPolicy research", "create Role scoring-notebooks-read"} <= set(closed)
        offboarded(life)


def offboarded(life: Life) -> None:
    """A team's file alone can't be taken away; with the commands that the refusal names it can."""
    life.configure({"mobile": {**MOBILE, "repositories": {}}})
    up(life)
    life.configure({"mobile": None})
    refused = life.stack.up()
    assert changes(refused) == []
    assert "'mobile' is gone, but its repository is in this stack, protected" in refused.errors[0].text
    assert len(refused.errors) == 1
    urn = next(one["urn"] for one in life.stack.state() if one["urn"].endswith("aws:codeartifact/repository:Repository::mobile"))
    life.configure({"mobile": {**MOBILE, "repositories": {}}})
    life.stack.pulumi("state", "unprotect", urn, "--yes")
    life.stack.pulumi("destroy", "--target", urn, "--target-dependents", "--yes", "--skip-preview")
    life.configure({"mobile": None})
    left = up(life)
    assert {one.split()[0] for one in left} <= {"update", "delete"}
    assert not [one for one in life.stack.state() if "mobile" in one["urn"]]
