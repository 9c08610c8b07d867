"""Small packages to publish, and the clients that publish and install them, by format.

npm      npm
pypi     twine and pip
maven    mvn
cargo    cargo
nuget    none that every machine has: HTTP requests as a NuGet client sends them
generic  the AWS CLI
"""

import hashlib
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from policies.owned_names import Format
from rehearsal import package_managers
from rehearsal.clients import Shell
from rehearsal.scenario import Skipped

VERSION = "1.0.0"
# What cargo's configuration calls the repository.
REGISTRY = "codeartifact"

# A PEP 517 back end of a few lines: real ones would be fetched from PyPI at every build.
_BACKEND = """
import base64, hashlib, io, pathlib, tarfile, tomllib, zipfile

PROJECT = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
MODULE = PROJECT["name"].replace("-", "_")
NAME = f"{MODULE}-{PROJECT['version']}"
METADATA = f"Metadata-Version: 2.1\\nName: {PROJECT['name']}\\nVersion: {PROJECT['version']}\\n"


def build_wheel(directory, config_settings=None, metadata_directory=None):
    files = {
        f"{MODULE}/__init__.py": pathlib.Path(MODULE, "__init__.py").read_text(),
        f"{NAME}.dist-info/METADATA": METADATA,
        f"{NAME}.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: example\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    record = "".join(f"{path},{digest(text)},{len(text.encode())}\\n" for path, text in files.items())
    file = f"{NAME}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(directory, file), "w") as archive:
        for path, text in {**files, f"{NAME}.dist-info/RECORD": record + f"{NAME}.dist-info/RECORD,,\\n"}.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return file


def digest(text):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def build_sdist(directory, config_settings=None):
    file = f"{NAME}.tar.gz"
    with tarfile.open(pathlib.Path(directory, file), "w:gz") as archive:
        for path in ("pyproject.toml", "backend.py", f"{MODULE}/__init__.py"):
            archive.add(path, f"{NAME}/{path}")
        about = tarfile.TarInfo(f"{NAME}/PKG-INFO")
        about.size = len(METADATA.encode())
        archive.addfile(about, io.BytesIO(METADATA.encode()))
    return file
"""


@dataclass(frozen=True)
class Package:
    """A package by its full name: `@scope/name`, `name`, or `group:artifact`."""

    format: Format
    name: str
    version: str = VERSION
    needs: tuple[str, ...] = ()  # names of packages, any version of them

    @property
    def coordinates(self) -> dict[str, str]:
        """As parameters of the AWS API: namespace (npm's without `@`) and package."""
        namespace, _, package = self.name.replace(":", "/").rpartition("/")
        return {"format": self.format.value, "package": package, **({"namespace": namespace.removeprefix("@")} if namespace else {})}


def npm_project(folder: Path, package: Package, content: str = "") -> Path:
    """A folder that `npm publish` publishes."""
    folder.mkdir(parents=True)
    manifest: dict[str, object] = {"name": package.name, "version": package.version, "main": "index.js", "license": "UNLICENSED"}
    if package.needs:
        manifest["dependencies"] = dict.fromkeys(package.needs, "*")
    (folder / "package.json").write_text(json.dumps(manifest))
    (folder / "index.js").write_text(f"module.exports = {json.dumps(content or f'{package.name} {package.version}')}\n")
    return folder


def python_project(folder: Path, package: Package) -> Path:
    """A folder that `python -m build` packs; the back end is in the folder, so nothing has to be fetched to build it."""
    folder.mkdir(parents=True)
    module = package.name.replace("-", "_")
    project = {"name": package.name, "version": package.version}
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n\n[project]\n'
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in project.items())
    )
    (folder / module).mkdir()
    (folder / module / "__init__.py").write_text(f'GREETING = "{package.name} {package.version}"\n')
    (folder / "backend.py").write_text(_BACKEND)
    return folder


def maven_project(folder: Path, package: Package) -> Path:
    """A folder with a POM that has no code to compile."""
    folder.mkdir(parents=True)
    group, artifact = package.name.split(":")
    (folder / "pom.xml").write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{package.version}</version><packaging>pom</packaging></project>\n"
    )
    return folder


def cargo_project(folder: Path, package: Package) -> Path:
    """A library crate that says what it is."""
    (folder / "src").mkdir(parents=True)
    manifest = ["[package]", f'name = "{package.name}"', f'version = "{package.version}"', 'edition = "2021"', "", "[dependencies]"]
    (folder / "Cargo.toml").write_text("\n".join([*manifest, *(f'{name} = "*"' for name in package.needs)]) + "\n")
    (folder / "src" / "lib.rs").write_text(f'pub const GREETING: &str = "{package.name} {package.version}";\n')
    return folder


def cargo_configuration(address: str, registry: str = REGISTRY) -> str:
    """cargo's config.toml: a repository by this name, which takes the place of crates.io. The token is elsewhere.

    https://docs.aws.amazon.com/codeartifact/latest/ug/configure-use-cargo.html
    """
    return (
        f'[registries.{registry}]\nindex = "sparse+{address}"\ncredential-provider = "cargo:token"\n\n'
        f'[registry]\ndefault = "{registry}"\n\n[source.crates-io]\nreplace-with = "{registry}"\n'
    )


def generic_files(folder: Path, package: Package) -> Path:
    """A folder with two files in `dist`, as a build leaves them."""
    (folder / "dist").mkdir(parents=True)
    for name in ("image.bin", "notes.txt"):
        (folder / "dist" / name).write_text(f"{name} of {package.name} {package.version}\n")
    return folder


def source(folder: Path, package: Package) -> Path:
    """What a repository that publishes the package has checked out."""
    return PROJECTS[package.format](folder, package)


PROJECTS: dict[Format, Callable[[Path, Package], Path]] = {
    Format.NPM: npm_project,
    Format.PYPI: python_project,
    Format.MAVEN: maven_project,
    Format.CARGO: cargo_project,
    Format.GENERIC: generic_files,
}


def inputs(package: Package) -> dict[str, str]:
    """What the workflow of such a repository passes to publish-package.yml; the version is the manifest's, or a tag's."""
    more = {"package": package.name, "files": "dist/*"} if package.format is Format.GENERIC else {}
    return {"format": package.format.value, **more}


def wheel(folder: Path, package: Package, content: str = "") -> Path:
    """A pure Python wheel, as any build back end would write it."""
    folder.mkdir(parents=True, exist_ok=True)
    module = package.name.replace("-", "_")
    info = f"{module}-{package.version}.dist-info"
    needs = "".join(f"Requires-Dist: {name}\n" for name in package.needs)
    files = {
        f"{module}/__init__.py": f"GREETING = {json.dumps(content or f'{package.name} {package.version}')}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package.name}\nVersion: {package.version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: rehearsal\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    file = folder / f"{module}-{package.version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, content)
    return file


# --- publishing: `login(tool)` knows the repository, and gives the AWS CLI's options for it ----------------------------------------


def publish_npm(shell: Shell, login: Callable[[str], object], package: Package, content: str = "") -> str:
    """`npm publish`."""
    folder = npm_project(shell.home / "package", package, content)
    login("npm")
    return last_line(shell.run("npm", "publish", folder=folder))


def publish_pypi(shell: Shell, login: Callable[[str], object], package: Package, content: str = "") -> str:
    """`twine upload`."""
    file = wheel(shell.home / "dist", package, content)
    login("twine")
    return last_line(shell.run("twine", "upload", "--disable-progress-bar", "--repository", "codeartifact", str(file)))


def install_npm(shell: Shell, login: Callable[[str], object], package: Package) -> str:
    """`npm install`, then run what was installed."""
    login("npm")
    (shell.home / "package.json").write_text(json.dumps({"name": "app", "version": "0.0.0", "private": True}))
    shell.run("npm", "install", package.name)
    locked = json.loads((shell.home / "package-lock.json").read_text())["packages"][f"node_modules/{package.name}"]
    if not locked["resolved"].startswith(shell.environment["AWS_ENDPOINT_URL"]):
        raise RuntimeError(f"{package.name}: got it from {locked['resolved']}; expected the local cloud")
    return last_line(shell.run("node", "-p", f"require({json.dumps(package.name)})"))


def install_pypi(shell: Shell, login: Callable[[str], object], package: Package) -> str:
    """`pip install`, then read what was installed."""
    login("pip")
    target = shell.home / "installed"
    shell.run("pip", "install", "--quiet", "--no-cache-dir", "--target", str(target), package.name)
    return next(target.glob(f"{package.name.replace('-', '_')}-*.dist-info")).name


# The command that installs a project's dependencies, by the tool as package-login names it.
_INSTALLING = {
    "pnpm": ("pnpm", "install"),
    "yarn-berry": ("berry", "install"),
    "uv": ("uv", "sync"),
    "poetry": ("poetry", "install"),
}


def install_with(shell: Shell, tool: str, package: Package, domain: str) -> None:
    """Install a package with a tool that is logged in, `domain` being the address before a format, and look at what is there then.

    Raises Skipped where the tool can't be had, RuntimeError if it installed something else.
    """
    try:
        programs = package_managers.javascript() if package.format is Format.NPM else package_managers.python()
    except package_managers.UnavailableError as error:
        raise Skipped(str(error)) from None
    project = shell.home / "project"
    project.mkdir()
    if package.format is Format.NPM:
        (project / "package.json").write_text(json.dumps({"name": "app", "private": True, "dependencies": {package.name: package.version}}))
        (project / "yarn.lock").touch()
    else:
        repository = dict(line.split("=", 1) for line in (shell.home / ".package-login").read_text().splitlines())["repository"]
        source = f'[[tool.poetry.source]]\nname = "registry"\nurl = "{domain}/pypi/{repository}/simple/"\npriority = "primary"\n'
        needs = f'dependencies = ["{package.name}=={package.version}"]\n[tool.poetry]\npackage-mode = false\n{source}'
        (project / "pyproject.toml").write_text(f'[project]\nname = "app"\nversion = "1.0.0"\nrequires-python = ">=3.11"\n{needs}')
    path = f"{programs}:{shell.environment['PATH']}"
    program, *arguments = _INSTALLING[tool]
    command = [str(programs / program) if (programs / program).exists() else program, *arguments]
    # Yarn trusts no address without TLS, and Poetry puts what it installs elsewhere.
    quiet = {"YARN_UNSAFE_HTTP_WHITELIST": "127.0.0.1", "YARN_NODE_LINKER": "node-modules", "POETRY_VIRTUALENVS_IN_PROJECT": "true"}
    replace(shell, environment={**shell.environment, **quiet, "PATH": path}).run(*command, folder=project)
    there = (
        f"node_modules/{package.name}" if package.format is Format.NPM else f".venv/lib/*/site-packages/{package.name.replace('-', '_')}"
    )
    if not list(project.glob(there)):
        raise RuntimeError(f"{tool}: got no {there}; expected {package.name}")


def publish_cargo(shell: Shell, login: Callable[[str], object], package: Package, content: str = "") -> str:
    """`cargo publish`, which builds what it packed."""
    folder = cargo_project(shell.home / "package", package)
    (folder / "src" / "lib.rs").write_text(f"pub const GREETING: &str = {json.dumps(content or f'{package.name} {package.version}')};\n")
    login("cargo")
    return last_line(shell.run("cargo", "publish", "--registry", REGISTRY, folder=folder))


def install_cargo(shell: Shell, login: Callable[[str], object], package: Package) -> str:
    """`cargo run` of a program that needs the crate."""
    folder = cargo_project(shell.home / "app", Package(Format.CARGO, "app", needs=(package.name,)))
    (folder / "src" / "main.rs").write_text(f'fn main() {{ println!("{{}}", {package.name.replace("-", "_")}::GREETING) }}\n')
    login("cargo")
    return last_line(shell.run("cargo", "run", "--quiet", folder=folder))


def publish_generic(shell: Shell, login: Callable[[str], Sequence[str]], package: Package, content: str = "") -> str:
    """`aws codeartifact publish-package-version`, of one file."""
    file = shell.home / "image.bin"
    file.write_text(content or f"{package.name} {package.version}")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    asset = ("--asset-name", file.name, "--asset-content", str(file), "--asset-sha256", digest)
    answer = shell.run("aws", "codeartifact", "publish-package-version", *login("aws"), *_named(package), *asset)
    return f"{package.name} {package.version} is {json.loads(answer)['status']}"


def install_generic(shell: Shell, login: Callable[[str], Sequence[str]], package: Package) -> str:
    """`aws codeartifact get-package-version-asset`, from the repository that published it: an asset is read where it is stored."""
    file = shell.home / "image.bin"
    shell.run("aws", "codeartifact", "get-package-version-asset", *login("aws"), *_named(package), "--asset", file.name, str(file))
    return file.read_text()


def _named(package: Package) -> list[str]:
    """The package version as options of the AWS CLI."""
    return [*(word for key, value in package.coordinates.items() for word in (f"--{key}", value)), "--package-version", package.version]


PUBLISH = {Format.NPM: publish_npm, Format.PYPI: publish_pypi, Format.CARGO: publish_cargo, Format.GENERIC: publish_generic}
INSTALL = {Format.NPM: install_npm, Format.PYPI: install_pypi, Format.CARGO: install_cargo, Format.GENERIC: install_generic}


def last_line(output: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "done"
