"""What could not be used of the reports, each with its reason."""

from assent.core.rendering.markdown import details, table
from assent.core.rendering.page.alerts import measures
from assent.core.rendering.page.layout import Layout
from assent.core.review import Review

__all__ = ["unread_section"]


def unread_section(review: Review, layout: Layout) -> str:
    """A table, folded where there are metrics all the same."""
    parts = review.record.evidence.unread
    if not parts:
        return ""
    most = layout.unread.shown + layout.unread.folded
    rows = [[layout.said(part.where), layout.said(part.why)] for part in parts[:most]]
    listing = table(["where", "why"], rows)
    over = len(parts) - len(rows)
    more = f"\n\n{over} more are in the record itself." if over > 0 else ""
    if measures(review.record):
        return details(f"What could not be used ({len(parts)})", listing + more)
    return f"### What could not be used\n\n{listing}{more}"
