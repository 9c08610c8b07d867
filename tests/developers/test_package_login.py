"""developers/package-login in sh, dash and bash, with a stand-in for the AWS CLI that counts its calls, and the real npm and pip."""

import json
import os
import shutil
import stat
import subprocess
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "developers" / "package-login"
SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)]
SETTINGS = {
    "domain": "acme",
    "owner": "111122223333",
    "region": "eu-west-1",
    "repository": "payments",
    "scopes": "@acme,@acme-payments",
    "profile": "packages",
}
# Writes its arguments to a file; a token differs each time; what is in `fail` is told and fails the call.
AWS = """#!/bin/sh
echo "$*" >>"$HOME/calls"
if [ "$1 $2" = 'sso login' ]; then rm -f "$HOME/fail"; exit 0; fi
if [ -s "$HOME/fail" ]; then cat "$HOME/fail" >&2; exit 255; fi
case $2 in
    get-authorization-token) echo "token-$(grep -c get-authorization-token "$HOME/calls")" ;;
    get-repository-endpoint)
        repository=$(printf '%s\\n' "$*" | sed 's/.*--repository \\([a-z]*\\).*/\\1/')
        echo "https://acme-111122223333.d.codeartifact.eu-west-1.amazonaws.com/npm/$repository/" ;;
esac
"""
HOST = "acme-111122223333.d.codeartifact.eu-west-1.amazonaws.com"


@dataclass
class Laptop:
    """A HOME with a project in it, and a PATH with the stand-in first."""

    home: Path
    shell: str = "sh"

    def settings(self, **changed: str) -> None:
        (self.home / "project" / ".package-login").write_text("".join(f"{key}={value}\n" for key, value in (SETTINGS | changed).items()))

    def run(
        self, *arguments: str, folder: str = "project", path: str = "", stderr: int = subprocess.PIPE, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        tools = f"{self.home / 'bin'}:{path or os.environ['PATH']}"
        given = {"HOME": str(self.home), "PATH": tools, "LC_ALL": "C", **environment}
        interpreter = [self.shell, "sh"] if self.shell == "busybox" else [self.shell]
        command = [*interpreter, str(SCRIPT), *arguments]
        where = self.home / folder
        return subprocess.run(
            command,
            cwd=where,
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            timeout=60,
            check=False,
        )

    def logged_in(self, *arguments: str, **given: Any) -> str:
        done = self.run(*arguments, **given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def calls(self) -> list[str]:
        file = self.home / "calls"
        return [line.split()[1] for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def arguments(self) -> str:
        return (self.home / "calls").read_text()

    def tokens(self) -> int:
        return self.calls.count("get-authorization-token")

    def read(self, path: str) -> str:
        return (self.home / path).read_text()

    def expire(self, seconds: int) -> None:
        """Let the token have so many seconds left."""
        (file,) = [one for one in self.state.iterdir() if one.is_file() and one.suffix != ".endpoint" and not one.name.startswith("pip.")]
        file.write_text(f"{int(time.time()) + seconds}\n{file.read_text().splitlines()[1]}\n")

    @property
    def state(self) -> Path:
        return self.home / ".local/state/package-login"


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    made = Laptop(tmp_path)
    for folder in ("bin", "project/packages/api"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "bin" / "aws").write_text(AWS)
    (tmp_path / "bin" / "aws").chmod(0o755)
    made.settings()
    return made


# --- the token ------------------------------------------------------------------------------------------------------------------------


def test_a_token_is_asked_for_once_for_all_tools_and_repositories(laptop):
    laptop.logged_in("npm", "maven")
    laptop.logged_in("npm", "maven")
    laptop.logged_in("npm", PACKAGE_LOGIN_REPOSITORY="shared")
    assert laptop.tokens() == 1
    assert "--duration-seconds 3600" in laptop.arguments and "--profile packages" in laptop.arguments
    assert "--domain acme --domain-owner 111122223333 --region eu-west-1" in laptop.arguments


@pytest.mark.parametrize(("left", "renewed"), [(3000, False), (660, False), (599, True), (-5, True)])
def test_it_is_renewed_when_it_is_about_to_expire(laptop, left, renewed):
    laptop.logged_in("npm")
    laptop.expire(left)
    laptop.logged_in("npm")
    assert laptop.tokens() == (2 if renewed else 1)
    assert f"_authToken=token-{2 if renewed else 1}\n" in laptop.read(".npmrc")


def test_the_margin_is_a_setting(laptop):
    laptop.logged_in("npm")
    laptop.expire(900)
    laptop.logged_in("npm", PACKAGE_LOGIN_MARGIN="800")
    assert laptop.tokens() == 1
    laptop.logged_in("npm", PACKAGE_LOGIN_MARGIN="1000")
    assert laptop.tokens() == 2


def test_a_token_of_another_domain_or_profile_is_another(laptop):
    for changed in ({}, {"PACKAGE_LOGIN_DOMAIN": "acme-dev"}, {"PACKAGE_LOGIN_PROFILE": "other"}, {"PACKAGE_LOGIN_REGION": "eu-central-1"}):
        laptop.logged_in("npm", **changed)
    assert laptop.tokens() == 4


def test_files_with_a_token_are_the_users_alone(laptop):
    laptop.logged_in("--default", *TOOLS)
    holding = [file for file in laptop.home.rglob("*") if file.is_file() and "token-1" in file.read_text()]
    assert len(holding) == 10, holding
    for file in holding:
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
    assert "token-1" not in laptop.read(".m2/settings.xml") + laptop.read(".gradle/init.d/package-login.gradle")


def test_without_a_profile_the_environments_credentials_are_used(laptop):
    laptop.settings(profile="")
    laptop.logged_in("npm")
    assert "--profile" not in laptop.arguments


@pytest.mark.parametrize("words", ["An error occurred (AccessDeniedException)", "Error when retrieving token from sso: Token has expired"])
def test_a_failure_is_told_and_leaves_what_was_there(laptop, words):
    laptop.logged_in("npm")
    before = laptop.read(".npmrc")
    laptop.expire(0)
    (laptop.home / "fail").write_text(f"{words}\n")
    failed = laptop.run("npm")
    assert failed.returncode == 1 and words in failed.stderr and "no token of domain acme" in failed.stderr
    assert laptop.read(".npmrc") == before and "sso login" not in laptop.arguments, "nobody is there to sign in"


def test_on_a_terminal_it_signs_in_again_where_that_is_what_is_missing(laptop):
    ours, terminal = os.openpty()
    try:
        (laptop.home / "fail").write_text("Error loading SSO Token: Token for packages does not exist")
        assert laptop.run("npm", stderr=terminal).returncode == 0
        assert "sso login --profile packages" in laptop.arguments and "token-" in laptop.read(".npmrc")
        laptop.expire(0)
        (laptop.home / "calls").unlink()
        (laptop.home / "fail").write_text("An error occurred (AccessDeniedException)")
        assert laptop.run("npm", stderr=terminal).returncode == 1
        assert "sso login" not in laptop.arguments, "signing in would not help"
    finally:
        os.close(ours)
        os.close(terminal)


# --- settings -------------------------------------------------------------------------------------------------------------------------


def test_settings_come_from_the_nearest_file_and_the_environment_wins(laptop):
    (laptop.home / "project/packages/.package-login").write_text("# nearer\n" + "".join(f"{k} = {v} \n" for k, v in SETTINGS.items()))
    (laptop.home / "project/.package-login").write_text("domain=far\n")
    laptop.logged_in("npm", folder="project/packages/api")
    assert "--domain acme " in laptop.arguments
    laptop.logged_in("npm", folder="project/packages/api", PACKAGE_LOGIN_DOMAIN="mine")
    assert "--domain mine " in laptop.arguments


def test_settings_of_the_user_where_no_folder_has_any(laptop):
    config = laptop.home / ".config"
    config.mkdir()
    (laptop.home / "project/.package-login").rename(config / "package-login")
    laptop.logged_in("npm")
    assert laptop.tokens() == 1


def test_settings_are_read_and_never_run(laptop):
    laptop.settings(repository="$(touch ran)")
    refused = laptop.run("npm")
    assert refused.returncode == 1 and "repository: got '$(touch ran)'" in refused.stderr
    laptop.settings(repository="payments;touch ran")
    assert laptop.run("npm").returncode == 1
    assert not list(laptop.home.rglob("ran"))


@pytest.mark.parametrize("missing", ["domain", "owner", "region", "repository"])
def test_what_is_missing_is_named(laptop, missing):
    laptop.settings(**{missing: ""})
    refused = laptop.run("npm")
    assert refused.returncode == 1 and f"no {missing}: set it in .package-login or in PACKAGE_LOGIN_{missing.upper()}" in refused.stderr
    assert laptop.calls == []


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (("gem",), {}, "got tool 'gem'; expected some of: npm pnpm yarn"),
        (("logout", "gem"), {}, "got tool 'gem'; expected some of: npm pnpm yarn"),
        (("--force",), {}, "got option --force; expected --default, a tool or a command"),
        (("npm",), {"PACKAGE_LOGIN_SCOPES": "acme"}, "scopes: got 'acme'; expected an npm scope such as @acme"),
        (("run",), {}, "run: got no command"),
        (("npm",), {"PACKAGE_LOGIN_DURATION": "1h"}, "got '1h', '600'; expected whole seconds"),
        (("npm",), {"PACKAGE_LOGIN_MARGIN": "3600"}, "margin: got 3600; expected less than duration (3600)"),
    ],
)
def test_what_it_refuses(laptop, arguments, environment, words):
    refused = laptop.run(*arguments, **environment)
    assert refused.returncode == 1 and words in refused.stderr and laptop.calls == []


# --- tools ----------------------------------------------------------------------------------------------------------------------------


NPM = f"https://{HOST}/npm/payments/"
AUTH = f"//{HOST}/npm/payments/:_authToken"
BY_SCOPE = f"# >>> package-login npm\n@acme:registry={NPM}\n@acme-payments:registry={NPM}\n{AUTH}=token-1\n# <<< package-login npm\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_npm_gets_the_private_scopes_and_keeps_its_registry(laptop, shell):
    laptop.shell = shell
    laptop.logged_in("npm")
    assert laptop.read(".npmrc") == BY_SCOPE


@pytest.mark.parametrize("shell", SHELLS)
def test_npm_gets_one_registry_where_that_is_wanted(laptop, shell):
    laptop.shell = shell
    laptop.logged_in("--default", "npm")
    assert f"\nregistry={NPM}\n" in laptop.read(".npmrc")


def test_without_scopes_npm_is_not_logged_in(laptop):
    laptop.settings(scopes="")
    refused = laptop.run("npm")
    assert refused.returncode == 1 and "no scopes: list the private ones in .package-login" in refused.stderr
    assert not (laptop.home / ".npmrc").exists()
    laptop.logged_in("--default", "npm")


def test_npm_keeps_what_others_wrote(laptop):
    dotfiles = laptop.home / "dotfiles"
    others = "; mine\nfund=false\nregistry = https://registry.npmjs.org/\n//x/:_authToken=x\n"
    dotfiles.write_text(others)
    (laptop.home / ".npmrc").symlink_to(dotfiles)
    for _ in range(2):
        laptop.logged_in("npm")
        assert dotfiles.read_text() == others + BY_SCOPE
    laptop.logged_in("logout", "npm")
    assert dotfiles.read_text() == others
    assert (laptop.home / ".npmrc").is_symlink()


def test_npm_itself_understands_it(laptop):
    if shutil.which("npm") is None:
        pytest.skip("needs npm")
    (laptop.home / ".npmrc").write_text("registry=https://mine.example/\n")
    environment = {"HOME": str(laptop.home), "PATH": os.environ["PATH"]}

    def registry(key: str = "registry") -> str:
        command = ["npm", "config", "get", key]
        return subprocess.run(command, cwd=laptop.home, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    laptop.logged_in("npm")
    assert (registry(), registry("@acme:registry")) == ("https://mine.example/", NPM)
    laptop.logged_in("--default", "npm")
    assert registry() == NPM
    laptop.logged_in("logout", "npm")
    assert registry() == "https://mine.example/"


def test_a_tool_that_was_logged_out_is_logged_in_again(laptop):
    laptop.logged_in("npm")
    (laptop.home / ".npmrc").unlink()
    laptop.logged_in("npm")
    assert "token-1" in laptop.read(".npmrc") and laptop.tokens() == 1


PYTHON = """#!/bin/sh
case "$*" in
    *'import keyrings.codeartifact'*) [ -e "$HOME/keyring" ] ;;
    *config_root*) echo "$HOME/keyringrc.cfg" ;;
    '-m pip --version') ;;
    '-m pip config --user get global.index-url') cat "$HOME/pip-index" ;;
    '-m pip config --user --quiet set global.index-url '*) echo "$*" >>"$HOME/pip-calls"; echo "$8" >"$HOME/pip-index" ;;
    '-m pip config --user --quiet unset global.index-url') rm "$HOME/pip-index" ;;
    *) exit 9 ;;
esac
"""


@pytest.fixture
def pip(laptop: Laptop) -> None:
    """A Python whose pip has an index of its owner's."""
    (laptop.home / "bin/python3").write_text(PYTHON)
    (laptop.home / "bin/python3").chmod(0o755)
    (laptop.home / "pip-index").write_text("https://mine.example/simple\n")


OTHERS_NETRC = "machine example.org login me password x\n"


@pytest.mark.usefixtures("pip")
def test_pip_finds_the_token_in_netrc(laptop):
    (laptop.home / ".netrc").write_text(OTHERS_NETRC)
    for _ in range(2):
        laptop.logged_in("--default", "pip")
    assert laptop.read(".netrc") == f"{OTHERS_NETRC}machine {HOST} login aws password token-1\n"
    assert laptop.read("pip-calls") == f"-m pip config --user --quiet set global.index-url https://{HOST}/pypi/payments/simple/\n", "once"
    laptop.expire(0)
    laptop.logged_in("--default", "pip")
    assert laptop.read(".netrc").endswith("password token-2\n") and laptop.read(".netrc").count(HOST) == 1
    laptop.logged_in("logout", "pip")
    assert laptop.read(".netrc") == OTHERS_NETRC
    assert laptop.read("pip-index") == "https://mine.example/simple\n"


@pytest.mark.usefixtures("pip")
def test_pips_index_stays_unless_that_is_wanted_and_it_says_so(laptop):
    warned = laptop.run("pip").stderr
    assert "pip has no scopes: it asks the public registry for private names too" in warned
    assert laptop.read("pip-index") == "https://mine.example/simple\n" and "token-1" in laptop.read(".netrc")
    laptop.logged_in("--default", "pip")
    (laptop.home / "pip-index").write_text("https://newer.example/simple\n")
    laptop.logged_in("logout", "pip")
    assert laptop.read("pip-index") == "https://newer.example/simple\n", "somebody else's by now"


@pytest.mark.usefixtures("pip")
def test_pip_with_keyrings_codeartifact_gets_no_token_from_here(laptop):
    (laptop.home / "keyring").touch()
    laptop.logged_in("--default", "pip", PACKAGE_LOGIN_DURATION="1800")
    assert f"https://aws@{HOST}/pypi/payments/simple/" in laptop.read("pip-calls")
    assert laptop.read("keyringrc.cfg") == "[codeartifact]\ntoken_duration=1800\nprofile_name=packages\n"
    assert not (laptop.home / ".netrc").exists()
    laptop.logged_in("pip", PACKAGE_LOGIN_DURATION="1800")
    assert laptop.read("keyringrc.cfg").count("[codeartifact]") == 1


def test_maven_reads_the_token_from_the_environment(laptop):
    laptop.logged_in("maven")
    made = laptop.read(".m2/package-login.xml")
    assert f"<url>https://{HOST}/maven/payments/</url>" in made and "<password>${env.CODEARTIFACT_AUTH_TOKEN}</password>" in made
    assert not (laptop.home / ".m2/settings.xml").exists()
    shown = laptop.logged_in("run", "sh", "-c", "echo token is $CODEARTIFACT_AUTH_TOKEN, $MAVEN_ARGS")
    assert shown == f"token is token-1, --settings {laptop.home}/.m2/package-login.xml\n"


def test_mavens_settings_of_others_are_not_overwritten(laptop):
    (laptop.home / ".m2").mkdir()
    file = laptop.home / ".m2/settings.xml"
    file.write_text("<settings/>")
    refused = laptop.run("--default", "maven")
    assert refused.returncode == 1 and "is there already and not of package-login" in refused.stderr and file.read_text() == "<settings/>"
    file.write_text("<settings><password>${env.CODEARTIFACT_AUTH_TOKEN}</password></settings>")
    laptop.logged_in("--default", "maven")
    laptop.logged_in("logout")
    assert file.exists()


TOOLS = (
    "npm",
    "pnpm",
    "yarn",
    "yarn-berry",
    "bun",
    "uv",
    "poetry",
    "twine",
    "maven",
    "gradle",
    "sbt",
    "nuget",
    "cargo",
    "swift",
    "ruby",
    "generic",
)
# Files of the user's, as they were before.
MINE = {
    ".npmrc": "fund=false\n",
    ".yarnrc.yml": "enableTelemetry: false\n",
    ".netrc": OTHERS_NETRC,
    ".config/uv/uv.toml": "native-tls = true\n",
    ".cargo/config.toml": "[net]\nretry = 3\n",
    ".bundle/config": '---\nBUNDLE_JOBS: "4"\n',
    ".gemrc": "gem: --no-document\n",
}


@pytest.mark.parametrize("default", [(), ("--default",)], ids=["scopes", "default"])
def test_a_logout_takes_away_what_a_login_wrote_and_nothing_else(laptop, default):
    for name, text in MINE.items():
        (laptop.home / name).parent.mkdir(parents=True, exist_ok=True)
        (laptop.home / name).write_text(text)
    before = files(laptop)
    laptop.logged_in(*default, *TOOLS)
    during = files(laptop)
    assert {name for name in MINE if during[name] != MINE[name]} == (set(MINE) if default else set(MINE) - {".config/uv/uv.toml", ".gemrc"})
    assert all(text in during[name] for name, text in MINE.items())
    laptop.logged_in("logout")
    assert files(laptop) == before
    assert laptop.logged_in("status") == "acme: no token\n"


def files(laptop: Laptop) -> dict[str, str]:
    """What is in HOME, but for package-login's own notes and those of the stand-in."""
    found = {str(file.relative_to(laptop.home)): file.read_text() for file in laptop.home.rglob("*") if file.is_file()}
    return {name: text for name, text in found.items() if not name.startswith((".local/", "bin/", "calls"))}


def test_a_logout_of_one_tool_leaves_the_others(laptop):
    laptop.logged_in("npm", "yarn-berry", "cargo")
    laptop.logged_in("logout", "npm")
    assert not (laptop.home / ".npmrc").exists()
    assert "token-1" in laptop.read(".yarnrc.yml") + laptop.read(".cargo/credentials.toml")


def test_a_file_of_ours_that_was_changed_since_stays(laptop):
    laptop.logged_in("--default", "nuget")
    file = laptop.home / ".nuget/NuGet/NuGet.Config"
    file.write_text("changed")
    assert "was changed since the login; it stays" in laptop.run("logout", "nuget").stderr
    assert file.read_text() == "changed"


@pytest.mark.parametrize(
    ("tool", "file", "text"),
    [
        ("yarn-berry", ".yarnrc.yml", "npmScopes:\n  x: {}\n"),
        ("uv", ".config/uv/uv.toml", '[[index]]\nurl = "x"\ndefault = true\n'),
        ("twine", ".pypirc", "[pypi]\nusername = x\n"),
        ("cargo", ".cargo/config.toml", '[source.crates-io]\nreplace-with = "x"\n'),
        ("swift", ".swiftpm/configuration/registries.json", "{}"),
        ("ruby", ".gemrc", ":sources:\n- https://x.example\n"),
        ("gradle", ".gradle/init.d/package-login.gradle", "// mine\n"),
    ],
)
def test_settings_of_others_that_may_stand_there_once_only_are_not_overwritten(laptop, tool, file, text):
    (laptop.home / file).parent.mkdir(parents=True, exist_ok=True)
    (laptop.home / file).write_text(text)
    refused = laptop.run("--default", tool)
    assert refused.returncode == 1 and str(laptop.home / file) in refused.stderr
    assert laptop.read(file) == text


@pytest.mark.parametrize("tool", ["uv", "pdm", "poetry", "twine", "maven", "sbt", "gradle", "nuget", "swift", "ruby"])
def test_a_tool_without_scopes_says_that_it_asks_elsewhere(laptop, tool):
    assert "package-login: warning: " in laptop.run(tool).stderr


def test_what_clients_that_are_not_here_get_is_what_their_makers_document(laptop):
    """AWS's User Guide for cargo, Swift, NuGet and Ruby; sbt's and Gradle's own pages. The clients that can be had are run elsewhere."""
    laptop.logged_in("--default", *TOOLS)
    with (laptop.home / ".cargo/config.toml").open("rb") as file:
        assert tomllib.load(file) == {
            "registries": {"codeartifact": {"index": f"sparse+https://{HOST}/cargo/payments/", "credential-provider": "cargo:token"}},
            "source": {"crates-io": {"replace-with": "codeartifact"}},
        }
    with (laptop.home / ".cargo/credentials.toml").open("rb") as file:
        assert tomllib.load(file) == {"registries": {"codeartifact": {"token": "Bearer token-1"}}}
    registries = json.loads(laptop.read(".swiftpm/configuration/registries.json"))
    assert registries["registries"]["[default]"]["url"] == f"https://{HOST}/swift/payments/"
    nuget = ElementTree.parse(laptop.home / ".nuget/NuGet/NuGet.Config").getroot()
    assert [one.tag for one in nuget[0]] == ["clear", "add"], "no source but ours"
    assert nuget[0][1].get("value") == f"https://{HOST}/nuget/payments/v3/index.json"
    assert {one.get("key"): one.get("value") for one in nuget[1][0]} == {"Username": "aws", "ClearTextPassword": "token-1"}
    assert laptop.read(".sbt/package-login.repositories") == f"[repositories]\n  local\n  codeartifact: https://{HOST}/maven/payments/\n"
    assert laptop.read(".sbt/package-login.credentials") == f"realm=acme/payments\nhost={HOST}\nuser=aws\npassword=token-1\n"
    assert f"uri('https://{HOST}/maven/payments/')" in laptop.read(".gradle/init.d/package-login.gradle")


def test_bundler_and_gem_read_it(laptop):
    if shutil.which("bundle") is None or shutil.which("gem") is None:
        pytest.skip("Ruby is not on PATH")
    laptop.logged_in("--default", "ruby")

    def printed(*command: str) -> str:
        environment = {"HOME": str(laptop.home), "PATH": os.environ["PATH"]}
        return subprocess.run(command, cwd=laptop.home, env=environment, capture_output=True, text=True, check=True).stdout

    assert '"aws:' in printed("bundle", "config", "get", HOST)
    assert f"https://{HOST}/ruby/payments/" in printed("bundle", "config", "get", "mirror.https://rubygems.org/")
    sources = printed("gem", "sources")
    assert f"{HOST}/ruby/payments/" in sources and "rubygems.org" not in sources


def test_without_a_tool_it_takes_those_that_are_installed(laptop):
    tools = laptop.home / "tools"
    tools.mkdir()
    for name in ("sh", "sed", "tr", "mkdir", "date", "cat", "mv", "rm", "grep", "awk", "dirname", "chmod", "cksum", "find", "mktemp"):
        (tools / name).symlink_to(str(shutil.which(name)))
    nothing = laptop.run(path=str(tools))
    assert nothing.returncode == 1 and "none of the tools is on PATH" in nothing.stderr
    for name in ("npm", "mvn"):
        (tools / name).symlink_to(str(shutil.which("true")))
    assert "acme: npm maven logged in" in laptop.logged_in(path=str(tools))


# --- hooks ----------------------------------------------------------------------------------------------------------------------------


def test_env_is_for_a_shell_to_evaluate(laptop):
    told = laptop.logged_in("env")
    assert told.startswith("export CODEARTIFACT_AUTH_TOKEN='token-1'\n")
    shown = subprocess.run(
        ["sh", "-c", f"{told}echo $CODEARTIFACT_AUTH_TOKEN $CODEARTIFACT_NUGET_ENDPOINT $UV_DEFAULT_INDEX"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == f"token-1 https://{HOST}/nuget/payments/ https://{HOST}/pypi/payments/simple/\n"
    assert laptop.logged_in("env", "powershell").startswith("$env:CODEARTIFACT_AUTH_TOKEN = 'token-1'\n")


def test_run_points_every_tool_at_the_registry_for_one_command(laptop):
    shown = laptop.logged_in("run", "sh", "-c", "echo $NPM_CONFIG_REGISTRY $PIP_INDEX_URL")
    assert shown == f"{NPM} https://{HOST}/pypi/payments/simple/\n"
    assert f"machine {HOST} login aws password token-1" in laptop.read(".netrc"), "pip finds the token there"


def test_status(laptop):
    assert laptop.logged_in("status") == "acme: no token\n" and laptop.calls == []
    laptop.logged_in("npm")
    laptop.expire(1830)
    assert laptop.logged_in("status") == "acme: 30 min left\n"


def test_help_says_what_it_takes(laptop):
    told = laptop.logged_in("--help")
    assert "package-login run COMMAND" in told and "set -eu" not in told
    assert all(key in told for key in (*SETTINGS, "duration", "margin"))


def test_run_ends_as_the_command_does(laptop):
    assert laptop.run("run", "sh", "-c", "exit 7").returncode == 7


def test_the_starter_for_windows_runs_the_script_beside_it():
    """What of it can be looked at without Windows: cmd.exe wants CRLF, and the shell's status is its own."""
    lines = (SCRIPT.parent / "package-login.cmd").read_bytes().split(b"\r\n")
    assert lines[-1] == b"" and not any(b"\n" in line for line in lines)
    assert b'"%SH%" "%~dp0package-login" %*' in lines and lines[-2] == b"exit /b %ERRORLEVEL%"
    assert b"\r" not in SCRIPT.read_bytes()
    assert lines[6].count(b"%%~dp$PATH:I") == 2, "a loop's variable has two signs in a file"
