"""Sources of small packages to publish, by format. Only Maven's build fetches something: its own plugins."""

import json
from pathlib import Path

# A build back end of the package's own (PEP 517, backend-path): one module in a wheel whose bytes follow from name, version and content.
_BACKEND = """
import base64, hashlib, os, tomllib, zipfile


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    with open("pyproject.toml", "rb") as file:
        project = tomllib.load(file)["project"]
    name, version = project["name"].replace("-", "_"), project["version"]
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {one}\\n" for one in project.get("dependencies", []))
    with open("module.py") as file:
        module = file.read()
    files = {
        f"{name}.py": module,
        f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {project['name']}\\nVersion: {version}\\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: package\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text.encode())}\\n" for path, text in files.items())
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\\n"
    wheel = f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, wheel), "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), text)
    return wheel


def _digest(text):
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
"""


def npm(
    folder: Path, name: str, version: str, *, content: str = "module.exports = 42\n", dependencies: dict[str, str] | None = None
) -> Path:
    """An npm package that exports something. Returns `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {"name": name, "version": version, "main": "index.js", "files": ["index.js"], "dependencies": dependencies or {}}
    (folder / "package.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    (folder / "index.js").write_text(content, encoding="utf-8")
    return folder


def pypi(folder: Path, name: str, version: str, *, content: str = "ANSWER = 42\n", dependencies: tuple[str, ...] = ()) -> Path:
    """A Python package with one module, named as the package with underscores. Returns `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        "[build-system]",
        "requires = []",
        'build-backend = "backend"',
        'backend-path = ["."]',
        "",
        "[project]",
        f'name = "{name}"',
        f'version = "{version}"',
        f"dependencies = {json.dumps(list(dependencies))}",
    ]
    (folder / "pyproject.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "backend.py").write_text(_BACKEND, encoding="utf-8")
    (folder / "module.py").write_text(content, encoding="utf-8")
    return folder


def maven(folder: Path, name: str, version: str, *, content: str = "42", dependencies: tuple[str, ...] = ()) -> Path:
    """A jar with one class. `name` is group:artifact, `dependencies` group:artifact:version. Returns `folder`, which is made."""
    group, artifact = name.split(":")
    folder.mkdir(parents=True, exist_ok=True)
    needed = "".join(
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>".format(*one.split(":"))
        for one in dependencies
    )
    pom = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>{group}</groupId>
  <artifactId>{artifact}</artifactId>
  <version>{version}</version>
  <properties>
    <maven.compiler.source>11</maven.compiler.source>
    <maven.compiler.target>11</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>{needed}</dependencies>
  <build>
    <plugins>
      <plugin>
        <artifactId>maven-jar-plugin</artifactId>
        <version>3.4.2</version>
      </plugin>
    </plugins>
  </build>
</project>
"""
    (folder / "pom.xml").write_text(pom, encoding="utf-8")
    source = folder / "src" / "main" / "java" / "Answer.java"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(f"public class Answer {{ public static final String VALUE = {json.dumps(content)}; }}\n", encoding="utf-8")
    return folder


def npm_lock(folder: Path, **entry: object) -> None:
    """A lock file for an npm package's dependencies, which have none of their own. `entry`: more of each dependency's entry."""
    manifest = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    packages: dict[str, object] = {"": {one: manifest[one] for one in ("name", "version", "dependencies")}}
    packages |= {f"node_modules/{name}": {"version": version, **entry} for name, version in manifest["dependencies"].items()}
    lock = {"name": manifest["name"], "version": manifest["version"], "lockfileVersion": 3, "requires": True, "packages": packages}
    (folder / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
