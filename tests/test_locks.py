"""The locks: each holds what its requirements.in names, all that those need, and hashes; whoever deploys installs nothing else."""

import re
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bootstrap import pulumi_cloud
from rehearsal.engine.command import pinned

ROOT = Path(__file__).parents[1]
FOLDERS = (".", "bootstrap", "policy_pack")
ENTRY = re.compile(r"(?P<requirement>[A-Za-z0-9][^\\#@]*?)(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n")
HASHED = {"--require-hashes", "--only-binary", ":all:"}

# Jobs of deploy.yml.
DEPLOYING = {"preview", "deploy", "preview-team-stacks", "deploy-team-stacks"}


def wanted(file: Path) -> dict[str, Requirement]:
    """Name -> requirement of a file that people write, and of the files that it includes; constraints are left out."""
    found: dict[str, Requirement] = {}
    for line in file.read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            found |= wanted(file.parent / text.removeprefix("-r ").strip())
        elif text and not text.startswith("-c "):
            found[canonicalize_name(Requirement(text).name)] = Requirement(text)
    return found


def locked(folder: str) -> dict[str, str]:
    """Name -> version of a lock. Whatever is not `NAME==VERSION` with hashes fails: no option, so no index either."""
    text = (ROOT / folder / "requirements.txt").read_text()
    assert ENTRY.sub("", text) == ""
    entries = [Requirement(entry["requirement"]) for entry in ENTRY.finditer(text)]
    assert [str(one) for one in entries if not re.fullmatch(r"==[^*,]+", str(one.specifier))] == []
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in entries}


def needed(names: set[str]) -> set[str]:
    """`names` and all that they need, on any machine, as the installed packages say."""
    found: set[str] = set()
    while names:
        name = names.pop()
        found.add(name)
        requirements = [Requirement(one) for one in metadata.requires(name) or []]
        names |= {canonicalize_name(one.name) for one in requirements if "extra" not in str(one.marker)} - found
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_lock_holds_what_is_wanted_and_all_that_it_needs(folder: str) -> None:
    lock, inputs = locked(folder), wanted(ROOT / folder / "requirements.in")
    pins = {name: str(one.specifier).removeprefix("==") for name, one in inputs.items() if one.specifier}
    assert {name: lock[name] for name in pins} == pins
    assert set(lock) == needed(set(inputs)), "run make lock"


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_locked_is_what_the_tests_run_with(folder: str) -> None:
    lock = locked(folder)
    assert lock == {name: metadata.version(name) for name in lock}, "run make clean, or make lock"


def test_the_engine_that_deploys_is_the_one_that_is_rehearsed() -> None:
    """`.pulumi.version` says it. A Go module can't read it, and the README shows what a rehearsal prints."""
    version = (ROOT / ".pulumi.version").read_text().strip()
    assert pinned() == version, f"run go get github.com/pulumi/pulumi/pkg/v3@v{version} && go mod tidy in rehearsal/engine/cli"
    assert f"pulumi/pulumi:{version}" == pulumi_cloud.EXECUTOR_IMAGE
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text())["jobs"]
    engines = {name: [step["with"] for step in job["steps"] if "pulumi/actions@" in step.get("uses", "")] for name, job in jobs.items()}
    assert set(engines) == DEPLOYING
    for inputs in engines.values():
        assert [(one["pulumi-version-file"], "pulumi-version" in one) for one in inputs] == [(".pulumi.version", False)]
    shown = (ROOT / "README.md").read_text()
    assert f"Run by pulumi {version}, " in shown
    assert f"a `pulumi` on PATH ({version.rpartition('.')[0]} or later)" in shown


def test_every_way_to_deploy_installs_the_lock_alone() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text())
    commands = {
        job: [step["run"] for step in about["steps"] if "pip install" in step.get("run", "")] for job, about in workflow["jobs"].items()
    }
    commands["Deployments"] = [command for command in pulumi_cloud.PRE_RUN if "pip install" in command]
    assert set(commands) == {*DEPLOYING, "Deployments"}
    for way, (command,) in commands.items():
        words = command.split()
        assert set(words) >= HASHED, way
        assert words[-2:] == ["-r", "requirements.txt"], way
        assert words.count("install") == 1, way


def test_the_lock_is_installed_before_there_is_more_than_the_previewing_role() -> None:
    assert ["pip install" in one for one in pulumi_cloud.PRE_RUN] == [False, True, False]
