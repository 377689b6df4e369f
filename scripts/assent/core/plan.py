"""The difference between what main asks for and what is: the one diff that plan and apply share."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from assent.core.admission import admission
from assent.core.changes import (
    Actual,
    Asked,
    Change,
    CurrentChange,
    Decide,
    Deleted,
    Plan,
    Reason,
    Refuse,
    Restore,
    Rivals,
    Unfit,
    Wanted,
)
from assent.core.config import Config
from assent.core.current import candidates, current_text, largest_current, named_version
from assent.core.imports import is_import
from assent.core.names import RecordId
from assent.core.package import ModelVersion, package_differences
from assent.core.parameters import History, HistoryEntry
from assent.core.record import Decision, Record
from assent.core.registry_fields import RegistryUpdate, registry_update, withdrawal

__all__ = [
    "Actual",
    "Asked",
    "Change",
    "CurrentChange",
    "Decide",
    "Deleted",
    "Plan",
    "Reason",
    "Refuse",
    "Restore",
    "Rivals",
    "Unfit",
    "Wanted",
    "candidates",
    "changes_of",
    "concerns",
    "current_text",
    "diff",
    "in_order",
    "largest_current",
    "named_version",
    "package_differences",
    "registry_showing",
    "shown_decision",
    "untouched",
]


def diff(wanted: Iterable[Wanted], actual: Actual, *, config: Config) -> Plan:
    """Everything in which an environment differs from what main asks for.

    Each record that is to become Approved is judged as if those before it had taken effect, which
    is what is seen if their approvals can be proven.

    Args:
        wanted: The records in question, in any order.
        actual: What is; its histories cover all of `wanted`.
        config: The ladder, and what it demands of a record that is to become Approved.

    Raises:
        Unobserved: `actual` lacks what a record has to be judged by.
    """
    asked = in_order(wanted, actual)
    changes: list[Change] = []
    fresh: dict[RecordId, Decision] = {}
    for each in asked:
        found = changes_of(each, actual, config=config, risen=fresh)
        fresh |= {change.id: change.becomes for change in found if isinstance(change, Decide)}
        changes += found
    after = {id_: history.decision for id_, history in actual.histories.items()} | fresh
    changes += [
        change
        for model in sorted({each.id.model for each in asked} | set(actual.current))
        if (change := _current_change(model, actual, after, fresh)) is not None
    ]
    return Plan(environment=actual.environment, changes=tuple(changes))


def in_order(wanted: Iterable[Wanted], actual: Actual) -> list[Wanted]:
    """Records in the order in which they are decided: by model, then by version.

    Those of a model that gates compare come after its others, as main got them: what was merged
    before is what a later one is compared with.
    """
    places = {id_: place for place, id_ in enumerate(actual.rivals, start=1)}
    return sorted(wanted, key=lambda one: (one.id.model, places.get(one.id, 0), one.id))


def changes_of(
    wanted: Wanted, actual: Actual, *, config: Config, risen: Collection[RecordId]
) -> Sequence[Decide | Refuse | Restore]:
    """What one record asks for; what stays in effect beside it is shown by the registry.

    Args:
        wanted: The record.
        actual: What is.
        config: As for `diff`.
        risen: The records that took effect earlier in the same run.

    Raises:
        Unobserved: See `diff`.
    """
    return tuple(_changes(wanted, actual, config, risen))


def _changes(
    wanted: Wanted, actual: Actual, config: Config, risen: Collection[RecordId]
) -> Iterator[Decide | Refuse | Restore]:
    history, ladder = actual.histories[wanted.id], config.ladder
    decided = _decision(wanted, history, actual, config, risen)
    if decided is not None:
        yield decided
    if not config.registry.covers(wanted.id.model):
        return  # what the registry shows of it beside that is another repository's to say
    if isinstance(decided, Decide):
        seen = actual.versions.get(decided.id)
        if seen is not None and concerns(decided.asked.record, seen):
            return  # the registry then shows what is in effect
    else:
        restored = _restoration(wanted, history, actual, ladder)
        if restored is not None:
            yield restored
            return
    if untouched(wanted, history):
        return
    withdrawn = _withdrawal(wanted, actual, ladder)
    if withdrawn is not None:
        yield withdrawn


def untouched(wanted: Wanted, history: History) -> bool:
    """Whether the registry's approval is from before Assent, and an import of it is under way.

    It is not taken back because the import waits for a freeze, or for its approval: what runs by it
    would stop, and the import could never take effect. `drift` reports it meanwhile.
    """
    if not isinstance(wanted, Asked) or wanted.record.decision is not Decision.APPROVED:
        return False
    return is_import(wanted.record) and not history.entries


def _decision(
    wanted: Wanted,
    history: History,
    actual: Actual,
    config: Config,
    risen: Collection[RecordId],
) -> Decide | Refuse | None:
    match wanted:
        case Unfit():
            return Refuse(id=wanted.id, reason=Reason.RECORD_INVALID, detail=wanted.why)
        case Deleted():
            if history.decision is not Decision.APPROVED:
                return None
            return Refuse(
                id=wanted.id,
                reason=Reason.RECORD_DELETED,
                detail="the record was deleted, and a deletion decides nothing; "
                "put it back with status: Retired and a reason",
            )
        case Asked():
            decision = wanted.record.decision
            if history.holds(wanted.blob, decision):
                return None
            outside = config.registry.outside(wanted.id.model)
            # A no of what took effect here before is never held up.
            if outside is not None and (decision is Decision.APPROVED or not history.entries):
                return Refuse(id=wanted.id, reason=Reason.OUT_OF_SCOPE, detail=outside)
            if decision is Decision.APPROVED:
                return admission(wanted, actual, config=config, risen=risen)
            return Decide(id=wanted.id, was=history.decision, becomes=decision, asked=wanted)


def _restoration(
    wanted: Wanted, history: History, actual: Actual, ladder: Sequence[str]
) -> Restore | None:
    """What the registry should show of a decision, by whatever it came about."""
    seen = actual.versions.get(wanted.id)
    if seen is None:
        return None
    entry = shown_decision(history, _behind(wanted, history, actual), seen)
    if entry is None:
        return None
    update = registry_showing(
        seen, wanted.id, entry, elsewhere=actual.elsewhere.get(wanted.id, {}), ladder=ladder
    )
    return None if update is None else Restore(id=wanted.id, update=update)


def _behind(wanted: Wanted, history: History, actual: Actual) -> Record | None:
    """The record behind the decision in effect, if it was read."""
    if isinstance(wanted, Asked) and history.holds(wanted.blob, wanted.record.decision):
        return wanted.record
    return actual.records.get(wanted.id)


def shown_decision(
    history: History, record: Record | None, seen: ModelVersion
) -> HistoryEntry | None:
    """The decision that the registry must show of the package that it has now.

    What was decided on a package of this number that is gone says nothing of this one.

    Args:
        history: All decisions.
        record: The record behind the one in effect, if it is at hand.
        seen: The version as described.
    """
    entry = history.about(seen.package.created)
    if entry is None or entry is not history.last:
        # A yes is shown only while it is in effect; a no said aside is shown of its own package.
        return None if entry and entry.decision is Decision.APPROVED else entry
    if record and record.decision is entry.decision and not concerns(record, seen):
        return None
    return entry


def registry_showing(
    seen: ModelVersion,
    id_: RecordId,
    entry: HistoryEntry,
    *,
    elsewhere: Mapping[str, Decision],
    ladder: Sequence[str],
) -> RegistryUpdate | None:
    """What to send so that the registry shows a decision that is, or is becoming, effective."""
    return registry_update(
        seen,
        id_=id_,
        decision=entry.decision,
        elsewhere=elsewhere,
        by=entry.by,
        pull_request=entry.pull_request,
        ladder=ladder,
        reason=entry.reason,
    )


def _withdrawal(wanted: Wanted, actual: Actual, ladder: Sequence[str]) -> Restore | None:
    seen, history = actual.versions.get(wanted.id), actual.histories[wanted.id]
    if seen is None:
        return None
    entry = shown_decision(history, _behind(wanted, history, actual), seen)
    update = withdrawal(
        seen,
        id_=wanted.id,
        decision=None if entry is None else entry.decision,
        elsewhere=actual.elsewhere.get(wanted.id, {}),
        ladder=ladder,
    )
    return Restore(id=wanted.id, update=update) if update else None


def concerns(record: Record, found: ModelVersion) -> bool:
    """Whether the registry may show a record's decision on the package that it has now.

    A package that was deleted and created again is another one: nothing was decided about it. A
    yes is shown only on the very package that was approved.
    """
    if record.decision is Decision.APPROVED:
        return not package_differences(record.package, found.package)
    return record.package.created == found.package.created


def _current_change(
    model: str,
    actual: Actual,
    after: Mapping[RecordId, Decision | None],
    fresh: Collection[RecordId],
) -> CurrentChange | None:
    text = actual.current.get(model)
    was = named_version(text)
    found = candidates(model, after)
    change = CurrentChange(
        environment=actual.environment,
        model=model,
        was=was,
        becomes=found[0].version if found else None,
    )
    if change.becomes != was or (found and found[0] in fresh):
        return change
    decided = (history.entries for id_, history in actual.histories.items() if id_.model == model)
    if text is None and not any(decided) and not any(id_.model == model for id_ in fresh):
        return None  # nothing was ever decided; no parameter needs to say so
    top = found[0] if found else None
    wanted = current_text(
        actual.environment,
        model,
        actual.records.get(top) if top else None,
        actual.histories[top].last if top else None,
    )
    return None if wanted == text else change
