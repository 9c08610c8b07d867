"""Takes a stack away again, as its people would, and looks at the cloud for what is left.

The engine's refusals are part of it: what is protected, and a sandbox that still has repositories of developers.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from policies.arns import GITHUB_OIDC_HOST
from policies.events import Names
from policies.names import PRIVATE_DEPENDENCIES_ENVIRONMENT, STACK_TAG, read_policy_name
from policies.roles.developer import permission_set
from rehearsal.identity_center import Manager
from rehearsal.rights import Rights
from rehearsal.scenarios import deployments
from rehearsal.scenarios.read_access import administrator
from rehearsal.stage import ProgramFailed
from rehearsal.world import World
from settings import DeveloperMode, OidcProvider

Tell = Callable[[str], None]


class Destroyable(Protocol):
    """The stack's program, as far as this needs it (stage.Program)."""

    def destroy(self, *options: str) -> object: ...


@dataclass(frozen=True)
class Left:
    """Something of the stack's that is still there, and why it is meant to be; "" if it is not."""

    what: str
    why: str = ""


@dataclass
class Removal:
    """What stood in the way, what is left, and which of the deployer's rights it all took."""

    refusals: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    rights: Rights | None = None

    @property
    def unexplained(self) -> list[str]:
        """Rights of the deployer that neither creating nor removing the stack used, and that KEPT gives no reason for."""
        return self.rights.unexplained if self.rights else []

    @property
    def unexpected(self) -> list[Left]:
        return [remainder for remainder in self.left if not remainder.why]

    def as_json(self) -> dict[str, Any]:
        """As in the report."""
        return {
            "refusals": self.refusals,
            "kept": {remainder.what: remainder.why for remainder in self.left if remainder.why},
            "unexpected": [remainder.what for remainder in self.unexpected],
            **({"rights": self.rights.as_json()} if self.rights else {}),
        }


def remove(world: World, program: Destroyable, report: Tell) -> Removal:
    """Destroy the stack. Raises ProgramFailed if it is refused for an unexpected reason."""
    done = Removal()
    if world.settings.domain.protect:
        done.refusals.append(_refused(program, "is protected"))
        report(f"refused: {done.refusals[-1]}")
    unprotect = ["--unprotect"] if world.settings.domain.protect else []
    if unprotect:
        report("unprotecting each resource (pulumi state unprotect), then retrying")
    obstacles = list(_obstacles(world))
    while obstacles:
        # Deletions go side by side: which of the obstacles is met first is not known.
        done.refusals.append(_refused(program, *(each.words for each in obstacles), options=unprotect))
        report(f"refused: {done.refusals[-1]}")
        met = next(each for each in obstacles if each.words in done.refusals[-1])
        obstacles.remove(met)
        met.clear()
        report(f"{met.cleared}, then retrying")
    program.destroy(*unprotect)
    done.left = list(left(world))
    return done


@dataclass(frozen=True)
class Obstacle:
    """What others did that stands in the way: the words of the refusal, and how they undo it."""

    words: str
    clear: Callable[[], None]
    cleared: str


def _obstacles(world: World) -> Iterator[Obstacle]:
    if others := _attached_by_others(world):
        cleared = f"detaching the read policy from {', '.join(others)}, where others had attached it"
        yield Obstacle("Cannot delete a policy attached to entities", partial(_detach, world, others), cleared)
    if (sandbox := world.settings.sandbox) and (by_developers := list(_repositories(world, sandbox.name))):
        cleared = f"deleting {', '.join(by_developers)} from the sandbox"
        yield Obstacle("still has", partial(_empty, world, sandbox.name, by_developers), cleared)


def _refused(program: Destroyable, *words: str, options: Sequence[str] = ()) -> str:
    """Why the stack can't be destroyed yet. Raises ProgramFailed if it is refused in other words, RuntimeError if it is not refused."""
    try:
        program.destroy(*options)
    except ProgramFailed as refusal:
        if not any(each in str(refusal) for each in words):
            raise
        return " ".join(str(refusal).split())
    raise RuntimeError(f"destroy: got success; expected a refusal, because something {' or '.join(words)}")


# --- the sandbox --------------------------------------------------------------------------------------------------------------------


def _repositories(world: World, domain: str) -> Iterator[str]:
    codeartifact = world.client("codeartifact", administrator(world))
    for page in codeartifact.get_paginator("list_repositories_in_domain").paginate(domain=domain, domainOwner=world.place.account):
        yield from (repository["name"] for repository in page["repositories"])


def _empty(world: World, domain: str, repositories: list[str]) -> None:
    """What the documentation says: whoever takes a sandbox away deletes its repositories first."""
    codeartifact = world.client("codeartifact", administrator(world))
    for repository in repositories:
        codeartifact.delete_repository(domain=domain, domainOwner=world.place.account, repository=repository)


# --- the read policy ----------------------------------------------------------------------------------------------------------------


def _read_policy(world: World) -> str:
    return world.registry.policy_arn(world.settings.iam.path, read_policy_name(world.settings.stack))


def _attached_by_others(world: World) -> list[str]:
    """Roles that have the read policy, and that the stack does not name."""
    iam, named = world.client("iam", administrator(world)), {role.rpartition("/")[2] for role in world.settings.build_roles}
    try:
        attached = iam.list_entities_for_policy(PolicyArn=_read_policy(world))["PolicyRoles"]
    except iam.exceptions.NoSuchEntityException:
        return []
    return [policy["RoleName"] for policy in attached if policy["RoleName"] not in named]


def _detach(world: World, roles: list[str]) -> None:
    """What those who attached it do before the policy can go."""
    iam = world.client("iam", administrator(world))
    for role in roles:
        iam.detach_role_policy(RoleName=role, PolicyArn=_read_policy(world))


# --- what is left -------------------------------------------------------------------------------------------------------------------


def left(world: World) -> Iterator[Left]:
    """What the cloud has of the stack, whatever its state says."""
    for look in (_codeartifact, _iam, _permission_sets, _keys, _messaging, _github):
        yield from look(world)


def _codeartifact(world: World) -> Iterator[Left]:
    sandbox = [world.settings.sandbox.name] if world.settings.sandbox else []
    for domain in world.control.get("codeartifact/state")["domains"]:
        if domain["name"] in (world.settings.domain.name, *sandbox):
            yield Left(f"domain {domain['name']}")
            yield from (Left(f"repository {domain['name']}/{repository['name']}") for repository in domain["repositories"])


def _iam(world: World) -> Iterator[Left]:
    iam, path = world.client("iam", administrator(world)), world.settings.iam.path
    own = f"{world.settings.stack}-"
    for page in iam.get_paginator("list_roles").paginate(PathPrefix=path):
        for role in page["Roles"]:
            if role["Path"] == path and role["RoleName"].startswith(own):
                acted = role["RoleName"].startswith(f"{own}{deployments.ROLE_INFIX}-")
                yield Left(f"role {role['Arn']}", "not this stack's: created by a scenario, as a changed program could" if acted else "")
    for page in iam.get_paginator("list_policies").paginate(Scope="Local"):
        yield from (
            Left(f"policy {policy['Arn']}")
            for policy in page["Policies"]
            if policy["Path"] == path and policy["PolicyName"].startswith(own)
        )
    for provider in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        if provider["Arn"].endswith(f"/{GITHUB_OIDC_HOST}"):
            created = world.settings.oidc_provider is OidcProvider.CREATE
            why = (
                "retained: other stacks and programs of the account may rely on it" if created else "not this stack's: it was there before"
            )
            yield Left(f"OIDC provider {provider['Arn']}", why)


def _permission_sets(world: World) -> Iterator[Left]:
    if world.settings.developers is None:
        return
    by_others = world.settings.developers.mode is DeveloperMode.POLICY
    why = "not this stack's: created by the Identity Center administrators" if by_others else ""
    own = permission_set(world.settings.stack)
    yield from (Left(f"permission set {name}", why) for name in Manager(world).permission_sets() if name.startswith(own))


def _keys(world: World) -> Iterator[Left]:
    kms, names = world.client("kms", administrator(world)), Names(world.registry, world.settings.stack, world.settings.iam.path)
    aliases = (f"alias/codeartifact/{world.settings.domain.name}", names.key_alias)
    for page in kms.get_paginator("list_aliases").paginate():
        yield from (Left(f"key alias {alias['AliasName']}") for alias in page["Aliases"] if alias["AliasName"] in aliases)
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]}
            if tags.get(STACK_TAG, world.settings.stack) != world.settings.stack:
                continue  # another stack's
            about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if about["Arn"] == world.settings.domain.key:
                yield Left(f"key {about['Arn']}", "not this stack's: it was there before")
                continue
            until = f"{about['DeletionDate']:%Y-%m-%d}" if about["KeyState"] == "PendingDeletion" else ""
            yield Left(
                f"key {about['Arn']} ({about['Description']})", until and f"waits for its deletion on {until}; until then it can be kept"
            )


def _messaging(world: World) -> Iterator[Left]:
    who, names = administrator(world), Names(world.registry, world.settings.stack, world.settings.iam.path)
    rules = world.client("events", who).list_rules(NamePrefix=names.rule)["Rules"]
    topics = world.client("sns", who).list_topics()["Topics"]
    queues = world.client("sqs", who).list_queues(QueueNamePrefix=names.dead_letters).get("QueueUrls", [])
    yield from (Left(f"rule {rule['Arn']}") for rule in rules)
    yield from (Left(f"topic {topic['TopicArn']}") for topic in topics if topic["TopicArn"] == names.topic_arn)
    yield from (Left(f"queue {queue}") for queue in queues)
    if world.settings.events and world.settings.events.slack:
        channels = world.client("chatbot", who).describe_slack_channel_configurations()["SlackChannelConfigurations"]
        own = (one["ChatConfigurationArn"] for one in channels if one["ChatConfigurationArn"] == names.chat_configuration_arn)
        yield from (Left(f"Slack channel configuration {arn}") for arn in own)


def _github(world: World) -> Iterator[Left]:
    for repository in world.settings.repositories:
        seen: Mapping[str, Any] = world.control.get(f"github/repositories/{world.github.full_name(repository.name)}")
        for kind in ("rulesets", "environments", "variables"):
            yield from (Left(f"{kind.removesuffix('s')} {name} of {repository.name}", _created_by_jobs(kind, name)) for name in seen[kind])
    organization: Mapping[str, Any] = world.control.get(f"github/organizations/{world.settings.github_owner}")
    for kind in ("rulesets", "variables"):
        there = set(organization[kind]) - (set(world.facts.variables) if kind == "variables" else set())
        yield from (Left(f"{kind.removesuffix('s')} {name} of the organisation") for name in sorted(there))


def _created_by_jobs(kind: str, name: str) -> str:
    """GitHub creates an environment that is not there when a job names it."""
    ours = kind == "environments" and name == PRIVATE_DEPENDENCIES_ENVIRONMENT
    return "not this stack's: created by GitHub for a job of the publishing workflow" if ours else ""
