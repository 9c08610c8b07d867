"""Fail unless GITHUB_SHA is on the default branch or on a release branch of GITHUB_REPOSITORY: their commits were reviewed.

Release branches are those that the stack's ruleset on creating them names; rulesets are written by administrators alone. Branches are
compared by commit: a tag may have the name of a branch.

https://docs.github.com/en/rest/commits/commits#compare-two-commits
https://docs.github.com/en/rest/repos/rules#get-all-repository-rulesets
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

RULESET = "package-flow-create-"
HEADS = "refs/heads/"
PAGE = 100

Get = Callable[[str], Any]


def rest(path: str) -> Any:
    """What GitHub's REST API answers to a GET. Raises OSError."""
    request = urllib.request.Request(
        f"{os.environ['GITHUB_API_URL']}{path}",
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def _rulesets(get: Get, repository: str) -> Iterator[dict[str, Any]]:
    page, found = 0, [None] * PAGE
    while len(found) == PAGE:
        page += 1
        found = get(f"/repos/{repository}/rulesets?includes_parents=false&per_page={PAGE}&page={page}")
        yield from found


def _patterns(get: Get, repository: str) -> Iterator[str]:
    """The release branches: full refs, literal or with /* at the end."""
    for one in _rulesets(get, repository):
        if one["name"].startswith(RULESET) and one["target"] == "branch" and one["enforcement"] == "active":
            yield from get(f"/repos/{repository}/rulesets/{one['id']}")["conditions"]["ref_name"]["include"]


def _tips(get: Get, repository: str, pattern: str) -> Iterator[tuple[str, str]]:
    """Ref and commit of each branch that a pattern names; `*` stops at a slash."""
    start = pattern.removesuffix("*")
    wanted = re.compile(re.escape(start) + ("[^/]+" if pattern.endswith("/*") else ""))
    for one in get(f"/repos/{repository}/git/matching-refs/{quote(start.removeprefix('refs/'))}"):
        if wanted.fullmatch(one["ref"]):
            yield one["ref"], one["object"]["sha"]


def reviewed(get: Get, repository: str, commit: str) -> tuple[str | None, list[str]]:
    """The branch (full ref) that has the commit, or None; and the patterns that were looked at. `get` answers REST paths."""
    patterns = [f"{HEADS}{get(f'/repos/{repository}')['default_branch']}"]
    patterns += [one for one in _patterns(get, repository) if one not in patterns]
    for pattern in patterns:
        for ref, tip in _tips(get, repository, pattern):
            if get(f"/repos/{repository}/compare/{tip}...{commit}?per_page=1")["status"] in ("identical", "behind"):
                return ref, patterns
    return None, patterns


def main() -> int:
    repository, commit, tag = os.environ["GITHUB_REPOSITORY"], os.environ["GITHUB_SHA"], os.environ["GITHUB_REF_NAME"]
    try:
        found, looked = reviewed(rest, repository, commit)
    except (OSError, KeyError, ValueError) as problem:
        print(f"::error title=Publish::GitHub did not say on which branches the tag {tag} is: {problem}")
        return 1
    if found is None:
        branches = ", ".join(one.removeprefix(HEADS) for one in looked)
        print(
            f"::error title=Publish::the tag {tag} is on commit {commit[:12]}, which is on none of {branches}: merge it there first, "
            "and create a tag with a new version on the merged commit"
        )
        return 1
    print(f"{tag} is on {found.removeprefix(HEADS)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
