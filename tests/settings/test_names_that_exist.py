"""Repositories, keys and environments that are there under names of their own, from the configuration to what is registered."""

from pathlib import Path
from typing import Any

import pytest

from plan.facts import assumed
from plan.planning import plan
from settings import Encryption, SettingsError
from tests.settings.builders import CONFIG, changed, parse, problems

KEY = "arn:aws:kms:eu-west-1:111122223333:key/12345678-1234-1234-1234-123456789012"


def stack(key: str, value: Any) -> tuple[tuple[str, ...], Any]:
    return (CONFIG, f"package-flow:{key}"), value


NAMED = (
    stack("publicSources", {"npmjs": "npm-store", "pypi": "pypi"}),
    stack("shared", "shared-packages"),
    (("payments", "repository"), "web"),
)


def test_everything_goes_by_the_names_of_the_domain(tmp_path: Path) -> None:
    got = parse(tmp_path, changed(*NAMED))
    planned = plan(got, assumed(got))
    assert {"shared-packages", "npm-store", "pypi", "web"} <= {one.name for one in planned.repositories}
    assert planned.registry.shared.upstreams == ("npm-store", "pypi")
    assert [one.logical_name for one in planned.registry.public_sources] == ["npmjs", "pypi"]
    payments = next(one for one in planned.teams if one.name == "payments")
    assert payments.repository.upstreams[-1] == "shared-packages"
    assert all(one.publishers == ("web", "shared-packages") for one in payments.package_groups)
    documents = str(planned)
    for kind in ("repository", "package"):
        for former in ("shared", "payments", "npmjs"):
            assert f":{kind}/acme/{former}" not in documents.replace("/shared-packages", "")
    for one in planned.consumers:
        if one.file.endswith("payments.yaml"):
            assert one.variables["CODEARTIFACT_REPOSITORY"] == "web"


def test_without_names_each_has_its_own(tmp_path: Path) -> None:
    got = parse(tmp_path, changed())
    assert (got.shared, dict(got.named_sources)) == ("shared", {})
    listed = parse(tmp_path, changed(stack("publicSources", {one: one for one in got.public_sources})))
    assert listed == got


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ((stack("shared", "npmjs"),), "publicSources.npmjs: got 'npmjs', allowed: another name: package-flow:shared has it"),
        ((stack("publicSources", {"npmjs": "Shared"}),), "publicSources.npmjs: got 'Shared', allowed: another name"),
        (((("payments", "repository"), "shared"),), "catalog/payments.yaml: repository: got 'shared', allowed: another name"),
        ((stack("publicSources", {"npmx": "npm-store"}),), "did you mean npmjs"),
        ((stack("publicSources", {"npmjs": "-"}),), "publicSources.npmjs: got '-', allowed: a CodeArtifact repository"),
        ((stack("publicSources", 5),), "or a mapping of each to its repository"),
        ((stack("domain", {"name": "acme", "encryption": "arn:aws:kms:eu-west-1:1:alias/x"}),), "the ARN of a KMS key"),
    ],
)
def test_what_is_no_name_or_somebody_elses(tmp_path: Path, first: Any, words: str) -> None:
    found = [str(one) for one in problems(tmp_path, changed(*first))]
    assert any(words in one for one in found), found


def test_a_key_that_is_there(tmp_path: Path) -> None:
    got = parse(tmp_path, changed(stack("domain", {"name": "acme", "encryption": KEY})))
    assert (got.domain.encryption, got.domain.key) == (Encryption.KEY, KEY)
    planned = plan(got, assumed(got))
    assert planned.registry.key is None and planned.registry.encryption_key == KEY


def test_an_environment_says_what_protects_it(tmp_path: Path) -> None:
    at = ("payments", "repositories", "payments-api", "environment")
    says = {"name": "packages", "wait_timer": 30, "reviewers": ["leads"], "prevent_self_review": True}
    got = parse(tmp_path, changed((at, says)))
    planned = plan(got, assumed(got))
    (api,) = [one for one in planned.consumers if one.name == "payments-api"]
    (environment,) = [one for one in api.environments if one.name == "packages"]
    assert (environment.wait_timer, len(environment.reviewer_teams), environment.prevents_self_review) == (30, 1, True)
    plain = parse(tmp_path, changed((at, "packages")))
    assert plain == parse(tmp_path, changed((at, {"name": "packages"})))
    for wrong, words in (
        ({"wait_timer": 30}, "environment.name: got nothing"),
        ({"name": "packages", "wait_timer": 43201}, "0 to 43200"),
        ({"name": "packages", "prevent_self_review": True}, "environment.reviewers: got []"),
        ({"name": "Promote"}, "another name"),
    ):
        with pytest.raises(SettingsError, match=words.replace("[", r"\[").replace("]", r"\]")):
            parse(tmp_path, changed((at, wrong)))


def test_a_record_that_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "adopted").mkdir()
    file = tmp_path / "adopted" / "test.json"
    for content in ("[]", "{}", '{"resources": [{"key": 1}]}', "{"):
        file.write_text(content)
        with pytest.raises(SettingsError, match=r"adopted/test\.json: resources: got .*, allowed: what python -m adopt writes"):
            parse(tmp_path, changed())
    file.write_text('{"resources": [{"key": "a|b"}]}')
    assert parse(tmp_path, changed()).adopted == {"a|b"}
