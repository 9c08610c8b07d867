"""The local cloud fails when it is told to, in the words of the service that is called, and says which call it was."""

import json
from collections.abc import Iterator
from typing import Any

import botocore.exceptions
import httpx
import pytest

from rehearsal.cloud import faults
from rehearsal.cloud.faults import Fault, Faults, Kind, Seen
from tests.rehearsal.cloud.in_process import Cloud, running_cloud


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with running_cloud() as running:
        yield running


@pytest.fixture
def arm(cloud: Cloud) -> Iterator[Any]:
    def told(kind: str, **more: Any) -> httpx.Response:
        return cloud.control("PUT", "faults", {"kind": kind, "at": 1, **more})

    yield told
    cloud.control("DELETE", "faults")


def hits(cloud: Cloud) -> list[dict[str, Any]]:
    return cloud.control("GET", "faults").json()["hits"]


def refusal(call: Any) -> tuple[str, int]:
    """Code and status of a call's error."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


CALLS = {
    "iam": lambda cloud: cloud.client("iam").list_roles(),
    "kms": lambda cloud: cloud.client("kms").list_keys(),
    "sqs": lambda cloud: cloud.client("sqs").list_queues(),
    "cloudcontrolapi": lambda cloud: cloud.client("cloudcontrol").get_resource_request_status(RequestToken="none-of-ours"),
}


@pytest.mark.parametrize(
    ("service", "kind", "code", "status"),
    [
        ("iam", "throttle", "Throttling", 400),
        ("iam", "server-error", "ServiceFailure", 500),
        ("kms", "throttle", "ThrottlingException", 400),
        ("kms", "server-error", "KMSInternalException", 500),
        ("sqs", "throttle", "RequestThrottled", 400),
        ("cloudcontrolapi", "server-error", "InternalFailure", 500),
    ],
)
def test_a_service_fails_in_its_own_words(cloud: Cloud, arm: Any, service: str, kind: str, code: str, status: int) -> None:
    arm(kind, service=service)
    assert refusal(lambda: CALLS[service](cloud)) == (code, status)
    assert [(hit["service"], hit["kind"]) for hit in hits(cloud)] == [(service, kind)]


def test_only_the_nth_call_that_fits_fails(cloud: Cloud, arm: Any) -> None:
    iam = cloud.client("iam")
    arm("throttle", at=2, service="iam", operation="ListUsers")
    iam.list_users()
    iam.list_roles()
    assert refusal(iam.list_users) == ("Throttling", 400)
    iam.list_users()
    seen = cloud.control("GET", "faults").json()
    assert seen["calls"] == 4 and [hit["number"] for hit in seen["hits"]] == [3]


def test_an_outage_lasts_for_as_many_attempts_as_it_is_told(cloud: Cloud, arm: Any) -> None:
    iam = cloud.client("iam")
    arm("server-error", times=2, operation="ListUsers")
    assert [refusal(iam.list_users)[1], refusal(iam.list_users)[1]] == [500, 500]
    assert iam.list_users()["Users"] == []


def test_only_the_calls_of_a_credential_fail(cloud: Cloud, arm: Any) -> None:
    arm("throttle", credentials=["AKIASOMEBODYELSE0000"])
    cloud.client("iam").list_users()
    arm("throttle", credentials=[cloud.root.access_key_id])
    assert refusal(cloud.client("iam").list_users) == ("Throttling", 400)


def test_a_conflict_changes_nothing_and_is_not_made_up_where_there_is_none(cloud: Cloud, arm: Any) -> None:
    iam = cloud.client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]})
    arm("conflict", operation="CreateRole")
    assert refusal(lambda: iam.create_role(RoleName="contested", AssumeRolePolicyDocument=trust)) == ("ConcurrentModification", 409)
    assert refusal(lambda: iam.get_role(RoleName="contested"))[0] == "NoSuchEntity"
    arm("conflict", operation="ListRoles")
    iam.list_roles()
    assert [hit["kind"] for hit in hits(cloud)] == ["not-applicable"]


def test_a_lost_response_is_of_a_call_that_was_carried_out(cloud: Cloud, arm: Any) -> None:
    kms = cloud.client("kms")
    before = len(kms.list_keys()["Keys"])
    arm("lost-response", operation="CreateKey")
    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        kms.create_key(Description="lost")
    assert len(kms.list_keys()["Keys"]) == before + 1


def test_a_call_that_times_out_is_not_carried_out(cloud: Cloud, arm: Any) -> None:
    before = len(cloud.client("kms").list_keys()["Keys"])
    arm("timeout", operation="CreateKey")
    with pytest.raises(botocore.exceptions.ReadTimeoutError):
        cloud.client("kms", read_timeout=0.2).create_key(Description="never")
    assert len(cloud.client("kms").list_keys()["Keys"]) == before


@pytest.mark.parametrize("told", [{"kind": "meteor"}, {"at": 0}, {"times": "often"}, {"planet": "mars"}])
def test_what_is_no_fault_is_refused(cloud: Cloud, arm: Any, told: dict[str, Any]) -> None:
    assert arm(**{"kind": "throttle", **told}).status_code == 400
    assert arm("throttle").status_code == 200


def test_only_the_holder_of_the_key_arms(cloud: Cloud, arm: Any) -> None:
    assert cloud.control("PUT", "faults", {"kind": "throttle", "at": 1}, key="another").status_code == 403
    cloud.client("iam").list_users()


# --- GitHub -----------------------------------------------------------------------------------------------------------------------------


def test_github_limits_and_fails_as_github_does() -> None:
    write = Seen("github", "POST", "a-token", True, "/repos/acme/x/rulesets")
    limited, failed, conflict = (faults.error(write, kind) for kind in (Kind.THROTTLE, Kind.SERVER_ERROR, Kind.CONFLICT))
    assert limited.status == 403 and limited.headers["retry-after"] == "60"
    assert json.loads(limited.body)["documentation_url"].endswith("#about-secondary-rate-limits")
    assert (failed.status, conflict.status) == (502, 409)


def test_reading_from_github_meets_no_conflict() -> None:
    read, write = (Seen("github", method, "a-token", method != "GET", "/repos/acme/x") for method in ("GET", "PUT"))
    assert (faults.conflicts(read), faults.conflicts(write)) == (False, True)


def test_an_outage_is_of_one_call() -> None:
    armed = Faults()
    armed.arm(Fault(Kind.SERVER_ERROR, at=1, times=3))
    one, other = (Seen("iam", operation, "key", False) for operation in ("GetRole", "GetPolicy"))
    assert [armed.strikes(call) for call in (one, other, one, one, one)] == [
        Kind.SERVER_ERROR,
        None,
        Kind.SERVER_ERROR,
        Kind.SERVER_ERROR,
        None,
    ]
