"""The script that fetches a run's credentials, run with the AWS CLI against the local cloud and a GitHub that checks signatures."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from policies.deployments import Access
from rehearsal import bootstrapping, clients, stage
from rehearsal.processes import scrubbed

SCRIPT = stage.PROJECT / "bootstrap" / "credentials.sh"
STACK, INSTALLATION = "dev", 77


class App(BaseHTTPRequestHandler):
    """GitHub's endpoint for installation tokens; each App has a key, and gets a token only for a JWT that this key signed."""

    keys: dict[str, rsa.RSAPublicKey]

    def do_POST(self) -> None:
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            app = jwt.decode(token, options={"verify_signature": False})["iss"]
            claims = jwt.decode(token, self.keys[app], algorithms=["RS256"], options={"require": ["iat", "exp", "iss"]})
            good = claims["exp"] - claims["iat"] <= 600 and self.path == f"/app/installations/{INSTALLATION}/access_tokens"
        except (jwt.PyJWTError, KeyError):
            good = False
        body = json.dumps({"token": f"ghs_{app}"} if good else {"message": "A JSON web token could not be decoded"}).encode()
        self.send_response(201 if good else 401)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def keys() -> dict[str, rsa.RSAPrivateKey]:
    return {str(number): rsa.generate_private_key(public_exponent=65537, key_size=2048) for number in (1, 2)}


@pytest.fixture(scope="module")
def github(keys) -> Iterator[str]:
    App.keys = {app: key.public_key() for app, key in keys.items()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), App)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def cloud(keys) -> Iterator[stage.Cloud]:
    """A bootstrapped account, whose Apps have keys."""
    chosen = stage.Stack(STACK, stage.PROJECT / f"Pulumi.{STACK}.yaml", None)
    settings = chosen.settings()
    with tempfile.TemporaryDirectory() as temporary:
        made = stage.Cloud(settings, Path(temporary), "fixture")
        try:
            stage.company(chosen, settings, made, Path(temporary))
            secrets = clients.aws(made.place.endpoint, made.place.region, "secretsmanager", made.root)
            for access, (app, key) in zip((Access.PREVIEW, Access.DEPLOY), keys.items(), strict=True):
                pem = key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
                )
                value = {"appId": app, "installationId": INSTALLATION, "privateKey": pem.decode()}
                secrets.put_secret_value(SecretId=f"package-flow/{STACK}/github-app-{access}", SecretString=json.dumps(value))
            yield made
        finally:
            made.close()


def run(cloud: stage.Cloud, github: str, folder: Path, operation: str, *, claimed: str = "", **changed: str):
    """As Pulumi Deployments runs it: with the previewing role's credentials and the token of `operation`; the variables that it hands on.

    `claimed` is the operation that the environment says, where that is not the token's.
    """
    bootstrap = cloud.bootstrap
    assert bootstrap is not None and bootstrap.pulumi_cloud is not None
    place = {"organization": bootstrap.pulumi_cloud.organization, "project": "package-flow", "stack": STACK, "operation": operation}
    token = cloud.control.post("pulumi/token", **place)["token"]
    settings = bootstrapping.deployment(cloud.control, bootstrap, STACK)["settings"]["operationContext"]
    session = bootstrapping.assume(cloud.place.endpoint, cloud.place.region, settings["oidc"]["aws"]["roleARN"], token)
    results = folder / "PULUMI_ENV"
    environment = {
        **settings["environmentVariables"],
        **session.environment(),
        "AWS_ENDPOINT_URL": cloud.place.endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "GITHUB_API_URL": github,
        "HOME": str(folder),
        "PULUMI_CI_OPERATION": claimed or operation,
        "PULUMI_OIDC_TOKEN": token,
        "PULUMI_ENV_FILE": str(results),
        **changed,
    }
    command = ["bash", str(SCRIPT)]
    done = subprocess.run(command, cwd=folder, env=scrubbed(environment), capture_output=True, text=True, timeout=120, check=False)
    written = results.read_text().splitlines() if results.exists() else []
    return done, dict(line.split("=", 1) for line in written)


def arn(cloud: stage.Cloud, variables: dict[str, str]) -> str:
    session = clients.Credentials(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], variables["AWS_SESSION_TOKEN"])
    return clients.aws(cloud.place.endpoint, cloud.place.region, "sts", session).get_caller_identity()["Arn"]


def test_an_update_becomes_the_deployer_with_the_app_that_changes(cloud, github, tmp_path):
    done, variables = run(cloud, github, tmp_path, "update")
    assert done.returncode == 0, done.stderr
    assert arn(cloud, variables).endswith(f":assumed-role/{STACK}-deployer/{STACK}-update-0")
    assert variables["GITHUB_TOKEN"] == "ghs_2"
    assert "ghs_" not in done.stdout + done.stderr and variables["AWS_SECRET_ACCESS_KEY"] not in done.stdout + done.stderr


def test_a_preview_stays_what_it_is_with_the_app_that_reads(cloud, github, tmp_path):
    done, variables = run(cloud, github, tmp_path, "preview")
    assert done.returncode == 0, done.stderr
    assert variables == {"GITHUB_TOKEN": "ghs_1"}


def test_a_drift_check_reads_as_a_preview_does_and_runs_the_program(cloud, github, tmp_path):
    done, variables = run(cloud, github, tmp_path, "detect-drift")
    assert done.returncode == 0, done.stderr
    assert variables == {"GITHUB_TOKEN": "ghs_1", "PULUMI_RUN_PROGRAM": "true"}


def test_a_drift_check_that_says_it_is_a_refresh_gets_nothing(cloud, github, tmp_path):
    done, variables = run(cloud, github, tmp_path, "detect-drift", claimed="refresh")
    assert done.returncode != 0
    assert "AWS does not let this run have" in done.stderr
    assert variables == {}


READER = "arn:aws:iam::222233334444:role/reader"


def test_a_preview_looks_at_identity_center_with_the_role_that_reads(cloud, github, tmp_path):
    stack_file = tmp_path / f"Pulumi.{STACK}.yaml"
    shipped = (stage.PROJECT / "Pulumi.prod.yaml").read_text()
    stack_file.write_text(shipped)
    done, _ = run(cloud, github, tmp_path, "preview", PACKAGE_FLOW_IDENTITY_CENTER=READER)
    assert done.returncode == 0, done.stderr
    assert stack_file.read_text() == shipped.replace("arn:aws:iam::222233334444:role/package-flow-permission-sets", READER) != shipped


def test_an_update_does_not(cloud, github, tmp_path):
    stack_file = tmp_path / f"Pulumi.{STACK}.yaml"
    shutil.copy(stage.PROJECT / "Pulumi.prod.yaml", stack_file)
    done, _ = run(cloud, github, tmp_path, "update", PACKAGE_FLOW_IDENTITY_CENTER=READER)
    assert done.returncode == 0, done.stderr
    assert stack_file.read_text() == (stage.PROJECT / "Pulumi.prod.yaml").read_text()


def test_a_stack_file_without_such_a_role_is_told(cloud, github, tmp_path):
    shutil.copy(stage.PROJECT / "Pulumi.dev.yaml", tmp_path / f"Pulumi.{STACK}.yaml")
    done, _ = run(cloud, github, tmp_path, "preview", PACKAGE_FLOW_IDENTITY_CENTER=READER)
    assert done.returncode != 0 and "has no roleArn" in done.stderr


def test_a_preview_that_says_it_is_an_update_gets_nothing(cloud, github, tmp_path):
    done, variables = run(cloud, github, tmp_path, "preview", claimed="update")
    assert done.returncode != 0
    assert "AWS does not let this run have" in done.stderr
    assert variables == {}


def test_an_operation_that_nobody_may_gets_nothing(cloud, github, tmp_path):
    done, variables = run(cloud, github, tmp_path, "update", claimed="remediate-drift")
    assert done.returncode != 0
    assert "no role may 'remediate-drift' this stack" in done.stderr
    assert variables == {}


def test_a_preview_does_not_get_the_key_of_the_app_that_changes(cloud, github, tmp_path):
    done, variables = run(cloud, github, tmp_path, "preview", PACKAGE_FLOW_ACCESS="deploy", PULUMI_OIDC_TOKEN="")
    assert done.returncode != 0
    assert f"the secret package-flow/{STACK}/github-app-deploy can't be read" in done.stderr
    assert variables == {}


def test_a_wrong_key_gets_no_token(cloud, github, tmp_path):
    """The same App, another key: GitHub refuses, and the run ends."""
    good = App.keys["1"]
    App.keys["1"] = App.keys["2"]
    try:
        done, variables = run(cloud, github, tmp_path, "preview")
    finally:
        App.keys["1"] = good
    assert done.returncode != 0
    assert "GitHub gives the App no token" in done.stderr
    assert variables == {}


def test_in_a_workflow_the_token_is_masked_and_handed_on(cloud, github, tmp_path):
    hidden = tmp_path / "github-env"
    hidden.touch()
    done, _ = run(cloud, github, tmp_path, "preview", PULUMI_OIDC_TOKEN="", PACKAGE_FLOW_ACCESS="preview", GITHUB_ENV=str(hidden))
    assert done.returncode == 0, done.stderr
    assert hidden.read_text() == "GITHUB_TOKEN=ghs_1\n"
    assert "::add-mask::ghs_1" in done.stdout


def test_the_script_is_clean():
    checked = subprocess.run(["bash", "-n", str(SCRIPT)], capture_output=True, text=True, check=False, env=dict(os.environ))
    assert checked.returncode == 0, checked.stderr
