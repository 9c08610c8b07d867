"""Real package managers after one login: each installs a private package, and none asks a public registry for its name.

What a job asks of other machines goes through a proxy that writes down the hosts and refuses: the local cloud is the only registry there is.
The twin of each is the same job without a login, which has to ask the public registry, or the proxy would not have seen a thing.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from rehearsal.actions import Conclusion, RunResult, machine
from rehearsal.actions.github import start_jobs
from tests.workflows import sources
from tests.workflows.calling import run_workflow
from tests.workflows.registry import DOMAIN, PROJECT, LocalCloud

# What is installed for these tests alone, into a folder that is kept.
CLIENTS = PROJECT / ".clients"
JS = {"pnpm": "12.21.0", "yarn": "1.22.22", "@yarnpkg/cli-dist": "4.18.1", "bun": "1.4.5"}
PYTHON = {"poetry": "2.5.1", "pdm": "2.29.4", "pip-tools": "7.6.2", "hishel": "1.*"}  # pdm does not run with hishel 2
SCOPED, UNSCOPED, PYPI = "@acme-payments/money", "acme-payments-money", "acme-payments-money"


@dataclass
class Proxy:
    """Its address, and the hosts that were asked for."""

    url: str
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    seen = Proxy("")

    class Handler(BaseHTTPRequestHandler):
        def refuse(self) -> None:
            seen.asked.append(self.path)
            self.send_error(403)

        do_CONNECT = do_GET = do_HEAD = do_POST = refuse

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        seen.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield seen
        server.shutdown()


def _missing(name: str, versions: dict[str, str]) -> bool:
    """Whether the kept folder has other versions."""
    file = CLIENTS / f"{name}.json"
    return not file.exists() or json.loads(file.read_text()) != versions


def _installed(name: str, versions: dict[str, str], *commands: tuple[str, ...]) -> None:
    if not _missing(name, versions):
        return
    CLIENTS.mkdir(exist_ok=True)
    for command in commands:
        ended = subprocess.run(command, cwd=CLIENTS, capture_output=True, text=True, check=False)
        if ended.returncode:
            pytest.skip(f"can't install {', '.join(versions)}: {(ended.stdout + ended.stderr)[-300:]}")
    (CLIENTS / f"{name}.json").write_text(json.dumps(versions))


@pytest.fixture(scope="session")
def javascript() -> Path:
    """A folder with pnpm, yarn, berry and bun."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not on PATH")
    wanted = [f"{name}@{version}" for name, version in JS.items()]
    _installed("js", JS, ("npm", "install", "--prefix", str(CLIENTS / "js"), "--no-audit", "--no-fund", *wanted))
    programs = CLIENTS / "bin"
    programs.mkdir(exist_ok=True)
    modules = CLIENTS / "js" / "node_modules"
    for name, program in {
        "pnpm": modules / ".bin" / "pnpm",
        "bun": modules / ".bin" / "bun",
        "yarn": modules / "yarn" / "bin" / "yarn.js",
        "berry": modules / "@yarnpkg" / "cli-dist" / "bin" / "yarn.js",
    }.items():
        (programs / name).unlink(missing_ok=True)
        program.chmod(0o755)
        (programs / name).symlink_to(program)
    return programs


@pytest.fixture(scope="session")
def python() -> Path:
    """A folder with poetry, pdm and pip-compile; uv and pip are this interpreter's."""
    wanted = [f"{name}=={version}" for name, version in PYTHON.items()]
    folder = CLIENTS / "python"
    _installed(
        "python", PYTHON, (sys.executable, "-m", "venv", str(folder)), (str(folder / "bin" / "python"), "-m", "pip", "install", "-q", *wanted)
    )
    return folder / "bin"


def _tarball(name: str) -> bytes:
    manifest = json.dumps({"name": name, "version": "1.0.0", "main": "index.js"}).encode()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for file, text in (("package.json", manifest), ("index.js", b"module.exports = 42\n")):
            entry = tarfile.TarInfo(f"package/{file}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    return made.getvalue()


@pytest.fixture(scope="session")
def private(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> LocalCloud:
    """The registry with a private package of each kind of name, published with the clients of the machine."""
    folder = tmp_path_factory.mktemp("private")
    codeartifact = cloud.aws("codeartifact", cloud.administrator)
    token = codeartifact.get_authorization_token(domain=DOMAIN)["authorizationToken"]
    address = {
        format: codeartifact.get_repository_endpoint(domain=DOMAIN, repository="payments", format=format)["repositoryEndpoint"]
        for format in ("npm", "pypi", "maven")
    }
    (folder / ".npmrc").write_text(f"registry={address['npm']}\n//{address['npm'].split('//')[1]}:_authToken={token}\n")
    for name in (SCOPED, UNSCOPED):
        file = folder / f"{name.replace('/', '-')}.tgz"
        file.write_bytes(_tarball(name))
        subprocess.run(["npm", "publish", str(file)], cwd=folder, check=True, capture_output=True)
    source = sources.pypi(folder / "money", PYPI, "1.0.0")
    subprocess.run([sys.executable, "-c", "import backend; backend.build_wheel('..')"], cwd=source, check=True)
    (wheel,) = folder.glob("*.whl")
    given = {**os.environ, "TWINE_USERNAME": "aws", "TWINE_PASSWORD": token, "TWINE_REPOSITORY_URL": address["pypi"]}
    subprocess.run([sys.executable, "-m", "twine", "upload", str(wheel)], env=given, check=True, capture_output=True)
    for file in ("pom", "jar"):
        text = "<project><modelVersion>4.0.0</modelVersion><groupId>com.acme.payments</groupId><artifactId>money</artifactId>"
        body = f"{text}<version>1.0.0</version></project>" if file == "pom" else "PK\x05\x06" + "\0" * 18
        path = f"com/acme/payments/money/1.0.0/money-1.0.0.{file}"
        httpx.put(f"{address['maven']}{path}", content=body.encode(), auth=("aws", token), trust_env=False).raise_for_status()
    return cloud


WORKFLOW = """
on: {workflow_call: {}}
jobs:
  build:
    runs-on: ubuntu-24.04
    permissions: {id-token: write}
    steps:
      - run: cp -r "$SOURCE/." .
      - id: login
        uses: acme/package-flow/.github/actions/login@main
        if: LOGIN
        with:
          tools: TOOLS
          environment: ENVIRONMENT
          scopes: "@acme-payments"
          domain: ${{ vars.CODEARTIFACT_DOMAIN }}
          domain-owner: ${{ vars.CODEARTIFACT_DOMAIN_OWNER }}
          region: ${{ vars.CODEARTIFACT_REGION }}
          repository: ${{ vars.CODEARTIFACT_REPOSITORY }}
          role-arn: ${{ vars.CODEARTIFACT_READ_ROLE_ARN }}
      - run: |
          COMMAND
        shell: bash
        env: {TOKEN: "${{ steps.login.outputs.token }}", NPM: "${{ steps.login.outputs.npm-endpoint }}"}
"""


@dataclass(frozen=True)
class Client:
    """A tool, what a job with it has in its workspace, and what it says."""

    tool: str
    command: str
    files: dict[str, str]


def build(
    cloud: LocalCloud, proxy: Proxy, folder: Path, client: Client, *, programs: Path, login: bool = True, environment: bool = False
) -> RunResult:
    """A job with this client's workspace that logs in (or does not) and runs the command. PyPI's address is put in the place of INDEX."""
    source = folder / "source"
    for name, text in client.files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text.replace("INDEX", f"{cloud.url}/_codeartifact/{DOMAIN}-111122223333/pypi/payments/simple/"))
    source.mkdir(exist_ok=True)
    file = folder / "build.yml"
    changes = {"TOOLS": client.tool, "LOGIN": str(login).lower(), "ENVIRONMENT": str(environment).lower()}
    text = WORKFLOW
    for name, value in changes.items():
        text = text.replace(f": {name}\n", f": {value}\n")
    file.write_text(text.replace("COMMAND", client.command.replace("\n", "\n          ")))
    request = {"repository": "acme/payments-api", "actor": "bob", "event": "push", "ref": "refs/heads/main", "workflow": ".github/workflows/b.yml"}
    proxies = {f"{name}_proxy": proxy.url for name in ("http", "https")}
    env = {
        "AWS_ENDPOINT_URL": cloud.url,
        "SOURCE": str(source),
        **proxies,
        **{name.upper(): url for name, url in proxies.items()},
        "no_proxy": "127.0.0.1",
        "NO_PROXY": "127.0.0.1",
        "YARN_HTTPS_PROXY": proxy.url,
        "YARN_UNSAFE_HTTP_WHITELIST": "127.0.0.1",
        "YARN_ENABLE_TELEMETRY": "0",
        "POETRY_VIRTUALENVS_CREATE": "true",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "npm_config_fetch_retries": "0",
        "npm_config_update_notifier": "false",
    }
    return run_workflow(
        file,
        inputs={},
        start_job=start_jobs(cloud.github, request),
        checkout=PROJECT,
        extra_env=env,
        path=os.pathsep.join([str(programs), machine.default_path()]),
    )


PACKAGE_JSON = {"package.json": json.dumps({"name": "app", "version": "1.0.0", "private": True, "dependencies": {SCOPED: "1.0.0", UNSCOPED: "1.0.0"}})}
WORKS = f"node -e \"console.log(require('{SCOPED}') + require('{UNSCOPED}'))\""
# Yarn 4 takes a version only when it has been there for a day, but for scopes that the login names.
SCOPED_JSON = {"package.json": PACKAGE_JSON["package.json"].replace(UNSCOPED, "public-greeting")}
PROJECT_TOML = f'[project]\nname = "app"\nversion = "1.0.0"\nrequires-python = ">=3.11"\ndependencies = ["{PYPI}==1.0.0"]\n'
POETRY_SOURCE = '[tool.poetry]\npackage-mode = false\n[[tool.poetry.source]]\nname = "codeartifact"\nurl = "INDEX"\npriority = "primary"\n'
PYTHON_WORKS = "-c 'import acme_payments_money as m; print(m.ANSWER * 2)'"
JAVASCRIPT_CLIENTS = [
    Client("npm", f"npm install --no-audit --no-fund && {WORKS}", PACKAGE_JSON),
    Client("pnpm", f"pnpm install && {WORKS}", PACKAGE_JSON),
    Client("yarn", f"yarn install --no-progress && {WORKS}", PACKAGE_JSON),
    Client("yarn-berry", f"touch yarn.lock; berry config set nodeLinker node-modules; berry install --no-immutable && node -p \"require('{SCOPED}') * 2\"", SCOPED_JSON),
    Client("bun", f"bun install && {WORKS}", PACKAGE_JSON),
]
PYTHON_CLIENTS = [
    Client("pip", f"python -m pip install --target here {PYPI}; cd here; python {PYTHON_WORKS}", {}),
    Client("uv", f"uv sync && uv run --no-sync python {PYTHON_WORKS}", {"pyproject.toml": PROJECT_TOML}),
    Client("uv", f"uv pip install --target here {PYPI}; cd here; python {PYTHON_WORKS}", {}),
    Client("poetry", f"poetry install && poetry run python {PYTHON_WORKS}", {"pyproject.toml": PROJECT_TOML + POETRY_SOURCE}),
    Client("pdm", f"pdm install --no-self && pdm run python {PYTHON_WORKS}", {"pyproject.toml": PROJECT_TOML}),
]


@pytest.mark.parametrize("client", JAVASCRIPT_CLIENTS, ids=lambda client: client.tool)
def test_javascript(private: LocalCloud, proxy: Proxy, javascript: Path, tmp_path: Path, client: Client) -> None:
    result = build(private, proxy, tmp_path, client, programs=javascript)
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert "84\n" in result.output
    assert proxy.asked == []


@pytest.mark.parametrize("client", PYTHON_CLIENTS, ids=lambda client: client.tool)
def test_python(private: LocalCloud, proxy: Proxy, python: Path, tmp_path: Path, client: Client) -> None:
    result = build(private, proxy, tmp_path, client, programs=python)
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert "84\n" in result.output
    assert proxy.asked == []
