"""What stands in for the actions that are not this repository's: checkout, artifacts and the tools' set-up.

Each takes the inputs that this repository's workflows use, and refuses others. An action that is not here is an error.
"""

import re
import shutil
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from rehearsal.actions import machine

_ARTIFACT_NAME = re.compile(r'^[^":<>|*?\r\n\\/]+$')
_PINNED = re.compile(r"^(?P<name>[\w.-]+/[\w.-]+)@(?P<ref>[0-9a-f]{40})$")


class UnavailableError(Exception):
    """This machine lacks what the action would have installed: the job can't be rehearsed here."""


class ActionError(Exception):
    """The action fails, as it would on GitHub, or is used in a way that this runner does not know."""


@dataclass
class Artifacts:
    """The artifacts of one run. One never changes: overwriting removes it, and creates another, with an id of its own, under its name.

    https://github.com/actions/upload-artifact#overwriting-an-artifact
    """

    folder: Path
    _ids: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    def make(self, name: str, *, overwrite: bool) -> tuple[int, Path]:
        """Its id, and an empty folder. Raises ActionError if there is one of that name, and it is not to be overwritten."""
        if name in self._ids:
            if not overwrite:
                raise ActionError(f"an artifact {name} exists already in this run")
            shutil.rmtree(self.folder / str(self._ids.pop(name)))
        self._count += 1
        self._ids[name] = self._count
        folder = self.folder / str(self._count)
        folder.mkdir(parents=True)
        return self._count, folder

    def named(self, name: str) -> Path:
        """Its folder. Raises ActionError."""
        if name not in self._ids:
            raise ActionError(f"unable to find artifact {name} in this run")
        return self.folder / str(self._ids[name])

    def matching(self, pattern: str) -> dict[str, Path]:
        """The folders of those whose name a pattern matches, by name."""
        return {name: self.folder / str(number) for name, number in sorted(self._ids.items()) if fnmatchcase(name, pattern)}

    def numbered(self, number: str) -> Path:
        """Its folder. Raises ActionError."""
        if number not in map(str, self._ids.values()):
            raise ActionError(f"unable to find an artifact with id {number} in this run")
        return self.folder / number


@dataclass(frozen=True)
class Surroundings:
    """What a stand-in works with: the run's source tree and artifacts, the job's folders and environment."""

    source: Path | None
    artifacts: Artifacts
    folders: machine.JobFolders
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Done:
    """What an action did: lines for the log, outputs, and folders that are put in front of PATH."""

    log: str = ""
    outputs: Mapping[str, str] | None = None
    path: tuple[str, ...] = ()
    variables: Mapping[str, str] | None = None


def _allow(inputs: Mapping[str, str], *names: str) -> None:
    if unknown := sorted(inputs.keys() - set(names)):
        raise ActionError(f"the stand-in does not know the input {', '.join(unknown)}; it knows {', '.join(names)}")


def checkout(inputs: Mapping[str, str], around: Surroundings) -> Done:
    """Copy the run's source tree, with its .git if it has one, into the workspace."""
    _allow(inputs, "persist-credentials", "fetch-depth")
    if inputs.get("persist-credentials") != "false":
        raise ActionError("checkout would leave the job's credential in .git/config: set persist-credentials: false")
    if around.source is None:
        raise ActionError("this run has no source tree to check out")
    shutil.copytree(around.source, around.folders.workspace, symlinks=True, dirs_exist_ok=True)
    return Done(f"checked out into {around.folders.workspace}\n")


def upload_artifact(inputs: Mapping[str, str], around: Surroundings) -> Done:
    """Keep what a folder or a file holds for the run. As on GitHub, hidden files are left out and modes are lost."""
    _allow(inputs, "name", "path", "if-no-files-found", "overwrite", "retention-days")
    name, source = inputs.get("name", "artifact"), Path(around.folders.workspace, inputs.get("path", ""))
    if not _ARTIFACT_NAME.fullmatch(name):
        raise ActionError(f"not the name of an artifact: {name!r}")
    if not inputs.get("path") or any(character in inputs["path"] for character in "*?[\n"):
        raise ActionError("the stand-in takes one path, without patterns")
    files = [source] if source.is_file() else [one for one in sorted(source.rglob("*")) if one.is_file() and not _hidden(one, source)]
    if not files:
        if inputs.get("if-no-files-found") == "error":
            raise ActionError(f"no files were found at {source}")
        return Done(f"no files were found at {source}; nothing was uploaded\n")
    number, kept = around.artifacts.make(name, overwrite=inputs.get("overwrite") == "true")
    base = source.parent if source.is_file() else source
    for file in files:
        copy = kept / file.relative_to(base)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return Done(f"artifact {name}, id {number}: {len(files)} files\n", {"artifact-id": str(number)})


def _hidden(file: Path, base: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(base).parts)


def download_artifact(inputs: Mapping[str, str], around: Surroundings) -> Done:
    """Copy an artifact of this run, by name or by id, into a folder; or those that a pattern matches, which may be none."""
    _allow(inputs, "name", "pattern", "artifact-ids", "path", "merge-multiple")
    target = Path(around.folders.workspace, inputs.get("path", ""))
    if "pattern" in inputs:
        return _download_matching(inputs, around.artifacts, target)
    if ("name" in inputs) == bool(inputs.get("artifact-ids")):
        raise ActionError("name or artifact-ids: with neither, every artifact of the run would be taken")
    if "name" in inputs:
        kept = around.artifacts.named(inputs["name"])
    else:
        # Whether one artifact gets a folder of its own has changed between releases.
        if inputs.get("merge-multiple") != "true":
            raise ActionError("with artifact-ids the stand-in takes merge-multiple: true alone")
        kept = around.artifacts.numbered(inputs["artifact-ids"])
    shutil.copytree(kept, target, dirs_exist_ok=True)
    return Done(f"artifact {kept.name} into {target}\n")


def _download_matching(inputs: Mapping[str, str], artifacts: Artifacts, target: Path) -> Done:
    """One artifact goes into the folder itself, several into folders of their names.

    https://github.com/actions/download-artifact/blob/3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c/src/download-artifact.ts
    """
    if not inputs["pattern"] or inputs.keys() & {"name", "artifact-ids", "merge-multiple"} or set(inputs["pattern"]) & set("{}()!+@"):
        raise ActionError(f"the stand-in takes a pattern of * and ? alone, got {inputs}")
    found = artifacts.matching(inputs["pattern"])
    for name, kept in found.items():
        shutil.copytree(kept, target if len(found) == 1 else target / name, dirs_exist_ok=True)
    return Done(f"{len(found)} artifacts into {target}\n")


def _found(tool: str, wanted: str, around: Surroundings) -> str:
    found = machine.version(tool, around.environment)
    if found is None:
        raise UnavailableError(f"{tool} is not installed on this machine")
    if not machine.sufficient(found, wanted):
        raise UnavailableError(f"the workflow requires {tool} {wanted}, this machine has {found}")
    return found


def setup_node(inputs: Mapping[str, str], around: Surroundings) -> Done:
    """Check that the machine's Node is new enough."""
    _allow(inputs, "node-version", "package-manager-cache")
    found = _found("node", inputs["node-version"], around)
    return Done(f"node {found}\n", {"node-version": f"v{found}"})


def setup_java(inputs: Mapping[str, str], around: Surroundings) -> Done:
    """Check that the machine's Java compiler is new enough and that there is Maven, which GitHub's machines have."""
    _allow(inputs, "java-version", "distribution")
    found = _found("java", inputs["java-version"], around)
    if shutil.which("mvn", path=around.environment["PATH"]) is None:
        raise UnavailableError("mvn is not installed on this machine")
    return Done(f"java {found}\n", {"version": found})


def setup_python(inputs: Mapping[str, str], around: Surroundings) -> Done:
    """Check the version, and give the job a Python of its own to install into, which also sees what the rehearsal's has.

    So a job never changes the environment that the rehearsal runs in, and what is there at the right version is not fetched again.
    """
    _allow(inputs, "python-version")
    found = _found("python", inputs["python-version"], around)
    bin_folder = _layered_python(around.folders.root / "python")
    return Done(f"python {found}\n", {"python-version": found}, (str(bin_folder),))


def _layered_python(folder: Path) -> Path:
    """A virtual environment on top of this interpreter's, without the seconds that installing pip into one takes."""
    major = f"python{sys.version_info.major}.{sys.version_info.minor}"
    bin_folder, packages = folder / "bin", folder / "lib" / major / "site-packages"
    bin_folder.mkdir(parents=True)
    packages.mkdir(parents=True)
    base = Path(sys.base_prefix) / "bin"
    (folder / "pyvenv.cfg").write_text(f"home = {base}\ninclude-system-site-packages = false\n", encoding="utf-8")
    for name in ("python", "python3", major):
        (bin_folder / name).symlink_to(Path(sys.executable).resolve())
    beneath = [one for one in sys.path if one.endswith("site-packages")]
    (packages / "rehearsal.pth").write_text("".join(f"{one}\n" for one in beneath), encoding="utf-8")
    pip = bin_folder / "pip"
    pip.write_text(f'#!/bin/sh\nexec "{bin_folder}/python" -m pip "$@"\n', encoding="utf-8")
    pip.chmod(pip.stat().st_mode | stat.S_IXUSR)
    return bin_folder


STAND_INS: Mapping[str, Callable[[Mapping[str, str], Surroundings], Done]] = {
    "actions/checkout": checkout,
    "actions/upload-artifact": upload_artifact,
    "actions/download-artifact": download_artifact,
    "actions/setup-node": setup_node,
    "actions/setup-java": setup_java,
    "actions/setup-python": setup_python,
}


def find(uses: str) -> Callable[[Mapping[str, str], Surroundings], Done]:
    """The stand-in for `uses`, which must be pinned. Raises ActionError."""
    pinned = _PINNED.fullmatch(uses)
    if pinned is None:
        raise ActionError(f"{uses}: not an action at a full commit")
    if pinned["name"] not in STAND_INS:
        raise ActionError(f"{pinned['name']}: this runner has no stand-in for it; it has {', '.join(STAND_INS)}")
    return STAND_INS[pinned["name"]]
