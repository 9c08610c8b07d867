"""ProgramRepository: guards the refs that deploy and that others run, on GitHub, by the declaration that the roles' trust comes from.

What is on such a branch is deployed with the deployer's rights; below repository admin nobody puts unreviewed code there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_github as github

from policies import guards
from policies.branches import declare


@dataclass(frozen=True)
class Environment:
    """The environment of a stack's deploying job: jobs of `branch` use it, and a member of `reviewer_teams` (ids) lets each start."""

    name: str
    branch: str
    reviewer_teams: tuple[int, ...]


@dataclass(frozen=True)
class GuardedRepository:
    """The repository that holds the program, and what guards it. `name` is as GitHub returns it.

    bootstrap: name of the bootstrap's stack. Rulesets are called by it, because a repository's have different names, and several bootstraps
    (of regions, of accounts) may guard what each deploys; GitHub applies them all. branches: those that deploy; they exist. tags: full refs
    of the tags that nobody creates, moves or deletes. approvals, code_owners, checks: what a change of the branches needs.
    """

    name: str
    bootstrap: str
    default_branch: str
    branches: tuple[str, ...]
    tags: tuple[str, ...]
    approvals: int
    checks: tuple[str, ...]
    environments: tuple[Environment, ...]
    variables: Mapping[str, str]
    code_owners: bool = False


class ProgramRepository(pulumi.ComponentResource):
    """Rulesets, environments and variables of the repository that holds the program."""

    def __init__(self, name: str, planned: GuardedRepository, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("package-flow-bootstrap:index:ProgramRepository", name, {}, opts)
        self._repository, self._bootstrap = planned.name, planned.bootstrap
        self._child = pulumi.ResourceOptions(parent=self)
        branches = declare(planned.branches)
        change = guards.release_rules(planned.approvals, planned.checks, planned.code_owners)
        self.guards: list[pulumi.Resource] = [
            self._ruleset("deploy", guards.release_refs(planned.default_branch, branches), change),
            self._ruleset("deploy-create", guards.create_refs(branches), guards.create_rules()),
            self._ruleset("tags", list(planned.tags), guards.tag_rules(), target="tag"),
        ]
        for one in planned.environments:
            self._environment(one)
        for variable, value in planned.variables.items():
            github.ActionsVariable(variable, repository=self._repository, variable_name=variable, value=value, opts=self._child)
        self.register_outputs({})

    def _ruleset(self, kind: str, refs: list[str], rules: guards.Rules, target: str = "branch") -> github.RepositoryRuleset:
        """Not protected, because one that covers other refs takes its place; the roles, which rely on it, are."""
        edition = guards.edition(kind, refs, rules)
        return github.RepositoryRuleset(
            edition,
            name=f"package-flow-{kind}-{self._bootstrap}{edition.removeprefix(kind)}",
            repository=self._repository,
            target=target,
            enforcement="active",
            conditions={"ref_name": {"includes": refs, "excludes": []}},
            rules=github.RepositoryRulesetRulesArgsDict(**rules),
            bypass_actors=[],
            # By its kind alone it was known, and protected, before its name said what it says.
            opts=pulumi.ResourceOptions(parent=self, protect=False, aliases=[pulumi.Alias(name=kind)]),
        )

    def _environment(self, planned: Environment) -> None:
        teams = list(planned.reviewer_teams)
        environment = github.RepositoryEnvironment(
            planned.name,
            repository=self._repository,
            environment=planned.name,
            can_admins_bypass=False if teams else None,
            prevent_self_review=True if teams else None,
            reviewers=[{"teams": teams}] if teams else None,
            deployment_branch_policy={"protected_branches": False, "custom_branch_policies": True},
            opts=self._child,
        )
        github.RepositoryEnvironmentDeploymentPolicy(
            planned.name,
            repository=self._repository,
            environment=environment.environment,
            branch_pattern=planned.branch,
            opts=self._child,
        )
        self.guards.append(environment)
