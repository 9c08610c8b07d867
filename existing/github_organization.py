"""What may be there in a GitHub organisation: rulesets and Actions variables of the names to be used, and rulesets of others."""

from collections.abc import Iterator, Mapping
from typing import Any

from existing.answers import Answers
from existing.there import There
from leftovers import HOW, ORGANIZATION_RULESET_TYPE, ORGANIZATION_VARIABLE_TYPE, Known, key
from plan import parts
from plan.organization import too_many

WHERE = "package-flow:githubScope"


def crowded(planned: parts.Plan, answers: Answers) -> Iterator[str]:
    """A line if the organisation's rulesets, with those that are there, are more than GitHub lets it have."""
    one = planned.organization
    if one and (why := too_many(one.rulesets, [str(each.get("name")) for each in _rulesets(one, answers) or ()])):
        yield f"{WHERE}: {why}"


def _rulesets(one: parts.GitHubOrganization, answers: Answers) -> list[Mapping[str, Any]] | None:
    """GitHub shows an organisation's rulesets to those alone who may write them, so a preview sees none: None.

    https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps#organization-permissions-for-administration
    """
    return answers.rest(f"orgs/{one.login}/rulesets?per_page=100")


def unseen(planned: parts.Plan, answers: Answers) -> Iterator[str]:
    """A line if this credential is shown no rulesets."""
    if planned.organization and _rulesets(planned.organization, answers) is None:
        yield (
            f"{WHERE}: the organisation's rulesets were not looked at, because this preview's credential may not read them; pulumi up "
            "looks at them first"
        )


def rulesets(planned: parts.Plan, known: Known, answers: Answers) -> Iterator[There]:
    """Rulesets of exactly the planned names, which an organisation has once. Those of a component that an earlier run came to,
    leftovers.py judges."""
    one = planned.organization
    if one is None or known.begun("GitHubOrganization"):
        return
    wanted = {each.name for each in one.rulesets}
    for there in _rulesets(one, answers) or ():
        if there.get("name") in wanted:
            name, id = str(there["name"]), str(there.get("id"))
            yield There(ORGANIZATION_RULESET_TYPE, (name,), f"the organisation's ruleset {name}", WHERE, id, (), _ways(id))


def variables(planned: parts.Plan, known: Known, answers: Answers) -> Iterator[There]:
    """Actions variables of the names that this stack writes. None is adopted: the provider's import leaves out who sees one.

    https://github.com/integrations/terraform-provider-github/blob/main/github/resource_github_actions_organization_variable.go
    """
    one = planned.organization
    if one is None:
        return
    for name, value in one.variables.items():
        made = key(ORGANIZATION_VARIABLE_TYPE, name) in known.made
        there = None if made else answers.rest(f"orgs/{one.login}/actions/variables/{name}")
        if there is not None:
            other = "" if there.get("value") == value else f" ({there.get('value')} there, {value} here)"
            what = f"the organisation's Actions variable {name}{other}"
            yield There(ORGANIZATION_VARIABLE_TYPE, (name,), what, WHERE, name, (), _ways(name))


def _ways(id: str) -> str:
    return (
        f"an organisation has a name once, so another stack with githubScope: organization may have it, or {HOW}. If no other stack has "
        f"it, delete it on GitHub or import it with the id {id}; else write githubScope: repository"
    )
