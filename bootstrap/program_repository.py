"""ProgramRepository: guards the refs that deploy and that others run, on GitHub, by the declaration that the roles' trust comes from.

What is on such a branch is deployed with the deployer's rights; below repository admin nobody puts unreviewed code there.
"""

from typing import TypedDict

import pulumi
import pulumi_github as github

from policies import guards
from policies.branches import declare


class EnvironmentArgs(TypedDict):
    """The environment of one stack's deploying job."""

    name: str
    """Name of the environment: the stack's."""
    branch: str
    """The one branch that may use it."""
    reviewer_teams: list[int]
    """Ids of teams, one of whose members lets a deployment start."""


class ProgramRepositoryArgs(TypedDict):
    """Arguments of ProgramRepository."""

    repository: str
    """Its name, as GitHub returns it."""
    bootstrap: str
    """Name of the bootstrap's stack: rulesets are called by it, because a repository's have different names, and several bootstraps (of
    regions, of accounts) may guard what each deploys. GitHub applies them all."""
    default_branch: str
    """Its default branch."""
    branches: list[str]
    """The branches that deploy; they exist."""
    tags: list[str]
    """Full refs of the tags that nobody makes, moves or deletes."""
    approvals: int
    """Approvals that a change of them needs."""
    checks: list[str]
    """Checks that a change of them must pass."""
    environments: list[EnvironmentArgs]
    """Environments of the deploying jobs."""
    variables: dict[str, pulumi.Input[str]]
    """Actions variables for the deploying workflow."""


class ProgramRepository(pulumi.ComponentResource):
    """Rulesets, environments and variables of the repository that holds the program."""

    def __init__(self, name: str, args: ProgramRepositoryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("package-flow-bootstrap:index:ProgramRepository", name, dict(args), opts)
        self._repository, self._bootstrap = args["repository"], args["bootstrap"]
        self._child = pulumi.ResourceOptions(parent=self)
        branches = declare(tuple(args["branches"]))
        change = guards.release_rules(args["approvals"], args["checks"])
        self.guards: list[pulumi.Resource] = [
            self._ruleset("deploy", guards.release_refs(args["default_branch"], branches), change),
            self._ruleset("deploy-create", guards.create_refs(branches), guards.create_rules()),
            self._ruleset("tags", args["tags"], guards.tag_rules(), target="tag"),
        ]
        for one in args["environments"]:
            self._environment(one)
        for variable, value in args["variables"].items():
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

    def _environment(self, one: EnvironmentArgs) -> None:
        teams = one["reviewer_teams"]
        made = github.RepositoryEnvironment(
            one["name"],
            repository=self._repository,
            environment=one["name"],
            can_admins_bypass=False if teams else None,
            prevent_self_review=True if teams else None,
            reviewers=[{"teams": teams}] if teams else None,
            deployment_branch_policy={"protected_branches": False, "custom_branch_policies": True},
            opts=self._child,
        )
        github.RepositoryEnvironmentDeploymentPolicy(
            one["name"],
            repository=self._repository,
            environment=made.environment,
            branch_pattern=one["branch"],
            opts=self._child,
        )
        self.guards.append(made)
