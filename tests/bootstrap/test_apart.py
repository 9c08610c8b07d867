"""Stacks beside each other: none reaches what another one makes, or what the bootstrap makes, in either direction."""

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import settings
from bootstrap import apart, declaration, rights
from evaluator import iam
from policies.arns import Registry
from policies.deployments import BOOTSTRAP_PATH, Access, Deployed, state
from policies.document import text
from policies.names import RoleKind, role_name
from policy_pack.rules.documents import meet
from settings.problems import SettingsError
from tests.bootstrap import samples
from tests.policies.iam import like
from tests.settings.builders import ROOT

ACCOUNT = samples.ACCOUNT
PROD = settings.parse(settings.read_project_file(ROOT), settings.read_stack_file(ROOT / "Pulumi.prod.yaml"), ROOT, "package-flow", "prod")


def of(stack: str, path: str, **more: Any) -> dict[str, Any]:
    """Keys of a stack that is alone in all but what a test says."""
    return {
        "package-flow:domain": {"name": f"domain-{stack.lower().replace('.', '-')}"[:50].rstrip("-")},
        "package-flow:githubOidcProvider": "existing",
        "package-flow:catalog": "catalog/empty",
        "package-flow:events": None,
        "package-flow:publishing": None,
        "package-flow:sandbox": None,
        "package-flow:iam": {"path": path, "permissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy{BOOTSTRAP_PATH}{stack}-boundary"},
        **more,
    }


def problems(root: Path, stacks: dict[str, dict[str, Any]], **changed: Any) -> list[str]:
    samples.checkout(root, **stacks)
    (root / "catalog" / "empty").mkdir()
    (root / "catalog" / "empty" / "web.yaml").write_text("team: web\n")
    try:
        samples.parse(root, stacks={name: {"branch": "main"} for name in stacks}, **changed)
    except SettingsError as error:
        return [str(one) for one in error.problems]
    return []


@pytest.mark.parametrize(
    ("one", "other", "good", "what"),
    [
        # dev-* at /package-flow/ is every role below /package-flow/dev-prod/
        (("dev", "/package-flow/"), ("prod", "/package-flow/dev-prod/"), ("prod", "/package-flow/prod/"), "roles of prod"),
        (("prod", "/package-flow/dev-prod/"), ("dev", "/package-flow/"), ("dev", "/package-flow-dev/"), "roles of prod"),
        # eu-* at / is every role below /eu-packages/
        (("eu", "/"), ("prod", "/eu-packages/"), ("prod", "/packages-eu/"), "roles of prod"),
        # at one path, one name begins as the other
        (("prod", "/package-flow/"), ("prod-eu", "/package-flow/"), ("prod-eu", "/package-flow-eu/"), "roles of prod-eu"),
        (("prod", "/"), ("prod-eu", "/"), ("eu-prod", "/"), "roles of prod-eu"),
        (("a", "/x/"), ("b", "/x/a-/"), ("b", "/x/b-/"), "roles of b"),
    ],
)
def test_roles_of_another_stack(tmp_path: Path, one: Any, other: Any, good: Any, what: str) -> None:
    found = problems(tmp_path, {one[0]: of(*one), other[0]: of(*other)})
    reaching = one[0] if what.endswith(f" {other[0]}") else other[0]
    for kind in (what, what.replace("roles", "the read policy")):
        expected = f"another iam.path, or another name of the stack: its rights would reach {kind}"
        assert any(
            line.startswith(f"Pulumi.{reaching}.yaml: package-flow:iam.path: got arn:aws:iam::") and expected in line for line in found
        )
    (tmp_path / "good").mkdir()
    assert problems(tmp_path / "good", {one[0]: of(*one), good[0]: of(*good)}) == []


@pytest.mark.parametrize(
    ("changed", "good", "key", "what"),
    [
        (
            {"package-flow:domain": {"name": "domain-two"}},
            {"package-flow:domain": {"name": "domain-2"}},
            "domain.name",
            "the domain of two",
        ),
        (
            {"package-flow:sandbox": {"name": "domain-two", "roles": ["engineers"]}},
            {"package-flow:sandbox": {"name": "domain-2", "roles": ["engineers"]}},
            "domain.name",
            "the domain of two",
        ),
        (
            {"package-flow:builds": {"roles": ["two/two-publish-x"]}},
            {"package-flow:builds": {"roles": ["two/twopublish"]}},
            "builds.roles",
            "roles of two",
        ),
        (
            {"package-flow:developers": {"groups": ["All"], "roleArn": f"arn:aws:iam::{ACCOUNT}:role/two/two-read"}},
            {"package-flow:developers": {"groups": ["All"], "roleArn": f"arn:aws:iam::{ACCOUNT}:role/two/reader"}},
            "developers.roleArn",
            "roles of two",
        ),
    ],
)
def test_other_things_of_another_stack(tmp_path: Path, changed: Any, good: Any, key: str, what: str) -> None:
    two = {"two": of("two", "/two/")}
    found = problems(tmp_path, {"one": of("one", "/one/", **changed), **two})
    assert any(one.startswith(f"Pulumi.one.yaml: package-flow:{key}: got arn:") and what in one for one in found), found
    (tmp_path / "good").mkdir()
    assert problems(tmp_path / "good", {"one": of("one", "/one/", **good), **two}) == []


def test_the_state_of_another_stack(tmp_path: Path) -> None:
    """A checkpoint is matched by `NAME.json*`, for `.json.gz` and `.json.bak`; a stack's name may have a dot."""
    near = {"dev": of("dev", "/dev/"), "dev.json-2": of("dev.json-2", "/two/")}
    (problem,) = problems(tmp_path, near, githubActions=samples.ACTIONS)
    assert problem.startswith(
        "Pulumi.dev.yaml: got arn:aws:s3:::acme-pulumi-state/.pulumi/stacks/package-flow/dev.json*, allowed: another name"
    )
    assert "its rights would reach the state of dev.json-2" in problem
    for name, stacks in (("cloud", near), ("apart", {"dev": near["dev"], "dev-2.json": of("dev-2.json", "/two/")})):
        (tmp_path / name).mkdir()
        assert problems(tmp_path / name, stacks, **({"githubActions": samples.ACTIONS} if name == "apart" else {})) == []


def test_names_that_differ_in_case_alone(tmp_path: Path) -> None:
    """IAM has one role of a name, whatever its case and path."""
    (problem,) = problems(tmp_path, {"dev": of("dev", "/a/"), "Dev": of("Dev", "/b/", **{"package-flow:domain": {"name": "other"}})})
    assert "stacks: got ['dev', 'Dev'], allowed: names that differ by more than case" in problem


def test_a_stack_does_not_reach_the_bootstraps_roles(tmp_path: Path) -> None:
    """Not by a role that it names, either."""
    role = f"arn:aws:iam::{ACCOUNT}:role{BOOTSTRAP_PATH}one-deployer"
    bad = {"one": of("one", "/one/", **{"package-flow:developers": {"groups": ["All"], "roleArn": role}})}
    assert any("developers.roleArn" in one and "the bootstrap's roles" in one for one in problems(tmp_path, bad))


# --- several bootstraps -------------------------------------------------------------------------------------------------------------------


def bootstraps(root: Path, own: dict[str, dict], other: dict[str, dict], **changed: Any) -> list[str]:
    """Problems of a bootstrap beside another one, each with stacks by name. `changed` are the other's keys."""
    root.mkdir(exist_ok=True)
    samples.checkout(root, **{**own, **other})
    (root / "catalog" / "empty").mkdir()
    (root / "catalog" / "empty" / "web.yaml").write_text("team: web\n")
    folder = root / "bootstrap"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text((samples.FOLDER / "Pulumi.yaml").read_text())
    one = samples.config(stacks={name: {"branch": "main"} for name in other}, **changed)
    (folder / "Pulumi.other.yaml").write_text(yaml.safe_dump({"config": one}))
    try:
        samples.parse(
            root, stacks={name: {"branch": "main"} for name in own}, pulumiCloud={"organization": "acme", "oidcProvider": "existing"}
        )
    except SettingsError as error:
        return [str(one) for one in error.problems]
    return []


US = {"aws:region": "us-east-1"}


@pytest.mark.parametrize(
    ("us", "path", "what"),
    [
        ("prod-us", "/package-flow/", "roles of prod-us"),
        ("prod", "/us/", "names that differ by more than case"),
        ("PROD", "/us/", "names that differ by more than case"),
        ("prod-us", "/package-flow/prod-us/", "roles of prod-us"),
    ],
)
def test_bootstraps_of_two_regions_of_one_account(tmp_path: Path, us: str, path: str, what: str) -> None:
    """IAM has no regions: roles of one stack are matched by another's patterns, whichever bootstrap each belongs to."""
    prod = {"prod": of("prod", "/package-flow/")}
    found = bootstraps(tmp_path / "bad", prod if us != "prod" else {"prod": of("prod", path)}, {us: of(us, path) | US}, **US)
    assert any(what in one for one in found), found
    assert bootstraps(tmp_path / "good", prod, {"us-prod": of("us-prod", "/us/") | US}, **US) == []


def test_a_bootstrap_reaches_no_state_of_another_one(tmp_path: Path) -> None:
    near = {"dev.json-2": of("dev.json-2", "/two/") | US}
    found = bootstraps(tmp_path, {"dev": of("dev", "/dev/")}, near, githubActions=samples.ACTIONS, **US)
    assert found == [], "the state of the one is in Pulumi Cloud"


def test_one_account_has_one_provider_for_a_url(tmp_path: Path) -> None:
    one, other = {"prod": of("prod", "/package-flow/")}, {"us-prod": of("us-prod", "/us/") | US}
    root = tmp_path / "both"
    bootstraps(root, one, other, **US)
    with pytest.raises(SettingsError, match=r"pulumiCloud.oidcProvider: got .*existing in this file or in bootstrap/Pulumi.other.yaml"):
        samples.parse(root, stacks={"prod": {"branch": "main"}})
    # Another account has its own.
    root, account = tmp_path / "apart", {"aws:allowedAccountIds": ["777788889999"]}
    iam = {"path": "/us/", "permissionsBoundary": f"arn:aws:iam::777788889999:policy{BOOTSTRAP_PATH}us-prod-boundary"}
    assert bootstraps(root, one, {"us-prod": of("us-prod", "/us/") | account | {"package-flow:iam": iam}}, **account) == []
    assert samples.parse(root, stacks={"prod": {"branch": "main"}})


def test_github_actions_deploys_by_one_bootstrap_of_a_repository(tmp_path: Path) -> None:
    """Its variables are the repository's, and there once."""
    root = tmp_path / "both"
    bootstraps(root, {"prod": of("prod", "/package-flow/")}, {"us-prod": of("us-prod", "/us/") | US}, githubActions=samples.ACTIONS, **US)
    given = {"stacks": {"prod": {"branch": "main"}}, "pulumiCloud": {}, "githubActions": samples.ACTIONS | {"oidcProvider": "existing"}}
    with pytest.raises(SettingsError, match=r"githubActions: got githubActions a second time.*bootstrap/Pulumi.other.yaml"):
        samples.parse(root, **given)
    assert samples.parse(root, **given, repository="registry-infra")


def test_rulesets_of_several_bootstraps_have_names_of_their_own() -> None:
    """A repository has each name once (422 Name must be unique); GitHub applies all rulesets that match."""
    made = [one.inputs for one in samples.recorded().of("RepositoryRuleset")]
    names = {one["name"].rpartition("-")[0] for one in made}
    assert names == {f"package-flow-{kind}-acme" for kind in ("deploy", "deploy-create", "tags")}


# --- what patterns match --------------------------------------------------------------------------------------------------------------

PATTERNS = st.text("ab/*?", max_size=4)


@hypothesis_settings(max_examples=150, deadline=None)
@given(PATTERNS, PATTERNS)
@example("a*", "a/b")
@example("*a", "b*")
@example("a?b", "a*/*")
def test_patterns_meet_where_some_text_matches_both(one: str, other: str) -> None:
    """A shortest common text has a character for each that a pattern spells out, so all up to that length are tried."""
    longest = sum(pattern != "*" for pattern in one + other)
    texts = ("".join(each) for length in range(min(longest, 6) + 1) for each in itertools.product("ab/", repeat=length))
    both = next((each for each in texts if like(one, each) and like(other, each)), None)
    if both is not None:
        assert meet(one, other)
        assert all(iam._glob(iam._plain_pattern(pattern), both) for pattern in (one, other))
    elif longest <= 6:
        assert not meet(one, other)


STACKS = st.sampled_from(["dev", "prod", "dev-prod", "eu", "package-flow", "a", "package"])
PATHS = st.sampled_from(["/", "/package-flow/", "/package-flow/dev-prod/", "/dev-/", "/dev-x/y/", "/eu-packages/", "/package-flow/dev/"])


def _placed(stack: str, path: str) -> settings.Settings:
    return replace(
        PROD, stack=stack, iam=settings.IamSettings(path, ""), domain=settings.DomainSettings(stack, PROD.domain.encryption, True)
    )


def _may(one: settings.Settings, registry: Registry, role: str) -> bool:
    """Whether the evaluator lets the deployer of a stack change a role."""
    document = text(rights.deployer(one, registry))
    caller = iam.Caller("AssumedRole", f"arn:aws:sts::{ACCOUNT}:assumed-role/{one.stack}-deployer/x", ACCOUNT)
    request = iam.Request(caller, "iam:UpdateAssumeRolePolicy", role, {})
    return iam.evaluate(request, iam.Policies(identity=(document,))).allowed


@hypothesis_settings(max_examples=60, deadline=None)
@given(STACKS, PATHS, STACKS, PATHS)
def test_what_is_refused_is_what_the_evaluator_allows(one: str, path: str, other: str, other_path: str) -> None:
    if one == other:
        return
    registry = Registry("aws", ACCOUNT, "eu-west-1", "acme")
    first, second = _placed(one, path), _placed(other, other_path)
    account = apart.Account(registry, None)
    found = {(reach.stack, reach.thing.what) for reach in apart.reached([apart.Beside(first, account), apart.Beside(second, account)])}
    for stack, beside in ((first, second), (second, first)):
        role = registry.role_arn(beside.iam.path, role_name(beside.stack, RoleKind.READ))
        assert ((stack.stack, f"roles of {beside.stack}") in found) is _may(stack, registry, role)
        deployer = Deployed(registry, beside.stack).role_arn(Access.DEPLOY)
        assert not _may(stack, registry, deployer) or (stack.stack, "the bootstrap's roles") in found


def test_files_of_a_stack_are_what_its_deployer_writes() -> None:
    stack = Deployed(Registry("aws", ACCOUNT, "eu-west-1", "acme"), "dev")
    written = next(one for one in state("bucket", "key", stack, "package-flow", Access.DEPLOY) if one["Sid"] == "WriteState")["Resource"]
    files = apart.kept_for(_placed("dev", "/"), apart.Account(stack.registry, rights.Backend("bucket", "key")))
    for one in files:
        for arn in one.arns:
            assert any(meet(pattern, arn) for pattern in written) is one.what.startswith("the state")


def test_the_bootstraps_project_has_its_name_once() -> None:
    assert settings.read_project_file(ROOT / "bootstrap")["name"] == declaration.PROJECT == apart.PROJECT
