"""Over-limit catalogs are found before anything is created, and what fits here fits in AWS."""

from dataclasses import replace

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan import sizes
from plan.facts import _WIDEST_ACCOUNT, _WIDEST_PARTITION, stable_id, widest
from plan.planning import plan
from policies.arns import Registry
from policies.document import text
from policies.github_tokens import Owner, Subjects
from policies.owned_names import Format, parse
from policies.roles.publish import publish_permissions
from settings import Publisher, Readers, Sandbox, Sharing
from tests.program import samples


def check(settings) -> list[sizes.Oversize]:
    return sizes.check(plan(settings, widest(settings)))


def measured(*teams, **changed) -> list[tuple[str, str]]:
    return [(one.file, one.key) for one in check(samples.settings(*teams, **changed))]


def team_with(**changed):
    return samples.team(repositories=(samples.repository(**changed),))


def owning(count: int, **changed):
    names = tuple(f"@acme-payments/package-with-a-long-name-{number:04}" for number in range(count))
    return samples.team(owns=samples.owns({Format.NPM: names}), repositories=(samples.repository(**changed),))


def test_an_ordinary_catalog_fits():
    assert measured() == []
    assert measured(team_with(release_branches=("main", "release/*"), environment="packages", promotes=samples.promotes("leads"))) == []


def test_too_many_release_branches():
    branches = tuple(f"release/line-{number}" for number in range(30))
    assert measured(team_with(release_branches=branches)) == [("catalog/test/payments.yaml", "repositories.payments-api.release_branches")]
    assert measured(team_with(release_branches=branches[:3])) == []


def test_too_many_owned_names():
    assert measured(owning(120)) == [("catalog/test/payments.yaml", "owns")]
    assert measured(owning(30)) == []


def test_promotion_names_each_owned_name_three_times():
    assert measured(owning(60)) == []
    assert measured(owning(60, promotes=samples.promotes("leads"))) == [("catalog/test/payments.yaml", "owns")]


def test_only_the_formats_of_a_repository_count():
    names = samples.owns({Format.NPM: ("@acme/*",), Format.PYPI: tuple(f"acme-{'x' * 60}-{number}" for number in range(120))})
    npm, pypi = samples.repository(), samples.repository(publishes=(Format.PYPI,))
    assert measured(samples.team(owns=names, repositories=(npm,))) == []
    assert measured(samples.team(owns=names, repositories=(pypi,))) == [("catalog/test/payments.yaml", "owns")]


def test_too_many_accounts():
    accounts = tuple(f"{number:012}" for number in range(150))
    found = check(samples.settings(sharing=Sharing("", accounts)))
    assert {one.key for one in found} == {"package-flow:sharing.accounts"}
    assert "organizationId" in found[0].allowed
    assert measured(sharing=Sharing("o-a1b2c3d4e5", accounts[:50])) == []


def test_a_finding_says_what_it_measures_and_how_to_mend_it():
    (found,) = check(samples.settings(owning(120)))
    assert found.got.startswith("the publish role's policy of ") and found.got.endswith(" characters")
    assert found.allowed == "at most 10,240: own fewer names, or one pattern for many"


@pytest.mark.parametrize(("over", "found"), [(0, []), (1, [("catalog/test/payments.yaml", "owns")])])
def test_a_document_at_its_limit_fits_and_one_character_more_does_not(over, found):
    registry = Registry(_WIDEST_PARTITION, _WIDEST_ACCOUNT, "eu-west-1", "acme")
    shortest = publish_permissions(registry, 3600, "payments", [parse(Format.MAVEN, "com:a")], ["payments", "shared", "npmjs", "pypi"])
    artifact = "a" * (sizes.INLINE_MAX - len(text(shortest)) + 1 + over)
    owns = samples.owns({Format.MAVEN: (f"com:{artifact}",)})
    assert measured(samples.team(owns=owns, repositories=(samples.repository(publishes=(Format.MAVEN,)),))) == found


# --- the placeholders -----------------------------------------------------------------------------------------------------------------


def test_no_partition_or_account_is_wider_than_the_placeholders():
    partitions = botocore.session.get_session().get_available_partitions()
    assert max(map(len, partitions)) <= len(_WIDEST_PARTITION)
    assert len(_WIDEST_ACCOUNT) == 12
    # GitHub's ids are 10 digits long today.
    assert all(len(str(stable_id("repository", f"acme/{number}"))) == 12 for number in range(200))


@given(
    st.sampled_from(["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-eusc"]),
    st.from_regex(r"[0-9]{12}", fullmatch=True),
    st.integers(1, 10**12 - 1),
    st.integers(1, 10**12 - 1),
    st.sampled_from(list(Subjects)),
    st.sampled_from(["", "packages"]),
)
def test_no_real_document_is_larger_than_the_measured_one(partition, account, owner_id, repository_id, forms, environment):
    """Every document of a plan, with ids and accounts as they may come."""
    one = samples.repository(
        release_branches=("main", "release/*", "release/a/b"), environment=environment, promotes=samples.promotes("leads")
    )
    closed = samples.team("research", readers=Readers.TEAM, build_roles=("ci",))
    opened = samples.team(repositories=(one,), publishers=(Publisher("444455556666", "ci-*"),))
    settings = samples.settings(opened, closed, subjects=forms, build_roles=("ci",), sandbox=Sandbox("acme-sandbox", ("engineers/*",)))
    facts = samples.facts(
        settings,
        registry=Registry(partition, account, "eu-west-1", "acme"),
        owner=Owner("acme", owner_id),
        repositories={name: replace(seen, id=repository_id) for name, seen in samples.facts(settings).repositories.items()},
        caller=f"arn:{partition}:sts::{account}:assumed-role/deployer/session",
    )
    real, measured = ([one.text for one in sizes.documents(plan(settings, each))] for each in (facts, widest(settings)))
    assert len(real) >= 20
    assert all(len(one) <= len(other) for one, other in zip(real, measured, strict=True))
