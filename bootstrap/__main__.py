"""The bootstrap of one account: declaration -> look-ups -> boundaries, roles, secrets, guards, settings."""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
# Its modules have names in the package `bootstrap`; `settings` and `policies` are the program's.
sys.path[:] = [str(FOLDER.parent), *(entry for entry in sys.path if Path(entry or ".").resolve() != FOLDER)]

from bootstrap import program  # noqa: E402

program.run(FOLDER)
