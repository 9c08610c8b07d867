"""Provider plugins of a `PULUMI_HOME`: the engine starts an executable for each provider instance, and this process serves it.

The executable asks here, over a socket, for a new instance, prints its port as a plugin must, and stays until either side ends. So an
instance costs no interpreter with the SDKs in it, and whoever runs the engine can watch every step.
"""

import contextlib
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from rehearsal.engine.provider import Provider, Watch, version
from rehearsal.program.clouds import Clouds

PACKAGES = ("aws", "github", "pulumiservice")
_EXECUTABLE = """#!{python} -IS
import os, select, socket, sys
served = socket.create_connection(("127.0.0.1", {port}))
served.sendall(f"{package} {{os.getppid()}}\\n".encode())
print(served.makefile().readline().strip(), flush=True)
select.select([served, sys.stdin], [], [])
"""
# What is under way when an engine ends is finished, as a real provider would.
_GRACE_SECONDS = 60.0
# Pulumi's own limit (sdk/go/common/util/rpcutil).
_OPTIONS = [("grpc.max_receive_message_length", 400 * 1024 * 1024)]


def _nothing(step: str, urn: str) -> None:
    """Lets every step happen."""


class Plugins:
    """Serves the plugins of one `PULUMI_HOME` until it is closed. `clouds` makes an instance's connections, `watch` sees its steps.

    `engine` is the process id of the engine that asked last.
    """

    def __init__(self, home: Path, clouds: Callable[[], Clouds], watch: Watch = _nothing) -> None:
        self.watch, self._clouds = watch, clouds
        self.engine = 0
        self._serving: list[threading.Thread] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        for package in PACKAGES:
            _install(home, package, self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def settle(self) -> None:
        """Wait until what was under way when the engines ended is finished."""
        while self._serving:
            self._serving.pop().join()

    def close(self) -> None:
        """Serve no more instances; those that are there end with their engines."""
        # A thread that waits in accept() is woken by this, and not by close().
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            serving = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._serving.append(serving)
            serving.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rw") as asked:
            package, engine = asked.readline().split()
            self.engine = int(engine)
            server = grpc.server(ThreadPoolExecutor(max_workers=32), options=_OPTIONS)
            provider_pb2_grpc.add_ResourceProviderServicer_to_server(
                Provider(package, self._clouds(), lambda step, urn: self.watch(step, urn)), server
            )
            port = server.add_insecure_port("127.0.0.1:0")
            server.start()
            print(port, file=asked, flush=True)
            asked.readline()  # until the executable ends
            server.stop(_GRACE_SECONDS).wait()


def _install(home: Path, package: str, port: int) -> None:
    folder = home / "plugins" / f"resource-{package}-v{version(package)}"
    folder.mkdir(parents=True, exist_ok=True)
    executable = folder / f"pulumi-resource-{package}"
    executable.write_text(_EXECUTABLE.format(python=sys.executable, port=port, package=package))
    executable.chmod(0o755)
