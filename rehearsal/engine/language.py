"""Pulumi's language host for Python, as far as its commands need one here: it runs a project's program and generates no code.

The host is a Go program beside Pulumi's command, which the rehearsal does not build. What runs a stack by the Automation API does without:
there programs run inline.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import grpc
from google.protobuf import empty_pb2
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from rehearsal.program import script

EXECUTABLE = "pulumi-language-python"
_ROOT = Path(__file__).resolve().parents[2]


class _Host(LanguageServer):
    """The Automation API's, for the program of the engine's request. Everything else is answered as not implemented."""

    def __init__(self, engine: str) -> None:
        super().__init__(lambda: None)
        self._engine = engine

    def Run(self, request, context):
        self.program = partial(script.run, Path(request.info.program_directory))
        request.args[:] = [self._engine]
        return super().Run(request, context)

    def Handshake(self, request, context):
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="0.0.0")

    def Cancel(self, request, context):
        return empty_pb2.Empty()


def install(folder: Path) -> None:
    """Put the executable into a folder of PATH."""
    file = folder / EXECUTABLE
    file.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(_ROOT)!r})\nfrom rehearsal.engine.language import main\nmain()\n"
    )
    file.chmod(0o755)


def main() -> None:
    """Serve until the engine ends this process."""
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(_Host(sys.argv[-1]), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    with suppress(KeyboardInterrupt):
        server.wait_for_termination()
