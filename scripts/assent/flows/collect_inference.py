"""Collect what a batch inference left: its reports read, judged whose they are, and added up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from assent.core.errors import AssentError
from assent.core.evidence import Inference, ReportFile
from assent.core.inference import CollectedInference, ExpectedFile, InferenceRun, UnusableReport
from assent.core.names import PackageArn
from assent.core.registry_fields import one_line
from assent.core.reports import Report, ReportKind, Unreadable, Violation, parse_report
from assent.core.reports.violations import VIOLATIONS
from assent.core.selection import select_violations
from assent.core.timestamps import to_seconds
from assent.flows.read_reports import (
    ReadFile,
    Sum,
    kept,
    read_file,
    require_answer,
    unread_part,
)
from assent.ports import EvidenceStore, Missing, Reports

__all__ = ["CollectedInference", "collect_inference", "reassembled"]

MAX_FILES = 100
"""What a record holds; the schema says the same."""

_WRITE = (
    "Let the inference write it, and run the inference again. A report that need not be there has "
    "`required: false` in assent.yaml."
)
_MEND = "Mend what writes it, and run the inference again."
_OWN = (
    "Let the inference write reports of the version that it ran, with the model package group's "
    "name in `model` or without that key, and run it again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Usable:
    read: ReadFile
    report: Report


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missing:
    why: str = "it is missing"
    remedy: str = _WRITE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flawed:
    why: str
    remedy: str = _MEND


def collect_inference(
    run: InferenceRun,
    package_arn: PackageArn,
    reports: Reports,
    *,
    store: EvidenceStore | None = None,
) -> CollectedInference | UnusableReport:
    """Read every report that a batch inference was to leave.

    A required one that is missing, holds nothing, is too large, does not read or is of another
    model makes the run unusable, and then nothing is kept. An optional one may be missing;
    whatever else is wrong with it is named among the unread.

    Args:
        run: What ran, and the files to look for.
        package_arn: The version that it ran.
        reports: The files as the run's environment lets them be read.
        store: Where reports are kept that their own bucket keeps no versions of, if anywhere.

    Raises:
        AssentError: Only those from which nothing is known yet: S3 did not answer, or did not
            take the credentials; and whatever the store raises.
    """
    files = _each_once(run.files)
    if len(files) > MAX_FILES:
        why = f"the run names {len(files)} reports, and a record holds {MAX_FILES}"
        return UnusableReport(uri=files[MAX_FILES].uri, why=why, remedy="Report fewer files.")
    adding = _Adding()
    used: list[ReadFile] = []
    for file in files:
        match _judged(file, package_arn, reports):
            case _Usable() as judged:
                used.append(judged.read)
                adding.add(file.kind, judged.report)
            case (_Missing() | _Flawed()) as flaw if file.required:
                return UnusableReport(uri=file.uri, why=flaw.why, remedy=flaw.remedy)
            case _Flawed() as flaw:
                adding.found.unread.append(unread_part(f"{_named(file.kind)} {file.uri}", flaw.why))
            case _Missing():
                pass
    return adding.result(_begun(run), tuple(kept(each, store) for each in used))


def reassembled(
    inference: Inference, contents: Sequence[bytes], package_arn: PackageArn
) -> CollectedInference | UnusableReport:
    """What the report files of a batch inference give, read again.

    Args:
        inference: As a record has it.
        contents: Its report files, in the record's order.
        package_arn: The version that it ran.
    """
    adding = _Adding()
    for file, content in zip(inference.reports, contents, strict=True):
        report = _worth(content, file.kind, package_arn)
        if isinstance(report, _Flawed):
            return UnusableReport(uri=file.uri, why=report.why, remedy=report.remedy)
        adding.add(file.kind, report)
    return adding.result(inference, inference.reports)


def _named(kind: ReportKind) -> str:
    return f"inference {kind}"


class _Adding:
    """Adds up reports, in the order in which they count."""

    def __init__(self) -> None:
        self.found = Sum()
        self._shapes: list[str] = []
        self._violations: list[Violation] = []

    def add(self, kind: ReportKind, report: Report) -> None:
        """Add what a usable report holds."""
        self._shapes.append(report.shape)
        self._violations.extend(report.violations)
        self.found.add(report, _named(kind))

    def result(self, inference: Inference, files: Sequence[ReportFile]) -> CollectedInference:
        """The inference with what its reports hold together.

        Args:
            inference: What is known of the run itself.
            files: Those that were added, as a record has them.
        """
        listed, over = select_violations(self._violations, "inference violations")
        pairs = zip(files, self._shapes, strict=True)
        return CollectedInference(
            inference=replace(
                inference,
                reports=tuple(replace(file, shape=shape) for file, shape in pairs),
                metrics=dict(sorted(self.found.metrics.items())),
                violations=listed,
            ),
            unread=(*over, *self.found.unread),
        )


def _each_once(files: Iterable[ExpectedFile]) -> tuple[ExpectedFile, ...]:
    """Each address once, required if it is so anywhere; twice read, its violations count twice."""
    found: dict[str, ExpectedFile] = {}
    for file in files:
        first = found.setdefault(file.uri, file)
        found[file.uri] = replace(first, required=first.required or file.required)
    return tuple(found.values())


def _judged(file: ExpectedFile, arn: PackageArn, reports: Reports) -> _Usable | _Flawed | _Missing:
    try:
        read = read_file(file.kind, file.uri, reports)
    except AssentError as error:
        require_answer(error)
        if isinstance(error, Missing):
            return _Missing()
        return _Flawed(why=one_line(error.message, 400), remedy=error.hint or _MEND)
    report = _worth(read.content, file.kind, arn)
    return report if isinstance(report, _Flawed) else _Usable(read=read, report=report)


def _worth(content: bytes, kind: ReportKind, arn: PackageArn) -> Report | _Flawed:
    """What a file tells of the run, or why it tells nothing."""
    report = parse_report(content, kind)
    if isinstance(report, Unreadable):
        return _Flawed(why=report.why)
    objection = None if report.subject is None else report.subject.objection(arn)
    if objection is not None:
        return _Flawed(why=f"it is of another model: {objection}", remedy=_OWN)
    why = _shortcoming(report, kind)
    return report if why is None else _Flawed(why=why)


def _shortcoming(report: Report, kind: ReportKind) -> str | None:
    """Why a report that reads tells nothing; None where it tells something."""
    has_list = VIOLATIONS.id in report.shape.split("+")
    if has_list and not report.violations:
        # An empty list says that there are none; a list of something else says nothing.
        return None if report.lists_violations else "none of its violations can be read"
    if kind is ReportKind.VIOLATIONS and not has_list:
        return "it holds no list of violations, so it does not say that there are none"
    if report.metrics or report.violations or report.directions:
        return None
    return "it holds neither a metric nor a violation"


def _begun(run: InferenceRun) -> Inference:
    """What is known of a run itself."""
    return Inference(
        environment=run.environment,
        run=run.run,
        started=None if run.started is None else to_seconds(run.started),
        ended=None if run.ended is None else to_seconds(run.ended),
        instance_type=run.instance_type,
        instances=run.instances,
    )
