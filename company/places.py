"""Which files of a checkout are a company's. Everything else is the product's, and comes with a new version."""

from collections.abc import Iterator
from pathlib import Path

# Patterns below a checkout.
DATA = ("Pulumi.*.yaml", "catalog/**/*", "bootstrap/Pulumi.*.yaml", ".github/actions/registry/registry.json")
CONSTANTS = ".github/actions/registry/registry.json"
# The fictional company whose files the program ships with; its tests stand on them.
EXAMPLE = Path("tests", "companies", "acme")


def data(root: Path) -> dict[str, bytes]:
    """The company's files of a checkout: path below `root` -> content."""
    return {file.relative_to(root).as_posix(): file.read_bytes() for file in sorted(_files(root))}


def _files(root: Path) -> Iterator[Path]:
    for pattern in DATA:
        yield from (file for file in root.glob(pattern) if file.is_file() and "__pycache__" not in file.parts)


def of_the_example(root: Path) -> set[str]:
    """The company's files that are still the fictional company's, byte by byte."""
    example = data(root / EXAMPLE)
    return {path for path, content in data(root).items() if example.get(path) == content}


def is_the_example(root: Path) -> bool:
    """Whether this is the product's own checkout: nobody has made a company of it."""
    return data(root) == data(root / EXAMPLE)


def stacks(root: Path) -> list[str]:
    """Names of the stacks that have a file."""
    return sorted(file.name.split(".")[1] for file in root.glob("Pulumi.*.yaml"))


def bootstraps(root: Path) -> list[Path]:
    """The stack files of the bootstrap."""
    return sorted((root / "bootstrap").glob("Pulumi.*.yaml"))
