"""A batch inference that ended: its own facts, and the report files to look for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from assent.core.config import ExpectedReport
from assent.core.evidence import Inference, UnreadPart
from assent.core.names import shown
from assent.core.reports import ReportKind

__all__ = [
    "CollectedInference",
    "ExpectedFile",
    "InferenceRun",
    "UnusableReport",
    "expected_files",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedFile:
    """A report file that a batch inference may have left."""

    kind: ReportKind
    uri: str
    required: bool = True
    """Whether nothing is proposed without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceRun:
    """A batch inference with a version, as SageMaker or the pipeline that ran it describes it."""

    environment: str
    """Where it ran."""
    run: str
    """The transform job's ARN, or the name that a pipeline gave to its run: 1 to 256 characters
    on one line."""
    started: datetime | None = None
    ended: datetime | None = None
    instance_type: str | None = None
    instances: int | None = None
    files: tuple[ExpectedFile, ...] = ()
    """In the order in which their metrics and violations count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedInference:
    """What a batch inference adds to the evidence."""

    inference: Inference
    unread: tuple[UnreadPart, ...]
    """What could not be used of its files; however much that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusableReport:
    """A required file that tells nothing of the run, so that nothing is proposed."""

    uri: str
    why: str
    """What is wrong with it, as part of a sentence."""
    remedy: str
    """What to do, in a sentence."""

    @property
    def message(self) -> str:
        """Which file, why, and what to do, on one line."""
        return f"the report {shown(self.uri, 300)} cannot be used: {self.why}. {self.remedy}"


def expected_files(reports: Iterable[ExpectedReport], output: str) -> tuple[ExpectedFile, ...]:
    """The report files that an environment's configuration expects below a job's output.

    Args:
        reports: As `assent.yaml` lists them.
        output: The S3 address below which the job wrote, with or without a slash at its end.
    """
    folder = output.rstrip("/")
    return tuple(
        ExpectedFile(kind=each.kind, uri=f"{folder}/{each.path}", required=each.required)
        for each in reports
    )
