"""Process entry of the local cloud.

`python -m rehearsal.cloud --account 111122223333 --region eu-west-1 [--port 0] [--upstream fixture|real]`

Prints one line of JSON when it is ready: {"url", "account", "region", "root": {"access_key_id", "secret_access_key"}}. Stops on SIGTERM,
SIGINT, or when standard input ends, so that it never outlives the process that started it. REHEARSAL_KEY in the environment is the key
of /_rehearsal/; without one, that part stays closed. Nothing is kept: all state is in memory, scratch files in a directory that is
removed at the end.

With `--wait` as its only argument it loads what it needs and reads its arguments, and variables, from standard input (processes.received).
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TextIO

import uvicorn

from rehearsal.processes import received

# Everything else that a machine's environment holds (AWS_*, MINISTACK_*, DOCKER_HOST, ...) would change what the cloud does.
KEPT = {"LANG", "PATH", "PYTHONPATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TZ", "VIRTUAL_ENV"}
# Registries and proxies of the machine, for `--upstream real`.
KEPT_PREFIXES = ("LC_", "PIP_", "NPM_CONFIG_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REHEARSAL_")


def main() -> int:
    """Run the cloud until it is asked to stop."""
    waits = sys.argv[1:] == ["--wait"]
    options = None if waits else _options(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="package-flow-cloud-", ignore_cleanup_errors=True) as scratch:
        environment = clean_environment(os.environ, scratch)
        os.environ.clear()
        os.environ.update(environment)
        tempfile.tempdir = scratch
        # Nobody but _announce writes to standard output.
        output, sys.stdout = sys.stdout, sys.stderr
        asyncio.run(_serve(options or _options(_arguments()), output))
    output.flush()
    # ministack's worker threads are not daemons; nothing of theirs is worth waiting for.
    os._exit(0)


def _arguments() -> list[str]:
    """The arguments, once everything is loaded."""
    from rehearsal.cloud import aws, server  # noqa: F401  # loading is what the time is for

    return received()


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.cloud", description="The local cloud of the rehearsal.")
    parser.add_argument("--account", required=True, help="twelve digits")
    parser.add_argument("--region", required=True)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--upstream", choices=("fixture", "real"), default="fixture", help="what external connections read")
    options = parser.parse_args(arguments)
    if len(options.account) != 12 or not options.account.isdigit():
        parser.error(f"--account {options.account!r} is not twelve digits")
    return options


def clean_environment(environment: Mapping[str, str], home: str) -> dict[str, str]:
    """The environment the cloud runs in: what it needs, a home of its own, no credentials."""
    kept = {name: value for name, value in environment.items() if name in KEPT or name.upper().startswith(KEPT_PREFIXES)}
    files = {"AWS_CONFIG_FILE": f"{home}/aws-config", "AWS_SHARED_CREDENTIALS_FILE": f"{home}/aws-credentials"}
    return {**kept, **files, "HOME": home, "TMPDIR": home, "AWS_EC2_METADATA_DISABLED": "true"}


async def _serve(options: argparse.Namespace, output: TextIO) -> None:
    # ministack reads the environment when it is imported, so it comes after main() has cleaned it.
    from rehearsal.cloud import aws, server

    with server.listen(options.port) as listener:
        port = listener.getsockname()[1]
        ministack, root = aws.start(options.account, options.region, port)
        key = os.environ.get("REHEARSAL_KEY", "")
        settings = server.Settings(options.account, options.region, f"http://127.0.0.1:{port}", options.upstream, key)
        server.configure(settings)
        front = server.Front(settings, ministack)
        config = uvicorn.Config(
            front,
            lifespan="off",
            proxy_headers=False,
            log_level="warning",
            timeout_graceful_shutdown=1,
            # Longer than clients keep an idle connection: what uvicorn closes after its 5 s a client may be about to use again.
            timeout_keep_alive=300,
        )
        running = _Server(config)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, running.stop)
        threading.Thread(target=_stop_at_end_of_input, args=(running,), daemon=True).start()
        ready = {"url": settings.base_url, "account": settings.account, "region": settings.region, "root": root.as_json()}
        announcement = asyncio.create_task(_announce(running, ready, output))
        await running.serve(sockets=[listener])
        announcement.cancel()


class _Server(uvicorn.Server):
    def stop(self) -> None:
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone: uvicorn would end the process by the signal itself, and with it the scratch directory's removal."""
        yield


def _stop_at_end_of_input(running: _Server) -> None:
    while os.read(0, 4096):
        pass
    running.stop()


async def _announce(running: _Server, ready: Mapping[str, object], output: TextIO) -> None:
    while not running.started:
        await asyncio.sleep(0.005)
    print(json.dumps(ready), file=output, flush=True)


if __name__ == "__main__":
    sys.exit(main())
