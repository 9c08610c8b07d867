"""A program's process that is started before anybody knows what for: it loads what takes longest to load, and waits for its arguments."""

import importlib
from collections.abc import Iterable
from contextlib import suppress

import httpx

from rehearsal.processes import received

# What programs import beside the SDKs.
_LIBRARIES = ("pydantic", "yaml")


def wait(types: Iterable[str]) -> list[str]:
    """Load the SDKs' classes of these resource types, then wait; returns the arguments (see processes.received)."""
    for library in _LIBRARIES:
        importlib.import_module(library)
    for type in sorted(types):
        _load(type)
    # httpx loads most of itself with the first client.
    httpx.Client(trust_env=False).close()
    return received()


def _load(type: str) -> None:
    """`aws:iam/role:Role` is `pulumi_aws.iam.Role`, `github:index/repository:Repository` is `pulumi_github.Repository`."""
    package, member, name = type.split(":")
    module = member.partition("/")[0]
    # An SDK that is not installed is no problem unless the program asks for it.
    with suppress(ImportError):
        # The SDKs' modules are loaded when something of theirs is first asked for.
        getattr(importlib.import_module(f"pulumi_{package}" if module == "index" else f"pulumi_{package}.{module}"), name, None)
