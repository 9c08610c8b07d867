"""The action login, as a build of a consuming repository uses it."""

from pathlib import Path

import pytest

from rehearsal.actions import Conclusion, RunResult
from rehearsal.actions.github import start_jobs
from tests.workflows.calling import run_workflow
from tests.workflows.registry import PROJECT, TOOLS, LocalCloud

WORKFLOW = """
on: {workflow_call: {}}
jobs:
  build:
    runs-on: ubuntu-24.04
    permissions: {id-token: PERMISSION}
    steps:
      - uses: actions/setup-python@0000000000000000000000000000000000000000
        with: {python-version: "PYTHON"}
      - uses: acme/package-flow/.github/actions/login@main
        with:
          tools: TOOLS
          domain: ${{ vars.CODEARTIFACT_DOMAIN }}
          domain-owner: ${{ vars.CODEARTIFACT_DOMAIN_OWNER }}
          region: ${{ vars.CODEARTIFACT_REGION }}
          repository: ${{ vars.CODEARTIFACT_REPOSITORY }}
          role-arn: ${{ vars.CODEARTIFACT_READ_ROLE_ARN }}
      - run: |
          env | grep -c '^AWS_[A-Z_]*=.*role' | sed 's/^/roles left: /' || true
          COMMAND
        shell: bash
"""


def build(cloud: LocalCloud, folder: Path, tools: str, command: str, permission: str = "write") -> RunResult:
    file = folder / "build.yml"
    text = WORKFLOW.replace("PERMISSION", permission).replace("PYTHON", TOOLS["python-version"]).replace("TOOLS", tools)
    file.write_text(text.replace("COMMAND", command))
    request = {
        "repository": "acme/payments-api",
        "actor": "bob",
        "event": "push",
        "ref": "refs/heads/main",
        "workflow": ".github/workflows/build.yml",
    }
    start = start_jobs(cloud.github, request)
    return run_workflow(file, inputs={}, start_job=start, checkout=PROJECT, extra_env={"AWS_ENDPOINT_URL": cloud.url})


COMMANDS = """npm view public-greeting version
          python -m pip download --quiet --no-deps --dest wheels public-greeting; ls wheels
          cat ~/.m2/settings.xml ~/.npmrc ~/.netrc; stat -c %a ~/.m2/settings.xml ~/.npmrc ~/.netrc
          ls -d ~/.aws $RUNNER_TEMP/login.* || true"""


def test_package_managers_read_and_no_role_is_left(cloud: LocalCloud, tmp_path: Path) -> None:
    result = build(cloud, tmp_path, "npm pip maven", COMMANDS)
    assert result.conclusion is Conclusion.SUCCESS, result.output
    for shown in ("1.1.0\n", "public_greeting-1.1.0", "<mirrorOf>*</mirrorOf>", "roles left: 0\n", "\n600\n600\n600\n"):
        assert shown in result.output
    for shown in ("<password>***</password>", ":_authToken=***\n", " login aws password ***\n"):
        assert shown in result.output
    assert result.output.count("No such file or directory") == 2


@pytest.mark.parametrize(
    ("tools", "permission", "reason"),
    [("npm", "read", "id-token: write"), ("gem", "write", "got tool 'gem'; expected some of: npm pnpm")],
)
def test_what_stops_a_login(cloud: LocalCloud, tmp_path: Path, tools: str, permission: str, reason: str) -> None:
    result = build(cloud, tmp_path, tools, "true", permission)
    assert result.conclusion is Conclusion.FAILURE
    assert reason in result.reason
