"""What AWS and GitHub answer: all is well, but for the answers that an input changes."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from settings import OidcProvider, Settings
from tests.components.recording import ProviderError
from tests.fuzzing.inputs import Answer
from tests.program.fake import Cloud

# What a look-up may ask. All of it reads.
READS = frozenset(
    {
        "getCallerIdentity", "getPartition", "getOpenIdConnectProvider", "getRole", "getInstances", "getGroup", "getOrganization",
        "getRepository", "getTeam", "getActionsRepositoryOidcSubjectClaimCustomizationTemplate", "getActionsVariables",
        "readStackResourceOutputs", "getRepositoryEndpoint", "getRepositoryBranches", "getRestApi", "getResource", "getRolePolicies",
        "getRolePolicyAttachments", "getPolicy", "getAlias", "getKey", "getTopic", "getQueue", "getPermissionSet",
    }
)  # fmt: skip
ERROR = ""


class HostileCloud(Cloud):
    """Is as the settings say, where there are any: the provider, the roles of builds, every group, the accepted branches, the repository
    of the workflow; `answers` are given instead."""

    def __init__(self, answers: Sequence[Answer] = ()) -> None:
        super().__init__(audiences=None)
        self.build_roles = {}
        self.accepted: dict[str, list[str]] = {}
        self.answers, self.asked = answers, Counter()

    def suit(self, configured: Settings) -> None:
        """Have what these settings rely on."""
        self.audiences = ["sts.amazonaws.com"] if configured.oidc_provider is OidcProvider.EXISTING else None
        self.build_roles = {role.rpartition("/")[2]: role for role in configured.build_roles}
        self.accepted = {one.name: list(one.accepted_branches) for one in configured.repositories}
        if configured.publishing.repository_id:
            self.repositories[configured.program_repository.partition("/")[2]] = configured.publishing.repository_id

    def _branches(self, repository: str) -> dict[str, Any]:
        names = dict.fromkeys(["main", *self.accepted.get(repository, [])])
        return {"id": repository, "repository": repository, "branches": [{"name": name, "protected": False} for name in names]}

    def __call__(self, token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        short = token.rpartition(":")[2]
        number = self.asked[short]
        self.asked[short] += 1
        changed = [one for one in self.answers if one.token == short and one.asked in (number, -1)]
        for one in changed:
            if one.field == ERROR:
                raise ProviderError(one.value)
        return {**super().__call__(token, arguments), **{one.field: one.value for one in changed}}

    def _group(self, identityStoreId: str, alternateIdentifier: Mapping[str, Any], region: str) -> dict[str, Any]:
        name = alternateIdentifier["uniqueAttribute"]["attributeValue"]
        digest = hashlib.sha256(name.encode()).hexdigest()
        id = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
        return {"groupId": id, "id": id, "displayName": name, "identityStoreId": identityStoreId, "region": region}
