"""What receipts say, by kind, read strictly: a receipt is hostile until it was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assent.core.names import RecordId, parse_path
from assent.core.record import Decision
from assent.core.statements import MalformedReceipt, Statement, StatementKind
from assent.core.timestamps import read_time

__all__ = [
    "ApprovalSaid",
    "CurrentSaid",
    "DecisionSaid",
    "OtherSaid",
    "RefusalSaid",
    "Said",
    "read_said",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalSaid:
    """A person's last word on a pull request, as the receipt recorded it."""

    by: str
    state: str
    at: datetime
    commit: str
    blob: str | None
    """The record's in that commit."""
    counted: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSaid:
    """A decision took effect: by merging, or by closing a pull request."""

    id: RecordId
    number: int
    """Which of the version's decisions there, from 1."""
    closing: bool
    """Whether a pull request was closed or reopened."""
    decision: Decision | None
    """None where it was reopened."""
    was: str | None
    blob: str
    commit: str
    evidence: str
    reason: str
    pull_request: str
    author: str
    """Who opened the pull request; empty where that is not known."""
    decided_at: datetime
    """When it was merged, closed or reopened."""
    by: tuple[str, ...]
    """Whose word counted."""
    approvals: tuple[ApprovalSaid, ...]
    waived: tuple[str, ...]
    broke_glass: str
    created: datetime | None
    """When the package was created."""
    aside: bool
    applied_at: datetime
    before: Mapping[str, str] | None
    """The registry's fields; None where that is not known."""
    after: Mapping[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentSaid:
    """`current` came to name another version."""

    model: str
    was: int | None
    becomes: int | None
    value: str | None
    """The parameter's whole text; None where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalSaid:
    """What main asked for did not happen."""

    id: RecordId
    reason: str
    detail: str
    blob: str
    pull_request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSaid:
    """What decides nothing: the registry restored, a closing without effect, a failure."""

    id: RecordId | None
    text: str
    by: tuple[str, ...] = ()
    """Who closed or reopened."""
    pull_request: str = ""


Said = DecisionSaid | CurrentSaid | RefusalSaid | OtherSaid


def read_said(name: str, statement: Statement) -> Said:
    """What a receipt says.

    Args:
        name: Where it stands, for messages.
        statement: The receipt.

    Raises:
        MalformedReceipt: It does not say what receipts of its kind say.
    """
    what = statement.what
    try:
        match statement.kind:
            case StatementKind.DECISION:
                return _decision(statement, closing=False)
            case StatementKind.CLOSING:
                return _decision(statement, closing=True)
            case StatementKind.CURRENT:
                model = _id(statement, version=1).model
                return CurrentSaid(
                    model=model,
                    was=_version(what["was"]),
                    becomes=_version(what["becomes"]),
                    value=_text_or_none(what, "value"),
                )
            case StatementKind.REFUSED:
                return RefusalSaid(
                    id=_id(statement),
                    reason=_text(what, "reason"),
                    detail=_text(what, "detail"),
                    blob=_text(what, "blob"),
                    pull_request=_text(what, "pull_request"),
                )
            case StatementKind.REGISTRY_RESTORED | StatementKind.CLOSING_WITHOUT_EFFECT:
                told = what["fields"] if "fields" in what else what["why"]
                by = _text(what, "by")
                return OtherSaid(
                    id=_id(statement),
                    text=_joined(told),
                    by=(by,) if by else (),
                    pull_request=_text(what, "pull_request"),
                )
            case StatementKind.FAILED | StatementKind.NOT_NOTIFIED:
                return OtherSaid(id=None, text=_text(what, "message"))
            case StatementKind.MAIN_REWRITTEN:
                return OtherSaid(id=None, text=_text(what, "applied"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedReceipt(
            f"{name} does not say what a receipt of the kind {statement.kind} says ({error})"
        ) from error


def _decision(statement: Statement, *, closing: bool) -> DecisionSaid:
    what = statement.what
    decision, created = what["decision"], what.get("package_created")
    if (decision not in {Decision.REJECTED, None}) if closing else decision is None:
        raise ValueError(f"it cannot decide {decision}")
    return DecisionSaid(
        id=_id(statement),
        number=_number(what["number"]),
        closing=closing,
        decision=None if decision is None else Decision(decision),
        was=_text_or_none(what, "was"),
        blob=_text(what, "blob"),
        commit=_text(what, "commit"),
        evidence=_text(what, "evidence"),
        reason=_text(what, "reason"),
        pull_request=_text(what, "pull_request"),
        author=_text(what, "author"),
        decided_at=read_time(what["at"] if closing else what["merged_at"]),
        by=_logins(what["by"] if closing else what["approved_by"]),
        approvals=() if closing else tuple(_approval(each) for each in what["approvals"]),
        waived=_logins(what.get("waived", [])),
        broke_glass=_text(what, "broke_glass"),
        created=None if created is None else read_time(created),
        aside=what.get("aside") is True,
        applied_at=read_time(what["applied_at"]),
        before=_fields(what.get("before")),
        after=_fields(what.get("after")),
    )


def _approval(value: Mapping[str, Any]) -> ApprovalSaid:
    return ApprovalSaid(
        by=_text(value, "by"),
        state=_text(value, "state"),
        at=read_time(value["at"]),
        commit=_text(value, "commit"),
        blob=_text_or_none(value, "blob"),
        counted=value["counted"] is True,
        why=_text(value, "why"),
    )


def _id(statement: Statement, version: int | None = None) -> RecordId:
    what = statement.what
    number = _number(what["version"]) if version is None else version
    id_ = RecordId(statement.environment, _text(what, "model"), number)
    if parse_path(id_.path) != id_:
        raise ValueError("it names no model's version")
    return id_


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise TypeError("a number is none")
    return value


def _version(value: object) -> int | None:
    return None if value is None else _number(value)


def _text(what: Mapping[str, Any], name: str) -> str:
    """A text; what is absent or null is empty."""
    return _text_or_none(what, name) or ""


def _text_or_none(what: Mapping[str, Any], name: str) -> str | None:
    value = what.get(name)
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value


def _logins(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError("a list is none of texts")
    return tuple(value)


def _joined(value: object) -> str:
    return ", ".join(_logins(value))


def _fields(value: object) -> Mapping[str, str] | None:
    """The registry's fields before or after a write: those of `registry`, as texts."""
    if value is None:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("registry"), dict):
        raise TypeError("the registry's fields do not read")
    return {str(name): str(each) for name, each in value["registry"].items()}
