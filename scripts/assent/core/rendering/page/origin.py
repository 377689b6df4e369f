"""Where the version came from: who made it of what, and where to look that up."""

from collections.abc import Iterator

from assent.core.evidence import Origin, ReportFile
from assent.core.package import Container
from assent.core.rendering.markdown import code, details, link, table
from assent.core.rendering.page.consoles import (
    code_commit,
    image,
    s3_object,
    training_job,
    training_job_of,
)
from assent.core.rendering.page.layout import Layout
from assent.core.review import Review
from assent.core.timestamps import written

__all__ = ["origin_section"]

_SHOWN_REPORTS = 20
_LEFT_OUT = (
    "Where it came from, and what could not be used, did not fit here: "
    "the record in this pull request holds all of it."
)
_FLATTENED = "flattened"
_LOOSE = "told from another by no more than that: S3 keeps neither a version nor a SHA-256 of it"


def origin_section(review: Review, layout: Layout) -> str:
    """The version's making in a table, and the reports behind this page, folded."""
    if not layout.origin:
        return _LEFT_OUT
    record = review.record
    package, partition = record.package, record.package.arn.split(":")[1:2]
    where = partition[0] if partition else ""
    rows = [
        ["package", code(package.arn)],
        ["registered", f"{written(package.created)} by {_or_unknown(package.created_by)}"],
        *_told(_origin(review), package.arn, layout),
    ]
    for index, container in enumerate(package.containers, start=1):
        number = f" {index}" if len(package.containers) > 1 else ""
        rows += _container(number, container, where, layout)
    rows += [
        ["evidence", f"collected {written(record.evidence.collected)}"],
        ["evidence digest", code(record.evidence.digest)],
    ]
    parts = ["### Where it came from", table(["", ""], rows), _reports(review, where, layout)]
    return "\n\n".join(part for part in parts if part)


def _origin(review: Review) -> Origin | None:
    """As the evidence has it; from what the registry says now, for records that lack it."""
    origin, seen = review.record.evidence.origin, review.seen
    if origin is not None or seen is None:
        return origin
    return Origin(
        made_by=seen.generated_by,
        commit=seen.commit,
        repository=seen.repository,
        description=seen.description,
    )


def _or_unknown(principal: str | None) -> str:
    return code(principal) if principal else "a principal that the platform does not name"


def _told(origin: Origin | None, arn: str, layout: Layout) -> Iterator[list[str]]:
    if origin is None:
        return
    if origin.made_by:
        yield ["made by", link(layout.said(origin.made_by), training_job(origin.made_by))]
    if origin.training_job and not origin.made_by.endswith(f"/{origin.training_job}"):
        page = training_job_of(origin.training_job, [origin.made_by, arn])
        yield ["training job", link(layout.said(origin.training_job), page)]
    name, address = code_commit(origin.repository, origin.commit)
    if address:
        yield ["code", link(code(name), address)]
    else:
        texts = (("code commit", origin.commit), ("repository", origin.repository))
        yield from ([label, layout.said(text)] for label, text in texts if text)
    if origin.description:
        yield ["description", layout.said(origin.description)]


def _container(
    number: str, container: Container, partition: str, layout: Layout
) -> Iterator[list[str]]:
    yield [f"container{number}", link(layout.said(container.image), image(container.image))]
    artifact = container.artifact
    if artifact is None:
        return
    page = s3_object(artifact.uri, artifact.version_id, partition) if layout.links else ""
    said = [link(layout.said(artifact.uri), page)]
    said += [f"{artifact.bytes:,} bytes"] if artifact.bytes is not None else ["size not known"]
    said += [f"ETag {layout.said(artifact.etag)}"] if artifact.etag else []
    said += [f"version {layout.said(artifact.version_id)}"] if artifact.version_id else []
    said += [code(f"sha256:{artifact.sha256}")] if artifact.sha256 else []
    said += [_LOOSE] if artifact.bytes is not None and not artifact.is_fixed else []
    yield [f"artifact{number}", ", ".join(said)]


def _reports(review: Review, partition: str, layout: Layout) -> str:
    evidence = review.record.evidence
    rows = [_report("training", each, partition, layout) for each in evidence.reports]
    if evidence.inference is not None:
        where = f"inference in {code(evidence.inference.environment)}"
        rows += [_report(where, each, partition, layout) for each in evidence.inference.reports]
    if not rows:
        return ""
    listing = table(["of", "report", "read as", "file"], rows[:_SHOWN_REPORTS])
    over = len(rows) - _SHOWN_REPORTS
    more = f"\n\n{over} more are in the record itself." if over > 0 else ""
    return details(f"The reports behind this page ({len(rows)})", listing + more)


def _report(where: str, report: ReportFile, partition: str, layout: Layout) -> list[str]:
    page = s3_object(report.uri, report.version_id, partition) if layout.links else ""
    kept = "" if report.copy is None else f", kept as {layout.said(report.copy)}"
    digest = code(f"sha256:{report.sha256}")
    file = f"{link(layout.said(report.uri), page)}, {report.bytes:,} bytes, {digest}{kept}"
    return [where, report.kind.value, _shape(report), file]


def _shape(report: ReportFile) -> str:
    if report.shape is None:
        return ""
    if report.shape == _FLATTENED:
        return "flattened: shape not known"
    return code(report.shape)
