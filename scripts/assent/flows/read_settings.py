"""Reads facts of the set-up one by one, so that what one credential may not see hides no other."""

from collections.abc import Callable
from typing import TypeVar

from assent.core.doctor.finding import Read, Unread
from assent.core.errors import AssentError
from assent.ports import CredentialsRefused, Unavailable

__all__ = ["read"]

T = TypeVar("T")


def read(ask: Callable[[], T], needs: str) -> Read[T]:
    """A fact, or why it could not be read.

    Args:
        ask: Reads it.
        needs: What the credentials have to be allowed, as a sentence.
    """
    try:
        return ask()
    except (Unavailable, CredentialsRefused) as error:
        return Unread(why=error.message, needs=error.hint or "Try again later.")
    except AssentError as error:
        return Unread(why=error.message, needs=needs)
