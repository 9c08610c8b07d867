"""`python -m access`, as a person starts it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from access import review
from access.__main__ import main
from tests.access.stacks import ROOT, resources


def test_page_and_markdown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "dev", "--output", str(tmp_path)]) == 0
    assert sorted(one.name for one in tmp_path.iterdir()) == ["dev.html", "dev.md"]
    said, *files = capsys.readouterr().out.splitlines()
    assert said.startswith("dev: ") and said.endswith(" change packages")
    assert files == [str(tmp_path / "dev.html"), str(tmp_path / "dev.md")]


def test_resources_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "resources.json"
    file.write_text(json.dumps(resources("prod")))
    assert main(["--resources", str(file), "--output", str(tmp_path)]) == 0
    assert "# Access review: prod" in (tmp_path / "prod.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--stack", "nowhere"], "there is no Pulumi.nowhere.yaml"),
        (["--stack", "dev", "--base", "no-such-revision"], "--base no-such-revision: "),
        (["--resources", "/nonexistent.json"], "/nonexistent.json"),
    ],
)
def test_what_stops_it_is_said(arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--output", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert said in captured.err and "Traceback" not in captured.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"config:\n  aws:region: [eu-west-1\n  github:owner: acme\n", "Pulumi.dev.yaml: got broken YAML (line 3, column 15: "),
        (b"- aws:region\n", "Pulumi.dev.yaml: got ['aws:region'] (line 1), allowed: a mapping"),
        (b"config:\n  github:owner: \xff\n", "Pulumi.dev.yaml: got bytes that are not UTF-8 (line 2, column 17)"),
        (b"config:\n", "Pulumi.dev.yaml: aws:region: got nothing"),
        (b"config: {aws:allowedAccountIds: 7}\n", "aws:allowedAccountIds: got 7, which YAML reads as a number, allowed: a list"),
    ],
)
def test_a_bad_stack_file_is_one_readable_error(content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_bytes(content)
    assert main(["--config", str(file), "--catalog", "catalog/dev", "--output", str(tmp_path / "out")]) == 1
    captured = capsys.readouterr().err
    assert said in captured and "nothing was changed:" in captured and "Traceback" not in captured


@pytest.mark.parametrize(
    "arguments", [["--base", "main", "--catalog", "x"], ["--resources", "x", "--stack", "dev"], ["--config", "dev.yaml"]]
)
def test_options_that_exclude_each_other(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert "error" in capsys.readouterr().err


def test_what_it_writes_by_itself_is_not_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default folder ignores itself; another one is left as it is."""
    assert review.OUTPUT.parent == ROOT
    monkeypatch.setattr(review, "OUTPUT", tmp_path / "default")
    for folder in (tmp_path / "default", tmp_path / "other"):
        review.write(resources("dev"), folder)
        assert (folder / ".gitignore").exists() is (folder.name == "default")
        assert (folder / "dev.html").exists()


def commit(project: Path, message: str) -> None:
    """Everything that is there."""
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@acme.example"]
    for command in (["add", "."], [*who, "commit", "--quiet", "-m", message]):
        subprocess.run(["git", "-C", str(project), *command], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of its own with what a plan takes; the review's project."""
    project = tmp_path / "project"
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "access", "catalog", "evaluator", "plan", "policies", "policy_pack", "settings"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            project.mkdir(exist_ok=True)
            shutil.copy(source, project / name)
    # Settings refuse a policy that breaks a rule of the pack; here the review has to show what such a one would let in.
    judged = project / "settings" / "rules_of_the_pack.py"
    assert judged.read_text().count("    yield from _documents(plan)\n") == 1
    judged.write_text(judged.read_text().replace("    yield from _documents(plan)\n", ""))
    subprocess.run(["git", "-C", str(project), "init", "--quiet"], check=True, capture_output=True)
    commit(project, "Base")
    monkeypatch.setattr(review, "PROJECT", project)
    return project


PUBLISH, PROMOTE = "trust policy of role dev-publish-payments-api-pilot", "trust policy of role dev-promote-identity-api-pilot"
PROMOTION = "identity-api-pilot: release branch main: promote"
PUBLICATION = "payments-api-pilot: release branch main: publish, release branch release/*: publish: publish payments"
# What is changed: file, words, other words. What it does: heading, how a line below it begins, the policy whose statement has changed.
WORDS = {
    "sub": ("github_tokens.py", '[f"{prefix}:{context}"', '[f"{prefix}:{context}x"', "Takes away", f"{PROMOTION}: promote shared", PROMOTE),
    "aud": ("github_tokens.py", 'keyed({"aud": AUDIENCE', 'keyed({"aud": AUDIENCE + "x"', "Takes away", "checkout-web-pilot: ", PUBLISH),
    "repository_id": (
        "github_tokens.py",
        '= {"repository_id": str(',
        "= {\"repository_id\": '1' + str(",
        "Takes away",
        PUBLICATION,
        PUBLISH,
    ),
    "job_workflow_ref": (
        "github_tokens.py",
        '["job_workflow_ref"] = workflow',
        '["job_workflow_ref"] = f"{workflow}x"',
        "Takes away",
        PUBLICATION,
        PUBLISH,
    ),
    "ref": (
        "github_tokens.py",
        '"ref": refs.like}',
        '"ref": "refs/*"}',
        "Grants",
        "payments-api-pilot: branch main-evil, pull request, ",
        PUBLISH,
    ),
    "domain policy": (
        "resources/sharing.py",
        'statement(f"{sid}OrganizationPaths", actions,',
        'statement(f"{sid}OrganizationPaths", actions[:1],',
        "Takes away",
        "account in ",
        "policy of domain acme-dev",
    ),
    "repository policy": (
        "resources/shared_repository.py",
        'deny("OnlyPromotionCopies", (COPY, PUT_METADATA),',
        'deny("OnlyPromotionCopies", COPY,',
        "Grants",
        "administrator, dev-deployer (with every right): publish shared (in part: PutPackageMetadata)",
        "policy of repository shared",
    ),
    "identity policy": (
        "roles/publish.py",
        'statement("Publish", PUBLISH,',
        'statement("Publish", PUBLISH[1:],',
        "Changes",
        "identity-api-pilot: release branch main: publish: publish identity",
        "identity policy of role dev-publish-identity-api-pilot",
    ),
}


# One that grants, one that takes away and one that does neither: the others are compared by test_compare.py without a revision.
SAMPLES = ("ref", "domain policy", "identity policy")
OTHERS = pytest.mark.slow("test_matrix.py and test_compare.py compare them without a revision")


@pytest.mark.parametrize("word", [pytest.param(word, marks=() if word in SAMPLES else OTHERS) for word in WORDS])
def test_one_word_of_a_policy_since_a_revision(word: str, checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Policies of both sides are computed anew; the change is in the working copy, as in a pull request before it is committed."""
    file, before, after, heading, line, policy = WORDS[word]
    source = checkout / "policies" / file
    assert source.read_text().count(before) == 1, "the program has other words now"
    source.write_text(source.read_text().replace(before, after))
    assert main(["--stack", "dev", "--base", "HEAD", "--output", str(tmp_path / "out")]) == 0
    changes = (tmp_path / "out" / "dev-changes.md").read_text()
    sections = dict(one.split("\n\n", 1) for one in changes.split("\n## ")[1:])
    assert any(one.startswith(f"- {line}") for one in sections[heading].splitlines()), changes
    assert f"- {policy}: " in sections["Statements"]
    assert '"base":"HEAD"' in (tmp_path / "out" / "dev.html").read_text()
    assert "since HEAD: " in (said := capsys.readouterr().out) and "statements changed" in said
    status = subprocess.run(["git", "-C", str(checkout), "worktree", "list"], capture_output=True, text=True, check=True)
    assert len(status.stdout.splitlines()) == 1, "nothing is left in the repository"


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("plan/planning.py", "import nothing_that_exists\n", "at HEAD: the program fails in plan/planning.py, line 1: ModuleNotFoundError"),
        ("Pulumi.dev.yaml", None, "at HEAD: there is no Pulumi.dev.yaml"),
        ("Pulumi.yaml", None, "at HEAD: "),
        ("access/planned.py", None, "at HEAD: "),
        ("access/planned.py", "print('{}')\n", "at HEAD: its plan is not described as this review reads it (KeyError: 'stack')"),
        ("plan/parts.py", "def (\n", "SyntaxError: invalid syntax"),
    ],
)
def test_a_revision_that_can_not_be_computed(
    file: str, content: str | None, said: str, checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The revision's program is another one; the working copy's is whole."""
    whole = (checkout / file).read_text()
    if content is None:
        (checkout / file).unlink()
    else:
        (checkout / file).write_text(content)
    commit(checkout, "Broken")
    (checkout / file).write_text(whole)
    assert main(["--stack", "dev", "--base", "HEAD", "--output", str(tmp_path / "out")]) == 1
    captured = capsys.readouterr().err
    assert said in captured and "Traceback" not in captured
    assert not (tmp_path / "out").exists()


def test_nothing_since_a_revision(checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "dev", "--base", "HEAD", "--output", str(tmp_path / "out")]) == 0
    assert "Nothing." in (tmp_path / "out" / "dev-changes.md").read_text()
    assert "since HEAD: nothing changes" in capsys.readouterr().out
