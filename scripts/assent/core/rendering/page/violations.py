"""What the reports say was wrong with the data or the model, of training and of inference."""

from collections.abc import Sequence

from assent.core.evidence import MAX_VIOLATIONS, ReportFile
from assent.core.rendering.markdown import code
from assent.core.rendering.page.layout import Layout, roomy_table
from assent.core.rendering.violations import VIOLATION_COLUMNS, violation_row
from assent.core.reports import Violation
from assent.core.review import Review

__all__ = ["violations_section"]


def violations_section(review: Review, layout: Layout) -> str:
    """A table for each run that had violations; that there were none only where a list says so."""
    evidence = review.record.evidence
    found = [_of("training", evidence.violations, evidence.reports, layout)]
    inference = evidence.inference
    if inference is not None:
        where = f"batch inference in {code(inference.environment)}"
        found.append(_of(where, inference.violations, inference.reports, layout))
    parts = [part for part in found if part]
    return "\n\n".join(["### Data and model quality", *parts]) if parts else ""


def _of(
    where: str, violations: Sequence[Violation], reports: Sequence[ReportFile], layout: Layout
) -> str:
    if violations:
        count = len(violations)
        more = "at least " if count >= MAX_VIOLATIONS else ""
        rows = [violation_row(each, layout.text) for each in violations]
        noun = ("violation", "violations")
        listing = roomy_table(VIOLATION_COLUMNS, rows, layout.violations, noun)
        return f"**{more}{count} {noun[count > 1]} in {where}**\n\n{listing}"
    if any(report.lists_violations for report in reports):
        return f"No violation in {where}: its report lists none."
    return ""
