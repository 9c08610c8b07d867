"""Arguments of components, for tests to vary."""

from typing import Any

from components.builds import BuildAccessArgs
from components.consumer import ConsumingRepositoryArgs, PromotionArgs, PublishingArgs
from components.developers import DeveloperAccessArgs, PermissionSetArgs
from components.github_oidc import GitHubOidcArgs, ProviderOrigin, ReadersOfShared, SubjectForms
from components.place import GitHubRepositoryArgs, PlaceArgs, RoleArgs, SharingArgs
from components.registry import KeyOwner, PackageRegistryArgs
from components.team import TeamArgs

ACCOUNT = "111122223333"
PLACE: PlaceArgs = {"partition": "aws", "account": ACCOUNT, "region": "eu-west-1", "domain": "acme"}
ROLE: RoleArgs = {"stack": "test", "path": "/package-flow/", "permissions_boundary": ""}
REPOSITORY: GitHubRepositoryArgs = {"owner": "acme", "owner_id": 7000, "name": "payments-api", "id": 9001}
ROLES = f"arn:aws:iam::{ACCOUNT}:role/package-flow/"
READ_ROLE = f"{ROLES}test-read"
WORKFLOW = "acme/package-flow/.github/workflows/publish-package.yml@refs/heads/main"
PROMOTION: PromotionArgs = {"reviewer_teams": [5001], "workflow": WORKFLOW.replace("publish", "promote")}
NOBODY: SharingArgs = {"organization_id": "", "organization_paths": [], "accounts": [], "downstream": []}


def registry(**changed: Any) -> PackageRegistryArgs:
    usual: PackageRegistryArgs = {
        "place": PLACE,
        "encryption": KeyOwner.CUSTOMER,
        "protect": True,
        "public_sources": ["npmjs", "pypi"],
        "promote_roles": f"{ROLES}test-promote-*",
        "program_roles": f"{ROLES}test-*",
        "stack": "test",
        "sharing": NOBODY,
        "deployers": [],
    }
    return {**usual, **changed}


def oidc(**changed: Any) -> GitHubOidcArgs:
    usual: GitHubOidcArgs = {
        "place": PLACE,
        "role": ROLE,
        "owner": "acme",
        "owner_id": 7000,
        "repositories": [REPOSITORY],
        "provider": ProviderOrigin.CREATE,
        "readers": ReadersOfShared.ORGANIZATION,
        "subjects": SubjectForms.BOTH,
        "token_duration": 3600,
        "public_sources": ["npmjs", "pypi"],
    }
    return {**usual, **changed}


def team(**changed: Any) -> TeamArgs:
    usual: TeamArgs = {
        "place": PLACE,
        "domain": "acme",
        "upstreams": ["identity", "shared"],
        "shared": "shared",
        "readers": [READ_ROLE],
        "sharing": NOBODY,
        "publishers": [],
        "owns": [{"format": "npm", "name": "@acme-payments/*"}, {"format": "maven", "name": "com.acme.payments:*"}],
        "protect": True,
    }
    return {**usual, **changed}


def publishing(**changed: Any) -> PublishingArgs:
    usual: PublishingArgs = {
        "owns": [{"format": "npm", "name": "@acme-payments/*"}],
        "release_branches": ["main", "release/*"],
        "accepted_branches": [],
        "create_teams": [5002],
        "environment": "",
        "admins_cannot_bypass": True,
        "workflow": WORKFLOW,
    }
    return {**usual, **changed}


def consumer(**changed: Any) -> ConsumingRepositoryArgs:
    """A repository that only installs; with `publishing=publishing(...)` it publishes."""
    usual: ConsumingRepositoryArgs = {
        "place": PLACE,
        "role": ROLE,
        "repository": REPOSITORY,
        "default_branch": "main",
        "subjects": SubjectForms.BOTH,
        "token_duration": 3600,
        "codeartifact_repository": "payments",
        "team_repository": "payments",
        "public_sources": ["npmjs", "pypi"],
        "read_role_arn": READ_ROLE,
        "own_read_role": False,
        "approvals": 0,
        "required_checks": [],
    }
    return {**usual, **changed}


def builds(**changed: Any) -> BuildAccessArgs:
    usual: BuildAccessArgs = {
        "place": PLACE,
        "role": ROLE,
        "token_duration": 3600,
        "public_sources": ["npmjs", "pypi"],
        "roles": ["build"],
    }
    return {**usual, **changed}


INSTANCE = "arn:aws:sso:::instance/ssoins-0123456789abcdef"


def developers(**changed: Any) -> DeveloperAccessArgs:
    everybody: PermissionSetArgs = {
        "name": "test-developers",
        "description": "Packages",
        "groups": [{"name": "Engineering", "id": "11111111-1111-1111-1111-111111111111"}],
    }
    usual: DeveloperAccessArgs = {
        "place": PLACE,
        "stack": "test",
        "instance_arn": INSTANCE,
        "region": "us-east-1",
        "token_duration": 3600,
        "session_duration": 28_800,
        "public_sources": ["npmjs", "pypi"],
        "permission_sets": [everybody],
    }
    return {**usual, **changed}
