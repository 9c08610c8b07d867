import json
import textwrap

import pytest

from rehearsal.program.stack_files import StackFileError, load, not_applied, project_name


@pytest.fixture
def files(tmp_path):
    def write(project: str, stack: str):
        (tmp_path / "Pulumi.yaml").write_text(textwrap.dedent(project))
        path = tmp_path / "Pulumi.dev.yaml"
        path.write_text(textwrap.dedent(stack))
        return lambda **overrides: load(tmp_path, path, "dev", overrides.get("overrides"))

    return write


PROJECT = """
    name: package-flow
    config:
      domain: {type: object}
      tokenDuration: {type: integer, default: 3600}
      publicSources: {type: array, items: {type: string}, default: [npmjs]}
      strict: {type: boolean, default: true}
      plain: text
      aws:region: {value: eu-west-1}
"""
STACK = """
    config:
      package-flow:domain: {name: acme}
"""


def test_defaults_lie_below_the_stack_file_and_all_values_are_text(files):
    stack = files(PROJECT, STACK + "      package-flow:tokenDuration: 900\n")()
    assert stack.config == {
        "package-flow:domain": '{"name": "acme"}',
        "package-flow:tokenDuration": "900",
        "package-flow:publicSources": '["npmjs"]',
        "package-flow:strict": "true",
        "package-flow:plain": "text",
        "aws:region": "eu-west-1",
    }


def test_defaults_are_not_merged_into_objects(files):
    project = PROJECT.replace("domain: {type: object}", "domain: {type: object, default: {encryption: customer}}")
    assert json.loads(files(project, STACK)().config["package-flow:domain"]) == {"name": "acme"}


def test_a_required_key_is_required(files):
    with pytest.raises(StackFileError, match="stack dev is missing configuration value package-flow:domain"):
        files(PROJECT, "config: {}")()


@pytest.mark.parametrize("value", ['"3600"', "true", "[3600]", "3600.5"])
def test_a_value_of_another_type_than_the_schema_is_refused(files, value):
    with pytest.raises(StackFileError, match="package-flow:tokenDuration must be of type integer"):
        files(PROJECT, STACK + f"      package-flow:tokenDuration: {value}\n")()


def test_encrypted_values_are_stand_ins_and_stay_secret(files):
    stack = files(PROJECT, STACK + "      package-flow:hook: {secure: v1:abc}\n      package-flow:deep: {a: {secure: v1:def}}\n")()
    assert stack.secret_keys == {"package-flow:hook", "package-flow:deep"}
    assert stack.config["package-flow:hook"] == "stand-in for package-flow:hook"
    assert stack.structured("package-flow:deep") == {"a": "stand-in for package-flow:deep.a"}


def test_overrides_win(files):
    assert files(PROJECT, STACK)(overrides={"package-flow:plain": "other"}).config["package-flow:plain"] == "other"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("aws:allowedAccountsIds", "did you mean aws:allowedAccountIds"),
        ("github:token", "is no key that a stack file may have"),
    ],
)
def test_provider_keys_that_settings_refuse_are_refused(files, key, message):
    with pytest.raises(StackFileError, match=message):
        files(PROJECT, STACK + f"      {key}: x\n")()


def test_a_tag_is_text(files):
    tags = "      aws:defaultTags: {tags: {cost-centre: %s}}\n"
    with pytest.raises(StackFileError, match=r"aws:defaultTags\.tags\.cost-centre: got 4711; expected text; put it in quotes"):
        files(PROJECT, STACK + tags % "4711")()
    assert files(PROJECT, STACK + tags % "'4711'")().structured("aws:defaultTags") == {"tags": {"cost-centre": "4711"}}


def test_provider_keys_that_are_applied(files):
    stack = files(PROJECT, STACK + "      aws:allowedAccountIds: ['111122223333']\n      github:owner: acme\n")()
    assert stack.structured("aws:allowedAccountIds") == ["111122223333"]
    assert stack.value("github:owner") == "acme"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", []),
        ("    environment: [shared]\n", ["environment"]),
        ("    environment: {values: {}}\n", ["environment"]),
        ("      aws:profile: deploy\n      aws:ignoreTags: {keys: [owner]}\n", ["aws:profile", "aws:ignoreTags"]),
        ("      aws:assumeRoles: [{roleArn: 'arn:aws:iam::111122223333:role/x'}]\n", ["aws:assumeRoles"]),
        ("      github:parallelRequests: true\n      aws:defaultTags: {tags: {a: b}}\n", ["github:parallelRequests"]),
    ],
)
def test_what_says_how_to_reach_the_clouds_is_taken_and_named(files, tmp_path, more, said):
    read = files(PROJECT, STACK + more)
    assert read().value("package-flow:plain") is not None
    (file,) = tmp_path.rglob("Pulumi.*.yaml")
    assert not_applied(file) == said


def test_files_that_are_missing_or_not_yaml(tmp_path):
    with pytest.raises(StackFileError, match="does not exist"):
        project_name(tmp_path)
    for content in (b"a: [", b"name: \xff"):
        (tmp_path / "Pulumi.yaml").write_bytes(content)
        with pytest.raises(StackFileError, match="is not YAML"):
            project_name(tmp_path)
