"""The bootstrap's life under Pulumi's engine, as an administrator runs it."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rehearsal import bootstrapping, clients, seeding, stage
from rehearsal.engine import runner
from rehearsal.engine.plugins import Plugins
from rehearsal.engine.stack import EngineStack, home
from rehearsal.program.clouds import Github, PulumiCloud
from rehearsal.program.runner import Options
from rehearsal.program.stack_files import load
from tests.engine.life import FOUND, PROJECT, changes, done, needs_engine, shipped

pytestmark = [needs_engine, pytest.mark.slow("tests/bootstrap shows what is registered; every rehearsal begins with it")]
FOLDER = PROJECT / "bootstrap"


class Account:
    """The account of the shipped stacks before its bootstrap, and the engine on that."""

    def __init__(self, cloud: stage.Cloud, stack: EngineStack, region: str) -> None:
        self.cloud, self.stack, self.region = cloud, stack, region
        self.github = Github(f"{cloud.place.endpoint}/_github", bootstrapping.OWNER_TOKEN, "acme")
        self.pulumi = PulumiCloud(cloud.place.endpoint, bootstrapping.PULUMI_TOKEN)

    def aws(self, service: str) -> Any:
        return clients.aws(self.cloud.place.endpoint, self.region, service, self.cloud.root)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    assert FOUND is not None
    bootstrap = bootstrapping.of_stack(PROJECT, "prod")
    assert bootstrap is not None
    settings = shipped("prod").settings()
    with closing(stage.Cloud(settings, tmp_path, "fixture")) as cloud:
        url = cloud.place.endpoint
        cloud.control.post("github/seed", **seeding.github(settings))
        administrator = bootstrapping.Administrator(cloud.control, cloud.root, url, seeding.DEPLOYER_APP)
        bootstrapping.prepare(administrator, bootstrap.declared)
        options = Options(
            directory=FOLDER,
            stack_file=FOLDER / f"Pulumi.{bootstrap.name}.yaml",
            stack=bootstrap.name,
            cloud_url=url,
            github_url=f"{url}/_github",
            overrides={},
            environment=bootstrapping.credentials(administrator),
        )
        with closing(Plugins(home(tmp_path / "engine"), partial(runner.clouds, options))):
            source = runner.source(options, load(FOLDER, options.stack_file, bootstrap.name))
            yield Account(cloud, EngineStack(FOUND.path, tmp_path / "engine", source), settings.region)


def by_hand(account: Account) -> list[str]:
    """What people may change behind its back; what a refresh should say of it."""
    place = ("stacks", "acme", "package-flow", "prod", "deployments", "settings")
    settings = account.pulumi.call("GET", *place)
    account.pulumi.call("PUT", *place, body={**settings, "vcs": {**settings["vcs"], "previewPullRequests": True}})
    path = ("repos", "acme", "package-flow", "rulesets")
    guard = account.github.call("GET", *path, str(account.github.call("GET", *path)[0]["id"]))
    body = {key: guard[key] for key in ("name", "target", "conditions", "rules", "bypass_actors")}
    account.github.call("PUT", *path, str(guard["id"]), body={**body, "enforcement": "disabled"})
    account.aws("iam").tag_role(RoleName="prod-deployer", Tags=[{"Key": "owner", "Value": "somebody"}])
    (ruleset,) = [one["urn"].rpartition("::")[2] for one in account.stack.state() if one.get("id") == str(guard["id"])]
    return ["update DeploymentSettings prod-deployments", f"update RepositoryRuleset {ruleset}", "update Role prod-deploy"]


def test_an_account_is_bootstrapped_repaired_and_taken_back(account: Account) -> None:
    stack = account.stack
    previewed = done(stack.preview())
    made = done(stack.up())
    assert sorted(changes(made)) == sorted(changes(previewed)) and {one.operation for one in made.steps} == {"create"}
    assert changes(done(stack.up())) == [] and changes(done(stack.refresh())) == []
    drifted = sorted(by_hand(account))
    assert sorted(changes(done(stack.refresh()))) == drifted
    assert sorted(changes(done(stack.up()))) == drifted
    assert changes(done(stack.refresh())) == []
    before = stack.state()
    assert "is protected" in stack.destroy().errors[0].text and stack.state() == before
    stack.unprotect()
    removed = changes(done(stack.destroy()))
    # A role that trusts a branch goes before what guards the branch.
    roles, guards = ([at for at, one in enumerate(removed) if one.startswith(f"delete {kind} ")] for kind in ("Role", "RepositoryRuleset"))
    assert roles and guards and max(roles) < min(guards)
    assert [one["type"] for one in stack.state() if not one["type"].startswith("pulumi:")] == []
    # Others may rely on the provider.
    assert len(account.aws("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]) == 1
    assert account.github.call("GET", "repos", "acme", "package-flow", "rulesets") == []
