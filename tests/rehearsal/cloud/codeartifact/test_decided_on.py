"""Every operation asks for its action on the resource type that the table has."""

import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

from evaluator.actions import RESOURCE_TYPES
from rehearsal.cloud import aws
from rehearsal.cloud.codeartifact.model import SERVICE
from rehearsal.cloud.codeartifact.operations import OPERATIONS
from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, DOMAIN_ARN, PREFIX, Scene, document, package_arn, repository_arn

PARAMETERS: dict[str, Any] = {
    "domain": DOMAIN, "repository": "team", "format": "npm", "package": "client", "packageVersion": "1.0.0", "packageGroup": "/npm/*",
    "versions": ["1.0.0"], "targetStatus": "Archived", "resourceArn": DOMAIN_ARN, "tags": [], "tagKeys": [], "asset": "a", "assetName": "a",
    "assetContent": b"a", "assetSHA256": hashlib.sha256(b"a").hexdigest(),
    "policyDocument": document(), "externalConnection": "public:npmjs", "sourceRepository": "team", "destinationRepository": "shared",
    "originRestrictionType": "PUBLISH", "restrictions": {},
}  # fmt: skip
TARGETS = {
    None: "*",
    "domain": DOMAIN_ARN,
    "repository": repository_arn("team"),
    "package": package_arn("team", "npm//client"),
    "package-group": f"{PREFIX}:package-group/{DOMAIN}/npm/%2a",
}


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_the_first_question(scene: Scene, operation: str) -> None:
    """Somebody without rights is refused, on what the table says and before anything else is looked at."""
    required = SERVICE.operation_model(operation).input_shape.required_members
    params = {name: PARAMETERS[name] for name in required}
    if operation == "CopyPackageVersions":  # demands it without its model saying so
        params["versions"] = ["1.0.0"]
    nobody = scene.api(scene.role())
    start = len(aws.decisions)
    method = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).removeprefix("_")
    with pytest.raises(ClientError) as caught:
        getattr(nobody, method)(**params)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    (decision,) = aws.decisions[start:]
    expected = TARGETS[RESOURCE_TYPES[operation]]
    if operation == "CopyPackageVersions":
        expected = package_arn("shared", "npm//client")
    if operation == "GetAssociatedPackageGroup":  # the caller names a package: of its group
        expected = f"{PREFIX}:package-group/{DOMAIN}/%2a"
    assert (decision["action"], decision["resource"], decision["allowed"]) == (f"codeartifact:{operation}", expected, False)
