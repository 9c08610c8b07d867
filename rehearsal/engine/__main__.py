"""`python -m rehearsal.engine`: finds Pulumi's command, or builds it, and says which it is."""

import sys

from rehearsal.engine import command


def main() -> int:
    """The exit status: 1 if there is no engine."""
    if command.find() is None:
        print(f"Building pulumi {command.pinned()} from its Go module (once; about a quarter of an hour of one processor)", flush=True)
    try:
        found = command.get()
    except command.NoEngine as error:
        print(error, file=sys.stderr)
        return 1
    print(f"pulumi {found.version}: {found.path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
