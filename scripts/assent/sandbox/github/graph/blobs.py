"""A file's content as GraphQL shows it."""

from assent.sandbox.github.graph.paging import Object

__all__ = ["blob_node"]

_LONGEST_TEXT = 512_000


def blob_node(oid: str, content: bytes) -> Object:
    """A file as GraphQL gives it: text only where it is text, cut where it is long."""
    binary = b"\0" in content[:8000]
    text = None if binary else content[:_LONGEST_TEXT].decode("utf-8", "replace")
    return {
        "__typename": "Blob",
        "oid": oid,
        "byteSize": len(content),
        "isBinary": binary,
        "isTruncated": len(content) > _LONGEST_TEXT,
        "text": text,
    }
