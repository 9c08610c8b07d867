"""Pulumi's command: found on PATH, or built from its Go module.

The module is fetched by Go from its proxy and checked against `cli/go.sum`. The command it has in it is both the CLI and the engine.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_MODULE = Path(__file__).resolve().parent / "cli"
BUILT = Path(__file__).resolve().parents[2] / ".engine"
_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


class NoEngine(RuntimeError):
    """There is no usable command; the message says how to get one."""


@dataclass(frozen=True)
class Command:
    """An executable `pulumi` and its version."""

    path: Path
    version: str

    def as_json(self) -> dict[str, str]:
        """As in the rehearsal's report."""
        return {"name": "pulumi", "version": self.version}


def pinned() -> str:
    """The version that is built here."""
    found = re.search(r"github.com/pulumi/pulumi/pkg/v3 v(\S+)", (_MODULE / "go.mod").read_text())
    assert found is not None, "cli/go.mod requires Pulumi's module"
    return found[1]


def find(environment: Mapping[str, str] = os.environ) -> Command | None:
    """The command on PATH, if it is of the pinned minor version or a later one of that major; else the one built here; else None."""
    installed = shutil.which("pulumi", path=environment.get("PATH", ""))
    version = _version_of(Path(installed)) if installed else None
    if installed and version and _suffices(version):
        return Command(Path(installed), version)
    built = _built()
    return Command(built, pinned()) if built.is_file() else None


def get(environment: Mapping[str, str] = os.environ) -> Command:
    """The command, built if it has to be. Raises NoEngine if it is nowhere and there is no Go, or if the build fails."""
    if found := find(environment):
        return found
    go = shutil.which("go", path=environment.get("PATH", ""))
    if go is None:
        needed = ".".join(pinned().split(".")[:2])
        raise NoEngine(
            f"got neither pulumi nor go on PATH; expected pulumi {needed} or later, or Go {_go_version()} or later to build it; "
            "install one (https://www.pulumi.com/docs/install/ or https://go.dev/doc/install) and run make engine again"
        )
    built = _built()
    built.parent.mkdir(parents=True, exist_ok=True)
    # Built beside it and moved there: a build that is stopped leaves nothing that looks like a command.
    unfinished = built.with_name("pulumi.unfinished")
    flags = f"-s -w -X {_VERSION_VARIABLE}=v{pinned()}"
    done = subprocess.run([go, "build", "-mod=readonly", "-ldflags", flags, "-o", str(unfinished), _PACKAGE], cwd=_MODULE, check=False)
    if done.returncode != 0:
        raise NoEngine(f"go build ended with status {done.returncode} in {_MODULE}; see its messages above")
    unfinished.rename(built)
    return Command(built, pinned())


def _built() -> Path:
    return BUILT / f"pulumi-{pinned()}" / "pulumi"


def _go_version() -> str:
    found = re.search(r"^go (\S+)", (_MODULE / "go.mod").read_text(), re.MULTILINE)
    assert found is not None, "cli/go.mod names its Go version"
    return found[1]


def _version_of(executable: Path) -> str | None:
    asked = subprocess.run([executable, "version"], capture_output=True, text=True, check=False, env={"PULUMI_SKIP_UPDATE_CHECK": "true"})
    found = _VERSION.search(asked.stdout)
    return found[0].removeprefix("v") if found and asked.returncode == 0 else None


def _suffices(version: str) -> bool:
    have, need = ([int(part) for part in text.split(".")[:2]] for text in (version, pinned()))
    return have[0] == need[0] and have[1] >= need[1]
