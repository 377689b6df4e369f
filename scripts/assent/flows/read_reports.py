"""Read report files: hash them, keep the unversioned ones, and add up what they hold."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from assent.core.errors import AssentError
from assent.core.evidence import MAX_UNREAD, ReportFile, UnreadPart
from assent.core.fitting import MORE
from assent.core.metrics import Metric
from assent.core.registry_fields import one_line
from assent.core.reports import Report, ReportKind
from assent.ports import CredentialsRefused, EvidenceStore, Reports

__all__ = [
    "MAX_METRICS",
    "MAX_REPORT_BYTES",
    "ReadFile",
    "Sum",
    "capped",
    "kept",
    "read_file",
    "require_answer",
    "unread_part",
]

MAX_REPORT_BYTES = 5 * 1024 * 1024
MAX_METRICS = 1000
"""What a record holds; the schema says the same."""
_MAX_WHERE = 1400
_MAX_WHY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """A file's bytes, and what a record says of them."""

    content: bytes
    file: ReportFile


def read_file(
    kind: ReportKind, uri: str, reports: Reports, *, version_id: str | None = None
) -> ReadFile:
    """Read a report file, or one version of it.

    Raises:
        AssentError: It could not be read; `require_answer` tells which errors say nothing of it.
    """
    found = reports.read(uri, limit=MAX_REPORT_BYTES, version_id=version_id)
    return ReadFile(
        content=found.content,
        file=ReportFile(
            kind=kind,
            uri=uri,
            version_id=found.version_id,
            sha256=hashlib.sha256(found.content).hexdigest(),
            bytes=len(found.content),
        ),
    )


def require_answer(error: AssentError) -> None:
    """Let only those errors pass that say something of the file that was asked for.

    Raises:
        AssentError: The error itself: S3 did not answer, or did not take the credentials.
    """
    if error.retryable or isinstance(error, CredentialsRefused):
        raise error


def kept(read: ReadFile, store: EvidenceStore | None) -> ReportFile:
    """What a record says of a file; one without a version is first kept by its digest.

    Raises:
        AssentError: The store did not take it.
    """
    if store is None or read.file.version_id is not None:
        return read.file
    return replace(read.file, copy=store.keep(read.content, read.file.sha256))


@dataclass(slots=True, kw_only=True)
class Sum:
    """What several files hold together; of two metrics of one name the first counts."""

    metrics: dict[str, Metric] = field(default_factory=dict)
    unread: list[UnreadPart] = field(default_factory=list)

    def add(self, report: Report, named: str) -> None:
        """Add a report's metrics, and what could not be used of it.

        Args:
            report: As it was read.
            named: What to call it before a place in it.
        """
        for name, metric in report.metrics.items():
            if name in self.metrics:
                why = "an earlier report has a metric of this name; that one counts"
                self.unread.append(unread_part(f"{named} {name}", why))
            elif len(self.metrics) >= MAX_METRICS:
                why = (
                    f"a record holds {MAX_METRICS} metrics; "
                    "this and the rest of the report are over"
                )
                self.unread.append(unread_part(f"{named} {name}", why))
                break
            else:
                self.metrics[name] = metric
        self.unread.extend(
            unread_part(f"{named} {part.where}", part.why)
            for part in report.unread
            if not part.expected  # lists and alarm limits are in the report; nothing is missing
        )


def unread_part(where: str, why: str) -> UnreadPart:
    """Something that could not be used, in as many characters as a record holds."""
    return UnreadPart(where=one_line(where, _MAX_WHERE), why=one_line(why, _MAX_WHY))


def capped(parts: Iterable[UnreadPart]) -> tuple[UnreadPart, ...]:
    """As many parts as a record holds, the last of which counts those that are over."""
    found = tuple(parts)
    if len(found) <= MAX_UNREAD:
        return found
    kept_parts = found[: MAX_UNREAD - 1]
    rest = f"{len(found) - len(kept_parts)} more places; see the reports themselves"
    return (*kept_parts, UnreadPart(where=MORE, why=rest))
