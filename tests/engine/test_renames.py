"""A publishing repository, a team and an organisation, renamed on GitHub with the steps of docs/operations.md, under the engine."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal.engine.stack import Run
from tests.docs.pages import page
from tests.engine.life import SMALL, Life, changes, done, living, needs_engine

pytestmark = needs_engine
RENAMED = pytest.mark.slow("tests/program and tests/plan show what is refused and what is kept, test_stops.py what stays guarded")

OLD, NEW = "payments-api", "payments"


def unguarded(life: Life, repository: str, branch: str = "main", owner: str = "acme") -> list[str]:
    """Which of the rules that a release branch needs no active ruleset of the repository has for it."""
    found: set[str] = set()
    for one in life.github.call("GET", "repos", owner, repository, "rulesets"):
        ruleset = life.github.call("GET", "repos", owner, repository, "rulesets", str(one["id"]))
        if ruleset["enforcement"] == "active" and f"refs/heads/{branch}" in ruleset["conditions"]["ref_name"]["include"]:
            found |= {rule["type"] for rule in ruleset["rules"]}
    return sorted({"pull_request", "deletion", "non_fast_forward", "creation"} - found)


def there(life: Life, repository: str, owner: str = "acme") -> set[str]:
    """The variables, environments and rulesets of a repository."""
    call = life.github.call
    variables = call("GET", "repos", owner, repository, "actions", "variables", query={"per_page": 30})["variables"]
    environments = call("GET", "repos", owner, repository, "environments")["environments"]
    return {
        *(f"variable {one['name']}" for one in variables),
        *(f"environment {one['name']}" for one in environments),
        *(f"ruleset {one['name']}" for one in call("GET", "repos", owner, repository, "rulesets")),
    }


def watched(life: Life, act: Callable[[], Run], repository: str = NEW, owner: str = "acme") -> Run:
    """A command; before each of its steps and after the last one the release branch is guarded, and nothing in GitHub goes."""
    before, steps = there(life, repository, owner), []

    def watch(step: str, urn: str) -> None:
        steps.append((step, urn))
        assert not (step == "delete" and "github:index" in urn), urn
        assert unguarded(life, repository, owner=owner) == [], (step, urn)

    life.plugins.watch = watch
    run = act()
    life.plugins.watch = lambda step, urn: None
    assert unguarded(life, repository, owner=owner) == []
    assert there(life, repository, owner) >= before
    return run


def refused(life: Life, words: str, repository: str = NEW, owner: str = "acme") -> None:
    run = watched(life, life.stack.up, repository, owner)
    assert changes(run) == []
    assert words in run.errors[0].text


def renaming(**changed: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def change(team: dict[str, Any]) -> dict[str, Any]:
        repositories = dict(team["repositories"])
        one = {key: value for key, value in repositories.pop(OLD, repositories.pop(NEW, {})).items() if key != "renamed_from"}
        return {**team, "repositories": {**repositories, NEW: {**one, **changed}}}

    return change


def trust(life: Life) -> dict[str, str]:
    """Trust policies of the roles of the repository, by the role's name."""
    roles = life.aws("iam").list_roles(PathPrefix="/package-flow/")["Roles"]
    return {one["RoleName"]: str(one["AssumeRolePolicyDocument"]) for one in roles if "-payments" in one["RoleName"]}


@RENAMED
def test_a_renamed_repository_stays_guarded_and_loses_nothing(tmp_path: Path) -> None:
    with living(SMALL, tmp_path) as life:
        done(life.stack.up())
        had = there(life, OLD)
        life.cloud.control.act("github/repositories/rename", repository=f"acme/{OLD}", name=NEW)
        assert there(life, NEW) == had
        # Step 2 not done, or half of it.
        refused(life, f"write that name, with renamed_from: {OLD} in it")
        team = life.team("payments")
        life.configure({"payments": renaming()(team)})
        refused(life, f"is the repository that this stack knows as '{OLD}'")
        life.configure({"payments": renaming(renamed_from=OLD)(team)})
        # Step 3: updates in GitHub, replacements of roles, no deletion in GitHub.
        shown = changes(done(watched(life, life.stack.preview)))
        in_github = [one for one in shown if not one.split()[1].startswith(("Role", "Resource"))]
        assert in_github and {one.split()[0] for one in in_github} == {"update"}, in_github
        assert {one.split()[1] for one in in_github} >= {"RepositoryRuleset", "RepositoryEnvironment", "ActionsVariable"}
        steps = changes(done(watched(life, life.stack.up)))
        assert not [one for one in steps if one.startswith(("delete", "create")) and one.split()[1] not in ("Role", "RolePolicy")]
        guards = [at for at, one in enumerate(steps) if one.startswith("update RepositoryRuleset")]
        roles = [at for at, one in enumerate(steps) if one.split()[1] == "Role"]
        assert guards and roles and max(guards) < min(roles), steps
        assert there(life, NEW) == had
        assert set(trust(life)) == {f"small-publish-{NEW}", f"small-promote-{NEW}"}
        assert all(f"/{NEW}:" in one and f"/{OLD}:" not in one for one in trust(life).values())
        assert changes(done(life.stack.preview())) == []
        # Step 4.
        life.configure({"payments": renaming()(life.team("payments"))})
        assert changes(done(watched(life, life.stack.up))) == []
        assert changes(done(life.stack.preview())) == []
        # The id of the workflow permissions is the former name, by which the provider looks at them.
        assert changes(done(watched(life, life.stack.refresh))) == [f"update WorkflowRepositoryPermissions {NEW}"]
        assert changes(done(watched(life, life.stack.up))) == [f"update WorkflowRepositoryPermissions {NEW}"]


@RENAMED
def test_a_former_name_that_another_repository_took(tmp_path: Path) -> None:
    """Under the former name it is refused; with `renamed_from` the renamed one is changed, and nothing in the other."""
    with living(SMALL, tmp_path) as life:
        done(life.stack.up())
        life.cloud.control.act("github/repositories/rename", repository=f"acme/{OLD}", name=NEW)
        life.cloud.control.post("github/seed", repositories=[{"owner": "acme", "name": OLD, "id": 777}])
        refused(life, f"which this stack knows as '{OLD}'")
        # It left the catalog at the same time.
        team = life.team("payments")
        life.configure({"payments": {**team, "repositories": {"package-flow-outside": team["repositories"][OLD]}}})
        refused(life, f"'{OLD}' is gone, and on GitHub that name is repository 777")
        life.configure({"payments": team})
        life.configure({"payments": renaming(renamed_from=OLD)(life.team("payments"))})
        steps = changes(done(watched(life, life.stack.up)))
        assert any(step.startswith("update RepositoryRuleset payments-release-") for step in steps), steps
        assert there(life, OLD) == set()


def managed(life: Life, managers: str, reviewers: str) -> None:
    """Give the repository's guards these teams ("" = none)."""
    team = life.team("payments")
    team["release_managers"] = [managers] if managers else []
    team["repositories"][OLD]["promotes"] = {"reviewers": [reviewers]}
    life.configure({"payments": team})


def managers(life: Life) -> set[int]:
    """Who may create a release branch of the repository."""
    found = [
        life.github.call("GET", "repos", "acme", OLD, "rulesets", str(one["id"]))
        for one in life.github.call("GET", "repos", "acme", OLD, "rulesets")
    ]
    return {actor["actor_id"] for one in found for actor in one["bypass_actors"]}


@RENAMED
def test_a_renamed_team_keeps_its_rights_and_nobody_gets_them_by_its_former_name(tmp_path: Path) -> None:
    catalog = tmp_path / "given"
    shutil.copytree(SMALL.file.parent / "catalog", catalog)
    others = {"team": "mobile", "owns": {"npm": ["@acme-mobile/*"]}, "release_managers": ["mobile-leads"], "repositories": {}}
    (catalog / "mobile.yaml").write_text(yaml.safe_dump(others))
    with living(replace(SMALL, catalog=catalog), tmp_path) as life:
        done(life.stack.up())
        (leads,) = managers(life)

        def rename(slug: str, name: str) -> None:
            life.cloud.control.act("github/teams/rename", organization="acme", slug=slug, name=name)

        # The catalog first.
        managed(life, "payments-admins", "payments-admins")
        refused(life, "GitHub team 'payments-admins' does not exist", OLD)
        rename("payments-leads", "payments-admins")
        assert changes(done(watched(life, life.stack.up, OLD))) == []
        # GitHub first.
        rename("payments-admins", "payments-owners")
        refused(life, "GitHub team 'payments-admins' does not exist", OLD)
        managed(life, "payments-owners", "payments-owners")
        life.configure({"mobile": {**others, "release_managers": []}})
        assert changes(done(watched(life, life.stack.up, OLD))) == []
        # Another team takes the former name, which a catalog that was not changed would let past the guards.
        rename("payments-owners", "payments-leads")
        rename("mobile-leads", "payments-owners")
        refused(life, "got team", OLD)
        assert managers(life) == {leads}
        managed(life, "payments-leads", "payments-leads")
        assert changes(done(watched(life, life.stack.up, OLD))) == []
        # If the other one is meant, it is named anew.
        managed(life, "payments-owners", "payments-leads")
        given = changes(done(life.stack.up()))
        assert [one.partition(" ")[0] for one in given] == ["create", "delete"]
        assert managers(life) and managers(life) != {leads}


@RENAMED
def test_a_renamed_organisation_trusts_its_new_name_alone(tmp_path: Path) -> None:
    with living(SMALL, tmp_path) as life:
        done(life.stack.up())
        had, new = there(life, OLD), "acme-corp"
        workflow = life.values["package-flow:publishing"]["workflow"]

        def owner(name: str) -> None:
            life.values["github:owner"] = name
            life.configure(publishing={"workflow": workflow.replace("acme/", f"{name}/")})

        # The stack file first.
        owner(new)
        refused(life, f"organisation '{new}' does not exist", OLD)
        # GitHub first.
        owner("acme")
        life.cloud.control.act("github/organizations/rename", organization="acme", name=new)
        refused(life, "organisation 'acme' does not exist", OLD, new)
        # Somebody takes the former name, with repositories of the same names.
        squatters = [
            {"owner": "acme", "name": name, "id": id, "visibility": "public"} for id, name in ((771, OLD), (772, "scoring-notebooks"))
        ]
        life.cloud.control.post("github/seed", organizations=[{"login": "acme", "id": 770}], repositories=squatters)
        refused(life, "Resource not accessible by integration", OLD, new)
        owner(new)
        steps = changes(done(watched(life, life.stack.up, OLD, new)))
        assert {one.rpartition(" ")[0] for one in steps} == {"update Role"}, steps
        assert there(life, OLD, new) == had
        squatted = life.cloud.control.get(f"github/repositories/acme/{OLD}")
        assert [squatted[one] for one in ("rulesets", "environments", "variables")] == [[], [], {}]
        assert all("acme-corp" in one and "repo:acme/" not in one and "repo:acme@" not in one for one in trust(life).values())
        assert changes(done(life.stack.preview())) == []
        assert changes(done(life.stack.refresh())) == []


def test_the_page_describes_what_was_run() -> None:
    text = page("docs/operations.md").section("Renaming a repository")
    steps = ["1. Rename it on GitHub", "renamed_from: web-tooling", "It must show updates of the rulesets", "Remove `renamed_from`"]
    assert [text.index(one) for one in steps] == sorted(text.index(one) for one in steps)
    team = page("docs/operations.md").section("Renaming a GitHub team")
    assert "remove the name from the catalog" in team
    assert "publishing.workflow" in page("docs/operations.md").section("Renaming the organisation")
