"""Wherever a change stops: at no point is a ref trusted by a role and not guarded on GitHub.

The engine is stopped after every single step of a change, and started again, which does one step more. At each stop the trust policies are
read from AWS and the guards from GitHub.
"""

import gc
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
import yaml

from policies.github_tokens import GitHubRepository, Owner
from rehearsal import stage
from rehearsal.cloud.github.patterns import matches
from rehearsal.engine.stack import Run
from rehearsal.seeding import OWNER_ID
from tests.engine.life import SMALL, Life, changes, done, living, needs_engine, short
from tests.policies.iam import admits, document, many

pytestmark = [
    needs_engine,
    # What the SDK leaves behind of a program whose engine is gone.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:Error in event stream"),
]

REPOSITORY = "payments-api"
REFS = [f"refs/heads/{branch}" for branch in ("main", "release/1", "release/a/b", "hotfix/1", "next", "other")]
GUARDS = ("RepositoryRuleset", "RepositoryEnvironmentDeploymentPolicy")
MOBILE = {"team": "mobile", "owns": {"npm": ["@acme-mobile/*"]}, "release_managers": ["mobile-leads"], "repositories": {}}
ENVIRONMENTS = ("", "packages", "production", "promote")


@dataclass
class World:
    """What AWS and GitHub say at one moment of one repository, and which teams of GitHub may create its release branches, by team."""

    life: Life
    managers: Mapping[str, set[int]]
    guards: list[dict[str, Any]] = field(default_factory=list)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    repository: str = REPOSITORY

    def look(self) -> None:
        github, path = self.life.github, ("repos", self.life.settings.github_owner, self.repository)
        rulesets = [github.call("GET", *path, "rulesets", str(one["id"])) for one in github.call("GET", *path, "rulesets")]
        self.guards = [one for one in rulesets if one["enforcement"] == "active" and not one["conditions"]["ref_name"]["exclude"]]
        self.environments = {one["name"]: one for one in github.call("GET", *path, "environments")["environments"]}

    def unguarded(self) -> list[str]:
        """Each ref with which a role that writes can be assumed, though something of what guards it is missing."""
        self.look()
        return [
            f"{role} admits {ref} {environment}: {gap}"
            for role, team, statements in self._roles()
            for ref in REFS
            for environment in ENVIRONMENTS
            if admits(statements, self._token(ref, environment), self._provider())
            for gap in self._gaps(team, ref, environment)
        ]

    def admitted(self) -> set[str]:
        """The branches that the roles trust."""
        found = set()
        for _, _, statements in self._roles():
            tokens = {ref: [self._token(ref, environment) for environment in ENVIRONMENTS] for ref in REFS}
            found |= {ref for ref, each in tokens.items() if any(admits(statements, one, self._provider()) for one in each)}
        return {ref.removeprefix("refs/heads/") for ref in found}

    def _roles(self) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
        """Name, team whose names it writes and trust policy of each role that writes."""
        iam = self.life.aws("iam")
        for role in iam.list_roles(PathPrefix=self.life.settings.iam.path)["Roles"]:
            for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
                allowed = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"]["Statement"]
                writes = [one for one in allowed if {"codeartifact:PublishPackageVersion"} & set(many(one["Action"]))]
                writes += [one for one in allowed if {"codeartifact:CopyPackageVersions"} & set(many(one["Action"]))]
                names = {resource.split("/")[2] for one in writes for resource in many(one["Resource"]) if ":package/" in resource}
                for team in names - {"shared"}:
                    yield role["RoleName"], team, document(json.dumps(role["AssumeRolePolicyDocument"]))

    @cached_property
    def _id(self) -> int:
        return self.life.github.call("GET", "repos", self.life.settings.github_owner, self.repository)["id"]

    def _provider(self) -> str:
        return self.life.cloud.registry.github_oidc_provider_arn

    def _token(self, ref: str, environment: str) -> dict[str, str]:
        settings = self.life.settings
        repository = GitHubRepository(Owner(settings.github_owner, OWNER_ID), self.repository, self._id)
        context = f"environment:{environment}" if environment else f"ref:{ref}"
        claims = {"sub": f"repo:{settings.github_owner}/{self.repository}:{context}", "ref": ref, "repository_id": str(repository.id)}
        workflow = settings.publishing.promotion_workflow if environment == "promote" else settings.publishing.workflow
        return {**claims, "aud": "sts.amazonaws.com", "environment": environment, "job_workflow_ref": workflow or ""}

    def _gaps(self, team: str, ref: str, environment: str) -> Iterator[str]:
        covering = [one for one in self.guards if any(matches(pattern, ref) for pattern in one["conditions"]["ref_name"]["include"])]
        rules = {rule["type"] for one in covering if not one["bypass_actors"] for rule in one["rules"]}
        for rule in {"pull_request", "deletion", "non_fast_forward"} - rules:
            yield f"no {rule}"
        creating = [{one["actor_id"] for one in each["bypass_actors"]} for each in covering if _has(each, "creation")]
        if not creating:
            yield "no creation"
        elif others := set.intersection(*creating) - self.managers[team]:
            yield f"created by {others}"
        if not environment:
            return
        there = self.environments.get(environment)
        if there is None:
            yield "no environment"
        elif not (there["deployment_branch_policy"] or {}).get("custom_branch_policies"):
            yield "an environment for every branch"
        elif environment == "promote" and not _has({"rules": there["protection_rules"]}, "required_reviewers"):
            yield "no reviewers"


def _has(ruleset: Mapping[str, Any], kind: str) -> bool:
    return any(one["type"] == kind for one in ruleset["rules"])


def stopped(life: Life) -> tuple[list[str], Run]:
    """An up that is stopped after one step; that step, if there was one left, and how it ended."""
    happened: list[str] = []

    def one_step(step: str, urn: str) -> None:
        if happened:
            raise RuntimeError("stopped here")
        happened.append(f"{step} {short(urn)}")

    life.plugins.watch = one_step
    run = life.stack.up(parallel=1)
    life.plugins.watch = lambda step, urn: None
    return happened, run


def stopping(life: Life, world: World) -> list[str]:
    """Ups that are each stopped after one step, until one has nothing left to stop; the steps. Nothing is unguarded at any stop."""
    steps: list[str] = []
    while True:
        happened, run = stopped(life)
        steps += happened
        assert world.unguarded() == [], steps
        if not run.failed:
            assert changes(done(life.stack.preview())) == []
            return steps
        assert "stopped here" in run.errors[0].text


def watched(life: Life, world: World, act: Callable[..., Run]) -> list[str]:
    """One command, in which nothing is unguarded before any step and after the last; the steps."""
    steps: list[str] = []
    gaps: list[str] = []

    def look(step: str, urn: str) -> None:
        gaps.extend(f"before {step} {short(urn)}: {gap}" for gap in world.unguarded())
        steps.append(f"{step} {short(urn)}")

    life.plugins.watch = look
    done(act(parallel=1))
    life.plugins.watch = lambda step, urn: None
    assert [*gaps, *world.unguarded()] == []
    return steps


def before(steps: list[str], first: str, then: str) -> None:
    """Every step that begins with `first` comes before every one that begins with `then`; there are some of both."""
    earlier, later = ([number for number, step in enumerate(steps) if step.startswith(words)] for words in (first, then))
    assert earlier and later and max(earlier) < min(later), steps


def changed(life: Life, **values: Any) -> None:
    """Give the repository other values in its team's file."""
    team = life.team("payments")
    team["repositories"][REPOSITORY].update(values)
    life.configure({"payments": team})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("stops")
    catalog = folder / "given"
    shutil.copytree(SMALL.file.parent / "catalog", catalog)
    (catalog / "mobile.yaml").write_text(yaml.safe_dump(MOBILE))
    with living(stage.Stack(SMALL.name, SMALL.file, catalog), folder) as life:
        done(life.stack.up())
        leads, others = (
            life.github.call("GET", "orgs", life.settings.github_owner, "teams", slug)["id"] for slug in ("payments-leads", "mobile-leads")
        )
        made = World(life, {"payments": {leads}, "mobile": {others}})
        assert made.unguarded() == []
        assert made.admitted() == {"main"}
        yield made
    # What engines that stopped have left is found here and not in the midst of another test.
    gc.collect()


@pytest.mark.slow("an environment changes in the same way, in fewer steps")
def test_release_branches_become_more_and_fewer(world: World) -> None:
    life = world.life
    changed(life, release_branches=["main", "release/*"])
    widened = stopping(life, world)
    assert world.admitted() == {"main", "release/1"}
    for guard in GUARDS:
        before(widened, f"create {guard}", "update Role ")
    before(widened, "update Role ", "delete RepositoryRuleset")
    changed(life, release_branches=["main"])
    narrowed = stopping(life, world)
    assert world.admitted() == {"main"}
    before(narrowed, "create RepositoryRuleset", "update Role ")
    for guard in GUARDS:
        before(narrowed, "update Role ", f"delete {guard}")


def test_an_environment_gets_another_name_and_goes(world: World) -> None:
    life = world.life
    changed(life, environment="production")
    renamed = stopping(life, world)
    assert renamed == [
        f"create RepositoryEnvironment {REPOSITORY}/production",
        f"create RepositoryEnvironmentDeploymentPolicy {REPOSITORY}/production/main",
        f"update Role {REPOSITORY}-publish",
        f"delete RepositoryEnvironmentDeploymentPolicy {REPOSITORY}/packages/main",
        f"delete RepositoryEnvironment {REPOSITORY}/packages",
    ]
    changed(life, environment="")
    assert watched(life, world, life.stack.up)[0] == f"update Role {REPOSITORY}-publish"
    changed(life, environment="packages")
    assert watched(life, world, life.stack.up)[-1] == f"update Role {REPOSITORY}-publish"


def test_a_change_that_stopped_is_taken_back(world: World) -> None:
    """The ruleset that was made is of no use any more; the former one was never touched, and its name is still its own."""
    life = world.life
    changed(life, release_branches=["main", "next"])
    stopped(life)
    changed(life, release_branches=["main"])
    (step,) = watched(life, world, life.stack.up)
    assert step.startswith("delete RepositoryRuleset")


@pytest.mark.slow("an environment changes in the same way, in fewer steps")
def test_a_repository_moves_to_another_team(world: World) -> None:
    """Who may make a branch that publishes one team's packages is never a release manager of the other."""
    life = world.life
    entry = life.team("payments")["repositories"].pop(REPOSITORY)
    life.configure({"payments": {**life.team("payments"), "repositories": {}}, "mobile": {**MOBILE, "repositories": {REPOSITORY: entry}}})
    moved = watched(life, world, life.stack.up)
    before(moved, "create RepositoryRuleset", "update RolePolicy ")
    before(moved, "update RolePolicy ", "delete RepositoryRuleset")


@pytest.mark.slow("test_lifecycle.py takes a stack away in this order")
def test_a_stack_goes_after_a_narrowing_that_stopped(world: World) -> None:
    """Former guards and new ones are in the state, and one of two roles trusts fewer branches; roles go first, and everything goes."""
    life = world.life
    own = yaml.safe_load((SMALL.file.parent / "catalog" / "payments.yaml").read_text())
    wide = {**own["repositories"][REPOSITORY], "release_branches": ["main", "release/*"]}
    life.configure({"payments": {**own, "repositories": {REPOSITORY: wide}}, "mobile": MOBILE})
    done(life.stack.up())
    life.configure({"payments": own})
    steps = [step for _ in range(3) for step in stopped(life)[0]]
    assert [one.partition(" ")[0] for one in steps] == ["create", "create", "update"], steps
    assert len(world.guards) == 2 and world.unguarded() == [] and len(world.guards) == 4
    life.stack.unprotect()
    steps += watched(life, world, life.stack.destroy)
    before(steps, f"delete Role {REPOSITORY}-", "delete RepositoryRuleset ")
    world.look()
    assert world.guards == [] and world.environments == {}
