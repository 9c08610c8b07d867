"""Every rule, and what runs them."""

from collections.abc import Iterable, Iterator, Sequence

from . import exposure, github, guarding, keeping, owning, permissions, trust
from .model import Finding, Level, NotYetKnown, Options, Resource, Rule

_MODULES = (trust, guarding, owning, permissions, exposure, github, keeping)
RULES: tuple[Rule, ...] = tuple(rule for module in _MODULES for rule in module.RULES)


def rule(name: str) -> Rule:
    """The rule of that name. Raises KeyError."""
    return {one.name: one for one in RULES}[name]


def check(resources: Iterable[Resource], options: Options | None = None, rules: Sequence[Rule] = RULES) -> list[Finding]:
    """Everything that breaks a rule. Where a value is not known yet, its rule says nothing (of a resource, or of the stack)."""
    every = list(resources)
    return [finding for one in rules for finding in _findings(one, every, options or Options())]


def mandatory(findings: Iterable[Finding]) -> list[Finding]:
    """Those that stop a deployment."""
    return [one for one in findings if one.rule.level is Level.MANDATORY]


def _findings(rule: Rule, resources: Sequence[Resource], options: Options) -> Iterator[Finding]:
    if rule.of_stack:
        try:
            yield from (Finding(rule, urn, wrong) for wrong, urn in rule.of_stack(resources, options))
        except NotYetKnown:
            return
    for resource in resources:
        if rule.of_resource and resource.type in rule.types:
            try:
                yield from (Finding(rule, resource.urn, wrong) for wrong in rule.of_resource(resource))
            except NotYetKnown:
                continue
