"""One rehearsal, from an empty cloud to the report."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.console import Console

from access import review
from policy_pack.rules.model import Finding
from rehearsal import facts, removal, report, rights, rules, schedule, selection, stage, team_stacks
from rehearsal.engine import command
from rehearsal.processes import Waiting
from rehearsal.program import stack_files
from rehearsal.scenario import SKIPPED, Outcome, Scenario
from rehearsal.world import World
from settings import SettingsError


def run(options: argparse.Namespace, folder: Path, waiting: Waiting, started: float) -> int:
    """Rehearse as the command line says, in this folder; returns the exit status."""
    console = report.console(sys.stderr if options.json == "-" else sys.stdout)
    try:
        return _rehearse(options, console, folder, waiting, started)
    except KeyboardInterrupt:
        console.print("\nstopped; nothing is left running")
        return 130
    except (SettingsError, stage.ProgramFailed, stage.ProcessFailed, review.Stopped, OSError, ValueError) as error:
        console.print(f"\n{error}", style="red", markup=False)
        return 1


def _rehearse(options: argparse.Namespace, console: Console, folder: Path, waiting: Waiting, started: float) -> int:
    stack = stage.Stack(options.stack, options.config.resolve(), options.catalog.resolve() if options.catalog else None)
    settings = stack.settings()
    if settings.team_stack:
        expected = f"expected its registry stack, {settings.stack}, which is rehearsed with its team stacks"
        raise ValueError(f"--stack: got {stack.name}, a team stack; {expected}")
    known = facts.read(options.github, settings) if options.github else facts.derived(settings)
    with closing(stage.Cloud(settings, folder, options.upstream, waiting.cloud)) as cloud:
        deployer = stage.company(stack, settings, cloud, folder, known, quick=options.quick)
        engine = command.find() if options.engine == "auto" else None
        path = engine.path if engine else None
        checkout, there = team_stacks.placed(stack, settings, folder)
        registry = stage.Program(there, cloud, deployer, folder, waiting.program, path, checkout)
        results = [_provision(stack.name, console, registry)]
        deployers, programs = {}, [registry]
        for name in team_stacks.names(settings):
            deployers[name] = stage.team_deployer(team_stacks.settings_of(stack, name), cloud)
            own = stage.Stack(name, there.file.with_name(f"Pulumi.{name}.yaml"), None)
            programs.append(stage.Program(own, cloud, deployers[name], folder, None, path, checkout))
            results.append(_provision(name, console, programs[-1]))
        program, result = team_stacks.Programs(programs), team_stacks.joined(results)
        findings = rules.broken(result["resources"])
        if options.access:
            _review_access(console, result, options.access)
        world = stage.world(settings, cloud, result["outputs"], folder, known, deployers)
        writes = world.github.writes() - cloud.writes_before
        watch = stage.watch(cloud, settings)
        outcomes = _act(console, selection.phases(world, options.only, quick=options.quick))
        seconds = round(time.monotonic() - started, 1)
        _report_to_people(console, result, outcomes, findings, seconds, quick=options.quick)
        console.print(report.run_by(result["engine"], forced=options.engine == "sdk"), style="dim")
        place = cloud.registry
        if silent := report.not_delivered(settings.events, f"arn:{place.partition}:sqs:{place.region}:{place.account}:"):
            console.print(f"Set up, but no event is delivered here: {', '.join(silent)}.", style="dim")
        if ignored := stack_files.not_applied(options.config):
            console.print(f"Not applied here: {', '.join(ignored)} of {options.config.name}.", style="dim")
        removed = _destroy(console, world, program, watch) if options.destroy else None
        _write(options.json, _report(stack.name, result, outcomes, findings, writes, seconds, removed))
        if options.serve:
            _serve(console, world)
    return 1 if removed and (removed.unexpected or removed.unexplained) else _status(outcomes, findings)


def _provision(stack: str, console: Console, program: stage.Program) -> Mapping[str, Any]:
    created = 0
    with console.status(f"stack {stack}: starting the program") as status:

        def show(event: Mapping[str, Any]) -> None:
            nonlocal created
            if event["event"] == "log":
                console.print(f"{event['severity']}: {event['message']}", style="yellow", markup=False)
                return
            created += event["event"] == "created"
            status.update(f"stack {stack}: {created} created, {event['event']} {event['name']}")

        result = program.run(show)
    console.print(report.tree(stack, result["resources"]))
    return result


def _review_access(console: Console, result: Mapping[str, Any], folder: Path) -> None:
    console.print(f"\nWho can do what: {review.write(result, folder.resolve())[0]}", soft_wrap=True)


def _act(console: Console, acts: Sequence[Sequence[Scenario]]) -> list[Outcome]:
    total, done = sum(len(act) for act in acts), 0
    with console.status("acting") as status:

        def show(outcome: Outcome) -> None:
            nonlocal done
            done += 1
            status.update(f"{done} of {total}: {outcome.scenario.name}")

        return [outcome for act in acts for outcome in schedule.run(act, show)]


def _destroy(console: Console, world: World, program: removal.Destroyable, watch: rights.Watch) -> removal.Removal:
    console.print(f"\nDestroying stack {world.settings.stack}", style="bold")
    watch.skip()
    done = removal.remove(world, program, lambda line: console.print(line, markup=False))
    watch.collect()
    done.rights = watch.rights()
    for line in rights.lines(done.rights):
        console.print(line, markup=False)
    console.print("destroyed; what the cloud still has:")
    for one in done.left:
        console.print(f"  {one.what}: {one.why or 'NOT EXPECTED'}", style="" if one.why else "red", markup=False)
    if not done.left:
        console.print("  nothing")
    return done


def _report_to_people(
    console: Console,
    result: Mapping[str, Any],
    outcomes: Sequence[Outcome],
    findings: Sequence[Finding],
    seconds: float,
    *,
    quick: bool,
) -> None:
    console.print()
    console.print(report.table(outcomes))
    console.print("\nStack outputs in short (all of them: --json FILE)", style="bold")
    console.print(report.outputs(result["outputs"]))
    console.print()
    for line in [*rules.lines(findings), *report.failures(outcomes)]:
        console.print(line, style="red", markup=False)
    console.print(rules.summary(findings), style="bold")
    console.print(f"{report.summary(outcomes)}; {seconds} s", style="bold")
    if quick:
        left_out = "clients by hand, public packages, PyPI, Maven, promotion, the organisation's side"
        console.print(f"Not rehearsed: {left_out}. To rehearse these too: make rehearse ALL=1")


def _report(
    stack: str,
    result: Mapping[str, Any],
    outcomes: Sequence[Outcome],
    findings: Sequence[Finding],
    writes: int,
    seconds: float,
    removed: removal.Removal | None,
) -> dict[str, Any]:
    shown = ("urn", "type", "name", "parent", "inputs", "protect", "dependencies")
    return {
        "stack": stack,
        "engine": result["engine"],
        "ok": all(outcome.ok is not False for outcome in outcomes) and not rules.stop(findings),
        "resources": [{key: resource.get(key) for key in shown} for resource in result["resources"]],
        "outputs": result["outputs"],
        "scenarios": [outcome.as_json() for outcome in outcomes],
        "broken_rules": [finding.as_json() for finding in findings],
        "github_writes": writes,
        "seconds": seconds,
        **({"destroy": removed.as_json()} if removed else {}),
    }


def _write(target: str | None, content: Mapping[str, Any]) -> None:
    if target is None:
        return
    text = json.dumps(content, indent=2) + "\n"
    if target == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        Path(target).write_text(text)


def _serve(console: Console, world: Any) -> None:
    console.print("\nThe local cloud stays up until Ctrl-C. In another shell:\n", style="bold")
    for line in selection.exports(world):
        console.print(f"  {line}", markup=False, soft_wrap=True)
    signal.pause()


def _status(outcomes: Sequence[Outcome], findings: Sequence[Finding]) -> int:
    if any(outcome.ok is False for outcome in outcomes) or rules.stop(findings):
        return 1
    return 2 if any(outcome.observed == SKIPPED for outcome in outcomes) else 0
