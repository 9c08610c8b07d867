"""Tokens: who gets one, for how long, and what it is worth."""

import base64

import pytest

from tests.rehearsal.cloud.codeartifact.scene import (
    DOMAIN,
    DOMAIN_ARN,
    HTTP,
    NUMBERS,
    TOKEN,
    Person,
    Scene,
    document,
    refused,
    repository_arn,
)
from tests.rehearsal.cloud.in_process import ACCOUNT, OTHER_ACCOUNT, allow

READ_SHARED = allow("codeartifact:ReadFromRepository", resource=repository_arn("shared"))


def bearer(cap: int = 3600, service: str = "codeartifact.amazonaws.com") -> dict:
    condition = {"StringEquals": {"sts:AWSServiceName": service}, "NumericLessThanEquals": {"sts:DurationSeconds": str(cap)}}
    return allow("sts:GetServiceBearerToken", Condition=condition)


def ping(person: Person) -> int:
    return person.request("GET", "npm", "shared", "-/ping").status_code


def test_both_permissions_are_needed(scene: Scene) -> None:
    domain, sts = TOKEN
    with refused("AccessDeniedException", "codeartifact:GetAuthorizationToken"):
        scene.token(scene.api(scene.role(sts)))
    with refused("AccessDeniedException", "sts:GetServiceBearerToken"):
        scene.token(scene.api(scene.role(domain)))
    scene.token(scene.api(scene.role(domain, sts)))


def test_the_cap_is_on_the_duration_that_is_asked_for(scene: Scene) -> None:
    capped = scene.api(scene.role(TOKEN[0], bearer(3600)))
    answer = capped.get_authorization_token(domain=DOMAIN, durationSeconds=3600)
    assert answer["expiration"].timestamp() == scene.clock.now + 3600
    with refused("AccessDeniedException"):
        capped.get_authorization_token(domain=DOMAIN, durationSeconds=3601)
    with refused("AccessDeniedException"):
        capped.get_authorization_token(domain=DOMAIN)  # asks for twelve hours


def test_another_services_name_does_not_do(scene: Scene) -> None:
    with refused("AccessDeniedException"):
        scene.token(scene.api(scene.role(TOKEN[0], bearer(service="other.amazonaws.com"))))
    scene.token(scene.api(scene.role(TOKEN[0], bearer())))


def test_the_bearer_permission_does_not_come_from_the_domain_policy(scene: Scene) -> None:
    actions = ["codeartifact:GetAuthorizationToken", "sts:GetServiceBearerToken"]
    text = document({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": actions, "Resource": "*"})
    scene.admin.put_domain_permissions_policy(domain=DOMAIN, policyDocument=text)
    with refused("AccessDeniedException", "sts:GetServiceBearerToken"):
        scene.token(scene.api(scene.role(TOKEN[0])))


@pytest.mark.parametrize("duration", [1, 899, 43201])
def test_durations_that_do_not_exist(scene: Scene, duration: int) -> None:
    with refused("ValidationException"):
        scene.admin.get_authorization_token(domain=DOMAIN, durationSeconds=duration)
    scene.admin.get_authorization_token(domain=DOMAIN, durationSeconds=900)


def test_zero_ends_with_the_session(scene: Scene) -> None:
    credentials = scene.role(*TOKEN, seconds=1800)
    answer = scene.api(credentials).get_authorization_token(domain=DOMAIN, durationSeconds=0)
    assert abs(answer["expiration"].timestamp() - (credentials.expiration or 0)) < 1
    with refused("ValidationException", "temporary"):
        scene.api(scene.cloud.user(f"user-{next(NUMBERS)}", *TOKEN)).get_authorization_token(domain=DOMAIN, durationSeconds=0)


def test_root_gets_none(scene: Scene) -> None:
    root = scene.cloud.client("codeartifact")
    root.describe_domain(domain=DOMAIN)
    with refused("AccessDeniedException", "Root"):
        scene.token(root)


def test_a_token_ends(scene: Scene) -> None:
    scene.repositories(shared="")
    person = scene.person(READ_SHARED)
    scene.clock.now += 3599
    assert ping(person) == 200
    scene.clock.now += 1
    assert ping(person) == 401


def test_a_long_token_outlives_its_session_and_one_of_duration_zero_does_not(scene: Scene) -> None:
    scene.repositories(shared="")
    credentials = scene.role(*TOKEN, READ_SHARED, seconds=900)
    api, end = scene.api(credentials), credentials.expiration or 0
    scene.clock.now = end - 1
    long, bound = (Person(scene, api, scene.token(api, duration)) for duration in (43200, 0))
    assert (ping(long), ping(bound)) == (200, 200)
    scene.clock.now = end + 1
    assert (ping(long), ping(bound)) == (200, 401)


def test_basic_authentication_is_for_the_user_aws(scene: Scene) -> None:
    scene.repositories(shared="")
    person = scene.person(READ_SHARED)
    for user, status in (("aws", 200), ("other", 401)):
        header = "Basic " + base64.b64encode(f"{user}:{person.token}".encode()).decode()
        assert person.request("GET", "npm", "shared", "-/ping", headers={"authorization": header}).status_code == status


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer forged", "Basic !!!", "Digest x"])
def test_without_a_valid_token(scene: Scene, header: str) -> None:
    scene.repositories(shared="")
    answer = HTTP.get(
        f"{scene.cloud.url}/_codeartifact/{DOMAIN}-{ACCOUNT}/npm/shared/-/ping", headers={"authorization": header} if header else {}
    )
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_a_token_is_for_its_domain(scene: Scene) -> None:
    scene.admin.create_domain(domain="other")
    scene.repositories(shared="")
    scene.admin.create_repository(domain="other", repository="shared")
    person = scene.person(allow("codeartifact:*"))
    assert ping(person) == 200
    url = f"{scene.cloud.url}/_codeartifact/other-{ACCOUNT}/npm/shared/-/ping"
    assert HTTP.get(url, headers={"authorization": f"Bearer {person.token}"}).status_code == 401


def test_policies_of_the_moment_count(scene: Scene) -> None:
    scene.repositories(shared="")
    person = scene.person(allow("codeartifact:ReadFromRepository"))
    assert person.request("GET", "npm", "shared", "missing").status_code == 404
    deny = document({"Effect": "Deny", "Principal": "*", "Action": "codeartifact:ReadFromRepository", "Resource": "*"})
    scene.admin.put_repository_permissions_policy(domain=DOMAIN, repository="shared", policyDocument=deny)
    refusal = person.request("GET", "npm", "shared", "missing")
    assert refusal.status_code == 403
    assert f"codeartifact:ReadFromRepository on resource: {repository_arn('shared')}" in refusal.json()["message"]


def test_another_account_needs_both_sides(scene: Scene) -> None:
    scene.repositories(shared="")
    identity = (allow("codeartifact:GetAuthorizationToken", "codeartifact:ReadFromRepository"), TOKEN[1])
    stranger = scene.api(scene.role(*identity, account=OTHER_ACCOUNT))
    ask = {"domain": DOMAIN, "domainOwner": ACCOUNT, "durationSeconds": 900}
    with refused("AccessDeniedException"):
        stranger.get_authorization_token(**ask)
    principal = {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"}
    token = document({"Effect": "Allow", "Principal": principal, "Action": "codeartifact:GetAuthorizationToken", "Resource": "*"})
    scene.admin.put_domain_permissions_policy(domain=DOMAIN, policyDocument=token)
    person = Person(scene, stranger, stranger.get_authorization_token(**ask)["authorizationToken"])
    assert person.request("GET", "npm", "shared", "missing").status_code == 403
    read = document({"Effect": "Allow", "Principal": principal, "Action": "codeartifact:ReadFromRepository", "Resource": "*"})
    scene.admin.put_repository_permissions_policy(domain=DOMAIN, repository="shared", policyDocument=read)
    assert person.request("GET", "npm", "shared", "missing").status_code == 404


def test_the_domain_policy_opens_every_repository(scene: Scene) -> None:
    scene.repositories(shared="", team="")
    person = scene.person()
    assert {person.request("GET", "npm", name, "missing").status_code for name in ("shared", "team")} == {403}
    principal = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}
    read = {"Effect": "Allow", "Principal": "*", "Action": "codeartifact:ReadFromRepository", "Resource": "*"}
    condition = {"Condition": {"ArnLike": {"aws:PrincipalArn": principal["AWS"]}}}
    scene.admin.put_domain_permissions_policy(domain=DOMAIN, policyDocument=document(read | condition))
    assert {person.request("GET", "npm", name, "missing").status_code for name in ("shared", "team")} == {404}


def test_the_token_is_nowhere_to_be_read(scene: Scene) -> None:
    scene.repositories(shared="")
    person = scene.person(READ_SHARED)
    ping(person)
    inside = "".join(scene.cloud.control("GET", f"codeartifact/{what}").text for what in ("state", "requests", "events"))
    assert "shared" in inside
    assert person.token not in inside


def test_the_domain_has_to_exist_for_who_may_know(scene: Scene) -> None:
    with refused("ResourceNotFoundException"):
        scene.admin.get_authorization_token(domain="elsewhere", durationSeconds=900)
    with refused("AccessDeniedException"):
        scene.api(scene.role(allow("codeartifact:GetAuthorizationToken", resource=DOMAIN_ARN), TOKEN[1])).get_authorization_token(
            domain="elsewhere", durationSeconds=900
        )
