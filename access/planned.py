"""The plan of a stack as the review reads it, as JSON on standard output: `python -m access.planned --stack prod`.

The review runs this in a process of its own, in the folder of the revision that it looks at, so that another revision's policies are those
of its own code. Nothing is asked of a cloud: ids that nobody knows yet follow from names.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from access.provisioned import (
    Attached,
    Consumer,
    Document,
    Domain,
    Provisioned,
    Repository,
    Role,
    dump,
    group,
    in_order,
    owned_name,
    permission_set_role,
    repository_kind,
)
from evaluator.package_groups import root_group
from plan import parts
from plan.facts import assumed
from plan.parts import Plan
from plan.planning import plan
from settings import SettingsError
from settings.parsing import of_stack

PROJECT = Path(__file__).resolve().parent.parent


def read(planned: Plan, team_stacks: Iterable[str] = ()) -> Provisioned:
    """A stack as its plan has it, with those of its team stacks."""
    place = planned.place
    return in_order(
        Provisioned(
            stack=planned.stack,
            partition=place.partition,
            account=place.account,
            region=place.region,
            provider_arn=planned.oidc.provider_arn,
            roles=tuple(_role(one) for one in planned.roles),
            attached=tuple(_attached(planned)),
            domains=(_registry(planned), *(_sandbox(planned.sandbox) if planned.sandbox else ())),
            consumers=tuple(_consumer(one) for one in planned.consumers),
            team_stacks=tuple(sorted(team_stacks)),
        )
    )


def _role(role: parts.Role) -> Role:
    allowed = (Document(f"identity policy of role {role.name}", role.permissions),) if role.permissions else ()
    return Role(role.name, role.arn, Document(f"trust policy of role {role.name}", role.trust), allowed, role.boundary)


def _attached(planned: Plan) -> Iterable[Attached]:
    """Developers and build roles, which the stack does not create but gives a policy to."""
    if planned.developers:
        for one in planned.developers.permission_sets:
            document = Document(f"inline policy of permission set {one.name}", planned.developers.policy)
            yield Attached("developer", one.name, permission_set_role(one.name, planned.developers.region, planned.place), (document,))
    for role in planned.builds.roles:
        name = role.rpartition("/")[2]
        document = Document(f"managed policy attached to {name}", planned.builds.policy.policy)
        yield Attached("AWS build role", name, planned.place.role_arn("/", role), (document,))


def _registry(planned: Plan) -> Domain:
    owned = {team.repository.name: tuple(owned_name(one) for one in team.owns) for team in planned.teams}
    return Domain(
        name=planned.place.domain,
        policy=Document(f"policy of domain {planned.place.domain}", planned.registry.policy),
        repositories=tuple(_repository(one, owned.get(one.name, ())) for one in planned.repositories),
        groups=(root_group(), *(group(json.loads(one.desired_state)) for team in planned.teams for one in team.package_groups)),
    )


def _repository(repository: parts.Repository, owned: tuple) -> Repository:
    policy = Document(f"policy of repository {repository.name}", repository.policy) if repository.policy else None
    return Repository(repository.name, policy, owned, repository_kind(repository.logical_name))


def _sandbox(sandbox: parts.Sandbox) -> Iterable[Domain]:
    return (Domain(sandbox.name, Document(f"policy of domain {sandbox.name}", sandbox.policy), ()),)


def _consumer(consumer: parts.ConsumingRepository) -> Consumer:
    publishing, promotion = consumer.publishing, consumer.promotion
    return Consumer(
        owner=consumer.repository.owner.login,
        owner_id=consumer.repository.owner.id,
        name=consumer.repository.name,
        id=consumer.repository.id,
        default_branch=consumer.default_branch,
        team_repository=consumer.team_repository,
        release_branches=publishing.branches.names if publishing else (),
        release_tags=publishing.tags.names if publishing else (),
        environment=publishing.environment.name if publishing and publishing.environment else "",
        workflow=(publishing.workflow or "") if publishing else "",
        promotes=promotion is not None,
        promotion_workflow=(promotion.workflow or "") if promotion else "",
        dependabot=consumer.dependabot_role is not None,
    )


def main() -> int:
    """Parse the arguments, plan, write. Exit status 1 with the settings' own words if they stop it."""
    parser = argparse.ArgumentParser(prog="python -m access.planned")
    parser.add_argument("--stack", required=True)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--catalog", type=Path)
    options = parser.parse_args()
    try:
        settings = of_stack(PROJECT, options.stack, options.config, options.catalog)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    if settings.team_stack:
        print(f"--stack: got {options.stack}, a team stack; expected {settings.stack}, whose review has its team stacks", file=sys.stderr)
        return 1
    team_stacks = {team.stack for team in settings.teams if team.stack}
    json.dump(dump(read(plan(settings, assumed(settings)), team_stacks)), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
