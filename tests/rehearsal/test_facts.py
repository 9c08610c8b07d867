"""What the rehearsed GitHub has before the program runs: said by a file, or derived from the catalog."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import settings as configuration
from rehearsal import facts, seeding
from rehearsal.cast import publishers, tag_publishers
from rehearsal.cloud.github.seed import Seed, seed
from rehearsal.cloud.github.state import GitHub
from tests.fuzzing.inputs import Tree
from tests.rehearsal.stacks import CASES, OWNER, placed, stack
from tests.rehearsal.test_rehearsal import rehearse, wrong
from tests.settings.builders import PROJECT, ROOT

PLAIN, TRUNK = CASES["the program's own repository"], CASES["default branch trunk and an environment"]


def parsed(tree: Tree, folder: Path) -> configuration.Settings:
    file, _ = placed(tree, folder)
    return configuration.parse(configuration.read_project_file(ROOT), configuration.read_stack_file(file), folder, PROJECT, tree.stack)


def said(tree: Tree, folder: Path, content: object) -> facts.Facts:
    settings, file = parsed(tree, folder), folder / "github.yaml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return facts.read(file, settings)


@pytest.mark.parametrize(
    ("case", "repository", "default", "branches", "tags", "visibility"),
    [
        ("the program's own repository", "ui-kit", "main", ("main",), (), "private"),
        ("the program's own repository", "package-flow", "main", ("main",), (), "public"),
        ("default branch trunk", "ui-kit", "trunk", ("trunk",), (), "private"),
        ("default branch trunk", "www", "main", ("main",), (), "private"),
        ("only a pattern of branches", "ui-kit", "main", ("main",), (), "private"),
        ("a workflow at a tag", "package-flow", "main", ("main",), ("v1",), "public"),
        ("a workflow on another branch", "package-flow", "stable", ("stable", "main"), (), "public"),
    ],
)
def test_what_the_catalog_implies(case, repository, default, branches, tags, visibility, tmp_path: Path) -> None:
    known = facts.derived(parsed(CASES[case], tmp_path)).of(repository)
    assert (known.default_branch, known.branches, known.tags, known.visibility) == (default, branches, tags, visibility)


def test_a_file_says_it_and_the_stand_in_has_it(tmp_path: Path) -> None:
    kit = {"default_branch": "develop", "visibility": "internal", "archived": True, "branches": ["main"], "tags": ["v1.0.0"]}
    known = said(PLAIN, tmp_path, {"plan": "team", "variables": {"REGION": "x"}, "repositories": {"ui-kit": kit, "www": None}})
    github = GitHub()
    seed(github, Seed.model_validate(seeding.github(parsed(PLAIN, tmp_path / "again"), (), known)))
    there, other = github.repository(f"{OWNER}/ui-kit"), github.repository(f"{OWNER}/www")
    assert (there.default_branch, there.visibility, there.archived) == ("develop", "internal", True)
    assert set(there.refs) == {"refs/heads/develop", "refs/heads/main", "refs/tags/v1.0.0"}
    assert set(other.refs) == {"refs/heads/main"} and not other.archived
    assert there.owner.plan == "team" and there.owner.variables["REGION"].value == "x"


def test_an_app_that_creates_release_tags_is_installed_and_may_push(tmp_path: Path) -> None:
    settings = parsed(CASES["release tags of an App alone"], tmp_path)
    seed(github := GitHub(), Seed.model_validate(seeding.github(settings)))
    (publisher,) = tag_publishers(settings, facts.derived(settings))
    bot = github.user(publisher.tagger)
    assert bot.app_id == 4242 and bot.app_id in github.repository(f"{OWNER}/ui-kit").owner.apps


def test_the_stranger_is_nobody_s_own_organisation(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="github:owner: got Stranger"):
        seeding.github(parsed(stack(**{"github:owner": "Stranger"}), tmp_path))


def test_a_release_branch_that_nobody_may_create_is_no_scenario(tmp_path: Path) -> None:
    known = said(PLAIN, tmp_path, {"repositories": {"ui-kit": {"default_branch": "develop"}}})
    assert publishers(parsed(PLAIN, tmp_path / "again"), known) == []
    there = said(PLAIN, tmp_path / "there", {"repositories": {"ui-kit": {"default_branch": "develop", "branches": ["main"]}}})
    (one,) = publishers(parsed(PLAIN, tmp_path / "there-again"), there)
    assert one.branch == "main"


def _kit(facts: object) -> object:
    return {"repositories": {"ui-kit": facts}}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"plan": "gold"}, "github.yaml: plan: got 'gold', allowed: free, team, enterprise"),
        ({"colour": "red"}, "github.yaml: colour: got an unknown key, allowed: plan, variables, repositories"),
        (
            {"repositories": {"ui-kid": {}}},
            "repositories.ui-kid: got an unknown repository, allowed: ui-kit, www,",
        ),
        (
            {"repositories": {"ui-kit": {"visibility": "secret"}}},
            "repositories.ui-kit.visibility: got 'secret', allowed: public, private, internal",
        ),
        (
            {"repositories": {"ui-kit": {"archived": "no"}}},
            "repositories.ui-kit.archived: got 'no', allowed: true or false, without quotes",
        ),
        (
            {"repositories": {"ui-kit": {"branches": "main"}}},
            "repositories.ui-kit.branches: got 'main', allowed: a list, such as [one, two]",
        ),
        (
            {"repositories": {"ui-kit": {"branches": ["release/*"]}}},
            "repositories.ui-kit.branches.0: got 'release/*', allowed: the name of one",
        ),
        (
            {"repositories": {"ui-kit": {"tags": ["refs/tags/v1"]}}},
            "repositories.ui-kit.tags.0: got 'refs/tags/v1', allowed: the name of one",
        ),
        (
            {"repositories": {"ui-kit": {"variables": {"NODE": 22}}}},
            "repositories.ui-kit.variables.NODE: got 22, which YAML reads as a number",
        ),
        (_kit({"rulesets": [{"rules": []}]}), "ui-kit.rulesets.0.name: got nothing"),
        ("- plan", "github.yaml: got ['plan'] (line 1), allowed: a mapping"),
        ("plan: [", "github.yaml: got broken YAML (line 1"),
    ],
)
def test_bad_facts_are_one_error(content: object, problem: str, tmp_path: Path) -> None:
    with pytest.raises(configuration.SettingsError) as error:
        said(PLAIN, tmp_path, content)
    (line,) = error.value.problems
    assert problem in str(line)


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert said(PLAIN, tmp_path, "") == facts.derived(parsed(PLAIN, tmp_path / "again"))


def _command(tree: Tree, folder: Path, content: object) -> list[str]:
    file, catalog = placed(tree, folder)
    github = folder / "github.yaml"
    github.write_text(yaml.safe_dump(content))
    return ["--config", str(file), "--catalog", str(catalog), "--github", str(github), "--quick", "--engine", "sdk"]


def test_a_rehearsal_with_facts(tmp_path: Path) -> None:
    """The default branch publishes nothing, and the repository has a variable and a ruleset of its own."""
    rules = [{"type": "non_fast_forward"}]
    ruleset = {"name": "history", "conditions": {"ref_name": {"include": ["~ALL"], "exclude": []}}, "rules": rules}
    kit = {"default_branch": "develop", "branches": ["trunk"], "variables": {"NODE_VERSION": "22"}, "rulesets": [ruleset]}
    # It was there before it became a release branch.
    team = json.loads(json.dumps(TRUNK.teams["web"]))
    team["repositories"]["ui-kit"]["accepted_branches"] = ["trunk"]
    tree = Tree(TRUNK.stack, TRUNK.config, {"web": team})
    done, report = rehearse(*_command(tree, tmp_path, {"repositories": {"ui-kit": kit}}), "--only", "ui-kit: push to trunk")
    assert wrong(report) == [] and done.returncode == 0, done.stderr


def _refused(command: list[str]) -> str:
    done = subprocess.run([sys.executable, "-m", "rehearsal", *command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "Traceback" not in said
    return " ".join(said.split())


def test_what_github_refuses_is_one_error(tmp_path: Path) -> None:
    command = _command(PLAIN, tmp_path, {"repositories": {"ui-kit": {"variables": {"GITHUB_X": "y"}}}})
    assert "repositories.ui-kit.variables, GITHUB_X: got" in _refused(command)


def test_a_plan_without_rulesets_is_refused_by_the_program(tmp_path: Path) -> None:
    words = _refused(_command(PLAIN, tmp_path, {"plan": "free"}))
    assert "repositories.ui-kit: is private, and plan 'free' has no rulesets for that; make it public or change the plan" in words
    assert "Upgrade to GitHub" not in words
