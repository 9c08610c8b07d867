"""What people see: the resources as a tree, the scenarios as a table, the outputs, the time. Colours only on a terminal."""

import shutil
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from policies.names import RoleKind
from rehearsal.scenario import ERROR, SKIPPED, Outcome
from settings import Events

_PLAIN_WIDTH = 132
_MARKS = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("-", "yellow")}


def console(stream: TextIO | None = None) -> Console:
    """A console on `stream` (standard output); as wide as the terminal, or wide enough for the tables where there is none."""
    stream = stream or sys.stdout
    width = None if stream.isatty() else max(_PLAIN_WIDTH, shutil.get_terminal_size((_PLAIN_WIDTH, 24)).columns)
    return Console(file=stream, width=width, highlight=False)


def short_type(token: str) -> str:
    """`aws:codeartifact/repository:Repository` as `codeartifact.Repository`."""
    package, module, name = token.split(":")
    group = module.split("/")[0]
    return f"{package if group == 'index' else group}.{name}"


def _label(resource: Mapping[str, Any]) -> str:
    return f"{resource['name']} (protected)" if resource.get("protect") else resource["name"]


# More names than this are counted.
_NAMED = 3


def _child(kind: str, names: Sequence[str]) -> str:
    return f"{kind} {', '.join(names)}" if len(names) <= _NAMED else f"{len(names)} {kind}"


def _children(resources: Sequence[Mapping[str, Any]], component: str) -> str:
    """What a component created, by type: the names without the component's own in front, or how many."""
    by_type: dict[str, list[str]] = defaultdict(list)
    for one in resources:
        by_type[short_type(one["type"])].append(_label(one).removeprefix(f"{component}-").removeprefix(component).strip() or "")
    return " · ".join(_child(kind, names).strip() for kind, names in by_type.items())


def tree(stack: str, resources: Sequence[Mapping[str, Any]]) -> Tree:
    """The stack's components, each with its resources."""
    root = Tree(Text(f"stack {stack}: {len(resources)} resources", style="bold"))
    by_parent: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in resources:
        by_parent[one.get("parent") or ""].append(one)
    components = [one for one in resources if one["urn"] in by_parent]
    for component in components:
        branch = root.add(Text.assemble((component["name"], "bold"), "  ", (component["type"].rsplit(":", 1)[-1], "dim")))
        branch.add(Text(_children(by_parent[component["urn"]], component["name"]), style="dim"))
    return root


def table(outcomes: Sequence[Outcome]) -> Table:
    """The scenarios: who, what, on what, expected, observed."""
    drawn = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    drawn.add_column("")
    drawn.add_column("who", overflow="fold", ratio=5)
    drawn.add_column("what", overflow="fold", ratio=6)
    drawn.add_column("on", overflow="fold", ratio=4)
    drawn.add_column("expected")
    drawn.add_column("observed")
    for one in outcomes:
        mark, style = _MARKS[one.ok]
        scenario = one.scenario
        drawn.add_row(
            Text(mark, style=style),
            scenario.principal,
            scenario.action,
            scenario.resource,
            scenario.expected,
            Text(one.observed, style=style),
        )
    return drawn


def failures(outcomes: Sequence[Outcome]) -> list[str]:
    """A line for each scenario that was skipped or came out otherwise than expected, with its reason."""
    return [f"{one.scenario.name}: {one.observed}: {one.reason}" for one in outcomes if one.ok is not True]


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many came out as expected."""
    good = sum(one.ok is True for one in outcomes)
    denied = sum(one.ok is True and one.scenario.expected == "deny" for one in outcomes)
    skipped = sum(one.observed == SKIPPED for one in outcomes)
    wrong = sum(one.ok is False for one in outcomes)
    broken = sum(one.observed == ERROR for one in outcomes)
    parts = [f"{good} of {len(outcomes)} scenarios as expected ({good - denied} allowed, {denied} denied)"]
    parts += [f"{skipped} skipped"] if skipped else []
    parts += [f"{wrong} NOT as expected" + (f", {broken} of them errors" if broken else "")] if wrong else []
    return "; ".join(parts)


def outputs(values: Mapping[str, Any]) -> Table:
    """The stack outputs in short: what is at hand, and for whom."""
    drawn = Table(box=None, pad_edge=False, show_header=False)
    drawn.add_column(style="bold")
    drawn.add_column(overflow="fold")
    domain = values["domain"]
    drawn.add_row("domain", f"{domain['name']} of account {domain['owner']} in {domain['region']}")
    drawn.add_row("read role", values["roles"]["read"])
    for name, one in sorted(values["repositories"].items()):
        drawn.add_row(f"repository {name}", f"read by {one['readers']}; {', '.join(sorted(one['endpoints']))}")
    for name, one in sorted(values["consumers"].items()):
        roles = [kind for kind in RoleKind if f"{kind}Role" in one]
        drawn.add_row(name, f"team {one['team']}, installs from {one['repository']}; roles: {', '.join(roles)}")
    return drawn


def not_delivered(events: Events | None, queues: str) -> list[str]:
    """Who subscribes to package events and gets none in a rehearsal. `queues`: how the ARNs begin of those that do."""
    if events is None:
        return []
    others = [*events.email, *events.https, *(arn for arn in events.sqs if not arn.startswith(queues)), *events.pipelines]
    return [*others, *([f"Slack channel {events.slack.channel}"] if events.slack else [])]


def run_by(engine: Mapping[str, str] | None, *, forced: bool) -> str:
    """What ran the program, and so what was not shown."""
    if engine:
        return f"Run by {engine['name']} {engine['version']}, Pulumi's engine. Not shown here: the real providers, real AWS and github.com."
    why = "as asked" if forced else "there is no engine here: make engine"
    shown = "Not shown here: Pulumi's engine, the real providers, real AWS and github.com."
    return f"Run by the Pulumi SDK alone ({why}). {shown}"
