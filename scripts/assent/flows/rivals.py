"""Which versions gates compare a rising record with, as main's history and the decisions tell."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cmp_to_key

from assent.core.changes import Asked, Rivals
from assent.core.errors import AssentError
from assent.core.names import RecordId
from assent.core.parameters import History
from assent.core.record import Decision, Record
from assent.flows.champions import ApprovedRecord, approved_records
from assent.flows.wanted import World
from assent.ports import NotThere

__all__ = ["FoundRivals", "find_rivals"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRivals:
    """Of each rising record."""

    rivals: Mapping[RecordId, Rivals]
    """In the order in which main got the records."""
    unknown: Mapping[RecordId, AssentError]
    """Records of which it could not be found out: they are not judged."""


def find_rivals(
    world: World, rising: Iterable[Asked], history_of: Callable[[RecordId], History]
) -> FoundRivals:
    """Find what each rising record has to be compared with.

    That is told by main as it was just before the record came. Of what said Approved there only
    counts what took effect at any time, or may do so in this very run.

    Args:
        world: The clone.
        rising: Records that are to become Approved, and that gates compare.
        history_of: Reads a version's decisions.
    """
    records = {each.id: each for each in rising}
    brought: dict[RecordId, str] = {}
    found: dict[RecordId, Rivals] = {}
    unknown: dict[RecordId, AssentError] = {}
    for each in records.values():
        try:
            brought[each.id] = _brought(world, each)
            found[each.id] = _rivals(world, each, brought[each.id], records, history_of)
        except AssentError as error:
            unknown[each.id] = error
    try:
        order = _as_main_got(world, {id_: brought[id_] for id_ in found})
    except AssentError as error:
        return FoundRivals(rivals={}, unknown=unknown | dict.fromkeys(found, error))
    return FoundRivals(rivals={id_: found[id_] for id_ in order}, unknown=unknown)


def _brought(world: World, asked: Asked) -> str:
    commit = world.history.brought_by(world.head, asked.id.path)
    if commit is None:
        raise NotThere(f"no commit of {world.config.branch} brought {asked.id.path}")
    return commit


def _rivals(
    world: World,
    asked: Asked,
    brought: str,
    records: Mapping[RecordId, Asked],
    history_of: Callable[[RecordId], History],
) -> Rivals:
    parent = world.history.parent(brought)
    if parent is None:
        return Rivals()  # the very first commit brought it: there was nothing before
    rising: list[Record] = []
    for rival in approved_records(world.history, world.contracts, parent, asked.id):
        id_ = rival.record.id
        if _was_in_effect(rival, history_of(id_)):
            return Rivals(rising=tuple(rising), proven=rival.record)
        if id_ in records and records[id_].blob == rival.blob:
            rising.append(rival.record)
    return Rivals(rising=tuple(rising))


def _was_in_effect(rival: ApprovedRecord, history: History) -> bool:
    return any(
        (entry.blob, entry.decision) == (rival.blob, Decision.APPROVED) for entry in history.entries
    )


def _as_main_got(world: World, brought: Mapping[RecordId, str]) -> list[RecordId]:
    """Records in the order in which main got them; only within a model does that matter."""

    def later(one: RecordId, other: RecordId) -> int:
        if one.model != other.model or brought[one] == brought[other]:
            return -1 if one < other else 1
        return -1 if world.history.is_ancestor(brought[one], brought[other]) else 1

    return sorted(brought, key=cmp_to_key(later))
