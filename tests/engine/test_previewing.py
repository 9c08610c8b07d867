"""Under Pulumi's engine `pulumi preview` works with the rights that a pull request's preview has, and nothing more does."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from policies.deployments import Access, Deployed
from policies.document import text
from policies.roles.previewer import preview_permission_sets
from rehearsal import bootstrapping, seeding, stage
from rehearsal.clients import Credentials
from rehearsal.program.clouds import Github
from rehearsal.stage import ProgramFailed
from settings import Settings
from tests.engine.life import FOUND, in_the_organization, needs_engine, shipped

pytestmark = [needs_engine, pytest.mark.slow("tests/policies holds what a preview may do, make rehearse denies it the rest")]

READING_TOKEN = "rehearsal-reader"
READS = {"actions": "read", "actions_variables": "read", "administration": "read", "members": "read", "organization_plan": "read"}
# Besides, with githubScope: organization. What reads an organisation's rulesets may write them.
READS_ORGANIZATION = {"organization_actions_variables": "read"}
ORGANIZATION = "organization"


@dataclass
class Scene:
    """A deployed stack, and the credentials of its previews."""

    stack: stage.Stack
    cloud: stage.Cloud
    credentials: Credentials
    folder: Path

    def run(self, *options: str) -> list[str]:
        """Run the program with a preview's credentials; what it began to do. Raises ProgramFailed."""
        program = _program(self.stack, self.cloud, self.credentials, self.folder)
        program._environment |= {"GITHUB_TOKEN": READING_TOKEN}
        begun: list[str] = []
        program.run(lambda event: begun.append(event["event"]), *options)
        return begun

    def differences(self) -> list[list[Any]]:
        """What a drift check says: names and properties."""
        program = _program(self.stack, self.cloud, self.credentials, self.folder)
        program._environment |= {"GITHUB_TOKEN": READING_TOKEN}
        said: list[Any] = []
        program.run(said.append, "--drift")
        return sorted([one["operation"], one["name"], one["keys"]] for one in said if one["event"] == "differs")


def _program(stack: stage.Stack, cloud: stage.Cloud, who: Credentials, folder: Path) -> stage.Program:
    assert FOUND is not None
    return stage.Program(stack, cloud, who, folder, engine=FOUND.path)


@pytest.fixture(scope="module", params=["prod", "dev", ORGANIZATION])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp(request.param)
    shared = request.param == ORGANIZATION
    stack = in_the_organization(shipped("prod"), folder) if shared else shipped(request.param)
    settings = stack.settings()
    cloud = stage.Cloud(settings, folder, "fixture")
    try:
        deployer = stage.company(stack, settings, cloud, folder)
        _program(stack, cloud, deployer, folder).run(lambda event: None)
        token = {
            "token": READING_TOKEN,
            "organization": settings.github_owner,
            "app_id": seeding.DEPLOYER_APP,
            "permissions": READS | (READS_ORGANIZATION if shared else {}),
        }
        cloud.control.post("github/seed", tokens=[token])
        if shared:
            # No bootstrap is for that file: what GitHub lets a reader see is what differs.
            yield Scene(stack, cloud, deployer, folder)
            return
        yield Scene(_reads_identity_center(stack, settings, cloud, folder), cloud, _preview(settings, cloud), folder)
    finally:
        cloud.close()


def _preview(settings: Settings, cloud: stage.Cloud) -> Credentials:
    bootstrap = cloud.bootstrap
    assert bootstrap is not None and bootstrap.pulumi_cloud is not None
    place = {"organization": bootstrap.pulumi_cloud.organization, "project": settings.project, "stack": settings.stack}
    token = cloud.control.post("pulumi/token", operation="preview", **place)["token"]
    role = Deployed(cloud.registry, settings.stack).role_arn(Access.PREVIEW)
    return bootstrapping.assume(cloud.place.endpoint, cloud.place.region, role, token)


def _reads_identity_center(shipped: stage.Stack, settings: Settings, cloud: stage.Cloud, folder: Path) -> stage.Stack:
    """The role in Identity Center's account that previews assume, and the stack file that names it, as credentials.sh does it."""
    assert cloud.bootstrap is not None
    one = next(each for each in cloud.bootstrap.stacks if each.name == settings.stack)
    role = one.identity_center_preview_role
    if not role or settings.developers is None:
        return shipped
    own = Deployed(cloud.registry, settings.stack).role_arn(Access.PREVIEW)
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": own}, "Action": "sts:AssumeRole"}]}
    policy = json.loads(text(preview_permission_sets(cloud.registry, settings.stack)))
    path, _, name = role.partition(":role")[2].rpartition("/")
    account = role.split(":")[4]
    cloud.control.post("principals", kind="role", account=account, name=name, path=f"{path}/", policy=policy, trust=trust)
    changed = folder / shipped.file.name
    changed.write_text(shipped.file.read_text().replace(settings.developers.role_arn, role))
    return stage.Stack(shipped.name, changed, None)


def test_a_preview_needs_no_more(scene: Scene) -> None:
    """Of a deployed stack: everything is looked up, nothing fails, nothing differs, nothing is written."""
    before = scene.cloud.control.get("github/requests")["github_writes"]
    assert not {"creating", "deleting"} & set(scene.run("--preview"))
    assert scene.cloud.control.get("github/requests")["github_writes"] == before


def test_the_same_credentials_change_nothing(scene: Scene) -> None:
    """The twin: with the same state, to remove the stack instead of previewing it."""
    with pytest.raises(ProgramFailed, match=r"not authorized to perform|not accessible by integration"):
        scene.run("--destroy", "--unprotect")


def test_a_drift_check_needs_no_more(scene: Scene) -> None:
    """Nothing differs, also with the role that only reads Identity Center and without a sight of bypass lists, and nothing is written."""
    before = scene.cloud.control.get("github/requests")["github_writes"]
    assert scene.differences() == []
    assert scene.cloud.control.get("github/requests")["github_writes"] == before


def test_what_somebody_changed_is_found_and_stays(scene: Scene) -> None:
    """The twin: a variable that has another value, and one that is gone."""
    # Variables that a repository has of its own wherever the others are.
    name = next(one.name for one in scene.stack.settings().repositories if one.publishes)
    changed, gone = "CODEARTIFACT_REPOSITORY", "CODEARTIFACT_PUBLISH_ROLE_ARN"
    path = ("repos", "acme", name, "actions", "variables")
    github = Github(f"{scene.cloud.place.endpoint}/_github", seeding.DEPLOYER_TOKEN, "acme")
    was = {each: github.call("GET", *path, each)["value"] for each in (changed, gone)}
    github.call("PATCH", *path, changed, body={"value": "evil"})
    github.call("DELETE", *path, gone)
    found = [["delete", f"{name}-{gone}", []], ["update", f"{name}-{changed}", ["value"]]]
    assert scene.differences() == found
    assert github.call("GET", *path, changed)["value"] == "evil"
    assert scene.differences() == found
    github.call("PATCH", *path, changed, body={"value": was[changed]})
    github.call("POST", *path, body={"name": gone, "value": was[gone]})
    assert scene.differences() == []
