"""The parameter `current`: what it may name, and its text."""

from collections.abc import Mapping

from assent.core.names import RecordId
from assent.core.parameters import (
    NAMED_APPROVERS,
    Current,
    HistoryEntry,
    UnreadableParameter,
    parse_current_version,
    write_current,
)
from assent.core.record import Decision, Record

__all__ = ["candidates", "current_text", "largest_current", "named_version"]


def candidates(model: str, after: Mapping[RecordId, Decision | None]) -> list[RecordId]:
    """Versions of a model that `current` may name, highest first: those Approved in effect."""
    return sorted(
        (
            id_
            for id_, decision in after.items()
            if id_.model == model and decision is Decision.APPROVED
        ),
        reverse=True,
    )


def current_text(
    environment: str, model: str, record: Record | None, entry: HistoryEntry | None
) -> str:
    """The text of `current` for a version in effect; None twice where there is none."""
    if record is None or entry is None:
        return write_current(environment, model, None)
    return write_current(environment, model, Current.of(record, entry))


def named_version(text: str | None) -> int | None:
    """The version that the text of `current` names; None where it names none or does not read."""
    if text is None:
        return None
    try:
        return parse_current_version("current", text)
    except UnreadableParameter:
        return None


# The longest that a login, a repository's name and a pull request's address can be.
_LONGEST_LOGIN = "x" * 39
_LONGEST_ADDRESS = "x" * 200


def largest_current(record: Record, blob: str) -> str:
    """`current` for a record with as much approval beside it as a policy can ask for."""
    entry = HistoryEntry(
        decision=Decision.APPROVED,
        blob=blob,
        by=(_LONGEST_LOGIN,) * NAMED_APPROVERS,
        at=record.evidence.collected,
        applied_at=record.evidence.collected,
        pull_request=_LONGEST_ADDRESS,
        commit="0" * 40,
        evidence=record.evidence.digest,
    )
    return current_text(record.id.environment, record.id.model, record, entry)
