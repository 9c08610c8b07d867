"""CloudControl: any type of CloudFormation."""

import json
import time
from collections.abc import Mapping
from typing import Any

from rehearsal.program.aws_resources.common import AwsHandler, Params, given
from rehearsal.program.clouds import Aws
from rehearsal.program.handlers import CloudError, Created, Defaults, Existing, NotSupported, absent_is_fine, finishing
from rehearsal.program.inputs import Inputs

CLOUD_CONTROL_POLLS = 200
CLOUD_CONTROL_PAUSE_SECONDS = 0.05
NOT_FOUND = "NotFound"  # of a handler; the provider takes it for deleted


class HandlerFailed(CloudError):
    """The type's own handler failed, which CloudControl says when it is asked how a request ended."""

    def __init__(self, progress: Mapping[str, Any]) -> None:
        code = progress.get("ErrorCode")
        super().__init__(f"cloudcontrol {progress['TypeName']}: {code}: {progress.get('StatusMessage')}")
        self.not_found = code == NOT_FOUND


class CloudControlResource(AwsHandler):
    """A type of CloudFormation by CloudControl.

    The provider also fetches the type's schema (cloudformation:DescribeType), to tell what needs a replacement; that call is left out here.
    """

    token = "aws:cloudcontrol/resource:Resource"
    create_only = frozenset({"typeName", "roleArn", "typeVersionId"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return given(
            TypeName=inputs.text("typeName", required=True),
            DesiredState=inputs.document("desiredState", required=True),
            RoleArn=inputs.text("roleArn"),
            TypeVersionId=inputs.text("typeVersionId"),
        )

    def create(self, cloud: Aws, wanted: Params) -> Created:
        progress = self._finished(cloud, cloud.call("cloudcontrol", "create_resource", **wanted)["ProgressEvent"])
        identifier = progress["Identifier"]
        with finishing(identifier, {}):
            return Created(identifier, self._described(cloud, wanted["TypeName"], identifier))

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        before, after = json.loads(existing["desiredState"]), json.loads(wanted["DesiredState"])
        if patch := json_patch(before, after):
            request = {"TypeName": wanted["TypeName"], "Identifier": existing.id, "PatchDocument": json.dumps(patch)}
            self._finished(cloud, cloud.call("cloudcontrol", "update_resource", **request)["ProgressEvent"])
        return self._described(cloud, wanted["TypeName"], existing.id)

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            answer = cloud.call("cloudcontrol", "delete_resource", TypeName=existing["typeName"], Identifier=existing.id)
            self._finished(cloud, answer["ProgressEvent"])

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        """The properties that the resource has; the provider does not compare them with the desired state either."""
        type_name, _, identifier = id.partition("|")
        with absent_is_fine():
            return {"typeName": type_name, **self._described(cloud, type_name, identifier)}
        return None

    def import_id(self, existing: Existing) -> str:
        return f"{existing['typeName']}|{existing.id}"

    def imported(self, import_id: str) -> str:
        raise NotSupported(f"{self.token} cannot be imported")

    @staticmethod
    def _described(cloud: Aws, type_name: str, identifier: str) -> Params:
        found = cloud.call("cloudcontrol", "get_resource", TypeName=type_name, Identifier=identifier)
        return {"properties": found["ResourceDescription"]["Properties"]}

    @staticmethod
    def _finished(cloud: Aws, progress: Params) -> Params:
        for _ in range(CLOUD_CONTROL_POLLS):
            status = progress["OperationStatus"]
            if status == "SUCCESS":
                return progress
            if status in ("FAILED", "CANCEL_COMPLETE"):
                raise HandlerFailed(progress)
            time.sleep(CLOUD_CONTROL_PAUSE_SECONDS)
            answer = cloud.call("cloudcontrol", "get_resource_request_status", RequestToken=progress["RequestToken"])
            progress = answer["ProgressEvent"]
        raise CloudError(f"cloudcontrol {progress['TypeName']}: still {progress['OperationStatus']}")


def json_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The RFC 6902 operations that turn the members of one object into those of another."""
    gone = [{"op": "remove", "path": f"/{_pointer(key)}"} for key in before if key not in after]
    changed = [
        {"op": "replace" if key in before else "add", "path": f"/{_pointer(key)}", "value": value}
        for key, value in after.items()
        if before.get(key) != value
    ]
    return gone + changed


def _pointer(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
