"""What a backfill, or an import, is about to do or did: as text and JSON values."""

from collections.abc import Iterator, Sequence
from typing import Any

from assent.core.backfill import LeftOut
from assent.core.package import ModelVersion
from assent.core.rendering.imports import ImportOpened, ImportSettled
from assent.core.rendering.plain import plain
from assent.core.timestamps import written

__all__ = [
    "chosen_lines",
    "chosen_values",
    "import_line",
    "import_values",
    "left_out_lines",
    "left_out_values",
    "not_proposed_line",
    "not_proposed_values",
]


def chosen_lines(versions: Sequence[ModelVersion], where: str, doing: str) -> Iterator[str]:
    """A line for each version about which something is done.

    Args:
        versions: Which.
        where: The environment, or environments.
        doing: Such as `would propose`.
    """
    for each in versions:
        created = written(each.package.created)
        yield f"{doing} {each.arn.model} {each.arn.version} in {where} (registered {created})"


def left_out_lines(left: Sequence[LeftOut]) -> Iterator[str]:
    """A line for each version that is left out, with why."""
    for each in left:
        yield f"left out {each.model} {each.version}: {plain(each.why)}"


def chosen_values(versions: Sequence[ModelVersion]) -> list[dict[str, Any]]:
    """The versions as JSON values."""
    return [
        {
            "model": each.arn.model,
            "version": each.arn.version,
            "package": each.arn.text,
            "created": written(each.package.created),
        }
        for each in versions
    ]


def left_out_values(left: Sequence[LeftOut]) -> list[dict[str, Any]]:
    """What is left out, as JSON values."""
    return [{"model": each.model, "version": each.version, "why": each.why} for each in left]


def not_proposed_line(model: str, version: int, message: str, hint: str) -> str:
    """That a version could not be proposed, and why."""
    said = f" ({plain(hint)})" if hint else ""
    return f"{model} {version}: FAILED: {plain(message)}{said}"


def not_proposed_values(model: str, version: int, message: str, hint: str) -> dict[str, Any]:
    """The same as JSON values."""
    values = {"model": model, "version": version, "message": message, "hint": hint}
    return {"outcome": "failed", **values}


def import_line(outcome: ImportOpened | ImportSettled) -> str:
    """What came of an import, on a line; on more where topics were not told."""
    match outcome:
        case ImportOpened():
            lines = [f"{outcome.records} records: {outcome.url} ({outcome.attempt})"]
            lines += [
                f"not told {plain(each.topic)}: {plain(each.message)}"
                for each in outcome.not_notified
            ]
            return "\n".join(lines)
        case ImportSettled():
            return (
                f"nothing opened: {outcome.url}, which asked for the same, {plain(outcome.why)}; "
                "reopen it, or ask for others"
            )


def import_values(outcome: ImportOpened | ImportSettled | None) -> dict[str, Any] | None:
    """What came of an import, as JSON values."""
    match outcome:
        case None:
            return None
        case ImportOpened():
            return {
                "outcome": "opened",
                "pull_request": outcome.url,
                "records": outcome.records,
                "attempt": outcome.attempt,
                "not_notified": [
                    {"topic": each.topic, "message": each.message} for each in outcome.not_notified
                ],
            }
        case ImportSettled():
            return {"outcome": "settled", "pull_request": outcome.url, "why": outcome.why}
