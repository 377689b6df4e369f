"""Ids that git gives to content."""

import hashlib

__all__ = ["blob_id"]


def blob_id(content: bytes) -> str:
    """The id that git gives to a file's content."""
    # Git's own object format; SHA-1 here is an address, not a safeguard.
    head = f"blob {len(content)}\0".encode()
    return hashlib.sha1(head + content, usedforsecurity=False).hexdigest()
