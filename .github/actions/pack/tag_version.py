"""What a release tag says: a version, and of which package.

A tag is the version alone, or after the package's name: v1.2.3, 1.2.3, @acme/ui@1.2.3, ui@1.2.3, ui-v1.2.3, ui-1.2.3, ui/v1.2.3. A prefix
stands in place of the name. A version has a dot: v1, which moves with every release, is none.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from manifests import Refused

_VERSION = re.compile(r"v?([0-9]+(\.[0-9A-Za-z]+)+([-+._][0-9A-Za-z.+_-]+)?)")


def _version(tag: str, starts: Iterable[str]) -> str | None:
    for start in starts:
        found = _VERSION.fullmatch(tag.removeprefix(start)) if tag.startswith(start) else None
        if found:
            return found[1]
    return None


def _named(tag: str, called: Iterable[str]) -> str | None:
    return _version(tag, (f"{name}{mark}" for name in called for mark in ("@", "-", "/", "_")))


def chosen(tag: str, packages: Mapping[str, Sequence[str]], prefix: str = "") -> tuple[list[str], str]:
    """Those of the packages (key -> names, the full one first) that a tag is about, and the version that it says.

    A tag with a package's name is about that one, any other about all of them. Raises Refused if it says no version of any of them, or if
    two packages are called as it says.
    """
    if prefix:
        version = _version(tag, (prefix,))
        found = list(packages)
    else:
        named = {key: version for key, called in packages.items() if (version := _named(tag, called))}
        if len(named) > 1:
            full = {key: version for key in named if (version := _named(tag, packages[key][:1]))}
            named = full if len(full) == 1 else named
        if len(named) > 1:
            raise Refused(
                f"the tag {tag} may be of {' or '.join(packages[key][0] for key in named)}; expected a tag with the full name of one"
            )
        version = next(iter(named.values()), None) or _version(tag, ("",))
        found = list(named) or list(packages)
    if version is None:
        whose = ", ".join(called[0] for called in packages.values())
        short = next(iter(packages.values()))[-1]
        expected = f"{prefix}1.2.3" if prefix else f"v1.2.3 or {short}-v1.2.3"
        raise Refused(f"the tag {tag} says no version of {whose}; expected one such as {expected}")
    return found, version
