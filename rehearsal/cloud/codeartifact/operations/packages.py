"""The packages that a repository holds. Upstream repositories do not count (User Guide)."""

from typing import Any

from rehearsal.cloud.codeartifact.operations.call import Call, described_coordinates, operation
from rehearsal.cloud.codeartifact.operations.pagination import page
from rehearsal.cloud.codeartifact.store import Package


@operation
def list_packages(call: Call) -> dict[str, Any]:
    _, repository = call.repository("ListPackages")
    matching = [package for package in repository.packages.values() if _matches(call, package)]
    chosen, more = page(call, matching, lambda package: list(package.coordinates))
    return {"packages": [summary(package) for package in chosen], **more}


def summary(package: Package) -> dict[str, Any]:
    return described_coordinates(package.coordinates) | {"originConfiguration": {"restrictions": dict(package.restrictions)}}


def _matches(call: Call, package: Package) -> bool:
    format, namespace, name = package.coordinates
    wanted = (call.get("format"), call.get("namespace"), call.get("publish"), call.get("upstream"))
    actual = (format, namespace, package.restrictions["publish"], package.restrictions["upstream"])
    return name.startswith(call.get("packagePrefix", "")) and all(w in (None, a) for w, a in zip(wanted, actual, strict=True))
