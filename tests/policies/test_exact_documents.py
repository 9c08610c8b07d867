"""Every document of the roles, repositories, topics and domains, word for word, with each option that its function has.

A right that is widened, a condition that goes, a resource that is added: each is a line in the recording's diff, to be argued for there.
After a change that is meant: UPDATE_SNAPSHOTS=1 venv/bin/python -m pytest tests/policies tests/program
"""

import inspect
from pathlib import Path
from types import ModuleType

import pytest

from policies import events, promoting, publishing, read_only, readers, reading, resource, sandbox, trust
from policies.branches import declare
from policies.document import statement
from policies.names import PUBLIC_SOURCES
from policies.owned_names import Format, parse
from policies.resource import Publishers, Sharing
from policies.trust import Subjects
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
EVERYBODY = readers.of_everybody(REGISTRY, "prod", PATH, True, ["service-role/build", "ci"])
NAMES = events.Names(REGISTRY, "prod", PATH)
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234"
BRANCHES, NESTED = declare(("main", "release/*")), declare(("release/*", "release/a/b"))
BOTH, IMMUTABLE = Subjects.BOTH, Subjects.IMMUTABLE

DOCUMENTS = {
    "trust.organization_read, both subjects": trust.organization_read(REGISTRY, OWNER, [REPOSITORY, NEIGHBOUR], BOTH),
    "trust.organization_read, both subjects, no repositories": trust.organization_read(REGISTRY, OWNER, [], BOTH),
    "trust.organization_read, immutable subjects": trust.organization_read(REGISTRY, OWNER, [REPOSITORY], IMMUTABLE),
    "trust.catalog_read, both subjects": trust.catalog_read(REGISTRY, OWNER, [REPOSITORY, NEIGHBOUR], BOTH),
    "trust.catalog_read, immutable subjects": trust.catalog_read(REGISTRY, OWNER, [REPOSITORY], IMMUTABLE),
    "trust.catalog_read, no repositories": trust.catalog_read(REGISTRY, OWNER, [], BOTH),
    "trust.nobody": trust.nobody(REGISTRY),
    "trust.repository_read, both subjects": trust.repository_read(REGISTRY, REPOSITORY, BOTH),
    "trust.repository_read, immutable subjects": trust.repository_read(REGISTRY, REPOSITORY, IMMUTABLE),
    "trust.publish, both subjects": trust.publish(REGISTRY, REPOSITORY, BRANCHES, "", WORKFLOW, BOTH),
    "trust.publish, immutable subjects": trust.publish(REGISTRY, REPOSITORY, BRANCHES, "", WORKFLOW, IMMUTABLE),
    "trust.publish, in an environment": trust.publish(REGISTRY, REPOSITORY, BRANCHES, "production", WORKFLOW, BOTH),
    "trust.publish, a branch below a pattern": trust.publish(
        REGISTRY, REPOSITORY, declare(("release/*", "release/a/b")), "", WORKFLOW, BOTH
    ),
    "trust.publish, any workflow": trust.publish(REGISTRY, REPOSITORY, declare(("main",)), "", None, BOTH),
    "trust.promote, both subjects": trust.promote(REGISTRY, REPOSITORY, BRANCHES, PROMOTION, BOTH),
    "trust.promote, immutable subjects": trust.promote(REGISTRY, REPOSITORY, declare(("main",)), PROMOTION, IMMUTABLE),
    "trust.promote, any workflow": trust.promote(REGISTRY, REPOSITORY, declare(("main",)), None, BOTH),
    "reading.token": reading.token(REGISTRY, 900),
    "reading.read": reading.read(REGISTRY, ["payments"]),
    "reading.read_role": reading.read_role(REGISTRY, 3600, READABLE),
    "read_only.read_only": read_only.read_only(REGISTRY, 3600, READABLE),
    "publishing.publish_role": publishing.publish_role(REGISTRY, 900, "payments", OWNED, ["payments", *READABLE]),
    "promoting.promote_role": promoting.promote_role(REGISTRY, "payments", OWNED),
    "resource.domain": resource.domain(REGISTRY, ROLES),
    "resource.domain, shared": resource.domain(REGISTRY, ROLES, SHARING),
    "resource.domain, with deployers": resource.domain(REGISTRY, ROLES, deployers=[DEPLOYER]),
    "resource.shared_repository": resource.shared_repository(REGISTRY, PROMOTERS),
    "resource.shared_repository, shared": resource.shared_repository(REGISTRY, PROMOTERS, SHARING),
    "resource.shared_repository, shared downstream": resource.shared_repository(REGISTRY, PROMOTERS, SHARING, True),
    "resource.public_source": resource.public_source(),
    "resource.team_repository, private": resource.team_repository(REGISTRY, []),
    "resource.team_repository, open": resource.team_repository(REGISTRY, EVERYBODY),
    "resource.team_repository, shared": resource.team_repository(REGISTRY, EVERYBODY, SHARING),
    "resource.team_repository, shared downstream": resource.team_repository(REGISTRY, [], Sharing(accounts=[OTHER_ACCOUNT]), True),
    "resource.team_repository, publishers": resource.team_repository(REGISTRY, [], publishers=PUBLISHERS),
    "resource.domain_key": resource.domain_key(REGISTRY),
    "sandbox.domain": sandbox.domain(ROLES, [REGISTRY.role_arn("/", "engineers/*")]),
    "events.role_trust": events.role_trust(NAMES),
    "events.role_policy": events.role_policy(NAMES, KEY, []),
    "events.role_policy, pipelines": events.role_policy(NAMES, KEY, ["release", "deploy"]),
    "events.topic": events.topic(NAMES),
    "events.key": events.key(NAMES),
    "events.dead_letters": events.dead_letters(NAMES),
    "events.chat_trust": events.chat_trust(NAMES),
    # Not documents, but who is in one.
    "readers.of_everybody": EVERYBODY,
    "readers.of_everybody, no developers": readers.of_everybody(REGISTRY, "prod", PATH, False, []),
    "readers.of_team": readers.of_team(REGISTRY, "prod", "research", True, ["service-role/research"]),
    "readers.of_team, no developers": readers.of_team(REGISTRY, "prod", "research", False, []),
    "readers.build_role": [readers.build_role(REGISTRY, "service-role/build"), readers.build_role(REGISTRY, "ci")],
}
# What makes parts of documents, or texts that are none.
PARTS = {
    "events.pattern",
    "events.message_template",
    "events.pipeline_target",
    "events.chat_guardrail",
    "trust.subjects",
    # Reads a document.
    "trust.trusted_branches",
}


def test_documents_are_as_recorded():
    assert lines_of(DOCUMENTS) == recorded(RECORDED, lines_of(DOCUMENTS))


@pytest.mark.parametrize("module", [events, promoting, publishing, read_only, readers, reading, resource, sandbox, trust])
def test_every_function_that_makes_a_document_is_recorded(module: ModuleType):
    name = module.__name__.rpartition(".")[2]
    own = {f"{name}.{key}" for key, one in inspect.getmembers(module, inspect.isfunction) if one.__module__ == module.__name__}
    public = {one for one in own if not one.partition(".")[2].startswith("_")} - PARTS
    assert public <= {one.partition(",")[0] for one in DOCUMENTS}


def test_a_wider_statement_is_another_line():
    one = statement("Read", ["a:Get"], ["x"], conditions={"StringEquals": {"k": "v"}})
    wider = [statement("Read", ["a:Get", "a:List"], ["x"], conditions={"StringEquals": {"k": "v"}}), statement("Read", ["a:Get"], ["x"])]
    assert all(lines_of({"read": [one]}) != lines_of({"read": [other]}) for other in wider)
