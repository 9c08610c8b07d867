"""NuGet: packages as dotnet pack writes them."""

from collections.abc import Iterator
from pathlib import Path

import nupkg
from package import Package, Refused, sha256


def packages(folder: Path) -> Iterator[Package]:
    """One of each package. Raises Refused."""
    for file in sorted(folder.glob("*.nupkg")):
        try:
            name, version = nupkg.coordinates(str(file))
        except nupkg.Refused as problem:
            raise Refused(str(problem)) from problem
        yield Package(
            namespace="",
            name=name,
            version=version,
            key=name,
            title=f"{name} {version}",
            called=(name,),
            folder="",
            assets={"package": sha256(file)},
            files=(file.name,),
        )
