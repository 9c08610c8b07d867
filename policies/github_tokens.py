"""GitHub's OIDC tokens in trust policies: what every role that a workflow assumes has in common (policies.roles has the roles).

Rules that every statement here keeps, and why:
- `aud` and `sub` are always evaluated; AWS refuses a trust policy for GitHub's provider that ignores `sub`.
- A name is never trusted alone. Names can be given up and taken by others, ids can't: a name-only subject is ANDed with `repository_id`, an
  immutable one has the ids in it.
- Keys in one statement are ANDed, so one statement is one way in.
- No `ForAllValues:` (true where a claim is absent) and no `...IfExists`.

Claims and condition keys:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif and
https://docs.github.com/en/actions/reference/security/oidc
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from policies.arns import GITHUB_OIDC_HOST, Registry
from policies.branches import HEADS, RefCondition, ReleaseRefs
from policies.document import Statement, statement

AUDIENCE = "sts.amazonaws.com"


class Subjects(StrEnum):
    """Which forms of a token's `sub` are trusted: name-only and immutable, or the immutable one alone."""

    BOTH = "both"
    IMMUTABLE = "immutable"


@dataclass(frozen=True)
class Owner:
    """A GitHub organisation: its login as GitHub returns it and its numeric id."""

    login: str
    id: int


@dataclass(frozen=True)
class GitHubRepository:
    """A repository: its owner, its name as GitHub returns it and its numeric id, which never changes and is never used again."""

    owner: Owner
    name: str
    id: int


def claim(name: str) -> str:
    return f"{GITHUB_OIDC_HOST}:{name}"


def subjects(repository: GitHubRepository, contexts: Iterable[str], forms: Subjects) -> list[str]:
    """The `sub` patterns of a repository for each context (`ref:refs/heads/main`, `environment:promote`, `*`), in the trusted forms."""
    owner = repository.owner
    prefixes = [f"repo:{owner.login}@{owner.id}/{repository.name}@{repository.id}"]
    if forms is Subjects.BOTH:
        prefixes.append(f"repo:{owner.login}/{repository.name}")
    return [f"{prefix}:{context}" for context in contexts for prefix in prefixes]


def way_in(sid: str, registry: Registry, equals: dict[str, str | Sequence[str]], like: dict, unlike: dict | None = None) -> Statement:
    def keyed(claims: dict) -> dict:
        return {claim(name): values for name, values in claims.items()}

    return statement(
        sid,
        "sts:AssumeRoleWithWebIdentity",
        None,
        principal={"Federated": registry.github_oidc_provider_arn},
        conditions={
            "StringEquals": keyed({"aud": AUDIENCE, **equals}),
            "StringLike": keyed(like),
            "StringNotLike": keyed(unlike or {}),
        },
    )


def _release_way(
    sid: str,
    registry: Registry,
    repository: GitHubRepository,
    refs: RefCondition,
    environment: str,
    workflow: str | None,
    forms: Subjects,
) -> Statement:
    """A job on one of `refs`. A job that names an environment has the environment in its `sub` instead of the ref."""
    contexts = [f"environment:{environment}"] if environment else [f"ref:{ref}" for ref in refs.like]
    equals: dict[str, str | Sequence[str]] = {"repository_id": str(repository.id)}
    if environment:
        equals["environment"] = environment
    if workflow:
        equals["job_workflow_ref"] = workflow
    like = {"sub": subjects(repository, contexts, forms), "ref": refs.like}
    return way_in(sid, registry, equals, like, {"ref": refs.unlike} if refs.unlike else None)


def release(
    sid: str,
    registry: Registry,
    repository: GitHubRepository,
    refs: ReleaseRefs,
    environment: str,
    workflow: str | None,
    forms: Subjects,
) -> list[Statement]:
    """A statement for each condition of `refs`: SID alone, or numbered from 1 if there are several."""
    trusted = refs.trusted
    return [
        _release_way(sid if len(trusted) == 1 else f"{sid}{number}", registry, repository, one, environment, workflow, forms)
        for number, one in enumerate(trusted, 1)
    ]


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [one for one in value or () if isinstance(one, str)]


def trusted_branches(document: str) -> dict[int, set[str]]:
    """The release branches that a trust policy of `publish` or `promote` admits, by repository id; AWS may have rewritten the document.

    What is no such policy admits none, so that its branches count as never reviewed.
    """
    found: dict[int, set[str]] = {}
    try:
        statements = json.loads(document)["Statement"]
        conditions = [one.get("Condition", {}) for one in ([statements] if isinstance(statements, dict) else statements)]
        for one in conditions:
            refs = _listed(one.get("StringLike", {}).get(claim("ref")))
            for id in _listed(one.get("StringEquals", {}).get(claim("repository_id"))):
                found.setdefault(int(id), set()).update(ref.removeprefix(HEADS) for ref in refs if ref.startswith(HEADS))
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}
    return {id: refs for id, refs in found.items() if refs}
