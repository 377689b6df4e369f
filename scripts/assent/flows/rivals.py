"""Which versions gates compare a rising record with, as main's history and the decisions tell."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cmp_to_key

from assent.core.changes import Asked, Rival, Rivals, Wanted
from assent.core.errors import AssentError
from assent.core.names import RecordId
from assent.core.parameters import History, HistoryEntry
from assent.core.record import Decision, Record
from assent.flows.champions import model_files
from assent.flows.wanted import World, record_of_blob
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
    world: World,
    rising: Iterable[Asked],
    wanted: Iterable[Wanted],
    live_of: Callable[[str], int | None],
    history_of: Callable[[RecordId], History],
) -> FoundRivals:
    """Find what each rising record has to be compared with.

    That is what was in effect of the model just before main got the record: what main held then, if
    that took effect at any time or may do so in this very run, and else what took effect before.

    Args:
        world: The clone.
        rising: Records that are to become Approved, and that gates compare.
        wanted: All that this run may bring into effect.
        live_of: The version that a model's `current` names, if it names one.
        history_of: Reads a version's decisions.
    """
    finder = _Finder(
        world=world,
        wanted={each.id: each for each in wanted},
        live_of=live_of,
        history_of=history_of,
    )
    brought: dict[RecordId, str] = {}
    found: dict[RecordId, Rivals] = {}
    unknown: dict[RecordId, AssentError] = {}
    for each in rising:
        try:
            brought[each.id] = _brought(world, each)
            found[each.id] = finder.rivals(each, brought[each.id])
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finder:
    """Looks up what was in effect before a commit."""

    world: World
    wanted: Mapping[RecordId, Wanted]
    live_of: Callable[[str], int | None]
    history_of: Callable[[RecordId], History]

    def rivals(self, asked: Asked, brought: str) -> Rivals:
        parent = self.world.history.parent(brought)
        if parent is None:
            return Rivals()  # the very first commit brought it: there was nothing before
        files = model_files(self.world.history, parent, asked.id)
        ids, live = set(files), self.live_of(asked.id.model)
        if live is not None:  # somebody may have deleted its record
            ids.add(replace(asked.id, version=live))
        found: list[Rival] = []
        for id_ in sorted(ids, reverse=True):
            rival = self._rival(id_, files.get(id_), brought)
            found.append(_unless_the_same(rival, asked) if id_ == asked.id else rival)
            if found[-1].coming is None and found[-1].standing is not None:
                break
        return Rivals(candidates=tuple(found))

    def _rival(self, id_: RecordId, blob: str | None, brought: str) -> Rival:
        """What a version was just before a commit: in effect, and about to be.

        Args:
            id_: The version, and where.
            blob: What main held of it then.
            brought: The commit.
        """
        entries = [entry for entry in self.history_of(id_).entries if not entry.aside]
        made = [entry for entry in entries if entry.blob == blob]
        if made:
            return Rival(standing=self._approved(id_, made[-1]))
        asked, coming = self.wanted.get(id_), None
        if isinstance(asked, Asked) and asked.blob == blob:
            coming = asked.record
        # What main held took no effect, or is no record: what took effect before it goes on.
        history = self.world.history
        earlier = (
            each for each in reversed(entries) if not history.is_ancestor(brought, each.commit)
        )
        last = next(earlier, None)
        return Rival(coming=coming, standing=None if last is None else self._approved(id_, last))

    def _approved(self, id_: RecordId, entry: HistoryEntry) -> Record | None:
        """The record behind a decision that approves; None where it does not."""
        if entry.decision is not Decision.APPROVED:
            return None
        record = record_of_blob(self.world, entry.blob)
        if record is None:
            raise NotThere(
                f"the clone lacks the record of {id_} that was applied (blob {entry.blob}), with "
                "which gates compare",
                hint="Fetch the whole history (fetch-depth: 0); was it rewritten?",
            )
        return record


def _unless_the_same(rival: Rival, asked: Asked) -> Rival:
    """A version is compared with itself where it is approved anew, on other evidence."""
    standing = rival.standing
    if standing is None or standing.evidence.digest == asked.record.evidence.digest:
        return Rival()
    return Rival(standing=standing)


def _as_main_got(world: World, brought: Mapping[RecordId, str]) -> list[RecordId]:
    """Records in the order in which main got them; only within a model does that matter."""

    def later(one: RecordId, other: RecordId) -> int:
        if one.model != other.model or brought[one] == brought[other]:
            return -1 if one < other else 1
        return -1 if world.history.is_ancestor(brought[one], brought[other]) else 1

    return sorted(brought, key=cmp_to_key(later))
