"""Read roles: as many as their trust policies need, each repository in one of them, and few that change theirs."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan import sizes
from plan.facts import assumed, widest
from plan.planning import plan
from plan.shares import capacity, shares
from policies.document import text
from policies.github_tokens import Subjects
from policies.names import Variable
from settings import IamSettings, ReadRole
from tests.policies.iam import admits, document
from tests.program import samples

NAMES = [f"service-{number}" for number in range(1_000)]


@given(st.integers(0, 400), st.integers(40, 120))
def test_every_name_has_one_share_and_no_share_is_too_large(count: int, most: int):
    found = shares(NAMES[:count], most)
    assert sorted(name for share in found for name in share) == sorted(NAMES[:count])
    assert max(map(len, found)) <= most
    assert (len(found) == 1) == (count <= most)


def test_a_repository_that_comes_moves_few_others():
    before, after = shares(NAMES[:500], 80), shares(NAMES[:501], 80)
    place = {name: number for number, share in enumerate(after) for name in share}
    if len(before) == len(after):
        assert all(place[name] == number for number, share in enumerate(before) for name in share)
    more = shares(NAMES[:600], 80)
    place = {name: number for number, share in enumerate(more) for name in share}
    moved = [name for number, share in enumerate(before) for name in share if place[name] != number]
    assert 0 < len(moved) < 500 * (len(more) - len(before)) / len(before)
    assert {place[name] for name in moved} <= set(range(len(before), len(more)))


def test_limits_of_shares():
    assert shares(NAMES, None) == (tuple(NAMES),)
    with pytest.raises(ValueError, match="expected at least 1"):
        shares(NAMES, 0)
    room = len(text([{"Sid": ""}]))
    assert [capacity(lambda items: [{"Sid": "".join(items)}], ["ab"], room + more) for more in (8, 9, 10)] == [4, 4, 5]
    assert capacity(lambda _: [], ["a"], 100) is None


def many(count: int, **changed):
    team = samples.team(repositories=tuple(samples.installing(f"repository-{number:03}") for number in range(count)))
    return samples.settings(team, **changed)


def roles(configured, facts=assumed):
    return plan(configured, facts(configured)).oidc.read_roles


@pytest.mark.parametrize("read_role", ReadRole)
def test_as_many_roles_as_the_repositories_need(read_role):
    assert [one.name for one in roles(many(80, read_role=read_role))] == ["test-read"]
    large = many(180, read_role=read_role)
    assert [one.name for one in roles(large)][:2] == ["test-read", "test-read+2"]
    assert sizes.check(plan(large, widest(large))) == []
    raised = many(150, read_role=read_role, iam=IamSettings("/x/", "", (), 4_096))
    assert len(roles(raised)) == 1 and len(roles(raised)[0].trust) > 2_048
    assert sizes.check(plan(raised, widest(raised))) == []


def test_immutable_subjects_of_the_organisation_need_one_role():
    assert len(roles(many(1_000, subjects=Subjects.IMMUTABLE, read_role=ReadRole.ORGANIZATION))) == 1
    assert len(roles(many(1_000, subjects=Subjects.IMMUTABLE, read_role=ReadRole.CATALOG))) > 10


def test_what_is_looked_up_moves_no_repository():
    """The sizes of ids, account and partition count as the widest, before and after."""
    configured = many(400)
    expected, found = (plan(configured, facts(configured)) for facts in (widest, assumed))
    assert [one.read_role for one in expected.consumers] == [one.read_role for one in found.consumers]
    assert len(expected.oidc.read_roles) == len(found.oidc.read_roles) > 4


@pytest.mark.parametrize("read_role", ReadRole)
def test_a_build_gets_into_the_role_that_its_variable_names_and_into_no_other_by_name(read_role):
    configured = many(200, read_role=read_role)
    planned = plan(configured, assumed(configured))
    provider = planned.place.github_oidc_provider_arn
    for one in planned.consumers[::17]:
        repository = one.repository
        claims = {"aud": "sts.amazonaws.com", "repository_id": str(repository.id), "ref": "refs/heads/main"}
        by_name = claims | {"sub": f"repo:{repository.owner.login}/{repository.name}:pull_request"}
        let_in = [role.arn for role in planned.oidc.read_roles if admits(document(role.trust), by_name, provider)]
        assert let_in == [one.variables[Variable.READ_ROLE_ARN]] == [planned.oidc.read_roles[one.read_role].arn]


def test_open_team_repositories_let_every_read_role_in():
    def patterns(configured):
        policies = [json.loads(one.repository.policy) for one in plan(configured, assumed(configured)).teams]
        return [
            each["Condition"]["ArnLike"]["aws:PrincipalArn"] for one in policies for each in one["Statement"] if each["Sid"] == "ReadByRole"
        ]

    assert all(any(each.endswith("/test-read+*") for each in found) for found in patterns(many(200)))
    assert not any(each.endswith("/test-read+*") for found in patterns(many(20)) for each in found)


# --- immutable subjects of single repositories ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("read_role", ReadRole)
@pytest.mark.parametrize("subjects", [None, Subjects.BOTH, Subjects.IMMUTABLE])
def test_a_repository_may_be_trusted_by_its_immutable_subject_alone(read_role, subjects):
    strict, other = samples.installing("strict", subjects=subjects), samples.installing("other")
    configured = samples.settings(samples.team(repositories=(strict, other)), read_role=read_role)
    planned = plan(configured, assumed(configured))
    (role,), provider = planned.oidc.read_roles, planned.place.github_oidc_provider_arn
    for one in planned.consumers:
        me = one.repository
        claims = {"aud": "sts.amazonaws.com", "repository_id": str(me.id)}
        by_name = claims | {"sub": f"repo:{me.owner.login}/{me.name}:pull_request"}
        by_id = claims | {"sub": f"repo:{me.owner.login}@{me.owner.id}/{me.name}@{me.id}:pull_request"}
        assert admits(document(role.trust), by_id, provider)
        assert admits(document(role.trust), by_name, provider) is not (one.name == "strict" and subjects is Subjects.IMMUTABLE)
