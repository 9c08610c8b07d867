"""The one exception that the emulator's layers raise towards clients."""

from typing import Any

# HTTP statuses of CodeArtifact's modelled errors, and of the protocol-level ones that the model does not list.
STATUS = {
    "AccessDeniedException": 403,
    "ConflictException": 409,
    "InternalServerException": 500,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 402,
    "ThrottlingException": 429,
    "ValidationException": 400,
    "NotImplementedException": 501,
}


class ApiError(Exception):
    """A request that is refused: `code` as AWS names it, `message` for people, `fields` for the error shape's other members."""

    def __init__(self, code: str, message: str, status: int | None = None, **fields: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status if status is not None else STATUS.get(code, 400)
        self.fields = fields


def denied(message: str) -> ApiError:
    """403, AccessDeniedException."""
    return ApiError("AccessDeniedException", message)


def invalid(message: str, reason: str = "FIELD_VALIDATION_FAILED") -> ApiError:
    """400, ValidationException."""
    return ApiError("ValidationException", message, reason=reason)


def not_found(message: str, resource_type: str, resource_id: str) -> ApiError:
    """404, ResourceNotFoundException; resource_type is one of domain, repository, package, package-version, asset."""
    return ApiError("ResourceNotFoundException", message, resourceType=resource_type, resourceId=resource_id)


def conflict(message: str, resource_type: str, resource_id: str) -> ApiError:
    """409, ConflictException."""
    return ApiError("ConflictException", message, resourceType=resource_type, resourceId=resource_id)


def quota(message: str, resource_type: str, resource_id: str) -> ApiError:
    """402, ServiceQuotaExceededException."""
    return ApiError("ServiceQuotaExceededException", message, resourceType=resource_type, resourceId=resource_id)


def not_implemented(what: str) -> ApiError:
    """501: AWS may answer this, the emulator does not."""
    return ApiError("NotImplementedException", f"The local CodeArtifact does not implement {what}.")
