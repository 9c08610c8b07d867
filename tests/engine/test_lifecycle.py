"""A stack's life under Pulumi's engine: previewed, made, left alone, changed behind its back and repaired, taken away."""

import json
from pathlib import Path

import pytest

from tests.engine.life import SMALL, Life, changes, done, living, needs_engine, shipped, short

pytestmark = needs_engine

# Inputs that are known only after something has been made: what AWS numbers at random, and what the order of creation hangs on.
KNOWN_LATER = {
    ("Alias", "targetKeyId"),
    ("Domain", "encryptionKey"),
    ("Topic", "kmsMasterKeyId"),
    ("ActionsVariable", "value"),
    ("ConsumingRepository", "read_role_arn"),
    ("RolePolicyAttachment", "policyArn"),
    ("RolePolicy", "policy"),
    ("PermissionSetInlinePolicy", "permissionSetArn"),
    ("AccountAssignment", "permissionSetArn"),
    ("TopicSubscription", "topic"),
    ("EventTarget", "arn"),
    ("EventTarget", "deadLetterConfig"),
    ("EventTarget", "roleArn"),
}


def unforeseen(unknown: dict[str, list[str]]) -> list[tuple[str, str]]:
    return sorted({(urn.split("::")[2].rpartition(":")[2], key) for urn, keys in unknown.items() for key in keys} - KNOWN_LATER)


def order(steps: list[str], first: str, then: str) -> None:
    """Every step that begins with `first` comes before every one that begins with `then`; there are some of both."""
    before, after = ([number for number, step in enumerate(steps) if step.startswith(words)] for words in (first, then))
    assert before and after
    assert max(before) < min(after)


def made_and_left_alone(life: Life) -> None:
    previewed = done(life.stack.preview())
    assert unforeseen(previewed.unknown) == []
    made = done(life.stack.up())
    assert sorted(changes(made)) == sorted(changes(previewed))
    assert {step.operation for step in made.steps} == {"create"}
    assert changes(done(life.stack.up())) == []
    assert changes(done(life.stack.refresh())) == []


def taken_away(life: Life) -> None:
    if life.settings.domain.protect:
        before, writes = life.stack.state(), github_writes(life)
        assert "is protected" in life.stack.destroy().errors[0].text
        assert (life.stack.state(), github_writes(life)) == (before, writes)
        life.stack.unprotect()
    removed = changes(done(life.stack.destroy()))
    repositories = {
        step.split()[2].removesuffix("-publish") for step in removed if step.startswith("delete Role ") and step.endswith("-publish")
    }
    assert repositories
    for repository in repositories:
        # Guards outlive what relies on them.
        for role in [step for step in removed if step in {f"delete Role {repository}-{kind}" for kind in ("publish", "promote")}]:
            order(removed, role, f"delete RepositoryRuleset {repository}-")
    promoting = [
        step.split()[2].removesuffix("-promote") for step in removed if step.startswith("delete Role ") and step.endswith("-promote")
    ]
    assert promoting
    for repository in promoting:
        order(removed, f"delete Role {repository}-promote", f"delete RepositoryEnvironment {repository}/promote")
    order(removed, "delete Repository ", f"delete Domain {life.settings.domain.name}")
    assert [one["type"] for one in life.stack.state() if not one["type"].startswith("pulumi:")] == []


def github_writes(life: Life) -> int:
    return life.cloud.control.get("github/requests")["github_writes"]


@pytest.mark.slow("the small stack has every component; the rehearsal makes both stacks")
@pytest.mark.parametrize("stack", ["prod", "dev"])
def test_a_shipped_stack(stack: str, tmp_path: Path) -> None:
    with living(shipped(stack), tmp_path) as life:
        made_and_left_alone(life)
        taken_away(life)


def test_the_small_stack(tmp_path: Path) -> None:
    with living(SMALL, tmp_path) as life:
        made_and_left_alone(life)
        drifted = by_hand(life)
        found = done(life.stack.refresh())
        assert sorted(changes(found)) == sorted(drifted)
        repaired = done(life.stack.up())
        assert sorted(step.partition(" ")[2] for step in changes(repaired)) == sorted(step.partition(" ")[2] for step in drifted)
        assert changes(done(life.stack.refresh())) == []
        taken_away(life)


def by_hand(life: Life) -> list[str]:
    """People change what the stack has made; what a refresh should say of it."""
    github, owner = life.github, life.settings.github_owner
    path = ("repos", owner, "payments-api")
    (release,) = [one for one in life.stack.state() if "RepositoryRuleset::payments-api-release-" in one["urn"]]
    guard = github.call("GET", *path, "rulesets", release["id"])
    assert guard["bypass_actors"] == []
    # A repository admin lets all who may write pass.
    writers = [{"actor_id": 4, "actor_type": "RepositoryRole", "bypass_mode": "always"}]
    body = {key: guard[key] for key in ("name", "target", "enforcement", "conditions", "rules")}
    github.call("PUT", *path, "rulesets", str(guard["id"]), body={**body, "bypass_actors": writers})
    github.call("PATCH", *path, "actions", "variables", "CODEARTIFACT_DOMAIN", body={"value": "evil"})
    codeartifact = life.aws("codeartifact")
    where = {"domain": life.settings.domain.name, "repository": "shared"}
    statement = {"Effect": "Allow", "Principal": "*", "Action": "codeartifact:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    codeartifact.put_repository_permissions_policy(**where, policyDocument=document)
    more = [*_guards_by_hand(life), *_aws_by_hand(life)]
    policy = next(one for one in life.stack.state() if one["type"] == "aws:iam/rolePolicy:RolePolicy")
    role, _, name = policy["id"].partition(":")
    life.aws("iam").delete_role_policy(RoleName=role, PolicyName=name)
    return [
        f"update {short(release['urn'])}",
        "update ActionsVariable payments-api-CODEARTIFACT_DOMAIN",
        "update RepositoryPermissionsPolicy shared",
        f"delete RolePolicy {policy['urn'].split('::')[3]}",
        *more,
    ]


def _guards_by_hand(life: Life) -> list[str]:
    """A repository admin takes guards away: a ruleset is disabled, reviewers and a branch policy go, workflows may approve."""
    github, path = life.github, ("repos", life.settings.github_owner, "payments-api")
    (create,) = [one for one in life.stack.state() if "RepositoryRuleset::payments-api-create-" in one["urn"]]
    guard = github.call("GET", *path, "rulesets", create["id"])
    body = {key: guard[key] for key in ("name", "target", "conditions", "rules", "bypass_actors")}
    github.call("PUT", *path, "rulesets", create["id"], body={**body, "enforcement": "disabled"})
    anything = {"protected_branches": False, "custom_branch_policies": True}
    github.call("PUT", *path, "environments", "promote", body={"reviewers": [], "deployment_branch_policy": anything})
    policies = (*path, "environments", "packages", "deployment-branch-policies")
    for one in github.call("GET", *policies)["branch_policies"]:
        github.call("DELETE", *policies, str(one["id"]))
    github.call("POST", *policies, body={"name": "*"})
    permissions = {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True}
    github.call("PUT", *path, "actions", "permissions", "workflow", body=permissions)
    return [
        f"update {short(create['urn'])}",
        "update RepositoryEnvironment payments-api/promote",
        "delete RepositoryEnvironmentDeploymentPolicy payments-api/packages/main",
        "update WorkflowRepositoryPermissions payments-api",
    ]


def _aws_by_hand(life: Life) -> list[str]:
    """Somebody tags a role and takes the tag of the key away, opens the trust of a role and the policy of the queue."""
    (key,) = [one["id"] for one in life.stack.state() if one["urn"].endswith("PackageRegistry$aws:kms/key:Key::acme")]
    (queue,) = [one["id"] for one in life.stack.state() if one["type"] == "aws:sqs/queue:Queue"]
    life.aws("iam").tag_role(RoleName="small-publish-payments-api", Tags=[{"Key": "owner", "Value": "somebody"}])
    life.aws("iam").update_role(RoleName="small-promote-payments-api", MaxSessionDuration=43200)
    life.aws("kms").tag_resource(KeyId=key, Tags=[{"TagKey": "owner", "TagValue": "somebody"}])
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    opened = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
    life.aws("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": opened})
    return ["update Role payments-api-publish", "update Role payments-api-promote", "update Key acme", "update Queue package-versions"]
