"""Fail unless a pull request was merged into the default branch, or into a release branch, as the commit GITHUB_SHA.

That a branch has a commit is not enough: a pull request is reviewed as a whole, and of several commits that came with it only the last was.
What was merged is GitHub's activity log. Guarded branches are those that both of the stack's rulesets name, the repository's or the
organisation's; rulesets are written by administrators alone.

https://docs.github.com/en/rest/repos/repos#list-repository-activities
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
from urllib.parse import parse_qs, quote, urlsplit

CHANGES, CREATION = "package-flow-release-", "package-flow-create-"
HEADS = "refs/heads/"
MERGES = ("pr_merge", "merge_queue_merge")
PAGE = 100

# A path -> what GitHub answers, and the `after` of the next page ("" = there is none).
Get = Callable[[str], tuple[Any, str]]


def rest(path: str) -> tuple[Any, str]:
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
        following = re.search(r'<([^>]*)>; rel="next"', answer.headers.get("link") or "")
        after = parse_qs(urlsplit(following[1]).query).get("after", [""])[0] if following else ""
        return json.load(answer), after


def _rulesets(get: Get, repository: str) -> Iterator[dict[str, Any]]:
    page, found = 0, [None] * PAGE
    while len(found) == PAGE:
        page += 1
        found, _ = get(f"/repos/{repository}/rulesets?includes_parents=true&per_page={PAGE}&page={page}")
        yield from found


def _guarded(get: Get, repository: str) -> list[str]:
    """Full refs, literal or with /* at the end: the default branch if its changes are guarded, and the release branches."""
    included: dict[str, list[str]] = {CHANGES: [], CREATION: []}
    for one in _rulesets(get, repository):
        for kind, refs in included.items():
            if one["name"].startswith(kind) and one["target"] == "branch" and one["enforcement"] == "active":
                refs += get(f"/repos/{repository}/rulesets/{one['id']}")[0]["conditions"]["ref_name"]["include"]
    default = f"{HEADS}{get(f'/repos/{repository}')[0]['default_branch']}"
    return [ref for ref in dict.fromkeys(included[CHANGES]) if ref == default or ref in included[CREATION]]


def _merged(get: Get, repository: str, kind: str) -> Iterator[tuple[str, str]]:
    """Branch (full ref) and commit of every merge of a kind, the latest first."""
    after = ""
    while True:
        found, following = get(
            f"/repos/{repository}/activity?activity_type={kind}&per_page={PAGE}{f'&after={quote(after)}' if after else ''}"
        )
        yield from ((one["ref"], one["after"]) for one in found)
        if not following:
            return
        after = following


def _there(get: Get, repository: str, ref: str) -> bool:
    """Whether a branch is there: of one that is gone, what came into it may be older than what guards its name."""
    found, _ = get(f"/repos/{repository}/git/matching-refs/{quote(ref.removeprefix('refs/'))}")
    return any(one["ref"] == ref for one in found)


def reviewed(get: Get, repository: str, commit: str) -> tuple[str | None, list[str]]:
    """The guarded branch (full ref) into which a pull request was merged as this commit, or None; and what is guarded."""
    guarded = _guarded(get, repository)
    patterns = [re.compile(re.escape(one.removesuffix("*")) + ("[^/]+" if one.endswith("/*") else "")) for one in guarded]
    for kind in MERGES:
        for ref, after in _merged(get, repository, kind):
            if after == commit and any(one.fullmatch(ref) for one in patterns) and _there(get, repository, ref):
                return ref, guarded
    return None, guarded


def main() -> int:
    repository, commit, tag = os.environ["GITHUB_REPOSITORY"], os.environ["GITHUB_SHA"], os.environ["GITHUB_REF_NAME"]
    try:
        found, looked = reviewed(rest, repository, commit)
    except (OSError, KeyError, ValueError) as problem:
        print(f"::error title=Publish::GitHub did not say what was merged, so the tag {tag} publishes nothing: {problem}")
        return 1
    if found is None:
        branches = ", ".join(one.removeprefix(HEADS) for one in looked) or "any branch, for none is guarded"
        print(
            f"::error title=Publish::the tag {tag} is on commit {commit[:12]}, as which no pull request was merged into {branches}. "
            "Create a tag with a new version on the commit that a merge made"
        )
        return 1
    print(f"{tag} is on a commit that was merged into {found.removeprefix(HEADS)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
