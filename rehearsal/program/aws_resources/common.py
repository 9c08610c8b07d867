"""What the AWS resource types share: tags, absent resources, parameters without a value."""

from collections.abc import Mapping, Sequence
from typing import Any

from rehearsal.program.clouds import Aws
from rehearsal.program.handlers import Defaults, Existing, Handler
from rehearsal.program.inputs import Inputs

Params = dict[str, Any]


def lower_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def upper_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def given(**values: Any) -> Params:
    """The parameters that have a value."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


class AwsHandler(Handler):
    """A type of resource of AWS. `regional` types take `region`, which overrides the provider's."""

    regional = True

    def tags(self, inputs: Inputs, defaults: Defaults) -> dict[str, str]:
        """The resource's tags over the provider's default tags."""
        return {**defaults.tags, **inputs.mapping("tags")}


def tags_seen(cloud: Aws, listed: Sequence[Mapping[str, str]], key: str = "Key", value: str = "Value") -> Params:
    """What a look shows of a resource's tags: those of the resource itself, and with the provider's default tags.

    Source: terraform-provider-aws, internal/provider/framework/intercept (tags of a read are those that are no default tags).
    """
    every = {one[key]: one[value] for one in listed if not one[key].startswith("aws:")}
    own = {name: text for name, text in every.items() if cloud.default_tags.get(name) != text}
    return {"tags": own or None, "tagsAll": every or None}


def tag_changes(existing: Existing, wanted: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Tags to set and keys to remove."""
    before = existing.get("tagsAll") or {}
    return {key: value for key, value in wanted.items() if before.get(key) != value}, [key for key in before if key not in wanted]


def rfc3339(moment: Any) -> str:
    return moment.isoformat().replace("+00:00", "Z") if hasattr(moment, "isoformat") else str(moment)
