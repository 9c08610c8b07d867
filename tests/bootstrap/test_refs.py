"""From which refs of the program's repository code runs: all of them guarded, or nothing is registered."""

import re
from pathlib import Path

import pulumi
import pytest

from bootstrap import refs
from tests.bootstrap import samples

WORKFLOW = "acme/package-flow/.github/workflows/publish-package.yml"


def trusting(folder: Path, workflow: str) -> Path:
    """A checkout whose prod trusts this publishing workflow."""
    folder.mkdir(exist_ok=True)
    root = samples.checkout(folder, prod={"package-flow:publishing": {"workflow": workflow}})
    platform = root / "catalog" / "prod" / "platform.yaml"
    # Release tags need one workflow.
    platform.write_text(re.sub(r"^    release_tags: .*\n", "", platform.read_text(), flags=re.MULTILINE))
    return root


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
    return samples.recorded(root, **given).ruleset("tags-acme").inputs["conditions"]["refName"]["includes"]


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
    assert "nobody could use the branch main" in refusal(root, refs=("heads/main", "tags/main"))


def test_any_workflow_is_nothing_to_guard(tmp_path):
    assert tags(trusting(tmp_path, "any")) == ["refs/tags/main", "refs/tags/release"]


# --- a workflow of another repository -----------------------------------------------------------------------------------------------------

TOOLS = "acme/tools/.github/workflows/publish.yml"


def seen(full_name: str, id: int = 9100) -> dict:
    return {"fullName": full_name, "name": full_name.partition("/")[2], "repoId": id, "visibility": "public", "defaultBranch": "main"}


@pytest.mark.parametrize("repository", ["acme/tools", "contoso/package-flow"])
@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/tags/v1", "0f" * 20])
def test_refs_of_another_repository_are_guarded_elsewhere_or_the_workflow_is_refused(tmp_path, repository, ref):
    workflow = f"{TOOLS.replace('acme/tools', repository)}@{ref}"
    there = samples.There(repositories={repository: seen(repository)})
    root = trusting(tmp_path, workflow)
    told = refusal(root, there=there)
    assert f"Pulumi.prod.yaml: package-flow:publishing.workflow: got '{workflow}'" in told
    assert "a workflow of acme/package-flow, whose refs the bootstrap guards" in told and f"{repository} in package-flow-bootstrap:" in told
    for declared in (repository, repository.upper()):
        assert tags(root, there=there, guardedElsewhere=[declared]) == ["refs/tags/main", "refs/tags/release"]
    assert "guardedElsewhere" in refusal(root, there=there, guardedElsewhere=["acme/other"])


def test_the_default_workflow_is_not_in_a_program_repository_of_another_name():
    """The stacks' default is the repository package-flow, which this bootstrap then does not guard."""
    declared = samples.parse(repository="registry-infra")
    told = [str(one) for one in refs.problems(declared, "main", [], [], samples.FILE)]
    assert [one.partition(":")[0] for one in told] == ["Pulumi.dev.yaml", "Pulumi.prod.yaml"]
    assert all("a workflow of acme/registry-infra" in one and "acme/package-flow in package-flow-bootstrap:guarded" in one for one in told)
    elsewhere = samples.parse(repository="registry-infra", guardedElsewhere=["acme/package-flow"])
    assert refs.problems(elsewhere, "main", [], [], samples.FILE) == []
    assert [one for _, one in refs.workflows_elsewhere(elsewhere)] == ["acme/package-flow"] * 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "publishing.workflow: acme/tools is not visible"),
        (seen("acme/tooling"), "publishing.workflow: 'acme/tools' is called 'acme/tooling' on GitHub: it was renamed"),
        (seen("acme/Tools"), "publishing.workflow: 'acme/tools' is called 'acme/Tools' on GitHub; IAM compares case"),
        (seen("acme/tools", 9101), "publishing.repositoryId: got repository 9101 on GitHub under the name acme/tools; expected 9100"),
    ],
)
def test_another_repository_is_the_one_that_is_meant(tmp_path, answer, words):
    root = samples.checkout(tmp_path, prod={"package-flow:publishing": {"workflow": f"{TOOLS}@refs/heads/main", "repositoryId": 9100}})
    given = {"guardedElsewhere": ["acme/tools"]}
    told = refusal(root, there=samples.There(repositories={"acme/tools": answer}), **given)
    assert f"Pulumi.prod.yaml: package-flow:{words}" in told
    assert tags(root, there=samples.There(repositories={"acme/tools": seen("acme/tools")}), **given)


def test_the_programs_repository_has_the_id_that_a_stack_says(tmp_path):
    """The stack's own credential may not see it; the bootstrap's does."""

    def saying(id: int) -> Path:
        (tmp_path / str(id)).mkdir()
        return samples.checkout(tmp_path / str(id), prod={"package-flow:publishing": {"repositoryId": id}})

    assert f"publishing.repositoryId: got repository {samples.REPOSITORY_ID} on GitHub" in refusal(saying(1))
    assert tags(saying(samples.REPOSITORY_ID))


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


@pytest.mark.parametrize(
    "step",
    [
        "- {name: x, uses: acme/package-flow/.github/actions/login@REF}",
        '- "uses": acme/package-flow/.github/actions/login@REF',
        "- uses: >-\n          acme/package-flow/.github/actions/login@REF",
        "- uses: |\n          acme/package-flow/.github/actions/login@REF",
        "- name: x\n        uses:   'acme/package-flow@REF'",
        "- uses: !!str acme/package-flow@REF # main",
        '- {"uses": "acme\\u002fpackage-flow@REF"}',
        "- &step\n        uses: acme/package-flow@REF\n      - *step",
        "- ? uses\n        : acme/package-flow@REF",
        "- USES: acme/package-flow@REF",
    ],
)
@pytest.mark.parametrize("file", ["workflows/a.yml", "../action.yml"])
def test_every_way_to_write_a_step(tmp_path, step, file):
    for ref, folder in (("evil", tmp_path / "evil"), ("main", tmp_path / "main")):
        calling(folder, "", file="workflows/empty.yml")
        (folder / ".github" / file).write_text(f"jobs:\n  a:\n    steps:\n      {step.replace('REF', ref)}\n")
        found = [one for _, one in refs.calls(folder, "acme/package-flow")]
        assert found == [ref]
    assert "uses: got 'evil'" in refusal(tmp_path / "evil")
    assert tags(tmp_path / "main")


def test_a_file_that_is_no_yaml_can_not_be_judged(tmp_path):
    root = calling(tmp_path, "uses: [a")
    assert ".github/workflows/publish-package.yml: got" in refusal(root)


@pytest.mark.parametrize(
    "uses",
    [
        "uses: acme/package-flow-other@v1",
        "run: 'echo uses: acme/package-flow@v1'",
        "uses: actions/checkout@v7",
        "uses: acme/other/.github/actions/x@v1",
        "# uses: acme/package-flow/a@v1",
    ],
)
def test_what_is_not_the_repositorys_own_is_left_alone(tmp_path, uses):
    assert tags(calling(tmp_path, uses))


def test_the_shipped_files_are_seen():
    assert {(file, ref) for file, ref in refs.calls(samples.ROOT, "acme/package-flow")} == {
        (".github/actions/login/action.yml", "main"),
        (".github/workflows/promote-package.yml", "main"),
        (".github/workflows/publish-package.yml", "main"),
    }
