"""Real package managers after one login: each installs a private package, and none asks a public registry for its name.

What a job asks of other machines goes through a proxy that writes down the hosts and refuses: the local cloud is the only registry.
The twin of each is the same job without a login, which has to ask the public registry, or the proxy would not have seen a thing.
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest

from rehearsal import package_managers
from rehearsal.actions import Conclusion, RunResult, definitions, machine
from rehearsal.actions.github import start_jobs
from tests.serving import Quiet, served
from tests.workflows import sources
from tests.workflows.calling import run_workflow
from tests.workflows.registry import ACCOUNT, DOMAIN, PROJECT, LocalCloud

FRESH = "@acme-payments/fresh"
SCOPED, UNSCOPED, PYPI = "@acme-payments/money", "acme-payments-money", "acme-payments-money"


@dataclass
class Proxy:
    """Its address, and the hosts that were asked for."""

    url: str
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    seen = Proxy("")

    class Handler(Quiet):
        def refuse(self) -> None:
            seen.asked.append(self.path)
            self.send_error(403)

        do_CONNECT = do_GET = do_HEAD = do_POST = refuse

    with served(Handler) as seen.url:
        yield seen


@pytest.fixture(scope="session")
def javascript() -> Path:
    """A folder with pnpm, yarn, berry and bun."""
    return installed(package_managers.javascript)


@pytest.fixture(scope="session")
def python() -> Path:
    """A folder with poetry, pdm and pip-compile; uv and pip are this interpreter's."""
    return installed(package_managers.python)


def installed(install: Callable[[], Path]) -> Path:
    try:
        return install()
    except package_managers.UnavailableError as error:
        pytest.skip(str(error))


def _tarball(name: str, version: str = "1.0.0") -> bytes:
    manifest = json.dumps({"name": name, "version": version, "main": "index.js"}).encode()
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
    for name, version, tag in ((SCOPED, "1.0.0", "latest"), (UNSCOPED, "1.0.0", "latest"), (FRESH, "1.0.0-rc.1", "next")):
        file = folder / f"{name.replace('/', '-')}.tgz"
        file.write_bytes(_tarball(name, version))
        subprocess.run(["npm", "publish", "--tag", tag, str(file)], cwd=folder, check=True, capture_output=True)
    source = sources.pypi(folder / "money", PYPI, "1.0.0")
    subprocess.run([sys.executable, "-c", "import backend; backend.build_wheel('..')"], cwd=source, check=True)
    (wheel,) = folder.glob("*.whl")
    given = {**os.environ, "TWINE_USERNAME": "aws", "TWINE_PASSWORD": token, "TWINE_REPOSITORY_URL": address["pypi"]}
    subprocess.run([sys.executable, "-m", "twine", "upload", str(wheel)], env=given, check=True, capture_output=True)
    pom = """<project><modelVersion>4.0.0</modelVersion><groupId>com.acme.payments</groupId><artifactId>parent</artifactId>
      <version>1.0.0</version><packaging>pom</packaging></project>"""
    metadata = """<metadata><groupId>com.acme.payments</groupId><artifactId>parent</artifactId>
      <versioning><versions><version>1.0.0</version></versions></versioning></metadata>"""
    # The metadata makes the version Published.
    for path, text in (("1.0.0/parent-1.0.0.pom", pom), ("maven-metadata.xml", metadata)):
        url = f"{address['maven']}com/acme/payments/parent/{path}"
        httpx.put(url, content=text.encode(), auth=("aws", token), trust_env=False).raise_for_status()
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
    """A tool, the files of its project, what a job runs in it, and where it goes without a login."""

    tool: str
    files: dict[str, str]
    command: str
    public: str = "registry.npmjs.org"


def build(
    cloud: LocalCloud,
    proxy: Proxy,
    folder: Path,
    tools: str,
    command: str,
    *,
    files: dict[str, str] | None = None,
    programs: Path = Path("/nonexistent"),
    login: bool = True,
    environment: bool = False,
    own_path: bool = True,
) -> RunResult:
    """A job with these files that logs in (or does not) and runs the command. `own_path`: the machine's tools are there.
    PyPI's address takes the place of INDEX."""
    source = folder / "source"
    source.mkdir()
    for name, text in (files or {}).items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text.replace("INDEX", index(cloud)))
    text = WORKFLOW
    for name, value in {"TOOLS": tools, "LOGIN": str(login).lower(), "ENVIRONMENT": str(environment).lower()}.items():
        text = text.replace(f": {name}\n", f": {value}\n")
    file = folder / "build.yml"
    file.write_text(text.replace("COMMAND", command.replace("\n", "\n          ")))
    return run(cloud, proxy, file, os.pathsep.join([str(programs), *([machine.default_path()] if own_path else [])]), SOURCE=str(source))


def run(cloud: LocalCloud, proxy: Proxy, file: Path, path: str, *, source: Path | None = None, **more: str) -> RunResult:
    """A workflow's jobs in acme/payments-api, whose ways to other machines end at the proxy."""
    request = {
        "repository": "acme/payments-api",
        "actor": "bob",
        "event": "push",
        "ref": "refs/heads/main",
        "workflow": ".github/workflows/build.yml",
    }
    proxies = {"http_proxy": proxy.url, "https_proxy": proxy.url, "no_proxy": "127.0.0.1"}
    env = {
        "AWS_ENDPOINT_URL": cloud.url,
        **more,
        **proxies,
        **{name.upper(): value for name, value in proxies.items()},
        "YARN_HTTPS_PROXY": proxy.url,
        "YARN_UNSAFE_HTTP_WHITELIST": "127.0.0.1",
        "YARN_ENABLE_TELEMETRY": "0",
        "YARN_NODE_LINKER": "node-modules",
        "YARN_ENABLE_IMMUTABLE_INSTALLS": "false",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_RETRIES": "0",
        "UV_HTTP_RETRIES": "0",
        "npm_config_fetch_retries": "0",
        "npm_config_update_notifier": "false",
    }
    return run_workflow(
        file,
        inputs={},
        start_job=start_jobs(cloud.github, request),
        checkout=PROJECT,
        extra_env=env,
        path=path,
        source=source,
    )


def index(cloud: LocalCloud) -> str:
    """PyPI's address of the team's repository."""
    return f"{cloud.url}/_codeartifact/{DOMAIN}-{ACCOUNT}/pypi/payments/simple/"


EXAMPLE = PROJECT / "examples" / "clients"
PACKAGE_JSON = {
    "package.json": json.dumps({"name": "app", "version": "1.0.0", "private": True, "dependencies": {SCOPED: "1.0.0", UNSCOPED: "1.0.0"}})
}
# Yarn 4 takes a version only when it has been there for a day, but for scopes that the login names.
SCOPED_JSON = {"package.json": PACKAGE_JSON["package.json"].replace(UNSCOPED, "public-greeting"), "yarn.lock": ""}
WORKS = f"node -p \"require('{SCOPED}') * 2\""
PROJECT_TOML = f'[project]\nname = "app"\nversion = "1.0.0"\nrequires-python = ">=3.11"\ndependencies = ["{PYPI}==1.0.0"]\n'
POETRY_TOML = f"{PROJECT_TOML}[tool.poetry]\npackage-mode = false\n"
POETRY_SOURCE = '[[tool.poetry.source]]\nname = "codeartifact"\nurl = "INDEX"\npriority = "primary"\n'
PYTHON_WORKS = "-c 'import acme_payments_money as m; print(m.ANSWER * 2)'"
JAVASCRIPT = [
    Client("npm", PACKAGE_JSON, f"npm install --no-audit --no-fund && {WORKS}"),
    Client("pnpm", PACKAGE_JSON, f"pnpm install && {WORKS}"),
    Client("yarn", PACKAGE_JSON, f"yarn install --no-progress && {WORKS}", "registry.yarnpkg.com"),
    Client("yarn-berry", SCOPED_JSON, f"berry install && {WORKS}", "registry.yarnpkg.com"),
    Client("bun", PACKAGE_JSON, f"bun install && {WORKS}"),
]
PYTHONS = [
    Client("pip", {"empty": ""}, f"python -m pip install --target here {PYPI} && cd here && python {PYTHON_WORKS}", "pypi.org"),
    Client("uv", {"pyproject.toml": PROJECT_TOML}, f"uv sync && uv run --no-sync python {PYTHON_WORKS}", "pypi.org"),
    Client("poetry", {"pyproject.toml": POETRY_TOML + POETRY_SOURCE}, f"poetry install && poetry run python {PYTHON_WORKS}", "pypi.org"),
    Client("pdm", {"pyproject.toml": PROJECT_TOML}, f"pdm install --no-self && pdm run python {PYTHON_WORKS}", "pypi.org"),
]


def one_by_one(clients: list[Client]) -> tuple[str, dict[str, str]]:
    """A command that runs each in its folder and says which is next, to the proxy too; their files."""
    lines = [f"(cd {one.tool}; curl -s http://next/{one.tool} >/dev/null; {one.command}) || echo {one.tool} failed" for one in clients]
    return "\n".join(lines), {f"{one.tool}/{name}": text for one in clients for name, text in one.files.items()}


def asked_by(proxy: Proxy) -> dict[str, set[str]]:
    """Which hosts each client asked."""
    asked: dict[str, set[str]] = {}
    for what in proxy.asked:
        if what.startswith("http://next/"):
            hosts = asked.setdefault(what.rpartition("/")[2], set())
        else:
            hosts.add(what.partition(":")[0])
    return asked


@pytest.mark.parametrize("clients", [JAVASCRIPT, PYTHONS], ids=["javascript", "python"])
def test_after_one_login_no_client_asks_a_public_registry(
    private: LocalCloud, proxy: Proxy, javascript: Path, python: Path, tmp_path: Path, clients: list[Client]
) -> None:
    command, files = one_by_one(clients)
    programs = javascript if clients is JAVASCRIPT else python
    result = build(private, proxy, tmp_path, " ".join(one.tool for one in clients), command, files=files, programs=programs)
    assert " failed\n" not in result.output, result.output
    assert result.output.count("84\n") == len(clients), result.output
    assert asked_by(proxy) == {one.tool: set() for one in clients}
    assert "warning: " not in result.jobs["build"].steps[1].output


@pytest.mark.parametrize("job", ["javascript", "python", "jvm"])
def test_the_examples_jobs_install_with_each_client(
    private: LocalCloud, proxy: Proxy, javascript: Path, python: Path, tmp_path: Path, job: str
) -> None:
    source = shutil.copytree(EXAMPLE, tmp_path / "source")
    pyproject = source / "poetry" / "pyproject.toml"
    pyproject.write_text(re.sub(r"https://\S+/simple/", index(private), pyproject.read_text()))
    workflow = definitions.read(EXAMPLE / ".github" / "workflows" / "install.yml")
    file = tmp_path / "install.yml"
    file.write_text(json.dumps({"on": {"workflow_call": {}}, "permissions": {}, "jobs": {job: workflow["jobs"][job]}}))
    if job == "jvm" and shutil.which("mvn") is None:
        pytest.skip("mvn is not on PATH")
    result = run(private, proxy, file, os.pathsep.join([str(javascript), str(python), machine.default_path()]), source=source)
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert proxy.asked == []


@pytest.mark.parametrize("clients", [JAVASCRIPT, PYTHONS], ids=["javascript", "python"])
def test_without_a_login_each_asks_one(
    private: LocalCloud, proxy: Proxy, javascript: Path, python: Path, tmp_path: Path, clients: list[Client]
) -> None:
    without = [replace(one, files={name: text.replace(POETRY_SOURCE, "") for name, text in one.files.items()}) for one in clients]
    command, files = one_by_one(without)
    programs = javascript if clients is JAVASCRIPT else python
    result = build(private, proxy, tmp_path, "npm", command, files=files, programs=programs, login=False)
    assert result.output.count(" failed\n") == len(clients), result.output
    assert {tool: one in hosts for (tool, hosts), one in zip(asked_by(proxy).items(), [one.public for one in clients], strict=True)} == {
        one.tool: True for one in clients
    }


def test_yarn_berry_takes_no_fresh_version_of_a_scope_that_the_login_does_not_name(
    private: LocalCloud, proxy: Proxy, javascript: Path, tmp_path: Path
) -> None:
    result = build(private, proxy, tmp_path, "yarn-berry", "berry install", files={**PACKAGE_JSON, "yarn.lock": ""}, programs=javascript)
    assert 'All versions satisfying "1.0.0" are quarantined' in result.output
    assert f"{UNSCOPED}@npm:1.0.0" in _plain(result.output)
    assert f"{SCOPED}@npm:1.0.0: All" not in _plain(result.output)


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_pip_compile_writes_and_prints_no_token(private: LocalCloud, proxy: Proxy, python: Path, tmp_path: Path) -> None:
    command = """token=$(sed -n 's/.* password //p' ~/.netrc)
pip-compile --output-file requirements.txt requirements.in; cat requirements.txt
grep -c "$token" ~/.netrc requirements.txt"""
    result = build(private, proxy, tmp_path, "pip", command, files={"requirements.in": f"{PYPI}\n"}, programs=python)
    assert f"\n{PYPI}==1.0.0\n" in result.output
    assert "aws:" not in result.output
    assert "/.netrc:1\nrequirements.txt:0\n" in result.output
    assert proxy.asked == []


def test_twine_goes_to_the_registry_alone(private: LocalCloud, proxy: Proxy, tmp_path: Path) -> None:
    """It is refused there, because the role reads only, and goes nowhere else."""
    command = f"""python -m pip download --quiet --no-deps {PYPI}
python -m twine upload --disable-progress-bar *.whl || echo refused"""
    result = build(private, proxy, tmp_path, "pip twine", command)
    assert "/pypi/payments/\n" in result.output and "HTTPError: 403" in result.output and "refused\n" in result.output
    assert proxy.asked == []


def test_what_npm_makes_of_a_first_pre_release_an_age_gate_and_an_audit(private: LocalCloud, proxy: Proxy, tmp_path: Path) -> None:
    """What docs/installing.md says under "When a client finds nothing"."""
    command = f"""npm install {FRESH} || true
npm install {FRESH}@next && echo next is installed
npm install --before=2020-01-01 {SCOPED} || true
npm install {SCOPED} && echo it is installed
npm audit || echo no audit"""
    result = build(private, proxy, tmp_path, "npm", command, files={"package.json": '{"name": "app", "version": "1.0.0"}'})
    held_back = f"No versions available for {SCOPED}"
    said = (f"No matching version found for {FRESH}@*", "next is installed\n", held_back, "it is installed\n", "no audit\n")
    assert [one for one in said if one not in result.output] == [], result.output
    assert proxy.asked == []


def test_outputs_are_for_the_steps_that_name_them(private: LocalCloud, proxy: Proxy, tmp_path: Path) -> None:
    command = """curl --silent --fail --output money.json --header "authorization: Bearer $TOKEN" "${NPM}@acme-payments%2fmoney"
wc -l money.json
env | grep -c ^CODEARTIFACT_ || true"""
    for environment in (False, True):
        (tmp_path / str(environment)).mkdir()
        result = build(private, proxy, tmp_path / str(environment), '""', command, environment=environment)
        assert result.conclusion is Conclusion.SUCCESS, result.output
        assert " money.json\n" in result.output
        assert f"\n{9 if environment else 0}\n" in result.output


def test_renovates_rules_read_private_packages(private: LocalCloud, proxy: Proxy, tmp_path: Path) -> None:
    """In the place of Renovate a program that reads its documented settings: which address serves a format, and with which credentials."""
    workflow = definitions.read(PROJECT / "examples" / "renovate" / ".github" / "workflows" / "renovate.yml")
    (job,) = workflow["jobs"].values()
    login, renovate = job["steps"][1:]
    asked = {"npm": SCOPED.replace("/", "%2f"), "pypi": f"{PYPI}/", "maven": "com/acme/payments/parent/1.0.0/parent-1.0.0.pom"}
    (tmp_path / "renovate.py").write_text(
        f"""import json, os, urllib.request as web
address = {{"npm": os.environ["RENOVATE_NPMRC"].removeprefix("registry=")}}
for rule in json.loads(os.environ["RENOVATE_PACKAGE_RULES"]):
    address |= {{datasource: rule["registryUrls"][0] for datasource in rule["matchDatasources"]}}
login = web.HTTPPasswordMgrWithPriorAuth()
for format, name in {asked}.items():
    (rule,) = [one for one in json.loads(os.environ["RENOVATE_HOST_RULES"]) if address[format].startswith(one["matchHost"])]
    if "token" in rule:
        request, opener = web.Request(address[format] + name, headers={{"authorization": "Bearer " + rule["token"]}}), web.build_opener()
    else:
        login.add_password(None, address[format], rule["username"], rule["password"], is_authenticated=True)
        request, opener = web.Request(address[format] + name), web.build_opener(web.HTTPBasicAuthHandler(login))
    print(format, opener.open(request).status)
"""
    )
    steps = [login, {"run": f"python {tmp_path / 'renovate.py'}", "env": renovate["env"]}]
    file = tmp_path / "renovate.yml"
    file.write_text(json.dumps({"on": {"workflow_call": {}}, "jobs": {"renovate": {**job, "environment": "", "steps": steps}}}))
    result = run(private, proxy, file, machine.default_path())
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert re.findall(r"^(?:npm|pypi|maven) 200$", result.output, re.MULTILINE) == [f"{format} 200" for format in asked]
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("tools", "file", "text", "warned"),
    [
        ("npm", ".npmrc", "registry=https://registry.npmjs.org/\n", "npm: .npmrc, line 1"),
        ("npm", ".npmrc", "fund=false\n", ""),
        ("pnpm", "web/.npmrc", "@acme:registry=https://npm.pkg.github.com/\n", "pnpm: web/.npmrc, line 1"),
        ("yarn-berry", ".yarnrc.yml", 'npmRegistryServer: "https://registry.yarnpkg.com"\n', "yarn-berry: .yarnrc.yml, line 1"),
        ("uv", "pyproject.toml", '[[tool.uv.index]]\nurl = "https://pypi.org/simple"\n', "uv: pyproject.toml names indexes of its own"),
        ("uv", "pyproject.toml", '[[tool.uv.index]]\nurl = "INDEX"\n', ""),
        ("poetry", "pyproject.toml", POETRY_TOML, "[[tool.poetry.source]]"),
        ("poetry", "pyproject.toml", POETRY_TOML + POETRY_SOURCE, ""),
        ("nuget", "NuGet.Config", '<add key="nuget.org" value="https://api.nuget.org/v3/index.json" />', "nuget: NuGet.Config, line 1"),
    ],
)
def test_a_project_that_asks_elsewhere_is_warned(
    private: LocalCloud, proxy: Proxy, tmp_path: Path, tools: str, file: str, text: str, warned: str
) -> None:
    result = build(private, proxy, tmp_path, tools, "true", files={file: text})
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert ("warning: " in result.output) == bool(warned), result.output
    assert warned in result.output


def test_generic_leaves_the_read_role_to_the_aws_cli(private: LocalCloud, proxy: Proxy, tmp_path: Path) -> None:
    command = "aws sts get-caller-identity --query Arn --output text"
    result = build(private, proxy, tmp_path, "generic", command)
    assert ":assumed-role/read/" in result.output, result.output


# What an image with bash has; no jq, no Python.
CONTAINER = (
    "awk",
    "bash",
    "cat",
    "chmod",
    "cksum",
    "cp",
    "cut",
    "date",
    "dirname",
    "find",
    "grep",
    "mkdir",
    "mktemp",
    "mv",
    "rm",
    "sed",
    "sh",
    "tail",
    "tr",
    "uname",
)


@pytest.mark.parametrize("missing", ["", "aws", "curl"])
def test_a_container_needs_bash_curl_and_the_aws_cli(private: LocalCloud, proxy: Proxy, tmp_path: Path, missing: str) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in (*CONTAINER, "aws", "curl"):
        if name != missing:
            (programs / name).symlink_to(str(shutil.which(name, path=machine.default_path())))
    result = build(
        private, proxy, tmp_path, "npm yarn yarn-berry uv maven", "grep -c _authToken ~/.npmrc", programs=programs, own_path=False
    )
    if missing:
        assert f"this job has no {missing}: install it before this step" in result.reason
    else:
        assert result.conclusion is Conclusion.SUCCESS, result.output
