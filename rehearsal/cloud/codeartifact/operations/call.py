"""One call of an operation: its caller, its parameters, and the look-ups that every operation starts with.

Look-ups authorize first and say what does not exist only to those who may know.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evaluator.package_groups import NAMESPACE_REQUIRED, WITHOUT_NAMESPACE, Coordinates
from rehearsal.cloud.codeartifact.authorization import Principal, Target
from rehearsal.cloud.codeartifact.errors import invalid, not_found
from rehearsal.cloud.codeartifact.lookup import existing_package, repository_of
from rehearsal.cloud.codeartifact.service import Service
from rehearsal.cloud.codeartifact.store import Domain, PackageVersion, Repository

OPERATIONS: dict[str, Callable[["Call"], dict[str, Any]]] = {}


def operation(function: Callable[["Call"], dict[str, Any]]) -> Callable[["Call"], dict[str, Any]]:
    """Register a function as the operation of its name in camel case: `create_domain` is CreateDomain."""
    name: str = getattr(function, "__name__")  # noqa: B009 (a Callable need not have one)
    OPERATIONS[name.title().replace("_", "")] = function
    return function


@dataclass(frozen=True)
class Call:
    """A validated request of an authenticated principal."""

    service: Service
    principal: Principal
    params: Mapping[str, Any]

    @property
    def owner(self) -> str:
        """The account of the domain that the request is about."""
        return self.params.get("domainOwner") or self.principal.account

    @property
    def domain_name(self) -> str:
        return self.params["domain"]

    def get(self, name: str, default: Any = None) -> Any:
        return self.params.get(name, default)

    @property
    def targets(self) -> Any:
        """Builds what the request is authorized on."""
        return self.service.authorizer

    def allow(self, action: str, target: Target, context: Mapping[str, Any] | None = None) -> None:
        """AccessDeniedException unless the principal may do this action of CodeArtifact."""
        self.service.authorizer.require(self.principal, f"codeartifact:{action}", target, context)

    def domain(self, action: str) -> Domain:
        """The request's domain, authorized for `action` on it."""
        self.allow(action, self.targets.domain(self.owner, self.domain_name))
        return self.existing_domain()

    def repository(self, action: str, member: str = "repository") -> tuple[Domain, Repository]:
        """A repository that the request names, authorized for `action` on it."""
        self.allow(action, self.targets.repository(self.owner, self.domain_name, self.params[member]))
        return self.existing_repository(member)

    def package(self, action: str) -> tuple[Domain, Repository, Coordinates]:
        """The package that the request names, authorized for `action` on it; only its repository has to exist."""
        package = self.coordinates()
        self.allow(action, self.targets.package(self.owner, self.domain_name, self.params["repository"], package))
        return *self.existing_repository(), package

    def package_version(self, action: str) -> tuple[Domain, Repository, Coordinates, PackageVersion]:
        """The package version that the request names, authorized for `action` on the package."""
        domain, repository, package = self.package(action)
        version = existing_package(repository, package).versions.get(self.params["packageVersion"])
        if version is None:
            name = self.params["packageVersion"]
            raise not_found(f"Package version not found. Version '{name}' of {package.path} is not in repository '{repository.name}'.",
                            "package-version", name)  # fmt: skip
        return domain, repository, package, version

    def existing_domain(self) -> Domain:
        domain = self.service.store.domain(self.owner, self.domain_name)
        if domain is None:
            raise not_found(
                f"Domain not found. Domain '{self.domain_name}' owned by account '{self.owner}' does not exist.", "domain", self.domain_name
            )
        return domain

    def existing_repository(self, member: str = "repository") -> tuple[Domain, Repository]:
        domain = self.existing_domain()
        return domain, repository_of(domain, self.params[member])

    def coordinates(self) -> Coordinates:
        """The package of the request; ValidationException where its format demands or forbids a namespace."""
        format, namespace = self.params["format"], self.params.get("namespace", "")
        if namespace and format in WITHOUT_NAMESPACE:
            raise invalid(f"Packages of format {format} have no namespace.")
        if not namespace and format in NAMESPACE_REQUIRED:
            raise invalid(f"The namespace is required for packages of format {format}.")
        # CodeArtifact normalises these names in requests; Python's have to be normalised by whoever asks.
        name = self.params["package"].lower() if format == "nuget" else self.params["package"]
        return Coordinates(format, namespace, name)


def described_coordinates(package: Coordinates) -> dict[str, str]:
    """Format, namespace (where there is one) and name as most outputs have them."""
    return {"format": package.format, **({"namespace": package.namespace} if package.namespace else {}), "package": package.name}
