"""Names of stacks: part of every role's name and of the patterns that policies hold."""

import pytest

import settings as configuration
from policies.names import ROLE_NAME_MAX, RoleKind, promote_roles, role_name
from tests.policies.iam import like
from tests.program.fake import ROOT


def parsed(stack: str) -> configuration.Settings:
    values = configuration.read_stack_file(ROOT / "Pulumi.dev.yaml")
    return configuration.parse(configuration.read_project_file(ROOT), values, ROOT, "package-flow", stack)


@pytest.mark.parametrize("stack", ["dev", "a", "eu-prod", "s" * 43])
def test_stacks_whose_roles_their_patterns_match(stack):
    settings = parsed(stack)
    for one in settings.repositories:
        name = role_name(stack, RoleKind.PROMOTE, one.name)
        assert len(name) <= ROLE_NAME_MAX and like(promote_roles(stack), name) and like(f"{stack}-*", name)


@pytest.mark.parametrize("stack", ["s" * 44, "s" * 64, "s" * 100])
def test_a_stack_name_that_leaves_no_room_is_refused(stack):
    """Its roles would be cut inside STACK-promote-: the Deny of shared would refuse every promotion, the Deny of deletion miss them."""
    with pytest.raises(configuration.SettingsError, match="stack"):
        parsed(stack)
