"""`python -m rehearsal.faults`: makes every call of a stack's life fail once in every way, and mends it.

Exit status: 0 if every fault was absorbed or mended and the end was that of the undisturbed run, 1 otherwise.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rehearsal.faults import deployment, exploration
from rehearsal.faults.exploration import Case, Disturbance, Ending
from rehearsal.stage import PROJECT, Stack

SMALL = Path(__file__).parent / "small"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments, inject, tell, and return the exit status."""
    options = _options(arguments)
    people = sys.stderr if options.json == "-" else sys.stdout
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="package-flow-faults-") as folder:
        made = deployment.prepared(*_stacks(options), Path(folder))
        references = exploration.calls_of(made)
        faults = exploration.chosen(references, options.kinds, options.only, options.sample, options.seed)

        counted = sum(map(len, faults.values()))
        met: list[Case] = []

        def tell(case: Case) -> None:
            met.append(case)
            if sys.stderr.isatty():
                print(f"\r{len(met)} of {counted} faults", end="", file=sys.stderr, flush=True)
            if case.ending is Ending.BROKEN:
                print(f"BROKEN {case.name}\n  {case.error}\n  " + "\n  ".join([*case.steps, *case.problems]), file=people, flush=True)
            elif options.verbose:
                print(f"{case.ending} {case.name}" + "".join(f"\n  {step}" for step in case.steps), file=people, flush=True)

        cases = exploration.explore(made, references, faults, whole=options.whole, tell=tell)
    calls = {name: len(one.calls) for name, one in references.items()}
    figures = _figures(cases, calls, time.monotonic() - started)
    print(_words(figures), file=people)
    _write(options.json, {**figures, "cases": [asdict(case) for case in cases]})
    return 1 if figures["endings"].get(Ending.BROKEN) or not cases else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.faults", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stack", help="a stack of the project, Pulumi.STACK.yaml (default: a small one that has everything once)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="another stack file, Pulumi.NAME.yaml")
    parser.add_argument("--catalog", type=Path, metavar="DIR", help="another catalog than the stack file's")
    parser.add_argument("--changed", type=Path, metavar="DIR", help="the catalog that the stack is changed to (default: the same)")
    parser.add_argument("--kinds", type=Disturbance, nargs="+", default=list(Disturbance), metavar="KIND", help=", ".join(Disturbance))
    parser.add_argument("--only", default="", metavar="TEXT", help="only calls with this in their service:operation, as in iam:CreateRole")
    parser.add_argument("--sample", type=int, metavar="N", help="a random choice of N faults")
    parser.add_argument("--seed", type=int, default=1, help="of the choice")
    parser.add_argument("--whole", action="store_true", help="every branch to its end, also where it repeats the undisturbed run")
    parser.add_argument("--json", metavar="FILE", help="write figures and cases as JSON (- for standard output)")
    parser.add_argument("--verbose", action="store_true", help="name every fault")
    return parser.parse_args(arguments)


def _stacks(options: argparse.Namespace) -> tuple[Stack, Stack]:
    own = not (options.stack or options.config)
    file = options.config or (SMALL / "Pulumi.small.yaml" if own else PROJECT / f"Pulumi.{options.stack}.yaml")
    catalog = options.catalog or (SMALL / "catalog" if own else None)
    changed = options.changed or (SMALL / "changed" if own and not options.catalog else catalog)
    name = file.name.split(".")[1]
    before, after = (Stack(name, file.resolve(), each.resolve() if each else None) for each in (catalog, changed))
    return before, after


def _figures(cases: list[Case], calls: dict[str, int], seconds: float) -> dict[str, Any]:
    kinds = {str(kind): Counter(str(case.ending) for case in cases if case.disturbance is kind) for kind in Disturbance}
    steps = Counter(step.partition(" ")[0] for case in cases for step in case.steps)
    return {
        "calls": calls,
        "faults": len(cases),
        "endings": dict(Counter(str(case.ending) for case in cases)),
        "kinds": {kind: dict(counted) for kind, counted in kinds.items() if counted},
        "steps": dict(steps),
        "seconds": round(seconds, 1),
    }


def _words(figures: dict[str, Any]) -> str:
    calls = ", ".join(f"{name} {count}" for name, count in figures["calls"].items())
    endings = ", ".join(f"{count} {ending}" for ending, count in sorted(figures["endings"].items()))
    lines = [f"{figures['faults']} faults in {sum(figures['calls'].values())} calls ({calls}): {endings}; {figures['seconds']} s"]
    for kind, counted in figures["kinds"].items():
        lines.append(f"  {kind:14} {', '.join(f'{count} {ending}' for ending, count in sorted(counted.items()))}")
    if figures["steps"]:
        lines.append(f"  steps by hand: {', '.join(f'{count} {step}' for step, count in sorted(figures['steps'].items()))}")
    return "\n".join(lines)


def _write(target: str | None, report: dict[str, Any]) -> None:
    text = json.dumps(report, indent=1) + "\n"
    if target == "-":
        sys.stdout.write(text)
    elif target:
        Path(target).write_text(text)


if __name__ == "__main__":
    sys.exit(main())
