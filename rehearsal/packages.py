"""Small packages to publish, and the clients that publish and install them, by format.

npm    npm
pypi   twine and pip
maven  mvn
"""

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from policies.owned_names import Format
from rehearsal.clients import Shell

VERSION = "1.0.0"


@dataclass(frozen=True)
class Package:
    """A package by its full name: `@scope/name`, `name`, or `group:artifact`."""

    format: Format
    name: str
    version: str = VERSION

    @property
    def coordinates(self) -> dict[str, str]:
        """As parameters of the AWS API: namespace (npm's without `@`) and package."""
        namespace, _, package = self.name.replace(":", "/").rpartition("/")
        return {"format": self.format.value, "package": package, **({"namespace": namespace.removeprefix("@")} if namespace else {})}


def npm_project(folder: Path, package: Package) -> Path:
    """A folder that `npm publish` publishes."""
    folder.mkdir(parents=True)
    manifest = {"name": package.name, "version": package.version, "main": "index.js", "license": "UNLICENSED"}
    (folder / "package.json").write_text(json.dumps(manifest))
    (folder / "index.js").write_text(f"module.exports = {json.dumps(f'{package.name} {package.version}')}\n")
    return folder


def wheel(folder: Path, package: Package) -> Path:
    """A pure Python wheel, as any build back end would write it."""
    folder.mkdir(parents=True, exist_ok=True)
    module = package.name.replace("-", "_")
    info = f"{module}-{package.version}.dist-info"
    files = {
        f"{module}/__init__.py": f'GREETING = "{package.name} {package.version}"\n',
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package.name}\nVersion: {package.version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: rehearsal\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    file = folder / f"{module}-{package.version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, content)
    return file


# --- publishing: `login(tool)` has been told the repository ----------------------------------------------------------------------


def publish_npm(shell: Shell, login: Callable[[str], str], package: Package) -> str:
    """`npm publish`."""
    folder = npm_project(shell.home / "package", package)
    login("npm")
    return last_line(shell.run("npm", "publish", folder=folder))


def publish_pypi(shell: Shell, login: Callable[[str], str], package: Package) -> str:
    """`twine upload`."""
    file = wheel(shell.home / "dist", package)
    login("twine")
    return last_line(shell.run("twine", "upload", "--disable-progress-bar", "--repository", "codeartifact", str(file)))


def install_npm(shell: Shell, login: Callable[[str], str], package: Package) -> str:
    """`npm install`, then run what was installed."""
    login("npm")
    (shell.home / "package.json").write_text(json.dumps({"name": "app", "version": "0.0.0", "private": True}))
    shell.run("npm", "install", package.name)
    locked = json.loads((shell.home / "package-lock.json").read_text())["packages"][f"node_modules/{package.name}"]
    if not locked["resolved"].startswith(shell.environment["AWS_ENDPOINT_URL"]):
        raise RuntimeError(f"{package.name} came from {locked['resolved']}")
    return last_line(shell.run("node", "-p", f"require({json.dumps(package.name)})"))


def install_pypi(shell: Shell, login: Callable[[str], str], package: Package) -> str:
    """`pip install`, then read what was installed."""
    login("pip")
    target = shell.home / "installed"
    shell.run("pip", "install", "--quiet", "--no-cache-dir", "--target", str(target), package.name)
    return next(target.glob(f"{package.name.replace('-', '_')}-*.dist-info")).name


PUBLISH = {Format.NPM: publish_npm, Format.PYPI: publish_pypi}
INSTALL = {Format.NPM: install_npm, Format.PYPI: install_pypi}


def last_line(output: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "done"
