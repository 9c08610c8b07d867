"""ConsumingRepository: everything that one GitHub repository needs to install packages, and to publish and promote them if it does.

Owns the repository's Actions variables, its rulesets and environments, and the roles bound to it. Guards come before the roles that rely on
them and go after them: a failure half-way never leaves a role without its guard.
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_github as github

from components.github_oidc import SESSION_DURATION, SubjectForms
from components.place import GitHubRepositoryArgs, PlaceArgs, RoleArgs, registry
from components.team import OwnedNameArgs
from policies import branches, guards, owned_names, promoting, publishing, reading, trust
from policies.branches import declare
from policies.document import Statement, text
from policies.names import PROMOTE_ENVIRONMENT, SHARED_REPOSITORY, RoleKind, role_name


class PromotionArgs(TypedDict):
    """How the repository promotes."""

    reviewer_teams: list[int]
    """Numeric ids of the GitHub teams, one of whose members approves a promotion."""
    workflow: str
    """`job_workflow_ref` of the promotion workflow, or "" for any."""


class PublishingArgs(TypedDict):
    """How the repository publishes."""

    owns: list[OwnedNameArgs]
    """The names it may publish: what its team owns in the formats that it declares."""
    release_branches: list[str]
    """Branches that may publish: literals or `literal/*`."""
    accepted_branches: list[str]
    """Existing branches that may publish from now on as they stand, though nobody had to review them."""
    create_teams: list[int]
    """Numeric ids of the GitHub teams that may create a release branch; none = nobody."""
    environment: str
    """GitHub environment of the publish job, or ""."""
    admins_cannot_bypass: bool
    """Whether the plan lets an environment refuse its admins' bypass."""
    workflow: str
    """`job_workflow_ref` of the publishing workflow, or "" for any."""
    promotion: NotRequired[PromotionArgs]
    """How it promotes; absent if it does not."""


class ConsumingRepositoryArgs(TypedDict):
    """Arguments of ConsumingRepository."""

    place: PlaceArgs
    """Where the domain is."""
    role: RoleArgs
    """Name, path and boundary of the roles."""
    repository: GitHubRepositoryArgs
    """The GitHub repository."""
    default_branch: str
    """Its default branch."""
    subjects: SubjectForms
    """Which forms of `sub` are trusted."""
    token_duration: int
    """Longest life of a token, in seconds."""
    codeartifact_repository: pulumi.Input[str]
    """The repository that its builds ask: the team's, or shared."""
    team_repository: str
    """Name of the team's repository, or "" if the team owns nothing."""
    public_sources: list[str]
    """Public sources that its roles read, besides shared."""
    read_role_arn: pulumi.Input[str]
    """The read role of builds; ignored if the repository has its own."""
    own_read_role: bool
    """Whether it has a read role of its own (`readers: team`)."""
    approvals: int
    """Approvals that a change of the default branch and the release branches needs; 0 = no pull request is asked for."""
    required_checks: list[str]
    """Names of checks that such a change must pass."""
    publishing: NotRequired[PublishingArgs]
    """How it publishes; absent if it only installs."""


class ConsumingRepository(pulumi.ComponentResource):
    """Variables, guards and roles of one repository.

    `trusted_before` are the release branches that may publish already. They are none of the arguments, which the engine compares: the next
    run has others.
    """

    read_role_arn: pulumi.Output[str]
    """ARN of the role that its builds assume."""
    publish_role_arn: pulumi.Output[str] | None
    """ARN of its publish role; None if it only installs."""
    promote_role_arn: pulumi.Output[str] | None
    """ARN of its promote role; None if it does not promote."""

    def __init__(
        self,
        name: str,
        args: ConsumingRepositoryArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        trusted_before: Sequence[str] = (),
    ) -> None:
        super().__init__("package-flow:index:ConsumingRepository", name, dict(args), opts)
        self._logical_name, self._args, self._trusted_before = name, args, trusted_before
        self._child = pulumi.ResourceOptions(parent=self)
        # What the component waits for (policies of the repositories it is let into), its roles wait for too: depends_on is not inherited.
        self._after: list = list(opts.depends_on) if opts and isinstance(opts.depends_on, Sequence) else []
        self.publish_role_arn = self.promote_role_arn = None
        self.read_role_arn = self._own_read_role() if args["own_read_role"] else pulumi.Output.from_input(args["read_role_arn"])
        if "publishing" in args:
            self._publishes(args["publishing"])
        else:
            self._ruleset(
                "default", [f"refs/heads/{args['default_branch']}"], guards.default_rules(args["approvals"], args["required_checks"]), []
            )
        self._variables()
        self.register_outputs(
            {"readRoleArn": self.read_role_arn, "publishRoleArn": self.publish_role_arn, "promoteRoleArn": self.promote_role_arn}
        )

    def _publishes(self, publishes: PublishingArgs) -> None:
        guarded = self._guards(publishes)
        reviewed = self._reviewed(publishes, guarded)
        self.publish_role_arn = self._publish_role(publishes, self._once(reviewed, guarded))
        if "promotion" in publishes:
            promotion = publishes["promotion"]
            environment = self._environment(PROMOTE_ENVIRONMENT, publishes, reviewer_teams=promotion["reviewer_teams"])
            self.promote_role_arn = self._promote_role(publishes, promotion, self._once(reviewed, [*guarded, *environment]))

    def _reviewed(self, publishes: PublishingArgs, guarded: list[pulumi.Resource]) -> pulumi.Output[None]:
        """Fails if a branch that may publish from now on has appeared between the look-ups and its guards.

        GitHub is asked once more, behind the guards: after them nobody makes such a branch. The roles wait for the answer. A preview makes
        no guards, and the App with which it runs may not list branches.
        """
        if set(publishes["release_branches"]) <= set(self._trusted_before) or pulumi.runtime.is_dry_run():
            return pulumi.Output.from_input(None)
        there = github.get_repository_branches_output(
            repository=self._args["repository"]["name"], opts=pulumi.InvokeOutputOptions(parent=self, depends_on=guarded)
        )

        def judge(names: list[str]) -> None:
            found = branches.unreviewed(
                names,
                publishes["release_branches"],
                self._trusted_before,
                self._args["default_branch"],
                publishes["accepted_branches"],
            )
            if found:
                raise pulumi.RunError(
                    f"{self._logical_name}: {', '.join(found)} appeared during this run, which would let it publish, and nobody had to "
                    "review it. It is guarded now and not trusted; look at it and name it in accepted_branches, or delete it on GitHub; "
                    "then run pulumi up again"
                )

        return there.branches.apply(lambda every: judge([one.name for one in every]))

    def _once(self, reviewed: pulumi.Output[None], resources: list[pulumi.Resource]) -> pulumi.Input[list]:
        """These and what the component waits for, as soon as its branches were judged."""
        return reviewed.apply(lambda _: [*self._after, *resources])

    def _guards(self, publishes: PublishingArgs) -> list[pulumi.Resource]:
        branches = tuple(publishes["release_branches"])
        checks = self._args["required_checks"]
        release = self._ruleset(
            "release",
            guards.release_refs(self._args["default_branch"], branches),
            guards.release_rules(self._args["approvals"], checks),
            [],
        )
        create = self._ruleset("create", guards.create_refs(branches), guards.create_rules(), publishes["create_teams"])
        permissions = github.WorkflowRepositoryPermissions(
            self._logical_name,
            repository=self._args["repository"]["name"],
            can_approve_pull_request_reviews=False,
            default_workflow_permissions="read",
            opts=self._child,
        )
        environment = self._environment(publishes["environment"], publishes) if publishes["environment"] else []
        return [release, create, permissions, *environment]

    def _ruleset(self, kind: str, refs: list[str], rules: guards.Rules, bypass_teams: list[int]) -> github.RepositoryRuleset:
        return github.RepositoryRuleset(
            f"{self._logical_name}-{kind}",
            name=f"package-flow-{kind}",
            repository=self._args["repository"]["name"],
            target="branch",
            enforcement="active",
            conditions={"ref_name": {"includes": refs, "excludes": []}},
            rules=github.RepositoryRulesetRulesArgsDict(**rules),
            bypass_actors=[{"actor_id": team, "actor_type": "Team", "bypass_mode": "always"} for team in bypass_teams],
            opts=self._child,
        )

    def _environment(self, environment: str, publishes: PublishingArgs, reviewer_teams: Sequence[int] = ()) -> list[pulumi.Resource]:
        """Custom branch policies, never "protected branches": that option looks at branch protection, and these branches have rulesets.

        A slash parts the names: repository a-b with environment c and repository a with environment b-c must not make one resource.
        """
        made = github.RepositoryEnvironment(
            f"{self._logical_name}/{environment}",
            repository=self._args["repository"]["name"],
            environment=environment,
            can_admins_bypass=False if publishes["admins_cannot_bypass"] else None,
            prevent_self_review=True if reviewer_teams else None,
            reviewers=[{"teams": list(reviewer_teams)}] if reviewer_teams else None,
            deployment_branch_policy={"protected_branches": False, "custom_branch_policies": True},
            opts=self._child,
        )
        policies = [
            github.RepositoryEnvironmentDeploymentPolicy(
                f"{self._logical_name}/{environment}/{pattern}",
                repository=self._args["repository"]["name"],
                environment=made.environment,
                branch_pattern=pattern,
                opts=self._child,
            )
            for pattern in declare(tuple(publishes["release_branches"])).environment_patterns
        ]
        return [made, *policies]

    def _role(
        self, kind: RoleKind, description: str, trusted: list[Statement], allowed: list[Statement], after: pulumi.Input[list]
    ) -> pulumi.Output[str]:
        role = aws.iam.Role(
            f"{self._logical_name}-{kind}",
            name=role_name(self._args["role"]["stack"], kind, self._args["repository"]["name"]),
            path=self._args["role"]["path"],
            description=description,
            assume_role_policy=text(trusted),
            permissions_boundary=self._args["role"]["permissions_boundary"] or None,
            max_session_duration=SESSION_DURATION,
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
        aws.iam.RolePolicy(f"{self._logical_name}-{kind}", name=kind, role=role.name, policy=text(allowed), opts=self._child)
        return role.arn

    def _github(self) -> trust.GitHubRepository:
        one = self._args["repository"]
        return trust.GitHubRepository(trust.Owner(one["owner"], one["owner_id"]), one["name"], one["id"])

    def _readable(self) -> list[str]:
        team = [self._args["team_repository"]] if self._args["team_repository"] else []
        return [*team, SHARED_REPOSITORY, *self._args["public_sources"]]

    def _own_read_role(self) -> pulumi.Output[str]:
        args = self._args
        return self._role(
            RoleKind.READ,
            f"Builds of {args['repository']['name']} read packages, also their team's",
            trust.repository_read(registry(args["place"]), self._github(), trust.Subjects(args["subjects"].value)),
            reading.read_role(registry(args["place"]), args["token_duration"], self._readable()),
            self._after,
        )

    def _publish_role(self, publishes: PublishingArgs, after: pulumi.Input[list]) -> pulumi.Output[str]:
        args, place = self._args, registry(self._args["place"])
        return self._role(
            RoleKind.PUBLISH,
            f"Release branches of {args['repository']['name']} publish to {args['team_repository']}",
            trust.publish(
                place,
                self._github(),
                tuple(publishes["release_branches"]),
                publishes["environment"],
                publishes["workflow"] or None,
                trust.Subjects(args["subjects"].value),
            ),
            publishing.publish_role(place, args["token_duration"], args["team_repository"], _owned(publishes), self._readable()),
            after,
        )

    def _promote_role(self, publishes: PublishingArgs, promotion: PromotionArgs, after: pulumi.Input[list]) -> pulumi.Output[str]:
        args, place = self._args, registry(self._args["place"])
        return self._role(
            RoleKind.PROMOTE,
            f"Reviewed promotions of {args['repository']['name']} copy to {SHARED_REPOSITORY}",
            trust.promote(
                place,
                self._github(),
                tuple(publishes["release_branches"]),
                promotion["workflow"] or None,
                trust.Subjects(args["subjects"].value),
            ),
            promoting.promote_role(place, args["team_repository"], _owned(publishes)),
            after,
        )

    def _variables(self) -> None:
        """Where to log in and as whom. A convenience, not trust: whoever may write to the repository may change them."""
        place = self._args["place"]
        values: dict[str, pulumi.Input[str] | None] = {
            "CODEARTIFACT_DOMAIN": place["domain"],
            "CODEARTIFACT_DOMAIN_OWNER": place["account"],
            "CODEARTIFACT_REGION": place["region"],
            "CODEARTIFACT_REPOSITORY": self._args["codeartifact_repository"],
            "CODEARTIFACT_READ_ROLE_ARN": self.read_role_arn,
            "CODEARTIFACT_PUBLISH_ROLE_ARN": self.publish_role_arn,
            "CODEARTIFACT_PROMOTE_ROLE_ARN": self.promote_role_arn,
        }
        for variable, value in values.items():
            if value is not None:
                github.ActionsVariable(
                    f"{self._logical_name}-{variable}",
                    repository=self._args["repository"]["name"],
                    variable_name=variable,
                    value=value,
                    opts=self._child,
                )


def _owned(publishes: PublishingArgs) -> list[owned_names.OwnedName]:
    return [owned_names.parse(owned_names.Format(one["format"]), one["name"]) for one in publishes["owns"]]
