"""Pulumi.yaml's config schema, the stack files, the shipped catalogs and the code say the same."""

import importlib.util
import re
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import settings
from settings import Settings, SettingsError
from settings.provider_keys import CREDENTIAL_KEYS, PROVIDER_KEYS
from settings.shapes import ProviderShape, StackShape, keys_of
from tests.settings.builders import CONFIG, PROJECT, ROOT, Configuration, changed, good, parse, problems, write_catalog

PROJECT_FILE = settings.read_project_file(ROOT)
SCHEMA: dict[str, dict[str, Any]] = PROJECT_FILE["config"]
SHIPPED = ("dev", "prod")

# A value of each key that differs from its default (or, for required keys, from the good configuration's).
OTHER_VALUES: dict[str, Any] = {
    "domain": {"name": "acme-other", "encryption": "aws", "protect": False},
    "catalog": "catalog/",
    "publicSources": ["pypi"],
    "shared": "shared-packages",
    "adopted": "records",
    "tokenDuration": 900,
    "githubOidcProvider": "existing",
    "readRole": "catalog",
    "githubScope": "organization",
    "subjects": "immutable",
    "iam": {
        "path": "/",
        "permissionsBoundary": "arn:aws:iam::111122223333:policy/boundary",
        "deployers": ["deployer"],
        "trustPolicyLength": 4096,
    },
    "publishing": {"workflow": "acme/tools/.github/workflows/publish.yml@refs/heads/main", "repositoryId": 9000},
    "sharing": {"organizationId": "o-a1b2c3d4e5", "accounts": ["444455556666"], "downstream": ["shared"]},
    "developers": {
        "groups": ["Engineering"],
        "region": "eu-central-1",
        "roleArn": "arn:aws:iam::222233334444:role/sets",
        "sessionDuration": 3600,
    },
    "builds": {"roles": ["service-role/build"]},
    "events": {
        "repositories": ["shared"],
        "packages": "all",
        "states": ["Unlisted"],
        "email": ["platform@acme.example"],
        "https": ["https://hooks.acme.example"],
        "sqs": ["arn:aws:sqs:eu-west-1:111122223333:queue"],
        "slack": {"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"},
        "pipelines": ["release"],
    },
    "sandbox": {"name": "acme-other-sandbox", "roles": ["other-engineer"]},
    "namespaces": {
        "npm": ["@acme-*/*"],
        "pypi": ["acme-*"],
        "maven": ["com.acme"],
        "cargo": ["acme-*"],
        "nuget": ["acme.*"],
        "generic": ["acme/*"],
    },
}

# What can't stand beside the others of its object, and what the keys of an object need beside them.
ALONE: dict[str, dict[str, Any]] = {
    "sharing": {"organizationPaths": ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"]},
    "developers": {"mode": "policy"},
}
BESIDE: dict[str, dict[str, Any]] = {
    "domain": {"name": "acme"},
    "developers": {"groups": ["Everybody"]},
    "sharing": {"accounts": ["777788889999"]},
    "events": {"email": ["somebody@acme.example"]},
    "sandbox": {"name": "acme-sandbox", "roles": ["engineer"]},
}
# Other keys that a key needs.
NEEDS = {"sandbox": (((CONFIG, "package-flow:iam"), {"deployers": ["deployer"]}),)}


def _without(key: str) -> Configuration:
    """The good configuration without a key. Where nobody owns a name, nobody needs namespaces."""
    configuration = good()
    configuration[CONFIG].pop(f"package-flow:{key}", None)
    return {CONFIG: configuration[CONFIG], "storefront": configuration["storefront"]} if key == "namespaces" else configuration


def _shipped(stack: str) -> tuple[dict[str, Any], Settings]:
    config = settings.read_stack_file(ROOT / f"Pulumi.{stack}.yaml")
    return config, settings.parse(PROJECT_FILE, config, ROOT, PROJECT, stack)


def test_the_schema_and_the_code_know_the_same_keys() -> None:
    assert PROJECT_FILE["name"] == PROJECT
    # tests/settings/test_team_stacks.py has files with registryStack.
    assert set(SCHEMA) == set(keys_of(StackShape)) == {*OTHER_VALUES, "registryStack"}


def test_every_key_is_typed() -> None:
    for key, one in SCHEMA.items():
        assert set(one) <= {"type", "items", "default"}, key
        if key == "publicSources":
            # A list or a mapping, which is no type of the engine's; settings check it.
            assert set(one) == {"default"}
            continue
        assert one["type"] in ("string", "integer", "array", "object"), key
        assert ("items" in one) == (one["type"] == "array"), key


def test_optional_keys_have_their_default_in_the_project_file_and_nowhere_else() -> None:
    assert {key for key, one in SCHEMA.items() if "default" not in one} == set()
    required = {one.alias for one in StackShape.model_fields.values() if one.is_required()}
    assert required == {key for key, one in SCHEMA.items() if "default" in one}


# Without these nothing is sound, and their defaults stand for their absence.
REQUIRED = ("domain", "catalog")


@pytest.mark.parametrize("key", [key for key in SCHEMA if key not in REQUIRED])
def test_a_default_is_the_value_of_a_key_that_is_left_out(tmp_path: Path, key: str) -> None:
    start = _without(key)
    spelled_out = changed(((CONFIG, f"package-flow:{key}"), SCHEMA[key]["default"]), start=start)
    assert parse(tmp_path, spelled_out) == parse(tmp_path, start)


@pytest.mark.parametrize("key", REQUIRED)
def test_a_required_key_is_missed_whether_or_not_the_default_is_spelled_out(tmp_path: Path, key: str) -> None:
    start = _without(key)
    spelled_out = changed(((CONFIG, f"package-flow:{key}"), SCHEMA[key]["default"]), start=start)
    named = {"domain": "package-flow:domain.name", "catalog": "package-flow:catalog"}[key]
    for one in (start, spelled_out):
        assert named in [problem.key for problem in problems(tmp_path, one)]


@pytest.mark.parametrize("key", OTHER_VALUES)
def test_every_key_is_read(tmp_path: Path, key: str) -> None:
    needed = NEEDS.get(key, ())
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "test.json").write_text('{"resources": [{"key": "aws:iam/role:Role|test-read"}]}')
    assert parse(tmp_path, changed(*needed, ((CONFIG, f"package-flow:{key}"), OTHER_VALUES[key]))) != parse(tmp_path, changed(*needed))


@pytest.mark.parametrize(
    ("key", "inner"),
    [(key, inner) for key, value in OTHER_VALUES.items() if isinstance(value, dict) for inner in (*value, *ALONE.get(key, {}))],
)
def test_every_key_inside_an_object_is_read(tmp_path: Path, key: str, inner: str) -> None:
    without = BESIDE.get(key, {})
    values = OTHER_VALUES[key] | ALONE.get(key, {})
    one = {**without, inner: values[inner]}
    start = changed(*NEEDS.get(key, ()), start=_without(key))
    settings_of = [parse(tmp_path, changed(((CONFIG, f"package-flow:{key}"), value), start=start)) for value in (one, without)]
    assert settings_of[0] != settings_of[1]


def test_every_key_inside_an_object_is_among_them() -> None:
    inner: dict[str, Any] = {one.alias or name: one.annotation for name, one in StackShape.model_fields.items()}
    for key, value in OTHER_VALUES.items():
        if isinstance(value, dict):
            assert set(keys_of(inner[key])) == {*value, *ALONE.get(key, {})}, key


@pytest.mark.parametrize("key", [key for key, one in SCHEMA.items() if "default" in one])
def test_a_default_that_is_missing_or_wrong_is_told_of_the_project_file(tmp_path: Path, key: str) -> None:
    write_catalog(tmp_path, {name: team for name, team in good().items() if name != CONFIG})
    for broken in ({name: value for name, value in SCHEMA[key].items() if name != "default"}, {**SCHEMA[key], "default": 7}):
        project_file = {**PROJECT_FILE, "config": {**SCHEMA, key: broken}}
        with pytest.raises(SettingsError) as refused:
            settings.parse(project_file, _without(key)[CONFIG], tmp_path, PROJECT, "test")
        assert [(one.file, one.key) for one in refused.value.problems] == [("Pulumi.yaml", f"package-flow:{key}")]


def test_a_project_file_that_is_no_schema(tmp_path: Path) -> None:
    for config in (None, [], {"domain": "acme"}):
        with pytest.raises(SettingsError, match=r"Pulumi\.yaml: config"):
            settings.parse({"config": config}, good()[CONFIG], tmp_path, PROJECT, "test")
    with pytest.raises(SettingsError, match=r"Pulumi\.yaml: package-flow:tokenDuration"):
        settings.parse(MappingProxyType({}), good()[CONFIG], tmp_path, PROJECT, "test")


# ---------------------------------------------------------------------------------------------------------------- what the project ships


@pytest.mark.parametrize("stack", SHIPPED)
def test_a_shipped_stack_parses_and_says_only_what_the_schema_knows(stack: str) -> None:
    config, got = _shipped(stack)
    own = {key.removeprefix("package-flow:") for key in config if key.startswith("package-flow:")}
    assert own <= set(SCHEMA)
    assert set(config) - {f"package-flow:{key}" for key in own} == set(keys_of(ProviderShape))
    assert got.catalog == f"catalog/{stack}"


@pytest.mark.parametrize("stack", SHIPPED)
def test_a_shipped_catalog_shows_what_there_is(stack: str) -> None:
    got = _shipped(stack)[1]
    assert len(got.teams) >= 4
    assert len(got.repositories) >= 10
    assert any(not team.has_repository for team in got.teams)
    assert any(team.readers is settings.Readers.TEAM for team in got.teams)
    assert any(team.upstreams for team in got.teams)
    assert any(one.promotes for one in got.repositories)
    assert any(one.environment for one in got.repositories)
    assert any(one.installs_only for one in got.repositories)
    assert any("release/*" in one.release_branches.names and got.team(one.team).release_managers for one in got.repositories)
    # NuGet has no client that every machine has, and dev is small.
    shown = {settings.Format.NPM, settings.Format.PYPI, settings.Format.MAVEN}
    shown |= {settings.Format.CARGO, settings.Format.GENERIC} if stack == "prod" else set()
    assert {format for one in got.repositories for format in one.publishes} == shown
    assert any(one.release_tags.names for one in got.repositories) is (stack == "prod")


def test_two_stacks_in_one_account_do_not_meet() -> None:
    dev, prod = (_shipped(stack)[1] for stack in SHIPPED)
    assert dev.allowed_account_ids == prod.allowed_account_ids
    assert {one.name.lower() for one in dev.repositories}.isdisjoint(one.name.lower() for one in prod.repositories)
    assert dev.domain.name != prod.domain.name
    assert (prod.oidc_provider, dev.oidc_provider) == (settings.OidcProvider.CREATE, settings.OidcProvider.EXISTING)
    assert (prod.domain.protect, dev.domain.protect) == (True, False)


# --------------------------------------------------------------------------------------------------------------------- the providers' keys


def _keys_of_sdk(package: str) -> set[str]:
    """The keys that an SDK's own configuration module asks for, read without importing the SDK, which takes seconds."""
    spec = importlib.util.find_spec(package)
    assert spec and spec.origin
    source = (Path(spec.origin).parent / "config" / "vars.py").read_text()
    return set(re.findall(r"__config__\.get\w*\('(\w+)'\)", source))


@pytest.mark.parametrize("provider", PROVIDER_KEYS)
def test_the_providers_keys_are_those_of_the_installed_sdks(provider: str) -> None:
    assert _keys_of_sdk(f"pulumi_{provider}") == PROVIDER_KEYS[provider]


def test_keys_that_are_named_one_by_one_exist() -> None:
    known = {f"{provider}:{key}" for provider, keys in PROVIDER_KEYS.items() for key in keys}
    assert known >= CREDENTIAL_KEYS
    assert known >= set(keys_of(ProviderShape))
