"""The files of examples/generated-client: the repository that publishes, its two versions, and the repository that consumes them.

What the generators make of each version is kept in the example's folder dist/, because installing two generators takes half as long as the
whole rehearsal. A version's folder holds what differs from the version before. tests/examples/test_generated_client.py compares.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policies.owned_names import Format
from rehearsal import callers
from rehearsal.actions import commands, definitions

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "generated-client"
PUBLISHER, CONSUMER, DIST = EXAMPLE / "identity-api", EXAMPLE / "consumer", EXAMPLE / "dist"
WORKFLOW = Path(".github", "workflows", "clients.yml")
# The API's file as it is at each version, in order.
_API_FILES = (PUBLISHER / "openapi.json", EXAMPLE / "next" / "openapi.json")
# Where the build leaves what is packed, below the publishing repository.
BUILT = {Format.NPM: Path("clients", "typescript", "dist"), Format.PYPI: Path("clients", "python", "acme_identity_api_client")}
NAMES = {Format.NPM: "@acme-identity/api-client", Format.PYPI: "acme-identity-api-client"}


def _version(api_file: Path) -> str:
    return json.loads(api_file.read_text())["info"]["version"]


def versions() -> list[str]:
    """The versions of the API, oldest first."""
    return [_version(file) for file in _API_FILES]


def check_out(folder: Path, version: str) -> Path:
    """The publishing repository at a version, in a new folder."""
    shutil.copytree(PUBLISHER, folder)
    shutil.copyfile(_API_FILES[versions().index(version)], folder / "openapi.json")
    return folder


def build(folder: Path, version: str) -> Path:
    """What the build commands of the workflow leave in that folder, from dist/."""
    known = versions()
    for earlier in known[: known.index(version) + 1]:
        for format, place in BUILT.items():
            if (kept := DIST / earlier / format.value).is_dir():
                shutil.copytree(kept, folder / place, dirs_exist_ok=True)
    return folder


def rename(folder: Path, names: Mapping[str, str]) -> Path:
    """The same files with packages of other names, for a catalog in which no team owns the example's."""
    for file in (path for path in folder.rglob("*") if path.is_file()):
        text = renamed = file.read_text()
        for old, new in names.items():
            renamed = renamed.replace(old, new)
        if renamed != text:
            file.write_text(renamed)
    return folder


def inputs(folder: Path, format: Format) -> dict[str, Any]:
    """What the job of the repository's own workflow for this format passes to publish-package.yml, at the version of its API."""
    version = {"outputs": {"version": _version_for_the_workflow(folder)}}
    return callers.call(folder / WORKFLOW, format.value, needs={"version": version})


def _version_for_the_workflow(folder: Path) -> str:
    """What the workflow's step makes of the API's file."""
    steps = definitions.read(folder / WORKFLOW)["jobs"]["version"]["steps"]
    script = next(step["run"] for step in steps if step.get("id") == "read")
    output = folder.parent / f"{folder.name}-output"
    output.write_text("")
    subprocess.run(["bash", "-e", "-c", script], cwd=folder, env={"PATH": os.environ["PATH"], "GITHUB_OUTPUT": str(output)}, check=True)
    return commands.read_values(output)["version"]
