"""Every document of the roles, repositories, topics and domains, word for word, with each option that its function has.

A right that is widened, a condition that goes, a resource that is added: each is a line in the recording's diff, to be argued for there.
After a change that is meant: UPDATE_SNAPSHOTS=1 venv/bin/python -m pytest tests/policies tests/program
"""

import importlib
import inspect
from pathlib import Path

import pytest

from policies import resources, roles
from policies.branches import declare
from policies.document import statement
from policies.events import Names
from policies.github_tokens import Subjects
from policies.names import PUBLIC_SOURCES
from policies.owned_names import Format, parse
from policies.resources.domain import domain_policy
from policies.resources.key import domain_key_policy
from policies.resources.public_source import public_source_policy
from policies.resources.sandbox import sandbox_policy
from policies.resources.shared_repository import shared_repository_policy
from policies.resources.sharing import Sharing
from policies.resources.team_repository import Publishers, closed_policy, open_readers, own_readers, team_repository_policy
from policies.resources.topic import dead_letters_policy, topic_key_policy, topic_policy
from policies.roles.build import build_role_arn, read_only_permissions
from policies.roles.dependabot import dependabot_permissions, dependabot_trust
from policies.roles.events import chat_trust, events_permissions, events_trust
from policies.roles.promote import promote_permissions, promote_trust
from policies.roles.publish import publish_permissions, publish_trust
from policies.roles.read import (
    catalog_read_trust,
    nobody_trust,
    organization_read_trust,
    package_permissions,
    read_permissions,
    repository_read_trust,
    token_permissions,
)
from policies.roles.team_deployer import TeamStack, team_deployer_permissions, team_previewer_permissions
from tests.policies.samples import NEIGHBOUR, ORGANIZATION, OTHER_ACCOUNT, OWNER, PROMOTION, REGISTRY, REPOSITORY, WORKFLOW
from tests.snapshots import lines_of, recorded

RECORDED = Path(__file__).parent / "snapshots" / "documents.txt"
PATH = "/package-flow/"
ROLES, PROMOTERS = REGISTRY.role_arn(PATH, "prod-*"), REGISTRY.role_arn(PATH, "prod-promote-*")
DEPLOYER = REGISTRY.role_arn("/", "deployer")
OWNED = [parse(Format.NPM, "@acme/*"), parse(Format.PYPI, "acme-*"), parse(Format.MAVEN, "com.acme:core")]
READABLE = ["shared", *PUBLIC_SOURCES]
ORGANIZATION_PATH = f"{ORGANIZATION}/r-ab12/ou-ab12-11111111/*"
SHARING = Sharing(ORGANIZATION, organization_paths=[ORGANIZATION_PATH], accounts=[OTHER_ACCOUNT, "999988887777"])
PUBLISHERS = Publishers("payments", [f"arn:aws:iam::{OTHER_ACCOUNT}:role/ci-*"], [one.arn_pattern for one in OWNED])
EVERYBODY = open_readers(REGISTRY, "prod", PATH, True, ["service-role/build", "ci"])
NAMES = Names(REGISTRY, "prod", PATH)
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234"
BRANCHES, NESTED = declare(("main", "release/*")), declare(("release/*", "release/a/b"))
BOTH, IMMUTABLE = Subjects.BOTH, Subjects.IMMUTABLE
BOUNDARY = f"arn:aws:iam::{REGISTRY.account}:policy/boundary"
TEAM_STACK = TeamStack(REGISTRY, "prod", PATH, BOUNDARY, ("payments",), ("identity", "shared"), tuple(one.group_pattern for one in OWNED))
NOTHING_OWNED = TeamStack(REGISTRY, "prod", PATH, "", (), ("shared",), ())

DOCUMENTS = {
    "organization_read_trust, both subjects": organization_read_trust(REGISTRY, OWNER, [REPOSITORY, NEIGHBOUR]),
    "organization_read_trust, both subjects, no repositories": organization_read_trust(REGISTRY, OWNER, []),
    "organization_read_trust, immutable subjects": organization_read_trust(REGISTRY, OWNER, [REPOSITORY], {REPOSITORY.id}),
    "catalog_read_trust, both subjects": catalog_read_trust(REGISTRY, OWNER, [REPOSITORY, NEIGHBOUR]),
    "catalog_read_trust, immutable subjects": catalog_read_trust(REGISTRY, OWNER, [REPOSITORY], {REPOSITORY.id}),
    "catalog_read_trust, no repositories": catalog_read_trust(REGISTRY, OWNER, []),
    "nobody_trust": nobody_trust(REGISTRY),
    "repository_read_trust, both subjects": repository_read_trust(REGISTRY, REPOSITORY, BOTH),
    "repository_read_trust, immutable subjects": repository_read_trust(REGISTRY, REPOSITORY, IMMUTABLE),
    "dependabot_trust, both subjects": dependabot_trust(REGISTRY, REPOSITORY, BOTH),
    "dependabot_trust, immutable subjects": dependabot_trust(REGISTRY, REPOSITORY, IMMUTABLE),
    "dependabot_permissions": dependabot_permissions(REGISTRY, ["payments", *READABLE]),
    "publish_trust, both subjects": publish_trust(REGISTRY, REPOSITORY, BRANCHES, "", WORKFLOW, BOTH),
    "publish_trust, immutable subjects": publish_trust(REGISTRY, REPOSITORY, BRANCHES, "", WORKFLOW, IMMUTABLE),
    "publish_trust, in an environment": publish_trust(REGISTRY, REPOSITORY, BRANCHES, "production", WORKFLOW, BOTH),
    "publish_trust, a branch below a pattern": publish_trust(
        REGISTRY, REPOSITORY, declare(("release/*", "release/a/b")), "", WORKFLOW, BOTH
    ),
    "publish_trust, any workflow": publish_trust(REGISTRY, REPOSITORY, declare(("main",)), "", None, BOTH),
    "promote_trust, both subjects": promote_trust(REGISTRY, REPOSITORY, BRANCHES, PROMOTION, BOTH),
    "promote_trust, immutable subjects": promote_trust(REGISTRY, REPOSITORY, declare(("main",)), PROMOTION, IMMUTABLE),
    "promote_trust, any workflow": promote_trust(REGISTRY, REPOSITORY, declare(("main",)), None, BOTH),
    "token_permissions": token_permissions(REGISTRY, 900),
    "package_permissions": package_permissions(REGISTRY, ["payments"]),
    "read_permissions": read_permissions(REGISTRY, 3600, READABLE),
    "read_only_permissions": read_only_permissions(REGISTRY, 3600, READABLE),
    "publish_permissions": publish_permissions(REGISTRY, 900, "payments", OWNED, ["payments", *READABLE]),
    "promote_permissions": promote_permissions(REGISTRY, 3600, "payments", OWNED),
    "domain_policy": domain_policy(REGISTRY, ROLES),
    "domain_policy, shared": domain_policy(REGISTRY, ROLES, SHARING),
    "domain_policy, with deployers": domain_policy(REGISTRY, ROLES, deployers=[DEPLOYER]),
    "shared_repository_policy": shared_repository_policy(REGISTRY, PROMOTERS),
    "shared_repository_policy, shared": shared_repository_policy(REGISTRY, PROMOTERS, SHARING),
    "shared_repository_policy, shared downstream": shared_repository_policy(REGISTRY, PROMOTERS, SHARING, True),
    "public_source_policy": public_source_policy(),
    "team_repository_policy, private": team_repository_policy(REGISTRY, []),
    "team_repository_policy, open": team_repository_policy(REGISTRY, EVERYBODY),
    "team_repository_policy, shared": team_repository_policy(REGISTRY, EVERYBODY, SHARING),
    "team_repository_policy, shared downstream": team_repository_policy(REGISTRY, [], Sharing(accounts=[OTHER_ACCOUNT]), True),
    "closed_policy": closed_policy(REGISTRY),
    "team_repository_policy, publishers": team_repository_policy(REGISTRY, [], publishers=PUBLISHERS),
    "domain_key_policy": domain_key_policy(REGISTRY),
    "sandbox_policy": sandbox_policy(ROLES, [REGISTRY.role_arn("/", "engineers/*")]),
    "events_trust": events_trust(NAMES),
    "events_permissions": events_permissions(NAMES, KEY, []),
    "events_permissions, pipelines": events_permissions(NAMES, KEY, ["release", "deploy"]),
    "topic_policy": topic_policy(NAMES),
    "topic_key_policy": topic_key_policy(NAMES),
    "dead_letters_policy": dead_letters_policy(NAMES),
    "chat_trust": chat_trust(NAMES),
    "team_deployer_permissions": team_deployer_permissions(TEAM_STACK),
    "team_deployer_permissions, nothing owned, no boundary": team_deployer_permissions(NOTHING_OWNED),
    "team_previewer_permissions": team_previewer_permissions(TEAM_STACK),
    "team_previewer_permissions, nothing owned": team_previewer_permissions(NOTHING_OWNED),
    # Not documents, but who is in one.
    "open_readers": EVERYBODY,
    "open_readers, no developers": open_readers(REGISTRY, "prod", PATH, False, []),
    "open_readers, Dependabot": open_readers(REGISTRY, "prod", PATH, False, [], dependabot=True),
    "own_readers": own_readers(REGISTRY, "prod", "research", True, ["service-role/research"]),
    "own_readers, no developers": own_readers(REGISTRY, "prod", "research", False, []),
    "build_role_arn": [build_role_arn(REGISTRY, "service-role/build"), build_role_arn(REGISTRY, "ci")],
}
# What makes parts of documents, or names.
PARTS = {"share", "readable", "chat_guardrail"}
# Their documents are recorded where the roles are deployed from, or follow from names alone.
ELSEWHERE = {"deployer", "previewer", "developer"}
MODULES = sorted(path for folder in (roles, resources) for path in Path(str(folder.__file__)).parent.glob("[a-z]*.py"))


def test_documents_are_as_recorded():
    assert lines_of(DOCUMENTS) == recorded(RECORDED, lines_of(DOCUMENTS))


@pytest.mark.parametrize("path", [one for one in MODULES if one.stem not in ELSEWHERE], ids=lambda one: f"{one.parent.name}-{one.stem}")
def test_every_function_that_makes_a_document_is_recorded(path: Path):
    module = importlib.import_module(f"policies.{path.parent.name}.{path.stem}")
    own = {key for key, one in inspect.getmembers(module, inspect.isfunction) if one.__module__ == module.__name__}
    public = {one for one in own if not one.startswith("_")} - PARTS
    assert public <= {one.partition(",")[0] for one in DOCUMENTS}


def test_a_wider_statement_is_another_line():
    one = statement("Read", ["a:Get"], ["x"], conditions={"StringEquals": {"k": "v"}})
    wider = [statement("Read", ["a:Get", "a:List"], ["x"], conditions={"StringEquals": {"k": "v"}}), statement("Read", ["a:Get"], ["x"])]
    assert all(lines_of({"read": [one]}) != lines_of({"read": [other]}) for other in wider)
