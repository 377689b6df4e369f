"""Untrusted text on one line, in as much room as a record has for it."""

from assent.core.registry_fields import one_line

__all__ = ["cut"]


def cut(text: str, limit: int) -> str:
    """Text on one line; a record writes it in ASCII, where other characters take six or more."""
    line = one_line(text, limit)
    while len(ascii(line)) - len("''") > limit:
        line = one_line(line, len(line) * 3 // 4)
    return line
