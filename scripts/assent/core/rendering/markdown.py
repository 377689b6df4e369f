"""Untrusted text as GitHub Flavored Markdown that shows it and does nothing else."""

import re
from collections.abc import Iterable, Sequence

__all__ = ["code", "table"]

_BACKTICKS = re.compile(r"`+")
_BAR = re.compile(r"(\\?)\|")


def code(text: str, limit: int = 300) -> str:
    """Untrusted text as a code span.

    Inside a code span neither Markdown, HTML, mentions, issue references nor links are read.
    Characters that hide or reorder text are written as their escapes, so that the reader sees
    them.

    Args:
        text: Anything at all.
        limit: Longer text is cut, visibly.
    """
    shown = "".join(_visible(character) for character in text[: limit + 1])
    if len(shown) > limit:
        shown = shown[:limit] + "..."  # after escaping: what is shown is what takes room
    if not shown.strip(" "):
        return "*(empty)*"
    longest = max((len(run) for run in _BACKTICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    # The spaces next to the fence are stripped by the reader; without them a backtick at the edge
    # would lengthen it.
    inner = f" {shown} " if "`" in shown or shown[0] == shown[-1] == " " else shown
    return fence + inner + fence


def _visible(character: str) -> str:
    if character == " " or (character.isprintable() and not character.isspace()):
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004 - the basic plane


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()
) -> str:
    """A table of cells that are Markdown already.

    Args:
        header: The columns' titles.
        rows: One sequence of cells a row, as many as the header has.
        right: Columns whose cells are aligned to the right.
    """
    aligned = set(right)
    rule = ["---:" if index in aligned else "---" for index in range(len(header))]
    lines = [header, rule, *([_BAR.sub(_escaped_bar, cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _escaped_bar(match: re.Match[str]) -> str:
    # A table is cut into cells before code spans are read, so a bar needs its backslash even there.
    # After another backslash readers disagree on whether it has one.
    return "\\\\u007c" if match[1] else "\\|"
