"""What every test gets: an environment without credentials, and reproducible property tests."""

import os
import signal
import sys

import pytest
from hypothesis import HealthCheck, settings

from tests import companies

# Derandomised, so that a failure in CI is the same failure on a laptop; without deadlines, because machines differ.
settings.register_profile("package-flow", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("package-flow")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="also what takes long and is shown in another way by others (marked slow)")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """In a company's own copy the tests run beside it, with the company that they stand on."""
    if hasattr(config, "workerinput") or companies.is_ours():
        return None
    if os.environ.get("UPDATE_SNAPSHOTS"):
        raise pytest.UsageError(
            "UPDATE_SNAPSHOTS: got it in a company's own checkout; recordings are the program's: set it in a checkout of that"
        )
    print("This checkout is a company's own: the tests run in a copy of it with the files of tests/companies/acme.", flush=True)
    given = config.invocation_params
    return companies.run([sys.executable, "-m", "pytest", *map(str, given.args)], given.dir)


def pytest_configure(config: pytest.Config) -> None:
    # A shell starts background jobs with SIGINT ignored, which children inherit: a test that interrupts one would hang.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "slow(why): takes long, and something else shows most of it; only with --all")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all"):
        return
    for item in items:
        if marker := item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason=f"{marker.args[0]}: make test ALL=1"))


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Bytes never name a test: they may hold the time of day (as a gzip header does), and then each worker collects other names."""
    return argname if isinstance(val, bytes) else None


FOREIGN = ("AWS_", "GITHUB_", "PULUMI_", "ACTIONS_", "TF_")


@pytest.fixture(autouse=True)
def hermetic_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credential, region or configuration of the machine reaches a test."""
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
