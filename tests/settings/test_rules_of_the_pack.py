"""Settings refuse what the policy pack would refuse, by the pack's own functions and in its words."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import settings
from plan import planning, sizes
from plan.facts import widest
from plan.planning import plan
from policies import github_tokens
from policies.document import statement
from policies.resources.shared_repository import shared_repository_policy
from policy_pack.rules import credentials, keeping, registry
from settings import SettingsError, rules_of_the_pack
from tests.settings.builders import CONFIG, PROJECT, ROOT, changed, write_catalog

AWS_KEY = "AKIA" + "ABCDEFGH12345678"


def told(root: Path, *changes: tuple[Any, Any], stack: str = "test") -> list[str]:
    configuration = changed(*changes)
    write_catalog(root, {name: team for name, team in configuration.items() if name != CONFIG})
    try:
        settings.parse(settings.read_project_file(ROOT), configuration[CONFIG], root, PROJECT, stack)
    except SettingsError as error:
        return [str(problem) for problem in error.problems]
    return []


# --- protection -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stack", ["prod", "production"])
def test_production_is_protected(tmp_path: Path, stack: str) -> None:
    protect = (CONFIG, "package-flow:domain", "protect")
    (problem,) = told(tmp_path, (protect, False), stack=stack)
    assert problem.startswith(f"Pulumi.{stack}.yaml: package-flow:domain.protect: got false, allowed: true in a stack named {stack}")
    assert told(tmp_path, (protect, True), stack=stack) == []
    assert told(tmp_path, stack=stack) == []
    assert told(tmp_path, (protect, False), stack="preproduction") == []
    assert keeping.is_production(stack)


# --- variables --------------------------------------------------------------------------------------------------------------------------


def _team(name: str) -> dict[str, Any]:
    return {"team": name, "owns": {"npm": ["@acme-extra/*"]}, "repositories": {"extra-web": {}}}


@pytest.mark.parametrize(
    ("name", "why"),
    [("xoxb-deployments-of-the-shop", "form of a credential"), ("Zq3vK9xW1bR7tY5uJ2mN8pL4sD6fG0hA", "looks random")],
)
def test_a_team_whose_name_looks_like_a_credential(tmp_path: Path, name: str, why: str) -> None:
    (problem,) = told(tmp_path, ((name,), _team(name)))
    assert problem.startswith(f"catalog/{name}.yaml: team: ") or "(looks like a credential)" in problem
    assert why in problem
    assert credentials.looks_like_credential("CODEARTIFACT_REPOSITORY", name)


@pytest.mark.parametrize(
    "name",
    [
        "npm-tools-of-the-platform-team-and-others",
        "pypi-mirror-of-the-data-science-department",
        "xox-shop",
        "platform-engineering-build-tools-v2",
        "b2b-customer-onboarding-workflows",
        "payments-and-billing-frontend-2024",
        "web3-blockchain-wallet-integration-sdk",
    ],
)
def test_a_team_with_a_long_name_is_none(tmp_path: Path, name: str) -> None:
    assert told(tmp_path, ((name,), _team(name))) == []


def test_a_repository_whose_role_looks_like_a_credential(tmp_path: Path) -> None:
    (problem,) = told(tmp_path, (("payments", "repositories", AWS_KEY), {}))
    assert "form of a credential" in problem
    assert AWS_KEY not in problem
    assert told(tmp_path, (("payments", "repositories", AWS_KEY.lower()), {})) == []


def test_a_domain_and_a_repository_with_honest_names(tmp_path: Path) -> None:
    domain = (CONFIG, "package-flow:domain", "name")
    assert told(tmp_path, (domain, "payments-and-billing-frontend-2024")) == []
    (problem,) = told(tmp_path, (domain, "payments-x7k2p9qm4z8w1v5n3c6b0a2d"))
    assert "package-flow:domain.name" in problem and "looks random" in problem
    assert told(tmp_path, (("payments", "repositories", "ASIAPACIFICPAYMENTSAPI"), {})) == []
    (problem,) = told(tmp_path, (("payments", "repositories", "ASIAPACIFICPAYM3NTSA"), {}))
    assert "form of a credential" in problem


# --- documents --------------------------------------------------------------------------------------------------------------------------


def test_every_kind_of_document_is_looked_at(tmp_path: Path) -> None:
    assert told(tmp_path) == []
    configured = _parsed(tmp_path)
    assert {one.kind for one in sizes.documents(plan(configured, widest(configured)))} == set(sizes.Kind)
    names = {one.name for one in rules_of_the_pack.RULES}
    assert {"trust-has-subject", "trust-has-audience", "trust-has-id", "trust-names-one-organization", "pull-requests-only-read"} <= names
    assert {"tokens-are-capped", "no-public-principal", "services-act-for-us"} <= names
    assert names <= {one.name for one in registry.RULES}


def _parsed(root: Path) -> settings.Settings:
    return settings.parse(settings.read_project_file(ROOT), changed()[CONFIG], root, PROJECT, "test")


@pytest.mark.parametrize(
    ("dropped", "rule"),
    [("aud", "trust-has-audience"), ("sub", "trust-has-subject"), ("repository_id", "trust-has-id")],
)
def test_a_trust_policy_without_a_claim_is_refused(tmp_path: Path, monkeypatch, dropped: str, rule: str) -> None:
    """As if a change of the program had forgotten it."""
    assert told(tmp_path) == []
    way_in = github_tokens.way_in

    def without(*args: Any) -> dict[str, Any]:
        made = json.loads(json.dumps(way_in(*args)))
        for keys in made["Condition"].values():
            keys.pop(github_tokens.claim(dropped), None)
        return made

    monkeypatch.setattr(github_tokens, "way_in", without)
    found = told(tmp_path)
    assert any(
        "payments.yaml: repositories.payments-api.release_branches: got the publish role's trust policy of which statement Release" in one
        and one.endswith(registry.rule(rule).mend)
        for one in found
    ), found


def test_a_pull_request_that_may_publish_is_refused(tmp_path: Path, monkeypatch) -> None:
    subjects = github_tokens.subjects
    monkeypatch.setattr(
        github_tokens, "subjects", lambda repository, contexts, forms: subjects(repository, [*contexts, "pull_request"], forms)
    )
    assert any("lets pull requests in" in one for one in told(tmp_path))


def test_a_policy_for_everybody_is_refused(tmp_path: Path, monkeypatch) -> None:
    shared = shared_repository_policy
    everybody = statement("Everybody", "codeartifact:ReadFromRepository", "*", principal="*")
    monkeypatch.setattr(planning, "shared_repository_policy", lambda *args, **named: [*shared(*args, **named), everybody])
    (problem,) = told(tmp_path)
    assert "the policy of shared of which statement Everybody lets everybody in" in problem


# --- imports ----------------------------------------------------------------------------------------------------------------------------


def test_settings_are_read_without_the_sdks() -> None:
    """The pack's rules come along, and neither Pulumi nor the pack's server does."""
    code = "import sys, settings; print([one for one in sys.modules if one.split('.')[0] in ('pulumi', 'pulumi_policy', 'pulumi_aws')])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
