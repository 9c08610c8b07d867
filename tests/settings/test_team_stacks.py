"""Teams in stacks of their own: what a team stack's file may say, and the rules between stacks; each problem with its good twin."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import Problem, SettingsError
from settings.parsing import of_stack
from tests.program import team_stacks
from tests.program.fake import ROOT
from tests.program.team_stacks import PAYMENTS, REGISTRY, RESEARCH

FILE = f"Pulumi.{PAYMENTS}.yaml"
REGISTRY_FILE = f"Pulumi.{REGISTRY}.yaml"
Change = Callable[[Path], None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return team_stacks.folder(tmp_path)


def found(root: Path, stack: str = PAYMENTS) -> list[Problem]:
    try:
        of_stack(root, stack)
    except SettingsError as error:
        return list(error.problems)
    return []


def config(stack: str, **changed: Any) -> Change:
    """A changed key of a stack file; None takes it away."""

    def change(root: Path) -> None:
        file = root / f"Pulumi.{stack}.yaml"
        document = yaml.safe_load(file.read_text())
        values = {**document["config"], **{key.replace("__", ":"): value for key, value in changed.items()}}
        document["config"] = {key: value for key, value in values.items() if value is not None}
        file.write_text(yaml.safe_dump(document))

    return change


def document(stack: str, **changed: Any) -> Change:
    def change(root: Path) -> None:
        file = root / f"Pulumi.{stack}.yaml"
        file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **changed}))

    return change


def team(name: str, **changed: Any) -> Change:
    def change(root: Path) -> None:
        file = root / "catalog" / "prod" / f"{name}.yaml"
        file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **changed}))

    return change


def gone(stack: str) -> Change:
    return lambda root: (root / f"Pulumi.{stack}.yaml").unlink()


def given(name: str, stack: str) -> Change:
    return lambda root: team_stacks.give(root, name, stack)


def test_the_stacks_of_one_catalog_are_sound(root: Path) -> None:
    for stack in (REGISTRY, PAYMENTS, RESEARCH):
        assert found(root, stack) == []


def test_a_team_stack_plans_from_the_registry_stacks_file(root: Path) -> None:
    registry, payments = of_stack(root, REGISTRY), of_stack(root, PAYMENTS)
    assert (payments.stack, payments.running, registry.running) == (REGISTRY, PAYMENTS, REGISTRY)
    assert payments.teams == registry.teams and payments.domain == registry.domain and payments.iam == registry.iam
    assert [one.name for one in payments.own_teams] == ["payments"]
    assert [one.name for one in registry.own_teams] == ["identity", "platform", "storefront"]


def test_a_stack_without_team_stacks_is_as_it_was() -> None:
    registry = of_stack(ROOT, REGISTRY)
    assert registry.own_teams == registry.teams and not registry.team_stack


CASES: Mapping[str, tuple[Change, str, str, str, str]] = {
    # name: what is changed, the stack that is checked, and file, key and words of the problem
    "another key": (config(PAYMENTS, **{"package-flow__tokenDuration": 900}), PAYMENTS, FILE, "package-flow:tokenDuration", REGISTRY_FILE),
    "a default spelled out": (config(PAYMENTS, **{"package-flow__shared": "shared"}), PAYMENTS, FILE, "package-flow:shared", "belongs in"),
    "another region": (config(PAYMENTS, aws__region="eu-west-2"), PAYMENTS, FILE, "aws:region", "what Pulumi.prod.yaml says: 'eu-west-1'"),
    "no account": (config(PAYMENTS, aws__allowedAccountIds=None), PAYMENTS, FILE, "aws:allowedAccountIds", "what Pulumi.prod.yaml says"),
    "other tags": (
        config(PAYMENTS, aws__defaultTags={"tags": {"a": "b"}}),
        PAYMENTS,
        FILE,
        "aws:defaultTags",
        "nothing, as Pulumi.prod.yaml",
    ),
    "a credential": (config(PAYMENTS, github__token="x"), PAYMENTS, FILE, "github:token", "credentials in the environment"),
    "itself": (
        config(PAYMENTS, **{"package-flow__registryStack": PAYMENTS}),
        PAYMENTS,
        FILE,
        "package-flow:registryStack",
        "another stack",
    ),
    "no such stack": (
        config(PAYMENTS, **{"package-flow__registryStack": "prd"}),
        PAYMENTS,
        FILE,
        "package-flow:registryStack",
        "Pulumi.prd.yaml",
    ),
    "a full name": (
        config(PAYMENTS, **{"package-flow__registryStack": "acme/p/prod"}),
        PAYMENTS,
        FILE,
        "package-flow:registryStack",
        "without organ",
    ),
    "a chain": (
        config(PAYMENTS, **{"package-flow__registryStack": RESEARCH}),
        PAYMENTS,
        FILE,
        "package-flow:registryStack",
        "names prod as its own",
    ),
    "an environment": (document(REGISTRY, environment=["aws"]), PAYMENTS, REGISTRY_FILE, "environment", "write their values under config"),
    "a secret": (
        config(REGISTRY, **{"package-flow__shared": {"secure": "v1:a"}}),
        PAYMENTS,
        REGISTRY_FILE,
        "package-flow:shared",
        "without --secret",
    ),
    "nobody's": (team("payments", stack=""), PAYMENTS, FILE, "", "no file of catalog/prod says stack: prod-payments"),
    "no file": (
        gone(PAYMENTS),
        REGISTRY,
        "catalog/prod/payments.yaml",
        "stack",
        f"write {FILE} with the providers' keys of {REGISTRY_FILE}",
    ),
    "another registry": (
        config(PAYMENTS, **{"package-flow__registryStack": "dev"}),
        REGISTRY,
        "catalog/prod/payments.yaml",
        "stack",
        "(got dev)",
    ),
    "the registry": (team("payments", stack=REGISTRY), REGISTRY, "catalog/prod/payments.yaml", "stack", "leave the key out"),
    "a role's name": (
        given("identity", "prod-read-identity"),
        REGISTRY,
        "catalog/prod/identity.yaml",
        "stack",
        "its deployer would be called",
    ),
    "a registry team waits": (
        team("platform", upstreams=["payments"]),
        REGISTRY,
        "catalog/prod/platform.yaml",
        "upstreams.0",
        "which comes after",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_problem_and_its_twin(root: Path, name: str) -> None:
    change, stack, file, key, words = CASES[name]
    assert found(root, stack) == []
    change(root)
    problems = [(one.file, one.key) for one in found(root, stack)]
    assert (file, key) in problems
    assert any(words in str(one) for one in found(root, stack) if (one.file, one.key) == (file, key))


def test_stacks_that_wait_for_each_other(root: Path) -> None:
    """No team does, but two teams in one stack make their stack wait for one that waits for it."""
    for change in (given("identity", "prod-other"), team("platform", stack="prod-other", upstreams=["payments"])):
        change(root)
    # payments installs from identity, platform (with identity) from payments.
    (problem,) = found(root, REGISTRY)
    assert problem.key == "stack" and "prod-other" in str(problem) and "do not wait for each other" in str(problem)
    team("platform", stack="prod-other", upstreams=[])(root)
    assert found(root, REGISTRY) == []


def test_how_a_stack_signs_in_may_differ(root: Path) -> None:
    config(PAYMENTS, aws__profile="payments-deployer")(root)
    assert found(root) == []


def test_with_a_sandbox_the_deployers_are_named(root: Path) -> None:
    """Without their names the domain's policy lets in whoever deployed it last, and no team stack."""
    named = {"package-flow__sandbox": {"name": "acme-sandbox"}}
    config(REGISTRY, **named)(root)
    assert found(root, REGISTRY) == []
    config(REGISTRY, **{"package-flow__iam": {}})(root)
    (problem,) = found(root, REGISTRY)
    assert problem.key == "package-flow:iam.deployers" and "prod-payments, prod-research" in str(problem)


def test_what_the_organisation_has_is_for_one_stack(root: Path) -> None:
    """A team stack would rely on guards that another stack may take away, so this is refused."""
    config(REGISTRY, **{"package-flow__githubScope": "repository"})(root)
    assert found(root, REGISTRY) == found(root) == []
    config(REGISTRY, **{"package-flow__githubScope": "organization"})(root)
    for stack in (REGISTRY, PAYMENTS):
        (problem,) = found(root, stack)
        assert problem.key == "package-flow:githubScope" and PAYMENTS in problem.allowed
