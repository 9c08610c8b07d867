"""Whether a requirement is for those who ask for an extra alone. usage: optional.py NAME REQUIREMENT. Exits with 0 if it is.

REQUIREMENT: as of satisfied.py. What its marker says of platforms and of Python is not looked at: who installs the package may have any.
"""

import re
import sys
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement


def _without_extra(marker: Any) -> bool:
    """Whether a marker may hold where no extra is asked for. A list is an OR of ANDs, as packaging parses it: [a, "and", b, "or", c]."""
    if isinstance(marker, tuple):
        left, operator, right = (str(getattr(one, "value", one)) for one in marker)
        if "extra" not in (left, right):
            return True
        # No extra has no name.
        return operator in ("!=", "not in")
    options: list[list[bool]] = [[]]
    for one in marker:
        if one == "or":
            options.append([])
        elif one != "and":
            options[-1].append(_without_extra(one))
    return any(all(option) for option in options)


def is_optional(name: str, requirement: str) -> bool:
    """Whether nobody gets this without an extra. What can't be read is not optional."""
    text = re.sub(r"^\((.*?)\)", r"\1", requirement.strip())
    try:
        marker = Requirement(f"{name}{text}").marker
    except InvalidRequirement:
        return False
    return marker is not None and not _without_extra(marker._markers)


if __name__ == "__main__":
    sys.exit(0 if is_optional(sys.argv[1], sys.argv[2]) else 1)
