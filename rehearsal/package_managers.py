"""Package managers that this project does not bring along: npm's and Python's other ones, installed once into a folder that is kept."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / ".clients"
JAVASCRIPT = {"pnpm": "12.21.0", "yarn": "1.22.22", "@yarnpkg/cli-dist": "4.18.1", "bun": "1.4.5"}
PYTHON = {"poetry": "2.5.1", "pdm": "2.29.4", "pip-tools": "7.6.2", "hishel": "1.*"}  # pdm does not run with hishel 2
# As corepack does it: a project says which Yarn it is for.
_YARN = """#!/bin/sh
[ -f .yarnrc.yml ] && exec "{modules}/@yarnpkg/cli-dist/bin/yarn.js" "$@"
exec "{modules}/yarn/bin/yarn.js" "$@"
"""
_INSTALLING = threading.Lock()


class UnavailableError(RuntimeError):
    """They can't be installed here; says why."""


def javascript() -> Path:
    """A folder with pnpm, bun, yarn (1) and berry (4); yarn is 4 where a project has a .yarnrc.yml. Raises UnavailableError."""
    if shutil.which("npm") is None:
        raise UnavailableError("npm is not on PATH; install Node")
    modules, programs = FOLDER / "js" / "node_modules", FOLDER / "bin"
    wanted = [f"{name}@{version}" for name, version in JAVASCRIPT.items()]
    with _INSTALLING:
        if _install("js", JAVASCRIPT, ["npm", "install", "--prefix", str(FOLDER / "js"), "--no-audit", "--no-fund", *wanted]):
            shutil.rmtree(programs, ignore_errors=True)
        if not programs.is_dir():
            programs.mkdir()
            berry = modules / "@yarnpkg" / "cli-dist" / "bin" / "yarn.js"
            berry.chmod(0o755)
            for name, program in {"pnpm": modules / ".bin" / "pnpm", "bun": modules / ".bin" / "bun", "berry": berry}.items():
                (programs / name).symlink_to(program)
            (programs / "yarn").write_text(_YARN.format(modules=modules))
            (programs / "yarn").chmod(0o755)
    return programs


def python() -> Path:
    """A folder with poetry, pdm and pip-compile. Raises UnavailableError."""
    folder = FOLDER / "python"
    wanted = [f"{name}=={version}" for name, version in PYTHON.items()]
    with _INSTALLING:
        create = [sys.executable, "-m", "venv", "--clear", str(folder)]
        _install("python", PYTHON, create, [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", *wanted])
    return folder / "bin"


def _install(name: str, versions: Mapping[str, str], *commands: list[str]) -> bool:
    """Run the commands unless the folder has these versions. Whether they ran."""
    done = FOLDER / f"{name}.json"
    if done.exists() and json.loads(done.read_text()) == versions:
        return False
    FOLDER.mkdir(exist_ok=True)
    for command in commands:
        ended = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise UnavailableError(f"can't install {', '.join(versions)}: {(ended.stdout + ended.stderr)[-300:]}")
    done.write_text(json.dumps(versions))
    return True
