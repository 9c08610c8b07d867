"""What counts as a denial: an answer that the local cloud has on record, of something that the attempt itself asked for."""

import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from rehearsal import clients
from rehearsal.clients import CommandFailed, Credentials, Shell
from rehearsal.cloud import server
from rehearsal.control import Control, Refusal
from rehearsal.scenario import DENY, ERROR, Denied, Scenario, attempt, required
from tests.rehearsal.cloud.in_process import ACCOUNT, KEY, REGION, Cloud, allow, running_cloud

# A client of CodeArtifact that fails, and says of it what it likes.
_DESCRIBE = "boto3.client('codeartifact').describe_domain(domain='acme')"
_ASK = f"import boto3, os, sys\ntry: {_DESCRIBE}\nexcept Exception as e: print({{}})\nsys.exit(1)\n"
_SAYS_ADDRESS = _ASK.format("'status 403 of ' + os.environ['AWS_ENDPOINT_URL'] + '/v1/domain'")
_SAYS_WORDS = _ASK.format("e")
_SAYS_NOTHING = _ASK.format("'it did not work'")
_SAYS_E401 = "print('npm error code E401\\nnpm error Incorrect or missing password.'); raise SystemExit(1)"
_SAYS_E403 = "print('npm error code E403\\nnpm error 403 Forbidden - PUT http://127.0.0.1:{port}/_codeartifact/x'); raise SystemExit(1)"


@pytest.fixture(scope="module")
def cloud() -> Generator[Cloud]:
    with running_cloud() as running:
        server.configure(server.Settings(ACCOUNT, REGION, running.url, "fixture", KEY))
        yield running


@pytest.fixture
def shell(cloud: Cloud, tmp_path: Path) -> Shell:
    return Shell.new(tmp_path / "home", Control(cloud.url, KEY), endpoint=cloud.url, region=REGION)


def signed_in(shell: Shell, who: Credentials) -> Shell:
    return replace(shell, environment={**shell.environment, **who.environment()})


def aws(shell: Shell, who: Credentials) -> str:
    return signed_in(shell, who).run("aws", "iam", "list-users")


def role(cloud: Cloud, name: str, *statements) -> Credentials:
    made = cloud.role(name, *statements)
    return Credentials(made.access_key_id, made.secret_access_key, made.session_token or "")


def test_a_client_whom_the_cloud_refused_was_denied(cloud: Cloud, shell: Shell) -> None:
    with pytest.raises(Denied, match=r"403 .*not authorized to perform: iam:ListUsers"):
        aws(shell, role(cloud, "without-rights"))
    assert "Users" in aws(shell, role(cloud, "with-rights", allow("iam:ListUsers")))


def test_a_client_whose_credentials_are_wrong_was_not(cloud: Cloud, shell: Shell) -> None:
    """AWS answers 403 to it as well."""
    known = role(cloud, "known", allow("iam:ListUsers"))
    with pytest.raises(CommandFailed, match="SignatureDoesNotMatch"):
        aws(shell, replace(known, secret_access_key="wrong"))
    with pytest.raises(CommandFailed, match=r"InvalidClientTokenId|UnrecognizedClient|security token"):
        aws(shell, replace(known, access_key_id="ASIAUNKNOWNUNKNOWN00"))


@pytest.mark.parametrize("says", [_SAYS_E401, _SAYS_E403])
def test_a_clients_text_alone_is_no_denial(cloud: Cloud, shell: Shell, says: str) -> None:
    """Nobody refused it anything: it was not logged in, or made the words up."""
    with pytest.raises(CommandFailed):
        shell.run(sys.executable, "-c", says.replace("{port}", cloud.url.rpartition(":")[2]))


@pytest.mark.parametrize(("says", "denied"), [(_SAYS_ADDRESS, True), (_SAYS_WORDS, True), (_SAYS_NOTHING, False)])
def test_a_refusal_is_the_clients_if_its_output_is_about_it(cloud: Cloud, shell: Shell, says: str, denied: bool) -> None:
    with pytest.raises(Denied if denied else CommandFailed):
        signed_in(shell, role(cloud, f"says-{len(says)}")).run(sys.executable, "-c", says)


def test_what_was_refused_before_or_to_others_is_not_the_clients(cloud: Cloud, shell: Shell) -> None:
    with pytest.raises(Denied):
        signed_in(shell, role(cloud, "refused-before")).run(sys.executable, "-c", _SAYS_ADDRESS)
    with pytest.raises(CommandFailed):
        shell.run(sys.executable, "-c", f"print('status 403 of {cloud.url}/v1/domain'); raise SystemExit(1)")


def test_the_record_holds_refusals_and_not_the_rehearsals_own_requests(cloud: Cloud) -> None:
    control = Control(cloud.url, KEY)
    before = control.position()
    assert httpx.get(f"{cloud.url}/_nothing/here").status_code == 404
    assert cloud.control("GET", "refusals", key="wrong").status_code == 403
    assert [(one.status, one.method, one.path) for one in control.refusals(before)] == [(404, "GET", "/_nothing/here")]


def test_the_sdk_denies_by_aws_own_codes(cloud: Cloud) -> None:
    nobody, somebody = role(cloud, "sdk-without-rights"), role(cloud, "sdk-with-rights", allow("iam:ListUsers"))

    def listed(who: Credentials) -> dict:
        return clients.call(clients.aws(cloud.url, REGION, "iam", who).list_users)

    with pytest.raises(Denied):
        listed(nobody)
    assert "Users" in listed(somebody)
    with pytest.raises(Exception, match="SignatureDoesNotMatch"):
        listed(replace(somebody, secret_access_key="wrong"))


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("403 Forbidden - PUT http://127.0.0.1:4242/_codeartifact/npm/shared/@acme%2fclient - no", True),
        ("from/to codeartifact (http://127.0.0.1:4242/_codeartifact/npm/shared/): status code: 403, reason phrase: Forbidden (403)", True),
        ("npm error 403 You may not publish it", True),
        ("HTTPError: 403 Forbidden from http://127.0.0.1:4242/_codeartifact/npm/payments/", False),
        ("401 Unauthorized - PUT http://127.0.0.1:4242/_codeartifact/npm/shared/@acme%2fclient", False),
        ("403 Forbidden - PUT https://registry.npmjs.org/_codeartifact/npm/shared/@acme%2fclient", False),
    ],
)
def test_what_an_output_is_about(output: str, shown: bool) -> None:
    refused = Refusal(403, "PUT", "/_codeartifact/npm/shared/@acme/client", "", '{"error": "You may not publish it"}')
    assert refused.shown_in(output) is shown


# --- what comes before the attempt ------------------------------------------------------------------------------------------------


def refused() -> str:
    raise Denied("no")


def after_login() -> str:
    with required("the login"):
        refused()
    return "published"


@pytest.mark.parametrize(("tried", "observed"), [(refused, DENY), (after_login, ERROR)])
def test_a_login_that_was_refused_is_an_error_of_the_attempt(tried, observed: str) -> None:
    outcome = attempt(Scenario("a denial", "somebody", "publish", "shared", tried, DENY, "twin"))
    assert outcome.observed == observed
    assert outcome.ok is (observed == DENY)
    if observed == ERROR:
        assert "the login was refused, before the attempt: no" in outcome.reason
