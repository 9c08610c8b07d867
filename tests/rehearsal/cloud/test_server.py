"""The process: what it prints, whom it lets in, that nothing remains of it, and that the real AWS CLI works against it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import jwt
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from rehearsal.cloud import __main__ as entry
from rehearsal.cloud import server

ROOT = Path(__file__).parents[3]
ACCOUNT, REGION, KEY = "111122223333", "eu-west-1", "key-of-this-test"
GITHUB = "https://token.actions.githubusercontent.com"
AWS_CLI = Path(sys.executable).with_name("aws")


@dataclass
class Running:
    process: subprocess.Popen[str]
    ready: dict[str, Any]
    scratch: Path

    @property
    def url(self) -> str:
        return self.ready["url"]

    def control(self, method: str, path: str, body: Any = None, key: str | None = KEY) -> httpx.Response:
        headers = {} if key is None else {server.KEY_HEADER: key}
        return httpx.request(method, f"{self.url}/_rehearsal/{path}", headers=headers, json=body)

    def client(self, service: str, credentials: Mapping[str, Any] | None = None) -> Any:
        used = credentials or self.ready["root"]
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=used["access_key_id"],
            aws_secret_access_key=used["secret_access_key"],
            aws_session_token=used.get("session_token"),
            config=Config(retries={"max_attempts": 0}),
        )


def start(scratch: Path, *options: str, **environment: str) -> Running:
    scratch.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "rehearsal.cloud", "--account", ACCOUNT, "--region", REGION, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "REHEARSAL_KEY": KEY, "TMPDIR": str(scratch), "HOME": str(scratch), **environment},
    )
    assert process.stdout
    return Running(process, json.loads(process.stdout.readline()), scratch)


@contextmanager
def running(scratch: Path, *options: str, **environment: str) -> Generator[Running]:
    cloud = start(scratch, *options, **environment)
    try:
        yield cloud
    finally:
        cloud.process.kill()
        with cloud.process:
            pass  # closes its pipes and waits


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("cloud")) as started:
        yield started


def children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(line) for line in found.split()]


class TestProcess:
    def test_one_line_says_what_there_is(self, cloud: Running) -> None:
        assert set(cloud.ready) == {"url", "account", "region", "root"}
        assert (cloud.ready["account"], cloud.ready["region"]) == (ACCOUNT, REGION)
        identity = cloud.client("sts").get_caller_identity()
        assert identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
        assert cloud.client("sns").create_topic(Name="t")["TopicArn"] == f"arn:aws:sns:{REGION}:{ACCOUNT}:t"

    def test_it_listens_on_the_loopback_interface_alone(self, cloud: Running) -> None:
        port = int(cloud.url.rsplit(":", 1)[1])
        listening = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
        descriptors = [str(link.readlink()) for link in Path(f"/proc/{cloud.process.pid}/fd").iterdir()]
        mine = [fields[1] for fields in listening if fields[3] == "0A" and f"socket:[{fields[9]}]" in descriptors]
        assert mine == [f"0100007F:{port:04X}"]

    @pytest.mark.parametrize("stop", ["input", "SIGTERM", "SIGINT"])
    def test_nothing_remains(self, tmp_path: Path, stop: str) -> None:
        with running(tmp_path) as started:
            started.client("sns").create_topic(Name="t")
            assert started.process.stdin
            assert list(tmp_path.iterdir()), "scratch files are below TMPDIR"
            assert children(started.process.pid) == []
            if stop == "input":
                started.process.stdin.close()
            else:
                started.process.send_signal(getattr(signal, stop))
            assert started.process.wait(timeout=20) == 0
            assert started.process.stdout and started.process.stdout.read() == ""
        assert list(tmp_path.iterdir()) == []

    def test_it_ends_with_the_process_that_started_it(self, tmp_path: Path) -> None:
        script = (
            "import os, subprocess, sys\n"
            "cloud = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
            "cloud.stdout.readline()\n"
            "print(cloud.pid, flush=True)\n"
            "os.kill(os.getpid(), 9)\n"
        )
        command = [sys.executable, "-m", "rehearsal.cloud", "--account", ACCOUNT, "--region", REGION]
        environment = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
        parent = subprocess.run(
            [sys.executable, "-c", script, *command], capture_output=True, text=True, cwd=ROOT, env=environment, check=False
        )
        pid = int(parent.stdout)
        assert parent.returncode == -signal.SIGKILL
        assert _ended(pid)

    def test_the_machines_credentials_and_settings_do_not_matter(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        (home / ".aws").mkdir(parents=True)
        (home / ".aws" / "config").write_text("[default]\nendpoint_url = http://127.0.0.1:9\nnot a config")
        hostile = {
            "AWS_ACCESS_KEY_ID": "AKIAFROMOUTSIDE00000",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_PROFILE": "missing",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            "AUTH": "false",
            "SERVICES": "s3",
            "PERSIST_STATE": "1",
            "MINISTACK_ACCOUNT_ID": "999999999999",
        }
        before = sorted(path.name for path in home.rglob("*"))
        with running(tmp_path / "scratch", HOME=str(home), **hostile) as started:
            assert started.client("sts").get_caller_identity()["Account"] == ACCOUNT
            outsider = {"access_key_id": "AKIAFROMOUTSIDE00000", "secret_access_key": "secret"}
            with pytest.raises(ClientError, match="InvalidClientTokenId"):
                started.client("iam", outsider).list_roles()
        assert sorted(path.name for path in home.rglob("*")) == before

    def test_two_clouds_do_not_know_each_other(self, cloud: Running, tmp_path: Path) -> None:
        with running(tmp_path) as other:
            cloud.client("sns").create_topic(Name="only-here")
            assert other.client("sns").list_topics().get("Topics", []) == []
            with pytest.raises(ClientError, match="InvalidClientTokenId"):
                other.client("sts", cloud.ready["root"]).get_caller_identity()
            assert other.control("GET", "decisions", key=KEY).json()["decisions"][0]["action"] == "sns:ListTopics"

    def test_a_port_can_be_chosen(self, tmp_path: Path) -> None:
        with server.listen(0) as free:
            port = free.getsockname()[1]
        with running(tmp_path, "--port", str(port)) as started:
            assert started.url == f"http://127.0.0.1:{port}"

    def test_a_wrong_account_is_refused(self) -> None:
        command = [sys.executable, "-m", "rehearsal.cloud", "--account", "1234", "--region", REGION]
        assert "is not twelve digits" in subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False).stderr

    def test_the_environment_that_is_kept(self) -> None:
        given = {"PATH": "/bin", "AWS_PROFILE": "x", "MINISTACK_REGION": "x", "DOCKER_HOST": "x", "npm_config_registry": "r", "LC_ALL": "C"}
        kept = entry.clean_environment(given, "/scratch")
        assert {name for name in kept if name in given} == {"PATH", "npm_config_registry", "LC_ALL"}
        assert (kept["HOME"], kept["TMPDIR"]) == ("/scratch", "/scratch")


def _ended(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


class TestControl:
    @pytest.mark.parametrize("path", ["decisions", "codeartifact/state", "github/state", "", "nothing"])
    def test_the_key_is_needed(self, cloud: Running, path: str) -> None:
        for key in (None, "", "wrong"):
            assert cloud.control("GET", path, key=key).status_code == 403
        assert cloud.control("GET", path).status_code != 403

    def test_without_a_key_it_stays_closed(self, tmp_path: Path) -> None:
        with running(tmp_path, REHEARSAL_KEY="") as started:
            for key in (None, "", KEY):
                assert started.control("GET", "decisions", key=key).status_code == 403

    def test_decisions_since(self, cloud: Running) -> None:
        before = cloud.control("GET", "decisions").json()["next"]
        cloud.client("iam").list_users()
        new = cloud.control("GET", f"decisions?since={before}").json()
        assert [(each["principal"], each["action"], each["allowed"]) for each in new["decisions"]] == [
            (f"arn:aws:iam::{ACCOUNT}:root", "iam:ListUsers", True)
        ]
        assert cloud.control("GET", f"decisions?since={new['next']}").json()["decisions"] == []

    def test_principals(self, cloud: Running) -> None:
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:List*", "Resource": "*"}]}
        cases = [
            ({"kind": "role", "name": "lister", "path": "/people/", "policy": document}, True),
            ({"kind": "role", "name": "nobody", "policy": None}, False),
            ({"kind": "user", "name": "lister", "policy": document}, True),
            ({"kind": "user", "name": "nobody", "policy": None}, False),
            ({"kind": "root"}, True),
        ]
        for request, may_list in cases:
            principal = cloud.control("POST", "principals", request).json()
            assert principal["arn"].startswith(f"arn:aws:iam::{ACCOUNT}:{request['kind']}")
            if may_list:
                cloud.client("iam", principal).list_roles()
            else:
                with pytest.raises(ClientError, match="AccessDenied"):
                    cloud.client("iam", principal).list_roles()

    def test_principals_of_another_account(self, cloud: Running) -> None:
        stranger = cloud.control("POST", "principals", {"kind": "root", "account": "444455556666"}).json()
        assert cloud.client("sts", stranger).get_caller_identity()["Account"] == "444455556666"
        assert cloud.client("iam", stranger).list_roles()["Roles"] == []

    def test_organizations(self, cloud: Running) -> None:
        for organization in ("o-a1b2c3d4e5", None):
            answer = {"account": ACCOUNT, "organization": organization}
            assert cloud.control("POST", "accounts", answer).json() == answer

    def test_a_services_session_needs_the_roles_trust(self, cloud: Running) -> None:
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {}}]}
        trust["Statement"][0]["Principal"] = {"Service": "codebuild.amazonaws.com"}
        made = cloud.control("POST", "principals", {"kind": "role", "name": "build", "policy": None, "trust": trust}).json()
        session = {"role_arn": made["arn"], "session_name": "AWSCodeBuild-1"}
        build = cloud.control("POST", "sessions", {**session, "service": "codebuild.amazonaws.com"})
        assert cloud.client("sts", build.json()).get_caller_identity()["Arn"].endswith("assumed-role/build/AWSCodeBuild-1")
        assert cloud.control("POST", "sessions", {**session, "service": "lambda.amazonaws.com"}).status_code == 400

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("principals", {"kind": "group", "name": "x"}),
            ("principals", {"kind": "role"}),
            ("principals", {"kind": "role", "name": "bad", "policy": {"Statement": []}}),
            ("sessions", {"role_arn": f"arn:aws:iam::{ACCOUNT}:role/missing"}),
            ("issuers", {"issuer": "https://id.example", "jwks": {}}),
        ],
    )
    def test_what_can_not_be_done_is_said(self, cloud: Running, path: str, body: dict[str, Any]) -> None:
        answer = cloud.control("POST", path, body)
        assert (answer.status_code, bool(answer.json()["message"])) == (400, True)

    def test_what_is_not_there_is_said(self, cloud: Running) -> None:
        assert cloud.control("POST", "decisions").status_code == 404
        assert httpx.get(f"{cloud.url}/_unknown").status_code == 404


class TestRouting:
    def test_a_foreign_host_is_refused(self, cloud: Running) -> None:
        for host, status in ((cloud.url.split("//")[1], 200), ("attacker.example", 421), ("bucket.s3.amazonaws.com", 421)):
            assert httpx.get(f"{cloud.url}/_public/npm/left-pad", headers={"host": host}).status_code in (
                status,
                404 if status == 200 else status,
            )

    def test_codeartifact_is_routed_by_its_signature(self, cloud: Running) -> None:
        with pytest.raises(ClientError, match="Domain not found"):
            cloud.client("codeartifact").describe_domain(domain="acme")

    @pytest.mark.parametrize(("service", "operation"), [("s3", "list_buckets"), ("lambda", "list_functions"), ("dynamodb", "list_tables")])
    def test_other_services_are_not_implemented(self, cloud: Running, service: str, operation: str) -> None:
        with pytest.raises(ClientError) as refused:
            getattr(cloud.client(service), operation)()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501

    def test_a_caller_without_policy_is_refused_by_the_emulators_too(self, cloud: Running) -> None:
        nobody = cloud.control("POST", "principals", {"kind": "role", "name": "without-policy", "policy": None}).json()
        calls = [
            ("codeartifact", "describe_domain", {"domain": "acme"}),
            ("codeartifact", "create_domain", {"domain": "acme"}),
            ("cloudcontrol", "get_resource", {"TypeName": "AWS::CodeArtifact::PackageGroup", "Identifier": "acme"}),
        ]
        for service, operation, parameters in calls:
            with pytest.raises(ClientError) as refused:
                getattr(cloud.client(service, nobody), operation)(**parameters)
            assert refused.value.response["Error"]["Code"] in ("AccessDeniedException", "AccessDenied"), operation


@pytest.mark.skipif(not AWS_CLI.exists(), reason="the AWS CLI is not installed")
class TestAwsCli:
    """`AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`: the CLI makes the exchange itself."""

    SIGNING_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @pytest.fixture(scope="class")
    @classmethod
    def role_arn(cls, cloud: Running) -> str:
        jwk = {**json.loads(RSAAlgorithm.to_jwk(cls.SIGNING_KEY.public_key())), "kid": "key-1"}
        assert cloud.control("POST", "issuers", {"issuer": GITHUB, "jwks": {"keys": [jwk]}}).json()["keys"] == 1
        client = cloud.client("iam")
        provider = client.create_open_id_connect_provider(Url=GITHUB, ClientIDList=["sts.amazonaws.com"])["OpenIDConnectProviderArn"]
        keys = {"aud": "sts.amazonaws.com", "sub": "repo:acme/payments-api:ref:refs/heads/main", "repository_id": "1001"}
        condition = {"StringEquals": {f"token.actions.githubusercontent.com:{name}": value for name, value in keys.items()}}
        trust = {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": provider}, "Condition": condition}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        return client.create_role(RoleName="publish", Path="/package-flow/", AssumeRolePolicyDocument=document)["Role"]["Arn"]

    def aws(self, cloud: Running, role_arn: str, repository_id: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        now = int(time.time())
        claims = {
            "iss": GITHUB,
            "aud": "sts.amazonaws.com",
            "sub": "repo:acme/payments-api:ref:refs/heads/main",
            "iat": now,
            "exp": now + 300,
        }
        file = cloud.scratch / "token"
        file.write_text(jwt.encode({**claims, "repository_id": repository_id}, self.SIGNING_KEY, "RS256", {"kid": "key-1"}))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(cloud.scratch),
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": cloud.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ROLE_ARN": role_arn,
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(file),
        }
        return subprocess.run([str(AWS_CLI), *arguments, "--output", "json"], env=environment, capture_output=True, text=True, check=False)

    def test_the_cli_becomes_the_role(self, cloud: Running, role_arn: str) -> None:
        identity = self.aws(cloud, role_arn, "1001", "sts", "get-caller-identity")
        assert f"arn:aws:sts::{ACCOUNT}:assumed-role/publish/" in json.loads(identity.stdout)["Arn"]
        refused = self.aws(cloud, role_arn, "1002", "sts", "get-caller-identity")
        assert (refused.returncode != 0, "(AccessDenied)" in refused.stderr) == (True, True)

    def test_the_role_has_no_rights_until_it_is_given_some(self, cloud: Running, role_arn: str) -> None:
        refused = self.aws(cloud, role_arn, "1001", "kms", "list-keys")
        assert "(AccessDeniedException)" in refused.stderr
        allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"}]}
        cloud.client("iam").put_role_policy(RoleName="publish", PolicyName="keys", PolicyDocument=json.dumps(allow))
        assert json.loads(self.aws(cloud, role_arn, "1001", "kms", "list-keys").stdout)["Keys"] == []


def test_the_repository_is_found_by_the_tests() -> None:
    assert (ROOT / "rehearsal" / "cloud" / "__main__.py").exists()
    assert shutil.which("ps")
