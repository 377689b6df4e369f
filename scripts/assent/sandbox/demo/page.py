"""A pull request's page, shortened for a terminal: chosen sections, tables in columns."""

import re
import textwrap
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby

__all__ = ["excerpt"]

_HEADING = re.compile(r"#{2,3} (?P<title>.*)")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_DETAILS = re.compile(r"<details>.*?</details>\n*", re.DOTALL)
_WIDTH = 88


def excerpt(page: str, *, sections: Sequence[str], metrics: Collection[str]) -> list[str]:
    """Lines of a page's headline and of some sections, in the page's order.

    The words are the page's own. Folded parts are left out, and so are the rows of other metrics;
    how many is said.

    Args:
        page: Markdown, as on GitHub.
        sections: The headings of the sections to show besides the headline.
        metrics: The last parts of the names of the metrics to show.
    """
    lines: list[str] = []
    shown = True
    for is_table, block in groupby(_DETAILS.sub("", page).splitlines(), _is_row):
        if is_table:
            rows = [_cells(row) for row in block]
            if shown and rows[0][0] == "metric":
                lines += _metric_table(rows, metrics)
            elif shown:
                lines += _columns(rows)
            continue
        for line in block:
            heading = _HEADING.fullmatch(line)
            if heading is not None:
                shown = line.startswith("## ") or heading["title"] in sections
            if shown:
                lines += _wrapped(line)
    while lines and not lines[-1]:
        lines.pop()
    return list(_without_runs_of_blanks(lines))


def _is_row(line: str) -> bool:
    return line.startswith("|")


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in _CELL_BORDER.split(row)[1:-1]]


def _metric_table(rows: Sequence[Sequence[str]], metrics: Collection[str]) -> list[str]:
    head, rest = rows[:2], rows[2:]
    chosen = [row for row in rest if row[0].strip("`").rpartition(".")[2] in metrics]
    lines = _columns([*head, *chosen])
    over = len(rest) - len(chosen)
    return [*lines, f"… and {over} more rows"] if over else lines


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table whose cells are padded; the second row tells which columns are flushed right."""
    right = [cell.endswith(":") for cell in rows[1]]
    words = [row for index, row in enumerate(rows) if index != 1]
    widths = [max(3, *(len(row[column]) for row in words)) for column in range(len(right))]
    rule = [
        "-" * (width - flushed) + ":" * flushed
        for width, flushed in zip(widths, right, strict=True)
    ]
    padded = [
        [
            cell.rjust(width) if flushed else cell.ljust(width)
            for cell, width, flushed in zip(row, widths, right, strict=True)
        ]
        for row in words
    ]
    return [f"| {' | '.join(row)} |" for row in (padded[0], rule, *padded[1:])]


def _wrapped(line: str) -> list[str]:
    indent = "  " if line.startswith("- ") else "> " if line.startswith("> ") else ""
    return textwrap.wrap(line, _WIDTH, subsequent_indent=indent) or [""]


def _without_runs_of_blanks(lines: Iterable[str]) -> Iterator[str]:
    before = ""
    for line in lines:
        if line or before:
            yield line
        before = line
