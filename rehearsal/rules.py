"""The policy pack's rules over what the program has provisioned."""

from collections.abc import Mapping, Sequence
from typing import Any

from policy_pack.rules import registry
from policy_pack.rules.model import Finding, Level, Resource


def broken(resources: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """What breaks a rule, in the resources of a result (inputs as on the wire)."""
    return registry.check(
        Resource(
            resource["type"],
            resource["name"],
            resource["urn"],
            resource["inputs"],
            bool(resource.get("protect")),
            resource.get("parent") or "",
        )
        for resource in resources
    )


def stop(findings: Sequence[Finding]) -> bool:
    """Whether one of them would stop a deployment."""
    return bool(registry.mandatory(findings))


def lines(findings: Sequence[Finding]) -> list[str]:
    """One for each, those that would stop a deployment first."""
    ordered = sorted(findings, key=lambda finding: finding.rule.level is not Level.MANDATORY)
    return [f"{finding.rule.level} rule {finding.rule.name}: {finding.urn.rpartition('::')[2]}: {finding.message}" for finding in ordered]


def summary(findings: Sequence[Finding]) -> str:
    """How many rules there are, and how often they are broken."""
    stopping = len(registry.mandatory(findings))
    advisory = len(findings) - stopping
    counts = [f"{stopping} mandatory"] * bool(stopping) + [f"{advisory} advisory"] * bool(advisory)
    return f"{len(registry.RULES)} rules of the policy pack: {', '.join(counts) or 'none'} broken"
