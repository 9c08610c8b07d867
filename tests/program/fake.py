"""Answers to the program's invokes: AWS and GitHub where every repository of the catalog is as it should be."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.components.recording import ACCOUNT, ProviderError

ROOT = Path(__file__).resolve().parents[2]
OWNER_ID = 7000
WORKFLOW_PERMISSIONS = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}


class Cloud:
    """What the lookups see. Repository ids follow from the order in which the program asks; `resources` is the state of the stack."""

    def __init__(self, *, audiences: list[str] | None, plan: str = "enterprise", resources: Mapping[str, Any] | None = None) -> None:
        self.audiences, self.plan, self.resources = audiences, plan, dict(resources or {})
        self.repositories: dict[str, int] = {}
        self.teams: dict[str, int] = {}
        self.missing: set[str] = set()
        self.branches = ["main"]
        self.refs = {"heads/main"}
        # Repositories by full name, as they answer, where no others are there.
        self.only: Mapping[str, Mapping[str, Any]] | None = None
        self.rest: dict[str, Any] = {}
        # Names in the organisation's lists of repositories and teams, in order; without them there are no lists.
        self.listed: list[str] | None = None
        self.listed_teams: list[str] = []
        self.hourly, self.left = 5_000, 5_000
        self.build_roles = {role.rpartition("/")[2]: role for stack in ("dev", "prod") for role in _build_roles(stack)}
        self.has_identity_center = True
        # What is there already: properties by CloudFormation's identifier; names of keys, topics, queues; roles and policies as they are.
        self.existing: dict[str, Mapping[str, Any]] = {}
        self.aliases: dict[str, str] = {}
        self.managed_keys: set[str] = set()
        self.topics: set[str] = set()
        self.queues: set[str] = set()
        self.permission_sets: set[str] = set()
        # Outputs of other stacks, by full name.
        self.stacks: dict[str, Mapping[str, Any]] = {}
        self.endpoints: set[str] | None = None
        self.roles: dict[str, Mapping[str, Any]] = {}
        self.policies: dict[str, str] = {}

    def __call__(self, token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        answers = {
            "aws:index/getCallerIdentity:getCallerIdentity": self._caller,
            "aws:index/getPartition:getPartition": self._partition,
            "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": self._provider,
            "aws:iam/getRole:getRole": self._role,
            "aws:iam/getRolePolicies:getRolePolicies": self._role_policies,
            "aws:iam/getRolePolicyAttachments:getRolePolicyAttachments": self._attachments,
            "aws:iam/getPolicy:getPolicy": self._policy,
            "aws:kms/getAlias:getAlias": self._alias,
            "aws:kms/getKey:getKey": self._key,
            "aws:sns/getTopic:getTopic": self._topic,
            "aws:sqs/getQueue:getQueue": self._queue,
            "aws:ssoadmin/getPermissionSet:getPermissionSet": self._permission_set,
            "aws:cloudcontrol/getResource:getResource": self._resource,
            "aws:ssoadmin/getInstances:getInstances": self._identity_center,
            "aws:identitystore/getGroup:getGroup": self._group,
            "aws:codeartifact/getRepositoryEndpoint:getRepositoryEndpoint": self._endpoint,
            "github:index/getOrganization:getOrganization": self._organization,
            "github:index/getRepository:getRepository": self._repository,
            "github:index/getRef:getRef": self._ref,
            "github:index/getTeam:getTeam": self._team,
            "github:index/getActionsRepositoryOidcSubjectClaimCustomizationTemplate:"
            "getActionsRepositoryOidcSubjectClaimCustomizationTemplate": self._subject,
            "github:index/getActionsVariables:getActionsVariables": self._variables,
            "github:index/getRepositoryBranches:getRepositoryBranches": self._branches,
            "github:index/getRestApi:getRestApi": self._rest,
            "pulumi:pulumi:readStackResourceOutputs": self._stack,
            "pulumi:pulumi:readStackOutputs": self._outputs,
            "pulumi:pulumi:StackReference": self._outputs,
        }
        return answers[token](**{key: value for key, value in arguments.items() if value is not None})

    def _caller(self) -> dict[str, Any]:
        return {"accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:role/deployer", "userId": "x", "id": ACCOUNT}

    def _partition(self) -> dict[str, Any]:
        return {"partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws", "id": "aws"}

    def _provider(self, arn: str) -> dict[str, Any]:
        if self.audiences is None:
            raise ProviderError(f"reading IAM OIDC Provider ({arn}): couldn't find resource")
        return {"arn": arn, "clientIdLists": self.audiences, "url": "token.actions.githubusercontent.com", "thumbprintLists": [], "id": arn}

    def _resource(self, typeName: str, identifier: str) -> dict[str, Any]:
        if identifier not in self.existing:
            raise ProviderError(f"reading Cloud Control API ({typeName}) Resource ({identifier}): couldn't find resource")
        found = json.dumps(self.existing[identifier])
        return {"id": identifier, "identifier": identifier, "typeName": typeName, "properties": found}

    def _named(self, what: str, name: str, known: Any, **answer: Any) -> dict[str, Any]:
        if name not in known:
            raise ProviderError(f"reading {what} ({name}): couldn't find resource")
        return {"id": name, "name": name, **answer}

    def _alias(self, name: str) -> dict[str, Any]:
        return self._named("KMS Alias", name, self.aliases, targetKeyId=self.aliases.get(name))

    def _key(self, keyId: str) -> dict[str, Any]:
        return {"id": keyId, "keyId": keyId, "arn": keyId, "keyManager": "AWS" if keyId in self.managed_keys else "CUSTOMER"} | {
            "enabled": True,
            "keySpec": "SYMMETRIC_DEFAULT",
            "keyUsage": "ENCRYPT_DECRYPT",
        }

    def _topic(self, name: str) -> dict[str, Any]:
        return self._named("SNS Topic", name, self.topics, arn=f"arn:aws:sns:eu-west-1:{ACCOUNT}:{name}")

    def _queue(self, name: str) -> dict[str, Any]:
        return self._named("SQS Queue", name, self.queues, url=f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/{name}")

    def _permission_set(self, instanceArn: str, name: str, region: str) -> dict[str, Any]:
        arn = f"{instanceArn.replace('instance', 'permissionSet')}/ps-0123456789abcdef"
        return self._named("SSO Permission Set", name, self.permission_sets, arn=arn)

    def _policy(self, arn: str) -> dict[str, Any]:
        return self._named("IAM Policy", arn, self.policies, arn=arn, policy=self.policies.get(arn))

    def _role_policies(self, roleName: str) -> dict[str, Any]:
        return {"id": roleName, "roleName": roleName, "policyNames": self.roles[roleName].get("policies", [])}

    def _attachments(self, roleName: str) -> dict[str, Any]:
        names = self.roles[roleName].get("attached", [])
        attached = [{"policyArn": f"arn:aws:iam::aws:policy/{one}", "policyName": one} for one in names]
        return {"id": roleName, "roleName": roleName, "attachedPolicies": attached}

    def _role(self, name: str) -> dict[str, Any]:
        if name in self.roles:
            return {"name": name, "id": name, **{key: one for key, one in self.roles[name].items() if key not in ("policies", "attached")}}
        if name not in self.build_roles:
            raise ProviderError(f"reading IAM Role ({name}): couldn't find resource")
        return {"name": name, "arn": f"arn:aws:iam::{ACCOUNT}:role/{self.build_roles[name]}", "id": name}

    def _identity_center(self, region: str) -> dict[str, Any]:
        instance = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
        return {
            "arns": [instance] if self.has_identity_center else [],
            "identityStoreIds": ["d-0123456789"],
            "region": region,
            "id": region,
        }

    def _group(self, identityStoreId: str, alternateIdentifier: Mapping[str, Any], region: str) -> dict[str, Any]:
        attribute = alternateIdentifier["uniqueAttribute"]
        assert attribute["attributePath"] == "DisplayName"
        name = attribute["attributeValue"]
        if name in self.missing:
            raise ProviderError("reading IdentityStore Group: ResourceNotFoundException: GROUP not found.")
        id = f"{sum(name.encode()):08x}-0000-0000-0000-000000000000"
        return {"groupId": id, "id": id, "displayName": name, "identityStoreId": identityStoreId, "region": region}

    def _endpoint(self, domain: str, repository: str, format: str, domainOwner: str = ACCOUNT) -> dict[str, Any]:
        if self.endpoints is not None and repository not in self.endpoints:
            raise ProviderError(f"reading CodeArtifact Repository Endpoint: ResourceNotFoundException: {repository}")
        url = f"https://{domain}-{ACCOUNT}.d.codeartifact.eu-west-1.amazonaws.com/{format}/{repository}/"
        return {"domain": domain, "repository": repository, "format": format, "repositoryEndpoint": url, "id": url}

    def _organization(self, name: str, summaryOnly: bool) -> dict[str, Any]:
        assert summaryOnly is True, "without it the provider pages through every member"
        return {"login": name, "id": str(OWNER_ID), "plan": self.plan, "orgname": name, "name": name}

    def _repository(self, fullName: str) -> dict[str, Any]:
        """A repository that is not visible comes back with empty fields, as the provider answers."""
        if self.only is not None:
            return dict(self.only.get(fullName, {}))
        owner, _, name = fullName.partition("/")
        if name in self.missing:
            return {"fullName": None, "name": None, "repoId": None, "id": ""}
        number = self.repositories.setdefault(name, 9001 + len(self.repositories))
        return {
            "fullName": f"{owner}/{name}",
            "name": name,
            "repoId": number,
            "id": name,
            "defaultBranch": "main",
            "visibility": "private",
            "archived": False,
        }

    def _ref(self, owner: str, repository: str, ref: str) -> dict[str, Any]:
        assert self.only is None or f"{owner}/{repository}" in self.only
        return {"sha": "0f" * 20} if ref in self.refs else {}

    def _team(self, slug: str, summaryOnly: bool) -> dict[str, Any]:
        return {"id": str(self.teams.setdefault(slug, 5001 + len(self.teams))), "slug": slug, "name": slug}

    def _subject(self, name: str) -> dict[str, Any]:
        return {"name": name, "useDefault": True, "includeClaimKeys": [], "id": name}

    def _variables(self, fullName: str) -> dict[str, Any]:
        return {"fullName": fullName, "name": fullName.partition("/")[2], "variables": [], "id": fullName}

    def _branches(self, repository: str) -> dict[str, Any]:
        branches = [{"name": name, "protected": False} for name in self.branches]
        return {"id": repository, "repository": repository, "branches": branches}

    def _rest(self, endpoint: str) -> dict[str, Any]:
        if endpoint == "rate_limit":
            core = {"limit": self.hourly, "remaining": self.left, "reset": 1_800_000_000, "used": self.hourly - self.left}
            return self._json(endpoint, {"resources": {"core": core}, "rate": core})
        if self.listed is not None and (
            asked := re.fullmatch(r"orgs/acme/(repos|teams)\?(?:sort=full_name&)?per_page=100&page=(\d+)", endpoint)
        ):
            return self._page(endpoint, self.listed if asked[1] == "repos" else self.listed_teams, asked[1], int(asked[2]))
        permissions = endpoint.endswith("/actions/permissions/workflow")
        # Who may write an organisation's rulesets is shown a list, though there are none; nobody else is.
        none = [] if re.match(r"orgs/[^/]+/rulesets\?", endpoint) else None
        found = self.rest.get(endpoint, WORKFLOW_PERMISSIONS if permissions else none)
        answer = {"code": 404, "body": "{}"} if found is None else {"code": 200, "body": json.dumps(found)}
        return {"id": "x", "endpoint": endpoint, "status": "", "headers": "{}", **answer}

    def _json(self, endpoint: str, body: Any, headers: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """An answer with that body; headers as Go has them, each with every value."""
        text = {"body": json.dumps(body), "headers": json.dumps(headers or {})}
        return {"id": "x", "endpoint": endpoint, "code": 200, "status": "200 OK", **text}

    def _page(self, endpoint: str, names: list[str], kind: str, number: int) -> dict[str, Any]:
        entry = self._listed_repository if kind == "repos" else self._listed_team
        last = max(1, -(-len(names) // 100))
        links = [
            f'<https://api.github.com/{endpoint.rpartition("=")[0]}={page}>; rel="{rel}"' for page, rel in ((1, "first"), (last, "last"))
        ]
        shown = [entry(name) for name in names[100 * (number - 1) : 100 * number]]
        return self._json(endpoint, shown, {"Link": [", ".join(links)]} if number < last else {})

    def _listed_repository(self, name: str) -> dict[str, Any]:
        found = self._repository(f"acme/{name}")
        shown = {
            "id": "repoId",
            "full_name": "fullName",
            "default_branch": "defaultBranch",
            "visibility": "visibility",
            "archived": "archived",
        }
        return {"name": name, "fork": False, **{theirs: found.get(ours) for theirs, ours in shown.items()}}

    def _listed_team(self, slug: str) -> dict[str, Any]:
        return {"slug": slug, "id": int(self._team(slug, summaryOnly=True)["id"])}

    def _stack(self, stackName: str) -> dict[str, Any]:
        return {"name": stackName, "outputs": self.resources}

    def _outputs(self, name: str) -> dict[str, Any]:
        if name not in self.stacks:
            raise ProviderError(f'unknown stack "{name}"')
        return {"name": name, "outputs": self.stacks[name], "secretOutputNames": []}


def stack_config(stack: str) -> dict[str, str]:
    """A stack file's values as the engine hands them over: text, JSON where they are no text."""
    values = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def _build_roles(stack: str) -> list[str]:
    """The roles that a stack file names, which are there in the account."""
    return (yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"].get("package-flow:builds") or {}).get("roles", [])
