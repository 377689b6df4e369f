"""Says everything twice: on standard output, with style where that is a terminal; and in a log."""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

import click

__all__ = ["WIDTH", "Narrator", "columns", "is_styled"]

WIDTH = 100
"""Columns, where there is no terminal, or a wider one."""
_NARROWEST = 60
_PROSE = 84
_INDENT = "    "
_BAR = "  │ "


def is_styled(stream: TextIO) -> bool:
    """Whether a stream is a terminal whose user takes bold and dim letters."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and stream.isatty()


def columns() -> int:
    """How wide the terminal is, between 60 and 100 columns; 100 where there is none."""
    return max(_NARROWEST, min(WIDTH, shutil.get_terminal_size((WIDTH, 0)).columns))


class Narrator:
    """Plain sentences, commands, and what they print.

    Args:
        log: Takes everything that is said, and asides besides; never styled.
        styled: Whether standard output is.
        width: Columns that a line may have.
        interrupts: Whatever is in it keeps the next line from being said.
    """

    def __init__(
        self,
        log: TextIO,
        *,
        styled: bool,
        width: int = WIDTH,
        interrupts: Sequence[object] = (),
    ) -> None:
        self._log = log
        self._styled = styled
        self._width = width
        self._interrupts = interrupts
        self._quiet = False

    @property
    def room(self) -> int:
        """How many columns a line of a quotation has."""
        return self._width - len(_BAR)

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Say everything in the log alone, for the time."""
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False

    def heading(self, text: str) -> None:
        """Begin a step."""
        self._line("")
        self._line(text, bold=True)
        self._line("─" * len(text), dim=True)

    def say(self, text: str) -> None:
        """Say a paragraph, wrapped."""
        self._line("")
        prose = min(_PROSE, self._width)
        for line in textwrap.wrap(" ".join(text.split()), prose, break_on_hyphens=False):
            self._line(line)

    def command(self, line: str) -> None:
        """Show a command before what it prints."""
        self._line("")
        for each in _folded(f"  {line}", self._width, indent=_INDENT):
            self._line(each, bold=True)

    def output(self, text: str) -> None:
        """Show what something printed, indented; lines too long for it are folded."""
        for line in text.rstrip().lstrip("\n").splitlines():
            for each in _folded((_INDENT + line).rstrip(), self._width, indent=_INDENT + "  "):
                self._line(each)

    def listing(self, text: str) -> None:
        """Show lines that belong together, set off from what was said."""
        self._line("")
        self.output(text)

    def quote(self, lines: Iterable[str]) -> None:
        """Show part of a document beside a bar; lines too long for it are cut."""
        self._line("")
        for line in lines:
            self._line((_BAR + _cut(line, self.room)).rstrip(), dim=True)

    def table(self, text: str) -> None:
        """Show a table that something printed, indented; lines too long for it are cut."""
        for line in text.splitlines():
            self._line(_cut(_INDENT + line, self._width))

    def aside(self, text: str) -> None:
        """Write into the log alone."""
        for line in text.splitlines():
            self._log.write(f"{_printable(line)}\n")
        self._log.flush()

    def _line(self, line: str, *, bold: bool = False, dim: bool = False) -> None:
        if self._interrupts:
            raise KeyboardInterrupt
        plain = _printable(line)
        self.aside(plain or "\n")
        if self._quiet:
            return
        # A terminal that cannot show a character gets a question mark rather than an error.
        encoding = sys.stdout.encoding or "utf-8"
        shown = plain.encode(encoding, "replace").decode(encoding)
        if self._styled and (bold or dim):
            shown = click.style(shown, bold=bold or None, dim=dim or None)
        click.echo(shown, color=self._styled)


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _cut(line: str, room: int) -> str:
    return line if len(line) <= room else line[: room - 1] + "…"


def _folded(line: str, width: int, *, indent: str) -> list[str]:
    if len(line) <= width:
        return [line]
    return textwrap.wrap(
        line, width, subsequent_indent=indent, break_on_hyphens=False, drop_whitespace=True
    )
