"""What a run does in one environment, and the receipts that it writes of it at its end.

Receipts come after the effects that they tell of, so a run that is cut off leaves effects without
one. Whoever looks at the same versions next finds them missing from the branch's indexes, and
writes them, marked `recovered`. They come before `applied`, so that somebody does look.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assent.core.canonical import Uncanonical
from assent.core.config import Environment
from assent.core.errors import AssentError
from assent.core.parameters import History, Names
from assent.core.receipt_book import (
    README,
    README_PATH,
    Book,
    ChainHead,
    Index,
    book_files,
    book_paths,
    read_book,
)
from assent.core.receipt_predicates import RegistryFields, told_values
from assent.core.receipts import Failed, Receipt
from assent.core.receipts_due import Due, Happened, due_receipts, models_of
from assent.core.record import Record
from assent.core.statements import (
    MalformedReceipt,
    Statement,
    StatementKind,
    Subject,
    read_statement,
    statement_path,
)
from assent.core.timestamps import to_seconds
from assent.flows.founding import Founding
from assent.flows.keep_copies import keep_copies
from assent.flows.recover import Recovery
from assent.flows.wanted import World, record_of_blob
from assent.ports import AlreadyThere, ReceiptLog

if TYPE_CHECKING:
    from assent.core.names import RecordId

__all__ = ["Chronicle"]

_ROUNDS = 3
"""As often somebody else may be faster before the run gives up."""
_A_COMMIT = 200
"""As many receipts one commit takes."""
_LONGEST_RUN = 500
_LONGEST_ROLE = 2048


class Chronicle:
    """What one run did and found in one environment; see `write`.

    Args:
        world: Where receipts are kept, and under which circumstances the run is.
        environment: Which one.
        tell: Hears at once what `tell` takes down.
        recovery: Shows what made a decision that is found without its receipt; without it,
            nothing does.
    """

    def __init__(
        self,
        world: World,
        environment: Environment,
        *,
        tell: Callable[[Receipt], None] = lambda _: None,
        recovery: Recovery | None = None,
    ) -> None:
        self._world = world
        self._hear = tell
        self._recovery = recovery
        self._environment = environment
        self._receipts: list[Receipt] = []
        """Told, and not written yet."""
        self._fresh: dict[int, bytes] = {}
        """What this run wrote, by number."""
        self.histories: dict[RecordId, History] = {}
        """As they are now; of every version that the run is about."""
        self.currents: dict[str, str] = {}
        """By model: the text of `current` now."""
        self.named: set[str] = set()
        """Models whose `current` this run wrote without a word."""
        self.registry: dict[RecordId, tuple[RegistryFields, RegistryFields]] = {}
        """What the registry showed before and after it was written."""
        self.records: dict[str, Record] = {}
        """Records that this run knows, by blob; others are read from the clone."""
        self.models: set[str] = set()
        """The models that the run is about, as far as is known before it is done."""
        self._read: tuple[frozenset[str], Book, str | None] | None = None
        """What the branch said when it was looked at first: of which models, and at which tip."""
        self.founding = Founding(world, environment, index=self._index, recovery=recovery)
        """Whether what is in effect already counts."""

    def note(self, receipt: Receipt) -> None:
        """Take down what the run told."""
        self._receipts.append(receipt)

    def tell(self, receipt: Receipt) -> None:
        """Take down what the run tells, and tell it."""
        self.note(receipt)
        self._hear(receipt)

    def write(self) -> Failed | None:
        """Write every receipt that is due; a run that was about nothing asks nobody.

        Returns:
            Why some could not be written. What they tell of is found by the next run that is
            about the same versions, so the commit must not count as applied.
        """
        try:
            self._write()
        except AssentError as error:
            return Failed(
                environment=self._environment.name,
                what="receipts",
                message=error.message,
                hint=error.hint,
            )
        return None

    def _write(self) -> None:
        log = self._world.receipts
        if log is None or not (self._receipts or self.histories or self.currents):
            return
        for _ in range(_ROUNDS - 1):
            try:
                head = self._append(log)
                break
            except AlreadyThere:
                continue  # somebody else wrote first; what is due is worked out anew
        else:
            head = self._append(log)
        keep_copies(self._world, self._environment.name, head, self._fresh)

    def _append(self, log: ReceiptLog) -> ChainHead:
        """Append what is due to what the branch holds now; returns the end of the chain."""
        name = self._environment.name
        book, tip = self._book(log, models_of(self._happened()))
        self._read = None  # whatever comes next, it is looked at anew
        due = due_receipts(book, self._happened(), self._world.clock.now())
        for start in range(0, len(due), _A_COMMIT):
            batch = due[start : start + _A_COMMIT]
            after, files = self._chained(book, batch)
            if tip is None:
                files[README_PATH] = README.encode()
            message = _message(name, book.head.sequence + 1, after.head.sequence, self._run)
            tip = log.append(tip, {**files, **book_files(book, after)}, message)
            self._settle(book, batch, files)
            book = after
        return book.head

    def _book(self, log: ReceiptLog, models: Collection[str]) -> tuple[Book, str | None]:
        """What the branch says of some models, and its tip; read once, as long as that will do."""
        if self._read is None or not self._read[0].issuperset(models):
            name, about = self._environment.name, models_of(self._happened())
            asked = frozenset({*models, *self.models, *about})
            found = log.read(book_paths(name, asked))
            self._read = asked, read_book(name, asked, found.files), found.tip
        return self._read[1], self._read[2]

    def _index(self, model: str) -> Index:
        log = self._world.receipts
        return Index(model=model) if log is None else self._book(log, {model})[0].index(model)

    def _happened(self) -> Happened:
        prefix = self._world.config.parameter_prefix
        return Happened(
            names=Names(prefix=prefix, environment=self._environment.name),
            receipts=tuple(self._receipts),
            histories=self.histories,
            currents=self.currents,
            named=self.named,
            registry=self.registry,
            record=self._record,
            recovery=self._recovery or (lambda _id, _entry: None),
            founded=lambda history: self.founding.objection(history) is None,
            closed=(lambda _: False) if self._recovery is None else self._recovery.closed,
        )

    def _record(self, blob: str) -> Record | None:
        return self.records.get(blob) or record_of_blob(self._world, blob)

    def _chained(self, book: Book, batch: Sequence[Due]) -> tuple[Book, dict[str, bytes]]:
        files: dict[str, bytes] = {}
        for due in batch:
            try:
                book, (path, content) = self._link(book, due)
            except (MalformedReceipt, Uncanonical) as error:
                book, (path, content) = self._link(book, self._unwritable(due, error))
            files[path] = content
        return book, files

    def _link(self, book: Book, due: Due) -> tuple[Book, tuple[str, bytes]]:
        after, (path, content) = due.mark(book).chained(self._statement(due))
        # What could not be read back must never get into the chain.
        read_statement(path, content, self._world.contracts.receipt)
        return after, (path, content)

    def _unwritable(self, due: Due, error: AssentError) -> Due:
        """That a history, written by hand, says what no receipt can; it holds up nothing else."""
        failed = Failed(
            environment=self._environment.name,
            what=f"the receipt of a {due.kind.value}",
            message=f"it cannot be written: {error.message}",
        )
        return replace(due, kind=StatementKind.FAILED, what=told_values(failed), subjects=())

    def _statement(self, due: Due) -> Callable[[int, str | None], Statement]:
        world = self._world
        whole = Subject(name=world.config.repository, digest={"gitCommit": world.head})

        def make(number: int, previous: str | None) -> Statement:
            return Statement(
                environment=self._environment.name,
                sequence=number,
                previous=previous,
                kind=due.kind,
                at=to_seconds(world.clock.now()),
                run=self._run,
                role=world.role[:_LONGEST_ROLE],
                head=world.head,
                recovered=due.recovered,
                subjects=due.subjects or (whole,),
                what=due.what,
            )

        return make

    @property
    def _run(self) -> str:
        return self._world.run if len(self._world.run) <= _LONGEST_RUN else ""

    def _settle(self, book: Book, batch: Sequence[Due], files: Mapping[str, bytes]) -> None:
        """Remember what was written, so that nothing is written twice whatever comes after."""
        written = {id(due.source) for due in batch if due.source is not None}
        self._receipts = [each for each in self._receipts if id(each) not in written]
        first = book.head.sequence + 1
        for number in range(first, first + len(batch)):
            self._fresh[number] = files[statement_path(self._environment.name, number)]


def _message(environment: str, first: int, last: int, run: str) -> str:
    numbers = f"receipt {first}" if first == last else f"receipts {first} to {last}"
    return f"{environment}: {numbers}" + (f"\n\n{run}" if run else "")
