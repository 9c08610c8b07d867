"""Whether what came of an input is right: one readable error and nothing registered, or a set of resources that is valid."""

import json
import re
from collections.abc import Iterator, Sequence

import pulumi

from lookups import LookupProblems
from policies.branches import TAGS
from policy_pack.rules import registry
from policy_pack.rules.model import Resource
from rehearsal.cloud.github.patterns import matches
from settings import SettingsError
from tests.components.recording import Registration
from tests.fuzzing.cloud import READS
from tests.fuzzing.inputs import Input
from tests.fuzzing.program import Hang, Outcome
from tests.fuzzing.services import refused
from tests.policies.iam import HOST, like, many

LINES_MAX, LINE_MAX = 120, 1_200
# Stands in inputs where a credential does.
CREDENTIAL = "AKIAZZZZFUZZINGZZZZZ"
# Python's own words, in which no message is meant for people.
_PYTHON = re.compile(
    r"Traceback|<class |<[\w.]+ object|object at 0x|\w+Error\b|\w+Exception\b|datetime\.|frozenset\(|mappingproxy"
    r"|\bNone\b|\bTrue\b|\bFalse\b|pydantic|\b__\w+__\b|StrEnum|\bgrpc\b|<\w+\.\w+: "
)
_SETTINGS_HEAD = re.compile(r"\d+ problems? in the configuration; nothing was changed:")
_LOOKUPS_HEAD = re.compile(r"\d+ problems? found at AWS and GitHub; nothing was changed")
_SETTINGS_LINE = re.compile(r"  (?P<file>\S.*?): (?P<rest>.*got .+, allowed: .+)|  and \d[\d,]* more")
_LOOKUPS_LINE = re.compile(r"  - \S+:.* .+|  - and \d[\d,]* more")


def faults(made: Input, outcome: Outcome) -> list[str]:
    """Everything that is wrong; an empty list if nothing is."""
    if outcome.error is None:
        return [*_invalid(outcome.registrations), *_writes(outcome)]
    return [*_error(made, outcome), *_writes(outcome)]


# --- an error -------------------------------------------------------------------------------------------------------------------------


def _error(made: Input, outcome: Outcome) -> Iterator[str]:
    error = outcome.error
    if isinstance(error, Hang):
        yield f"hang: {error}"
        return
    refusal = error if isinstance(error, SettingsError) else error.__cause__ if isinstance(error, pulumi.RunError) else None
    if not isinstance(refusal, SettingsError | None) or (refusal is None and not isinstance(error, LookupProblems)):
        yield f"error of type {type(error).__name__}: {str(error)[:300]}"
        return
    if refusal is None and not isinstance(error, LookupProblems):
        yield f"error of type {type(error).__name__}"
    yield from _unreadable(made, str(error), isinstance(refusal, SettingsError))
    # Where Identity Center is in another account, it is looked up there: a provider is no resource of anybody's cloud.
    if made_already := [one.urn for one in outcome.registrations if not one.type.startswith("pulumi:providers:")]:
        yield f"registered before an error: {', '.join(made_already[:3])}"
    if refusal is not None and outcome.invokes:
        yield f"looked up before the settings were valid: {outcome.invokes[0][0]}"
    if made.must_be_accepted:
        yield f"refused, and is valid: {error}"


def _unreadable(made: Input, text: str, of_settings: bool) -> Iterator[str]:
    head, *lines = text.split("\n")
    if not (_SETTINGS_HEAD if of_settings else _LOOKUPS_HEAD).fullmatch(head):
        yield f"unreadable head: {head[:200]}"
    if not lines or len(lines) > LINES_MAX:
        yield f"unreadable: {len(lines)} lines"
    for line in lines:
        if not line.isprintable() or len(line) > LINE_MAX:
            yield f"unreadable line of {len(line)} characters: {line[:200]!r}"
        if not (_SETTINGS_LINE if of_settings else _LOOKUPS_LINE).fullmatch(line):
            yield f"unreadable line: {line[:300]!r}"
    if CREDENTIAL in text:
        yield "tells a credential"
    given = b"\n".join(content for content in made.files.values() if isinstance(content, bytes)).decode(errors="replace")
    given += "".join((*made.files, *(str(one.value) for one in made.answers)))
    for found in _PYTHON.finditer(text):
        if found[0] not in given:
            yield f"unreadable words: {found[0]} in {text[max(0, found.start() - 150) : found.end() + 50]!r}"


def _writes(outcome: Outcome) -> Iterator[str]:
    for token in {token.rpartition(":")[2] for token, _ in outcome.invokes} - READS:
        yield f"a look-up that is not known to read: {token}"


# --- resources ------------------------------------------------------------------------------------------------------------------------


def _invalid(registrations: Sequence[Registration]) -> Iterator[str]:
    if not registrations:
        yield "neither an error nor a resource"
    resources = [Resource(one.type, one.name, one.urn, one.inputs, one.protect, one.parent) for one in registrations]
    for finding in registry.mandatory(registry.check(resources)):
        yield f"rule {finding.rule.name}: {finding.urn}: {finding.message}"
    yield from (f"service: {wrong}" for wrong in refused(registrations))
    yield from _unguarded(registrations)


def _refs(value: str) -> list[str]:
    """Refs that a pattern of a trust policy may admit, and some that it should not."""
    filled = [value.replace("*", part) for part in ("x", "x/y", "1.2.x", "-", "main", "x/y/z")] if "*" in value else [value]
    return [*filled, f"{value.rstrip('/*')}x", f"{value.rstrip('*')}a", value.replace("*", "")]


def _admitted(statement: dict, ref: str) -> bool:
    """Whether the conditions on `ref` let one through: each of these operators that stands there."""
    key = f"{HOST}:ref"
    yes = [
        many(keys[key]) for operator, keys in statement["Condition"].items() if operator in ("StringLike", "StringEquals") and key in keys
    ]
    no = [many(keys[key]) for operator, keys in statement["Condition"].items() if operator == "StringNotLike" and key in keys]
    return all(any(like(one, ref) for one in values) for values in yes) and not any(like(one, ref) for values in no for one in values)


def _unguarded(registrations: Sequence[Registration]) -> Iterator[str]:
    """Every ref that a role admits and that may write is one that both rulesets of its repository include, of branches or of tags, read as
    GitHub reads them.
    """
    rulesets = [one for one in registrations if one.type.endswith(":RepositoryRuleset")]
    for role in (one for one in registrations if one.type == "aws:iam/role:Role" and one.name.endswith(("-publish", "-promote"))):
        repository = role.name.rpartition("-")[0]
        for statement in json.loads(role.inputs["assumeRolePolicy"])["Statement"]:
            values = [value for keys in statement["Condition"].values() for value in many(keys.get(f"{HOST}:ref", []))]
            if not values:
                yield f"guard: {role.inputs['name']} admits any ref"
            for ref in {ref for value in values for ref in _refs(value)}:
                if _admitted(statement, ref) and _possible(ref):
                    for kind in ("release-tags", "create-tags") if ref.startswith(TAGS) else ("release", "create"):
                        if not _included(rulesets, repository, kind, ref):
                            yield f"guard: {role.inputs['name']} admits {ref}, which ruleset {kind} does not guard"


def _possible(ref: str) -> bool:
    """Whether git takes the name; only the parts of `git check-ref-format` that the candidates can break."""
    return not any(part.startswith(".") or not part or part.endswith(".lock") for part in ref.split("/")) and ".." not in ref


def _included(rulesets: Sequence[Registration], repository: str, kind: str, ref: str) -> bool:
    return any(
        matches(pattern, ref)
        for one in rulesets
        if one.inputs["repository"] == repository
        and one.inputs["name"].rpartition("-")[0] == f"package-flow-{kind}"
        and one.inputs["enforcement"] == "active"
        for pattern in one.inputs["conditions"]["refName"]["includes"]
    )
