"""A tree and an actual state, put together piece by piece, and the oracle told of both.

Nothing here is done by the product but the form of what it stores: records, parameters.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from tests.properties.memory_scene import MemoryScene, package_arn
from tests.properties.oracle import (
    APPROVED,
    BOT,
    PENDING,
    REJECTED,
    Brought,
    Entry,
    Key,
    Oracle,
    Pull,
    Said,
    State,
    Turn,
    path_of,
    read_said,
)
from tests.properties.scene import LADDERS, OWNERS

from assent.contracts import load_contracts
from assent.core.deployment import Deployment, LiveVersion
from assent.core.evidence import Evidence, EvidenceSource
from assent.core.names import RecordId, parse_package_arn
from assent.core.package import Container, ModelVersion, Package, RegistryApproval
from assent.core.parameters import (
    Applied,
    Current,
    History,
    HistoryEntry,
    Names,
    write_applied,
    write_current,
    write_history,
)
from assent.core.receipt_book import Book, Index, book_files
from assent.core.record import Decision, ParsedRecord, Record, parse_record, write_record
from assent.core.rendering.applied import applied_mark
from assent.core.timestamps import read_time, written

__all__ = ["LADDER", "Setting", "Variant"]

LADDER = LADDERS[4]
_FIRST = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Variant:
    """What a record says, apart from where it lies."""

    status: str = APPROVED
    evidence: int = 0
    """Which collection of evidence."""
    generation: int = 0
    """Which package of the number: the first, or one that was created again."""
    altered: bool = False
    """Whether somebody edited the evidence."""

    def said(self, key: Key) -> Said:
        """The record at a place."""
        return _said(self, key)


@cache
def _said(variant: Variant, key: Key) -> Said:
    collected = _FIRST + timedelta(days=7, hours=variant.evidence)
    record = Record(
        id=RecordId(*key),
        decision=Decision(variant.status),
        reason="" if variant.status == APPROVED else "It did not hold what it promised",
        package=_package(key[1], key[2], variant.generation),
        evidence=Evidence(source=EvidenceSource.TRAINING, collected=collected),
    )
    text = write_record(record, load_contracts().promotion)
    return read_said(text.replace(b'collected: "2026', b'collected: "1999', variant.altered))


def _package(model: str, version: int, generation: int) -> Package:
    return Package(
        arn=package_arn(model, version),
        created=_FIRST + timedelta(days=generation, hours=version),
        created_by="arn:aws:sts::111122223333:assumed-role/training/zoe",
        containers=(Container(image=f"xgboost:{generation}"),),
    )


class Setting:
    """A scene in which everything can be put anywhere."""

    def __init__(self) -> None:
        self.scene = MemoryScene(LADDER)
        self.oracle = Oracle(
            ladder=LADDER,
            needed={each.name: each.approvals for each in self.scene.config.environments},
            owners=OWNERS,
        )
        self._start = self.scene.clock.now()
        self._known: list[bytes] = []
        self.first = self.scene.repository.commit("main")
        """The commit before everything."""

    def tick(self) -> int:
        """Let a minute pass; returns the time as the oracle counts it."""
        self.scene.tick()
        self.oracle.time = int((self.scene.clock.now() - self._start) / timedelta(minutes=1))
        return self.oracle.time

    # The tree.

    def bring(self, key: Key, variant: Variant, approvals: int | None) -> None:
        """Let main hold a record.

        Args:
            key: Whose.
            variant: What it says.
            approvals: How many approved the pull request that is merged; None for a push.
        """
        at, said = self.tick(), variant.said(key)
        repository, path = self.scene.repository, path_of(key)
        there = self.oracle.main.get(key)
        if there is not None and there.text == said.text:
            return
        if approvals is None:
            repository.push({path: said.text})
            self.oracle.brought[key] = Brought(at=at)
        else:
            number = self._opened(key, said, BOT)
            for login in ("ana", "ben")[:approvals]:
                repository.approve(number, login)
            assert self.scene.merge(number, bypass=True)
            approvers = repository.pull(number).approvals
            self.oracle.brought[key] = Brought(at=at, number=number, approvers=approvers)
        self.oracle.main[key] = said

    def delete(self, key: Key) -> None:
        """Let main hold a record no longer."""
        if key in self.oracle.main:
            self.tick()
            self.scene.repository.push({path_of(key): None})
            del self.oracle.main[key]

    def _opened(self, key: Key, said: Said, author: str) -> int:
        stamp = self.scene.clock.now().strftime("%Y%m%dT%H%M%SZ")
        branch = "/".join(("promote", *map(str, key))) + f"-{stamp}"
        if author != BOT:
            branch = branch.replace("promote", "change")
        return self.scene.open_pull(author, branch, path_of(key), said.text)

    # Pull requests that are closed and reopened.

    def propose(self, key: Key, variant: Variant, author: str = BOT) -> Pull:
        """Somebody asks for a record; main must not hold it yet."""
        self.tick()
        said = variant.said(key)
        number = self._opened(key, said, author)
        branch = self.scene.repository.pull(number).branch
        pull = Pull(number=number, branch=branch, author=author, key=key, said=said)
        self.oracle.pulls[number] = pull
        return pull

    def close(self, pull: Pull, by: str, *, deleting: bool = False) -> Turn:
        """Somebody closes a pull request, perhaps by deleting its branch."""
        turn = Turn(closed=True, by=by, at=self.tick())
        if deleting:
            self.scene.delete_branch(pull.number, by)
        else:
            self.scene.close(pull.number, by)
        pull.turns += (turn,)
        pull.state = State.CLOSED
        return turn

    def reopen(self, pull: Pull, by: str) -> Turn:
        """Somebody opens it again."""
        turn = Turn(closed=False, by=by, at=self.tick())
        assert self.scene.reopen(pull.number, by)
        pull.turns += (turn,)
        pull.state = State.OPEN
        return turn

    def remark(self, pull: Pull, by: str) -> None:
        """Somebody says something, which decides nothing."""
        at, text = self.tick(), "Well"
        self.scene.remark(pull.number, by, text)
        pull.remarks += ((by, at, text),)

    # What is in effect.

    def decide(self, key: Key, variant: Variant) -> None:
        """Let a record have taken effect."""
        said, at = variant.said(key), self.tick()
        entry = Entry(
            status=said.status,
            said=said,
            by=("ana", "ben"),
            number=9000 + at,
            at=at,
            digest=said.digest,
        )
        self._take(key, entry)

    def record(self, pull: Pull, turn: Turn, *, aside: bool) -> None:
        """Let a closing, or a reopening, have been recorded."""
        entry = Entry(
            status=REJECTED if turn.closed else PENDING,
            said=pull.said,
            by=(turn.by,),
            number=pull.number,
            at=turn.at,
            digest=pull.said.true_digest,
            closing=True,
            aside=aside,
        )
        self._take(pull.key, entry)

    def _take(self, key: Key, entry: Entry) -> None:
        self._known.append(entry.said.text)
        self.oracle.effective.setdefault(key, []).append(entry)

    # What registry and Parameter Store say.

    def register(self, model: str, version: int, generation: int | None) -> None:
        """Let the registry have a package, of which it says nothing yet; or have none."""
        if generation is None:
            return
        package = _package(model, version, generation)
        self.scene.registry.put(
            ModelVersion(
                arn=parse_package_arn(package.arn),
                package=package,
                status="Completed",
                approval=RegistryApproval.PENDING,
                metadata={"team": "growth"},
            )
        )
        self.oracle.packages[model, version] = written(package.created)

    def show(self) -> None:
        """Let the registry show what is in effect, and history and `current` hold it."""
        for key, entries in self.oracle.effective.items():
            self._write_history(key, entries)
        for (model, version), seen in self.scene.packages().items():
            due = self.oracle.fields(model, version)
            metadata = {"team": "growth"}
            for name, entry in due.items():
                metadata[name] = entry.status
                metadata[f"{name}.by"] = " ".join(entry.by)
                metadata[f"{name}.pull-request"] = _address(entry.number)
            shown = self.oracle.shown(model, version, metadata)
            approved = [name for name, status in shown.items() if status == APPROVED]
            status = APPROVED if approved else REJECTED if shown else PENDING
            stage = (approved or list(shown))[-1:]
            cycle = (stage[0], shown[stage[0]]) if stage else (LADDER[0], PENDING)
            self.scene.registry.put(
                replace(
                    seen,
                    metadata=metadata,
                    approval=RegistryApproval(status),
                    life_cycle=cycle if shown or due else None,
                )
            )

    def _write_history(self, key: Key, entries: Sequence[Entry]) -> None:
        history = History(id=RecordId(*key), entries=tuple(map(self._entry, entries)))
        for name, text in write_history(self._names(key[0]), history):
            self.scene.stores[key[0]].values[name] = text

    def _entry(self, entry: Entry) -> HistoryEntry:
        at = self._start + timedelta(minutes=entry.at)
        return HistoryEntry(
            decision=None if entry.status == PENDING else Decision(entry.status),
            blob=entry.said.blob,
            by=entry.by,
            at=at,
            applied_at=at,
            pull_request=_address(entry.number),
            commit="c" * 40,
            evidence=entry.digest,
            created=read_time(entry.said.created),
            reason=entry.reason,
            aside=entry.aside,
        )

    def _names(self, environment: str) -> Names:
        return Names(prefix=self.scene.config.parameter_prefix, environment=environment)

    def name(self, environment: str, model: str, version: int | None) -> None:
        """Let `current` name a version, by the decision that is in effect if it is an approval."""
        last = None if version is None else self.oracle.last((environment, model, version))
        if version is None or last is None or last.status != APPROVED:
            text = write_current(environment, model, None).replace("null", json.dumps(version))
        else:
            parsed = parse_record(last.said.text, load_contracts().promotion)
            assert isinstance(parsed, ParsedRecord)
            text = write_current(environment, model, Current.of(parsed.record, self._entry(last)))
        self.write_current(environment, model, text)

    def tell(self) -> None:
        """Let GitHub have been told of what is in effect, and show what `current` names."""
        repository = self.scene.repository
        there = {pull.number for pull in repository.pulls}
        for key in self.oracle.effective:
            last = self.oracle.last(key)
            if last is not None and last.number in there and not last.closing:
                repository.remark(last.number, BOT, applied_mark(last.said.blob, key[0]))
        for name, text in self.scene.parameters().items():
            if name.endswith("/current"):
                self._show(json.loads(text))

    def _show(self, current: Mapping[str, Any]) -> None:
        environment, model, version = (current[key] for key in ("environment", "model", "version"))
        if version is None:
            return
        shown = Deployment(
            place=f"{environment}/{model}",
            live=LiveVersion(model=model, version=version, commit=current["commit"]),
            production=environment == LADDER[-1],
            pull_request=current["pull_request"],
        )
        page = self.scene.repository.shown
        page.show(page.create(shown), shown)

    def highest(self, environment: str, model: str) -> int | None:
        """The highest version whose approval is in effect."""
        found = [
            key[2]
            for key in self.oracle.effective
            if key[:2] == (environment, model) and self.oracle.decision(key) == APPROVED
        ]
        return max(found, default=None)

    def write_current(self, environment: str, model: str, text: str) -> None:
        """Let `current` hold any text."""
        try:
            version = json.loads(text)["version"]
        except (ValueError, TypeError, KeyError):
            version = None
        named = version if isinstance(version, int) and not isinstance(version, bool) else None
        self.scene.stores[environment].values[self._names(environment).current(model)] = text
        self.oracle.current[environment, model] = named

    def mark(self, environment: str, applied: Applied) -> None:
        """Let `applied` say how far an earlier run came."""
        self.write_applied(environment, write_applied(applied))

    def write_applied(self, environment: str, text: str) -> None:
        """Let `applied` hold any text."""
        self.scene.stores[environment].values[self._names(environment).applied] = text

    def finish(self) -> None:
        """Let the clone know the records behind all decisions, and receipts that they have one.

        To be called before a run.
        """
        files: dict[str, bytes | None] = {
            f"attic/{number}": text for number, text in enumerate(self._known)
        }
        repository = self.scene.repository
        if files:
            repository.branches["attic"] = self.first
            repository.push(files, branch="attic")
        for environment, store in self.scene.stores.items():
            self._receipt(environment, store.values)
        self.tick()

    def _receipt(self, environment: str, values: Mapping[str, str]) -> None:
        """Say on the receipts branch that every decision of an environment has its receipt."""
        indexes: dict[str, Index] = {}
        for name, text in values.items():
            match name.split("/"):
                case [*_, model, "versions", version]:
                    index = indexes.get(model) or Index(model=model)
                    count = len(json.loads(text)["decisions"])
                    indexes[model] = replace(
                        index, decisions={**index.decisions, int(version): count}
                    )
                case _:
                    pass
        empty = Book(environment=environment)
        files = book_files(empty, replace(empty, indexes=indexes))
        if files:
            log = self.scene.receipts
            log.append(log.tip, files, "Begin")


def _address(number: int | None) -> str:
    return f"https://forge.example/pull/{number}"


def unsettled(keys: Iterable[Key]) -> tuple[str, ...]:
    """The paths that `applied` says to try again."""
    return tuple(sorted(path_of(key) for key in keys))
