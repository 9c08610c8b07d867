"""Which part of a plan each stack registers. One plan is made of the whole catalog, so that its stacks agree without asking each other."""

from dataclasses import replace

from plan.declared import Settings
from plan.parts import Plan


def part(whole: Plan, settings: Settings) -> Plan:
    """What the running stack registers: the teams that the catalog gives it, and in the registry stack all that exists once.

    A team stack keeps the parts that it builds on: domain, OIDC and builds.
    """
    own = {team.name for team in settings.own_teams}
    repositories = {one.name for one in settings.own_repositories}
    others = {one.name: one.repository.id for one in whole.consumers if one.name not in repositories}
    once = replace(whole, developers=None, events=None, sandbox=None) if settings.team_stack else whole
    return replace(
        once,
        oidc=replace(whole.oidc, repositories=others),
        teams=tuple(one for one in whole.teams if one.name in own),
        consumers=tuple(one for one in whole.consumers if one.name in repositories),
        team_stack=settings.team_stack,
    )
