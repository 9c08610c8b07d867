"""Taking a stack away: what stands in the way is told, and what is left is found in the cloud itself."""

import json
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from typing import Any

import httpx
import pytest

from policies.arns import GITHUB_OIDC_HOST
from policies.github_tokens import AUDIENCE
from policies.names import read_policy_name
from rehearsal import clients, identity_center, removal, seeding, stage
from rehearsal.github import GitHub
from rehearsal.removal import Left
from rehearsal.stage import ProgramFailed
from rehearsal.world import World
from settings import DeveloperMode, Developers, DomainSettings, Encryption, OidcProvider, Sandbox
from tests.program import samples

ACCOUNT, REGION = samples.ACCOUNT, "eu-west-1"
SETTINGS = samples.settings(sandbox=Sandbox("acme-sandbox", ("engineers/*",)))
READ = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "codeartifact:ListDomains", "Resource": "*"}})
TRUST = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}})


class Cloud(stage.Cloud):
    """The local cloud's process, and clients of its root."""

    def client(self, service: str) -> Any:
        return clients.aws(self.place.endpoint, REGION, service, self.root)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    running = Cloud(SETTINGS, tmp_path_factory.mktemp("cloud"), "fixture")
    try:
        running.control.post("github/seed", **seeding.github(SETTINGS))
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def world(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> World:
    github, folder = GitHub(cloud.control, SETTINGS.github_owner, []), tmp_path_factory.mktemp("clients")
    return World(SETTINGS, {}, cloud.place, cloud.control, github, workflows=folder, folder=folder, upstream="fixture", public_packages={})


def with_settings(world: World, **changed: Any) -> World:
    """The same world with other settings."""
    other = copy(world)
    other.settings = replace(world.settings, **changed)
    return other


# --- what is left ---------------------------------------------------------------------------------------------------------------------


def domain(cloud: Cloud) -> Callable[[], Any]:
    client = cloud.client("codeartifact")
    client.create_domain(domain="acme")
    client.create_repository(domain="acme", repository="shared")
    client.create_domain(domain="somebody-elses")
    return lambda: (client.delete_repository(domain="acme", repository="shared"), client.delete_domain(domain="acme"))


def role(cloud: Cloud) -> Callable[[], Any]:
    client = cloud.client("iam")
    for name, path in (("test-read", "/package-flow/"), ("other-read", "/package-flow/"), ("test-read-elsewhere", "/")):
        client.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=TRUST)
    return lambda: client.delete_role(RoleName="test-read")


def alias(cloud: Cloud) -> Callable[[], Any]:
    client = cloud.client("kms")
    key = client.create_key(Description="ours")["KeyMetadata"]["KeyId"]
    client.create_alias(AliasName="alias/codeartifact/acme", TargetKeyId=key)

    def undo() -> None:
        client.delete_alias(AliasName="alias/codeartifact/acme")
        client.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)

    return undo


def rule(cloud: Cloud) -> Callable[[], Any]:
    client = cloud.client("events")
    for name in ("test-package-versions", "other-package-versions"):
        client.put_rule(Name=name, EventPattern='{"source":["aws.codeartifact"]}')
    return lambda: client.delete_rule(Name="test-package-versions")


def topic(cloud: Cloud) -> Callable[[], Any]:
    client = cloud.client("sns")
    arn = client.create_topic(Name="test-package-versions")["TopicArn"]
    client.create_topic(Name="other-package-versions")
    return lambda: client.delete_topic(TopicArn=arn)


def queue(cloud: Cloud) -> Callable[[], Any]:
    client = cloud.client("sqs")
    url = client.create_queue(QueueName="test-package-versions-dead-letters")["QueueUrl"]
    return lambda: client.delete_queue(QueueUrl=url)


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (domain, ["domain acme", "repository acme/shared"]),
        (role, [f"role arn:aws:iam::{ACCOUNT}:role/package-flow/test-read"]),
        (alias, ["key alias alias/codeartifact/acme", "(ours)"]),
        (rule, ["rule arn:aws:events", "rule/test-package-versions"]),
        (topic, [f"topic arn:aws:sns:{REGION}:{ACCOUNT}:test-package-versions"]),
        (queue, ["queue ", "test-package-versions-dead-letters"]),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_is_left_by_mistake_is_found(cloud: Cloud, world: World, make: Callable[[Cloud], Callable[[], Any]], found: list[str]) -> None:
    def unexpected() -> list[str]:
        return [one.what for one in removal.left(world) if not one.why]

    before = unexpected()
    undo = make(cloud)
    left = "\n".join(one for one in unexpected() if one not in before)
    assert all(words in left for words in found) and "other" not in left and "elsewhere" not in left, left
    undo()
    assert unexpected() == before == []


def test_a_variable_that_is_left_on_github_is_found(world: World) -> None:
    repository = SETTINGS.repositories[0].name
    variables = f"{world.place.endpoint}/_github/repos/acme/{repository}/actions/variables"
    headers = {"authorization": f"Bearer {seeding.DEPLOYER_TOKEN}"}
    httpx.post(variables, json={"name": "CODEARTIFACT_DOMAIN", "value": "acme"}, headers=headers).raise_for_status()
    assert Left(f"variable CODEARTIFACT_DOMAIN of {repository}") in list(removal.left(world))
    httpx.delete(f"{variables}/CODEARTIFACT_DOMAIN", headers=headers).raise_for_status()
    assert list(removal._github(world)) == []


def test_what_is_meant_to_stay_has_its_reason(cloud: Cloud, world: World) -> None:
    kms, iam = cloud.client("kms"), cloud.client("iam")
    key = kms.create_key(Description="Packages of acme")["KeyMetadata"]["Arn"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
    arn = iam.create_open_id_connect_provider(Url=f"https://{GITHUB_OIDC_HOST}", ClientIDList=[AUDIENCE])["OpenIDConnectProviderArn"]
    made, adopted = (with_settings(world, oidc_provider=one) for one in (OidcProvider.CREATE, OidcProvider.EXISTING))
    kept = {one.what: one.why for one in removal.left(made)}
    assert "waits for its deletion on " in kept[f"key {key} (Packages of acme)"]
    assert kept[f"OIDC provider {arn}"].startswith("retained")
    assert {one.what: one.why for one in removal.left(adopted)}[f"OIDC provider {arn}"].startswith("not this stack's")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


@pytest.mark.parametrize(("mode", "why"), [(DeveloperMode.IDENTITY_CENTER, ""), (DeveloperMode.POLICY, "not this stack's")])
def test_a_permission_set_is_somebodys(cloud: Cloud, world: World, mode: DeveloperMode, why: str) -> None:
    region = {DeveloperMode.IDENTITY_CENTER: "eu-west-1", DeveloperMode.POLICY: "eu-central-1"}[mode]
    there = with_settings(world, developers=Developers(("Engineering",), mode, region, "", 28_800))
    where = identity_center.place(there.settings, there.registry)
    assert where
    cloud.control.post("identity-center/instances", account=where.account, region=region, groups={"Engineering": ["developer"]})
    assert not [one for one in removal.left(there) if "permission set" in one.what]
    for name in ("test-developers", "other-developers"):
        identity_center.Manager(there).create(name, READ, "PT8H", [])
    (left,) = [one for one in removal.left(there) if "permission set" in one.what]
    assert left.what == "permission set test-developers" and left.why.startswith(why) and bool(left.why) is bool(why)


# --- the way there --------------------------------------------------------------------------------------------------------------------


class Engine:
    """Refuses to destroy in these words, one after the other (None = it is done), and keeps what it was asked."""

    def __init__(self, *answers: str | None) -> None:
        self.answers, self.asked = list(answers), []

    def destroy(self, *options: str) -> None:
        self.asked.append(options)
        if answer := self.answers.pop(0):
            raise ProgramFailed(answer)


PROTECTED = "resource 'x' cannot be deleted because it is protected"
ATTACHED = "DeleteConflict: Cannot delete a policy attached to entities."
FULL = "ConflictException: Domain 'acme-sandbox' still has 1 repositories; delete them first."


@pytest.fixture
def sandbox(cloud: Cloud) -> Iterator[Any]:
    client = cloud.client("codeartifact")
    client.create_domain(domain="acme-sandbox")
    yield client
    for one in client.list_repositories_in_domain(domain="acme-sandbox")["repositories"]:
        client.delete_repository(domain="acme-sandbox", repository=one["name"])
    client.delete_domain(domain="acme-sandbox")


def test_protection_and_a_full_sandbox_are_shown_before_they_are_dealt_with(world: World, sandbox: Any) -> None:
    sandbox.create_repository(domain="acme-sandbox", repository="experiment")
    told: list[str] = []
    engine = Engine(PROTECTED, FULL, None)
    done = removal.remove(world, engine, told.append)
    assert engine.asked == [(), ("--unprotect",), ("--unprotect",)]
    assert done.refusals == [PROTECTED, FULL] and told[0] == f"refused: {PROTECTED}"
    assert sandbox.list_repositories_in_domain(domain="acme-sandbox")["repositories"] == []
    assert [one.what for one in done.unexpected] == ["domain acme-sandbox"], "this engine deletes nothing"
    assert done.as_json()["unexpected"] == ["domain acme-sandbox"]


@pytest.mark.parametrize("answers", [(ATTACHED, FULL), (FULL, ATTACHED)], ids=["policy-first", "sandbox-first"])
def test_obstacles_are_met_in_any_order(cloud: Cloud, world: World, sandbox: Any, answers: tuple[str, str]) -> None:
    """The engine deletes side by side, and says first what is refused first."""
    iam = cloud.client("iam")
    read = iam.create_policy(PolicyName=read_policy_name("test"), Path="/package-flow/", PolicyDocument=READ)["Policy"]["Arn"]
    iam.create_role(RoleName="by-others", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName="by-others", PolicyArn=read)
    sandbox.create_repository(domain="acme-sandbox", repository="experiment")
    done = removal.remove(world, Engine(PROTECTED, *answers, None), lambda line: None)
    assert done.refusals == [PROTECTED, *answers]
    assert sandbox.list_repositories_in_domain(domain="acme-sandbox")["repositories"] == []
    assert iam.list_attached_role_policies(RoleName="by-others")["AttachedPolicies"] == []
    iam.delete_role(RoleName="by-others")
    iam.delete_policy(PolicyArn=read)


def test_nothing_is_unprotected_that_is_not_protected(world: World, sandbox: Any) -> None:
    unprotected = with_settings(world, domain=DomainSettings("acme", Encryption.CUSTOMER, protect=False))
    engine = Engine(None)
    assert removal.remove(unprotected, engine, lambda line: None).refusals == []
    assert engine.asked == [()]


def test_a_refusal_that_nobody_has_foreseen_is_an_error(world: World, sandbox: Any) -> None:
    with pytest.raises(ProgramFailed, match="AccessDenied"):
        removal.remove(world, Engine("AccessDenied"), lambda line: None)


def test_a_protected_stack_that_is_destroyed_all_the_same_is_an_error(world: World, sandbox: Any) -> None:
    with pytest.raises(RuntimeError, match="because something is protected"):
        removal.remove(world, Engine(None), lambda line: None)
