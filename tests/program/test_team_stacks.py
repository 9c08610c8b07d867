"""Teams in stacks of their own: each stack registers its part, and all parts together are what one stack registers."""

from pathlib import Path

import pulumi
import pytest

from access import review
from lookups import LookupProblems
from plan import __main__ as plan_command
from tests.components.recording import Recording
from tests.program import team_stacks
from tests.program.fake import Cloud
from tests.program.team_stacks import PAYMENTS, REGISTRY, RESEARCH

OUTPUTS = "acme/package-flow/prod"
IDENTITY = "prod-identity"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return team_stacks.folder(tmp_path)


@pytest.fixture
def patched(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    return monkeypatch


def seeing(registry: Recording | None, **changed: object) -> Cloud:
    """What a team stack sees after the registry stack ran."""
    cloud = Cloud(audiences=["sts.amazonaws.com"])
    if registry:
        cloud.stacks[OUTPUTS] = {**registry.outputs, **changed}
    return cloud


def resources(recording: Recording) -> dict[str, tuple]:
    """Everything that a stack registers but its URN's stack: type and name to inputs and options."""
    chains = {one.urn: one.urn.partition("::")[2] for one in recording.registrations}
    return {chains[one.urn]: (one.inputs, one.options.get("protect"), chains.get(one.parent)) for one in recording.registrations}


def test_the_parts_are_the_whole(root: Path, tmp_path_factory: pytest.TempPathFactory, patched: pytest.MonkeyPatch) -> None:
    """Nothing is created under another name or with another value when a team moves: names, policies, variables, rulesets, tags."""
    known = Cloud(audiences=None)
    whole = team_stacks.run(team_stacks.folder(tmp_path_factory.mktemp("one"), {}), REGISTRY, known, patched)
    joined: dict[str, tuple] = {}
    registry = None
    for stack in (REGISTRY, PAYMENTS, RESEARCH):
        cloud = seeing(registry) if registry else Cloud(audiences=None)
        # Ids follow from the order of questions: the same ones for all.
        cloud.repositories, cloud.teams = known.repositories, known.teams
        part = team_stacks.run(root, stack, cloud, patched)
        registry = registry or part
        assert not resources(part).keys() & joined.keys()
        joined |= resources(part)
    assert joined == resources(whole)


def test_a_team_stack_exports_its_own(root: Path, patched: pytest.MonkeyPatch) -> None:
    registry = team_stacks.run(root, REGISTRY, Cloud(audiences=None), patched)
    payments = team_stacks.run(root, PAYMENTS, seeing(registry), patched)
    assert set(payments.outputs) == {"schemaVersion", "repositories", "consumers"}
    assert set(payments.outputs["repositories"]) == {"payments"}
    assert set(payments.outputs["consumers"]) == {"acme/payments-api", "acme/payments-sdk", "acme/checkout-web"}
    assert payments.outputs["consumers"]["acme/payments-api"]["readRole"] == registry.outputs["roles"]["read"]
    assert not set(payments.outputs["consumers"]) & set(registry.outputs["consumers"])


@pytest.mark.parametrize(
    ("outputs", "why"),
    [
        (None, "has no outputs, or there is no such stack"),
        ({"schemaVersion": 2}, "has outputs of schemaVersion 2; expected 1"),
        ({"domain": {"name": "acme", "owner": "999999999999", "region": "eu-west-1"}}, "has domain"),
        ({"roles": {"read": "arn:aws:iam::111122223333:role/other"}}, "has read roles"),
        ({"repositories": {}}, "has repository None"),
        ({"consumers": {"acme/payments-api": {}}}, "stack prod still has payments-api"),
    ],
    ids=["none", "schema", "domain", "role", "shared", "not moved"],
)
def test_a_stale_registry_stack_stops_the_run(root: Path, patched: pytest.MonkeyPatch, outputs: dict | None, why: str) -> None:
    """Before anything is registered, with the stack to run first. The twin: as it is, it goes on."""
    registry = team_stacks.run(root, REGISTRY, Cloud(audiences=None), patched)
    cloud = seeing(registry, **outputs) if outputs is not None else seeing(None)
    with pytest.raises(LookupProblems) as stopped:
        team_stacks.run(root, PAYMENTS, cloud, patched)
    assert why in str(stopped.value) and "run pulumi up --stack prod of this commit first" in str(stopped.value)
    assert team_stacks.run(root, PAYMENTS, seeing(registry), patched).registrations


def test_a_team_that_was_not_moved_is_not_deleted(root: Path, patched: pytest.MonkeyPatch) -> None:
    """The registry stack still has it, and the catalog gives it to another stack: this run would delete its packages' repository."""
    urn = "urn:pulumi:prod::package-flow::package-flow:index:Team::payments"
    had = Cloud(audiences=None, resources={urn: {"type": "package-flow:index:Team", "outputs": {}}})
    with pytest.raises(LookupProblems, match="team payments is in stack prod-payments, and stack prod has payments of it"):
        team_stacks.run(root, REGISTRY, had, patched)
    team_stacks.run(root, REGISTRY, Cloud(audiences=None), patched)


def test_an_upstream_of_another_team_stack_comes_first(root: Path, patched: pytest.MonkeyPatch) -> None:
    team_stacks.give(root, "identity", IDENTITY)
    registry = team_stacks.run(root, REGISTRY, Cloud(audiences=None), patched)
    cloud = seeing(registry)
    cloud.endpoints = set()
    with pytest.raises(LookupProblems, match="the domain has no repository identity yet; run pulumi up --stack prod-identity first"):
        team_stacks.run(root, PAYMENTS, cloud, patched)
    cloud.endpoints = {"identity", "payments"}
    payments = team_stacks.run(root, PAYMENTS, cloud, patched)
    upstreams = payments.one("aws:codeartifact/repository:Repository", "payments").inputs["upstreams"]
    assert [one["repositoryName"] for one in upstreams] == ["identity", "shared"]


def test_each_stack_looks_up_what_it_needs(root: Path, patched: pytest.MonkeyPatch) -> None:
    registry = team_stacks.run(root, REGISTRY, Cloud(audiences=None), patched)
    payments = team_stacks.run(root, PAYMENTS, seeing(registry), patched)
    asked = {arguments["fullName"] for token, arguments in payments.invokes if token == "github:index/getRepository:getRepository"}
    assert asked == {"acme/payments-api", "acme/payments-sdk", "acme/checkout-web", "acme/package-flow"}
    names = [token.rpartition(":")[2] for token, _ in payments.invokes]
    assert not {"getOpenIdConnectProvider", "getInstances", "getGroup"} & set(names)
    variables = {arguments["fullName"] for token, arguments in registry.invokes if token.endswith(":getActionsVariables")}
    assert "acme/payments-api" not in variables and "acme/identity-api" in variables


def test_a_key_of_the_file_is_refused_and_a_default_that_the_engine_fills_in_is_not(root: Path, patched: pytest.MonkeyPatch) -> None:
    registry = team_stacks.run(root, REGISTRY, Cloud(audiences=None), patched)
    assert team_stacks.engines(root, PAYMENTS)["package-flow:shared"] == "shared"
    team_stacks.run(root, PAYMENTS, seeing(registry), patched)
    with pytest.raises(pulumi.RunError, match="package-flow:tokenDuration: got a key of the registry stack"):
        team_stacks.run(root, PAYMENTS, seeing(registry), patched, **{"package-flow:tokenDuration": "900"})
    file = root / f"Pulumi.{PAYMENTS}.yaml"
    file.write_text(f"{file.read_text()}  package-flow:shared: shared\n")
    with pytest.raises(pulumi.RunError, match="package-flow:shared: got a key of the registry stack"):
        team_stacks.run(root, PAYMENTS, seeing(registry), patched)


def test_the_review_has_the_whole_catalog_and_names_its_stacks(root: Path) -> None:
    """One review for all: who reads a team's packages follows from the whole, whichever stack creates what."""
    written = review.planned(review.PROJECT, REGISTRY, root / "Pulumi.prod.yaml", root / "catalog" / "prod")
    shipped = review.planned(review.PROJECT, REGISTRY)
    assert written.team_stacks == (PAYMENTS, RESEARCH) and shipped.team_stacks == ()
    # Package groups say when they were looked at.
    assert (written.roles, written.attached, written.consumers) == (shipped.roles, shipped.attached, shipped.consumers)
    assert [(one.policy, one.repositories) for one in written.domains] == [(one.policy, one.repositories) for one in shipped.domains]
    with pytest.raises(review.Stopped, match="got prod-payments, a team stack; expected prod"):
        review.planned(review.PROJECT, PAYMENTS, root / f"Pulumi.{PAYMENTS}.yaml", root / "catalog" / "prod")


def test_the_printed_plan_of_a_team_stack_has_its_teams_alone(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--config", str(root / f"Pulumi.{PAYMENTS}.yaml"), "--catalog", str(root / "catalog" / "prod")]
    assert plan_command.main(["--stack", PAYMENTS, *where]) == 0
    printed = capsys.readouterr().out
    headings = [line for line in printed.splitlines() if line.startswith("#")]
    assert headings[0].startswith("# Stack prod-payments: domain acme")
    assert [line.split()[1:3] for line in headings[1:]] == [
        ["Team", "payments"],
        *(["Repository", f"acme/{name}"] for name in ("payments-api", "payments-sdk", "checkout-web")),
    ]
    assert "role/package-flow/prod-publish-payments-api" in printed


def test_a_repository_that_took_a_name_does_not_read(root: Path, patched: pytest.MonkeyPatch) -> None:
    """The registry stack's read roles trust repositories of team stacks by their ids, which it knows from its last run."""
    first = Cloud(audiences=None)
    registry = team_stacks.run(root, REGISTRY, first, patched)
    (urn,) = (one for one in registry.component_outputs if "GitHubOidc" in one)
    kept = registry.component_outputs[urn]["repositories"]
    assert set(kept) == {"payments-api", "payments-sdk", "checkout-web", "scoring-model", "scoring-notebooks"}
    state = {"urn:pulumi:prod::package-flow::package-flow:index:GitHubOidc::github": {"type": "package-flow:index:GitHubOidc"}}

    def run(ids: dict[str, int]) -> Recording:
        known = {name: {**one, "outputs": {"repositories": ids}} for name, one in state.items()}
        cloud = Cloud(audiences=None, resources=known)
        cloud.repositories, cloud.teams = first.repositories, first.teams
        return team_stacks.run(root, REGISTRY, cloud, patched)

    assert run(kept).registrations
    with pytest.raises(LookupProblems, match=r"checkout-web: got repository \d+ on GitHub; expected 1234, which the read roles trust"):
        run({**kept, "checkout-web": 1234})


def test_a_stack_of_its_own_keeps_no_ids_of_others(patched: pytest.MonkeyPatch, tmp_path: Path) -> None:
    registry = team_stacks.run(team_stacks.folder(tmp_path, {}), REGISTRY, Cloud(audiences=None), patched)
    (urn,) = (one for one in registry.component_outputs if "GitHubOidc" in one)
    assert set(registry.component_outputs[urn]) == {"providerArn", "readRoleArn"}


def test_a_repository_of_a_team_stack_that_is_not_there_or_called_otherwise(root: Path, patched: pytest.MonkeyPatch) -> None:
    gone = Cloud(audiences=None)
    gone.missing = {"checkout-web"}
    with pytest.raises(LookupProblems, match="checkout-web: 'acme/checkout-web' does not exist or is not visible"):
        team_stacks.run(root, REGISTRY, gone, patched)


def test_what_is_there_of_the_team_is_in_the_way_and_the_domain_is_not(root: Path, patched: pytest.MonkeyPatch) -> None:
    """The registry stack's domain and roles are not this stack's to adopt; a repository of the team's name is."""
    registry = team_stacks.run(root, REGISTRY, Cloud(audiences=None), patched)
    arn = "arn:aws:codeartifact:eu-west-1:111122223333"
    cloud = seeing(registry)
    cloud.existing = {f"{arn}:domain/acme": {"EncryptionKey": "other"}, f"{arn}:repository/acme/shared": {}}
    cloud.aliases, cloud.topics = {"alias/codeartifact/acme": "other"}, {"prod-package-versions"}
    cloud.roles = {"prod-read": {"arn": "arn:aws:iam::111122223333:role/package-flow/prod-read", "policies": [], "attached": []}}
    assert team_stacks.run(root, PAYMENTS, cloud, patched).registrations
    cloud.existing[f"{arn}:repository/acme/payments"] = {}
    with pytest.raises(LookupProblems, match=r"the repository payments is there already .*make adopt STACK=prod-payments"):
        team_stacks.run(root, PAYMENTS, cloud, patched)
