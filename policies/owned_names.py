"""What a team owns, written once in the catalog and used three times.

One parsed name gives the IAM resource pattern of the publish role, the pattern of the CodeArtifact package group and the test whether two
names overlap, so that the three can't drift apart.

Grammar, by format (a `*` stands last or not at all):

    npm      @scope/*      @scope/name      @scope/prefix-*   name   prefix-*
    pypi     name          prefix-*                             PEP 503 normalised
    maven    group:*       group:artifact
    cargo    name          prefix-*         prefix_*            as Cargo.toml has it
    nuget    name          prefix.*         prefix-*            in lower case, as CodeArtifact stores it
    generic  namespace/*   namespace/name   namespace/prefix-*

Names of swift and ruby packages are not in it: nothing here publishes them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


class Format(StrEnum):
    """A package format that teams publish, as CodeArtifact spells it."""

    NPM = "npm"
    PYPI = "pypi"
    MAVEN = "maven"
    CARGO = "cargo"
    NUGET = "nuget"
    GENERIC = "generic"


# npm: https://docs.npmjs.com/cli/configuring-npm/package-json#name (lower case, URL-safe, at most 214 characters with scope and slash)
NPM_PART = r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?"
_NPM_MAX = 214
# Names and namespaces of packages: https://docs.aws.amazon.com/codeartifact/latest/APIReference/API_DescribePackage.html
PART_MAX = 255
# PEP 503: lower case, runs of -_. become one hyphen; a name starts and ends with a letter or digit
_PYPI_NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"
# Maven: https://maven.apache.org/guides/mini/guide-naming-conventions.html; dots separate segments of a group
MAVEN_GROUP = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
_MAVEN_ARTIFACT = r"[A-Za-z0-9_-](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?"

# Crates, by the rule of crates.io (ASCII, a letter first, at most 64):
# https://doc.rust-lang.org/cargo/reference/registry-index.html#name-restrictions
_CRATE = r"[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9])?"
# NuGet: https://github.com/NuGet/NuGet.Client, PackageIdValidator (\w+([.-]\w+)*, at most 100), in the lower case that CodeArtifact stores
# and that policies and package groups have to name. https://docs.aws.amazon.com/codeartifact/latest/ug/nuget-name-normalization.html
_NUGET_ID = r"[a-z0-9_]+(?:[.-][a-z0-9_]+)*"
# Generic: CodeArtifact takes nearly everything; these are what shells, URLs and patterns leave alone.
GENERIC_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
# The longest name as the catalog has it, where the package manager has a limit of its own.
_MAX = {Format.NPM: _NPM_MAX, Format.CARGO: 64, Format.NUGET: 100}

# Formats whose names have no namespace; the company's namespaces are written alike.
ONE_PART = {
    Format.PYPI: re.compile(rf"(?P<prefix>{_PYPI_NAME}-)\*|(?P<name>{_PYPI_NAME})"),
    Format.CARGO: re.compile(rf"(?P<prefix>{_CRATE}[-_])\*|(?P<name>{_CRATE})"),
    Format.NUGET: re.compile(rf"(?P<prefix>{_NUGET_ID}[.-])\*|(?P<name>{_NUGET_ID})"),
}

_GRAMMAR: dict[Format, tuple[re.Pattern[str], str]] = {
    Format.NPM: (
        re.compile(
            rf"@(?P<namespace>{NPM_PART})/(?:(?P<all>\*)|(?P<begins>{NPM_PART}-)\*|(?P<scoped>{NPM_PART}))"
            rf"|(?P<prefix>{NPM_PART}-)\*|(?P<name>{NPM_PART})"
        ),
        "@scope/*, @scope/name, @scope/prefix-*, name or prefix-* (lower case)",
    ),
    Format.PYPI: (
        ONE_PART[Format.PYPI],
        "name or prefix-* (normalised as PEP 503: lower case, single hyphens)",
    ),
    Format.MAVEN: (
        re.compile(rf"(?P<namespace>{MAVEN_GROUP}):(?:(?P<all>\*)|(?P<scoped>{_MAVEN_ARTIFACT}))"),
        "group:* or group:artifact",
    ),
    Format.CARGO: (
        ONE_PART[Format.CARGO],
        "name, prefix-* or prefix_* (as Cargo.toml has it)",
    ),
    Format.NUGET: (
        ONE_PART[Format.NUGET],
        "name, prefix.* or prefix-* (lower case)",
    ),
    Format.GENERIC: (
        re.compile(rf"(?P<namespace>{GENERIC_PART})/(?:(?P<all>\*)|(?P<prefix>{GENERIC_PART}-)\*|(?P<scoped>{GENERIC_PART}))"),
        "namespace/*, namespace/name or namespace/prefix-*",
    ),
}


@dataclass(frozen=True)
class OwnedName:
    """One owned name. `name` is the exact package name or, with `open_ended`, the prefix that owned names start with ("" = every name)."""

    format: Format
    namespace: str
    name: str
    open_ended: bool

    @property
    def text(self) -> str:
        """As the catalog has it."""
        name = f"{self.name}{'*' if self.open_ended else ''}"
        if self.format is Format.MAVEN:
            return f"{self.namespace}:{name}"
        if self.format is Format.GENERIC:
            return f"{self.namespace}/{name}"
        return f"@{self.namespace}/{name}" if self.namespace else name

    @property
    def arn_pattern(self) -> str:
        """FORMAT/NAMESPACE/NAME for a package ARN, with IAM's `*`; the namespace segment of a package without one is empty.

        https://docs.aws.amazon.com/codeartifact/latest/ug/auth-and-access-control-iam-identity-based-access-control.html
        """
        return f"{self.format}/{self.namespace}/{self.name}{'*' if self.open_ended else ''}"

    @property
    def group_pattern(self) -> str:
        """The package group that holds exactly these packages: `$` one package, `*` every name that starts so.

        A prefix takes `*` after a character that is no letter or digit, and an owned prefix ends in one; `~` stands after words only.
        https://docs.aws.amazon.com/codeartifact/latest/ug/package-group-definition-syntax-matching-behavior.html
        """
        return f"/{self.format}/{self.namespace}/{self.name}{'*' if self.open_ended else '$'}"

    @property
    def too_long(self) -> bool:
        """Whether AWS refuses the name, or the namespace, for its length."""
        return max(len(self.name), len(self.namespace)) > PART_MAX

    def owns(self, namespace: str, name: str) -> bool:
        """Whether a package (npm scope without `@`) has this name."""
        return namespace == self.namespace and (name.startswith(self.name) if self.open_ended else name == self.name)


def allowed(format: Format) -> str:
    """The grammar of a format, in words for an error message."""
    return _GRAMMAR[format][1]


def parse(format: Format, text: str) -> OwnedName:
    """Parse one entry of `owns`. Raises ValueError, with the grammar, for anything outside it."""
    match = _GRAMMAR[format][0].fullmatch(text)
    if match is None or len(text) > _MAX.get(format, len(text)):
        raise ValueError(f"not an owned name of format {format}; allowed: {allowed(format)}")
    part = match.groupdict()
    prefix = part.get("prefix") or part.get("begins")
    name = prefix or part.get("scoped") or part.get("name") or ""
    return OwnedName(format, part.get("namespace") or "", name, open_ended=bool(part.get("all") or prefix))


def suggestion(format: Format, text: str) -> str | None:
    """The owned name that `text`, which is none, was probably meant to be; None if nothing like it is one."""
    return next((one for one in _MEANT[format](text.strip()) if one != text and _parses(format, one)), None)


def _parses(format: Format, text: str) -> bool:
    try:
        parse(format, text)
    except ValueError:
        return False
    return True


def _meant_npm(text: str) -> Iterator[str]:
    """Upper case, a scope without its packages, a prefix without its hyphen, a scope without its `@`."""
    text = text.lower()
    scope, slash, name = text.partition("/")
    yield text
    if text.startswith("@"):
        yield f"{scope}/{name.partition('*')[0].rstrip('-._')}-*"
        yield f"{scope}/*"
    elif slash:
        yield f"@{text}"
        yield f"@{scope}/*"
    else:
        yield f"{text.partition('*')[0].rstrip('-._')}-*"


def _meant_pypi(text: str) -> Iterator[str]:
    """A name that is not normalised, a prefix without its hyphen."""
    start, wildcard, _ = text.lower().partition("*")
    normalised = re.sub(r"[-_.]+", "-", start)
    if not wildcard:
        yield normalised
    yield f"{normalised.strip('-')}-*"


def _meant_maven(text: str) -> Iterator[str]:
    """A group without its artifacts, with a wildcard of its own, or with a version."""
    group, _, artifact = text.partition(":")
    yield f"{group}:{artifact.partition(':')[0]}"
    yield f"{group.partition('*')[0].rstrip('.')}:*"


def _meant_cargo(text: str) -> Iterator[str]:
    """A prefix without its hyphen, a dot for one."""
    start, wildcard, _ = text.partition("*")
    start = re.sub(r"[^A-Za-z0-9_-]+", "-", start)
    if not wildcard:
        yield start
    yield f"{start}*"
    yield f"{start.rstrip('-_')}-*"


def _meant_nuget(text: str) -> Iterator[str]:
    """Upper case, a prefix without its dot."""
    start, wildcard, _ = text.lower().partition("*")
    if not wildcard:
        yield start
    yield f"{start.rstrip('-.')}.*"


def _meant_generic(text: str) -> Iterator[str]:
    """A namespace without its packages, written as npm or Maven write it, or with a wildcard of its own."""
    namespace, _, name = text.removeprefix("@").replace(":", "/").partition("/")
    yield f"{namespace}/{name}"
    yield f"{namespace.partition('*')[0].rstrip('-._')}/*"


_MEANT: dict[Format, Callable[[str], Iterator[str]]] = {
    Format.NPM: _meant_npm,
    Format.PYPI: _meant_pypi,
    Format.MAVEN: _meant_maven,
    Format.CARGO: _meant_cargo,
    Format.NUGET: _meant_nuget,
    Format.GENERIC: _meant_generic,
}


def without_variations(name: OwnedName) -> OwnedName:
    """The name in a form that all its variations share: case, separators and characters that look alike count in no part of it.

    A package that is a variation of what a more specific package group holds is blocked, whoever publishes it. Two exact names would
    each have their own group; they are kept apart too, as people take the one for the other, and crates that differ so are one to Rust.
    https://docs.aws.amazon.com/codeartifact/latest/ug/package-group-definition-syntax-matching-behavior.html#package-group-additional-variations
    https://doc.rust-lang.org/cargo/reference/registry-index.html#name-restrictions
    """
    return replace(name, namespace=_plain(name.namespace), name=_plain(name.name))


def _plain(text: str) -> str:
    """AWS does not list its confusable characters; of ASCII's, these are Unicode's. https://www.unicode.org/reports/tr39/#Confusable_Detection"""
    alike = text.lower().replace("0", "o").replace("1", "l").replace("rn", "m")
    return re.sub(r"[-_.]+", "-", alike)


def overlaps(one: OwnedName, other: OwnedName) -> bool:
    """Whether some package has both names; of names without variations, whether the package group of one blocks a package of the other."""
    if (one.format, one.namespace) != (other.format, other.namespace):
        return False
    if one.open_ended and other.open_ended:
        return one.name.startswith(other.name) or other.name.startswith(one.name)
    return one.owns(other.namespace, other.name) or other.owns(one.namespace, one.name)
