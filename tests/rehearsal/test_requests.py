"""How many requests to GitHub look-ups and writes make, counted in the stand-in. docs/performance.md has the figures and what they mean."""

import re
from collections import Counter
from contextlib import closing
from typing import Any

import pytest
import yaml

from rehearsal import large_stack, stage
from tests.docs.pages import ROOT, Page

PAGE = Page(ROOT / "docs/performance.md")
# In which every second repository publishes.
INSTALL, PUBLISH = ("service-0-1", "service-0-3"), ("service-0-0", "service-0-2")


def first_run(folder: Any, scope: str, said: list[str]) -> list[dict[str, Any]]:
    """The requests of a first run with four repositories."""
    file, catalog = large_stack.write(folder / "stack", 4, scope=scope)
    # The first team keeps its packages to itself, and its repositories have read roles.
    team = yaml.safe_load((catalog / "team-0.yaml").read_text())
    opened = {key: value for key, value in team.items() if key not in ("readers", "developer_groups", "build_roles")}
    (catalog / "team-0.yaml").write_text(yaml.safe_dump(opened))
    stack = stage.Stack(large_stack.STACK, file, catalog)
    settings = stack.settings()
    with closing(stage.Cloud(settings, folder, "fixture")) as cloud:
        deployer = stage.company(stack, settings, cloud, folder, quick=True)
        before = len(cloud.control.get("github/requests")["requests"])
        stage.Program(stack, cloud, deployer, folder).run(lambda event: said.append(event.get("message", "")))
        return cloud.control.get("github/requests")["requests"][before:]


@pytest.fixture(scope="module")
def said() -> dict[str, list[str]]:
    """What the runs said."""
    return {"repository": [], "organization": []}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, said: dict[str, list[str]]) -> dict[str, list[dict[str, Any]]]:
    """The requests of a first run, in both modes."""
    return {scope: first_run(tmp_path_factory.mktemp(scope), scope, said[scope]) for scope in said}


def by_repository(requests: list[dict[str, Any]]) -> Counter[str]:
    """How many there are of each repository, "" = of none of the catalog's."""
    # What GitHub does not count is no request.
    paths = [one["path"] for one in requests if one["path"] != "/rate_limit"]
    return Counter(found[1] if (found := re.search(r"/repos/acme/(service-\d+-\d+)(?:[/?]|$)", path)) else "" for path in paths)


def looked_up(requests: list[dict[str, Any]]) -> Counter[str]:
    """Requests before the first write, by repository."""
    writes = [number for number, one in enumerate(requests) if one["method"] != "GET"]
    assert writes
    # Before it writes a ruleset, the provider reads the repository.
    own = bool(re.fullmatch(r"/repos/acme/[^/]+", requests[writes[0] - 1]["path"]))
    return by_repository(requests[: writes[0] - own])


def written(requests: list[dict[str, Any]]) -> Counter[str]:
    return by_repository([one for one in requests if one["method"] != "GET"])


@pytest.mark.parametrize("scope", ["repository", "organization"])
def test_a_repository_costs_what_the_page_says(made: dict[str, list[dict[str, Any]]], scope: str) -> None:
    told = re.search(r"\| first preview, or first `pulumi up` before it writes \| (\d+) \| (\d+) to (\d+) \|", PAGE.text)
    assert told
    installs, least, most = (int(one) for one in told.groups())
    counted = looked_up(made[scope])
    # Where both are the organisation's, rulesets and shared variables matter to a repository only if it publishes.
    less = 0 if scope == "repository" else 2
    assert {counted[name] for name in INSTALL} == {installs - less}
    publishing = sorted(counted[name] for name in PUBLISH)
    assert least <= publishing[0] and publishing[-1] <= most


def test_what_all_share_is_asked_once(made: dict[str, list[dict[str, Any]]]) -> None:
    """The organisation, a page of its repositories, the team of four repositories, the repository of the trusted workflow; each of the
    organisation's variables, and its rulesets once, for all that is judged by them."""
    assert looked_up(made["repository"])[""] == 4
    assert looked_up(made["organization"])[""] == 4 + 5 + 1


@pytest.mark.parametrize("scope", ["repository", "organization"])
def test_a_repository_takes_the_writes_that_the_page_says(made: dict[str, list[dict[str, Any]]], scope: str) -> None:
    told = re.search(rf"\| `{scope}` \| (\d+) \| (\d+) \| (\d+) \|", PAGE.text)
    assert told
    installs, publishes, once = (int(one) for one in told.groups())
    counted = written(made[scope])
    assert {counted[name] for name in INSTALL} == {installs}
    assert max(counted[name] for name in PUBLISH) == publishes
    assert counted[""] == once


@pytest.mark.parametrize("scope", ["repository", "organization"])
def test_the_run_says_how_many_it_made(made: dict[str, list[dict[str, Any]]], said: dict[str, list[str]], scope: str) -> None:
    """The providers make them, so it counts what it asked of those: the stand-in has seen as many."""
    total = looked_up(made[scope]).total()
    assert f"github: {total} requests for the look-ups, of 5,000 that this credential had left of 5,000 an hour" in said[scope]
