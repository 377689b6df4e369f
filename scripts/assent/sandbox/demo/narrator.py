"""Says everything twice: on standard output, with style where that is a terminal; and in a log."""

import os
import sys
import textwrap
from collections.abc import Iterable
from typing import TextIO

import click

__all__ = ["WIDTH", "Narrator", "is_styled"]

WIDTH = 100
"""Columns."""
_PROSE = 84
_INDENT = "    "
_BAR = "  │ "


def is_styled(stream: TextIO) -> bool:
    """Whether a stream is a terminal whose user takes bold and dim letters."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and stream.isatty()


class Narrator:
    """Plain sentences, commands, and what they print.

    Args:
        log: Takes everything that is said, and asides besides; never styled.
        styled: Whether standard output is.
    """

    def __init__(self, log: TextIO, *, styled: bool) -> None:
        self._log = log
        self._styled = styled

    def heading(self, text: str) -> None:
        """Begin a step."""
        self._line("")
        self._line(text, bold=True)
        self._line("─" * len(text), dim=True)

    def say(self, text: str) -> None:
        """Say a paragraph, wrapped."""
        self._line("")
        for line in textwrap.wrap(" ".join(text.split()), _PROSE, break_on_hyphens=False):
            self._line(line)

    def command(self, line: str) -> None:
        """Show a command before what it prints."""
        self._line("")
        for each in _folded(f"  {line}", WIDTH, indent=_INDENT):
            self._line(each, bold=True)

    def output(self, text: str) -> None:
        """Show what something printed, indented; lines too long for it are folded."""
        for line in text.rstrip().lstrip("\n").splitlines():
            for each in _folded((_INDENT + line).rstrip(), WIDTH, indent=_INDENT + "  "):
                self._line(each)

    def listing(self, text: str) -> None:
        """Show lines that belong together, set off from what was said."""
        self._line("")
        self.output(text)

    def quote(self, lines: Iterable[str]) -> None:
        """Show part of a document beside a bar; lines too long for it are cut."""
        self._line("")
        for line in lines:
            room = WIDTH - len(_BAR)
            cut = line if len(line) <= room else line[: room - 1] + "…"
            self._line((_BAR + cut).rstrip(), dim=True)

    def aside(self, text: str) -> None:
        """Write into the log alone."""
        for line in text.splitlines():
            self._log.write(f"{_printable(line)}\n")
        self._log.flush()

    def _line(self, line: str, *, bold: bool = False, dim: bool = False) -> None:
        plain = _printable(line)
        self.aside(plain or "\n")
        # A terminal that cannot show a character gets a question mark rather than an error.
        encoding = sys.stdout.encoding or "utf-8"
        shown = plain.encode(encoding, "replace").decode(encoding)
        if self._styled and (bold or dim):
            shown = click.style(shown, bold=bold or None, dim=dim or None)
        click.echo(shown, color=self._styled)


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _folded(line: str, width: int, *, indent: str) -> list[str]:
    if len(line) <= width:
        return [line]
    return textwrap.wrap(
        line, width, subsequent_indent=indent, break_on_hyphens=False, drop_whitespace=True
    )
