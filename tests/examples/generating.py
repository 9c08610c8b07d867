"""Builds the clients of examples/generated-client with the commands of its workflow, and compares what they leave with what is kept.

`python -m tests.examples.generating` writes the example's folder dist/ anew, after a change of the API's files or of a generator's version.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from policies.owned_names import Format
from rehearsal import generated_client
from rehearsal.generated_client import BUILT, DIST

# A file of the package -> its content
Files = Mapping[Path, bytes]


def files(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder."""
    return {one.relative_to(folder): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}


def _environment(home: Path) -> dict[str, str]:
    """A build job's: its own HOME, and a Python to install into."""
    home.mkdir()
    python = home / "python"
    subprocess.run([sys.executable, "-m", "venv", str(python)], check=True)
    passed = {name: os.environ[name] for name in ("SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS") if name in os.environ}
    path = os.pathsep.join([str(python / "bin"), os.environ["PATH"]])
    return {**passed, "PATH": path, "HOME": str(home), "CI": "true"}


class Generators:
    """The generators, installed once by the first build of each format, in a folder that the caller removes."""

    def __init__(self, folder: Path) -> None:
        self._repository, self._home = folder / "identity-api", folder / "home"
        self._environment = _environment(self._home)

    def run(self, format: Format, version: str) -> Files:
        """What the workflow's build command makes of that version of the API."""
        shutil.rmtree(self._repository, ignore_errors=True)
        folder = generated_client.check_out(self._repository, version)
        job = generated_client.inputs(folder, format)
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", job["build-command"]],
            cwd=folder / job["working-directory"],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise RuntimeError(f"{job['build-command']}: {ended.stdout}{ended.stderr}")
        return files(folder / BUILT[format])


def write(generators: Generators) -> None:
    """Write dist/: for each version, the files that differ from the version before."""
    shutil.rmtree(DIST, ignore_errors=True)
    for format in BUILT:
        before: Files = {}
        for version in generated_client.versions():
            made = generators.run(format, version)
            if gone := before.keys() - made.keys():
                raise RuntimeError(f"{version} lacks files of the version before, which dist/ can't say: {sorted(map(str, gone))}")
            for file, content in made.items():
                if before.get(file) != content:
                    kept = DIST / version / format.value / file
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    kept.write_bytes(content)
            before = made


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="package-flow-clients-") as temporary:
        write(Generators(Path(temporary)))
