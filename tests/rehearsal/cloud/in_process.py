"""The AWS part of a local cloud in the test's own process, so that tests can both call it over HTTP and look inside."""

import json
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import httpx
import uvicorn
from botocore.config import Config

from rehearsal.cloud import aws, control, server

ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
REGION = "eu-west-1"
KEY = "test-key"
ALLOW_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class Cloud:
    """A running cloud and its people."""

    def __init__(self, url: str, root: aws.Credentials) -> None:
        self.url = url
        self.root = root

    def client(self, service: str, credentials: aws.Credentials | None = None, **options: Any) -> Any:
        """A boto3 client of somebody (default: the account's root user) that does not retry."""
        used = credentials or self.root
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=used.access_key_id,
            aws_secret_access_key=used.secret_access_key,
            aws_session_token=used.session_token,
            config=Config(retries={"max_attempts": 0}, **options),
        )

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None, key: str = KEY) -> httpx.Response:
        """A call of /_rehearsal/."""
        return httpx.request(method, f"{self.url}/_rehearsal/{path}", headers={server.KEY_HEADER: key}, json=body)

    def role(
        self, name: str, *statements: Mapping[str, Any], account: str = ACCOUNT, path: str = "/", seconds: int = 3600
    ) -> aws.Credentials:
        """A session of a new role with these statements, or with no policy."""
        policy = {"Version": "2012-10-17", "Statement": list(statements)} if statements else None
        arn = aws.create_role(account, name, path, policy)
        return aws.start_session(arn, "test", seconds)[0]

    def user(self, name: str, *statements: Mapping[str, Any], account: str = ACCOUNT) -> aws.Credentials:
        """A new user with these statements, or with no policy."""
        policy = {"Version": "2012-10-17", "Statement": list(statements)} if statements else None
        return aws.create_user(account, name, "/", policy)[1]


@contextmanager
def running_cloud() -> Generator[Cloud]:
    """Start a cloud on a free port, and stop it."""
    with server.listen(0) as listener:
        port = listener.getsockname()[1]
        ministack, root = aws.start(ACCOUNT, REGION, port)
        settings = server.Settings(ACCOUNT, REGION, f"http://127.0.0.1:{port}", "fixture", KEY)
        control.configure(ACCOUNT)
        running = uvicorn.Server(
            uvicorn.Config(server.Front(settings, ministack), lifespan="off", proxy_headers=False, log_level="warning")
        )
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not running.started:
            time.sleep(0.005)
        try:
            yield Cloud(settings.base_url, root)
        finally:
            running.should_exit = True
            thread.join()


def allow(*actions: str, resource: str | list[str] = "*", **elements: Any) -> dict[str, Any]:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **elements}


def policy(*statements: Mapping[str, Any]) -> str:
    """A policy document as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
