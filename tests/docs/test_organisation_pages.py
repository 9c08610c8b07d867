"""The pages for product teams, developers, builds and sharing: what they show is what the program makes and says, and what AWS takes."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from policies.arns import Registry
from policies.document import text
from policies.roles.deployer import permission_sets
from policies.roles.developer import every_role
from rehearsal.cloud import policy_rules
from tests.docs.pages import ROOT, Page, codes, page, table
from tests.policies.iam import arn_like

DEVELOPERS, BUILDS, SHARING = (page(f"docs/{name}") for name in ("developers.md", "builds.md", "sharing.md"))
REGISTRY = Registry("aws", "111122223333", "eu-west-1", "acme")


def blocks(page: Page, language: str) -> list[str]:
    return [one.text for one in page.blocks if one.language == language]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("page", [DEVELOPERS, BUILDS, SHARING], ids=lambda page: page.name)
def test_commands_are_of_the_shell(page):
    found = blocks(page, "bash")
    assert found
    for one in found:
        checked = subprocess.run(["bash", "-n"], input=one, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, f"{one}\n{checked.stderr}"


def test_the_patterns_of_developers_roles_are_those_of_the_policies():
    shown = [line for block in blocks(DEVELOPERS, "text") for line in block.splitlines() if line.startswith("arn:")]
    assert shown == every_role(REGISTRY, "prod")


def test_the_rights_in_identity_centers_account_are_printed():
    (block,) = [one for one in blocks(DEVELOPERS, "bash") if "permission_sets" in one]
    script = block.split("<<'EOF'\n")[1].split("EOF\n")[0]
    printed = subprocess.run([sys.executable, "-"], input=script, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == text(permission_sets(REGISTRY, "prod"))
    policy_rules.check_managed_policy(printed)


def test_the_trust_of_build_machines_is_one_that_iam_takes_and_narrows_the_anchor_and_the_certificate():
    (document,) = blocks(BUILDS, "json")
    policy_rules.check_trust_policy(document)
    (statement,) = json.loads(document)["Statement"]
    assert set(statement["Condition"]) == {"ArnEquals", "StringEquals"}
    assert arn_like("arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/*", statement["Condition"]["ArnEquals"]["aws:SourceArn"])


def test_settings_of_package_login_are_those_that_it_reads():
    (shown,) = [block for block in blocks(DEVELOPERS, "text") if block.startswith("domain=")]
    script = (ROOT / "developers" / "package-login").read_text()
    read = set(re.findall(r"\$\(setting (\w+) ", script))
    named = {line.partition("=")[0] for line in shown.splitlines()}
    assert named <= read and read - named == {"duration", "margin"}
    assert all(f"`{name}`" in DEVELOPERS.text for name in ("duration", "margin"))


def test_errors_of_the_onboarding_page_are_those_that_a_run_prints():
    said = "\n".join(file.read_text() for file in (ROOT / ".github").rglob("*") if file.suffix in (".sh", ".yml"))
    shown = [code for row in table(page("docs/onboarding.md").section("What an error means")) for code in codes(row[0])]
    parts = [part.strip() for code in shown if not code.isdigit() for part in code.split("...") if part.strip()]
    assert len(parts) >= 8
    assert [part for part in parts if part not in said] == []
