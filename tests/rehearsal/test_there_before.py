"""What was there before the program: branches, environments and settings of a company, and repositories whose names change hands."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from rehearsal import seeding, stage
from rehearsal.cast import WRITER
from rehearsal.faults import SMALL
from rehearsal.github import GitHub
from rehearsal.scenario import Denied
from rehearsal.stage import ProgramFailed

API = "payments-api"
PERMISSIONS = {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True}
PROTECTED = {
    "wait_timer": 30,
    "prevent_self_review": True,
    "reviewers": [{"type": "User", "id": 10}],
    "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
}


@dataclass
class Company:
    """A company with its catalog, which can be changed, and the program that is run for it again and again."""

    folder: Path
    stack: stage.Stack
    cloud: stage.Cloud
    program: stage.Program
    github: GitHub
    told: list[Any] = field(default_factory=list)

    @property
    def catalog(self) -> Path:
        assert self.stack.catalog is not None
        return self.stack.catalog

    def edit(self, old: str, new: str) -> None:
        """Change the team's file."""
        file = self.catalog / "payments.yaml"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    def up(self) -> dict[str, Any]:
        """Run the program. Raises ProgramFailed."""
        state = ["--state", str(self.program.result_file)] if self.program.result_file.exists() else []
        return dict(self.program.run(self.told.append, *state))

    def refused(self) -> str:
        """Run the program, which changes nothing; why."""
        before = self.github.writes()
        with pytest.raises(ProgramFailed, match="found at AWS and GitHub; nothing was changed") as error:
            self.up()
        assert self.github.writes() == before
        return str(error.value)

    def rest(self, method: str, path: str, body: Any = None) -> Any:
        """GitHub's REST API, for the App of the deployer; redirects are followed."""
        headers = {"authorization": f"Bearer {seeding.DEPLOYER_TOKEN}"}
        url = f"{self.cloud.place.endpoint}/_github/repos/acme/{path}"
        answer = httpx.request(method, url, json=body, headers=headers, follow_redirects=True, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def guards(self, repository: str) -> tuple[set[str], set[str]]:
        """Names of a repository's rulesets and variables."""
        variables = self.rest("GET", f"{repository}/actions/variables?per_page=30")["variables"]
        return {one["name"] for one in self.rest("GET", f"{repository}/rulesets")}, {one["name"] for one in variables}


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    catalog = tmp_path / "catalog"
    shutil.copytree(SMALL.file.parent / "catalog", catalog)
    stack = stage.Stack("small", SMALL.file, catalog)
    settings = stack.settings()
    cloud = stage.Cloud(settings, tmp_path, "fixture")
    try:
        deployer = stage.company(stack, settings, cloud, tmp_path)
        program = stage.Program(stack, cloud, deployer, tmp_path)
        yield Company(tmp_path, stack, cloud, program, GitHub(cloud.control, settings.github_owner, []))
    finally:
        cloud.close()


def test_what_was_there_before_is_neither_trusted_nor_overwritten_nor_removed(company: Company) -> None:
    company.github.push(API, "release/evil", WRITER)
    company.github.push(API, "feature/x", WRITER)
    company.rest("PUT", f"{API}/environments/packages", PROTECTED)
    company.rest("POST", f"{API}/environments/packages/deployment-branch-policies", {"name": "main"})
    company.rest("PUT", f"{API}/actions/permissions/workflow", PERMISSIONS)
    company.edit("[main]", '[main, "release/*"]')
    why = company.refused()
    assert "release_branches would let the branch 'release/evil' publish" in why and "feature/x" not in why
    assert (
        "has the environment packages already, which is not in this stack's state, with a wait timer of 30 minutes, required reviewers "
        "(1), no self-review, deployment branches" in why
    )
    # The two ways on: it is named, and the environment has another name.
    company.edit("environment: packages", "environment: package-flow\n    accepted_branches: [release/evil]")
    company.up()
    (note,) = [one["message"] for one in company.told if one.get("event") == "log" and "default permission" in one.get("message", "")]
    assert "(now: write, true)" in note and "-f default_workflow_permissions=write -F can_approve_pull_request_reviews=true" in note
    stricter = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
    assert company.rest("GET", f"{API}/actions/permissions/workflow") == stricter
    # Both are this stack's now: another run asks for nothing.
    company.up()
    company.program.destroy("--unprotect")
    assert company.rest("GET", f"{API}/actions/permissions/workflow") == stricter
    (left,) = company.rest("GET", f"{API}/environments")["environments"]
    assert left["name"] == "packages"
    assert {one["type"] for one in left["protection_rules"]} == {"wait_timer", "required_reviewers", "branch_policy"}


def test_a_pattern_that_is_added_later_is_new_and_what_published_before_is_not(company: Company) -> None:
    company.up()
    company.github.push(API, "release/evil", WRITER)
    company.edit("[main]", '[main, "release/*"]')
    why = company.refused()
    assert why.count("release_branches would let the branch") == 1 and "'release/evil'" in why
    company.edit('"release/*"]', '"release/*"]\n    accepted_branches: [release/evil]')
    company.up()
    # What is guarded needs no acceptance any more.
    company.edit("\n    accepted_branches: [release/evil]", "")
    company.up()


def test_a_repository_that_is_renamed_keeps_its_guards(company: Company) -> None:
    company.up()
    guards = company.guards(API)
    assert {one.rpartition("-")[0] for one in guards[0]} == {
        "package-flow-release",
        "package-flow-create",
    } and "CODEARTIFACT_PUBLISH_ROLE_ARN" in guards[1]
    company.cloud.control.act("github/repositories/rename", repository=f"acme/{API}", name="payments")
    assert f"'acme/{API}' is called 'acme/payments' on GitHub; write that name, with renamed_from: {API} in it" in company.refused()
    company.edit(f"  {API}:", "  payments:")
    assert f"is the repository that this stack knows as '{API}'" in company.refused()
    # From here the engine updates what it knows by the former name. This runner has no aliases, and stops before it changes anything.
    company.edit("  payments:", f"  payments:\n    renamed_from: {API}")
    with pytest.raises(ProgramFailed, match="the rehearsal does not support aliases of resources in the state"):
        company.up()
    assert company.guards("payments") == guards
    with pytest.raises(Denied, match="pull request"):
        company.github.push("payments", "main", WRITER)


@pytest.mark.parametrize("listed", [True, False])
def test_a_name_that_another_repository_has_now(company: Company, listed: bool) -> None:
    """It is in the catalog still, or left it at the same time."""
    company.up()
    company.cloud.control.act("github/repositories/rename", repository=f"acme/{API}", name="payments")
    taker = {"owner": "acme", "name": API, "id": 777, "writers": [WRITER]}
    company.cloud.control.post("github/seed", repositories=[taker])
    if not listed:
        company.edit(f"  {API}:", "  package-flow-outside:")
    wanted = f"{API}: got repository 777 on GitHub; expected" if listed else f"'{API}' is gone, and on GitHub that name is repository 777"
    assert wanted in company.refused()
