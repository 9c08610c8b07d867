"""Deployment settings of a stack, and which deployments an event starts by them. Pure.

Bodies are those of Pulumi's REST API (https://www.pulumi.com/docs/reference/cloud-rest-api/deployments/); a key that is not modelled is
refused, because a setting without effect here could be one that lets somebody in there.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=to_camel)


class Git(_Shape):
    branch: str


class Source(_Shape):
    git: Git


class Vcs(_Shape):
    provider: Literal["github"]
    repository: str
    deploy_commits: bool = False
    preview_pull_requests: bool = False
    pull_request_template: Literal[False] = False
    paths: list[str] = []


class AwsRole(_Shape):
    role_arn: str = Field(alias="roleARN")
    session_name: str
    duration: str = "1h"


class Oidc(_Shape):
    aws: AwsRole


class Options(_Shape):
    skip_install_dependencies: bool = False
    skip_intermediate_deployments: bool = False


class Operation(_Shape):
    oidc: Oidc
    environment_variables: dict[str, str] = {}
    pre_run_commands: list[str] = []
    options: Options = Options()


class Executor(_Shape):
    executor_image: str


class Settings(_Shape):
    """The settings of one stack."""

    executor_context: Executor
    source_context: Source
    vcs: Vcs
    operation_context: Operation


class DriftSchedule(_Shape):
    """When drift of one stack is looked for. It is never repaired without somebody who looked: that would come as an update of its own."""

    schedule_cron: str = Field(pattern=r"^[0-9*/,-]+( [0-9*/,-]+){4}$")
    auto_remediate: Literal[False] = False


def matches(pattern: str, path: str) -> bool:
    """A glob against a whole path: `**` is any number of folders, `*` stays in one."""
    parts = re.split(r"(\*\*/?|\*|\?)", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.fullmatch("".join(meaning.get(part, re.escape(part)) for part in parts), path) is not None


def touched(filters: Sequence[str], changed: Iterable[str]) -> bool:
    """Whether a change concerns a stack: a file is matched by an inclusion (or there is none), and by no exclusion, which always wins.

    https://www.pulumi.com/docs/deployments/concepts/settings/path-filtering/
    """
    excluded = [one.removeprefix("!") for one in filters if one.startswith("!")]
    included = [one for one in filters if not one.startswith("!")]

    def concerns(path: str) -> bool:
        let_in = not included or any(matches(one, path) for one in included)
        return let_in and not any(matches(one, path) for one in excluded)

    return any(concerns(path) for path in changed)


def started_by_push(settings: Settings, repository: str, branch: str, changed: Sequence[str]) -> bool:
    """Whether a push updates the stack."""
    vcs = settings.vcs
    source = settings.source_context.git.branch.removeprefix("refs/heads/")
    return vcs.deploy_commits and (vcs.repository, source) == (repository, branch) and touched(vcs.paths, changed)


def started_by_pull_request(settings: Settings, repository: str, base: str, changed: Sequence[str]) -> bool:
    """Whether a pull request against `base` previews the stack."""
    vcs = settings.vcs
    source = settings.source_context.git.branch.removeprefix("refs/heads/")
    return vcs.preview_pull_requests and (vcs.repository, source) == (repository, base) and touched(vcs.paths, changed)
