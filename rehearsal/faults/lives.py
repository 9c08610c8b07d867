"""What a disturbed life has to show: it comes to the end of the undisturbed one, and no role is ever without its guards."""

from fnmatch import fnmatchcase
from typing import Any

from rehearsal.engine.life import Life


class Broken(AssertionError):
    """What was documented does not lead to the end, or a role was without its guards."""


def guarded(life: Life) -> None:
    """Raises Broken if a role that publishes or promotes is there without the rulesets and the environment that guard it."""
    roles = [one for page in life.aws("iam").get_paginator("list_roles").paginate() for one in page["Roles"]]
    for one in roles:
        for kind in ("publish", "promote"):
            prefix = f"{life.settings.stack}-{kind}-"
            if one["RoleName"].startswith(prefix):
                _guarded(life, one["RoleName"].removeprefix(prefix), kind, one["AssumeRolePolicyDocument"])


def _guarded(life: Life, repository: str, kind: str, trust: Any) -> None:
    path = ("repos", life.settings.github_owner, repository)
    rulesets = [life.github.call("GET", *path, "rulesets", str(one["id"])) for one in life.github.call("GET", *path, "rulesets")]
    rules = {rule["type"]: one for one in rulesets if one["enforcement"] == "active" for rule in one["rules"]}
    missing = [needed for needed in ("pull_request", "creation", "deletion", "non_fast_forward") if needed not in rules]
    branches = sorted(_branches(trust))
    missing += [
        f"{needed} for {branch}"
        for needed in ("pull_request", "creation")
        if needed in rules
        for branch in branches
        if branch not in rules[needed]["conditions"]["ref_name"]["include"]
    ]
    for name in _environments(trust):
        try:
            environment = life.github.call("GET", *path, "environments", name)
        except Exception as error:
            missing.append(f"environment {name} ({error})")
            continue
        policy = environment.get("deployment_branch_policy") or {}
        missing += [] if policy.get("custom_branch_policies") else [f"branch policies of {name}"]
        reviewed = any(rule["type"] == "required_reviewers" for rule in environment["protection_rules"])
        missing += [] if kind == "publish" or reviewed else [f"reviewers of {name}"]
    if missing or not branches:
        raise Broken(f"the role that {kind}es from {repository} is there without {', '.join(missing) or 'any branch'}")


def _claims(trust: Any) -> list[str]:
    return [
        value
        for statement in trust["Statement"]
        for operator, keys in statement.get("Condition", {}).items()
        if "Not" not in operator
        for name, values in keys.items()
        if name.endswith((":ref", ":environment", ":sub"))
        for value in ([values] if isinstance(values, str) else values)
    ]


def _branches(trust: Any) -> set[str]:
    return {one for one in _claims(trust) if fnmatchcase(one, "refs/heads/*")}


def _environments(trust: Any) -> set[str]:
    return {one for statement in trust["Statement"] for keys in statement.get("Condition", {}).values() for one in _named(keys)}


def _named(keys: Any) -> list[str]:
    return [
        value
        for name, values in keys.items()
        if name.endswith(":environment")
        for value in ([values] if isinstance(values, str) else values)
    ]


def end(life: Life) -> list[str]:
    """What there is in the end, when keys that nobody uses are disposed of."""
    return life.cloud.control.get("end-state")["lines"]


def difference(one: list[str], other: list[str]) -> list[str]:
    """What is in one end only: `-` in the first, `+` in the second."""
    left, right = list(one), []
    for line in other:
        if line in left:
            left.remove(line)
        else:
            right.append(line)
    return [*(f"- {line}" for line in left), *(f"+ {line}" for line in right)]
