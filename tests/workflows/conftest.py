import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from rehearsal.actions.github import client
from tests.workflows.registry import ACCOUNT, PROJECT, REGION, LocalCloud

KEY = "key-of-these-tests"


@pytest.fixture(scope="session")
def cloud() -> Iterator[LocalCloud]:
    """One local cloud for all tests here, with a registry in it. It ends when its standard input does."""
    command = [sys.executable, "-m", "rehearsal.cloud", "--account", ACCOUNT, "--region", REGION]
    with subprocess.Popen(
        command, cwd=PROJECT, env={**os.environ, "REHEARSAL_KEY": KEY}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        running = LocalCloud(ready["url"], ready["root"], client(ready["url"], KEY))
        try:
            running.provision()
            yield running
        finally:
            process.terminate()
            process.communicate(timeout=30)
