"""A company with a domain full of packages, policies, a role, an environment with secrets and variables adopts them, under the engine.

The commands are those of docs/adoption.md, in its order, run in a checkout by the company's people.
"""

import hashlib
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal import clients
from rehearsal.engine.stack import home
from rehearsal.program.clouds import Github
from rehearsal.world import credentials
from tests import companies
from tests.company import copies
from tests.engine.life import PROJECT, SMALL, Life, command_line, living, needs_engine

pytestmark = needs_engine

API = "payments-api"
CI = "arn:aws:iam::111122223333:role/legacy-ci"
PUBLISHES = ["codeartifact:PublishPackageVersion", "codeartifact:ReadFromRepository"]
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": CI}, "Action": PUBLISHES, "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole"}],
}
NAMES: dict[str, Any] = {"publicSources": {"npmjs": "npm-store"}, "shared": "shared-packages"}
ASSET = b"what a build has published"
# A build of before, on AWS and by a policy of its own.
READS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["codeartifact:GetAuthorizationToken", "codeartifact:ReadFromRepository"], "Resource": "*"},
        {"Effect": "Allow", "Action": "codeartifact:GetPackageVersionAsset", "Resource": "*"},
        {"Effect": "Allow", "Action": "sts:GetServiceBearerToken", "Resource": "*"},
    ],
}
GROUP = "/npm/acme-payments/*"
SECRETS_TOKEN = "the-company's-administrator"


class Checkout:
    """The company's copy, and the commands of the page in it. The page's stack is prod; this company's is called small."""

    def __init__(self, life: Life, folder: Path) -> None:
        self.root = copies.installed(companies.copied(folder / "package-flow"))
        self._environment = {**command_line(self.root, folder, home(folder / "engine")), "PULUMI_SKIP_CONFIRMATIONS": "true"}
        page = (PROJECT / "docs" / "adoption.md").read_text()
        blocks = "\n".join(re.findall(r"```bash\n(.*?)```", page, re.DOTALL)).splitlines()
        self.commands = [one.replace("prod", "small") for one in blocks if one]
        self.life = life

    def configure(self) -> None:
        """Write the stack's file; what the engine keeps in it stays."""
        file = self.root / "Pulumi.small.yaml"
        kept = yaml.safe_load(file.read_text()) if file.exists() else {}
        file.write_text(yaml.safe_dump({**kept, "config": {**self.life.values, "package-flow:catalog": str(self.life.catalog)}}))

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["bash", "-c", command], cwd=self.root, env=self._environment, capture_output=True, text=True, check=False)

    def page_says(self, start: str, *, again: bool = False) -> subprocess.CompletedProcess[str]:
        """Run the page's next command, which begins so; `again`: and leave it to be run once more."""
        command = self.commands[0] if again else self.commands.pop(0)
        assert command.startswith(start), f"docs/adoption.md: got {command}; expected {start}"
        return self.run(command)

    def done(self, start: str) -> str:
        """The same of a command that must succeed; what it prints."""
        return succeeded(self.page_says(start))

    def state(self) -> list[dict[str, Any]]:
        exported = json.loads(succeeded(self.run("pulumi stack export --stack small")))
        return (exported["deployment"] or {}).get("resources") or []


def succeeded(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, f"{done.args}: {done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    return done.stdout


class Company:
    """What is there before the program comes."""

    def __init__(self, life: Life, folder: Path) -> None:
        self.life, self.checkout = life, Checkout(life, folder)
        self.packages, iam = life.aws("codeartifact"), life.aws("iam")
        self.key = life.aws("kms").create_key(Description="the company's")["KeyMetadata"]["Arn"]
        iam.create_role(RoleName="legacy-ci", AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.create_role(RoleName="legacy-build", AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.put_role_policy(RoleName="legacy-build", PolicyName="reads", PolicyDocument=json.dumps(READS))
        self.packages.create_domain(domain="acme", encryptionKey=self.key)
        for name, upstreams in (("npm-store", []), ("shared-packages", ["npm-store"]), ("web", ["shared-packages"])):
            listed = [{"repositoryName": one} for one in upstreams]
            self.packages.create_repository(domain="acme", repository=name, upstreams=listed, description="ours")
        self.packages.associate_external_connection(domain="acme", repository="npm-store", externalConnection="public:npmjs")
        for name in ("shared-packages", "web"):
            self.packages.put_repository_permissions_policy(domain="acme", repository=name, policyDocument=json.dumps(POLICY))
        self.packages.create_package_group(domain="acme", packageGroup=GROUP)
        self.publish("web")
        iam.create_role(RoleName="small-read", Path="/package-flow/", AssumeRolePolicyDocument=json.dumps(TRUST))
        self._github()

    def _github(self) -> None:
        self.rest("POST", "actions", "variables", body={"name": "CODEARTIFACT_DOMAIN", "value": "former"})
        leads = self.life.github.call("GET", "orgs", "acme", "teams", "payments-leads")["id"]
        protected = {
            "wait_timer": 30,
            "prevent_self_review": True,
            "reviewers": [{"type": "Team", "id": leads}],
            "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
        }
        self.rest("PUT", "environments", "packages", body=protected)
        self.rest("POST", "environments", "packages", "deployment-branch-policies", body={"name": "main"})
        self.rest("PUT", *PERMISSIONS, body={"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True})
        ruleset = {
            "name": "the company's",
            "target": "branch",
            "enforcement": "active",
            "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
            "rules": [{"type": "update"}],
        }
        self.rest("POST", "rulesets", body=ruleset)
        self.life.cloud.control.post(
            "github/seed",
            tokens=[{"token": SECRETS_TOKEN, "organization": "acme", "app_id": 1, "permissions": {"environments": "write"}}],
        )
        self._secrets("PUT", "KEY", body={"encrypted_value": "c2VjcmV0", "key_id": "1"})

    def rest(self, method: str, *path: str, body: Any = None) -> Any:
        """GitHub, for its administrator, about the repository that will publish."""
        return self.life.github.call(method, "repos", "acme", API, *path, body=body)

    def _secrets(self, method: str, *path: str, body: Any = None) -> Any:
        administrator = Github(f"{self.life.cloud.place.endpoint}/_github", SECRETS_TOKEN, "acme")
        return administrator.call(method, "repos", "acme", API, "environments", "packages", "secrets", *path, body=body)

    def secrets(self) -> list[dict[str, Any]]:
        """The environment's secrets: names and when they came."""
        return self._secrets("GET")["secrets"]

    def publish(self, repository: str) -> None:
        asset = {"assetName": "a.txt", "assetContent": ASSET, "assetSHA256": hashlib.sha256(ASSET).hexdigest()}
        named = {"format": "generic", "namespace": "legacy", "package": "tool", "packageVersion": "1.0.0"}
        self.packages.publish_package_version(domain="acme", repository=repository, **named, **asset)

    def build_reads(self, repository: str = "web") -> bool:
        """Whether the build of before, by its own role, gets a token and reads what was published."""
        place = self.life.cloud.place
        session = self.life.cloud.control.post("sessions", role_arn=f"arn:aws:iam::{place.account}:role/legacy-build")
        build = clients.aws(place.endpoint, self.life.settings.region, "codeartifact", credentials(session))
        assert build.get_authorization_token(domain="acme", domainOwner=place.account)["authorizationToken"]
        named = {"format": "generic", "namespace": "legacy", "package": "tool", "packageVersion": "1.0.0", "asset": "a.txt"}
        return build.get_package_version_asset(domain="acme", repository=repository, **named)["asset"].read() == ASSET

    def everything(self) -> tuple[list[str], int]:
        """All that AWS and GitHub hold, and how many requests have written to GitHub."""
        control = self.life.cloud.control
        return control.get("end-state")["lines"], control.get("github/requests")["github_writes"]

    def configure(self, team: dict[str, Any] | None = None, **values: Any) -> None:
        self.life.configure({"payments": {**team, "repository": "web"}} if team else {}, **values)
        self.checkout.configure()

    def protection(self) -> dict[str, Any]:
        rules = self.rest("GET", "environments", "packages")["protection_rules"]
        return {one["type"]: one for one in rules}


PERMISSIONS = ("actions", "permissions", "workflow")


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with living(SMALL, tmp_path) as life:
        yield Company(life, tmp_path)


@pytest.mark.slow("test_situations.py has each situation without the engine")
def test_a_company_adopts_what_it_has_and_gets_it_back(company: Company) -> None:
    checkout, team, secrets = company.checkout, company.life.team("payments"), company.secrets()
    assert [one["name"] for one in secrets] == ["KEY"] and company.build_reads()
    company.configure(team, **NAMES)
    checkout.done("pulumi stack init")
    before = company.everything()
    refused(company)
    looked = checkout.page_says("make adopt", again=True)
    in_the_way = looked.stdout.partition("## In the way")[2].partition("##")[0]
    assert looked.returncode == 2 and not (checkout.root / "adopted" / "small.import.json").exists(), looked.stderr
    assert f"write encryption: {company.key}" in in_the_way
    for words in ("write wait_timer: 30", "write reviewers: [payments-leads]", "write prevent_self_review: true"):
        assert words in in_the_way
    # As the page says.
    environment = {"name": "packages", "wait_timer": 30, "reviewers": ["payments-leads"], "prevent_self_review": True}
    team["repositories"][API]["environment"] = environment
    company.configure(team, domain={"name": "acme", "encryption": company.key, "protect": True})
    page = checkout.done("make adopt")
    assert company.everything() == before and checkout.state() == [], "looking changes nothing"
    assert f"({CI} publishes by it, and no longer can)" in page and "value: former becomes acme" in page
    assert "the CodeArtifact domain acme (arn:" in page.partition("## Taken over unchanged")[2]
    noted = page.partition("## Stays as it is")[2]
    assert "its workflows' default permission becomes read" in noted
    assert "holds for main besides this stack's: update, which lets its own bypass list alone merge" in noted
    checkout.done("pulumi import")
    assert company.everything() == before, "an import changes nothing but the state"
    (removal,) = re.findall(r"^- just before, .*: (aws .*)$", page, re.MULTILINE)
    perform(company, shlex.split(removal))
    checkout.done("pulumi preview")
    planned = json.loads(succeeded(checkout.run("pulumi preview --stack small --json")))["changeSummary"]
    assert planned["update"] and planned["create"] and not {"replace", "delete", "create-replacement", "delete-replaced"} & {*planned}
    checkout.done("pulumi up")
    succeeded(checkout.run("pulumi up --stack small --expect-no-changes"))
    assert company.build_reads()
    group = company.packages.describe_package_group(domain="acme", packageGroup=GROUP)["packageGroup"]
    assert group["originConfiguration"]["restrictions"]["EXTERNAL_UPSTREAM"]["mode"] == "BLOCK"
    kept(company, secrets)
    off_again(company, secrets)
    assert checkout.commands == []


def before_import(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What of a state is there without a stack: nothing but the stack itself and the engine's providers."""
    return [one for one in resources if one["type"].startswith("pulumi:")]


def refused(company: Company) -> None:
    """Everything is named before anything is made."""
    before = company.everything()
    run = company.checkout.run("pulumi up --stack small")
    said = run.stdout + run.stderr
    assert run.returncode != 0 and company.everything() == before
    assert "found at AWS and GitHub; nothing was changed" in said
    for what in (
        "the CodeArtifact domain acme is there already",
        "the repository npm-store is there already",
        "the repository shared-packages is there already",
        "the repository web is there already",
        "the policy of the repository web is there already",
        "the role small-read is there already",
        f"the package group {GROUP} is there already",
        "has the environment packages already",
        "has the Actions variable CODEARTIFACT_DOMAIN already",
    ):
        assert what in said, what


def kept(company: Company, secrets: list[dict[str, Any]]) -> None:
    """The environment keeps what protects it and its secrets, and its branch policy was taken over, not made again."""
    rules = company.protection()
    assert rules["wait_timer"]["wait_timer"] == 30
    assert rules["required_reviewers"]["prevent_self_review"] is True
    assert [one["reviewer"]["slug"] for one in rules["required_reviewers"]["reviewers"]] == ["payments-leads"]
    assert company.secrets() == secrets


def off_again(company: Company, secrets: list[dict[str, Any]]) -> None:
    """A repository that leaves the catalog, and then the stack, leave what was there."""
    checkout, team = company.checkout, company.life.team("payments")
    del team["repositories"][API]
    company.configure(team)
    succeeded(checkout.run("pulumi up --stack small"))
    kept(company, secrets)
    assert company.rest("GET", "actions", "variables", "CODEARTIFACT_DOMAIN")["value"] == "acme"
    checkout.done("pulumi state unprotect")
    checkout.done("pulumi destroy")
    assert checkout.state() == before_import(checkout.state())
    names = [one["name"] for one in company.packages.list_repositories_in_domain(domain="acme")["repositories"]]
    assert {"npm-store", "shared-packages", "web"} <= set(names) and company.build_reads()
    kept(company, secrets)
    assert company.rest("GET", *PERMISSIONS)["default_workflow_permissions"] == "read"
    for command in checkout.done("venv/bin/python -m adopt").splitlines():
        perform(company, shlex.split(command))
    assert company.rest("GET", *PERMISSIONS) == {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True}
    policy = company.packages.get_repository_permissions_policy(domain="acme", repository="web")["policy"]["document"]
    assert json.loads(policy) == POLICY


def perform(company: Company, words: list[str]) -> None:
    """One of the commands that the program prints, as `gh` and `aws` would."""
    if words[0] == "gh":
        assert words[:4] == ["gh", "api", "-X", "PUT"]
        given = dict(one.split("=") for one in words if "=" in one)
        body = {"default_workflow_permissions": given["default_workflow_permissions"]}
        company.life.github.call(
            "PUT",
            *words[4].split("/"),
            body={**body, "can_approve_pull_request_reviews": given["can_approve_pull_request_reviews"] == "true"},
        )
        return
    options = dict(zip(words[3::2], words[4::2], strict=True))
    if words[2] == "delete-package-group":
        company.packages.delete_package_group(domain=options["--domain"], packageGroup=options["--package-group"])
        return
    assert words[:3] == ["aws", "codeartifact", "put-repository-permissions-policy"]
    where = {"domain": options["--domain"], "repository": options["--repository"]}
    company.packages.put_repository_permissions_policy(**where, policyDocument=options["--policy-document"])
