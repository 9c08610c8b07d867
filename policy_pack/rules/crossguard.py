"""The rules as CrossGuard policies."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from .model import UNKNOWN, NotYetKnown, Options, Resource, Rule
from .registry import RULES

_PRODUCTION_STACKS = "productionStacks"
_OPTIONS = PolicyConfigSchema(
    properties={_PRODUCTION_STACKS: {"type": "array", "items": {"type": "string"}, "default": list(Options().production_stacks)}}
)


def policies(rules: Sequence[Rule] = RULES) -> list[ResourceValidationPolicy | StackValidationPolicy]:
    """One policy a rule."""
    return [_of_stack(one) if one.of_stack else _of_resource(one) for one in rules]


def plain(value: Any) -> Any:
    """A value of the engine as plain data. Its proxies raise where a value is not known; here that is UNKNOWN."""
    if isinstance(value, Mapping):
        return {key: plain(_at(value, key)) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(_at(value, position)) for position in range(len(value))]
    return value


def _at(container: Any, key: Any) -> Any:
    try:
        return container[key]
    except UnknownValueError:
        return UNKNOWN


def _resource(registered: Any) -> Resource:
    """A resource of the engine, whether alone (its parent is a URN) or in a stack (its parent is a resource)."""
    parent = getattr(registered, "parent", None)
    return Resource(
        type=registered.resource_type,
        name=registered.name,
        urn=registered.urn,
        props=plain(registered.props),
        protect=bool(registered.opts.protect),
        parent=(parent.urn if parent else registered.opts.parent) or "",
    )


def _run(check: Callable[[], Any]) -> None:
    """Words for the engine, which then says that the policy can't run during this preview."""
    try:
        check()
    except NotYetKnown as error:
        raise UnknownValueError(UNKNOWN, list(error.path)) from error


def _of_resource(rule: Rule) -> ResourceValidationPolicy:
    check = rule.of_resource
    assert check

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        def run() -> None:
            for wrong in check(_resource(args)):
                report(f"{wrong}. {rule.mend}.", None)

        if args.resource_type in rule.types:
            _run(run)

    return ResourceValidationPolicy(rule.name, rule.description, validate, EnforcementLevel(rule.level.value), remediation_steps=rule.mend)


def _of_stack(rule: Rule) -> StackValidationPolicy:
    check = rule.of_stack
    assert check

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        def run() -> None:
            for wrong, urn in check([_resource(one) for one in args.resources], _options(args)):
                report(f"{wrong}. {rule.mend}.", urn)

        _run(run)

    return StackValidationPolicy(
        rule.name, rule.description, validate, EnforcementLevel(rule.level.value), config_schema=_OPTIONS, remediation_steps=rule.mend
    )


def _options(args: StackValidationArgs) -> Options:
    named = (args.get_config() or {}).get(_PRODUCTION_STACKS)
    return Options() if named is None else Options(tuple(named))
