"""Good input: what comes out, what the defaults are, and that nothing of it can be changed."""

import dataclasses
import json
import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

import settings
from policies import owned_names
from policies.branches import declare
from settings import Encryption, Format, OidcProvider, Promotes, Readers, ReadRole, Settings, Sharing, Subjects
from tests.settings.builders import ABSENT, CONFIG, PROJECT, ROOT, STACK, changed, good, parse, write_catalog


def test_a_small_configuration_and_every_default(tmp_path: Path) -> None:
    got = parse(tmp_path, good())
    assert (got.project, got.stack, got.region, got.github_owner, got.catalog) == (PROJECT, STACK, "eu-west-1", "acme", "catalog")
    assert got.allowed_account_ids == ("111122223333",)
    assert got.domain == settings.DomainSettings("acme", Encryption.CUSTOMER, protect=True)
    assert got.public_sources == ("npmjs", "pypi", "maven-central")
    assert got.token_duration == 3600
    assert got.oidc_provider is OidcProvider.CREATE
    assert got.read_role is ReadRole.ORGANIZATION
    assert got.subjects is Subjects.BOTH
    assert got.iam == settings.IamSettings("/package-flow/", "")
    assert got.publishing.workflow == "acme/package-flow/.github/workflows/publish-package.yml@refs/heads/main"
    assert got.sharing is None


def test_teams_and_repositories_in_the_catalogs_order(tmp_path: Path) -> None:
    got = parse(tmp_path, good())
    assert [team.name for team in got.teams] == ["identity", "payments", "research", "storefront"]
    assert [one.name for one in got.repositories] == ["identity-api", "payments-api", "checkout-web", "scoring", "storefront-web"]
    payments = got.team("payments")
    assert payments.file == "catalog/payments.yaml"
    assert payments.upstreams == ("identity",)
    assert payments.owns == {
        Format.NPM: (owned_names.parse(Format.NPM, "@acme-payments/*"),),
        Format.PYPI: (owned_names.parse(Format.PYPI, "acme-payments-*"),),
    }
    assert payments.release_managers == ("payments-leads",)
    assert payments.repositories[0] == settings.Repository(
        name="payments-api",
        team="payments",
        publishes=(Format.NPM, Format.PYPI),
        release_branches=declare(("main", "release/*")),
        required_checks=("test",),
        approvals=2,
        environment="packages",
        promotes=Promotes(("payments-leads",)),
    )
    with pytest.raises(KeyError):
        got.team("nobody")


def test_a_team_that_owns_nothing_uses_shared(tmp_path: Path) -> None:
    got = parse(tmp_path, good())
    storefront, payments = got.team("storefront"), got.team("payments")
    assert (storefront.has_repository, storefront.codeartifact_repository) == (False, "shared")
    assert (payments.has_repository, payments.codeartifact_repository) == (True, "payments")
    assert (storefront.repositories[0].installs_only, payments.repositories[0].installs_only) == (True, False)
    assert got.team("research").readers is Readers.TEAM


def test_a_review_is_the_default_where_something_is_published_and_only_there(tmp_path: Path) -> None:
    got = {one.name: one.approvals for one in parse(tmp_path, good()).repositories}
    assert got == {"identity-api": 1, "payments-api": 2, "checkout-web": 0, "scoring": 1, "storefront-web": 0}
    asked = changed((("storefront", "repositories", "storefront-web"), {"approvals": 1, "required_checks": ["test"]}))
    web = parse(tmp_path, asked).team("storefront").repositories[0]
    assert (web.approvals, web.required_checks) == (1, ("test",))


@pytest.mark.parametrize("key", ["iam", "publishing", "sharing"])
def test_absent_and_an_empty_mapping_mean_the_same(tmp_path: Path, key: str) -> None:
    assert parse(tmp_path, changed(((CONFIG, f"package-flow:{key}"), {}))) == parse(tmp_path, good())


@pytest.mark.parametrize("path", [("owns",), ("repositories",), ("upstreams",), ("release_managers",)])
def test_absent_and_empty_mean_the_same_in_the_catalog(tmp_path: Path, path: tuple[str, ...]) -> None:
    empty = [] if path[0] in ("upstreams", "release_managers") else {}
    base = changed((("storefront", "repositories"), ABSENT))
    assert parse(tmp_path, changed((("storefront", *path), empty), start=base)) == parse(tmp_path, base)


def test_promotes_without_reviewers_named_is_no_promotion(tmp_path: Path) -> None:
    promotes = ("payments", "repositories", "payments-api", "promotes")
    assert parse(tmp_path, changed((promotes, {}))) == parse(tmp_path, changed((promotes, ABSENT)))


def test_any_workflow_and_the_one_that_promotes(tmp_path: Path) -> None:
    workflow = (CONFIG, "package-flow:publishing", "workflow")
    pinned = parse(tmp_path, changed((workflow, "acme/tools/.github/workflows/publish.yml@refs/tags/v1"))).publishing
    assert pinned.promotion_workflow == "acme/tools/.github/workflows/promote-package.yml@refs/tags/v1"
    commit = parse(tmp_path, changed((workflow, f"acme/tools/.github/workflows/publish.yaml@{'0f' * 20}"))).publishing
    assert commit.promotion_workflow == f"acme/tools/.github/workflows/promote-package.yml@{'0f' * 20}"
    anyone = parse(tmp_path, changed((workflow, "any"))).publishing
    assert (anyone.workflow, anyone.promotion_workflow) == (None, None)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"organizationId": "o-a1b2c3d4e5"}, Sharing("o-a1b2c3d4e5", ())),
        ({"accounts": ["444455556666"]}, Sharing("", ("444455556666",))),
        ({"organizationId": "", "accounts": []}, None),
    ],
)
def test_sharing_with_an_organisation_or_with_accounts(tmp_path: Path, given: dict, expected: Sharing | None) -> None:
    assert parse(tmp_path, changed(((CONFIG, "package-flow:sharing"), given))).sharing == expected


def test_the_engines_text_means_what_yaml_means(tmp_path: Path) -> None:
    """The engine hands values to a program as text: objects and lists as JSON, numbers and booleans as words."""
    native = changed(
        ((CONFIG, "package-flow:domain"), {"name": "acme", "protect": False}),
        ((CONFIG, "package-flow:tokenDuration"), 900),
        ((CONFIG, "package-flow:publicSources"), ["pypi"]),
        ((CONFIG, "package-flow:sharing"), {"accounts": ["444455556666"]}),
    )
    text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in native[CONFIG].items()}
    assert text["package-flow:tokenDuration"] == "900"
    assert text["aws:allowedAccountIds"] == '["111122223333"]'
    assert parse(tmp_path, changed(((CONFIG,), text))) == parse(tmp_path, native)


def test_keys_of_the_providers_are_left_to_them(tmp_path: Path) -> None:
    theirs = {"aws:defaultTags": {"tags": {"owner": "platform"}}, "github:writeDelayMs": "500", "pulumi:tags": {"a": "b"}}
    assert parse(tmp_path, changed(*(((CONFIG, key), value) for key, value in theirs.items()))) == parse(tmp_path, good())


def test_a_catalog_elsewhere(tmp_path: Path) -> None:
    write_catalog(tmp_path, {"solo": {"team": "solo"}})
    config = {**good()[CONFIG], "package-flow:catalog": f"{tmp_path}/catalog/"}
    got = settings.parse(settings.read_project_file(ROOT), config, ROOT, PROJECT, STACK)
    assert [team.file for team in got.teams] == [f"{tmp_path}/catalog/solo.yaml"]


def _values(one: Any) -> list[Any]:
    """A dataclass and everything in it."""
    inner = [getattr(one, field.name) for field in dataclasses.fields(one)]
    found = [one]
    for value in inner:
        for part in value if isinstance(value, tuple) else (value,):
            found += _values(part) if dataclasses.is_dataclass(part) else [part]
    return found


def test_settings_are_frozen_to_the_bottom(tmp_path: Path) -> None:
    got = parse(tmp_path, changed(((CONFIG, "package-flow:sharing"), {"accounts": ["444455556666"]})))
    values = _values(got)
    assert {type(one) for one in values} >= {Settings, settings.Team, settings.Repository, Promotes, Sharing}
    assert not [one for one in values if isinstance(one, list | dict | set)]
    for one in values:
        if dataclasses.is_dataclass(one):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(one, dataclasses.fields(one)[0].name, None)
        if isinstance(one, Mapping):
            with pytest.raises(TypeError):
                operator.setitem(cast(Any, one), "npm", ())
    assert hash(got) == hash(parse(tmp_path, changed(((CONFIG, "package-flow:sharing"), {"accounts": ["444455556666"]}))))
