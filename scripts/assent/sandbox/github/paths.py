"""Paths inside a repository, as callers send them."""

from assent.sandbox.github.errors import unprocessable


def checked_path(path: str, *, problem: str = "path") -> str:
    """Return a path that a tree can hold, or refuse it.

    Raises:
        ApiError: 422 for a path that is empty, absolute, or has a part that git forbids.
    """
    if path.startswith("/"):
        raise unprocessable(f"{problem} cannot start with a slash")
    parts = path.split("/")
    forbidden = {"", ".", "..", ".git"}
    if any(part.lower() in forbidden or "\0" in part for part in parts):
        raise unprocessable(f"{problem} contains a malformed path component")
    return path
