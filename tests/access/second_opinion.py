"""Questions for the second evaluator (npm @cloud-copilot/iam-simulate, which runs in node), and what it answers."""

import fcntl
import hashlib
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from access.matrix import Admission, Evaluation
from evaluator.iam import Caller, Policies, Request

FOLDER = Path(__file__).parent / "judge"
# What is installed is decided by the lock file with its checksums; nothing that a package brings along is run.
INSTALL = (
    "npm",
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
)
UNREACHABLE = (
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ERR_SOCKET_TIMEOUT",
    "ENETUNREACH",
    "EHOSTUNREACH",
    "ENOTCACHED",
)
ASSUME = "sts:AssumeRoleWithWebIdentity"


@dataclass(frozen=True)
class Question:
    """A request with every policy that speaks about it, and what the first evaluator decided."""

    request: Request
    policies: Policies
    allowed: bool


class NoRegistry(RuntimeError):
    """npm reaches no registry; the message is npm's."""


def install() -> None:
    """Install what package-lock.json names, unless it is there: once, however many processes ask. Raises NoRegistry, RuntimeError."""
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    stamp = FOLDER / "node_modules" / ".installed"
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        ended = subprocess.run(INSTALL, cwd=FOLDER, capture_output=True, text=True, check=False)
        if ended.returncode:
            said = ended.stderr.strip()
            raise (NoRegistry if any(code in said for code in UNREACHABLE) else RuntimeError)(said)
        stamp.write_text(wanted)


def differ(question: Question, answer: str) -> bool:
    """Whether the second evaluator answers otherwise than the first."""
    return question.allowed != (answer == "Allowed")


def of_evaluation(one: Evaluation) -> Question:
    """A question that the matrix put."""
    policies = Policies([each.text for each in one.identity], resource=[each.text for each in one.resource], owner=one.owner)
    return Question(one.request, policies, one.allowed)


def of_admission(one: Admission) -> Question:
    """The same of a trust policy."""
    caller = Caller("WebIdentity", one.provider, one.role.split(":")[4])
    policies = Policies(resource=[one.trust], owner=caller.account, resource_required=True)
    return Question(Request(caller, ASSUME, one.role, one.claims), policies, one.allowed)


def ask(questions: Sequence[Question], folder: Path) -> list[str]:
    """The second evaluator's answers: Allowed, ExplicitlyDenied, ImplicitlyDenied, or "error: ..."."""
    documents: dict[str, int] = {}
    cases = [_case(one, documents) for one in questions]
    file = folder / "questions.json"
    file.write_text(json.dumps({"documents": list(documents), "cases": cases}))
    ended = subprocess.run(["node", str(FOLDER / "judge.mjs"), str(file)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    answers = json.loads(ended.stdout)
    assert len(answers) == len(questions)
    return answers


def _case(one: Question, documents: dict[str, int]) -> dict[str, Any]:
    def numbers(texts: Sequence[Any]) -> list[int]:
        return [documents.setdefault(text if isinstance(text, str) else json.dumps(text), len(documents)) for text in texts]

    case: dict[str, Any] = {
        "principal": one.request.caller.arn,
        "action": one.request.action,
        "resource": one.request.resource,
        "owner": one.policies.owner or one.request.caller.account,
        "context": _context(one.request),
        "identity": numbers(one.policies.identity or ()),
        "policies": numbers(one.policies.resource),
    }
    return case | ({"boundary": numbers(one.policies.limits[0])} if one.policies.limits else {})


def _context(request: Request) -> dict[str, Any]:
    """The request's keys, and those that AWS adds about who asks: the first evaluator knows them by itself."""
    caller = request.caller
    about = {"aws:PrincipalArn": caller.principal_arn, "aws:PrincipalAccount": caller.account, "aws:PrincipalType": caller.kind}
    known = {} if caller.kind == "WebIdentity" else about
    return {**known, **{key: value if isinstance(value, str) else list(value) for key, value in request.context.items()}}
