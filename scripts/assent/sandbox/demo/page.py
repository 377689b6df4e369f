"""A pull request's page, shortened for a terminal: chosen sections, tables in columns."""

import re
import textwrap
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby

__all__ = ["excerpt"]

_HEADING = re.compile(r"#{2,3} (?P<title>.*)")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_DETAILS = re.compile(r"<details>.*?</details>\n*", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->\n*", re.DOTALL)
_PROSE = 88
_SHORTEST = 6
"""Characters that stay of a cell that is cut."""
_NARROWEST = 14
"""Columns below which no cell is wrapped."""


def excerpt(
    page: str, *, sections: Sequence[str], metrics: Collection[str], width: int
) -> list[str]:
    """Lines of a page's headline and of some sections, in the page's order.

    The words are the page's own. Folded parts are left out, and so are the rows of other metrics;
    how many is said. Where a table is too wide, its header is wrapped, and then metrics' names lose
    their beginnings.

    Args:
        page: Markdown, as on GitHub.
        sections: The headings of the sections to show besides the headline.
        metrics: The names of the metrics to show, or the last parts of these.
        width: Columns that a line should have.
    """
    lines: list[str] = []
    shown = True
    plain = _COMMENT.sub("", _DETAILS.sub("", page))
    for is_table, block in groupby(plain.splitlines(), _is_row):
        if is_table:
            rows = [_cells(row) for row in block]
            if shown and rows[0][0] == "metric":
                lines += _metric_table(rows, metrics, width)
            elif shown:
                lines += _columns(rows, width)
            continue
        for line in block:
            heading = _HEADING.fullmatch(line)
            if heading is not None:
                shown = line.startswith("## ") or heading["title"] in sections
            if shown:
                lines += _wrapped(line, min(_PROSE, width))
    while lines and not lines[-1]:
        lines.pop()
    return list(_without_runs_of_blanks(lines))


def _is_row(line: str) -> bool:
    return line.startswith("|")


def _cells(row: str) -> list[str]:
    return [cell.strip().replace("&nbsp;", " ") for cell in _CELL_BORDER.split(row)[1:-1]]


def _metric_table(rows: Sequence[Sequence[str]], metrics: Collection[str], width: int) -> list[str]:
    head, rest = rows[:2], rows[2:]
    chosen = [row for row in rest if _is_named(row[0].strip("`"), metrics)]
    lines = _columns([*head, *chosen], width, shortened=True)
    over = len(rest) - len(chosen)
    return [*lines, f"… and {over} more rows"] if over else lines


def _is_named(metric: str, names: Collection[str]) -> bool:
    return any(metric == name or metric.endswith(f".{name}") for name in names)


def _columns(rows: Sequence[Sequence[str]], width: int, *, shortened: bool = False) -> list[str]:
    """A table whose cells are padded; the second row tells which columns are flushed right.

    Args:
        rows: Its header, the row below that, and its body.
        width: Columns that a line should have.
        shortened: Whether cells of the first column lose their beginnings where there is too little
            room, so that each row stays one line; otherwise the widest columns' cells are wrapped.
    """
    right = [cell.endswith(":") for cell in rows[1]]
    head, body = [[cell] for cell in rows[0]], [list(row) for row in rows[2:]]
    if _over(head, body, width) > 0:
        head = [_heading(cell, [row[at] for row in body]) for at, cell in enumerate(rows[0])]
    over = _over(head, body, width)
    if shortened and over > 0:
        body = [[_without_beginning(row[0], body, over), *row[1:]] for row in body]
    widths = _widths(head, body)
    if not shortened:
        widths = _narrowed(widths, over)
    rule = [
        "-" * (room - flushed) + ":" * flushed for room, flushed in zip(widths, right, strict=True)
    ]
    lines = [line for row in body for line in _beside(_cells_wrapped(row, widths))]
    padded = [
        [
            cell.rjust(room) if flushed else cell.ljust(room)
            for cell, room, flushed in zip(row, widths, right, strict=True)
        ]
        for row in [*_beside(head), *lines]
    ]
    padded.insert(len(padded) - len(lines), rule)
    return [f"| {' | '.join(row)} |" for row in padded]


def _narrowed(widths: Sequence[int], over: int) -> list[int]:
    """Columns' widths with so much taken from the widest ones, as far as that goes."""
    found = list(widths)
    for _ in range(over):
        widest = max(range(len(found)), key=found.__getitem__)
        if found[widest] <= _NARROWEST:
            break
        found[widest] -= 1
    return found


def _cells_wrapped(row: Sequence[str], widths: Sequence[int]) -> list[list[str]]:
    return [
        textwrap.wrap(cell, room, break_on_hyphens=False) or [""]
        for cell, room in zip(row, widths, strict=True)
    ]


def _beside(cells: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The lines of a row whose cells may have several."""
    most = max(map(len, cells))
    return list(zip(*([*cell, *[""] * (most - len(cell))] for cell in cells), strict=True))


def _widths(head: Sequence[Sequence[str]], body: Sequence[Sequence[str]]) -> list[int]:
    """Each column's; a header may have several lines."""
    return [
        max(3, *map(len, cell), *(len(row[at]) for row in body)) for at, cell in enumerate(head)
    ]


def _over(head: Sequence[Sequence[str]], body: Sequence[Sequence[str]], width: int) -> int:
    """How many columns a table has too many, its borders counted."""
    return sum(each + 3 for each in _widths(head, body)) + 1 - width


def _heading(cell: str, below: Iterable[str]) -> list[str]:
    """A header's lines, no wider than what stands below or its longest word."""
    room = max([*map(len, below), *map(len, cell.split()), 3])
    return textwrap.wrap(cell, room, break_on_hyphens=False) or [""]


def _without_beginning(cell: str, body: Sequence[Sequence[str]], over: int) -> str:
    """The end of a first cell, so that the column gets narrower by so many characters."""
    room = max(_SHORTEST, max(len(row[0]) for row in body) - over)
    return cell if len(cell) <= room else "…" + cell[1 - room :]


def _wrapped(line: str, width: int) -> list[str]:
    indent = "  " if line.startswith("- ") else "> " if line.startswith("> ") else ""
    return textwrap.wrap(line, width, subsequent_indent=indent) or [""]


def _without_runs_of_blanks(lines: Iterable[str]) -> Iterator[str]:
    before = ""
    for line in lines:
        if line or before:
            yield line
        before = line
