"""Canonical JSON (RFC 8785) and digests over it."""

import hashlib
from typing import Any

import rfc8785

from assent.core.errors import AssentError

__all__ = ["Uncanonical", "canonical_json", "digest"]


class Uncanonical(AssentError):
    """A value that RFC 8785 cannot carry, such as NaN or an integer beyond 2**53."""


def canonical_json(value: Any) -> bytes:  # noqa: ANN401 - any JSON value, checked at run time
    """Serialise a JSON value in the one way that RFC 8785 defines.

    Raises:
        Uncanonical: The value holds something that JSON numbers or strings cannot carry exactly.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise Uncanonical(f"no canonical JSON for this value: {error}") from error


def digest(value: Any) -> str:  # noqa: ANN401 - as canonical_json
    """`sha256:` and the hexadecimal digest of the value's canonical JSON."""
    return "sha256:" + hashlib.sha256(canonical_json(value)).hexdigest()
