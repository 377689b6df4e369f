"""Untrusted text for terminals and logs: shown, and nothing else done with it."""

import json
import re
from typing import Any

__all__ = ["json_text", "plain"]

# GitHub's runner obeys `##[` anywhere in a line, and `::` at its beginning.
_COMMAND = re.compile(r"##\[|^(\s*)::")


def plain(text: str) -> str:
    """Text as one line that moves no cursor, hides nothing and starts no workflow command.

    Line breaks, control characters, surrogates and characters that reorder or hide others are
    written as their escapes.
    """
    shown = "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )
    return _COMMAND.sub(_harmless, shown)


def _harmless(match: re.Match[str]) -> str:
    return "#\\x23[" if match[0] == "##[" else f"{match[1]}\\x3a:"


def json_text(values: Any) -> str:  # noqa: ANN401 - any JSON values
    """JSON values as indented ASCII that is safe in a log, and reads back equal."""
    text = json.dumps(values, indent=2)
    # Neither occurs outside of strings, where any character may be written as an escape.
    return text.replace("##[", "#\\u0023[").replace("\x7f", "\\u007f")
