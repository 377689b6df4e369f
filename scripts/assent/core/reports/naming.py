"""Turns places in a report into metric names, and hostile text into one safe line."""

from __future__ import annotations

import unicodedata
from typing import Final, TypeAlias

__all__ = [
    "NAME_LIMIT",
    "PART_LIMIT",
    "WHOLE_FILE",
    "Parts",
    "Place",
    "counted",
    "name_refusal",
    "one_line",
    "shown_place",
]

PART_LIMIT: Final = 128
"""Characters that one part of a metric's name may have."""
NAME_LIMIT: Final = 256
"""Characters that a metric's whole name, dots included, may have."""
WHOLE_FILE: Final = "$"
"""The place of a remark about the file as a whole."""

_SHOWN_PART: Final = 48
_SHOWN_PLACE: Final = 256
# Control, format (bidirectional overrides among them), surrogate, line and paragraph separator.
_UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

Parts: TypeAlias = tuple[str, ...]
"""A metric's name in parts, outermost first."""
Place: TypeAlias = tuple[str | int, ...]
"""A place in a report: keys, and positions in lists from 0."""


def name_refusal(parts: Parts) -> str | None:
    """Say why these parts cannot name a metric; None when they can."""
    for part in parts:
        if not part:
            return "a part of its name is empty"
        if len(part) > PART_LIMIT:
            return f"a part of its name has {len(part)} characters, more than {PART_LIMIT}"
        if not _is_safe(part):
            return "a part of its name holds a control, format or separator character"
    length = sum(map(len, parts)) + len(parts) - 1
    if length > NAME_LIMIT:
        return f"its name has {length} characters, more than {NAME_LIMIT}"
    return None


def one_line(text: str, *, limit: int) -> str:
    r"""Shorten to `limit` characters, then escape what could leave the line or hide in it.

    The result may be longer than `limit`, since an escape such as `\u202e` takes six characters.
    """
    kept = text if len(text) <= limit else f"{text[: limit - 1]}…"
    if kept.isprintable() and "\\" not in kept:
        return kept
    return "".join(map(_escaped, kept))


def shown_place(place: Place) -> str:
    """Write a place as in `metrics.auc`, `violations[3]` or `['odd.key']`."""
    if not place:
        return WHOLE_FILE
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
            continue
        part = one_line(step, limit=_SHOWN_PART)
        if not part or part != step or any(mark in part for mark in ".[]'"):
            text += f"['{part}']"
        else:
            text += f".{part}" if text else part
    return text if len(text) <= _SHOWN_PLACE else f"{text[: _SHOWN_PLACE - 1]}…"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: `1 point`, `5 points`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _is_safe(text: str) -> bool:
    # str.isprintable is the quick answer: it is stricter, so only its "no" needs a closer look.
    return text.isprintable() or not any(map(_is_unsafe, text))


def _is_unsafe(character: str) -> bool:
    return unicodedata.category(character) in _UNSAFE_CATEGORIES


def _escaped(character: str) -> str:
    # The backslash too, so that an escape cannot be mistaken for text that looks like one.
    if character == "\\" or _is_unsafe(character):
        return character.encode("unicode_escape").decode("ascii")
    return character
