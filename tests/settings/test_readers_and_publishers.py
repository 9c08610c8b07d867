"""Developers, builds on AWS, and accounts shared with: what comes of good input, and the rules between stack file and catalog."""

from pathlib import Path
from typing import Any

import pytest

import settings
from settings import DeveloperMode, Developers, Publisher, Sharing
from tests.settings.builders import ABSENT, CONFIG, PROJECT, ROOT, STACK_FILE, changed, good, parse, problems, write_catalog

OTHER, OWN = "444455556666", "111122223333"
CI = {"account": OTHER, "role": "ci-*"}


def of_stack(key: str, value: Any) -> tuple[tuple[str, ...], Any]:
    return (CONFIG, f"package-flow:{key}"), value


def told(tmp_path: Path, *changes: tuple[Any, Any]) -> list[tuple[str, str]]:
    return [(one.file, one.key) for one in problems(tmp_path, changed(*changes))]


def test_a_stack_without_any_of_it(tmp_path):
    got = parse(tmp_path, changed())
    assert (got.developers, got.build_roles, got.sharing) == (None, (), None)
    assert all((one.developer_groups, one.build_roles, one.publishers) == ((), (), ()) for one in got.teams)
    assert parse(tmp_path, changed(of_stack("developers", {}), of_stack("builds", {}))) == got


def test_developers(tmp_path):
    got = parse(tmp_path, changed(of_stack("developers", {"groups": ["Engineering"]})))
    assert got.developers == Developers(("Engineering",), DeveloperMode.IDENTITY_CENTER, "eu-west-1", "", 28_800)
    role = "arn:aws:iam::222233334444:role/sets"
    elsewhere = {"groups": ["A", "B"], "region": "us-east-1", "roleArn": role, "sessionDuration": 3600}
    got = parse(tmp_path, changed(of_stack("developers", elsewhere)))
    assert got.developers == Developers(("A", "B"), DeveloperMode.IDENTITY_CENTER, "us-east-1", role, 3600)
    got = parse(tmp_path, changed(of_stack("developers", {"groups": ["A"], "mode": "policy"})))
    assert got.developers == Developers(("A",), DeveloperMode.POLICY, "eu-west-1", "", 28_800)


def test_a_team_lets_in_whom_it_names(tmp_path):
    stack = [of_stack("developers", {"groups": ["Engineering"]}), of_stack("builds", {"roles": ["ci/train", "test"]})]
    named = [(("research", "developer_groups"), ["Research"]), (("research", "build_roles"), ["ci/train"])]
    got = parse(tmp_path, changed(*stack, *named))
    assert got.build_roles == ("ci/train", "test")
    assert (got.team("research").developer_groups, got.team("research").build_roles) == (("Research",), ("ci/train",))
    # Where everybody reads, naming some is a mistake; so is a role that the stack does not give the policy to.
    for key, value in (("developer_groups", ["Research"]), ("build_roles", ["ci/train"])):
        assert told(tmp_path, *stack, (("payments", key), value)) == [("catalog/payments.yaml", key)]
    assert told(tmp_path, *stack, (("research", "build_roles"), ["train"])) == [("catalog/research.yaml", "build_roles.0")]


def test_publishers_of_other_accounts(tmp_path):
    def publishes(who: dict[str, str], *stack: tuple[Any, Any], team: str = "payments") -> list[tuple[str, str]]:
        return told(tmp_path, *stack, ((team, "publishers"), [who]))

    shared = of_stack("sharing", {"accounts": [OTHER]})
    got = parse(tmp_path, changed(shared, (("payments", "publishers"), [CI])))
    assert got.team("payments").publishers == (Publisher(OTHER, "ci-*"),)
    # An account of the organisation is shared with too, and a team that keeps its packages to itself may let others publish.
    assert publishes(CI, of_stack("sharing", {"organizationId": "o-a1b2c3d4e5"})) == []
    assert publishes(CI, of_stack("sharing", {"organizationPaths": ["o-a1b2c3d4e5/r-ab12/*"]})) == []
    assert publishes(CI, shared, team="research") == []
    at = "catalog/payments.yaml"
    assert publishes(CI) == [(at, "publishers.0.account")]
    assert publishes(CI, of_stack("sharing", {"accounts": ["777788889999"]})) == [(at, "publishers.0.account")]
    assert publishes({**CI, "account": OWN}, of_stack("sharing", {"organizationId": "o-a1b2c3d4e5"})) == [(at, "publishers.0.account")]
    assert publishes({"account": OTHER}, shared) == [(at, "publishers.0.role")]
    assert publishes({"role": "ci"}, shared) == [(at, "publishers.0.account")]
    for role in ("*", "ci*-x", "/ci", "c?", "ci-*/x", "-*", "_/.*"):
        assert publishes({**CI, "role": role}, shared) == [(at, "publishers.0.role")], role
    for role in ("ci", "ci*", "build/ci-*", "-c*", "_/.1*"):
        assert publishes({**CI, "role": role}, shared) == [], role
    assert publishes(CI, shared, team="storefront") == [("catalog/storefront.yaml", "publishers")]


def test_sharing(tmp_path):
    paths = ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"]
    got = parse(tmp_path, changed(of_stack("sharing", {"organizationPaths": paths, "downstream": ["shared", "identity"]})))
    assert got.sharing == Sharing("", (), tuple(paths), ("shared", "identity"))
    closed = of_stack("sharing", {"accounts": [OTHER], "downstream": ["research"]})
    assert told(tmp_path, closed) == [(STACK_FILE, "package-flow:sharing.downstream.0")]
    assert told(tmp_path, closed, (("research", "readers"), ABSENT)) == []


@pytest.mark.parametrize("stack", ["prod-developers", "prod-developers-eu"])
def test_a_stack_is_not_named_as_the_permission_sets_of_another(tmp_path, stack):
    write_catalog(tmp_path, {name: team for name, team in good().items() if name != CONFIG})
    with pytest.raises(settings.SettingsError, match=r"without .*-developers"):
        settings.parse(settings.read_project_file(ROOT), good()[CONFIG], tmp_path, PROJECT, stack)
    assert settings.parse(settings.read_project_file(ROOT), good()[CONFIG], tmp_path, PROJECT, "developers-eu").stack == "developers-eu"


def test_documents_over_their_size(tmp_path):
    shared = of_stack("sharing", {"accounts": [OTHER]})
    many = [{"account": OTHER, "role": f"{'r' * 60}{number}*"} for number in range(60)]
    assert told(tmp_path, shared, (("payments", "publishers"), many)) == [("catalog/payments.yaml", "publishers")]
    assert told(tmp_path, shared, (("payments", "publishers"), many[:3])) == []
    roles = [f"{'r' * 60}{number}" for number in range(80)]
    assert told(tmp_path, of_stack("builds", {"roles": roles})) == [(STACK_FILE, "package-flow:builds.roles")]
    assert told(tmp_path, of_stack("builds", {"roles": roles[:9]})) == []
