"""How many requests to GitHub the look-ups make, counted in the stand-in. docs/performance.md has the figures and what they mean."""

import re
from collections import Counter
from contextlib import closing

import pytest

from rehearsal import large_stack, stage
from tests.docs.pages import ROOT, Page

PAGE = Page(ROOT / "docs/performance.md")


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the run said."""
    return []


@pytest.fixture(scope="module")
def looked_up(tmp_path_factory: pytest.TempPathFactory, said: list[str]) -> Counter[str]:
    """Requests of the look-ups of a first run, by repository ("" = none of the catalog's)."""
    folder = tmp_path_factory.mktemp("large")
    file, catalog = large_stack.write(folder / "stack", 4)
    stack = stage.Stack(large_stack.STACK, file, catalog)
    settings = stack.settings()
    with closing(stage.Cloud(settings, folder, "fixture")) as cloud:
        deployer = stage.company(stack, settings, cloud, folder, quick=True)
        before = len(cloud.control.get("github/requests")["requests"])
        stage.Program(stack, cloud, deployer, folder).run(lambda event: said.append(event.get("message", "")))
        made = cloud.control.get("github/requests")["requests"][before:]
    writes = [number for number, one in enumerate(made) if one["method"] != "GET"]
    assert writes
    # Before it writes, the provider reads the repository that it writes to. What GitHub does not count is no request.
    paths = [one["path"] for one in made[: writes[0] - 1] if one["path"] != "/rate_limit"]
    return Counter(found[1] if (found := re.search(r"/repos/acme/(service-\d+-\d+)(?:[/?]|$)", path)) else "" for path in paths)


def test_a_repository_costs_what_the_page_says(looked_up: Counter[str]) -> None:
    told = re.search(r"\| first preview, or first `pulumi up` before it writes \| (\d+) \| (\d+) to (\d+) \|", PAGE.text)
    assert told
    installs, least, most = (int(one) for one in told.groups())
    assert {looked_up["service-0-1"], looked_up["service-0-3"]} == {installs}
    publishing = sorted(looked_up[name] for name in ("service-0-0", "service-0-2"))
    assert least <= publishing[0] and publishing[-1] <= most


def test_what_all_share_is_asked_once(looked_up: Counter[str]) -> None:
    """The organisation, a page of its repositories, the team of four repositories, the repository of the trusted workflow."""
    assert looked_up[""] == 4


def test_the_run_says_how_many_it_made(looked_up: Counter[str], said: list[str]) -> None:
    """The providers make them, so it counts what it asked of those: the stand-in has seen as many."""
    assert f"github: {looked_up.total()} requests for the look-ups, of 5,000 that this credential had left of 5,000 an hour" in said
