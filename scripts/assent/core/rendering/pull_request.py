"""A promotion's pull request: branch, title, labels, and the page that an approver decides on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from assent.core.evidence import ReportFile
from assent.core.gates import GateFails, GateHolds, GateResult, GateUnjudged, GateWaived
from assent.core.names import RecordId
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.parameters import Names
from assent.core.record import Decision, Record
from assent.core.registry_fields import derive_approval
from assent.core.rendering.inference import drift_alert, inference_section
from assent.core.rendering.markdown import code, table
from assent.core.rendering.metrics import Room, depth, measured, metrics_table, signed
from assent.core.review import Champion, ChampionState, ChampionUnread, Review
from assent.core.timestamps import written

__all__ = [
    "SUPERSEDED",
    "VOID",
    "branch_name",
    "environment_label",
    "labels",
    "pull_request_body",
    "title",
]

MAX_BODY = 60_000
"""GitHub takes 65,536 characters; the rest is room for what people add."""
_SHOWN_UNREAD = 40
_MAX_LABEL = 50
_LEFT_OUT = (
    "Where it came from, and what could not be used, did not fit here: "
    "the record in this pull request holds all of it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """How much of a page is shown."""

    metrics: Room
    """Of each table of metrics."""
    violations: Room
    whole: bool = True
    """Whether it also tells where the version came from, and what could not be used."""


_LAYOUTS = (
    _Layout(metrics=Room(shown=25, folded=175), violations=Room(shown=20, folded=80)),
    _Layout(metrics=Room(shown=25), violations=Room(shown=20, folded=80)),
    _Layout(metrics=Room(shown=25), violations=Room(shown=20)),
    _Layout(metrics=Room(shown=25), violations=Room(shown=20), whole=False),
    _Layout(metrics=Room(shown=8), violations=Room(shown=20), whole=False),
    _Layout(metrics=Room(shown=8), violations=Room(shown=5), whole=False),
)
"""Whole sections make room, the least needed first; nothing is cut within a table."""


_VERDICTS: Mapping[type[GateResult], str] = {
    GateHolds: "holds",
    GateFails: "**fails**",
    GateWaived: "**waived**",
    GateUnjudged: "**not to be judged**",
}


def branch_name(id_: RecordId, *, recreated: datetime | None = None) -> str:
    """The promotion's own branch; its name is the lock that keeps pull requests single.

    Args:
        id_: What is proposed.
        recreated: When the package was created, if an earlier one of its number was deleted and
            the plain name may have been used.
    """
    name = f"promote/{id_.environment}/{id_.model}/{id_.version}"
    if recreated is not None:
        name += "-" + written(recreated).replace("-", "").replace(":", "")
    return name


VOID = "assent: void"
"""Labels a closed pull request whose closing decided nothing and that cannot be reopened."""


SUPERSEDED = "assent: superseded"
"""Labels an open pull request whose version is older than one that is proposed, or live, there."""


def title(id_: RecordId, *, recreated: bool = False) -> str:
    """The pull request's title; names match a pattern that leaves nothing to escape."""
    what = f"Promote {id_.model} {id_.version} to {id_.environment}"
    return f"{what} (the package was created again)" if recreated else what


def labels(id_: RecordId) -> tuple[str, ...]:
    """The labels by which people find it."""
    wanted = ("assent", environment_label(id_.environment), f"model: {id_.model}")
    return tuple(label for label in wanted if label is not None and len(label) <= _MAX_LABEL)


def environment_label(name: str) -> str | None:
    """The label of everything that is proposed for an environment; None where it is too long."""
    label = f"environment: {name}"
    return label if len(label) <= _MAX_LABEL else None


def pull_request_body(review: Review) -> str:
    """The page: what is asked, the metrics, what merging does, where it came from, how to decide.

    Args:
        review: What it says.
    """
    record, champion, version = review.record, review.champion, review.seen
    body = ""
    for layout in _LAYOUTS:
        parts = [
            _headline(record, champion),
            _drift(record, layout),
            _warnings(record, champion),
            _standing(review),
            _inference(record, champion, layout),
            _metrics(record, champion, layout),
            _effects(record, version, champion, review.names),
            _origin(record, version) if layout.whole else _LEFT_OUT,
            _unread(record) if layout.whole else "",
            _how(record),
        ]
        body = "\n\n".join(part for part in parts if part) + "\n"
        if len(body) <= MAX_BODY:
            break
    return body


def _standing(review: Review) -> str:
    """What stands in the way now, and what else is proposed."""
    lines = [f"- {_VERDICTS[type(each)]}: gate {code(each.gate.id)}" for each in review.gates]
    lines += [f"- waits: {code(wait.why)}" for wait in review.waits]
    if review.newer is not None:
        version, url = review.newer.version, review.newer.pull_request
        lines.append(f"- version {version}, a newer one, is proposed too: {url}")
    return "\n".join(lines)


def _headline(record: Record, champion: ChampionState) -> str:
    id_ = record.id
    heading = f"## Promote {code(id_.model)} version {id_.version} to {code(id_.environment)}"
    return f"{heading}\n\n{_current_sentence(id_, champion)}"


def _current_sentence(id_: RecordId, champion: ChampionState) -> str:
    match champion:
        case None:
            return (
                f"Nothing is approved in {code(id_.environment)} yet: merging makes version "
                f"**{id_.version}** the first that inference there runs."
            )
        case ChampionUnread():
            return "What is live there could not be read, so this page cannot compare."
        case Champion(version=live) if live > id_.version:
            return (
                f"A newer version is live: **current stays {live}**. Merging only records that "
                f"version {id_.version} is approved too, as what a rollback would fall back to."
            )
        case Champion(version=live) if live == id_.version:
            return f"Version {live} is live there already, from an earlier package of this number."
        case Champion(version=live):
            return (
                f"Merging makes inference in {code(id_.environment)} run version "
                f"**{id_.version}** in place of **{live}**."
            )


def _drift(record: Record, layout: _Layout) -> str:
    inference = record.evidence.inference
    return "" if inference is None else drift_alert(inference, record.id.version, layout.violations)


def _warnings(record: Record, champion: ChampionState) -> str:
    lines = _without_metrics(record)
    whole = [part for part in record.evidence.unread if "://" in part.where]
    if whole and _measures(record):
        files = "file" if len(whole) == 1 else "files"
        lines.append(f"{len(whole)} {files} could not be used; the list is below.")
    match champion:
        case ChampionUnread(why=why):
            lines.append(f"What is live could not be read: {code(why)}")
        case Champion(metrics=None, version=live):
            lines.append(f"The record of version {live}, which is live, could not be read.")
        case _:
            pass
    if not lines:
        return ""
    return "> [!WARNING]\n" + "\n".join(f"> {line}\n>" for line in lines).rstrip("\n>")


def _measures(record: Record) -> bool:
    """Whether the page holds any metric."""
    inference = record.evidence.inference
    return bool(record.evidence.metrics or (inference is not None and inference.metrics))


def _without_metrics(record: Record) -> list[str]:
    """What to say where there are no metrics to judge by."""
    inference = record.evidence.inference
    if not _measures(record):
        return ["**No metric could be read.** Nothing on this page says how good it is."]
    if not record.evidence.metrics:
        return ["**No metric of training could be read.**"]
    if inference is not None and not inference.metrics:
        where = code(inference.environment)
        missing = f"**Batch inference in {where} left no metric.**"
        return [f"{missing} Nothing on this page says how good it was there."]
    return []


def _inference(record: Record, champion: ChampionState, layout: _Layout) -> str:
    inference = record.evidence.inference
    if inference is None:
        return ""
    return inference_section(inference, record.evidence.metrics, champion, layout.metrics)


def _metrics(record: Record, champion: ChampionState, layout: _Layout) -> str:
    metrics = record.evidence.metrics
    if not metrics:
        return ""
    live = champion.metrics if isinstance(champion, Champion) else None
    header = ["metric", f"version {record.id.version}"]
    if isinstance(champion, Champion) and live is not None:
        header += [f"version {champion.version} (live)", "difference"]
    rows = []
    for name in sorted(metrics, key=depth):
        metric = metrics[name]
        row = [code(name), measured(metric)]
        if live is not None:
            row += [measured(live.get(name)), signed(metric, live.get(name))]
        rows.append(row)
    heading = "### Metrics" if record.evidence.inference is None else "### Metrics of training"
    return f"{heading}\n\n{metrics_table(header, rows, layout.metrics)}"


def _effects(
    record: Record, version: ModelVersion | None, champion: ChampionState, names: Names
) -> str:
    id_ = record.id
    if version is None:
        return ""
    was = version.metadata.get(id_.environment, "not set")
    approval = derive_approval({id_.environment: Decision.APPROVED})
    rows = [
        [f"registry field {code(id_.environment)}", code(was), code(Decision.APPROVED.value)],
        ["registry approval status", code(version.approval.value), code(approval.value)],
        [
            f"parameter {code(names.current(id_.model))}",
            _live(champion),
            _becomes(id_, champion),
        ],
    ]
    if version.approval is not RegistryApproval.PENDING:
        rows = [row for row in rows if row[1] != row[2]]
    return "### What merging will do\n\n" + table(["what", "is", "becomes"], rows)


def _live(champion: ChampionState) -> str:
    match champion:
        case None:
            return "no version"
        case ChampionUnread():
            return "not readable"
        case Champion(version=live):
            return f"version {live}"


def _becomes(id_: RecordId, champion: ChampionState) -> str:
    match champion:
        case Champion(version=live) if live > id_.version:
            return f"stays version {live}"
        case ChampionUnread():
            return f"version {id_.version}, or stays where a newer one is live"
        case _:
            return f"version {id_.version}"


def _origin(record: Record, version: ModelVersion | None) -> str:
    package = record.package
    rows = [
        ["package", code(package.arn)],
        ["registered", f"{written(package.created)} by {_or_unknown(package.created_by)}"],
    ]
    told: tuple[tuple[str, str], ...] = ()
    if version is not None:
        told = (
            ("made by", version.generated_by),
            ("code commit", version.commit),
            ("repository", version.repository),
            ("description", version.description),
        )
    rows += [[label, code(text)] for label, text in told if text]
    for index, container in enumerate(package.containers, start=1):
        number = f" {index}" if len(package.containers) > 1 else ""
        rows.append([f"container{number}", code(container.image)])
        if container.artifact is not None:
            artifact = container.artifact
            size = f", {artifact.bytes:,} bytes" if artifact.bytes is not None else ""
            etag = f", ETag {code(artifact.etag)}" if artifact.etag else ""
            rows.append([f"artifact{number}", f"{code(artifact.uri)}{size}{etag}"])
    rows += [_report("report", report) for report in record.evidence.reports]
    if record.evidence.inference is not None:
        reports = record.evidence.inference.reports
        rows += [_report("inference report", report) for report in reports]
    rows.append(["evidence digest", code(record.evidence.digest)])
    return "### Where it came from\n\n" + table(["", ""], rows)


def _report(label: str, report: ReportFile) -> list[str]:
    kept = "" if report.copy is None else f", kept as {code(report.copy)}"
    return [f"{label}: {report.kind.value}", f"{code(report.uri)}, {report.bytes:,} bytes{kept}"]


def _or_unknown(principal: str | None) -> str:
    return code(principal) if principal else "a principal that the platform does not name"


def _unread(record: Record) -> str:
    parts = record.evidence.unread
    if not parts:
        return ""
    rows = [[code(part.where), code(part.why)] for part in parts[:_SHOWN_UNREAD]]
    listing = table(["where", "why"], rows)
    over = len(parts) - len(rows)
    more = f"\n\n{over} more are in the record itself." if over > 0 else ""
    listed = f"{listing}{more}"
    if _measures(record):
        summary = f"What could not be used ({len(parts)})"
        return f"<details><summary>{summary}</summary>\n\n{listed}\n\n</details>"
    return f"### What could not be used\n\n{listed}"


def _how(record: Record) -> str:
    id_ = record.id
    return (
        "### How to decide\n\n"
        f"- **Approve**: a code owner of {code(f'promotions/{id_.environment}/')} approves this "
        "pull request, then merges it. The merge is what counts: a job then writes it to the "
        "registry and to Parameter Store.\n"
        "- **Reject**: a code owner closes this pull request without merging it; their last "
        f"comment before is the reason. The version then does not run in {code(id_.environment)}.\n"
        "- Do not edit the record's package or evidence: its digest would no longer fit, and the "
        "check would say so."
    )
