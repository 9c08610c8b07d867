"""What may be there in AWS: a domain with its repositories and package groups, roles, policies, aliases, topic, queue, permission sets."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from existing import compare
from existing.answers import Answers
from existing.there import There
from leftovers import (
    ALIAS_TYPE,
    DOMAIN_TYPE,
    PERMISSION_SET_TYPE,
    POLICY_TYPE,
    QUEUE_TYPE,
    REPOSITORY_TYPE,
    ROLE_TYPE,
    TOPIC_TYPE,
    Known,
    key,
)
from plan import parts
from policies.arns import Registry
from policies.names import numbered

DOMAIN_POLICY_TYPE = "aws:codeartifact/domainPermissions:DomainPermissions"
REPOSITORY_POLICY_TYPE = "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy"
ROLE_POLICY_TYPE = "aws:iam/rolePolicy:RolePolicy"
PACKAGE_GROUP_TYPE = "aws:cloudcontrol/resource:Resource"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_CodeArtifact.html
_DOMAIN, _REPOSITORY, _PACKAGE_GROUP = (f"AWS::CodeArtifact::{one}" for one in ("Domain", "Repository", "PackageGroup"))


def domains(planned: parts.Plan, known: Known, answers: Answers) -> Iterator[There]:
    """The stack's domain and its sandbox, with what is in the former.

    Of a component that an earlier run came to, what is not in the state may be what that run left: leftovers.py, and the provider, see it.
    """
    registry = planned.registry
    wanted = registry.encryption_key or ("customer" if registry.key else "aws")
    begun = known.begun("PackageRegistry") or bool(planned.team_stack)
    there = [] if begun else _domain(planned.place, registry.policy, wanted, "package-flow:domain", known, answers)
    yield from there
    # In a domain that is not there, nothing is.
    if there or planned.team_stack or key(DOMAIN_TYPE, registry.name) in known.made:
        yield from _repositories(planned, known, answers)
        yield from _package_groups(planned, known, answers)
    if planned.sandbox and not known.begun("Sandbox"):
        place = replace(planned.place, domain=planned.sandbox.name)
        yield from _domain(place, planned.sandbox.policy, "aws", "package-flow:sandbox", known, answers)


def _domain(place: Registry, policy: str, wanted: str, where: str, known: Known, answers: Answers) -> list[There]:
    name, arn = place.domain, place.domain_arn
    if key(DOMAIN_TYPE, name) in known.made:
        return []
    found = answers.resource(_DOMAIN, arn)
    if found is None:
        return []
    domain = There(
        DOMAIN_TYPE,
        (name,),
        f"the CodeArtifact domain {name}",
        f"{where}.name",
        arn,
        blocked=_encryption(str(found.get("EncryptionKey") or ""), wanted, where, answers),
        rename=f"{where}.name",
    )
    return [domain, *_policy(DOMAIN_POLICY_TYPE, name, f"the policy of the domain {name}", where, arn, found, policy, known)]


def _encryption(there: str, wanted: str, where: str, answers: Answers) -> str:
    """Why the domain's key and the setting do not go together: another key is another domain, without its packages."""
    said = "aws" if not there or answers.managed_by_aws(there) else there
    if wanted == said:
        return ""
    how = f"write encryption: {said}" if where == "package-flow:domain" else "use another domain as sandbox"
    return f"{where}.encryption: got {wanted}; expected {said}, which encrypts it and can't be changed; {how}"


def _policy(type: str, name: str, what: str, where: str, id: str, found: Mapping[str, Any], planned: str, known: Known) -> Iterator[There]:
    there = found.get("PermissionsPolicyDocument")
    if not there or key(type, name) in known.made:
        return
    blocked = ""
    if not planned:
        letting = ", ".join(compare.publishers(there)) or "whom it names"
        blocked = f"this stack has no policy for it and would leave that one, which lets {letting} in; delete it, or open it to readers"
    changes = tuple(compare.policies(there, planned)) if planned else ()
    yield There(type, (name,), what, where, id, changes, blocked, before=json.dumps(there, sort_keys=True))


def _repositories(planned: parts.Plan, known: Known, answers: Answers) -> Iterator[There]:
    registry, others = planned.registry, set[str]()
    begun = known.begun("PackageRegistry") or bool(planned.team_stack)
    listed = [
        *((one, one.logical_name, f"package-flow:publicSources: {one.logical_name}", _source(one)) for one in registry.public_sources),
        (registry.shared, registry.shared.logical_name, "package-flow:shared", "package-flow:shared: another name"),
        *((one.repository, one.name, one.file, f"repository: another name, in {one.file}") for one in planned.teams),
    ]
    own, teams = {one.name for one, *_ in listed}, {one.repository.name: one.name for one in planned.teams}
    for one, name, where, rename in listed:
        left = known.begun("Team", teams[one.name]) if one.name in teams else begun
        found = None if left or key(REPOSITORY_TYPE, one.name) in known.made else answers.resource(_REPOSITORY, one.arn)
        if found is None:
            continue
        upstreams, connections = list(found.get("Upstreams") or []), list(found.get("ExternalConnections") or [])
        others |= set() if planned.team_stack else {*upstreams} - own
        changes = compare.fields(
            {"description": found.get("Description"), "upstreams": upstreams, "external connection": connections},
            {
                "description": one.description,
                "upstreams": list(one.upstreams),
                "external connection": [one.external_connection] if one.external_connection else [],
            },
        )
        yield There(REPOSITORY_TYPE, (one.name,), f"the repository {one.name}", where, one.arn, tuple(changes), rename=rename)
        what = f"the policy of the repository {one.name}"
        yield from _policy(REPOSITORY_POLICY_TYPE, name, what, where, one.arn, found, one.policy, known)
    yield from _other_sources(planned, others, known, answers)


def _source(one: parts.Repository) -> str:
    return f"package-flow:publicSources: {{{one.logical_name}: another name}}"


def _other_sources(planned: parts.Plan, others: set[str], known: Known, answers: Answers) -> Iterator[There]:
    """Upstreams of what is there that already have the external connection of a public source."""
    sources = {one.external_connection: one for one in planned.registry.public_sources}
    for name in sorted(others):
        found = answers.resource(_REPOSITORY, planned.place.repository_arn(name))
        for connection in (found or {}).get("ExternalConnections") or []:
            source = sources.get(connection)
            if source and key(REPOSITORY_TYPE, source.name) not in known.made:
                yield There(
                    REPOSITORY_TYPE,
                    (name,),
                    f"the repository {name}, which has the external connection {connection}",
                    "package-flow:publicSources",
                    "",
                    blocked=f"a second one would fetch the same packages again; write publicSources: {{{source.logical_name}: {name}}}",
                )


def _package_groups(planned: parts.Plan, known: Known, answers: Answers) -> Iterator[There]:
    """The provider imports none of Cloud Control's resources: it reads one by its type, which an import does not say.

    A group holds no packages, so that deleting one loses none.
    """
    for team in planned.teams:
        for one in team.package_groups:
            pattern = one.owned.group_pattern
            if known.begun("Team", team.name) or key(PACKAGE_GROUP_TYPE, one.name) in known.made:
                continue
            if answers.resource(_PACKAGE_GROUP, planned.place.package_group_arn(pattern)) is None:
                continue
            removal = f"aws codeartifact delete-package-group --domain {planned.place.domain} --package-group '{pattern}'"
            blocked = (
                f"Pulumi can't import one. It holds no packages; until the next pulumi up its names are as open as its parent's: {removal}"
            )
            where = f"{team.file}: owns.{one.owned.format}: {one.owned.text}"
            yield There(PACKAGE_GROUP_TYPE, (one.name,), f"the package group {pattern}", where, "", (), blocked, removal=removal)


def roles(planned: parts.Plan, known: Known, answers: Answers) -> Iterator[There]:
    """Roles of the names to be used. In components that an earlier run came to, leftovers.py looks."""
    for one, name, where, begun in _planned_roles(planned, known):
        found = None if begun or key(ROLE_TYPE, one.name) in known.made else answers.role(one.name)
        if found is None:
            continue
        changes = compare.policies(found["assume_role_policy"], one.trust, "trust")
        planned_fields = {"description": one.description, "boundary": one.boundary, "session": 3600}
        there = {"description": found["description"], "boundary": found["permissions_boundary"], "session": found["max_session_duration"]}
        yield There(
            ROLE_TYPE,
            (one.name,),
            f"the role {one.name}",
            where,
            one.name,
            (*changes, *compare.fields(there, planned_fields)),
            _unfit(one, found),
            _STACKS_NAME,
        )
        document = answers.role_policy(one.name, one.policy_name) if one.permissions and one.policy_name in found["policies"] else None
        if document is not None:
            changed = compare.policies(document, one.permissions, "permissions")
            what = f"the policy {one.policy_name} of the role {one.name}"
            yield There(ROLE_POLICY_TYPE, (name,), what, where, f"{one.name}:{one.policy_name}", tuple(changed))


_STACKS_NAME = "none but another name for the stack, which every role's begins with"


def _unfit(one: parts.Role, found: Mapping[str, Any]) -> str:
    """What this stack would not change in a role, and what would stay."""
    if found["arn"] != one.arn:
        return f"it is {found['arn']}; expected {one.arn}, and no role changes its path: delete or rename it"
    more = sorted({*found["policies"]} - {one.policy_name if one.permissions else ""})
    attached = [str(each.get("policyName", each.get("policy_name"))) if isinstance(each, dict) else str(each) for each in found["attached"]]
    kept = [*more, *attached]
    return f"it would keep its policies {', '.join(kept)} beside this stack's; take them off first" if kept else ""


def _planned_roles(planned: parts.Plan, known: Known) -> Iterator[tuple[parts.Role, str, str, bool]]:
    """Each role with the name of its policy's resource, where it comes from, and whether leftovers.py looks for it."""
    for number, role in enumerate(() if planned.team_stack else planned.oidc.read_roles, 1):
        yield role, numbered("github-read", number), "aws", known.begun("GitHubOidc")
    for one in planned.consumers:
        begun = known.begun("ConsumingRepository", one.name, one.renamed_from)
        for kind, role in one.roles_by_kind.items():
            yield role, f"{one.name}-{kind}", f"{one.file}: repositories.{one.name}", begun
    if planned.events:
        begun = known.begun("PackageEvents")
        yield planned.events.role, "package-versions", "package-flow:events", begun
        if planned.events.chat_role:
            yield planned.events.chat_role, "", "package-flow:events.slack", begun


def read_policy(planned: parts.Plan, known: Known, answers: Answers) -> Iterator[There]:
    """The policy of builds on AWS. At another path than the stack's nobody who deploys may look for it."""
    one = planned.builds.policy
    if known.begun("BuildAccess") or key(POLICY_TYPE, one.name) in known.made:
        return
    found = answers.policy(one.arn)
    if found is not None:
        changes = tuple(compare.policies(found["policy"], one.policy))
        yield There(POLICY_TYPE, (one.name,), f"the policy {one.name}", "package-flow:builds", one.arn, changes, rename=_STACKS_NAME)


def aliases(planned: parts.Plan, known: Known, answers: Answers) -> Iterator[There]:
    """An alias says which key is meant, so that one which is there names another key than this stack's."""
    keys = [(planned.registry.key, "package-flow:domain.encryption", "package-flow:domain.name")]
    keys += [(planned.events.key, "package-flow:events", _STACKS_NAME)] if planned.events else []
    for one, where, rename in keys:
        # What this stack's own key is called, leftovers.py judges.
        if one is None or key(ALIAS_TYPE, one.alias) in known.made or one.description in known.keys:
            continue
        target = answers.alias(one.alias)
        if target is not None:
            arn = f"arn:{planned.place.partition}:kms:{planned.place.region}:{planned.place.account}:key/{target}"
            use = f"if that key encrypts the domain or shall, write encryption: {arn}; else " if one is planned.registry.key else ""
            blocked = f"it names the key {target}, and this stack would make its own; {use}aws kms delete-alias --alias-name {one.alias}"
            yield There(ALIAS_TYPE, (one.alias,), one.alias, where, one.alias, blocked=blocked, rename=rename)


def events(planned: parts.Plan, known: Known, answers: Answers) -> Iterator[There]:
    """Topic and queue: somebody else's would lose its subscribers' messages or its policy."""
    if planned.events is None or known.begun("PackageEvents"):
        return
    names, held = (
        planned.events.names,
        "it has other senders and receivers than this stack's: delete it, or leave it and take package-flow:events out",
    )
    if key(TOPIC_TYPE, names.rule) not in known.made and answers.topic(names.rule) is not None:
        yield There(TOPIC_TYPE, (names.rule,), f"the SNS topic {names.rule}", "package-flow:events", "", (), held, _STACKS_NAME)
    if key(QUEUE_TYPE, names.dead_letters) not in known.made and answers.queue(names.dead_letters) is not None:
        what = f"the SQS queue {names.dead_letters}"
        yield There(QUEUE_TYPE, (names.dead_letters,), what, "package-flow:events", "", (), held, _STACKS_NAME)


def permission_sets(planned: parts.Plan, known: Known, answers: Answers) -> Iterator[There]:
    """Only those that carry the stack's tag may be changed, which somebody else's does not."""
    developers = planned.developers
    if developers is None or not developers.creates or not developers.instance_arn or known.begun("DeveloperAccess"):
        return
    for one in developers.permission_sets:
        if key(PERMISSION_SET_TYPE, one.name) in known.made:
            continue
        arn = answers.permission_set(developers.instance_arn, one.name)
        if arn is not None:
            why = f"it is {arn}, and people may be signed in by it"
            held = f"{why}: delete it, or leave it and have others create them (developers.mode: policy)"
            what = f"the permission set {one.name}"
            yield There(PERMISSION_SET_TYPE, (one.name,), what, "package-flow:developers", "", (), held, _STACKS_NAME)
