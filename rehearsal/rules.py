"""The policy pack's rules over what the program has provisioned."""

from collections.abc import Mapping, Sequence
from typing import Any

from policy_pack.rules import registry
from policy_pack.rules.model import Finding, Level, Resource


def broken(resources: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """What breaks a rule, in the resources of a result (inputs as on the wire)."""
    return registry.check(
        Resource(one["type"], one["name"], one["urn"], one["inputs"], bool(one.get("protect")), one.get("parent") or "")
        for one in resources
    )


def stop(findings: Sequence[Finding]) -> bool:
    """Whether one of them would stop a deployment."""
    return bool(registry.mandatory(findings))


def lines(findings: Sequence[Finding]) -> list[str]:
    """One for each, those that would stop a deployment first."""
    ordered = sorted(findings, key=lambda one: one.rule.level is not Level.MANDATORY)
    return [f"{one.rule.level} rule {one.rule.name}: {one.urn.rpartition('::')[2]}: {one.message}" for one in ordered]


def summary(findings: Sequence[Finding]) -> str:
    """How many rules there are, and how often they are broken."""
    stopping = len(registry.mandatory(findings))
    told = len(findings) - stopping
    counts = [f"{stopping} mandatory"] * bool(stopping) + [f"{told} advisory"] * bool(told)
    return f"{len(registry.RULES)} rules of the policy pack: {', '.join(counts) or 'none'} broken"
