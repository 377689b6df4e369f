"""Where AWS is not as main says: git, the registry and Parameter Store compared, three ways.

What one compares is one model, as it was read everywhere. Nothing is derived from what does not
read, or was edited: what is in effect there is then not known, which is neither yes nor no.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assent.core.changes import Asked, Unfit, Wanted
from assent.core.current import candidates, current_text
from assent.core.discrepancy import Discrepancy, Kind, in_order
from assent.core.errors import AssentError
from assent.core.names import RecordId, shown
from assent.core.package import ModelVersion, package_differences
from assent.core.parameters import History, HistoryEntry, parse_current_version
from assent.core.plan import shown_decision
from assent.core.record import Decision, Record
from assent.core.registry_discrepancies import registry_discrepancies, unknown_writer

__all__ = ["ModelSeen", "Rung", "compare", "derived_versions", "entry_problem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A model in one environment, as it was read."""

    environment: str
    model: str
    wanted: Mapping[int, Wanted]
    """What main's head holds, by version."""
    histories: Mapping[int, History | AssentError]
    """By version; the error where a history does not read."""
    current: str | None
    """The text of `current`; None where there is no parameter."""
    held: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Blobs that main held at a version's path before, as far as a history needs to know."""

    def held_at(self, version: int) -> Collection[str]:
        """The blobs that main is known to have held at a version's path, now or before."""
        wanted = self.wanted.get(version)
        now = {wanted.blob} if isinstance(wanted, Asked) else set[str]()
        return now | self.held.get(version, frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSeen:
    """A model, wherever it was read."""

    model: str
    rungs: Mapping[str, Rung]
    """By environment, where there is anything of it."""
    read: frozenset[str]
    """The environments that were read; of the others nothing is known."""
    versions: Mapping[int, ModelVersion]
    """Those that the registry has."""
    records: Mapping[str, Record | None]
    """By blob, as far as the clone has them; None where a blob is no valid record."""


def compare(
    seen: ModelSeen, *, ladder: Sequence[str], writers: Sequence[str] = ()
) -> list[Discrepancy]:
    """Everything in which a model is not as main says, wherever it was read.

    Args:
        seen: The model.
        ladder: The environments, lowest first.
        writers: Globs over the principals that may write the registry; none where anybody may.
    """
    found: list[Discrepancy] = []
    doubted = {name: _doubted(rung, seen.records) for name, rung in seen.rungs.items()}
    for name, rung in seen.rungs.items():
        found += doubted[name].values()
        found += _records(rung, doubted[name])
        found += _packages(seen, rung, doubted[name])
        if not doubted[name]:
            found += _current(seen, rung)
    for number, version in sorted(seen.versions.items()):
        shows: dict[str, HistoryEntry | None] = dict.fromkeys(sorted(seen.read - seen.rungs.keys()))
        for name, rung in seen.rungs.items():
            history = rung.histories.get(number, History(id=RecordId(name, seen.model, number)))
            if number not in doubted[name] and isinstance(history, History):
                shows[name] = shown_decision(history, _behind(seen, history), version)
        found += registry_discrepancies(version, shows, ladder=ladder)
        found += unknown_writer(version, shows, writers)
    return sorted(found, key=in_order)


def entry_problem(
    id_: RecordId,
    entry: HistoryEntry,
    *,
    records: Mapping[str, Record | None],
    held: Collection[str],
) -> str | None:
    """Why an entry of a history cannot be what Assent wrote; None where it can.

    Whoever closes a pull request refuses a record that main never held, and whose branch the clone
    need not have; and reopening decides nothing. Everything else came by a record of main.

    Args:
        id_: Whose history it is.
        entry: One of its decisions.
        records: As in `ModelSeen`.
        held: The blobs that main ever held at the record's path.
    """
    if entry.decision is None:
        return None
    what = f"an entry says {entry.decision.value} by blob {shown(entry.blob, 40)}"
    if entry.blob not in records:
        refused = entry.decision is Decision.REJECTED
        return None if refused else f"{what}, which the clone does not have"
    record = records[entry.blob]
    if record is None:
        return f"{what}, which is no record"
    if record.id != id_:
        return f"{what}, which is the record of {record.id}"
    closed = (record.decision, entry.decision) == (Decision.APPROVED, Decision.REJECTED)
    if record.decision is not entry.decision and not closed:
        return f"{what}, which says {record.decision.value}"
    if not closed and entry.blob not in held:
        return f"{what}, which {id_.path} never was on the branch that counts"
    if entry.evidence != record.evidence.digest:
        return f"{what}, with the digest of other evidence"
    if entry.created not in {None, record.package.created}:
        return f"{what}, with the creation time of another package"
    return None


def _at(rung: Rung, number: int | None, kind: Kind, detail: str) -> Discrepancy:
    return Discrepancy(
        environment=rung.environment, model=rung.model, version=number, kind=kind, detail=detail
    )


def _doubted(rung: Rung, records: Mapping[str, Record | None]) -> dict[int, Discrepancy]:
    """Histories that do not read, or that say what Assent cannot have written, by version."""
    found = {}
    for number, history in rung.histories.items():
        detail = _doubt(rung, history, records)
        if detail is not None:
            found[number] = _at(rung, number, Kind.HISTORY_EDITED, detail)
    return found


def _doubt(
    rung: Rung, history: History | AssentError, records: Mapping[str, Record | None]
) -> str | None:
    if isinstance(history, AssentError):
        return history.message
    if not history.entries:
        return "it holds no decision"
    held = rung.held_at(history.id.version)
    problems = [
        problem
        for entry in history.entries
        if (problem := entry_problem(history.id, entry, records=records, held=held)) is not None
    ]
    if not problems:
        return None
    more = len(problems) - 1
    return f"{problems[0]} (and {more} more)" if more else problems[0]


def _behind(seen: ModelSeen, history: History) -> Record | None:
    """The record by which the decision in effect was made."""
    return None if history.last is None else seen.records.get(history.last.blob)


def _records(rung: Rung, doubted: Mapping[int, Discrepancy]) -> Iterator[Discrepancy]:
    """What main holds and is not in effect, and what is in effect and main does not hold."""
    for number, wanted in rung.wanted.items():
        history = rung.histories.get(number, History(id=wanted.id))
        if not isinstance(history, History):
            continue  # what is in effect is not known
        if isinstance(wanted, Unfit):
            detail = f"the file on the branch that counts is no valid record: {wanted.why}"
            yield _at(rung, number, Kind.RECORD_WITHOUT_EFFECT, detail)
        elif isinstance(wanted, Asked):
            decision = wanted.record.decision
            if not history.holds(wanted.blob, decision):
                is_ = "nothing" if history.decision is None else history.decision.value
                detail = f"the record says {decision.value}, in effect is {is_}"
                yield _at(rung, number, Kind.RECORD_WITHOUT_EFFECT, detail)
    for number, history in rung.histories.items():
        if number in doubted or number in rung.wanted or not isinstance(history, History):
            continue
        if history.decision is Decision.APPROVED:
            detail = "it is Approved in effect, and its record was deleted"
            yield _at(rung, number, Kind.APPROVED_WITHOUT_RECORD, detail)


def _packages(
    seen: ModelSeen, rung: Rung, doubted: Mapping[int, Discrepancy]
) -> Iterator[Discrepancy]:
    """Packages on which something was decided and that are gone, or are others by now."""
    for number, history in rung.histories.items():
        if number in doubted or not isinstance(history, History) or history.decision is None:
            continue
        said, version = history.decision.value, seen.versions.get(number)
        if version is None:
            detail = f"it is {said} in effect, and the registry has no such package"
            yield _at(rung, number, Kind.PACKAGE_DELETED, detail)
            continue
        record = _behind(seen, history)
        if history.decision is not Decision.APPROVED or record is None:
            continue
        differences = package_differences(record.package, version.package)
        if differences:
            recreated = record.package.created != version.package.created
            kind = Kind.PACKAGE_RECREATED if recreated else Kind.REGISTRY_DIFFERS
            detail = f"it is not the package that was approved: {'; '.join(differences)}"
            yield _at(rung, number, kind, detail)


def _current(seen: ModelSeen, rung: Rung) -> Iterator[Discrepancy]:
    """Whether `current` is what derives from the histories."""
    allowed = _derived(seen, rung)
    version, _ = allowed[-1]
    if rung.current is None and version is None:
        return  # nothing is in effect, and no parameter has to say so
    if rung.current is not None and rung.current in [text for _, text in allowed]:
        if not rung.histories:
            detail = "current is there, and nothing was ever decided on any version"
            yield _at(rung, None, Kind.PARAMETER_STRAY, detail)
        return
    derived = "no version" if version is None else f"version {version}"
    detail = f"{_says(rung.current)}; what is in effect makes it name {derived}"
    yield replace(_at(rung, version, Kind.PARAMETER_EDITED, detail), heals=True)


def derived_versions(seen: ModelSeen, rung: Rung) -> list[int | None]:
    """The versions that `current` may name: at last the one that it has to; None for none."""
    return [version for version, _ in _derived(seen, rung)]


def _derived(seen: ModelSeen, rung: Rung) -> list[tuple[int | None, str]]:
    """What `current` may say, with the version that it names: at last what it has to.

    A version stays named whose package went away or changed since; `current` only does not fall
    back to it.
    """
    histories = {each.id: each for each in rung.histories.values() if isinstance(each, History)}
    found: list[tuple[int | None, str]] = []
    decisions = {id_: history.decision for id_, history in histories.items()}
    for id_ in candidates(rung.model, decisions):
        record, version = _behind(seen, histories[id_]), seen.versions.get(id_.version)
        if record is None:
            continue  # it was reported: what cannot be read back is named by nobody
        text = current_text(rung.environment, rung.model, record, histories[id_].last)
        found.append((id_.version, text))
        if version is not None and not package_differences(record.package, version.package):
            return found
    return [*found, (None, current_text(rung.environment, rung.model, None, None))]


def _says(text: str | None) -> str:
    """What a `current` parameter says, in words that are safe to show."""
    if text is None:
        return "current is missing"
    try:
        version = parse_current_version("current", text)
    except AssentError as error:
        return error.message
    return "current names no version" if version is None else f"current names version {version}"
