"""Which receipts a run owes: of what it did and refused, and of effects that have none yet."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from assent.core.approval import Shown
from assent.core.canonical import digest
from assent.core.current import named_version
from assent.core.errors import AssentError
from assent.core.names import RecordId
from assent.core.parameters import History, HistoryEntry, Names, entries_digest
from assent.core.receipt_book import Book
from assent.core.receipt_predicates import (
    RegistryFields,
    closing_values,
    current_values,
    decision_values,
    subjects_of,
    told_values,
)
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
from assent.core.record import Decision, Record
from assent.core.statements import StatementKind, Subject, statement_digest

__all__ = ["Due", "Happened", "LostEntry", "Recovering", "due_receipts", "models_of"]


Recovering = Callable[[RecordId, HistoryEntry], Shown | None]
"""Shows the approval of a decision that is in effect; None where nothing does."""


class LostEntry(AssentError):
    """A history does not hold what a run wrote into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What a run did in one environment, and what it found there."""

    names: Names
    receipts: Sequence[Receipt]
    """What it told and has not written yet, in its order."""
    histories: Mapping[RecordId, History]
    """As they are now, whole; of every version that the run was about."""
    currents: Mapping[str, str]
    """By model: the text of `current` now."""
    named: Collection[str] = ()
    """Models whose `current` this run wrote without a word: it says that nothing is approved."""
    registry: Mapping[RecordId, tuple[RegistryFields, RegistryFields]] = field(default_factory=dict)
    """What the registry showed before and after it was written."""
    record: Callable[[str], Record | None]
    """The record of a blob; None where it is not known any more."""
    recovery: Recovering = lambda _id, _entry: None
    """What shows the approval of a decision that has no receipt yet."""
    founded: Callable[[History], bool] = lambda _: False
    """Whether the approval in effect may count, though it has no receipt."""
    closed: Callable[[HistoryEntry], bool] = lambda _: False
    """Whether a pull request was closed or reopened as an entry without a receipt says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A receipt that is to be written."""

    kind: StatementKind
    what: Mapping[str, Any]
    subjects: tuple[Subject, ...] = ()
    recovered: bool = False
    source: Receipt | None = None
    """What the run told; None of an effect that was found without its receipt."""
    mark: Callable[[Book], Book]
    """The book with this receipt in its indexes."""


def models_of(happened: Happened) -> set[str]:
    """The models whose indexes tell what is due."""
    models = {id_.model for id_ in happened.histories} | set(happened.currents)
    for receipt in happened.receipts:
        match receipt:
            case CurrentSet():
                models.add(receipt.model)
            case Failed() | NotNotified() | MainRewritten():
                pass
            case _:
                models.add(receipt.id.model)
    return models


def due_receipts(book: Book, happened: Happened, now: datetime) -> list[Due]:
    """All that is due, in the order in which it is written: what was lost comes first.

    Args:
        book: What the receipts branch says.
        happened: What the run did and found.
        now: The time; a failure that goes on is told once a day.
    """
    return list(_Debts(book, happened, now).all())


class _Debts:
    def __init__(self, book: Book, happened: Happened, now: datetime) -> None:
        self._book = book
        self._happened = happened
        self._now = now
        self._failures: set[str] = set()
        """The keys of those that have come up."""
        self._refused: dict[RecordId, set[str]] = {}
        for each in happened.receipts:
            if isinstance(each, Refused):
                self._refused.setdefault(each.id, set()).add(_refusal_key(each))

    def all(self) -> Iterator[Due]:
        told = self._happened.receipts
        numbers = {index: self._number(each) for index, each in enumerate(told)}
        yield from self._lost({number for number in numbers.values() if number is not None})
        spoken = {each.model for each in told if isinstance(each, CurrentSet)}
        silent = sorted(self._happened.currents.keys() - spoken)
        yield from self._found(each for each in silent if each not in self._happened.named)
        for index, each in enumerate(told):
            place = numbers[index]
            due = self._decided(*place, each) if place is not None else self._told(each)
            if due is not None:
                yield due
        yield from self._found(each for each in silent if each in self._happened.named)

    def _number(self, receipt: Receipt) -> tuple[RecordId, int] | None:
        """Which entry of which history a run told of; None of anything but a decision.

        Raises:
            LostEntry: The history does not hold it; the next run finds out what it holds.
        """
        if not isinstance(receipt, DecisionApplied | ClosingRecorded):
            return None
        said = (receipt.becomes, receipt.pull_request, receipt.at)
        history = self._happened.histories.get(receipt.id)
        for number in range(len(history.entries) if history else 0, 0, -1):
            entry = history.entries[number - 1] if history else None
            if entry is not None and (entry.decision, entry.pull_request, entry.at) == said:
                return receipt.id, number
        raise LostEntry(f"the history of {receipt.id} does not hold what was just decided")

    def _lost(self, told: Collection[tuple[RecordId, int]]) -> Iterator[Due]:
        """Decisions without a receipt that an earlier run brought into effect, oldest first."""
        lost = [
            (entry.applied_at, id_, number)
            for id_, history in self._happened.histories.items()
            for number, entry in enumerate(history.entries, 1)
            if number > self._book.index(id_.model).decisions.get(id_.version, 0)
            and (id_, number) not in told
        ]
        for _, id_, number in sorted(lost):
            yield self._decided(id_, number, None)

    def _decided(self, id_: RecordId, number: int, source: Receipt | None) -> Due:
        entries = self._happened.histories[id_].entries
        entry = entries[number - 1]
        record = self._happened.record(entry.blob)
        is_closing = isinstance(source, ClosingRecorded) or (
            source is None and _is_closing(entry, record)
        )
        founded = source is not None or entry.decision is not Decision.APPROVED
        if is_closing:
            shown_closed = source is not None or self._happened.closed(entry)
            what = closing_values(id_, number, entry if shown_closed else replace(entry, by=()))
        else:
            told = source if isinstance(source, DecisionApplied) else None
            shown = (
                self._happened.recovery(id_, entry)
                if told is None
                else Shown(author=told.author, approvals=told.approvals)
            )
            what = decision_values(
                id_,
                number,
                entry,
                was=_standing(entries[: number - 1]),
                record=record,
                shown=shown,
                registry=None if told is None else self._happened.registry.get(id_),
            )
            if not founded and entry is self._happened.histories[id_].last:
                founded = self._happened.founded(self._happened.histories[id_])
        upto = entries_digest(entries[:number])
        return Due(
            kind=StatementKind.CLOSING if is_closing else StatementKind.DECISION,
            what=what,
            subjects=subjects_of(id_, entry.blob, record),
            recovered=source is None,
            source=source,
            mark=lambda book: book.with_index(
                book.index(id_.model).decided(id_.version, number, entries=upto, founded=founded)
            ),
        )

    def _found(self, models: Iterable[str]) -> Iterator[Due]:
        """A `current` that says something else than the last receipt about it."""
        for model in models:
            index = self._book.index(model)
            text = self._happened.currents[model]
            if index.current != _digest_of(text):
                yield self._current(
                    model,
                    was=index.named,
                    becomes=named_version(text),
                    recovered=model not in self._happened.named,
                )

    def _current(
        self,
        model: str,
        *,
        was: int | None,
        becomes: int | None,
        recovered: bool = False,
        source: Receipt | None = None,
    ) -> Due:
        text = self._happened.currents.get(model, "")
        sha256 = _digest_of(text)
        name = self._happened.names.current(model)
        return Due(
            kind=StatementKind.CURRENT,
            what=current_values(model, was=was, becomes=becomes, value=text),
            subjects=(Subject(name=name, digest={"sha256": sha256.removeprefix("sha256:")}),),
            recovered=recovered,
            source=source,
            mark=lambda book: book.with_index(
                replace(book.index(model), current=sha256, named=becomes)
            ),
        )

    def _told(self, receipt: Receipt) -> Due | None:
        match receipt:
            case CurrentSet():
                return self._current(
                    receipt.model, was=receipt.was, becomes=receipt.becomes, source=receipt
                )
            case Refused():
                return self._refusal(receipt)
            case Failed() | MainRewritten():
                return self._failure(receipt)
            case ClosingWithoutEffect():
                return _plain(StatementKind.CLOSING_WITHOUT_EFFECT, receipt)
            case RegistryRestored():
                return _plain(StatementKind.REGISTRY_RESTORED, receipt)
            case NotNotified():
                return _plain(StatementKind.NOT_NOTIFIED, receipt)
            case DecisionApplied() | ClosingRecorded():
                return None  # it has a place in a history

    def _refusal(self, receipt: Refused) -> Due | None:
        """A refusal, unless the last ones of the version were the same: it is tried every run."""
        id_ = receipt.id
        if _refusal_key(receipt) in self._book.index(id_.model).refused.get(id_.version, ()):
            return None
        keys = tuple(sorted(self._refused[id_]))

        def mark(book: Book) -> Book:
            index = book.index(id_.model)
            return book.with_index(replace(index, refused={**index.refused, id_.version: keys}))

        return Due(
            kind=StatementKind.REFUSED,
            what=told_values(receipt),
            subjects=subjects_of(id_, receipt.blob, None),
            source=receipt,
            mark=mark,
        )

    def _failure(self, receipt: Failed | MainRewritten) -> Due | None:
        """What goes wrong run after run, once a day."""
        failed = isinstance(receipt, Failed)
        kind = StatementKind.FAILED if failed else StatementKind.MAIN_REWRITTEN
        what = told_values(receipt)
        key = digest({"kind": kind.value, "what": what})
        if key in self._failures or self._book.is_told(key, self._now):
            return None
        self._failures.add(key)
        return Due(
            kind=kind,
            what=what,
            source=receipt,
            mark=lambda book: book.with_told(key, self._now),
        )


def _plain(
    kind: StatementKind, receipt: ClosingWithoutEffect | RegistryRestored | NotNotified
) -> Due:
    return Due(kind=kind, what=told_values(receipt), source=receipt, mark=lambda book: book)


def _refusal_key(receipt: Refused) -> str:
    what = told_values(receipt)
    return digest({key: what[key] for key in ("blob", "reason", "detail")})


def _digest_of(text: str) -> str:
    return statement_digest(text.encode())


def _standing(entries: Iterable[HistoryEntry]) -> Decision | None:
    """What was in effect after some entries."""
    counting = [entry for entry in entries if not entry.aside]
    return counting[-1].decision if counting else None


def _is_closing(entry: HistoryEntry, record: Record | None) -> bool:
    """Whether a closing or reopening made an entry, and no merge.

    What is closed would have become Approved; the record of a no that was merged says no itself,
    and is in every whole clone.
    """
    if entry.decision is None or entry.aside:
        return True
    if entry.decision is not Decision.REJECTED:
        return False
    return record is None or record.decision is Decision.APPROVED
