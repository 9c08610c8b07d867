"""The bootstrap's configuration: the shipped one is good, and every mistake is told with what would be right."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from policies.arns import Registry
from policies.deployments import Access, Deployed
from policies.names import ROLE_NAME_MAX, STACK_NAME_MAX
from settings.problems import SettingsError
from tests.bootstrap import samples


def problems(root: Path = samples.ROOT, **changed: Any) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        samples.parse(root, **changed)
    return [str(one) for one in refused.value.problems]


def test_the_shipped_declaration():
    told = samples.parse()
    assert [(one.name, one.branch, one.pull_request_previews) for one in told.stacks] == [("dev", "main", True), ("prod", "release", False)]
    assert told.branches == ("main", "release")
    assert told.pulumi_cloud is not None and told.pulumi_cloud.organization == "acme"
    assert told.github_actions is None
    assert (told.account, told.region, told.github_owner, told.repository) == (samples.ACCOUNT, "eu-west-1", "acme", "package-flow")
    assert (told.checks, told.approvals) == (("check", "rehearse"), 1)


def test_github_actions(tmp_path):
    told = samples.parse(samples.with_actions(tmp_path), pulumiCloud={}, githubActions=samples.ACTIONS)
    assert told.pulumi_cloud is None
    assert told.github_actions is not None and told.github_actions.backend.bucket == "acme-pulumi-state"


DEV = {"branch": "main"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"pulumiCloud": {}}, "something has to deploy"),
        ({"pulumiCloud": {"organization": "Acme"}}, "pulumiCloud.organization: got 'Acme', allowed: the organisation's name"),
        ({"pulumiCloud": {"organisation": "acme"}}, "pulumiCloud.organisation: got an unknown key"),
        ({"approvals": 0}, "1 to 10: a push to a deploying branch deploys without another approval"),
        ({"codeOwners": "true"}, "codeOwners: got 'true', allowed: true or false, without quotes"),
        ({"tags": ["v1", "v*"]}, "tags.1: got 'v*'"),
        ({"tags": ["v1/*"]}, "one tag, not a pattern"),
        ({"tags": ["refs/tags/v1"]}, "tags.0: got 'refs/tags/v1'"),
        ({"tags": "v1"}, "tags: got 'v1'"),
        ({"stacks": {"dev": {}}}, "stacks.dev.branch: got nothing"),
        ({"stacks": {"dev": {"branch": "release/*"}}}, "one branch, not a pattern"),
        ({"stacks": {"dev": {"branch": "-main"}}}, "not starting with a hyphen"),
        ({"stacks": {"dev": DEV | {"reviewers": ["platform"]}}}, "Pulumi Deployments has no approval"),
        ({"stacks": {"dev": DEV | {"pullRequestPreviews": "yes"}}}, "true or false"),
        ({"stacks": {"test": DEV}}, "Pulumi.test.yaml"),
        ({"stack": {"dev": DEV}}, "stack: got an unknown key"),
        ({"repository": "acme/package-flow"}, "a GitHub repository without its owner"),
        ({"aws:region": "eu-central-1"}, "Pulumi.dev.yaml: aws:region: got 'eu-west-1', allowed: eu-central-1"),
        ({"github:owner": "globex"}, "Pulumi.dev.yaml: github:owner: got 'acme', allowed: globex"),
        ({"aws:allowedAccountIds": ["444455556666"]}, "Pulumi.dev.yaml: aws:allowedAccountIds"),
        ({"aws:allowedAccountIds": ["444455556666", "111122223333"]}, "a list with one account"),
        ({"aws:region": None}, "aws:region: got nothing"),
        ({"githubActions": samples.ACTIONS | {"stateBucket": "Acme_State"}}, "an S3 bucket"),
        ({"githubActions": samples.ACTIONS | {"stateKey": "alias/pulumi"}}, "the ARN of a KMS key"),
    ],
)
def test_a_mistake_is_told(changed: Mapping[str, Any], told: str):
    assert any(told in one for one in problems(**changed)), problems(**changed)


def test_code_owners_need_their_file(tmp_path: Path):
    root = samples.checkout(tmp_path)
    assert not samples.parse(root).code_owners
    with pytest.raises(SettingsError) as refused:
        samples.parse(root, codeOwners=True)
    (problem,) = refused.value.problems
    assert "codeOwners: got true, allowed: false, or a file .github/CODEOWNERS in the checkout" in str(problem)
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "CODEOWNERS").write_text("* @acme/platform\n")
    assert samples.parse(root, codeOwners=True).code_owners


READER = "arn:aws:iam::222233334444:role/package-flow-permission-sets-preview"


@pytest.mark.parametrize(
    ("stack", "role", "told"),
    [
        ("dev", READER, "reaches Identity Center without a role"),
        ("prod", "arn:aws:iam::222233334444:role/package-flow-permission-sets", "another role, which only reads"),
        ("prod", "arn:aws:iam::111122223333:role/reader", "a role of the account 222233334444"),
    ],
)
def test_the_role_with_which_a_preview_reads_identity_center(stack, role, told):
    branches = {"dev": "main", "prod": "release"}
    good = samples.parse(stacks={"prod": {"branch": "release", "identityCenterPreviewRole": READER}})
    assert good.stacks[0].identity_center_preview_role == READER
    (problem,) = problems(stacks={stack: {"branch": branches[stack], "identityCenterPreviewRole": role}})
    assert told in problem


def test_two_mistakes_are_told_at_once():
    assert len(problems(approvals=0, pulumiCloud={})) == 2


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"package-flow:iam": {"deployers": ["package-flow-bootstrap/prod-deployer"]}}, "package-flow-bootstrap/prod-boundary"),
        ({"package-flow:iam": {"permissionsBoundary": "arn:aws:iam::111122223333:policy/other"}}, "package-flow-bootstrap/prod-boundary"),
        (
            {"package-flow:iam": {"permissionsBoundary": Deployed, "deployers": ["somebody"]}},
            "package-flow-bootstrap/prod-deployer among them",
        ),
        ({"package-flow:iam": {"permissionsBoundary": Deployed, "path": "/package-flow-bootstrap/"}}, "the deployer could change itself"),
    ],
)
def test_what_a_stack_file_must_say(tmp_path, changed: dict[str, Any], told: str):
    iam = dict(changed["package-flow:iam"])
    if iam.get("permissionsBoundary") is Deployed:
        iam["permissionsBoundary"] = f"arn:aws:iam::{samples.ACCOUNT}:policy/package-flow-bootstrap/prod-boundary"
    root = samples.checkout(tmp_path, prod={"package-flow:iam": iam})
    assert any(told in one for one in problems(root))


def test_pulumi_deployments_compare_no_rulesets_of_the_organisation(tmp_path: Path):
    """The schedule is refused; it is not without githubScope: organization, with `never`, nor with GitHub Actions."""
    scoped = samples.checkout(tmp_path, prod={"package-flow:githubScope": "organization"})
    (refused,) = problems(scoped)
    assert "driftDetection" in refused and "prod has githubScope: organization" in refused
    assert samples.parse(scoped, driftDetection="never").drift_detection == ""
    actions = tmp_path / "actions"
    actions.mkdir()
    adopting = {stack: {"package-flow:githubOidcProvider": "existing"} for stack in ("dev", "prod")}
    adopting["prod"] |= {"package-flow:githubScope": "organization"}
    assert samples.parse(samples.checkout(actions, **adopting), pulumiCloud={}, githubActions=samples.ACTIONS).drift_detection


def test_with_github_actions_the_stacks_adopt_the_provider():
    told = [one for one in problems(githubActions=samples.ACTIONS) if "githubOidcProvider" in one]
    assert len(told) == 1 and told[0].startswith("Pulumi.prod.yaml")


def test_names_fit_the_longest_name_of_a_stack():
    longest = Deployed(Registry("aws", samples.ACCOUNT, "eu-west-1", "acme"), "x" * STACK_NAME_MAX)
    assert max(len(longest.role_name(access)) for access in Access) <= ROLE_NAME_MAX
