"""Requests to GitHub that the look-ups make, and whether a credential has as many left in this hour.

GitHub's provider waits until the next hour without a word once they are used up, so this is judged before the first of many.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from existing.listed import PER_PAGE
from settings import GithubScope, Repository, Settings

RATE_LIMIT = "rate_limit"  # the one endpoint that is not counted
# How many entries a page has where the provider pages itself: GitHub's largest page of variables, its usual one of branches.
_PAGES = {"get_actions_variables": ("variables", 30), "get_repository_branches": ("branches", 30)}
# What the provider asks besides of a repository that has it.
_BESIDES = {"get_repository": ("repository_licenses",)}
# The organisation, the repository of the publishing workflow.
_ONCE = 2
# Of how many repositories the organisation's variables are asked each (existing/noted.py).
ASKED_EACH = 100


@dataclass(frozen=True)
class Allowance:
    """What GitHub lets a credential ask in an hour, how much of it is left, and when the next hour begins."""

    limit: int
    left: int
    reset: datetime


class Requests:
    """Counts the requests of one look-up. `allowance` is what there was before it, None if that is not known."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Count from nothing."""
        self.made = 0
        self.allowance: Allowance | None = None

    def count(self, function: str, arguments: Mapping[str, Any], answer: Any) -> None:
        """Add what a function of GitHub's provider cost; `answer` is None if it had none.

        https://github.com/integrations/terraform-provider-github: data_source_github_*.go
        """
        if arguments.get("endpoint") == RATE_LIMIT:
            return
        member, size = _PAGES.get(function, ("", 1))
        entries = len(getattr(answer, member, None) or ()) if member else 1
        besides = sum(bool(getattr(answer, one, None)) for one in _BESIDES.get(function, ()))
        self.made += max(1, math.ceil(entries / size)) + besides

    def line(self) -> str:
        """What a run says of them."""
        there = self.allowance
        of = f", of {there.left:,} that this credential had left of {there.limit:,} an hour" if there else ""
        return f"github: {self.made:,} requests for the look-ups{of}"


def allowance(answer: Any) -> Allowance | None:
    """From the answer of `rate_limit`; None if there is no limit (an Enterprise Server's administrators may switch it off)."""
    try:
        core = answer["resources"]["core"]
        found = Allowance(int(core["limit"]), int(core["remaining"]), datetime.fromtimestamp(int(core["reset"]), UTC))
        return found if found.limit > 0 and found.left >= 0 else None
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


def needed(settings: Settings, known: Mapping[str, Any], teams: int) -> int:
    """How many requests the look-ups take at least. `known` are the repositories in the state by name, `teams` how many are looked up."""
    own, listed = settings.own_repositories, sum(len(team.repositories) for team in settings.looked_up_teams)
    new = [one for one in own if not {one.name, one.renamed_from} & {*known}]
    # Of other stacks' repositories a list says enough.
    pages = math.ceil(listed / PER_PAGE) + math.ceil(teams / PER_PAGE)
    # Where rulesets are the organisation's, those of a repository and the variables that it shares matter only if it publishes.
    shared = settings.github_scope is GithubScope.ORGANIZATION
    asked = sum(bool(one.publishes) for one in new) if shared else len(new)
    # The subject template of each; of a new one variables and rulesets, of some of those the organisation's variables.
    each = len(own) + len(new) + asked + min(asked, ASKED_EACH)
    return _ONCE + pages + each + sum(_of_publishing(one) for one in new if one.publishes)


def _of_publishing(one: Repository) -> int:
    """Permissions of workflows, the branches if one may be there before its guards, environments, tags."""
    environments = bool(one.environment) or bool(one.promotes)
    return 1 + (len(one.release_branches.names) > 1) + environments + len(one.release_tags.names)


def refusal(needs: int, there: Allowance | None) -> str | None:
    """Why nothing is looked up now, None if there are requests enough or never would be."""
    if there is None or needs <= there.left or needs > there.limit:
        return None
    return (
        f"github: got {there.left:,} requests left of this credential's {there.limit:,} an hour; expected at least {needs:,} for these "
        f"look-ups; run again after {there.reset:%H:%M} UTC, or use a GitHub App's installation of its own (docs/performance.md)"
    )


def warning(needs: int, there: Allowance | None) -> str | None:
    """What should be known of a look-up that no hour's requests are enough for; None if they are."""
    if there is None or needs <= there.limit:
        return None
    return (
        f"github: got {there.limit:,} requests an hour for this credential; expected at least {needs:,} for these look-ups, so they take "
        f"some {math.ceil(needs / there.limit)} hours, in which GitHub's provider waits without a word; use a GitHub App's installation, "
        "which has up to 12,500, or split the stack (docs/performance.md)"
    )
