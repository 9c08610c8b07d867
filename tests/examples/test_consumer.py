"""The example reads what the registry's stack really exports, and stops when something of it is gone."""

import copy
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from rehearsal.processes import Child, scrubbed
from rehearsal.program import runner, script, stack_files
from tests.components.recording import record
from tests.docs.shipped import recorded
from tests.policies.iam import Caller, allowed, document
from tests.program.fake import ROOT

EXAMPLE = ROOT / "examples" / "consumer"
ACCOUNT, REGION = "111122223333", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/applications/checkout-builds"

# The runner gives up what still waits when a program fails.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def outputs() -> dict[str, Any]:
    """Outputs of the shipped stack prod, from the program itself."""
    return recorded("prod").outputs


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A running local cloud: its `url`, and the credentials of its `root`."""
    command = [sys.executable, "-m", "rehearsal.cloud", "--account", ACCOUNT, "--region", REGION]
    log = tmp_path_factory.mktemp("cloud") / "cloud.log"
    child = Child(command, env=scrubbed({"REHEARSAL_KEY": "key-of-the-test"}), cwd=ROOT, log=log)
    try:
        yield child.first_line()
    finally:
        child.close()


@pytest.fixture
def run(cloud: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the example against these outputs of `organization/package-flow/prod`; the runner's result."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", cloud["root"]["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", cloud["root"]["secret_access_key"])
    monkeypatch.setenv("GITHUB_TOKEN", "unused")

    def ran(outputs: dict[str, Any]) -> dict[str, Any]:
        registry = {"project": "package-flow", "stack": "prod", "resources": [], "outputs": outputs, "secret_outputs": []}
        (tmp_path / "prod.json").write_text(json.dumps(registry))
        options = runner.Options(
            directory=EXAMPLE,
            stack_file=EXAMPLE / "Pulumi.prod.yaml",
            stack="prod",
            cloud_url=cloud["url"],
            github_url=f"{cloud['url']}/_github",
            overrides={},
            stacks_directory=tmp_path,
        )
        # In a thread of its own: the SDK's settings are context variables, which a new thread has not.
        results: list[dict[str, Any]] = []
        thread = threading.Thread(target=lambda: results.append(runner.run(options, lambda event: None)))
        thread.start()
        thread.join()
        return json.loads(json.dumps(results[0]))

    return ran


def test_the_example_makes_a_role_that_installs_and_can_do_nothing_else_and_tells_where_to_log_in(
    run: Run, outputs: dict[str, Any]
) -> None:
    made = run(outputs)
    assert made["error"] is None
    by_type = {one["type"]: one for one in made["resources"]}
    role, policy = by_type["aws:iam/role:Role"], by_type["aws:iam/rolePolicy:RolePolicy"]
    assert (role["status"], policy["status"], made["outputs"]["buildRoleArn"]) == ("created", "created", ROLE)

    statements = document_of(policy)
    context = {"sts:AWSServiceName": "codeartifact.amazonaws.com", "sts:DurationSeconds": "3600"}

    def may(action: str, resource: str, **changed: str) -> bool:
        return allowed(Caller(ROLE, ACCOUNT), action, resource, owner=ACCOUNT, identity=statements, context=context | changed)

    payments, research = (outputs["repositories"][name]["arn"] for name in ("payments", "research"))
    package = payments.replace(":repository/", ":package/") + "/npm/acme-payments/client"
    assert may("codeartifact:GetAuthorizationToken", outputs["domain"]["arn"])
    assert may("sts:GetServiceBearerToken", "*")
    assert not may("sts:GetServiceBearerToken", "*", **{"sts:DurationSeconds": "43200"})
    assert may("codeartifact:ReadFromRepository", payments)
    assert not may("codeartifact:ReadFromRepository", research)
    assert not may("codeartifact:PublishPackageVersion", package)
    assert not may("codeartifact:DeleteRepository", payments)
    assert not may("codeartifact:PutRepositoryPermissionsPolicy", payments)

    told = made["outputs"]
    assert told["npmRegistry"] == outputs["repositories"]["payments"]["endpoints"]["npm"]
    assert told["login"] == (
        f"aws codeartifact login --tool npm --domain acme --domain-owner {ACCOUNT} --region {REGION} --repository payments"
        " --duration-seconds 3600"
    )
    assert told["githubBuildRoleArn"] == outputs["roles"]["read"]
    assert told["ownReadRole"] is False


def document_of(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """Statements of a registered policy, each with a Sid, which the strict reader asks for."""
    read = json.loads(policy["inputs"]["policy"])
    named = [{"Sid": f"Statement{number}", **one} for number, one in enumerate(read["Statement"])]
    return document(json.dumps({**read, "Statement": named}))


READ = [
    ("schemaVersion",),
    ("domain",),
    ("domain", "arn"),
    ("domain", "name"),
    ("domain", "owner"),
    ("domain", "region"),
    ("repositories",),
    ("repositories", "payments"),
    ("repositories", "payments", "arn"),
    ("repositories", "payments", "endpoints"),
    ("repositories", "payments", "endpoints", "npm"),
    ("roles",),
    ("roles", "read"),
    ("consumers",),
    ("consumers", "acme/checkout-web"),
    ("consumers", "acme/checkout-web", "repository"),
    ("consumers", "acme/checkout-web", "readRole"),
]


def previewed(outputs: dict[str, Any]) -> None:
    """`pulumi preview` of the example against these outputs. Raises what the program raises."""

    def answer(token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        assert (token, arguments["name"]) == ("pulumi:pulumi:StackReference", "organization/package-flow/prod")
        return {"outputs": outputs, "secretOutputNames": []}

    stack = stack_files.load(EXAMPLE, EXAMPLE / "Pulumi.prod.yaml", "prod")
    record(lambda: script.run(EXAMPLE), invoke=answer, config=stack.config, project=stack.project, stack="prod", preview=True)


@pytest.mark.parametrize("path", READ, ids=".".join)
def test_an_output_that_is_gone_stops_the_example(outputs: dict[str, Any], path: tuple[str, ...]) -> None:
    poorer = copy.deepcopy(outputs)
    *parents, last = path
    inner = poorer
    for one in parents:
        inner = inner[one]
    del inner[last]
    previewed(outputs)
    with pytest.raises(Exception, match=last):
        previewed(poorer)


def test_another_version_of_the_contract_stops_the_example(run: Run, outputs: dict[str, Any]) -> None:
    result = run({**outputs, "schemaVersion": 2})
    assert "schemaVersion 2, this program reads 1" in result["error"]["message"]
    assert not [one for one in result["resources"] if one["status"] == "created"]


def test_the_example_pins_what_the_project_pins() -> None:
    def pins(file: Path) -> set[str]:
        return {line.partition("#")[0].strip() for line in file.read_text().splitlines() if "==" in line}

    assert pins(EXAMPLE / "requirements.txt") <= pins(ROOT / "requirements.in")
