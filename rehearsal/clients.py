"""The clients that people and jobs use: the AWS CLI, npm, pip, twine, mvn, and AWS's SDK where a call has no client of its own.

Each client has a HOME of its own and an environment with nothing in it but what a job would have.
"""

import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from policies.owned_names import Format
from rehearsal.control import Control
from rehearsal.processes import has_cargo, scrubbed
from rehearsal.scenario import Denied, Skipped

_TIMEOUT = 120
# What AWS answers to a caller that it knows. One whose credentials are wrong or have expired was not denied.
_REFUSAL_CODES = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
# What STS answers to a token that is not GitHub's, is for another audience, or has expired.
UNACCEPTABLE_TOKEN = {"InvalidIdentityToken", "ExpiredTokenException"}
_NPM_QUIET = {"NPM_CONFIG_AUDIT": "false", "NPM_CONFIG_FUND": "false", "NPM_CONFIG_UPDATE_NOTIFIER": "false"}
# Nothing that is installed into a folder of its own can conflict with what this interpreter has. "0" is how pip reads a --no-... from the
# environment (https://pip.pypa.io/en/stable/topics/configuration/#boolean-options).
_PIP_QUIET = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_NO_WARN_CONFLICTS": "0"}


# One session, so that service descriptions are read once; making a client of it is not safe in two threads at a time.
_SESSION = boto3.session.Session()
_CREATING = threading.Lock()
_TOOL_VERSION_LOCK = threading.Lock()


class CommandFailed(RuntimeError):
    """A client failed for a reason that is not a refusal. `output` is all it printed; the message has the end of it."""

    def __init__(self, command: Sequence[str], status: int, output: str) -> None:
        super().__init__(f"{' '.join(_without_secrets(command))}: status {status}: {output[-600:]}")
        self.output = output


@dataclass(frozen=True)
class Credentials:
    """Temporary or permanent AWS credentials."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""

    def environment(self) -> dict[str, str]:
        """As the AWS CLI and SDKs read them."""
        named = {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_SESSION_TOKEN": self.session_token,
        }
        return {name: value for name, value in named.items() if value}


def needs(program: str) -> None:
    """Raises Skipped if a program is not on this machine."""
    if shutil.which(program, path=scrubbed()["PATH"]) is None:
        raise Skipped(f"{program} is not on PATH; install it")
    if program == "cargo" and not has_cargo():
        raise Skipped("cargo is there and does not run: install a toolchain (rustup default stable), or say where it is (RUSTUP_HOME)")


# What builds a package of each format: the publishing workflow's input, the command, and the version in its output.
_TOOLS = {
    Format.NPM: ("node-version", ("node", "--version"), r"v(\d+)"),
    Format.PYPI: ("python-version", ("python", "--version"), r"Python (\d+\.\d+)"),
    Format.MAVEN: ("java-version", ("java", "-version"), r'version "(\d+)'),
}
# The others take no version of a tool, and are built by what the runner has.


def tool_version(format: Format) -> dict[str, str]:
    """The version of this machine's tool, as input of the publishing workflow; nothing if there is no such tool."""
    # Concurrent jobs wait for the first call.
    with _TOOL_VERSION_LOCK:
        return _tool_version(format)


@cache
def _tool_version(format: Format) -> dict[str, str]:
    if format not in _TOOLS:
        return {}
    name, command, pattern = _TOOLS[format]
    if not shutil.which(command[0], path=scrubbed()["PATH"]):
        return {}
    answer = subprocess.run(command, capture_output=True, text=True, env=scrubbed(), check=False)
    match = re.search(pattern, answer.stdout + answer.stderr)
    return {name: match[1]} if match else {}


def own_registries() -> dict[str, str]:
    """The registries that this machine's npm and pip are set to, as variables for a process that has a HOME of its own."""
    commands = {"NPM_CONFIG_REGISTRY": ("npm", "config", "get", "registry"), "PIP_INDEX_URL": ("pip", "config", "get", "global.index-url")}
    answers = {
        name: subprocess.run(command, capture_output=True, text=True, check=False)
        for name, command in commands.items()
        if shutil.which(command[0])
    }
    return {name: answer.stdout.strip() for name, answer in answers.items() if answer.returncode == 0 and answer.stdout.strip()}


@cache
def http() -> httpx.Client:
    """One HTTP client for everybody who sends credentials of their own with each request: creating a client costs more than a request."""
    return httpx.Client(trust_env=False, timeout=30)


def aws(endpoint: str, region: str, service: str, credentials: Credentials | None) -> Any:
    """An SDK client of the local cloud that tries once; None = unsigned calls."""
    named = (
        {"config": Config(signature_version=UNSIGNED, retries={"max_attempts": 0})}
        if credentials is None
        else {
            "config": Config(retries={"max_attempts": 0}),
            "aws_access_key_id": credentials.access_key_id,
            "aws_secret_access_key": credentials.secret_access_key,
            "aws_session_token": credentials.session_token or None,
        }
    )
    with _CREATING:
        return _SESSION.client(service, endpoint_url=endpoint, region_name=region, **named)


def call(attempt: Callable[..., Any], *, refusals: Collection[str] = (), **parameters: Any) -> Any:
    """Call an operation of the SDK. Raises Denied if AWS refuses, with a code that says so or is one of `refusals`; other errors pass."""
    try:
        return attempt(**parameters)
    except ClientError as error:
        if error.response["Error"]["Code"] in {*_REFUSAL_CODES, *refusals}:
            raise Denied(f"{error.response['Error']['Code']}: {error.response['Error']['Message']}") from None
        raise


@dataclass(frozen=True)
class Shell:
    """A place to run clients in: a HOME (also the working directory), an environment, and the record of what the local cloud refuses."""

    home: Path
    environment: Mapping[str, str]
    control: Control

    @classmethod
    def new(
        cls, home: Path, control: Control, *, endpoint: str, region: str, credentials: Credentials | None = None, **extra: str
    ) -> "Shell":
        """A fresh HOME with an AWS configuration that knows the local cloud."""
        home.mkdir(parents=True)
        named = {"HOME": str(home), "AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": region, "AWS_EC2_METADATA_DISABLED": "true"}
        given = credentials.environment() if credentials else {}
        return cls(home, scrubbed({**named, **_NPM_QUIET, **_PIP_QUIET, **given, **extra}), control)

    def run(self, *command: str, folder: Path | None = None) -> str:
        """Run a client. Returns what it printed; raises Denied if the cloud refused what it did, CommandFailed if it failed otherwise."""
        needs(command[0])
        before = self.control.position()
        done = subprocess.run(
            command, cwd=folder or self.home, env=dict(self.environment), capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
        output = done.stdout + done.stderr
        if done.returncode == 0:
            return output
        if why := self.control.refusal_in(output, before):
            raise Denied(why)
        raise CommandFailed(command, done.returncode, output)


def _without_secrets(command: Sequence[str]) -> list[str]:
    return [word if len(word) < 200 else f"{word[:20]}..." for word in command]
