"""Questions for the second evaluator (npm @cloud-copilot/iam-simulate, which runs in node), and what it answers."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from access.matrix import Admission, Evaluation
from rehearsal.cloud.iam import Caller, Policies, Request

FOLDER = Path(__file__).parent / "judge"
ASSUME = "sts:AssumeRoleWithWebIdentity"


@dataclass(frozen=True)
class Question:
    """A request with every policy that speaks about it, and what the first evaluator decided."""

    request: Request
    policies: Policies
    allowed: bool


def available() -> pytest.MarkDecorator:
    """Skips, with the reason, where the second evaluator can't be asked."""
    if shutil.which("node") is None:
        return pytest.mark.skip(reason="node is not on PATH; the second evaluator of policies runs in it")
    installed = (FOLDER / "node_modules" / "@cloud-copilot" / "iam-simulate").is_dir()
    return pytest.mark.skipif(not installed, reason="npm ci --prefix tests/access/judge installs the second evaluator of policies")


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
