"""A small registry in the local cloud, with the program's own policies: what the workflows are tried against."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from policies import owned_names
from policies.arns import Registry
from policies.branches import declare, declare_tags
from policies.document import statement, text
from policies.github_tokens import GitHubRepository, Owner, Subjects
from policies.owned_names import Format
from policies.resources.shared_repository import shared_repository_policy
from policies.roles.promote import promote_permissions, promote_trust
from policies.roles.publish import publish_permissions, publish_trust
from policies.roles.read import read_permissions, repository_read_trust
from rehearsal.actions import RunResult, StartedJob, definitions, machine
from rehearsal.actions.concurrency import Groups
from rehearsal.actions.github import Act, start_jobs
from tests.workflows.calling import call_action, run_workflow

PROJECT = Path(__file__).parents[2]
WORKFLOWS = PROJECT / ".github" / "workflows"
ACCOUNT, REGION, DOMAIN, TOKEN_DURATION = "111122223333", "eu-west-1", "acme", 3600
PLACE = Registry(partition="aws", account=ACCOUNT, region=REGION, domain=DOMAIN)
OWNER = Owner("acme", 9001)
PUBLISHER = GitHubRepository(OWNER, "payments-api", 9101)
OWNED = (
    owned_names.parse(Format.NPM, "@acme-payments/*"),
    owned_names.parse(Format.PYPI, "acme-payments-*"),
    owned_names.parse(Format.MAVEN, "com.acme.payments:*"),
    owned_names.parse(Format.CARGO, "acme-payments-*"),
    owned_names.parse(Format.NUGET, "acme.payments.*"),
    owned_names.parse(Format.GENERIC, "acme-payments/*"),
)
DEPLOYER = "deployer-token"
READABLE = ("payments", "shared", "npmjs", "pypi", "maven-central")


def _installed(tool: str) -> str:
    """The version of a tool of this machine, as a workflow asks for it; a tool that is missing is asked for in vain."""
    return machine.version(tool, {"PATH": machine.default_path()}) or "1"


TOOLS = {f"{tool}-version": _installed(tool) for tool in ("node", "python", "java")}


def _tools(file: Path) -> dict[str, str]:
    """Those of TOOLS that a workflow has inputs for."""
    declared = definitions.workflow(file)["on"]["workflow_call"]["inputs"]
    return {name: version for name, version in TOOLS.items() if name in declared}


def workflow_ref(file: str) -> str:
    return f"acme/package-flow/.github/workflows/{file}@refs/heads/main"


@dataclass(frozen=True)
class LocalCloud:
    """A running local cloud: its address, its account's root credentials and its GitHub."""

    url: str
    root: dict[str, str]
    github: Act

    @cached_property
    def administrator(self) -> dict[str, str]:
        """The key of a user with every right: root gets no token."""
        iam = self.aws("iam")
        iam.create_user(UserName="administrator")
        allowed = [statement("All", ("codeartifact:*", "sts:GetServiceBearerToken"), "*")]
        iam.put_user_policy(UserName="administrator", PolicyName="all", PolicyDocument=text(allowed))
        made = iam.create_access_key(UserName="administrator")["AccessKey"]
        return {"access_key_id": made["AccessKeyId"], "secret_access_key": made["SecretAccessKey"]}

    def aws(self, service: str, key: Mapping[str, str] | None = None) -> Any:
        """A client with root's credentials, or others."""
        key = key or self.root
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=key["access_key_id"],
            aws_secret_access_key=key["secret_access_key"],
            config=Config(retries={"max_attempts": 0}),
        )

    def provision(self) -> None:
        """Domain, repositories, roles, GitHub organisation."""
        self._repositories()
        self._roles()
        self._organization()

    def _repositories(self) -> None:
        codeartifact = self.aws("codeartifact")
        key = self.aws("kms").create_key()["KeyMetadata"]["Arn"]
        codeartifact.create_domain(domain=DOMAIN, encryptionKey=key)
        sources = {"npmjs": "public:npmjs", "pypi": "public:pypi", "maven-central": "public:maven-central"}
        for source, connection in sources.items():
            codeartifact.create_repository(domain=DOMAIN, repository=source)
            codeartifact.associate_external_connection(domain=DOMAIN, repository=source, externalConnection=connection)
        codeartifact.create_repository(domain=DOMAIN, repository="shared", upstreams=[{"repositoryName": one} for one in sources])
        codeartifact.create_repository(domain=DOMAIN, repository="payments", upstreams=[{"repositoryName": "shared"}])
        policy = text(shared_repository_policy(PLACE, f"arn:aws:iam::{ACCOUNT}:role/promote"))
        codeartifact.put_repository_permissions_policy(domain=DOMAIN, repository="shared", policyDocument=policy)

    def _roles(self) -> None:
        iam = self.aws("iam")
        iam.create_open_id_connect_provider(Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"])
        workflow, tags = workflow_ref("publish-package.yml"), declare_tags(("v*",))
        publish = publish_trust(PLACE, PUBLISHER, declare(("main",)), "", workflow, Subjects.BOTH, tags)
        promote = promote_trust(PLACE, PUBLISHER, declare(("main",)), workflow_ref("promote-package.yml"), Subjects.BOTH)
        read = repository_read_trust(PLACE, PUBLISHER, Subjects.BOTH)
        roles = {
            "publish": (publish, publish_permissions(PLACE, TOKEN_DURATION, "payments", OWNED, READABLE)),
            "promote": (promote, promote_permissions(PLACE, TOKEN_DURATION, "payments", OWNED)),
            "read": (read, read_permissions(PLACE, TOKEN_DURATION, READABLE)),
        }
        for name, (trusted, allowed) in roles.items():
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=text(trusted))
            iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=text(allowed))

    def _organization(self) -> None:
        variables = {
            "CODEARTIFACT_DOMAIN": DOMAIN,
            "CODEARTIFACT_DOMAIN_OWNER": ACCOUNT,
            "CODEARTIFACT_REGION": REGION,
            "CODEARTIFACT_REPOSITORY": "payments",
            **{f"CODEARTIFACT_{name.upper()}_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("read", "publish", "promote")},
        }
        organization = {
            "login": "acme",
            "id": 9001,
            "plan": "enterprise",
            "owners": ["ada"],
            "members": ["ada", "bob"],
            "variables": variables,
        }
        package_flow = {"owner": "acme", "name": "package-flow", "id": 9100, "admins": ["ada"], "actions_access": "organization"}
        publisher = {"owner": "acme", "name": "payments-api", "id": 9101, "admins": ["ada"], "writers": ["bob"]}
        users = [{"login": "ada", "id": 1}, {"login": "bob", "id": 2}]
        deployer = {
            "token": DEPLOYER,
            "organization": "acme",
            "app_id": 501,
            "permissions": {"administration": "write", "actions": "write"},
        }
        self.github(
            "seed", {"users": users, "organizations": [organization], "repositories": [package_flow, publisher], "tokens": [deployer]}
        )
        self._promote_environment()

    def _promote_environment(self) -> None:
        """Reviewed by ada, on main alone."""
        environment = {
            "reviewers": [{"type": "User", "id": 1}],
            "prevent_self_review": True,
            "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
        }
        self.rest("PUT", "environments/promote", environment)
        self.rest("POST", "environments/promote/deployment-branch-policies", {"name": "main"})

    def rest(self, method: str, path: str, body: dict[str, Any]) -> None:
        """A call of GitHub's REST API about acme/payments-api, as the deployer."""
        answer = httpx.request(
            method,
            f"{self.url}/_github/repos/acme/payments-api/{path}",
            json=body,
            headers={"authorization": f"Bearer {DEPLOYER}"},
            trust_env=False,
        )
        answer.raise_for_status()

    def run(
        self,
        file: str | Path,
        inputs: Mapping[str, Any],
        *,
        source: Path | None = None,
        event: str = "push",
        ref: str = "refs/heads/main",
        called_as: str = "",
        checkout: Path = PROJECT,
        environment: dict[str, str] | None = None,
        approve_by: Iterable[str] = (),
        groups: Groups | None = None,
        scratch: Path | None = None,
        path: str | None = None,
        before: Callable[[str], None] = lambda _: None,
    ) -> RunResult:
        """Run a workflow file, of this repository or another one, as a job of acme/payments-api calls it. `called_as`: another name of the
        file (job_workflow_ref). `groups`: concurrency groups that it shares with other runs. `before`: called with each job that starts."""
        name = Path(file).name
        request = {
            "repository": "acme/payments-api",
            "actor": "bob",
            "event": event,
            "ref": ref,
            "workflow": ".github/workflows/release.yml",
            "job_workflow_ref": called_as or workflow_ref(name),
            "approve_by": list(approve_by),
        }
        begin = start_jobs(self.github, request)

        def start(job: str, permissions: Mapping[str, str], environment: str) -> StartedJob:
            before(job)
            return begin(job, permissions, environment)

        return run_workflow(
            WORKFLOWS / file,
            inputs={**_tools(WORKFLOWS / file), **inputs},
            start_job=start,
            groups=groups,
            scratch=scratch,
            path=path,
            source=source,
            checkout=checkout,
            extra_env={"AWS_ENDPOINT_URL": self.url, **(environment or {})},
        )

    def call(self, folder: Path, action: str, inputs: Mapping[str, str], *, path: str | None = None) -> RunResult:
        """Run one of this repository's actions about the team's repository, as an administrator: for what is no matter of rights."""
        where = {
            "domain": DOMAIN,
            "domain-owner": ACCOUNT,
            "region": REGION,
            "repository": "payments",
            "token-duration": str(TOKEN_DURATION),
        }
        key = self.administrator
        credentials = {"AWS_ACCESS_KEY_ID": key["access_key_id"], "AWS_SECRET_ACCESS_KEY": key["secret_access_key"]}
        env = {"AWS_ENDPOINT_URL": self.url, **credentials}
        return call_action(folder, action, {**where, **inputs}, path=path, env=env)

    def http(self, method: str, format: str, path: str, repository: str = "payments", content: bytes = b"") -> httpx.Response:
        """A call of a package endpoint, as an administrator."""
        codeartifact = self.aws("codeartifact", self.administrator)
        address = codeartifact.get_repository_endpoint(domain=DOMAIN, repository=repository, format=format)["repositoryEndpoint"]
        token = codeartifact.get_authorization_token(domain=DOMAIN)["authorizationToken"]
        headers = {"authorization": f"Bearer {token}"}
        return httpx.request(method, f"{address.rstrip('/')}/{path}", headers=headers, content=content, trust_env=False)

    def generic(self, repository: str, package: str, version: str, asset: str, content: bytes, *, unfinished: bool = False) -> None:
        """Upload a file of a generic package NAMESPACE/NAME, as root."""
        namespace, _, name = package.partition("/")
        self.aws("codeartifact").publish_package_version(
            domain=DOMAIN, repository=repository, format="generic", namespace=namespace, package=name, packageVersion=version,
            assetName=asset, assetContent=content, assetSHA256=hashlib.sha256(content).hexdigest(), unfinished=unfinished,
        )  # fmt: skip

    def versions(self, repository: str, format: str, package: str, namespace: str | None = None) -> dict[str, str]:
        """Version -> status of a package in a repository, as root sees it."""
        named = {"namespace": namespace} if namespace else {}
        try:
            answer = self.aws("codeartifact").list_package_versions(
                domain=DOMAIN, repository=repository, format=format, package=package, **named
            )
        except self.aws("codeartifact").exceptions.ResourceNotFoundException:
            return {}
        return {one["version"]: one["status"] for one in answer["versions"]}
