"""The rules as the engine runs them: through the policy SDK, and served by the pack's own process."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import (
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
)
from pulumi_policy.policy import PolicyCustomTimeouts
from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy

from policy_pack.rules import crossguard, registry
from policy_pack.rules.model import UNKNOWN, Resource
from tests.policy_pack import examples
from tests.policy_pack.examples import EXAMPLES, Example

PACK = Path(__file__).resolve().parents[2] / "policy_pack"
POLICIES = {one.name: one for one in crossguard.policies()}


def options(one: Resource) -> PolicyResourceOptions:
    return PolicyResourceOptions(one.protect, [], None, [], PolicyCustomTimeouts(0, 0, 0), [], one.parent or None)


def properties(one: Resource) -> Any:
    return unknown_checking_proxy(dict(one.props))


def in_stack(resources: Sequence[Resource]) -> list[PolicyResource]:
    """As the SDK hands them over: a parent that is in the stack is a resource, any other stays in the options."""
    made = {one.urn: PolicyResource(one.type, properties(one), one.urn, one.name, options(one), None, None, [], {}) for one in resources}
    for one in resources:
        made[one.urn].parent = made.get(one.parent)
    return list(made.values())


def validate(name: str, resources: Sequence[Resource], config: dict[str, Any] | None = None) -> list[str]:
    """What a policy reports."""
    policy, reported = POLICIES[name], []

    def report(message: str, urn: str | None = None) -> None:
        reported.append(message)

    if isinstance(policy, ResourceValidationPolicy):
        for one in resources:
            policy.validate(ResourceValidationArgs(one.type, properties(one), one.urn, one.name, options(one), None, config), report)
    else:
        policy.validate(StackValidationArgs(in_stack(resources), config), report)
    return reported


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.rule}: {one.title}")
def test_a_policy_reports_what_its_rule_finds(example: Example):
    assert validate(example.rule, example.good) == []
    reported = validate(example.rule, example.bad)
    assert any(example.says in one and registry.rule(example.rule).mend in one for one in reported), reported


def test_each_rule_is_a_policy_of_its_level():
    levels = {name: one.enforcement_level and one.enforcement_level.value for name, one in POLICIES.items()}
    assert levels == {one.name: one.level.value for one in registry.RULES}


def test_production_stacks_can_be_configured():
    bad = examples.packages(domain=False)
    assert len(validate("production-is-protected", bad)) == 1
    assert validate("production-is-protected", bad, {"productionStacks": ["live"]}) == []


# --- values that a preview does not know ----------------------------------------------------------------------------------------------


def test_a_policy_that_can_not_judge_says_so():
    pending = examples.resource("aws:iam/rolePolicy:RolePolicy", {"role": "prod-publish-payments-api", "policy": UNKNOWN})
    with pytest.raises(UnknownValueError) as raised:
        validate("tokens-are-capped", [pending])
    assert raised.value.props == ["policy"]
    with pytest.raises(UnknownValueError) as raised:
        validate("trusted-refs-are-guarded", [*examples.writer(), pending])
    assert raised.value.props == ["prod-publish-payments-api", "one"]


def test_what_is_unknown_elsewhere_does_not_matter():
    assert (
        validate("topics-are-encrypted", [examples.resource("aws:sns/topic:Topic", {"kmsMasterKeyId": UNKNOWN, "policy": UNKNOWN})]) == []
    )
    assert validate("no-credential-in-variables", [examples.variable("READ_ROLE", UNKNOWN)]) == []


def test_plain_data_of_the_engines_proxies():
    data = {"a": [1, {"b": UNKNOWN}], "c": UNKNOWN, "d": None, "e": "x"}
    assert crossguard.plain(unknown_checking_proxy(data)) == data


# --- the pack's process ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pack() -> Iterator[Any]:
    """The pack, started as Pulumi's Python language host starts it: `python -m pulumi.policy ENGINE FOLDER`, in its folder."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(PACK)]
    with subprocess.Popen(command, cwd=PACK, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            port = process.stdout.readline().strip()
            assert port.isdigit(), port
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            process.terminate()


def wire(one: Resource) -> dict[str, Any]:
    given = struct_pb2.Struct()
    given.update(dict(one.props))
    return {"type": one.type, "urn": one.urn, "name": one.name, "properties": given}


def analyze(pack: Any, resources: Sequence[Resource]) -> dict[str, int]:
    """The policies that report something, with their levels."""
    request = analyzer_pb2.AnalyzeStackRequest(resources=[analyzer_pb2.AnalyzerResource(**wire(one)) for one in resources])
    answers = [pack.AnalyzeStack(request)] + [pack.Analyze(analyzer_pb2.AnalyzeRequest(**wire(one))) for one in resources]
    return {one.policyName: one.enforcementLevel for answer in answers for one in answer.diagnostics}


def test_the_process_serves_every_rule(pack):
    info = pack.GetAnalyzerInfo(empty_pb2.Empty())
    assert info.name == "package-flow"
    assert [one.name for one in info.policies] == [one.name for one in registry.RULES]


def test_the_process_lets_a_guarded_writer_pass_and_stops_an_unguarded_one(pack):
    assert analyze(pack, examples.writer()) == {}
    unguarded = [one for one in examples.writer() if "Ruleset" not in one.type]
    assert analyze(pack, unguarded) == {"trusted-refs-are-guarded": analyzer_pb2.MANDATORY}


def test_the_process_tells_what_is_advisory(pack):
    key = "aws:kms/key:Key"
    assert analyze(pack, [examples.resource(key, {"enableKeyRotation": True})]) == {}
    assert analyze(pack, [examples.resource(key, {})]) == {"keys-rotate": analyzer_pb2.ADVISORY}


# --- the pack's files -----------------------------------------------------------------------------------------------------------------


def test_the_pack_needs_nothing_of_the_program():
    """Only its own folder is there when it is published."""
    project = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())
    assert project["runtime"]["name"] == "python"
    modules = {path.stem for path in PACK.parent.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    ours = modules - {"__main__"}
    assert {"lookups", "plan", "policies", "settings"} <= ours
    code = f"import sys; from rules import crossguard; print(sorted({{one.partition('.')[0] for one in sys.modules}} & {ours}))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=PACK, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_rules_need_nothing_but_python():
    code = "import sys; from policy_pack.rules import registry; print([one for one in sys.modules if one.startswith('pulumi')])"
    answer = subprocess.run([sys.executable, "-c", code], cwd=PACK.parent, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
