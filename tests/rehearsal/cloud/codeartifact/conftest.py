"""A running cloud for the whole folder, a fresh emulator for each test."""

from collections.abc import Iterator

import pytest

from rehearsal.cloud.codeartifact import app
from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, Clock, Scene
from tests.rehearsal.cloud.in_process import ACCOUNT, REGION, Cloud, allow, running_cloud


@pytest.fixture(scope="package")
def cloud() -> Iterator[Cloud]:
    with running_cloud() as running:
        yield running


@pytest.fixture
def empty(cloud: Cloud) -> Scene:
    """An emulator with nothing in it, and its account's administrator."""
    clock = Clock()
    service = app.configure(cloud.url, ACCOUNT, REGION, "fixture", clock=clock)
    scene = Scene(cloud, service, clock, None)
    scene.admin = scene.api(scene.role(allow("*")))
    return scene


@pytest.fixture
def scene(empty: Scene) -> Scene:
    """An emulator with the domain."""
    empty.admin.create_domain(domain=DOMAIN)
    return empty


@pytest.fixture
def administrator(scene: Scene):
    """Somebody with a token who may do everything."""
    return scene.person(allow("*"))
