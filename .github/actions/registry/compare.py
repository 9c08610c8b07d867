"""Compare registry.json with a stack's outputs.

usage: pulumi stack output --json --stack prod | python .github/actions/registry/compare.py prod

Exit status 0 if the stack's registry is listed as the stack made it, 1 with every difference otherwise. The token duration is no output: a
test holds it against the stack's file.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

CONSTANTS = Path(__file__).with_name("registry.json")
# Key of registry.json -> key of the output `domain`.
KEYS = {"domain": "name", "domainOwner": "owner", "region": "region"}


def differences(constants: Iterable[Mapping[str, Any]], stack: str, outputs: Mapping[str, Any]) -> list[str]:
    """What is wrong, in words; empty if nothing is."""
    listed = [one for one in constants if one["stack"] == stack]
    if len(listed) != 1:
        return [f"registry.json lists the stack {stack} {len(listed)} times, it must once"]
    made = outputs.get("domain", {})
    return [
        f"{key}: registry.json says {listed[0][key]!r}, the stack {made.get(output)!r}"
        for key, output in KEYS.items()
        if listed[0][key] != made.get(output)
    ]


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: compare.py STACK < OUTPUTS_JSON", file=sys.stderr)
        return 2
    found = differences(json.loads(CONSTANTS.read_text(encoding="utf-8")), sys.argv[1], json.load(sys.stdin))
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
