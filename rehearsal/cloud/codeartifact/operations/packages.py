"""Packages as a whole: what a repository holds, origin controls, deletion. Upstream repositories do not count (User Guide)."""

from typing import Any

from rehearsal.cloud.codeartifact.lookup import existing_package
from rehearsal.cloud.codeartifact.operations.call import Call, described_coordinates, operation
from rehearsal.cloud.codeartifact.operations.pagination import page
from rehearsal.cloud.codeartifact.store import Package
from rehearsal.cloud.codeartifact.versions import delete_version


@operation
def list_packages(call: Call) -> dict[str, Any]:
    _, repository = call.repository("ListPackages")
    matching = [package for package in repository.packages.values() if _matches(call, package)]
    chosen, more = page(call, matching, lambda package: list(package.coordinates))
    return {"packages": [summary(package) for package in chosen], **more}


@operation
def describe_package(call: Call) -> dict[str, Any]:
    _, repository, coordinates = call.package("DescribePackage")
    package = existing_package(repository, coordinates)
    described = {key if key != "package" else "name": value for key, value in described_coordinates(coordinates).items()}
    return {"package": described | {"originConfiguration": origin_configuration(package)}}


@operation
def put_package_origin_configuration(call: Call) -> dict[str, Any]:
    _, repository, coordinates = call.package("PutPackageOriginConfiguration")
    package = repository.packages.setdefault(coordinates, Package(coordinates, {}))
    package.restrictions = dict(call.params["restrictions"])
    return {"originConfiguration": origin_configuration(package)}


@operation
def delete_package(call: Call) -> dict[str, Any]:
    domain, repository, coordinates = call.package("DeletePackage")
    package = existing_package(repository, coordinates)
    for version in list(package.versions):
        delete_version(call.service, domain, repository, coordinates, version)
    del repository.packages[coordinates]
    return {"deletedPackage": summary(package)}


def origin_configuration(package: Package) -> dict[str, Any]:
    return {"restrictions": dict(package.restrictions)}


def summary(package: Package) -> dict[str, Any]:
    return described_coordinates(package.coordinates) | {"originConfiguration": origin_configuration(package)}


def _matches(call: Call, package: Package) -> bool:
    format, namespace, name = package.coordinates
    wanted = (call.get("format"), call.get("namespace"), call.get("publish"), call.get("upstream"))
    actual = (format, namespace, package.restrictions["publish"], package.restrictions["upstream"])
    return name.startswith(call.get("packagePrefix", "")) and all(w in (None, a) for w, a in zip(wanted, actual, strict=True))
