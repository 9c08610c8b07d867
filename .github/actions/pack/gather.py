"""Copy what a build packed into a folder, as packing here would have put it there. usage: gather.py FORMAT DESTINATION

npm: tarballs; pypi: wheels and source distributions; maven: versions of a Maven repository, wherever its root is.
environment: PACKED (lines: files or folders, or patterns of them), PACKED_ARTIFACT (names of artifacts of earlier jobs; nothing = none),
ARTIFACTS (folder with these)
"""

import glob
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "publish"))

import poms
from formats.maven import assets, read
from package import Refused

ENDINGS = {"npm": (".tgz",), "pypi": (".whl", ".tar.gz"), "cargo": (".crate",), "nuget": (".nupkg",)}


def matched(lines: list[str]) -> list[Path]:
    """What the lines match. Raises Refused for one that matches nothing."""
    found: list[Path] = []
    for line in lines:
        # As in a shell, a pattern leaves hidden files out; Path.glob does not.
        those = sorted(glob.glob(line, recursive=True))  # noqa: PTH207
        if not those:
            raise Refused(f"packed: got {line}, which matches nothing; expected what the build command made")
        found += map(Path, those)
    return found


def downloaded(name: str, folder: Path) -> list[Path]:
    """The folder with the artifacts of that name, if there is a name. Raises Refused if there are none."""
    if name and not folder.is_dir():
        raise Refused(f"packed-artifact: got {name}, which no artifact of this run is named; expected one that a job in `needs` uploaded")
    return [folder] if name else []


def _files(place: Path) -> Iterator[Path]:
    """Files of a folder, at any depth; hidden ones, which build tools leave there, are no packages."""
    for one in sorted(place.rglob("*")):
        if one.is_file() and not any(part.startswith(".") for part in one.relative_to(place).parts):
            yield one


def files(format: str, places: list[Path]) -> Iterator[tuple[Path, str]]:
    """Each file, and its name. In a folder other files are left out; one that is named has to be a package. Raises Refused."""
    if format not in ENDINGS:
        raise Refused(f"got packed for format {format}; expected the input files, which names what the build made")
    endings = ENDINGS[format]
    for place in places:
        if place.is_dir():
            yield from ((one, one.name) for one in _files(place) if one.name.endswith(endings))
        elif place.name.endswith(endings):
            yield place, place.name
        else:
            raise Refused(f"packed: got {place}; expected {' or '.join(endings)} of format {format}")


def versions(places: list[Path]) -> Iterator[tuple[Path, str]]:
    """Each file of a Maven version, and its path in a repository, which its POM says. Raises Refused."""
    for place in places:
        if not place.is_dir():
            raise Refused(f"packed: got the file {place}; expected a folder that is laid out as a Maven repository")
        for pom in (one for one in _files(place) if one.suffix == ".pom"):
            group, artifact, version = poms.coordinates(read(pom))
            home = pom.resolve().parent
            tail = Path(*group.split("."), artifact, version)
            # What only the build knows (${revision}) or changes with it is refused where every package is.
            if not version.endswith("-SNAPSHOT") and "${" not in f"{group}{artifact}{version}" and not home.match(str(tail)):
                raise Refused(f"packed: not laid out as a Maven repository: {pom} is {group}:{artifact}:{version}; expected it in {tail}")
            depth = max(len(tail.parts), 3)
            path = Path(*home.parts[-depth:])
            yield from ((one, str(path / one.name)) for one in assets(home))


def gather(found: Iterator[tuple[Path, str]], destination: Path) -> None:
    """Copy each file to its path. Raises Refused if two have one path and other content."""
    for file, path in found:
        copy = destination / path
        if copy.exists() and copy.read_bytes() != file.read_bytes():
            raise Refused(f"packed: got two files {path} with different content; expected each once: let one job make it")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)


def main() -> int:
    format, destination = sys.argv[1], Path(sys.argv[2])
    lines = [line.strip() for line in os.environ["PACKED"].splitlines() if line.strip()]
    try:
        places = [*matched(lines), *downloaded(os.environ["PACKED_ARTIFACT"], Path(os.environ["ARTIFACTS"]))]
        gather(versions(places) if format == "maven" else files(format, places), destination)
    except Refused as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
