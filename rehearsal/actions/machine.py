"""The machine as a job sees it: the tools on its PATH, and an environment with nothing of its owner's in it."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.processes import toolchains

_VERSION = re.compile(r"(\d+(?:\.\d+)*)")
_ASK: Mapping[str, tuple[str, ...]] = {
    "node": ("node", "--version"),
    "python": ("python", "--version"),
    "java": ("javac", "-version"),
}


@dataclass(frozen=True)
class JobFolders:
    """The folders of one job, all below one that is created for it."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    @property
    def temp(self) -> Path:
        return self.root / "temp"

    def create(self) -> "JobFolders":
        """Make them. Raises FileExistsError if the job has been here before: every job starts fresh."""
        for folder in (self.home, self.workspace, self.temp):
            folder.mkdir(parents=True)
        return self


def default_path() -> str:
    """The PATH of jobs: this interpreter's scripts (where the AWS CLI is), then the machine's own."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def environment(folders: JobFolders, path: str) -> dict[str, str]:
    """What every process of a job gets. Nothing is inherited: a registry, a proxy or a credential of this machine's owner is not the job's.

    Package managers that look elsewhere than in HOME are pointed there: npm's global settings, Java's idea of a home, /etc/mavenrc.
    """
    home, temp = folders.home, folders.temp
    return {
        "PATH": path,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        **toolchains(),
        "TMPDIR": str(temp),
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(folders.workspace),
        "RUNNER_TEMP": str(temp),
        "RUNNER_OS": "Linux",
        "RUNNER_ARCH": "X64",
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "NPM_CONFIG_GLOBALCONFIG": str(home / ".npmrc-global"),
        "MAVEN_OPTS": f"-Duser.home={home}",
        "MAVEN_SKIP_RC": "true",
        # Without credentials the AWS CLI would ask the machine's metadata service, and wait for it.
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def version(tool: str, env: Mapping[str, str]) -> str | None:
    """The version of node, python or java (its compiler) on the job's PATH, or None if there is none."""
    try:
        ended = subprocess.run(
            _ASK[tool],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            start_new_session=True,
            check=False,
        )
    except (FileNotFoundError, PermissionError):
        return None
    found = _VERSION.search(ended.stdout + ended.stderr)
    return found[1] if ended.returncode == 0 and found else None


def sufficient(found: str, wanted: str) -> bool:
    """Whether a version is at least the wanted one, compared as far as the wanted one goes."""
    parts = [int(part) for part in wanted.split(".")]
    return [int(part) for part in found.split(".")][: len(parts)] >= parts
