"""What the receipts branch holds beside receipts: how far each chain is, and what is receipted.

The index of a model tells of every effect whether it has its receipt, so that one that was lost
is found missing by whoever looks next. It is a help, and proves nothing: the chain does.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from assent.core.canonical import canonical_json
from assent.core.statements import (
    HEAD_SCHEMA,
    MalformedReceipt,
    Statement,
    head_path,
    statement_digest,
    statement_path,
    write_statement,
)
from assent.core.timestamps import read_time, written

__all__ = [
    "README",
    "README_PATH",
    "Book",
    "ChainHead",
    "Index",
    "book_files",
    "book_paths",
    "read_book",
]

_INDEX_SCHEMA = "assent/receipted/v1"
_TOLD_SCHEMA = "assent/told/v1"
_TOLD_FOR = timedelta(days=1)
"""As long a failure that goes on gets no second receipt."""

README_PATH = "README.md"
README = """# Receipts

Assent writes here what each change did, or why it was refused: one file each, in-toto Statements in
canonical JSON, chained by their SHA-256, one chain for each environment.

Nothing here is edited by hand, and nothing is ever deleted. `docs/receipts.md` on the branch that
counts says how to read and to verify it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """How long a chain is."""

    sequence: int = 0
    """The number of its last receipt; 0 for none."""
    receipt: str | None = None
    """The digest of its last receipt; None for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """What of one model has its receipt."""

    model: str
    decisions: Mapping[int, int] = field(default_factory=dict)
    """By version: how many of the decisions of its history."""
    current: str | None = None
    """The digest of the text of `current`; None where there was none."""
    named: int | None = None
    """The version that it named."""
    refused: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """By version: the keys of what was refused last."""
    histories: Mapping[int, str] = field(default_factory=dict)
    """By version: what stands for those decisions, so that none is exchanged for another."""
    unfounded: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """By version: the numbers of approvals that nothing showed when their receipts were made up."""

    def decided(
        self, version: int, number: int, *, entries: str = "", founded: bool = True
    ) -> "Index":
        """With a decision more; what was refused of its version may be told anew.

        Args:
            version: Whose.
            number: The decision's.
            entries: What stands for all decisions up to it.
            founded: Whether it was seen to be approved.
        """
        refused = {each: keys for each, keys in self.refused.items() if each != version}
        others = set(self.unfounded.get(version, ())) - {number}
        unfounded = tuple(sorted(others if founded else others | {number}))
        return replace(
            self,
            decisions={**self.decisions, version: number},
            refused=refused,
            histories={**self.histories, version: entries},
            unfounded={**self.unfounded, version: unfounded},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What the receipts branch says of one environment, as far as a run needs it."""

    environment: str
    head: ChainHead = ChainHead()
    indexes: Mapping[str, Index] = field(default_factory=dict)
    """By model."""
    told: Mapping[str, datetime] = field(default_factory=dict)
    """When each failure was told last, by its key."""

    def index(self, model: str) -> Index:
        """A model's."""
        return self.indexes.get(model) or Index(model=model)

    def with_index(self, index: Index) -> "Book":
        """With another index of a model."""
        return replace(self, indexes={**self.indexes, index.model: index})

    def is_told(self, key: str, now: datetime) -> bool:
        """Whether a failure has a receipt that is young enough."""
        at = self.told.get(key)
        return at is not None and _is_young(at, now)

    def with_told(self, key: str, now: datetime) -> "Book":
        """With a failure told; those that may be told again are forgotten."""
        young = {each: at for each, at in self.told.items() if _is_young(at, now)}
        return replace(self, told={**young, key: now})

    def chained(
        self, make: Callable[[int, str | None], Statement]
    ) -> tuple["Book", tuple[str, bytes]]:
        """With a receipt more, and its path and bytes.

        Args:
            make: Makes the statement from its number and the digest of the one before it.
        """
        number = self.head.sequence + 1
        content = write_statement(make(number, self.head.receipt))
        head = ChainHead(sequence=number, receipt=statement_digest(content))
        return replace(self, head=head), (statement_path(self.environment, number), content)


def _is_young(at: datetime, now: datetime) -> bool:
    """Whether a failure was told lately.

    Clocks of runners differ a little; what was told in a far future was not written by a run.
    """
    return abs(now - at) < _TOLD_FOR


def book_paths(environment: str, models: Iterable[str]) -> list[str]:
    """The files from which `read_book` reads."""
    return [
        head_path(environment),
        statement_path(environment, 1),
        _told_path(environment),
        *(_index_path(environment, model) for model in sorted(set(models))),
    ]


def _told_path(environment: str) -> str:
    return f"{environment}/told.json"


def _index_path(environment: str, model: str) -> str:
    return f"{environment}/models/{model}.json"


def read_book(environment: str, models: Iterable[str], files: Mapping[str, bytes]) -> Book:
    """Read what the branch says of an environment and some models.

    Args:
        environment: Which.
        models: Those of which an index was asked for.
        files: Those of `book_paths` that are there.

    Raises:
        MalformedReceipt: A file is not what Assent writes, or the head of a chain is gone.
    """
    head = ChainHead()
    place = head_path(environment)
    if place in files:
        head = _read(place, files[place], HEAD_SCHEMA, _head)
    elif statement_path(environment, 1) in files:
        raise MalformedReceipt(
            f"{place} is gone from the receipts branch, and the receipts are not",
            hint="Restore it from the branch's history; nothing is written over receipts.",
        )
    indexes = {}
    for model in models:
        place = _index_path(environment, model)
        if place in files:
            indexes[model] = _read(place, files[place], _INDEX_SCHEMA, _index)
    place = _told_path(environment)
    told = _read(place, files[place], _TOLD_SCHEMA, _told) if place in files else {}
    return Book(environment=environment, head=head, indexes=indexes, told=told)


def book_files(before: Book, after: Book) -> dict[str, bytes]:
    """The files that differ between two states of a book, without the receipts themselves."""
    environment = after.environment
    files = {}
    if after.head != before.head:
        values = {
            "schema": HEAD_SCHEMA,
            "sequence": after.head.sequence,
            "receipt": after.head.receipt,
        }
        files[head_path(environment)] = canonical_json(values)
    for model, index in after.indexes.items():
        if index != before.indexes.get(model):
            files[_index_path(environment, model)] = canonical_json(_index_values(index))
    if after.told != before.told:
        told = {key: written(at) for key, at in after.told.items()}
        values = {"schema": _TOLD_SCHEMA, "told": told}
        files[_told_path(environment)] = canonical_json(values)
    return files


def _index_values(index: Index) -> dict[str, Any]:
    return {
        "schema": _INDEX_SCHEMA,
        "model": index.model,
        "decisions": {str(version): number for version, number in index.decisions.items()},
        "current": index.current,
        "named": index.named,
        "refused": {str(version): list(keys) for version, keys in index.refused.items()},
        "histories": {str(version): each for version, each in index.histories.items()},
        "unfounded": {
            str(version): list(numbers) for version, numbers in index.unfounded.items() if numbers
        },
    }


T = TypeVar("T")


def _read(name: str, content: bytes, schema: str, parse: Callable[[dict[str, Any]], T]) -> T:
    try:
        value = json.loads(content)
        if value["schema"] == schema:
            return parse(value)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _malformed(name) from error
    raise _malformed(name)


def _malformed(name: str) -> MalformedReceipt:
    return MalformedReceipt(
        f"{name} on the receipts branch is not what Assent writes",
        hint="The branch's history shows who wrote it; restore the version before.",
    )


def _head(value: dict[str, Any]) -> ChainHead:
    sequence = _number(value["sequence"])
    return ChainHead(sequence=sequence, receipt=_text(value["receipt"]))


def _index(value: dict[str, Any]) -> Index:
    current, named = value["current"], value["named"]
    return Index(
        model=_text(value["model"]),
        decisions={int(key): _number(each) for key, each in value["decisions"].items()},
        current=None if current is None else _text(current),
        named=None if named is None else _number(named),
        refused={int(key): _texts(each) for key, each in value["refused"].items()},
        histories={int(key): _text(each) for key, each in value.get("histories", {}).items()},
        unfounded={
            int(key): tuple(_number(one) for one in each)
            for key, each in value.get("unfounded", {}).items()
        },
    )


def _told(value: dict[str, Any]) -> dict[str, datetime]:
    return {key: read_time(at) for key, at in value["told"].items()}


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise TypeError("it is no number from 1")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("it is no text")
    return value


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(_text(each) for each in values)
