"""A public source, into which nobody writes."""

from policies.actions import COPY, PUBLISH
from policies.document import Statement, deny


def public_source_policy() -> list[Statement]:
    """A public source holds what its registry holds: a version put there by hand would reach everybody through shared, past promotion."""
    return [deny("NobodyWrites", (*PUBLISH, COPY), "*")]
