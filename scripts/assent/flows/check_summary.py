"""What the summary of a check shows: the page of each promotion, from git alone."""

from dataclasses import replace

from assent.contracts import Contracts
from assent.core.codeowners import LOCATIONS
from assent.core.config import Config
from assent.core.findings import CheckReport
from assent.core.rendering.summary import MOST_PAGES, job_summary
from assent.core.review import Review
from assent.core.rules.subject import REGULAR_FILE
from assent.flows.assemble_review import files_beside, standing_beside
from assent.ports import History, TreeEntry

__all__ = ["summarise"]


def summarise(history: History, contracts: Contracts, report: CheckReport, *, room: int) -> str:
    """Write the summary of a verdict.

    Registry and parameters are not asked, so the pages say nothing of what they hold.

    Args:
        history: The clone.
        contracts: The schemas.
        report: The verdict.
        room: How many bytes the summary may have.
    """
    base, config = report.base, report.config
    shown = report.reviews
    if base is not None and config is not None:
        shown = tuple(
            _completed(review, history, contracts, base, config) if index < MOST_PAGES else review
            for index, review in enumerate(report.reviews)
        )
    return job_summary(report, shown, room=room)


def _completed(
    review: Review, history: History, contracts: Contracts, base: str, config: Config
) -> Review:
    """A review with what the base holds about the promotion besides."""
    id_ = review.record.id
    entries = history.lookup(base, files_beside(config, id_, None))
    files = {path: _content(history, entry) for path, entry in entries.items()}
    beside = standing_beside(id_, files, config=config, contracts=contracts)
    # Of a base without CODEOWNERS, the summary does not say that nobody may approve.
    known = any(location in files for location in LOCATIONS)
    owners = beside.owners if known else None
    return replace(review, below=beside.below, earlier=beside.earlier, owners=owners)


def _content(history: History, entry: TreeEntry) -> bytes | None:
    if entry.mode != REGULAR_FILE:
        return None
    ((_, content),) = history.blobs([entry.blob])
    return content
