"""Where to look: every question is answered by at most three files, which say it."""

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Page, table

PAGE = Page(ROOT / "CONTRIBUTING.md")
# What the answer is found by: one word in each file.
SAID = {
    "policies/roles/publish.py": ("publish_trust", "publish_permissions"),
    "policies/roles/read.py": ("read_permissions",),
    "policies/github_tokens.py": ("refs.like",),
    "policies/branches.py": ("ReleaseBranches",),
    "policies/resources/topic.py": ("topic_policy", "topic_key_policy"),
    "policies/roles/events.py": ("events_trust", "events_permissions"),
    "policies/roles/deployer.py": ("kms:PutKeyPolicy",),
    "policies/roles/previewer.py": ("kms:GetKeyPolicy",),
    "policies/resources/team_repository.py": ("own_readers", "open_readers"),
    "policies/roles/developer.py": ("team_roles",),
    "policies/roles/build.py": ("read_only_permissions",),
}


def questions() -> list[tuple[str, list[str]]]:
    return [(row[0], [one for one in row[1].split("`") if one.endswith(".py")]) for row in table(PAGE.section("Where to look"))]


def test_five_questions_are_answered() -> None:
    assert len(questions()) == 5
    assert {file for _, files in questions() for file in files} == set(SAID)


@pytest.mark.parametrize(("question", "files"), questions(), ids=[question for question, _ in questions()])
def test_at_most_three_files_answer(question: str, files: list[str]) -> None:
    assert 1 <= len(files) <= 3
    for file in files:
        words = Path(ROOT / file).read_text()
        assert all(one in words for one in SAID[file]), file
