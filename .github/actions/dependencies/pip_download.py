"""pip as a process that starts no other program, so that nothing it meets is built.

`--only-binary` holds for what comes from the index alone: metadata of a wheel may name a source archive or a repository elsewhere, and pip
would run that one's build back end. Back ends, `setup.py` and version control all run in processes of their own; wheels need none.
https://packaging.python.org/en/latest/specifications/version-specifiers/#direct-references
"""

import runpy
import sys

# https://docs.python.org/3/library/audit_events.html
STARTS = frozenset({"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen"})


def refuse(event: str, _: tuple[object, ...]) -> None:
    """An audit hook. Raises PermissionError for every event that starts a program."""
    if event in STARTS:
        raise PermissionError(f"no program is started while dependencies are fetched ({event})")


if __name__ == "__main__":
    sys.addaudithook(refuse)
    sys.argv[0] = "pip"
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
