"""docs/upgrading.md, command by command: a company with edits of its own takes in the next release, and goes back."""

import shutil
import subprocess
from pathlib import Path

import pytest

import release
from company import checking, places, workflows
from tests.company import copies
from tests.company.copies import git
from tests.docs.pages import page

pytestmark = pytest.mark.skipif(not (shutil.which("git") and shutil.which("make")), reason="git or make is not installed")

PAGE = page("docs/upgrading.md")
LAST, NEXT = "1.1.0", "1.2.0"
CONTOSO = ("ORGANIZATION=contoso", "DOMAIN=contoso", "ACCOUNT=555566667777", "REGION=eu-central-1")
# What test_copy.py runs in a company's copy, or needs a remote.
ELSEWHERE = ("make check", "make rehearse", "make access", "git push")
# Stops with the conflicts that the page speaks of.
MAY_STOP = "git merge"


def commands(heading: str) -> list[str]:
    """The lines of a section's shell blocks."""
    section = PAGE.section(heading)
    lines = [line for block in section.split("```bash\n")[1:] for line in block.partition("```")[0].splitlines()]
    assert lines, heading
    return lines


def follow(root: Path, lines: list[str], **words: str) -> str:
    """Run them as a person would; words in capitals are replaced."""
    printed = ""
    for line in lines:
        if line.startswith(ELSEWHERE):
            continue
        for word, value in words.items():
            line = line.replace(f'"${word}"', value).replace(word, value)
        done = subprocess.run(["bash", "-c", line], cwd=root, env=who(), capture_output=True, text=True, check=False)
        printed += done.stdout + done.stderr
        assert done.returncode == 0 or line.startswith(MAY_STOP), f"{line}\n{done.stdout}\n{done.stderr}"
    return printed


def who() -> dict[str, str]:
    names = {
        f"GIT_{role}_{what}": f"carol{'@contoso.example' * (what == 'EMAIL')}"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    return copies.environment() | names


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, f"{file} has no {old!r}"
    file.write_text(text.replace(old, new, 1))


def develop(product: Path) -> None:
    """The next release: the program, its workflows beside the company's name, the fictional company's files, the tests' copy of them."""
    edit(product / "CHANGELOG.md", f"{release.BREAKING}\n\nNone.\n", f"{release.BREAKING}\n\nNone.\n\n### Added\n\n- Something new.\n")
    edit(product / "outputs.py", '"""', '"""Of the next release. ')
    for file in ("publish-package.yml", "promote-package.yml"):
        text = (product / ".github" / "workflows" / file).read_text()
        (product / ".github" / "workflows" / file).write_text(text.replace("/registry@main", "/registry@main # of the next release"))
    for root in (product, product / places.EXAMPLE):
        edit(root / "Pulumi.prod.yaml", "    name: acme\n", "    name: acme-packages\n")
        edit(root / "catalog/prod/identity.yaml", "login-web", "sign-in-web")
        (root / "catalog" / "prod" / "search.yaml").write_text("team: search\nrepositories:\n  search-api: {}\n")
        edit(root / places.CONSTANTS, '"domain": "acme"', '"domain": "acme-packages"')
    git(product, "add", ".")
    git(product, "commit", "--quiet", "--message", "Something new")


def own_edits(root: Path) -> None:
    """What a company changes: a domain that was there before, teams, a stack that has another catalog, a workflow of its own."""
    edit(root / "Pulumi.prod.yaml", "    name: contoso\n", "    name: packages # as it was called before\n")
    (root / "catalog" / "prod" / "platform.yaml").unlink()
    (root / "catalog" / "prod" / "payments.yaml").write_text("team: payments\nrepositories:\n  payments-api: {}\n")
    edit(root / "bootstrap" / "Pulumi.contoso.yaml", "config:\n", "config:\n  package-flow-bootstrap:approvals: 2\n")
    (root / ".github" / "workflows" / "own.yml").write_text("on: push\njobs: {}\n")
    (root / ".github" / "CODEOWNERS").write_text("* @contoso/platform\n")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program's repository, with the last release and the next one."""
    root = copies.repository(tmp_path_factory.mktemp("product") / "package-flow")
    edit(root / "VERSION", (root / "VERSION").read_text(), "1.0.0\n")
    changelog = root / "CHANGELOG.md"
    head = changelog.read_text().partition("## [Unreleased]")[0]
    changelog.write_text(f"{head}## [Unreleased]\n\n{release.BREAKING}\n\nNone.\n\n### Added\n\n- All of it.\n")
    git(root, "commit", "--quiet", "--all", "--message", "The release before")
    git(root, "config", "user.name", "Carol")
    git(root, "config", "user.email", "carol@acme.example")
    assert release.main([LAST, "--root", str(root)]) == 0
    develop(root)
    assert release.main([NEXT, "--root", str(root)]) == 0
    return root


@pytest.fixture
def contoso(product: Path, tmp_path: Path) -> Path:
    """A company's copy of the last release, with edits of its own."""
    root = tmp_path / "package-flow"
    git(tmp_path, "clone", "--quiet", "--no-tags", str(product), str(root))
    git(root, "reset", "--quiet", "--hard", f"{git(product, 'rev-parse', f'v{LAST}^{{commit}}').strip()}")
    git(root, "remote", "remove", "origin")
    copies.installed(root)
    subprocess.run(
        ["make", "--silent", "company", *CONTOSO], cwd=root, env=who(), stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    own_edits(root)
    subprocess.run(["make", "--silent", "company"], cwd=root, env=who(), stdin=subprocess.DEVNULL, capture_output=True, check=True)
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "Contoso")
    assert checking.disagreements(root) == []
    return root


def test_a_company_takes_in_the_next_release_and_goes_back(product: Path, contoso: Path) -> None:
    own, before = places.data(contoso), git(contoso, "rev-parse", "HEAD").strip()
    printed = follow(contoso, commands("Take a version"), PRODUCT=str(product))
    assert "Something new" in printed, "the tag says what changes"
    assert "CONFLICT" in printed, "both changed the same lines: otherwise this shows little"
    # The company's files are as they were, the program's are the release's, and what follows agrees.
    assert places.data(contoso) == own
    assert checking.disagreements(contoso) == []
    assert git(contoso, "status", "--porcelain") == ""
    assert (contoso / "VERSION").read_text() == f"{NEXT}\n"
    assert "Of the next release" in (contoso / "outputs.py").read_text()
    called = (contoso / ".github" / "workflows" / "publish-package.yml").read_text()
    assert "uses: contoso/package-flow/.github/actions/registry@main # of the next release" in called
    assert (contoso / ".github" / "CODEOWNERS").exists() and (contoso / ".github" / "workflows" / "own.yml").exists()
    theirs = {path.as_posix() for path in map(Path, git(contoso, "diff", "--name-only", f"v{NEXT}").splitlines())}
    following = {file.relative_to(contoso).as_posix() for file in workflows.files(contoso)} | {".github/CODEOWNERS"}
    assert theirs <= {*own, *places.data(product), *following}
    merge = git(contoso, "rev-parse", "HEAD").strip()
    assert len(git(contoso, "log", "-1", "--format=%P").split()) == 2, "a merge: the next version is merged against this one"

    git(contoso, "switch", "--quiet", "main")
    git(contoso, "merge", "--quiet", "--ff-only", merge)
    follow(contoso, commands("Go back"), MERGE=merge)
    assert git(contoso, "diff", "--stat", before) == ""


def test_the_page_says_all_that_a_company_runs() -> None:
    lines = commands("Take a version")
    assert all(any(line.startswith(one) for line in lines) for one in (*ELSEWHERE, MAY_STOP, "make company CHECK=1"))


def test_merging_alone_leaves_what_make_company_mends(product: Path, contoso: Path) -> None:
    """The twin: the same without the page's commands after the merge."""
    git(contoso, "fetch", "--quiet", "--tags", str(product))
    git(contoso, "merge", "--no-commit", f"v{NEXT}", check=False)
    git(contoso, "checkout", "HEAD", "--", "Pulumi.*.yaml", "catalog", "bootstrap/Pulumi.*.yaml")
    git(contoso, "checkout", f"v{NEXT}", "--", ".github")
    found = [one.partition(": got the example company's file; ")[0] for one in checking.disagreements(contoso)]
    assert found == [places.CONSTANTS, "catalog/prod/identity.yaml", "catalog/prod/search.yaml"]
