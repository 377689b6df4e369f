"""A check's report as the summary of a GitHub job: the promotions' pages, and the findings."""

from collections.abc import Iterator, Sequence

from assent.core.findings import CheckReport, Finding
from assent.core.rendering.findings import closing
from assent.core.rendering.markdown import code, table
from assent.core.rendering.pull_request import pull_request_body
from assent.core.review import Review

__all__ = ["MOST_PAGES", "job_summary"]

MOST_PAGES = 5
"""More promotions than that are named, not shown: nobody decides on so many at once."""
_MOST_ROWS = 200
_LONGEST = 600
"""Of a message or a remedy, in characters."""


def job_summary(report: CheckReport, reviews: Sequence[Review], *, room: int) -> str:
    """The verdict in a line, the page of each promotion, and a table of what was found.

    Args:
        report: The verdict.
        reviews: Those of the report, with whatever else their pages can say.
        room: How many bytes it may have; pages make room first, then findings.
    """
    for pages, rows in _layouts(min(len(reviews), MOST_PAGES), len(report.findings)):
        text = "\n\n".join(_parts(report, reviews, pages, rows)) + "\n"
        if len(text.encode()) <= room:
            return text
    return ""


def _layouts(pages: int, rows: int) -> Iterator[tuple[int, int]]:
    """How many pages and rows to show, most first."""
    most = min(rows, _MOST_ROWS)
    yield from ((count, most) for count in range(pages, -1, -1))
    while most:
        most //= 2
        yield 0, most


def _parts(report: CheckReport, reviews: Sequence[Review], pages: int, rows: int) -> Iterator[str]:
    yield f"# assent check: {closing(report)}"
    yield from (pull_request_body(review).strip("\n") for review in reviews[:pages])
    over = reviews[pages:]
    if over:
        names = ", ".join(code(str(review.record.id)) for review in over[:MOST_PAGES])
        more = f" and {len(over) - MOST_PAGES} more" if len(over) > MOST_PAGES else ""
        yield f"Without a page here: {names}{more}."
    if report.findings:
        yield "## Findings"
    if rows:
        yield table(
            ["", "rule", "where", "what, and what to do"],
            [_row(finding) for finding in report.findings[:rows]],
        )
    left = len(report.findings) - rows
    if left:
        yield f"{left} more {'is' if left == 1 else 'are'} in the job's log."


def _row(finding: Finding) -> list[str]:
    where = f"{finding.path}:{finding.line}"
    what = f"{code(finding.message, _LONGEST)}<br>{code(finding.remedy, _LONGEST)}"
    return [finding.severity.value, code(finding.rule), code(where), what]
