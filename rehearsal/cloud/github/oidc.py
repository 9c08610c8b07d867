"""The OIDC tokens that a job gets: GitHub's claims, built from the state, signed with a key of this process.

Source: GitHub's "OpenID Connect reference" (claims, subject formats, immutable subjects, customised subjects, `%3A`). Where it is
silent: an event other than `pull_request` has the `ref` form of subject, and a customised subject that names a claim which the job
does not have gets no token.
"""

import time
import uuid
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from rehearsal.cloud.github.rules import applicable
from rehearsal.cloud.github.state import Repository, Run

ISSUER = "https://token.actions.githubusercontent.com"
KEY_ID = "rehearsal-1"
ALGORITHM = "RS256"
# Seconds, as in the example tokens of GitHub's documentation.
LIFETIME = 300
NOT_BEFORE_MARGIN = 600
DEFAULT_SUBJECT = ("repo", "context")


class TokenRefused(Exception):
    """The job gets no token; the message says why."""


@cache
def _signing_key() -> rsa.RSAPrivateKey:
    return _new_key()


@cache
def _foreign_key() -> rsa.RSAPrivateKey:
    """A key that is not GitHub's."""
    return _new_key()


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_keys() -> dict[str, rsa.RSAPublicKey]:
    """What verifies the tokens: key id (`kid` in a token's header) -> RSA public key. The only algorithm is RS256."""
    return {KEY_ID: _signing_key().public_key()}


def issue(run: Run, audience: str | None) -> str:
    """The token of a running job. `audience` None means GitHub's default, the owner's URL. Raises TokenRefused."""
    return _signed(_claims(run, audience, int(time.time())))


def issue_expired(run: Run, audience: str | None) -> str:
    """A token that was good until a minute ago."""
    return _signed(_claims(run, audience, int(time.time()) - LIFETIME - 60))


def forge(claims: dict[str, Any], algorithm: str) -> str:
    """A token that GitHub never signed: by another RSA key under GitHub's key id (`RS256`), or by nobody (`none`).

    Claims that are not given are those of a fresh token without a job: issuer, times, id.
    """
    if algorithm not in (ALGORITHM, "none"):
        raise ValueError(f"algorithm {algorithm!r} is neither {ALGORITHM} nor none")
    now = int(time.time())
    complete = {"iss": ISSUER, "jti": str(uuid.uuid4()), **_times(now), **claims}
    key = _foreign_key() if algorithm == ALGORITHM else ""
    return jwt.encode(complete, key, algorithm=algorithm, headers={"kid": KEY_ID})


def claims_of(run: Run, audience: str | None) -> dict[str, Any]:
    """The claims that `issue` would sign now. Raises TokenRefused."""
    return _claims(run, audience, int(time.time()))


def _signed(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, _signing_key(), algorithm=ALGORITHM, headers={"kid": KEY_ID})


def _times(now: int) -> dict[str, int]:
    return {"iat": now, "nbf": now - NOT_BEFORE_MARGIN, "exp": now + LIFETIME}


def _claims(run: Run, audience: str | None, now: int) -> dict[str, Any]:
    job = job_claims(run)
    return {
        "iss": ISSUER,
        "aud": audience or f"https://github.com/{run.repository.owner.login}",
        "sub": subject(run),
        "jti": str(uuid.uuid4()),
        **_times(now),
        **job,
    }


def job_claims(run: Run) -> dict[str, str]:
    """GitHub's own claims about a job. All values are strings; `environment` and `enterprise` are absent where there is none."""
    repo, owner, pull_request = run.repository, run.repository.owner, run.pull_request
    claims = {
        "repository": repo.full_name,
        "repository_id": str(repo.id),
        "repository_owner": owner.login,
        "repository_owner_id": str(owner.id),
        "repository_visibility": repo.visibility,
        "ref": run.ref,
        "ref_type": "tag" if run.ref.startswith("refs/tags/") else "branch",
        "ref_protected": str(is_protected(repo, run.ref)).lower(),
        "sha": run.sha,
        "head_ref": short(pull_request.head) if pull_request else "",
        "base_ref": short(pull_request.base) if pull_request else "",
        "event_name": run.event,
        "actor": run.actor.login,
        "actor_id": str(run.actor.id),
        "workflow": run.workflow,
        "workflow_ref": run.workflow_ref,
        "workflow_sha": run.sha,
        "job_workflow_ref": run.job_workflow_ref,
        "job_workflow_sha": run.job_workflow_sha,
        "run_id": str(run.id),
        "run_number": str(run.number),
        "run_attempt": "1",
        "check_run_id": str(run.id),
        "runner_environment": "github-hosted",
    }
    if run.environment:
        claims["environment"] = run.environment
    if owner.enterprise:
        claims |= {"enterprise": owner.enterprise[0], "enterprise_id": str(owner.enterprise[1])}
    return claims


def subject(run: Run) -> str:
    """The `sub` claim. Templates of subjects, which the program's look-ups refuse, are not part of the stand-in."""
    return f"{subject_prefix(run.repository)}:{_context(run)}"


def _context(run: Run) -> str:
    if run.environment:
        return f"environment:{_escaped(run.environment)}"
    return "pull_request" if run.event == "pull_request" else f"ref:{_escaped(run.ref)}"


def subject_prefix(repo: Repository) -> str:
    """How the subject names a repository: `repo:OWNER/NAME`, with both ids in the immutable form."""
    if is_immutable(repo):
        return f"repo:{repo.owner.login}@{repo.owner.id}/{repo.name}@{repo.id}"
    return f"repo:{repo.full_name}"


def is_immutable(repo: Repository) -> bool:
    """Whether the repository's subjects have the immutable form; a repository that says nothing follows its organisation."""
    return repo.owner.immutable_subject if repo.immutable_subject is None else repo.immutable_subject


def is_protected(repo: Repository, ref: str) -> bool:
    """GitHub's GITHUB_REF_PROTECTED: whether a ruleset is in force for the ref."""
    return bool(applicable(repo.every_ruleset, ref, repo.default_branch))


def short(ref: str) -> str:
    """A branch's, tag's or pull request's ref without its `refs/...` prefix, as GITHUB_REF_NAME has it."""
    return ref.removeprefix("refs/").split("/", 1)[1]


def _escaped(value: str) -> str:
    return value.replace(":", "%3A")
