"""GitHubOrganization: what is written once for all repositories of the catalog, instead of once in each (`githubScope: organization`).

Owns Actions variables and rulesets of the GitHub organisation. The roles of a repository wait for the rulesets that hold for it, as they
wait for its own guards.
"""

from collections.abc import Iterable, Mapping

import pulumi
import pulumi_github as github

from components.consumer import bypass_actors
from plan import parts
from policies.names import Variable


class GitHubOrganization(pulumi.ComponentResource):
    """Variables that the catalog's repositories see, and rulesets that hold for them.

    `codeartifact_repository` and `read_role_arn` are outputs of what the variables name.
    """

    rulesets: Mapping[str, pulumi.Resource]
    """Its rulesets by their edition."""

    def __init__(
        self,
        name: str,
        planned: parts.GitHubOrganization,
        codeartifact_repository: pulumi.Input[str],
        read_role_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("package-flow:index:GitHubOrganization", name, planned.inputs, opts)
        self._planned, self._child = planned, pulumi.ResourceOptions(parent=self)
        self.rulesets = {one.edition: self._ruleset(one) for one in planned.rulesets}
        self._variables({Variable.REPOSITORY: codeartifact_repository, Variable.READ_ROLE_ARN: read_role_arn})
        self.register_outputs({"repositories": list(planned.repositories)})

    def guards(self, rulesets: Iterable[parts.Ruleset]) -> list[pulumi.Resource]:
        """These of its rulesets."""
        return [self.rulesets[one.edition] for one in rulesets]

    def _ruleset(self, planned: parts.Ruleset) -> pulumi.Resource:
        return github.OrganizationRuleset(
            # Never changed in place, and the repositories are part of the edition: whoever joins is guarded before its role is there,
            # whoever leaves until its role is gone. See policies.guards.edition.
            planned.edition,
            name=planned.name,
            target=planned.target,
            enforcement="active",
            # Ids, because a name is whoever's it is: a repository that is renamed stays guarded.
            conditions={
                "ref_name": {"includes": list(planned.refs), "excludes": []},
                "repository_ids": list(planned.repositories),
            },
            rules=github.OrganizationRulesetRulesArgsDict(**planned.rules),
            bypass_actors=bypass_actors(planned),
            opts=self._child,
        )

    def _variables(self, outputs: Mapping[str, pulumi.Input[str]]) -> None:
        """The planned values, but as outputs where they name something that has to be there first."""
        for variable, value in self._planned.variables.items():
            github.ActionsOrganizationVariable(
                variable,
                variable_name=variable,
                value=outputs.get(variable) or value,
                visibility="selected",
                selected_repository_ids=list(self._planned.repositories),
                opts=self._child,
            )
