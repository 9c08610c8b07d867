"""Which part of a plan each stack registers. One plan is made of the whole catalog, so that its stacks agree without asking each other."""

from dataclasses import replace

from plan.declared import Settings
from plan.parts import Plan


def part(whole: Plan, settings: Settings) -> Plan:
    """What the running stack registers: the teams that the catalog gives it, and in the registry stack all that exists once."""
    own = {team.name for team in settings.own_teams}
    repositories = {one.name for team in settings.own_teams for one in team.repositories}
    others = {one.name: one.repository.id for one in whole.consumers if one.name not in repositories}
    return replace(
        whole,
        oidc=replace(whole.oidc, repositories=others),
        teams=tuple(one for one in whole.teams if one.name in own),
        consumers=tuple(one for one in whole.consumers if one.name in repositories),
        team_stack=settings.team_stack,
    )
