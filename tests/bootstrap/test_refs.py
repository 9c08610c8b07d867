"""From which refs of the program's repository code runs: all of them guarded, or nothing is registered."""

from pathlib import Path

import pulumi
import pytest

from bootstrap import refs
from tests.bootstrap import samples

WORKFLOW = "acme/package-flow/.github/workflows/publish-package.yml"


def trusting(folder: Path, workflow: str) -> Path:
    """A checkout whose prod trusts this publishing workflow."""
    folder.mkdir(exist_ok=True)
    return samples.checkout(folder, prod={"package-flow:publishing": {"workflow": workflow}})


def calling(folder: Path, uses: str, file: str = "workflows/publish-package.yml") -> Path:
    """A checkout with one file below .github, which has a step that uses this."""
    folder.mkdir(exist_ok=True)
    made = samples.checkout(folder) / ".github" / file
    made.parent.mkdir(parents=True)
    made.write_text(f"jobs:\n  a:\n    steps:\n      - {uses}\n")
    return folder


def refusal(root: Path, **given) -> str:
    with pytest.raises(pulumi.RunError, match="nothing was changed") as refused:
        samples.recorded(root, **given)
    return str(refused.value)


def tags(root: Path, **given) -> list[str]:
    return samples.recorded(root, **given).ruleset("tags").inputs["conditions"]["refName"]["includes"]


# --- the workflow that a stack trusts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/heads/release"])
def test_a_workflow_on_a_guarded_branch(tmp_path, ref):
    assert tags(trusting(tmp_path, f"{WORKFLOW}@{ref}")) == ["refs/tags/main", "refs/tags/release"]


def test_a_workflow_on_a_branch_that_nothing_guards_is_refused(tmp_path):
    told = refusal(trusting(tmp_path, f"{WORKFLOW}@refs/heads/next"))
    assert f"Pulumi.prod.yaml: package-flow:publishing.workflow: got '{WORKFLOW}@refs/heads/next'" in told
    assert "a branch that the bootstrap guards (main, release)" in told


def test_the_default_branch_is_guarded_whether_it_deploys_or_not(tmp_path):
    """Dev's default is a workflow on main."""
    stacks = {"dev": {"branch": "develop"}, "prod": {"branch": "release"}}
    assert tags(samples.checkout(tmp_path), stacks=stacks) == ["refs/tags/develop", "refs/tags/release", "refs/tags/main"]


def test_a_workflow_at_a_tag_guards_the_tag(tmp_path):
    root = trusting(tmp_path, f"{WORKFLOW}@refs/tags/v1")
    assert tags(root, refs=("heads/main", "tags/v1")) == ["refs/tags/main", "refs/tags/release", "refs/tags/v1"]


def test_a_trusted_tag_has_to_be_there(tmp_path):
    root = trusting(tmp_path, f"{WORKFLOW}@refs/tags/v1")
    assert "got 'v1'" in (told := refusal(root)) and "push it first" in told
    assert "push it first" in refusal(root, refs=("heads/main", "heads/v1"))


def test_a_trusted_tag_is_not_called_as_a_guarded_branch(tmp_path):
    root = trusting(tmp_path, f"{WORKFLOW}@refs/tags/main")
    assert "nobody would reach the branch main" in refusal(root, refs=("heads/main", "tags/main"))


@pytest.mark.parametrize("workflow", ["acme/tools/.github/workflows/publish.yml@refs/heads/next", "any"])
def test_workflows_of_other_repositories_are_not_guarded_here(tmp_path, workflow):
    assert tags(trusting(tmp_path, workflow)) == ["refs/tags/main", "refs/tags/release"]


def test_names_on_github_know_no_case(tmp_path):
    assert "guards" in refusal(trusting(tmp_path, f"{WORKFLOW.replace('package-flow/', 'Package-Flow/')}@refs/heads/next"))


# --- tags that are there before, and more of them --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["main", "release"])
def test_a_tag_that_passes_for_a_guarded_branch_stops_the_bootstrap(name):
    told = refusal(samples.ROOT, refs=("heads/main", f"tags/{name}"))
    assert f"got a tag {name} on GitHub" in told and "find out who pushed it" in told
    assert tags(samples.ROOT, refs=("heads/main", "tags/other", f"heads/{name}")) == ["refs/tags/main", "refs/tags/release"]


def test_a_credential_that_sees_no_refs_is_no_proof_that_there_are_none():
    with pytest.raises(pulumi.RunError, match="Contents: read"):
        samples.recorded(refs=())


def test_tags_that_are_declared_are_guarded_too():
    declared = {"tags": ["v1", "v2"], "refs": ("heads/main", "tags/v1", "tags/v2")}
    assert tags(samples.ROOT, **declared) == ["refs/tags/main", "refs/tags/release", "refs/tags/v1", "refs/tags/v2"]
    assert "got 'v2'" in refusal(samples.ROOT, tags=["v1", "v2"], refs=("heads/main", "tags/v1"))


# --- what the repository's own files run ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ref", ["main", "release", "refs/heads/main", "0f" * 20])
def test_actions_from_guarded_refs(tmp_path, ref):
    assert tags(calling(tmp_path, f"uses: acme/package-flow/.github/actions/login@{ref}"))


@pytest.mark.parametrize("ref", ["next", "refs/heads/next", "refs/tags/main", "v1", "0f" * 19])
@pytest.mark.parametrize("file", ["workflows/publish-package.yml", "actions/login/action.yml", "workflows/more.yaml"])
def test_actions_from_refs_that_nothing_guards_are_refused(tmp_path, ref, file):
    told = refusal(calling(tmp_path, f"uses: 'Acme/package-flow/.github/actions/login@{ref}'", file))
    assert f".github/{file}: uses: got '{ref}'" in told


def test_actions_from_a_guarded_tag(tmp_path):
    root = calling(tmp_path, "uses: acme/package-flow/.github/actions/login@v1")
    assert tags(root, tags=["v1"], refs=("heads/main", "tags/v1"))[-1] == "refs/tags/v1"
    # By that name the branch is not guarded.
    by_branch = calling(tmp_path / "branch", "uses: acme/package-flow/.github/actions/login@refs/heads/v1")
    assert "got 'refs/heads/v1'" in refusal(by_branch, tags=["v1"], refs=("heads/main", "tags/v1"))


@pytest.mark.parametrize("uses", ["uses: actions/checkout@v7", "uses: acme/other/.github/actions/x@v1", "# uses: acme/package-flow/a@v1"])
def test_what_is_not_the_repositorys_own_is_left_alone(tmp_path, uses):
    assert tags(calling(tmp_path, uses))


def test_the_shipped_files_are_seen():
    assert {(file, ref) for file, ref in refs.calls(samples.ROOT, "acme/package-flow")} == {
        (".github/actions/login/action.yml", "main"),
        (".github/workflows/promote-package.yml", "main"),
        (".github/workflows/publish-package.yml", "main"),
    }
