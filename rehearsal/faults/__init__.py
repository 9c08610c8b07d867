"""Faults on purpose: a small stack's life under Pulumi's engine, disturbed again and again, and mended as docs/faults.md says.

`python -m rehearsal.faults` makes calls to AWS and GitHub fail; `lives` has what the command and the tests have in common.
"""

from pathlib import Path

from rehearsal.stage import Stack

_FOLDER = Path(__file__).parent / "small"
# It has every component, and as little of each as there can be.
SMALL = Stack("small", _FOLDER / "Pulumi.small.yaml", None)
CHANGED = _FOLDER / "changed"
