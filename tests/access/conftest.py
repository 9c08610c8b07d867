"""The second evaluator of policies, installed once a machine."""

import shutil

import pytest

from tests.access import second_opinion


@pytest.fixture(scope="session")
def judge() -> None:
    """The second evaluator, ready to be asked. Skips, with the reason, where there is no node or npm, or no registry answers."""
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not on PATH; the second evaluator of policies needs it")
    try:
        second_opinion.install()
    except second_opinion.NoRegistry as error:
        pytest.skip(f"no npm registry answers, so the second evaluator of policies can't be installed: {error}")
