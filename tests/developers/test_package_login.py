"""developers/package-login in sh, dash and bash, with a stand-in for the AWS CLI that counts its calls, and the real npm and pip."""

import os
import shutil
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "developers" / "package-login"
SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)]
SETTINGS = {"domain": "acme", "owner": "111122223333", "region": "eu-west-1", "repository": "payments", "profile": "packages"}
# Writes its arguments to a file; a token differs each time; what is in `fail` is told and fails the call.
AWS = """#!/bin/sh
echo "$*" >>"$HOME/calls"
if [ "$1 $2" = 'sso login' ]; then rm -f "$HOME/fail"; exit 0; fi
if [ -s "$HOME/fail" ]; then cat "$HOME/fail" >&2; exit 255; fi
case $2 in
    get-authorization-token) echo "token-$(grep -c get-authorization-token "$HOME/calls")" ;;
    get-repository-endpoint)
        format=$(printf '%s\\n' "$*" | sed 's/.*--format \\([a-z]*\\).*/\\1/')
        echo "https://acme-111122223333.d.codeartifact.eu-west-1.amazonaws.com/$format/payments/" ;;
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
        (file,) = [one for one in self.state.iterdir() if one.suffix != ".endpoint" and one.name != "pip.index"]
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
    laptop.logged_in("npm", "maven")
    for file in (*laptop.state.iterdir(), laptop.home / ".npmrc"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
    assert "token-1" not in laptop.read(".m2/settings.xml")


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
        (("yarn",), {}, "got tool 'yarn'; expected npm, pip or maven"),
        (("--force",), {}, "got option --force; expected a tool or a command"),
        (("run",), {}, "run: got no command"),
        (("npm",), {"PACKAGE_LOGIN_DURATION": "1h"}, "got '1h', '600'; expected whole seconds"),
        (("npm",), {"PACKAGE_LOGIN_MARGIN": "3600"}, "margin: got 3600; expected less than duration (3600)"),
    ],
)
def test_what_it_refuses(laptop, arguments, environment, words):
    refused = laptop.run(*arguments, **environment)
    assert refused.returncode == 1 and words in refused.stderr and laptop.calls == []


# --- tools ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_npm(laptop, shell):
    laptop.shell = shell
    laptop.logged_in("npm")
    assert laptop.read(".npmrc") == f"registry=https://{HOST}/npm/payments/\n//{HOST}/npm/payments/:_authToken=token-1\n"


def test_npm_keeps_what_others_wrote(laptop):
    dotfiles = laptop.home / "dotfiles"
    dotfiles.write_text(
        f"; mine\nfund=false\nregistry = https://registry.npmjs.org/\n//{HOST}/npm/payments/:_authToken=old\n//x/:_authToken=x\n"
    )
    (laptop.home / ".npmrc").symlink_to(dotfiles)
    laptop.logged_in("npm")
    kept = "; mine\nfund=false\n//x/:_authToken=x\n"
    assert dotfiles.read_text() == f"{kept}registry=https://{HOST}/npm/payments/\n//{HOST}/npm/payments/:_authToken=token-1\n"
    assert (laptop.home / ".npmrc").is_symlink()


def test_npm_itself_understands_it(laptop):
    if shutil.which("npm") is None:
        pytest.skip("needs npm")
    laptop.logged_in("npm")
    environment = {"HOME": str(laptop.home), "PATH": os.environ["PATH"]}
    told = subprocess.run(
        ["npm", "config", "get", "registry"], cwd=laptop.home, env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == f"https://{HOST}/npm/payments/"


def test_a_tool_that_was_logged_out_is_logged_in_again(laptop):
    laptop.logged_in("npm")
    (laptop.home / ".npmrc").unlink()
    laptop.logged_in("npm")
    assert "token-1" in laptop.read(".npmrc") and laptop.tokens() == 1


PYTHON = """#!/bin/sh
case "$*" in
    *'import keyrings.codeartifact'*) [ -e "$HOME/keyring" ] ;;
    *config_root*) echo "$HOME/keyringrc.cfg" ;;
    '-m pip config --user set global.index-url '*) echo "$*" >>"$HOME/pip-calls" ;;
    *) exit 9 ;;
esac
"""


def test_pip_finds_the_token_in_netrc(laptop):
    (laptop.home / "bin/python3").write_text(PYTHON)
    (laptop.home / "bin/python3").chmod(0o755)
    (laptop.home / ".netrc").write_text("machine example.org login me password x\n")
    for _ in range(2):
        laptop.logged_in("pip")
    assert laptop.read(".netrc") == f"machine example.org login me password x\nmachine {HOST} login aws password token-1\n"
    assert laptop.read("pip-calls") == f"-m pip config --user set global.index-url https://{HOST}/pypi/payments/simple/\n", "once"
    laptop.expire(0)
    laptop.logged_in("pip")
    assert laptop.read(".netrc").endswith("password token-2\n") and laptop.read(".netrc").count(HOST) == 1


def test_pip_with_keyrings_codeartifact_gets_no_token_from_here(laptop):
    (laptop.home / "bin/python3").write_text(PYTHON)
    (laptop.home / "bin/python3").chmod(0o755)
    (laptop.home / "keyring").touch()
    laptop.logged_in("pip", PACKAGE_LOGIN_DURATION="1800")
    assert f"https://aws@{HOST}/pypi/payments/simple/" in laptop.read("pip-calls")
    assert laptop.read("keyringrc.cfg") == "[codeartifact]\ntoken_duration=1800\nprofile_name=packages\n"
    assert not (laptop.home / ".netrc").exists()
    laptop.logged_in("pip", PACKAGE_LOGIN_DURATION="1800")
    assert laptop.read("keyringrc.cfg").count("[codeartifact]") == 1


def test_maven_reads_the_token_from_the_environment(laptop):
    laptop.logged_in("maven")
    made = laptop.read(".m2/settings.xml")
    assert f"<url>https://{HOST}/maven/payments/</url>" in made and "<password>${env.CODEARTIFACT_AUTH_TOKEN}</password>" in made
    assert laptop.logged_in("run", "sh", "-c", "echo token is $CODEARTIFACT_AUTH_TOKEN") == "token is token-1\n"


def test_mavens_settings_of_others_are_not_overwritten(laptop):
    (laptop.home / ".m2").mkdir()
    file = laptop.home / ".m2/settings.xml"
    file.write_text("<settings/>")
    refused = laptop.run("maven")
    assert refused.returncode == 1 and "env.CODEARTIFACT_AUTH_TOKEN" in refused.stderr and file.read_text() == "<settings/>"
    file.write_text("<settings><password>${env.CODEARTIFACT_AUTH_TOKEN}</password></settings>")
    laptop.logged_in("maven")


def test_without_a_tool_it_takes_those_that_are_installed(laptop):
    tools = laptop.home / "tools"
    tools.mkdir()
    for name in ("sh", "sed", "tr", "mkdir", "date", "cat", "mv", "rm", "grep", "awk", "dirname", "chmod"):
        (tools / name).symlink_to(str(shutil.which(name)))
    nothing = laptop.run(path=str(tools))
    assert nothing.returncode == 1 and "none of npm, pip and mvn" in nothing.stderr
    for name in ("npm", "mvn"):
        (tools / name).symlink_to(str(shutil.which("true")))
    assert "acme: npm maven logged in" in laptop.logged_in(path=str(tools))


# --- hooks ----------------------------------------------------------------------------------------------------------------------------


def test_env_is_for_a_shell_to_evaluate(laptop):
    told = laptop.logged_in("env")
    assert told == "export CODEARTIFACT_AUTH_TOKEN='token-1'\n"
    shown = subprocess.run(["sh", "-c", f"{told}echo $CODEARTIFACT_AUTH_TOKEN"], capture_output=True, text=True, check=True)
    assert shown.stdout == "token-1\n"


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
