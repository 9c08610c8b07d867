"""What a drift check found: `python -m bootstrap.drift STACK EVENTS` prints it from the engine's event log; status 1 if something differs.

The check comes with the credentials of a preview. What they are not shown differs from the state every time and is left out here.
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_UNCHANGED = ("same", "read", "refresh")
# What credentials that read are refused, which would end the comparison: GitHub shows an organisation's rulesets to those who may write.
# https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps#organization-permissions-for-administration
REFUSED = "**organizationRuleset**"
_RULESETS = "github:index/repositoryRuleset:RepositoryRuleset"


@dataclass(frozen=True)
class Found:
    """What the engine found of one resource: its word for it (same, update, delete ...) and the properties that differ."""

    operation: str
    urn: str
    keys: tuple[str, ...]

    @property
    def type(self) -> str:
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def name(self) -> str:
        return self.urn.split("::", 3)[3]


def differences(found: Iterable[Found]) -> list[Found]:
    """What somebody changed: all but what only looks changed to credentials that read.

    Components, which are the program's alone. Providers, because a check reads Identity Center with a role of its own. Bypass lists of
    rulesets, because GitHub returns them only to those who may write the ruleset:
    https://docs.github.com/en/rest/repos/rules#get-a-repository-ruleset (`bypass_actors`).
    """
    return [one for one in found if one.operation not in _UNCHANGED and not _unseen(one)]


def _unseen(one: Found) -> bool:
    own = ("pulumi:", f"{one.urn.split('::')[1]}:")
    return one.type.startswith(own) or (one.operation, one.type, one.keys) == ("update", _RULESETS, ("bypassActors",))


def read(log: str) -> list[Found]:
    """The event log, a JSON object a line. Raises ValueError without the engine's summary: what broke off has not compared everything."""
    events = [json.loads(line) for line in log.splitlines()]
    if not any("summaryEvent" in one for one in events):
        raise ValueError("the engine's event log has no summary; expected one: the comparison was not finished, see its messages")
    about = [one["resOutputsEvent"]["metadata"] for one in events if "resOutputsEvent" in one]
    return [Found(one["op"], one["urn"], tuple(one.get("diffs") or ())) for one in about]


def table(stack: str, found: list[Found]) -> str:
    """Markdown for the summary of a run: names and properties, no values."""
    if not found:
        return f"### {stack}\n\nAWS and GitHub have what was deployed.\n"
    what = {"update": "changed", "delete": "is gone"}
    lines = [
        f"| `{one.type.rpartition(':')[2]}` | `{one.name}` | {what.get(one.operation, one.operation)} | {', '.join(one.keys)} |"
        for one in found
    ]
    return "\n".join([f"### {stack}", "", "| resource | name | | properties |", "| --- | --- | --- | --- |", *lines, ""])


def main(stack: str, log: Path) -> int:
    """Print the table; the exit status."""
    try:
        found = differences(read(log.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        print(f"{log}: {error}", file=sys.stderr)
        return 2
    print(table(stack, found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
