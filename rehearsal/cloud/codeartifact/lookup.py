"""Look-ups that answer ResourceNotFoundException; whoever calls has authorized first."""

from evaluator.package_groups import Coordinates
from rehearsal.cloud.codeartifact.errors import not_found
from rehearsal.cloud.codeartifact.store import Domain, Package, Repository


def repository_of(domain: Domain, name: str) -> Repository:
    """A domain's repository; ResourceNotFoundException if there is none of that name."""
    repository = domain.repositories.get(name)
    if repository is None:
        raise not_found(f"Repository not found. Repository '{name}' in domain '{domain.name}' does not exist.", "repository", name)
    return repository


def existing_package(repository: Repository, package: Coordinates) -> Package:
    """A repository's package; ResourceNotFoundException if it is not stored there (upstreams do not count)."""
    found = repository.packages.get(package)
    if found is None:
        raise not_found(
            f"Package not found in repository. Repository = {repository.name}, package = {package.path}", "package", package.name
        )
    return found
