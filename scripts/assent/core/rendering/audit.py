"""An audit as a table, as JSON values and as CSV."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from assent.core.audit.gaps import Gap
from assent.core.audit.judge import Audit
from assent.core.audit.moment import LiveThen
from assent.core.audit.timeline import Event, EventKind, Live
from assent.core.errors import Exit
from assent.core.rendering.plain import plain
from assent.core.timestamps import written

__all__ = [
    "audit_csv",
    "audit_summary",
    "audit_text",
    "audit_values",
    "gaps_text",
    "live_csv",
    "live_text",
    "live_values",
]

_DIGITS = 12
_EVIDENCE = len("sha256:") + _DIGITS
_DETAIL = 300
_NONE = "-"


def audit_text(audit: Audit) -> str:
    """What happened, one line each below a header; then every gap, or that there is none."""
    header = (
        *("environment", "model", "version", "what", "by", "approved at", "merged", "applied"),
        *("pull request", "commit", "record", "evidence", "ended", "receipt", "trail"),
    )
    rows = [header, *(_row(each) for each in audit.events)]
    lines = [_aligned(rows)] if audit.events else []
    if audit.exit is Exit.NOTHING_READ:
        return audit_summary(audit)
    return "\n".join([*lines, gaps_text(audit.gaps), audit_summary(audit)])


def gaps_text(gaps: Sequence[Gap]) -> str:
    """Every gap by its name, one line each."""
    if not gaps:
        return "no gaps"
    return "\n".join(
        f"GAP  {each.kind}  {plain(each.where)}: {plain(_cut(each.detail))}" for each in gaps
    )


def audit_summary(audit: Audit) -> str:
    """How much was judged, and how it ended."""
    receipts = sum(len(each.receipts) for each in audit.readings)
    verdict = "1 gap" if len(audit.gaps) == 1 else f"{len(audit.gaps)} gaps"
    if audit.exit is Exit.NOTHING_READ:
        verdict = "nothing that was asked for is there, so nothing was judged"
    elif not audit.gaps:
        verdict = "the trail is whole"
    commits, tip = len(audit.material.trail.commits), audit.material.tip
    return (
        f"{verdict}: {len(audit.events)} events, {receipts} receipts, {commits} commits of main up "
        f"to {audit.material.head[:_DIGITS]}, receipts up to {(tip or 'none')[:_DIGITS]}"
    )


def _row(event: Event) -> tuple[str, ...]:
    counted = {each.by: each for each in event.approvals if each.counted}
    commits = ", ".join(each.commit[:_DIGITS] for each in counted.values())
    return (
        event.id.environment,
        event.id.model,
        str(event.id.version),
        _what(event),
        plain(", ".join(event.by)) or _NONE,
        plain(commits) or _NONE,
        _time(event.decided_at),
        _time(event.at) if event.kind is not EventKind.UNDECIDED else _NONE,
        plain(_short(event.pull_request)) or _NONE,
        plain(event.commit[:_DIGITS]) or _NONE,
        plain(event.blob[:_DIGITS]) or _NONE,
        plain(event.evidence[:_EVIDENCE]) or _NONE,
        _ended(event),
        _receipt(event),
        ", ".join(event.gaps) or "whole",
    )


def _what(event: Event) -> str:
    match event.kind:
        case EventKind.DECISION:
            said = str(event.decision)
        case EventKind.CLOSING:
            said = "closed: Rejected"
        case EventKind.REOPENING:
            said = "reopened"
        case EventKind.REFUSED:
            said = f"refused ({plain(event.reason.partition(':')[0])})"
        case _:
            said = event.kind.value
    said += " (import)" if event.imported else ""
    broken = f" (GLASS BROKEN by {plain(event.broke_glass)})" if event.broke_glass else ""
    waived = f" (waived: {plain(', '.join(event.waived))})" if event.waived else ""
    return said + broken + waived


def _ended(event: Event) -> str:
    if event.ended_at is None:
        return "live" if event.lives else _NONE
    return f"{_time(event.ended_at)} by {plain(event.ended_by)}"


def _receipt(event: Event) -> str:
    if not event.receipt:
        return _NONE
    number = event.receipt.rpartition("/")[2].removesuffix(".json").lstrip("0")
    return f"{plain(number)} (recovered)" if event.recovered else plain(number)


def _short(address: str) -> str:
    number = address.rpartition("/")[2]
    return f"#{number}" if number.isdecimal() else address


def _time(time: datetime | None) -> str:
    return _NONE if time is None else written(time)


def _cut(text: str) -> str:
    return text if len(text) <= _DETAIL else text[:_DETAIL] + "..."


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def audit_values(audit: Audit) -> dict[str, Any]:
    """Everything that is known of each event, and every gap, as JSON values."""
    material = audit.material
    scope = material.scope
    return {
        "schema": "assent/audit/v1",
        "read_at": written(material.read_at),
        "scope": {
            "environments": list(scope.environments),
            "model": scope.model,
            "version": scope.version,
            "since": _time_or_none(scope.since),
            "until": _time_or_none(scope.until),
        },
        "anchors": {
            "main": material.head,
            "receipts": material.tip,
            "heads": {
                each.environment: {
                    "sequence": each.receipts[-1].statement.sequence,
                    "receipt": each.receipts[-1].digest,
                }
                for each in audit.readings
                if each.receipts
            },
        },
        "exit": int(audit.exit),
        "events": [_event_values(each) for each in audit.events],
        "gaps": [_gap_values(each) for each in audit.gaps],
    }


def _event_values(event: Event) -> dict[str, Any]:
    return {
        "environment": event.id.environment,
        "model": event.id.model,
        "version": event.id.version,
        "event": event.kind.value,
        "decision": event.decision,
        "was": event.was,
        "at": written(event.at),
        "decided_at": _time_or_none(event.decided_at),
        "blob": event.blob or None,
        "commit": event.commit or None,
        "evidence": event.evidence or None,
        "pull_request": event.pull_request or None,
        "author": event.author or None,
        "by": list(event.by),
        "approvals": [
            {
                "by": each.by,
                "state": each.state,
                "at": written(each.at),
                "commit": each.commit,
                "blob": each.blob,
                "counted": each.counted,
                "why": each.why,
            }
            for each in event.approvals
        ],
        "reason": event.reason,
        "waived": list(event.waived),
        "broke_glass": event.broke_glass or None,
        "imported": event.imported,
        "before": None if event.before is None else dict(event.before),
        "after": None if event.after is None else dict(event.after),
        "live": [_live_values(each) for each in event.lives],
        "ended_at": _time_or_none(event.ended_at),
        "ended_by": event.ended_by or None,
        "receipt": event.receipt or None,
        "recovered": event.recovered,
        "gaps": [each.value for each in event.gaps],
    }


def _live_values(live: Live) -> dict[str, Any]:
    return {
        "since": written(live.since),
        "until": _time_or_none(live.until),
        "follower": live.follower,
        "unknown_until": _time_or_none(live.unknown_until),
    }


def _gap_values(gap: Gap) -> dict[str, Any]:
    return {
        "gap": gap.kind.value,
        "environment": gap.environment or None,
        "where": gap.where,
        "detail": gap.detail,
        "model": None if gap.id is None else gap.id.model,
        "version": None if gap.id is None else gap.id.version,
        "number": gap.number,
        "at": _time_or_none(gap.at),
    }


def _time_or_none(time: datetime | None) -> str | None:
    return None if time is None else written(time)


_EVENT_COLUMNS = (
    *("environment", "model", "version", "event", "decision", "at", "decided_at", "blob", "commit"),
    *("evidence", "pull_request", "author", "by", "approvals", "reason", "waived", "broke_glass"),
    "imported",
    *("live", "ended_at", "ended_by", "receipt", "recovered", "gaps"),
)


def audit_csv(audit: Audit) -> str:
    """One line an event, then one line a gap with `gap` in the column `event`."""
    rows: list[Sequence[object]] = [_EVENT_COLUMNS]
    for event in audit.events:
        values = _event_values(event)
        values["by"] = " ".join(event.by)
        values["approvals"] = " ".join(
            f"{each.by}@{each.commit[:_DIGITS]}" for each in event.approvals if each.counted
        )
        values["waived"] = " ".join(event.waived)
        values["live"] = " ".join(
            f"{written(each.since)}/{_time_or_none(each.until) or ''}" for each in event.lives
        )
        values["gaps"] = " ".join(event.gaps)
        rows.append([values[column] for column in _EVENT_COLUMNS])
    for gap in audit.gaps:
        values = dict.fromkeys(_EVENT_COLUMNS) | {
            "environment": gap.environment,
            "model": None if gap.id is None else gap.id.model,
            "version": None if gap.id is None else gap.id.version,
            "event": "gap",
            "at": _time_or_none(gap.at),
            "receipt": gap.where,
            "reason": _cut(gap.detail),
            "gaps": gap.kind.value,
        }
        rows.append([values[column] for column in _EVENT_COLUMNS])
    return _csv(rows)


class _Lines:
    """Collects what a CSV writer writes; the core has no files."""

    def __init__(self) -> None:
        self.text: list[str] = []

    def write(self, text: str) -> int:
        self.text.append(text)
        return len(text)


def _csv(rows: Iterable[Sequence[object]]) -> str:
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\n")
    for row in rows:
        writer.writerow([_cell(each) for each in row])
    return "".join(lines.text).removesuffix("\n")


def _cell(value: object) -> str:
    """A cell that is text to every spreadsheet, and on one line.

    One that begins like a formula would be computed.
    """
    if isinstance(value, bool):
        return str(value).lower()  # as in JSON
    text = "" if value is None else plain(str(value))
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text


def live_text(moment: datetime, found: Sequence[LiveThen]) -> str:
    """What was live at a moment, one line each below a header; or that nobody knows."""
    header = (
        *("environment", "model", "version", "since", "pull request", "by", "applied", "evidence"),
        "told by",
    )
    rows = [header, *(_live_row(each) for each in found)]
    if not found:
        return f"nothing is known to have been live at {written(moment)}"
    return f"live at {written(moment)}\n{_aligned(rows)}"


def _live_row(live: LiveThen) -> tuple[str, ...]:
    decided = live.decided
    return (
        live.environment,
        live.model,
        _version_then(live),
        _time(live.since),
        _NONE if decided is None else plain(_short(decided.pull_request)) or _NONE,
        _NONE if decided is None else plain(", ".join(decided.by)) or _NONE,
        _NONE if decided is None else _time(decided.applied_at),
        _NONE if decided is None else plain(decided.evidence[:_EVIDENCE]) or _NONE,
        plain(live.source) + ("" if live.unknown is None else f" ({_between(live.unknown)})"),
    )


def _version_then(live: LiveThen) -> str:
    if live.unknown is not None:
        return "unknown"
    return "none" if live.version is None else str(live.version)


def _between(unknown: tuple[datetime, datetime]) -> str:
    start, end = unknown
    return f"unknown between {written(start)} and {written(end)}"


def live_values(moment: datetime, found: Sequence[LiveThen]) -> dict[str, Any]:
    """What was live at a moment, as JSON values."""
    return {"at": written(moment), "live": [_live_then(each) for each in found]}


_LIVE_COLUMNS = (
    *("environment", "model", "version", "since", "pull_request", "by", "applied_at", "commit"),
    *("blob", "evidence", "receipt", "source", "unknown_from", "unknown_until", "gap", "detail"),
)


def _live_then(live: LiveThen) -> dict[str, Any]:
    decided = live.decided
    return {
        "environment": live.environment,
        "model": live.model,
        "version": live.version,
        "since": _time_or_none(live.since),
        "pull_request": None if decided is None else decided.pull_request,
        "by": [] if decided is None else list(decided.by),
        "applied_at": None if decided is None else written(decided.applied_at),
        "commit": None if decided is None else decided.commit,
        "blob": None if decided is None else decided.blob,
        "evidence": None if decided is None else decided.evidence,
        "receipt": None if decided is None else decided.receipt or None,
        "source": live.source,
        "unknown_from": None if live.unknown is None else written(live.unknown[0]),
        "unknown_until": None if live.unknown is None else written(live.unknown[1]),
    }


def live_csv(found: Sequence[LiveThen], gaps: Sequence[Gap]) -> str:
    """What was live at a moment, one line each; then one line a gap."""
    rows: list[Sequence[object]] = [_LIVE_COLUMNS]
    for each in found:
        values = _live_then(each)
        values["by"] = " ".join(values["by"])
        values["version"] = "unknown" if each.unknown is not None else each.version
        rows.append([values.get(column) for column in _LIVE_COLUMNS])
    for gap in gaps:
        values = {
            "environment": gap.environment,
            "model": None if gap.id is None else gap.id.model,
            "version": None if gap.id is None else gap.id.version,
            "source": gap.where,
            "gap": gap.kind.value,
            "detail": _cut(gap.detail),
        }
        rows.append([values.get(column) for column in _LIVE_COLUMNS])
    return _csv(rows)
