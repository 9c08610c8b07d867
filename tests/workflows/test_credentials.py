"""No credential that an action gets is shown in the log, and nothing of AWS is left when it ends.

Clients are programs that show all that they get, as a client in trouble or one that is asked for its settings may.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from rehearsal.actions import Conclusion, RunResult, machine
from tests.workflows.calling import PROJECT, VARIABLES, run_workflow, starting

POM = "<project><groupId>com.acme.payments</groupId><artifactId>a</artifactId><version>1.0.0</version></project>"
REQUEST = {
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://github.example/token?x=y",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "fake-request",
    "GITHUB_RUN_ID": "1",
    "GITHUB_RUN_ATTEMPT": "1",
}
# Hands out a secret of each kind. As the AWS CLI does, it keeps credentials that it gets itself, for a token in a file, in HOME.
AWS = """#!/bin/sh
[ -z "$AWS_PROFILE" ] || { echo "The config profile ($AWS_PROFILE) could not be found" >&2; exit 255; }
mkdir -p "$HOME/.aws"
if [ -n "$AWS_WEB_IDENTITY_TOKEN_FILE" ] && [ -z "$AWS_SECRET_ACCESS_KEY" ]; then
  AWS_SECRET_ACCESS_KEY=fake-aws-secret
  echo $AWS_SECRET_ACCESS_KEY > "$HOME/.aws/cache.json"
fi
case "$*" in
  *role/refused*) for one; do case $one in file://*) echo "not a token: $(cat "${one#file://}")" >&2; exit 254 ;; esac; done ;;
  *assume-role-with-web-identity*)
    printf 'fake-aws-id\\tfake-aws-secret\\tfake-aws-session\\n' ;;
  *get-repository-endpoint*) echo https://registry.example/npm/payments/ ;;
  *get-authorization-token*) [ "$AWS_SECRET_ACCESS_KEY" = fake-aws-secret ] && echo fake-token ;;
  *list-package-versions*) echo '{"versions": []}' ;;
  *list-package-version-dependencies*)
    echo '{"dependencies": [{"package": "b", "versionRequirement": "1", "dependencyType": "regular"}]}' ;;
  *get-package-version-asset* | *list-package-version-assets*) ;;
  *describe-package-version*)
    [ -n "$REVISION" ] || { echo "An error occurred (ResourceNotFoundException)" >&2; exit 254; }
    echo '{"packageVersion": {"revision": "abc", "status": "Published"}}' ;;
  *) echo "An error occurred (ResourceNotFoundException)" >&2; exit 254 ;;
esac
"""
CURL = """#!/bin/sh
config=$(cat)
case "$*" in
  *github.example*) echo '{"value": "fake-jwt"}' ;;
  *) echo "curl got $config $*" >&2; exit 22 ;;
esac
"""
SHOW = """#!/bin/sh
case "$*" in
  "config get userconfig") echo "$HOME/.npmrc" ;;
  *) echo "$0 got $*"; cat "$HOME/.npmrc" "$HOME/.pypirc" 2> /dev/null || true ;;
esac
"""
REGISTRY = {
    "domain": VARIABLES["CODEARTIFACT_DOMAIN"],
    "domain-owner": VARIABLES["CODEARTIFACT_DOMAIN_OWNER"],
    "region": VARIABLES["CODEARTIFACT_REGION"],
    "repository": VARIABLES["CODEARTIFACT_REPOSITORY"],
}
ROLE = VARIABLES["CODEARTIFACT_READ_ROLE_ARN"]
ASSUME = {"uses": "acme/package-flow/.github/actions/assume-role@main", "with": {"role-arn": ROLE, "region": REGISTRY["region"]}}
# Written so that this line is not what it finds.
LEFT = """(grep -rlE 'fake[-]' "$HOME" "$RUNNER_TEMP" || true) | sed 's/^/left: /'; ls -A "$RUNNER_TEMP" | sed 's/[.].*//' | sort -u
[ ! -e "$HOME/.aws" ] || echo "left: .aws"
"""


def run(folder: Path, *steps: Mapping[str, object]) -> RunResult:
    """A job with these steps, which has a token of GitHub; afterwards a step `left` lists files with a credential, and temporary ones."""
    tools = folder / "tools"
    tools.mkdir()
    for name, text in {"aws": AWS, "curl": CURL, "npm": SHOW, "twine": SHOW, "pip": SHOW}.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    left = {"name": "left", "if": "always()", "run": LEFT}
    job = {"runs-on": "u", "permissions": {"id-token": "write"}, "steps": [*steps, left]}
    file = folder / "workflow.yml"
    file.write_text(json.dumps({"on": {"workflow_call": {}}, "jobs": {"job": job}}))
    path = f"{tools}:{machine.default_path()}"
    result = run_workflow(file, inputs={}, start_job=starting(env=REQUEST), checkout=PROJECT, path=path)
    # What the runner itself masks is not asked here: REQUEST's token is in the environment of the steps alone.
    assert "fake-" not in result.output, result.output
    return result


def left(result: RunResult) -> set[str]:
    """Files that hold a credential."""
    lines = result.jobs["job"].steps[-1].output.splitlines()
    return {Path(line.removeprefix("left: ")).name for line in lines if line.startswith("left: ")}


def test_a_role_is_in_the_environment_alone(tmp_path: Path) -> None:
    result = run(tmp_path, ASSUME, {"run": 'env | grep ^AWS_; printenv AWS_SECRET_ACCESS_KEY | sed "s/^fake[-]aws/given /"'})
    assert result.conclusion is Conclusion.SUCCESS, result.output
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        assert f"{name}=***\n" in result.output
    assert "given -secret\n" in result.output
    assert left(result) == set()
    assert "assume-role" not in result.jobs["job"].steps[-1].output


def test_a_role_that_is_refused_shows_no_token(tmp_path: Path) -> None:
    refused = {**ASSUME, "with": {"role-arn": "arn:aws:iam::111122223333:role/refused", "region": REGISTRY["region"]}}
    result = run(tmp_path, refused)
    assert result.reason.startswith("job: AWS refuses this job the role arn:aws:iam::111122223333:role/refused: not a token: ***")
    assert left(result) == set()


@pytest.mark.parametrize(
    ("tool", "kept", "shown"),
    [
        ("npm", {".npmrc"}, "//registry.example/npm/payments/:_authToken=***\n"),
        ("yarn-berry", {".yarnrc.yml"}, 'npmAuthToken: "***"\n'),
        ("pip", {".netrc"}, "machine registry.example login aws password ***\n"),
        ("uv", {".netrc"}, "machine registry.example login aws password ***\n"),
        ("twine", {".pypirc"}, "password = ***\n"),
        ("maven", {"settings.xml"}, "<password>***</password>\n"),
        ("gradle", {"package-login.gradle"}, "def token = '***'\n"),
        ("sbt", {"package-login.credentials"}, "password=***\n"),
        ("nuget", {"NuGet.Config"}, 'key="ClearTextPassword" value="***" />\n'),
        ("cargo", {"credentials.toml"}, 'token = "Bearer ***"\n'),
        ("swift", {".netrc"}, "machine registry.example login aws password ***\n"),
        ("ruby", {"config", ".gemrc"}, ': "aws:***"\n'),
    ],
)
def test_a_login_leaves_the_package_managers_token_alone(tmp_path: Path, tool: str, kept: set[str], shown: str) -> None:
    login = {"id": "login", "uses": "acme/package-flow/.github/actions/login@main", "with": {**REGISTRY, "role-arn": ROLE, "tools": tool}}
    files = "~/.npmrc ~/.yarnrc.yml ~/.netrc ~/.pypirc ~/.m2/* ~/.gradle/init.d/* ~/.sbt/* ~/.nuget/NuGet/* ~/.cargo/* ~/.bundle/config"
    show = {
        "run": f'cat {files} 2> /dev/null || true; env | grep -c "^AWS_" | sed "s/^/of AWS: /"; echo "output: $TOKEN"',
        "env": {"TOKEN": "${{ steps.login.outputs.token }}"},
    }
    result = run(tmp_path, login, show)
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert shown in result.output
    assert "output: ***\n" in result.output
    assert "of AWS: 1\n" in result.output  # AWS_EC2_METADATA_DISABLED, which the rehearsal sets
    assert left(result) == kept
    assert "login" not in result.jobs["job"].steps[-1].output.replace("package-login", "")


@pytest.mark.parametrize(
    ("format", "files", "shown"),
    [
        ("npm", {"a.tgz": ""}, "_authToken=***"),
        ("pypi", {}, "password = ***"),
        ("maven", {"com/acme/payments/a/1.0.0/a-1.0.0.pom": POM}, 'curl got user = "aws:***"'),
    ],
)
def test_publishing_shows_no_token_and_leaves_none(tmp_path: Path, format: str, files: dict[str, str], shown: str) -> None:
    make = "".join(f"mkdir -p $(dirname made/{name}); printf '{text}' > made/{name};" for name, text in files.items())
    if format == "npm":
        manifest = '{"name": "@acme-payments/a", "version": "1.0.0"}'
        make = (
            f"mkdir -p made/package; cd made; echo '{manifest}' > package/package.json; tar --format=ustar -czf a.tgz package/package.json"
        )
    if format == "pypi":
        wheel, info = "acme_payments_a-1.0.0-py3-none-any.whl", "acme_payments_a-1.0.0.dist-info"
        metadata = "Name: acme-payments-a\\nVersion: 1.0.0\\n"
        make = f'mkdir made; python3 -c \'import zipfile; zipfile.ZipFile("made/{wheel}", "w").writestr("{info}/METADATA", "{metadata}")\''
    inputs = {**REGISTRY, "format": format, "directory": "${{ github.workspace }}/made", "token-duration": "3600"}
    publish = {"uses": "acme/package-flow/.github/actions/publish@main", "with": inputs}
    result = run(tmp_path, {"run": make}, ASSUME, publish)
    # The registry holds nothing afterwards.
    assert result.conclusion is Conclusion.FAILURE
    assert shown in result.output, result.output
    assert left(result) == {".aws"}, "with nothing of ours in it"


@pytest.mark.parametrize(
    ("action", "format", "shown"),
    [
        ("shared-dependencies", "npm", ""),
        ("shared-dependencies", "pypi", 'curl got user = "aws:***"'),
        ("shared-dependencies", "maven", 'curl got user = "aws:***"'),
        ("promote", "npm", 'curl got header = "Authorization: Bearer ***"'),
    ],
)
def test_promoting_shows_no_token_and_leaves_none(tmp_path: Path, action: str, format: str, shown: str) -> None:
    inputs = {**REGISTRY, "format": format, "package": "g:a" if format == "maven" else "a", "version": "1.0.0", "token-duration": "3600"}
    more = {"revision": "abc"} if action == "promote" else {}
    result = run(tmp_path, ASSUME, {"uses": f"acme/package-flow/.github/actions/{action}@main", "with": {**inputs, **more}})
    # npm's stand-in says yes to everything, curl's no.
    assert result.conclusion is (Conclusion.FAILURE if shown else Conclusion.SUCCESS), result.output
    assert shown in result.output
    assert left(result) == {".aws"}, "with nothing of ours in it"


def test_every_action_that_gets_a_token_is_tried_here() -> None:
    """`aws codeartifact login` shows no token, which can't be masked then, and leaves it in HOME."""
    actions = PROJECT / ".github" / "actions"
    texts = {file: file.read_text() for file in actions.rglob("*") if file.suffix in (".sh", ".yml")}
    code = {file: "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")) for file, text in texts.items()}
    assert not [file for file, text in code.items() if "codeartifact login" in text]
    getting = {
        file.relative_to(actions).parts[0]
        for file, text in code.items()
        if "get-authorization-token" in text or "fetch_token" in text or "login npm" in text
    }
    assert getting == {"login", "publish", "promote", "shared-dependencies"}


def test_what_a_step_before_set_for_aws_has_no_say(tmp_path: Path) -> None:
    names = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    login = {"uses": "acme/package-flow/.github/actions/login@main", "with": {**REGISTRY, "role-arn": ROLE, "tools": "npm"}}
    before = {"run": "".join(f'echo {name}=other >> "$GITHUB_ENV";' for name in names)}
    result = run(tmp_path, before, login)
    assert result.conclusion is Conclusion.SUCCESS, result.output
