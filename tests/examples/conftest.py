"""What takes long and shows little more than its twin runs only when asked for."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "generators: generates the example's first version anew too; only with -m generators")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "generators" in config.getoption("markexpr"):
        return
    for item in items:
        if item.get_closest_marker("generators"):
            item.add_marker(pytest.mark.skip(reason="the second version is generated anew; the first with -m generators"))
