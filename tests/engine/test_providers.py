"""The rehearsal's providers under the engine: what a bridged provider would refuse, replace, keep of a failure, and take over."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.engine.conftest import Program
from tests.engine.life import needs_engine
from tests.rehearsal.program import test_identity_center as identity_center
from tests.rehearsal.program.conftest import LocalCloud
from tests.rehearsal.program.test_identity_center import center

__all__ = ["center"]

pytestmark = [needs_engine, pytest.mark.slow("test_lifecycle.py has every handler in a life, test_differences.py how they decide")]

TRUST = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
)
LOOK = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]})


def test_what_two_cannot_have_goes_first_and_all_else_is_made_first(program: Program) -> None:
    text = f"""
        import pulumi, pulumi_aws as aws
        named = aws.iam.Role("named", name="of-its-own", path="/PLACE/", assume_role_policy={TRUST!r})
        policy = aws.iam.Policy("numbered", description="PLACE", policy={LOOK!r})
        aws.iam.RolePolicyAttachment("attached", role=named.name, policy_arn=policy.arn)
        pulumi.export("policy", policy.name)
    """
    made = program.up(text.replace("PLACE", "one"))
    assert made["error"] is None
    assert made["outputs"]["policy"].startswith("numbered-")
    assert program.up(text.replace("PLACE", "one"))["outputs"] == made["outputs"]
    assert program.happened() == []
    changed = program.up(text.replace("PLACE", "two"))
    assert changed["error"] is None
    assert changed["outputs"] != made["outputs"]
    assert sorted(program.happened()) == sorted(
        [f"{word} {name}" for name in ("named", "numbered", "attached") for word in ("created", "deleted")]
    )
    steps = {step: number for number, step in enumerate(program.happened())}
    assert steps["deleted attached"] < steps["deleted named"] < steps["created named"]
    assert steps["created numbered"] < steps["deleted numbered"]
    assert program.destroy()["resources"] == []


def test_an_input_that_no_handler_reads_is_refused_before_anything_is_made(program: Program) -> None:
    text = f"""
        import pulumi_aws as aws
        aws.iam.Role("odd", name="odd", assume_role_policy={TRUST!r}, INPUT)
    """
    refused = program.up(text.replace("INPUT", 'managed_policy_arns=["arn:aws:iam::aws:policy/ReadOnlyAccess"]'))
    assert "managedPolicyArns is not an input that the rehearsal reads" in refused["error"]["message"]
    assert (refused["error"]["name"], program.happened()) == ("odd", [])
    assert program.up(text.replace("INPUT", 'description="odd"'))["error"] is None
    program.destroy()


def test_what_exists_after_a_failure_is_kept_and_finished(program: Program) -> None:
    text = """
        import pulumi_aws as aws
        domain = aws.codeartifact.Domain("half", domain="half")
        connection = {"external_connection_name": "public:NAME"}
        aws.codeartifact.Repository("store", domain=domain.domain, repository="store", external_connections=connection)
    """
    failed = program.up(text.replace("NAME", "nowhere"))
    assert failed["error"]["name"] == "store"
    assert {one["name"] for one in failed["resources"]} == {"half", "store"}
    # What the state then has is what was wanted; a look shows what is there.
    finished = program.up(text.replace("NAME", "npmjs"), refresh=[failed["error"]["urn"]])
    assert finished["error"] is None
    assert program.happened()[-1] == "updated store"
    assert "created store" not in program.happened()
    program.up(text.replace("NAME", "npmjs"))
    assert program.happened() == []
    assert program.destroy()["resources"] == []


@pytest.mark.parametrize(("value", "then"), [("there", []), ("other", ["updated mine"])])
def test_what_is_there_is_taken_over_and_becomes_what_the_program_wants(program: Program, value: str, then: list[str]) -> None:
    variable = {"name": "TAKEN_OVER", "value": "there"}
    text = """
        import pulumi, pulumi_github as github
        github.ActionsVariable(
            "mine", repository="checkout-web", variable_name="TAKEN_OVER", value="VALUE",
            opts=pulumi.ResourceOptions(import_="checkout-web:NAME"),
        )
    """
    github = program.github()
    github.call("POST", "repos", github.owner, "checkout-web", "actions", "variables", body=variable)
    missing = program.up(text.replace("NAME", "NOT_THERE").replace("VALUE", "there"))
    assert "does not exist" in missing["error"]["message"]
    assert program.up(text.replace("NAME", "TAKEN_OVER").replace("VALUE", value))["error"] is None
    assert program.happened() == ["imported mine", *then]
    assert github.call("GET", "repos", github.owner, "checkout-web", "actions", "variables", "TAKEN_OVER")["value"] == value
    assert program.destroy()["resources"] == []


@pytest.mark.parametrize("secret", [True, False])
def test_a_secret_is_not_in_the_state(program: Program, secret: bool) -> None:
    value = 'pulumi.Output.secret("hush-hush")' if secret else '"hush-hush"'
    text = f"""
        import pulumi, pulumi_github as github
        made = github.ActionsVariable("said", repository="functions", variable_name="SAID", value={value})
        pulumi.export("value", made.value)
    """
    made = program.up(text)
    assert made["error"] is None
    assert ("hush-hush" in program.state) is not secret
    assert made["outputs"]["value"] == ("[secret]" if secret else "hush-hush")
    assert program.up(text)["error"] is None
    assert program.happened() == []
    program.destroy()


def test_a_preview_makes_nothing_and_an_error_of_the_program_is_shown(program: Program) -> None:
    text = f"""
        import pulumi, pulumi_aws as aws
        role = aws.iam.Role("planned", name="planned", assume_role_policy={TRUST!r})
        pulumi.export("arn", role.arn)
        END
    """
    previewed = program.up(text.replace("END", ""), preview=True)
    assert (previewed["error"], previewed["resources"]) == (None, [])
    failed = program.up(text.replace("END", 'raise ValueError("what is wrong")'), preview=True)
    assert "what is wrong" in failed["error"]["message"]


def test_a_permission_set_changes_for_those_who_are_signed_in(program: Program, center: LocalCloud) -> None:
    assert program.up(identity_center.program())["error"] is None
    session = identity_center.sign_in(center, "ann")
    assert "Users" in identity_center.client(center, "iam", session).list_users()
    assert program.up(identity_center.program(action="iam:ListRoles", duration="PT1H"))["error"] is None
    assert program.happened() == ["updated readers", "updated policy"]
    assert "Roles" in identity_center.client(center, "iam", identity_center.sign_in(center, "ann")).list_roles()
    with pytest.raises(ClientError, match="not authorized"):
        identity_center.client(center, "iam", session).list_users()
    assert program.destroy()["error"] is None
