"""What the summary of a check shows: the page of each promotion, from git alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assent.contracts import Contracts
from assent.core.codeowners import Owner, OwnerKind, owners_of
from assent.core.config import Config
from assent.core.findings import CheckReport
from assent.core.names import PROMOTIONS, RecordId, parse_path
from assent.core.record import ParsedRecord, Record, parse_record
from assent.core.rendering.summary import MOST_PAGES, job_summary
from assent.core.review import Review
from assent.core.rules.subject import REGULAR_FILE
from assent.flows.ownership import codeowners
from assent.ports import History

__all__ = ["summarise"]

_TREND = 8
"""How many earlier versions a page shows."""


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
    shown: Sequence[Review] = report.reviews
    if base is not None and config is not None:
        shelf = _Shelf(history=history, contracts=contracts, head=base)
        shown = [
            _completed(review, shelf, config) if index < MOST_PAGES else review
            for index, review in enumerate(report.reviews)
        ]
    return job_summary(report, shown, room=room)


def _completed(review: Review, shelf: "_Shelf", config: Config) -> Review:
    """A review with what the base holds about the promotion besides."""
    id_ = review.record.id
    rung = config.below(id_.environment)
    below = None
    if rung is not None:
        below = next(shelf.records([RecordId(rung.name, id_.model, id_.version)]), None)
    return replace(
        review,
        below=below,
        earlier=shelf.earlier(RecordId(config.entry.name, id_.model, id_.version)),
        owners=shelf.owners(id_.path),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelf:
    """The base's records and owners."""

    history: History
    contracts: Contracts
    head: str
    """The base."""

    def records(self, ids: Sequence[RecordId]) -> Iterator[Record]:
        """Those of some records that there are and that read, in order."""
        entries = self.history.lookup(self.head, [id_.path for id_ in ids])
        for id_ in ids:
            entry = entries.get(id_.path)
            if entry is None or entry.mode != REGULAR_FILE:
                continue
            ((_, content),) = self.history.blobs([entry.blob])
            parsed = parse_record(content, self.contracts.promotion)
            if isinstance(parsed, ParsedRecord) and parsed.record.id == id_:
                yield parsed.record

    def earlier(self, id_: RecordId) -> tuple[Record, ...]:
        """The last records before one in its environment, lowest version first."""
        folder = f"{PROMOTIONS}/{id_.environment}/{id_.model}/"
        found = (parse_path(entry.path) for entry in self.history.entries(self.head, folder))
        before = sorted(each for each in found if each is not None and each < id_)
        return tuple(self.records(before[-_TREND:]))

    def owners(self, path: str) -> tuple[str, ...] | None:
        """Who may approve a path, as CODEOWNERS names them; None where there is no such file."""
        content = codeowners(self)
        return None if content is None else tuple(map(_named, owners_of(content, path)))


def _named(owner: Owner) -> str:
    return owner.name if owner.kind is OwnerKind.EMAIL else f"@{owner.name}"
