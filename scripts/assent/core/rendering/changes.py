"""Plans and receipts as text, Markdown and JSON values."""

from collections.abc import Iterable, Sequence
from typing import Any

from assent.core.names import RecordId
from assent.core.plan import Change, CurrentChange, Decide, Plan, Refuse, Restore
from assent.core.receipts import (
    ClosingRecorded,
    ClosingWithoutEffect,
    CurrentSet,
    DecisionApplied,
    Failed,
    MainRewritten,
    NotNotified,
    Receipt,
    Refused,
    RegistryRestored,
)
from assent.core.rendering.markdown import code, table
from assent.core.rendering.plain import plain
from assent.core.timestamps import written

__all__ = [
    "change_line",
    "plan_markdown",
    "plan_text",
    "plan_values",
    "receipt_line",
    "receipt_values",
    "receipts_summary",
]


_LIFTED = "unless a code owner broke the glass"


def change_line(change: Change) -> str:
    """One planned change on one line of plain text."""
    match change:
        case Decide():
            was = change.was or "not decided"
            return f"decide   {change.id}: {was} → {change.becomes}"
        case Restore():
            return f"restore  {change.id}: registry fields {', '.join(change.update.fields)}"
        case Refuse():
            lifted = "" if change.lifted is None else f" ({_LIFTED})"
            return f"refuse   {change.id}: {plain(change.detail)}{lifted} [{change.reason}]"
        case CurrentChange():
            return (
                f"current  {change.model} in {change.environment}: "
                f"{_version(change.was)} → {_version(change.becomes)}"
            )


def plan_text(plans: Sequence[Plan]) -> str:
    """Plans as text: a heading for each environment, a line for each change."""
    lines = []
    for plan in plans:
        count = len(plan.changes)
        changes = "no change" if not count else f"{count} {'change' if count == 1 else 'changes'}"
        lines.append(f"{plan.environment}: {changes}")
        lines += [f"  {change_line(change)}" for change in plan.changes]
    return "\n".join(lines)


def plan_markdown(plans: Sequence[Plan]) -> str:
    """Plans as Markdown, for a job's summary or a comment."""
    parts = []
    for plan in plans:
        parts.append(f"### {code(plan.environment)}")
        rows = [_markdown_row(change) for change in plan.changes]
        parts.append(table(["what", "is", "becomes"], rows) if rows else "No change.")
    return "\n\n".join(parts)


def _markdown_row(change: Change) -> list[str]:
    match change:
        case Decide():
            is_ = code(change.was) if change.was else "not decided"
            return [_markdown_id(change.id), is_, code(change.becomes)]
        case Restore():
            fields = ", ".join(code(field) for field in change.update.fields)
            return [_markdown_id(change.id), f"registry fields {fields} differ", "restored"]
        case Refuse():
            lifted = "" if change.lifted is None else f" ({_LIFTED})"
            detail = f"{code(change.detail)}{lifted}"
            return [_markdown_id(change.id), detail, f"refused ({change.reason})"]
        case CurrentChange():
            return [
                f"{code(change.model)} `current`",
                _version(change.was),
                _version(change.becomes),
            ]


def _markdown_id(id_: RecordId) -> str:
    return f"{code(id_.model)} {id_.version}"


def plan_values(plan: Plan) -> dict[str, Any]:
    """A plan as JSON values."""
    return {
        "environment": plan.environment,
        "changes": [_change_values(change) for change in plan.changes],
    }


def _change_values(change: Change) -> dict[str, Any]:
    match change:
        case Decide():
            return {
                "change": "decide",
                **_id_values(change.id),
                "was": change.was,
                "becomes": change.becomes,
                "blob": change.asked.blob,
            }
        case Restore():
            return {
                "change": "restore",
                **_id_values(change.id),
                "fields": list(change.update.fields),
            }
        case Refuse():
            return {
                "change": "refuse",
                **_id_values(change.id),
                "reason": change.reason,
                "detail": change.detail,
                "waits": change.lifted is not None,
            }
        case CurrentChange():
            return {
                "change": "current",
                "environment": change.environment,
                "model": change.model,
                "was": change.was,
                "becomes": change.becomes,
            }


def _id_values(id_: RecordId) -> dict[str, Any]:
    return {"environment": id_.environment, "model": id_.model, "version": id_.version}


def receipt_line(receipt: Receipt) -> str:
    """One receipt as plain text: a line, and a second where there is something to do."""
    match receipt:
        case DecisionApplied():
            return _decided_line(receipt)
        case ClosingRecorded():
            line = (
                f"closing  {receipt.id}: {receipt.becomes or 'open again'}, "
                f"by {plain(receipt.by)} in {receipt.pull_request}"
            )
            return f"{line}\n         {plain(receipt.reason)}" if receipt.reason else line
        case ClosingWithoutEffect():
            opened = ", opened again" if receipt.reopened else ""
            return (
                f"closing  {receipt.id}: decides nothing{opened}; {plain(receipt.why)}, "
                f"in {receipt.pull_request}"
            )
        case NotNotified():
            return f"not told {receipt.topic}: {plain(receipt.message)}"
        case MainRewritten():
            return (
                f"REWRITTEN main in {receipt.environment}: {receipt.applied[:12]}, which was "
                f"applied, is no part of {receipt.head[:12]}"
            )
        case RegistryRestored():
            return f"restored {receipt.id}: registry fields {', '.join(receipt.fields)}"
        case CurrentSet():
            return f"current  {receipt.model} in {receipt.environment}: {_moved(receipt)}"
        case Refused():
            return f"refused  {receipt.id}: {plain(receipt.detail)} [{receipt.reason}]"
        case Failed():
            line = f"failed   {receipt.what} in {receipt.environment}: {plain(receipt.message)}"
            return f"{line}\n         {plain(receipt.hint)}" if receipt.hint else line


def _decided_line(receipt: DecisionApplied) -> str:
    was = receipt.was or "not decided"
    by = f"by {', '.join(receipt.by)} in {receipt.pull_request}"
    lines = [f"decided  {receipt.id}: {was} → {receipt.becomes}, {by}"]
    if receipt.imported:
        lines.append("an import: no gate and no soak was judged")
    if receipt.broke_glass:
        lines.append(f"GLASS BROKEN by {plain(receipt.broke_glass)}: it did not wait")
    if receipt.waived:
        lines.append(f"waived: {', '.join(map(plain, receipt.waived))}")
    if receipt.restored:
        lines.append(f"put back: {', '.join(map(plain, receipt.restored))}")
    return "\n         ".join(lines)


def _moved(current: CurrentSet) -> str:
    if current.was == current.becomes:
        return f"{_version(current.becomes)}, written anew"
    return f"{_version(current.was)} → {_version(current.becomes)}"


def receipts_summary(receipts: Iterable[Receipt]) -> str:
    """How many of each, in words; says so where there was nothing to do."""
    found = list(receipts)
    if not found:
        return "nothing to do: everything is as main asks"
    words = {
        DecisionApplied: "decided",
        ClosingRecorded: "recorded of closings",
        ClosingWithoutEffect: "without effect",
        MainRewritten: "rewritten",
        RegistryRestored: "restored",
        CurrentSet: "current written",
        Refused: "refused",
        Failed: "failed",
        NotNotified: "not told",
    }
    counts = {kind: sum(isinstance(each, kind) for each in found) for kind in words}
    return ", ".join(f"{count} {words[kind]}" for kind, count in counts.items() if count)


def receipt_values(receipt: Receipt) -> dict[str, Any]:
    """A receipt as JSON values."""
    match receipt:
        case DecisionApplied():
            return {
                "receipt": "decided",
                **_id_values(receipt.id),
                "was": receipt.was,
                "becomes": receipt.becomes,
                "by": list(receipt.by),
                "at": written(receipt.at),
                "pull_request": receipt.pull_request,
                "commit": receipt.commit,
                "blob": receipt.blob,
                "evidence": receipt.evidence,
                "restored": list(receipt.restored),
                "waived": list(receipt.waived),
                "broke_glass": receipt.broke_glass or None,
                "imported": receipt.imported,
            }
        case ClosingRecorded():
            return {
                "receipt": "closing",
                **_id_values(receipt.id),
                "becomes": receipt.becomes,
                "by": receipt.by,
                "at": written(receipt.at),
                "pull_request": receipt.pull_request,
                "reason": receipt.reason,
                "restored": list(receipt.restored),
            }
        case ClosingWithoutEffect():
            return {
                "receipt": "closing-without-effect",
                **_id_values(receipt.id),
                "by": receipt.by,
                "pull_request": receipt.pull_request,
                "why": receipt.why,
                "reopened": receipt.reopened,
            }
        case NotNotified():
            return {
                "receipt": "not-notified",
                "environment": receipt.environment,
                "topic": receipt.topic,
                "message": receipt.message,
            }
        case MainRewritten():
            return {
                "receipt": "main-rewritten",
                "environment": receipt.environment,
                "applied": receipt.applied,
                "head": receipt.head,
            }
        case RegistryRestored():
            return {
                "receipt": "restored",
                **_id_values(receipt.id),
                "fields": list(receipt.fields),
            }
        case CurrentSet():
            return {
                "receipt": "current",
                "environment": receipt.environment,
                "model": receipt.model,
                "was": receipt.was,
                "becomes": receipt.becomes,
            }
        case Refused():
            return {
                "receipt": "refused",
                **_id_values(receipt.id),
                "reason": receipt.reason,
                "detail": receipt.detail,
            }
        case Failed():
            return {
                "receipt": "failed",
                "environment": receipt.environment,
                "what": receipt.what,
                "message": receipt.message,
                "hint": receipt.hint,
            }


def _version(version: int | None) -> str:
    return "no version" if version is None else str(version)
