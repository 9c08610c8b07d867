"""A company with a domain full of packages, policies, a role, an environment and a variable adopts them, under the engine.

What docs/adoption.md leads through, with the commands that it names.
"""

import hashlib
import json
import re
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adopt.__main__ import write
from adopt.importing import give_back
from adopt.program import Found, look
from tests.engine.life import PROJECT, SMALL, Life, changes, done, living, needs_engine

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


class Company:
    """What is there before the program comes."""

    def __init__(self, life: Life, folder: Path) -> None:
        self.life, self.folder = life, folder
        self.packages, iam = life.aws("codeartifact"), life.aws("iam")
        self.key = life.aws("kms").create_key(Description="the company's")["KeyMetadata"]["Arn"]
        iam.create_role(RoleName="legacy-ci", AssumeRolePolicyDocument=json.dumps(TRUST))
        self.packages.create_domain(domain="acme", encryptionKey=self.key)
        for name, upstreams in (("npm-store", []), ("shared-packages", ["npm-store"]), ("web", ["shared-packages"])):
            listed = [{"repositoryName": one} for one in upstreams]
            self.packages.create_repository(domain="acme", repository=name, upstreams=listed, description="ours")
        self.packages.associate_external_connection(domain="acme", repository="npm-store", externalConnection="public:npmjs")
        for name in ("shared-packages", "web"):
            self.packages.put_repository_permissions_policy(domain="acme", repository=name, policyDocument=json.dumps(POLICY))
        self.publish("web")
        iam.create_role(RoleName="small-read", Path="/package-flow/", AssumeRolePolicyDocument=json.dumps(TRUST))
        self.rest("POST", "actions", "variables", body={"name": "CODEARTIFACT_DOMAIN", "value": "former"})
        leads = life.github.call("GET", "orgs", "acme", "teams", "payments-leads")["id"]
        protected = {
            "wait_timer": 30,
            "prevent_self_review": True,
            "reviewers": [{"type": "Team", "id": leads}],
            "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
        }
        self.rest("PUT", "environments", "packages", body=protected)
        self.rest("POST", "environments", "packages", "deployment-branch-policies", body={"name": "main"})
        self.rest("PUT", *PERMISSIONS, body={"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True})

    def rest(self, method: str, *path: str, body: Any = None) -> Any:
        """GitHub, for its administrator, about the repository that will publish."""
        return self.life.github.call(method, "repos", "acme", API, *path, body=body)

    def publish(self, repository: str) -> None:
        asset = {"assetName": "a.txt", "assetContent": ASSET, "assetSHA256": hashlib.sha256(ASSET).hexdigest()}
        named = {"format": "generic", "namespace": "legacy", "package": "tool", "packageVersion": "1.0.0"}
        self.packages.publish_package_version(domain="acme", repository=repository, **named, **asset)

    def holds(self, repository: str) -> bool:
        """Whether the published package can be read there."""
        named = {"format": "generic", "namespace": "legacy", "package": "tool", "packageVersion": "1.0.0", "asset": "a.txt"}
        return self.packages.get_package_version_asset(domain="acme", repository=repository, **named)["asset"].read() == ASSET

    def look(self) -> tuple[str, bool]:
        """`python -m adopt`: the page, and whether nothing is in the way."""
        found = Found()
        run = self.life.stack.preview(program=partial(look, found))
        assert not run.failed, run.errors
        return write("small", found, self.folder)

    def protection(self) -> dict[str, Any]:
        rules = self.rest("GET", "environments", "packages")["protection_rules"]
        return {one["type"]: one for one in rules}


PERMISSIONS = ("actions", "permissions", "workflow")


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with living(SMALL, tmp_path) as life:
        yield Company(life, tmp_path / "adopted")


@pytest.mark.slow("test_situations.py has each situation without the engine")
def test_a_company_adopts_what_it_has_and_gets_it_back(company: Company) -> None:
    life, stack = company.life, company.life.stack
    life.configure(adopted=str(company.folder), **NAMES)
    team = life.team("payments")
    life.configure({"payments": {**team, "repository": "web"}})
    refused(company)
    page, ready = company.look()
    in_the_way = page.partition("## In the way")[2].partition("##")[0]
    assert not ready and not (company.folder / "small.import.json").exists()
    assert f"write encryption: {company.key}" in in_the_way
    for words in ("write wait_timer: 30", "write reviewers: [payments-leads]", "write prevent_self_review: true"):
        assert words in in_the_way
    # As the page says.
    life.configure(domain={"name": "acme", "encryption": company.key, "protect": True})
    environment = {"name": "packages", "wait_timer": 30, "reviewers": ["payments-leads"], "prevent_self_review": True}
    team["repositories"][API]["environment"] = environment
    life.configure({"payments": {**team, "repository": "web"}})
    page, ready = company.look()
    assert ready, page
    assert f"({CI} publishes by it, and no longer can)" in page and "value: former becomes acme" in page
    assert "the CodeArtifact domain acme (arn:" in page.partition("## Taken over unchanged")[2]
    assert "its workflows' default permission becomes read" in page
    assert stack.state() == before_import(stack.state()), "looking changes nothing"
    stack.take_over(company.folder / "small.import.json")
    planned = stack.preview()
    assert not planned.failed and not [one for one in changes(planned) if one.startswith(("replace", "delete"))]
    run = stack.up()
    assert not run.failed, run.errors
    assert changes(done(stack.up())) == []
    assert company.holds("web")
    kept(company)
    off_again(company)


def test_the_page_names_the_commands_that_this_runs() -> None:
    """`Company.look`, `EngineStack.take_over`, up, unprotect, destroy and `give_back` are these commands."""
    page = (PROJECT / "docs" / "adoption.md").read_text()
    blocks = "\n".join(re.findall(r"```bash\n(.*?)```", page, re.DOTALL)).splitlines()
    assert list(filter(None, blocks)) == [
        "pulumi stack init prod",
        "make adopt STACK=prod",
        "pulumi import --stack prod --file adopted/prod.import.json --protect=false --generate-code=false",
        "pulumi preview --stack prod --diff",
        "pulumi up --stack prod",
        "pulumi state unprotect --all --stack prod",
        "pulumi destroy --stack prod",
        "python -m adopt --stack prod --give-back",
    ]


def before_import(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What of a state is there without a stack: nothing but the stack itself and the engine's providers."""
    return [one for one in resources if one["type"].startswith("pulumi:")]


def refused(company: Company) -> None:
    """Everything is named before anything is made."""
    run = company.life.stack.up()
    assert changes(run) == [] and len(run.errors) == 1
    said = run.errors[0].text
    assert "found at AWS and GitHub; nothing was changed" in said
    for what in (
        "the CodeArtifact domain acme is there already",
        "the repository npm-store is there already",
        "the repository shared-packages is there already",
        "the repository web is there already",
        "the policy of the repository web is there already",
        "the role small-read is there already",
        "has the environment packages already",
        "has the Actions variable CODEARTIFACT_DOMAIN already",
    ):
        assert what in said, what


def kept(company: Company) -> None:
    """The environment keeps what protects it, and its branch policy was taken over, not made again."""
    rules = company.protection()
    assert rules["wait_timer"]["wait_timer"] == 30
    assert rules["required_reviewers"]["prevent_self_review"] is True
    assert [one["reviewer"]["slug"] for one in rules["required_reviewers"]["reviewers"]] == ["payments-leads"]


def off_again(company: Company) -> None:
    """A repository that leaves the catalog, and then the stack, leave what was there."""
    life, stack = company.life, company.life.stack
    team = life.team("payments")
    del team["repositories"][API]
    life.configure({"payments": team})
    run = stack.up()
    assert not run.failed, run.errors
    kept(company)
    assert company.rest("GET", "actions", "variables", "CODEARTIFACT_DOMAIN")["value"] == "acme"
    stack.unprotect()
    run = stack.destroy()
    assert not run.failed, run.errors
    assert stack.state() == before_import(stack.state())
    names = [one["name"] for one in company.packages.list_repositories_in_domain(domain="acme")["repositories"]]
    assert {"npm-store", "shared-packages", "web"} <= set(names) and company.holds("web")
    assert company.rest("GET", *PERMISSIONS)["default_workflow_permissions"] == "read"
    recorded = json.loads((company.folder / "small.json").read_text())
    for command in give_back("acme", recorded):
        perform(company, shlex.split(command))
    assert company.rest("GET", *PERMISSIONS) == {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True}
    policy = company.packages.get_repository_permissions_policy(domain="acme", repository="web")["policy"]["document"]
    assert json.loads(policy) == POLICY


def perform(company: Company, words: list[str]) -> None:
    """One of the commands that give back, as `gh` and `aws` would."""
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
    assert words[:3] == ["aws", "codeartifact", "put-repository-permissions-policy"]
    where = {"domain": options["--domain"], "repository": options["--repository"]}
    company.packages.put_repository_permissions_policy(**where, policyDocument=options["--policy-document"])
