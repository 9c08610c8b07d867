"""The stacks of this repository break no rule, their documents pass other people's linters, and the rules notice when a guard is gone."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

import pytest
from parliament import analyze_policy_string

from policy_pack.rules import documents, registry
from policy_pack.rules.model import Resource
from tests.components.recording import Recording
from tests.policies.test_documents import ARGUED, mismatches
from tests.program.test_program import STACKS, recorded, run


def resources(recording: Recording) -> list[Resource]:
    return [Resource(one.type, one.name, one.urn, one.inputs, one.protect, one.parent) for one in recording.registrations]


@cache
def provisioned(stack: str) -> tuple[Resource, ...]:
    return tuple(resources(recorded(stack)))


def broken(found: Sequence[Resource]) -> set[str]:
    return {one.rule.name for one in registry.check(found)}


@pytest.mark.parametrize("stack", STACKS)
def test_no_rule_is_broken(stack):
    assert [finding.message for finding in registry.check(provisioned(stack))] == []


@pytest.mark.parametrize("stack", STACKS)
def test_no_rule_is_broken_in_a_preview(stack):
    assert [finding.message for finding in registry.check(resources(run(stack, preview=True)))] == []


# --- without a guard ------------------------------------------------------------------------------------------------------------------

# What the rules say when a resource of this type is not there.
MISSED = {
    "github:index/repositoryRuleset:RepositoryRuleset": {"trusted-refs-are-guarded"},
    "github:index/repositoryEnvironment:RepositoryEnvironment": {"environments-list-branches"},
    "aws:cloudcontrol/resource:Resource": {"publishes-owned-names"},
}


def guards() -> Iterator[tuple[str, Resource]]:
    """Guards of what publishes; a repository that only installs has a ruleset on which nothing rests."""
    for stack in STACKS:
        for one in provisioned(stack):
            if one.type in MISSED and not str(one.get("name")).startswith("package-flow-default-"):
                yield stack, one


def test_each_guard_is_missed():
    looked_at = set()
    for stack, guard in guards():
        looked_at.add(guard.type)
        expected = MISSED[guard.type] | ({"shared-by-promotion"} if guard.get("environment") == "promote" else set())
        assert broken([one for one in provisioned(stack) if one != guard]) == expected, guard.urn
    assert looked_at == set(MISSED)


def test_the_policy_of_shared_is_missed():
    kind = "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy"
    for stack in STACKS:
        without = [one for one in provisioned(stack) if not (one.type == kind and one.get("repository") == "shared")]
        assert len(without) == len(provisioned(stack)) - 1
        assert broken(without) == {"shared-by-promotion"}


def test_protection_is_missed_in_production():
    """Policies of domain and repositories are protected too, so that nobody deletes them; the rule is about what holds packages."""
    missed = set()
    for one in (one for one in provisioned("prod") if one.protect):
        bare = [replace(other, protect=False) if other == one else other for other in provisioned("prod")]
        kind = one.type.rpartition(":")[2]
        holds_packages = kind in ("Key", "Domain", "Repository")
        assert broken(bare) == ({"production-is-protected"} if holds_packages else set()), one.urn
        missed |= {kind} if holds_packages else set()
    assert missed == {"Key", "Domain", "Repository"}
    assert broken([replace(one, protect=False) for one in provisioned("dev")]) == set()


def test_every_condition_of_a_writing_role_is_missed():
    """A condition taken out of a trust policy of a role that writes breaks a rule, but for those that narrow what is guarded anyway."""
    narrowing = {"environment", "job_workflow_ref"}
    looked_at = set()
    for one in provisioned("prod"):
        if one.type != "aws:iam/role:Role" or "-publish-" not in one.get("name"):
            continue
        trusted = json.loads(one.get("assumeRolePolicy"))
        for operator, keys in trusted["Statement"][0]["Condition"].items():
            for key in keys:
                claim = key.rpartition(":")[2]
                looked_at.add(claim)
                document = json.loads(one.get("assumeRolePolicy"))
                del document["Statement"][0]["Condition"][operator][key]
                changed = replace(one, props={**one.props, "assumeRolePolicy": json.dumps(document)})
                found = broken([changed if other == one else other for other in provisioned("prod")])
                assert bool(found) is (claim not in narrowing), (one.name, operator, claim)
    assert looked_at == {"aud", "sub", "ref", "repository_id", *narrowing}


# --- lint by others -------------------------------------------------------------------------------------------------------------------

# What the linter says of every document of a kind, because it reads each as an identity's policy: a trust policy has no resource, and in a
# resource's policy `*` is the resource itself. It knows no federation but three of its own.
EXPECTED = {
    "TRUST": ("Statement contains neither Resource nor NotResource", "oidc-provider/token.actions.githubusercontent.com"),
    "IDENTITY": (),
    "ATTACHED": ("RESOURCE_STAR",),
}


def texts(stack: str, kind: str) -> set[str]:
    """The documents of a kind that a stack registers."""
    places = getattr(documents, kind)
    found = {one.props.get(place) for one in provisioned(stack) for place in places.get(one.type, ())}
    return {text for text in found if isinstance(text, str)}


@pytest.mark.parametrize("kind", EXPECTED)
@pytest.mark.parametrize("stack", STACKS)
def test_a_linter_finds_nothing(stack, kind):
    found = texts(stack, kind)
    assert found
    said = [(str(one.issue), str(one.detail)) for text in found for one in analyze_policy_string(text).findings]
    assert [one for one in said if one[1] not in ARGUED and not any(words in " ".join(one) for words in EXPECTED[kind])] == []


@pytest.mark.parametrize("stack", STACKS)
def test_actions_are_granted_on_their_resource_types(stack):
    for text in texts(stack, "IDENTITY"):
        assert mismatches(json.loads(text)["Statement"]) == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_document_is_found(stack):
    """A document in a property that the rules do not know would not be looked at."""
    known = set().union(*(texts(stack, kind) for kind in EXPECTED))
    every = {value for one in provisioned(stack) for value in one.props.values() if isinstance(value, str) and '"Statement":' in value}
    assert every == known
