"""What people change in a stack, under Pulumi's engine: what is made, updated and deleted, in which order, all in one `pulumi up`."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engine.life import SMALL, Life, changes, done, living, needs_engine

# A change is in the default run by test_stops.py, whose every step is watched, and by test_renames.py.
pytestmark = [needs_engine, pytest.mark.slow("each change of a stack: test_stops.py and test_renames.py show the kinds")]

ROLE = "update Role payments-api-publish"
RULESETS = ["RepositoryRuleset payments-api-create", "RepositoryRuleset payments-api-release"]
NEW, FORMER = [f"create {one}" for one in RULESETS], [f"delete {one}" for one in RULESETS]
POLICY = "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy"
MOBILE = {"team": "mobile", "owns": {"npm": ["@acme-mobile/*"]}, "repositories": {"package-flow-outside": {}}}


def up(life: Life) -> list[str]:
    """What one up changes, rulesets without the digests of what they say; after it a preview has nothing left."""
    steps = changes(done(life.stack.up()))
    assert changes(done(life.stack.preview())) == []
    return [re.sub("(RepositoryRuleset .*)-[0-9a-f]{8}$", r"\1", step) for step in steps]


def parted(steps: list[str], *parts: list[str]) -> None:
    """The steps are these, one part after the other, each in any order."""
    assert sorted(steps) == sorted(step for part in parts for step in part)
    for part in parts:
        assert sorted(steps[: len(part)]) == sorted(part), steps
        steps = steps[len(part) :]


def refused(life: Life, words: str) -> None:
    """An up that changes nothing and says why, in one problem."""
    before = life.stack.state()
    run = life.stack.up()
    assert changes(run) == [] and life.stack.state() == before
    assert words in run.errors[0].text and len(run.errors) == 1


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
        original = life.team("payments")["repositories"]["payments-api"]
        more = [*policies("packages", "release/*"), *policies("promote", "release/*")]
        widened = repository(life, lambda one: one.update(release_branches=["main", "release/*"]))
        roles = [ROLE, ROLE.replace("publish", "promote")]
        parted(widened, [*NEW, *(f"create {one}" for one in more)], roles, FORMER)
        narrowed = repository(life, lambda one: one.update(release_branches=["main"]))
        parted(narrowed, NEW, roles, [*FORMER, *(f"delete {one}" for one in more)])
        stricter = repository(life, lambda one: one.update(approvals=2))
        assert stricter == ["create RepositoryRuleset payments-api-release", "delete RepositoryRuleset payments-api-release"]
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
        assert installs[0] == "create RepositoryRuleset payments-api-default"
        last_role = installs.index("delete Role payments-api-publish")
        assert set(FORMER) <= set(installs[last_role + 1 :])
        publishes = repository(life, lambda one: one.update(original))
        for kind in ("publish", "promote"):
            created = publishes.index(f"create Role payments-api-{kind}")
            assert set(NEW) <= set(publishes[:created])
        assert publishes[-1] == "delete RepositoryRuleset payments-api-default"
        renamed = repository(life, lambda one: one.update(environment="production"))
        assert renamed == [
            "create RepositoryEnvironment payments-api/production",
            *(f"create {one}" for one in policies("production", "main")),
            ROLE,
            *(f"delete {one}" for one in policies("packages", "main")),
            "delete RepositoryEnvironment payments-api/packages",
        ]


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
        handed_over(life)
        offboarded(life)


def handed_over(life: Life) -> None:
    """A name and a repository move between teams; a team's name can't."""
    payments, mobile = life.team("payments"), life.team("mobile")
    life.configure({"mobile": {**mobile, "owns": {"npm": ["@acme-mobile/*", "@acme-wallet/*"]}}})
    parted(up(life), ["create Resource npm:@acme-wallet/*", "update EventRule package-versions"])
    life.configure({"mobile": mobile, "payments": {**payments, "owns": {"npm": ["@acme-payments/*", "@acme-wallet/*"]}}})
    roles = [f"payments-api-{kind}" for kind in ("publish", "promote")]
    names = ["update EventRule package-versions", "update Resource npm:@acme-wallet/*"]
    parted(up(life), [*names, *(f"update RolePolicy {one}" for one in roles)])
    moved = {**mobile, "repositories": {**mobile["repositories"], **payments["repositories"]}}
    life.configure({"mobile": moved, "payments": {**life.team("payments"), "repositories": {}}})
    # Other release managers: their ruleset is there before the rights that rely on it, the former one until they are gone.
    variable, described = "update ActionsVariable payments-api-CODEARTIFACT_REPOSITORY", "update Role payments-api-publish"
    parted(up(life), [NEW[0], variable, described, *(f"update RolePolicy {one}" for one in roles)], FORMER[:1])
    life.configure({"mobile": mobile, "payments": payments})
    back = up(life)
    assert {NEW[0], *(f"update RolePolicy {one}" for one in roles)} < set(back)
    assert set(back[-2:]) == {FORMER[0], "delete Resource npm:@acme-wallet/*"}
    life.configure({"mobile": None, "handhelds": {**mobile, "team": "handhelds"}})
    refused(life, "'mobile' is gone, but its repository is in this stack, protected")
    life.configure({"mobile": mobile, "handhelds": None})


def test_keys_of_the_stack(tmp_path: Path) -> None:
    with living(SMALL, tmp_path) as life:
        life.configure(publicSources=["npmjs", "pypi"])
        done(life.stack.up())
        domain = life.values["package-flow:domain"]
        for changed, words in (
            ({"encryption": "aws"}, "package-flow:domain.encryption: got aws; expected customer: another domain"),
            ({"name": "contoso"}, "package-flow:domain.name: got arn:aws:codeartifact:eu-west-1:111122223333:domain/contoso; expected arn"),
        ):
            life.configure(domain={**domain, **changed})
            refused(life, words)
        life.configure(domain=domain, subjects="immutable")
        trusting = ("github-read", "scoring-notebooks-read", "payments-api-publish", "payments-api-promote")
        parted(up(life), [f"update Role {one}" for one in trusting])
        life.configure(githubOidcProvider="existing")
        assert up(life) == ["delete OpenIdConnectProvider github"]
        providers = life.aws("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
        assert len(providers) == 1  # retained: others may rely on it
        source_taken_away(life)


def source_taken_away(life: Life) -> None:
    """Without a preview too, a protected public source keeps its Deny, until both are released."""
    life.configure(publicSources=["npmjs"])
    run = life.stack.up()
    assert [one.urn.rpartition("$")[2] for one in run.errors] == [f"{POLICY}::pypi"] and "is protected" in run.errors[0].text
    assert [step for step in changes(run) if step.startswith("delete")] == []
    where = {"domain": life.settings.domain.name, "repository": "pypi"}
    assert "NobodyWrites" in life.aws("codeartifact").get_repository_permissions_policy(**where)["policy"]["document"]
    for one in life.stack.state():
        if one["urn"].endswith("::pypi"):
            life.stack.pulumi("state", "unprotect", one["urn"], "--yes")
    assert up(life) == ["delete RepositoryPermissionsPolicy pypi", "delete Repository pypi"]


def offboarded(life: Life) -> None:
    """A team's file alone can't be taken away; with the commands that the refusal names it can."""
    life.configure({"mobile": {**MOBILE, "repositories": {}}})
    up(life)
    life.configure({"mobile": None})
    refused(life, "'mobile' is gone, but its repository is in this stack, protected")
    urn = next(one["urn"] for one in life.stack.state() if one["urn"].endswith("aws:codeartifact/repository:Repository::mobile"))
    life.configure({"mobile": {**MOBILE, "repositories": {}}})
    life.stack.pulumi("state", "unprotect", urn, "--yes")
    life.stack.pulumi("destroy", "--target", urn, "--target-dependents", "--yes", "--skip-preview")
    life.configure({"mobile": None})
    left = up(life)
    assert {one.split()[0] for one in left} <= {"update", "delete"}
    assert not [one for one in life.stack.state() if "mobile" in one["urn"]]
