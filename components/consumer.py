"""ConsumingRepository: everything that one GitHub repository needs to install packages, and to publish and promote them if it does.

Owns the repository's Actions variables, its rulesets and environments, and the roles bound to it. Guards come before the roles that rely on
them and go after them: a failure half-way never leaves a role without its guard.
"""

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_github as github

from components.github_oidc import SESSION_DURATION
from plan import parts
from policies import branches
from policies.branches import TAGS
from policies.names import RoleKind, Variable


class ConsumingRepository(pulumi.ComponentResource):
    """Variables, guards and roles of one repository.

    `codeartifact_repository` (a name: the team's, or shared) and `read_role_arn` (of builds that have no role of their own) are outputs of
    what this repository's variables name; `organization_guards` are the organisation's rulesets that hold for it.
    """

    read_role_arn: pulumi.Output[str]
    """ARN of the role that its builds assume."""
    dependabot_role_arn: pulumi.Output[str] | None
    """ARN of the role that Dependabot assumes; None if the catalog does not say `dependabot: true`."""
    publish_role_arn: pulumi.Output[str] | None
    """ARN of its publish role; None if it only installs."""
    promote_role_arn: pulumi.Output[str] | None
    """ARN of its promote role; None if it does not promote."""

    def __init__(
        self,
        name: str,
        planned: parts.ConsumingRepository,
        codeartifact_repository: pulumi.Input[str],
        read_role_arn: pulumi.Input[str],
        organization_guards: Sequence[pulumi.Resource] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "package-flow:index:ConsumingRepository",
            name,
            {**planned.inputs, "codeartifact_repository": codeartifact_repository, "read_role_arn": read_role_arn},
            opts,
        )
        self._logical_name, self._planned = name, planned
        self._child = pulumi.ResourceOptions(parent=self)
        # What the component waits for (policies of the repositories it is let into), its roles wait for too: depends_on is not inherited.
        self._after: list = list(opts.depends_on) if opts and isinstance(opts.depends_on, Sequence) else []
        own = planned.own_read_role
        self.read_role_arn = self._role(RoleKind.READ, own, self._after) if own else pulumi.Output.from_input(read_role_arn)
        dependabot = planned.dependabot_role
        self.dependabot_role_arn = self._role(RoleKind.DEPENDABOT, dependabot, self._after) if dependabot else None
        guards = [*organization_guards, *(self._ruleset(one) for one in planned.rulesets)]
        self.publish_role_arn = self.promote_role_arn = None
        if planned.publishing:
            self._publishes(planned.publishing, planned.promotion, guards)
        self._variables(codeartifact_repository)
        self.register_outputs(
            {
                "readRoleArn": self.read_role_arn,
                **({"dependabotRoleArn": self.dependabot_role_arn} if self.dependabot_role_arn else {}),
                "publishRoleArn": self.publish_role_arn,
                "promoteRoleArn": self.promote_role_arn,
                # The guards have ids alone. The next run compares: a slug may be another team's by then.
                "teams": dict(planned.teams),
                # It says the same of the repository's name, which its variables and environments say too, as far as it has some.
                **({"repository": planned.name, "repositoryId": planned.repository.id} if planned.organization_variables else {}),
            }
        )

    def _publishes(self, publishing: parts.Publishing, promotion: parts.Promotion | None, rulesets: list[pulumi.Resource]) -> None:
        """The rest of the guards, and then the roles."""
        permissions = github.WorkflowRepositoryPermissions(
            self._logical_name,
            repository=self._planned.repository.name,
            can_approve_pull_request_reviews=False,
            default_workflow_permissions="read",
            opts=self._child,
        )
        guards = [*rulesets, permissions, *(self._environment(publishing.environment) if publishing.environment else [])]
        reviewed = self._reviewed(publishing, guards)
        self.publish_role_arn = self._role(RoleKind.PUBLISH, publishing.role, self._once(reviewed, guards))
        if promotion:
            guards += self._environment(promotion.environment)
            self.promote_role_arn = self._role(RoleKind.PROMOTE, promotion.role, self._once(reviewed, guards))

    def _reviewed(self, publishing: parts.Publishing, guards: list[pulumi.Resource]) -> pulumi.Output[None]:
        """Fails if a branch that may publish from now on has appeared between the look-ups and its guards.

        GitHub is asked once more, behind the guards: after them nobody creates such a branch. The roles wait for the answer. A preview
        has no guards, and the App with which it runs may not list branches.
        """
        declared, before, accepted = publishing.branches.names, publishing.trusted_before, publishing.accepted_branches
        default = self._planned.default_branch
        if pulumi.runtime.is_dry_run() or not branches.may_be_unreviewed(declared, before, default, accepted):
            return pulumi.Output.from_input(None)
        there = github.get_repository_branches_output(
            repository=self._planned.repository.name, opts=pulumi.InvokeOutputOptions(parent=self, depends_on=guards)
        )

        def judge(names: list[str]) -> None:
            found = branches.unreviewed(names, declared, before, default, accepted)
            if found:
                raise pulumi.RunError(
                    f"{self._logical_name}: {', '.join(found)} appeared during this run, which would have let it publish unreviewed. "
                    "It is guarded now and not trusted. Review it and list it in accepted_branches, or delete it on GitHub; then run "
                    "pulumi up again"
                )

        return there.branches.apply(lambda every: judge([one.name for one in every]))

    def _once(self, reviewed: pulumi.Output[None], resources: list[pulumi.Resource]) -> pulumi.Input[list]:
        """These and what the component waits for, as soon as its branches were judged."""
        waiting = [*self._after, *resources]
        return reviewed.apply(lambda _: waiting)

    def _ruleset(self, planned: parts.Ruleset) -> pulumi.Resource:
        return github.RepositoryRuleset(
            # Never changed in place: see policies.guards.edition.
            f"{self._logical_name}-{planned.edition}",
            name=planned.name,
            repository=self._planned.repository.name,
            target=planned.target,
            enforcement="active",
            conditions={"ref_name": {"includes": list(planned.refs), "excludes": []}},
            rules=github.RepositoryRulesetRulesArgsDict(**planned.rules),
            bypass_actors=bypass_actors(planned),
            opts=self._child,
        )

    def _environment(self, planned: parts.Environment) -> list[pulumi.Resource]:
        """Custom branch policies, never "protected branches": that option looks at branch protection, and these branches have rulesets.

        A slash parts the names: repository a-b with environment c and repository a with environment b-c must not make one resource.
        """
        reviewers = list(planned.reviewer_teams)
        environment = github.RepositoryEnvironment(
            f"{self._logical_name}/{planned.name}",
            repository=self._planned.repository.name,
            environment=planned.name,
            can_admins_bypass=False if planned.admins_cannot_bypass else None,
            prevent_self_review=True if planned.prevents_self_review else None,
            wait_timer=planned.wait_timer or None,
            reviewers=[{"teams": reviewers}] if reviewers else None,
            deployment_branch_policy={"protected_branches": False, "custom_branch_policies": True},
            opts=self._child,
        )
        branches = [self._policy(environment, planned.name, pattern, branch_pattern=pattern) for pattern in planned.branches]
        tags = [self._policy(environment, planned.name, f"{TAGS}{pattern}", tag_pattern=pattern) for pattern in planned.tags]
        return [environment, *branches, *tags]

    def _policy(self, environment: github.RepositoryEnvironment, of: str, name: str, **pattern: str) -> pulumi.Resource:
        return github.RepositoryEnvironmentDeploymentPolicy(
            f"{self._logical_name}/{of}/{name}",
            repository=self._planned.repository.name,
            environment=environment.environment,
            opts=self._child,
            **pattern,
        )

    def _role(self, kind: RoleKind, planned: parts.Role, after: pulumi.Input[list]) -> pulumi.Output[str]:
        role = aws.iam.Role(
            f"{self._logical_name}-{kind}",
            name=planned.name,
            path=planned.path,
            description=planned.description,
            assume_role_policy=planned.trust,
            permissions_boundary=planned.boundary or None,
            max_session_duration=SESSION_DURATION,
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
        aws.iam.RolePolicy(
            f"{self._logical_name}-{kind}", name=planned.policy_name, role=role.name, policy=planned.permissions, opts=self._child
        )
        return role.arn

    def _variables(self, codeartifact_repository: pulumi.Input[str]) -> None:
        """The planned values, but as outputs where they name something that has to be there first."""
        outputs: dict[str, pulumi.Input[str] | None] = {
            Variable.REPOSITORY: codeartifact_repository,
            Variable.READ_ROLE_ARN: self.read_role_arn,
            Variable.PUBLISH_ROLE_ARN: self.publish_role_arn,
            Variable.PROMOTE_ROLE_ARN: self.promote_role_arn,
        }
        for variable, value in self._planned.variables.items():
            github.ActionsVariable(
                f"{self._logical_name}-{variable}",
                repository=self._planned.repository.name,
                variable_name=variable,
                value=outputs.get(variable) or value,
                opts=self._child,
            )


def bypass_actors(planned: parts.Ruleset) -> list[Any]:
    """Who bypasses a ruleset; a repository's and an organisation's say it in the same words."""
    actors = [*(("Team", id) for id in planned.bypass_teams), *(("Integration", id) for id in planned.bypass_apps)]
    return [{"actor_id": id, "actor_type": type, "bypass_mode": "always"} for type, id in actors]
