"""GitHub's refusals, as exceptions that the server turns into its JSON error bodies."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

ErrorDetail = str | Mapping[str, str]


class ApiError(Exception):
    """A request was refused; carries the status, the message and GitHub's error details.

    ``docs`` is the place in GitHub's reference that explains it, where the route's own does not.
    """

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        *,
        errors: Sequence[ErrorDetail] = (),
        headers: Mapping[str, str] | None = None,
        docs: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.docs = docs


def not_found(message: str = "Not Found") -> ApiError:
    """Return the answer for what does not exist, or must not be known to exist."""
    return ApiError(HTTPStatus.NOT_FOUND, message)


def bad_credentials() -> ApiError:
    """Return the answer to a token that nobody issued, or that has expired."""
    return ApiError(HTTPStatus.UNAUTHORIZED, "Bad credentials")


def forbidden(message: str) -> ApiError:
    """Return the answer to a caller who is known and may not."""
    return ApiError(HTTPStatus.FORBIDDEN, message)


def conflict(message: str) -> ApiError:
    """Return the answer to a precondition that no longer holds."""
    return ApiError(HTTPStatus.CONFLICT, message)


def not_allowed(message: str) -> ApiError:
    """Return the answer to a merge that may not happen now."""
    return ApiError(HTTPStatus.METHOD_NOT_ALLOWED, message)


def unprocessable(message: str, *errors: ErrorDetail) -> ApiError:
    """Return the answer to a request that was understood and makes no sense."""
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, message, errors=errors)


def invalid_request(detail: str) -> ApiError:
    """Return the answer to a body that does not have the documented shape."""
    return unprocessable(f"Invalid request.\n\n{detail}")


def missing_field(name: str) -> ApiError:
    """Return the answer to a body without a required field."""
    return invalid_request(f'"{name}" wasn\'t supplied.')


def validation_failed(*errors: ErrorDetail) -> ApiError:
    """Return the answer to values that break a rule of the resource."""
    return unprocessable("Validation Failed", *errors)


def custom_error(resource: str, message: str) -> Mapping[str, str]:
    """Describe a broken rule that has its own sentence."""
    return {"resource": resource, "code": "custom", "message": message}


def field_error(resource: str, field: str, code: str) -> Mapping[str, str]:
    """Describe a field that is ``invalid``, ``missing`` or ``already_exists``."""
    return {"resource": resource, "field": field, "code": code}
