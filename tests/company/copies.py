"""Copies of the checkout that are repositories, with an environment that `make` takes for installed."""

import os
import subprocess
from pathlib import Path

from tests import companies

# Nobody's configuration of git has a say.
GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_EDITOR": "true"}
PERSON = ("-c", "user.name=Carol", "-c", "user.email=carol@contoso.example")


def environment() -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MAKE", "GIT_"))}, **GIT}


def installed(root: Path) -> Path:
    """Let a checkout have this one's virtual environment, as a folder that git ignores and that is newer than all requirements."""
    venv, (root_venv, engine) = (companies.PROJECT / "venv").resolve(), (root / name for name in ("venv", ".engine"))
    for link in (root_venv, engine):
        if link.is_symlink():
            link.unlink()
    root_venv.mkdir()
    for entry in venv.iterdir():
        if entry.name != ".installed":
            (root_venv / entry.name).symlink_to(entry)
    marker = root_venv / ".installed"
    marker.touch()
    os.utime(marker, (2**32, 2**32))
    return root


def git(root: Path, *arguments: str, check: bool = True) -> str:
    done = subprocess.run(["git", *PERSON, *arguments], cwd=root, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, f"git {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def repository(root: Path) -> Path:
    """A copy of the checkout, committed on `main`."""
    installed(companies.copied(root))
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "The program")
    return root
