"""Settings of package events and of the sandbox: what follows from them, and what is refused with its good twin beside it."""

from pathlib import Path
from typing import Any

import pytest

from settings import AnnouncedPackages, Slack
from tests.settings.builders import CONFIG, changed, parse, problems

EMAIL = {"email": ["platform@acme.example"]}
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:package-versions"
SANDBOX = {"name": "acme-sandbox", "roles": ["engineers/*"]}
DEPLOYER = {"deployers": ["bootstrap/deployer"]}


def events(**keys: Any):
    return changed(((CONFIG, "package-flow:events"), keys))


def sandbox(keys: dict[str, Any], iam: dict[str, Any] = DEPLOYER):
    return changed(((CONFIG, "package-flow:sandbox"), keys), ((CONFIG, "package-flow:iam"), iam))


def told(found, words: str, key: str) -> bool:
    return any(one.key == key and words in str(one) for one in found)


# --- events -----------------------------------------------------------------------------------------------------------------------------


def test_nobody_is_told_by_default(tmp_path: Path) -> None:
    assert parse(tmp_path, changed()).events is None
    assert parse(tmp_path, events()).events is None
    assert parse(tmp_path, events(email=[])).events is None


def test_by_default_shared_and_what_is_open_to_the_organisation(tmp_path: Path) -> None:
    """research has `readers: team`, storefront owns nothing."""
    got = parse(tmp_path, events(**EMAIL)).events
    assert got and got.repositories == ("shared", "identity", "payments")
    assert (got.packages, got.states, got.email) == (AnnouncedPackages.OWNED, ("Published",), ("platform@acme.example",))
    assert (got.https, got.sqs, got.slack, got.pipelines) == ((), (), None, ())


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    got = parse(
        tmp_path,
        events(
            repositories=["research", "npmjs"],
            packages="all",
            states=["Published", "Disposed"],
            https=["https://hooks.acme.example/packages"],
            sqs=[QUEUE],
            slack={"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"},
            pipelines=["release"],
        ),
    ).events
    assert got and got.repositories == ("research", "npmjs") and got.packages is AnnouncedPackages.ALL
    assert got.states == ("Published", "Disposed") and got.https == ("https://hooks.acme.example/packages",)
    assert (got.sqs, got.slack, got.pipelines) == ((QUEUE,), Slack("T07EA123LEP", "C07EZ1ABC23"), ("release",))


@pytest.mark.parametrize(
    "keys",
    [
        EMAIL,
        {"repositories": ["shared"]},
        {"https": ["https://a.example"]},
        {"sqs": [QUEUE]},
        {"slack": {"workspace": "T1", "channel": "C1"}},
        {"pipelines": ["a"]},
    ],
)
def test_each_way_of_being_told_is_enough(tmp_path: Path, keys: dict[str, Any]) -> None:
    assert parse(tmp_path, events(**keys)).events


@pytest.mark.parametrize(
    ("key", "bad", "good", "words"),
    [
        ("repositories.0", {**EMAIL, "repositories": ["identty"]}, {**EMAIL, "repositories": ["identity"]}, "(did you mean identity?)"),
        (
            "repositories.0",
            {**EMAIL, "repositories": ["storefront"]},
            {**EMAIL, "repositories": ["research"]},
            "a repository of the domain",
        ),
        ("repositories", {**EMAIL, "repositories": ["shared"] * 2}, {**EMAIL, "repositories": ["shared"]}, "each entry once"),
        ("packages", {**EMAIL, "packages": "public"}, {**EMAIL, "packages": "all"}, "owned, all"),
        ("states.0", {**EMAIL, "states": ["published"]}, {**EMAIL, "states": ["Published"]}, "(did you mean Published?)"),
        ("states", {**EMAIL, "states": []}, {**EMAIL, "states": ["Unlisted"]}, "at least one state"),
        ("email.0", {"email": ["platform"]}, EMAIL, "a mail address"),
        ("email.0", {"email": ["Platform <platform@acme.example>"]}, EMAIL, "a mail address"),
        ("https.0", {"https": ["http://a.example"]}, {"https": ["https://a.example:8443/x?y=z"]}, "https://"),
        ("https.0", {"https": ["https://user:word@a.example"]}, {"https": ["https://a.example"]}, "without user"),
        ("sqs.0", {"sqs": [f"{QUEUE}.fifo"]}, {"sqs": [QUEUE]}, "a standard queue"),
        ("sqs.0", {"sqs": ["package-versions"]}, {"sqs": [QUEUE]}, "the ARN"),
        ("slack.channel", {"slack": {"workspace": "T1"}}, {"slack": {"workspace": "T1", "channel": "C1"}}, "both are named"),
        ("slack.workspace", {"slack": {"channel": "C1"}}, {"slack": {"workspace": "T1", "channel": "C1"}}, "both are named"),
        ("slack.channel", {"slack": {"workspace": "T1", "channel": "#releases"}}, {"slack": {"workspace": "T1", "channel": "C1"}}, "an id"),
        ("pipelines.0", {"pipelines": ["a b"]}, {"pipelines": ["a-b"]}, "a pipeline"),
        ("pipelines", {"pipelines": list("abcde")}, {"pipelines": list("abcd")}, "at most 4"),
    ],
)
def test_refused_keys_of_events(tmp_path: Path, key: str, bad: dict[str, Any], good: dict[str, Any], words: str) -> None:
    found = problems(tmp_path, events(**bad))
    assert len(found) == 1 and told(found, words, f"package-flow:events.{key}"), found
    assert problems(tmp_path, events(**good)) == []


@pytest.mark.parametrize("narrowed", [{"states": ["Unlisted"]}, {"packages": "all"}])
def test_events_that_nobody_is_told_of(tmp_path: Path, narrowed: dict[str, Any]) -> None:
    assert told(problems(tmp_path, events(**narrowed)), "a receiver (email", "package-flow:events")
    assert problems(tmp_path, events(**narrowed, **EMAIL)) == []


def test_a_pattern_that_is_too_long(tmp_path: Path) -> None:
    """EventBridge takes 2,048 characters."""
    many = {"npm": [f"@acme-team-with-a-long-name-{number}/*" for number in range(60)]}
    long = changed((("payments", "owns"), many), (("payments", "repositories"), {}), start=events(**EMAIL))
    (problem,) = problems(tmp_path, long)
    assert problem.key == "package-flow:events" and "at most 2,048: list fewer repositories, or say packages: all" in str(problem)
    assert problems(tmp_path, changed(((CONFIG, "package-flow:events", "packages"), "all"), start=long)) == []


# --- sandbox and deployers --------------------------------------------------------------------------------------------------------------


def test_no_sandbox_by_default(tmp_path: Path) -> None:
    assert parse(tmp_path, changed()).sandbox is None and parse(tmp_path, sandbox({})).sandbox is None


def test_a_sandbox(tmp_path: Path) -> None:
    got = parse(tmp_path, sandbox(SANDBOX))
    assert got.sandbox and (got.sandbox.name, got.sandbox.roles) == ("acme-sandbox", ("engineers/*",))
    assert got.iam.deployers == ("bootstrap/deployer",)


def test_developers_are_enough_for_a_sandbox(tmp_path: Path) -> None:
    with_developers = changed(((CONFIG, "package-flow:developers"), {"groups": ["Engineering"]}), start=sandbox({"name": "acme-sandbox"}))
    assert problems(tmp_path, with_developers) == []


@pytest.mark.parametrize(
    ("key", "bad", "good", "words"),
    [
        ("sandbox.name", {**SANDBOX, "name": "Sandbox"}, SANDBOX, "2 to 50"),
        ("sandbox.name", {**SANDBOX, "name": "acme"}, SANDBOX, "another name than the domain's"),
        ("sandbox.name", {"roles": ["engineers/*"]}, SANDBOX, "got nothing"),
        ("sandbox.roles", {"name": "acme-sandbox"}, SANDBOX, "nobody could use the sandbox"),
        ("sandbox.roles.0", {**SANDBOX, "roles": ["*"]}, {**SANDBOX, "roles": ["e*"]}, "a role's name"),
        *(
            ("sandbox.roles.0", {**SANDBOX, "roles": [every]}, {**SANDBOX, "roles": [some]}, "not every role")
            for every, some in (("**", "e**"), ("*/*", "ci/*"), ("***", "*1*"), ("-*/**", "-*/a*"), ("*-*", "*-ci"), ("_*", "_a*"))
        ),
        ("sandbox.roles.0", {**SANDBOX, "roles": ["/engineers"]}, {**SANDBOX, "roles": ["engineers"]}, "a role's name"),
    ],
)
def test_refused_keys_of_the_sandbox(tmp_path: Path, key: str, bad: dict[str, Any], good: dict[str, Any], words: str) -> None:
    found = problems(tmp_path, sandbox(bad))
    assert len(found) == 1 and told(found, words, f"package-flow:{key}"), found
    assert problems(tmp_path, sandbox(good)) == []


def test_deployers_can_be_named_without_a_sandbox(tmp_path: Path) -> None:
    assert parse(tmp_path, changed(((CONFIG, "package-flow:iam"), DEPLOYER))).iam.deployers == ("bootstrap/deployer",)


@pytest.mark.parametrize("bad", ["deploy*", "/deployer", "aws-reserved/x", ""])
def test_deployers_are_named_one_by_one(tmp_path: Path, bad: str) -> None:
    assert told(problems(tmp_path, sandbox(SANDBOX, {"deployers": [bad]})), "a role's name", "package-flow:iam.deployers.0")
