"""One environment's chain of receipts: what it says, and where it was broken."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from assent.core.audit.gaps import Gap, GapKind
from assent.core.audit.material import Chain
from assent.core.audit.said import Said, read_said
from assent.core.canonical import Uncanonical, canonical_json
from assent.core.schema import Schema
from assent.core.statements import (
    HEAD_SCHEMA,
    MalformedReceipt,
    Statement,
    StatementKind,
    head_path,
    read_statement,
    statement_digest,
    statement_path,
)

__all__ = ["ChainReading", "Receipt", "head_bytes", "read_chain"]

_MOST = 999_999_999
"""As far as receipts are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt that reads."""

    path: str
    digest: str
    statement: Statement
    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReading:
    """What a chain says."""

    receipts: tuple[Receipt, ...]
    """In the order of the places at which they stand."""
    gaps: tuple[Gap, ...]


def head_bytes(sequence: int, receipt: str) -> bytes:
    """What `head.json` says of a chain that ends with that receipt."""
    return canonical_json({"schema": HEAD_SCHEMA, "sequence": sequence, "receipt": receipt})


def read_chain(environment: str, chain: Chain, schema: Schema) -> ChainReading:
    """Read a chain, and tell every place at which it does not hold.

    Args:
        environment: Whose it is.
        chain: Its files.
        schema: `schemas/receipt.schema.json`.
    """
    reader = _Reader(environment, chain, schema)
    receipts = tuple(reader.receipts())
    reader.judge_head()
    return ChainReading(receipts=receipts, gaps=tuple(reader.gaps))


class _Reader:
    def __init__(self, environment: str, chain: Chain, schema: Schema) -> None:
        self._environment = environment
        self._chain = chain
        self._schema = schema
        self.gaps: list[Gap] = []
        self._last = 0
        """The number of the chain's last file."""

    def receipts(self) -> Iterator[Receipt]:
        places = self._places()
        self._last = max(places, default=0)
        before = 0
        for number, path in sorted(places.items()):
            content = self._chain.files[path]
            previous = self._chain.files[places[before]] if before == number - 1 > 0 else None
            if number > before + 1:
                self._missing(before + 1, number - 1)
            before = number
            receipt = self._read(path, content)
            if receipt is not None:
                self._judge(receipt, number, previous)
                yield receipt

    def _places(self) -> dict[int, str]:
        """The number of each file whose path is a receipt's; the others are told."""
        places: dict[int, str] = {}
        for path in sorted(self._chain.files):
            digits = path.rpartition("/")[2].removesuffix(".json")
            # No number of a receipt has more; without the limit a long one would be slow to read.
            is_number = digits.isascii() and digits.isdecimal() and len(digits) <= len(str(_MOST))
            number = int(digits) if is_number else 0
            if number > 0 and path == statement_path(self._environment, number):
                places[number] = path
            else:
                self._gap(GapKind.RECEIPT_STRAY, path, "it is no receipt of this chain")
        return places

    def _missing(self, first: int, last: int) -> None:
        """Tell of numbers that have no receipt."""
        name = statement_path(self._environment, first)
        said = f"number {first} of the chain is" if first == last else f"{first} to {last} are"
        self._gap(GapKind.RECEIPT_MISSING, name, f"{said} not there")

    def _read(self, path: str, content: bytes) -> Receipt | None:
        try:
            statement = read_statement(path, content, self._schema)
            said = read_said(path, statement)
        except MalformedReceipt as error:
            self._gap(GapKind.RECEIPT_MALFORMED, path, error.message)
            return None
        return Receipt(path=path, digest=statement_digest(content), statement=statement, said=said)

    def _judge(self, receipt: Receipt, number: int, before: bytes | None) -> None:
        statement = receipt.statement
        place = (statement.environment, statement.sequence)
        if place != (self._environment, number):
            detail = f"it says that it is number {place[1]} of {place[0]}"
            self._gap(GapKind.RECEIPT_MISPLACED, receipt.path, detail)
        if number == 1:
            if statement.previous is not None:
                detail = "it is the first, and names one before it"
                self._gap(GapKind.RECEIPT_UNCHAINED, receipt.path, detail)
        elif before is not None and statement.previous != statement_digest(before):
            detail = (
                f"it names {statement.previous or 'none'} before it, and number {number - 1} is "
                f"{statement_digest(before)}: one of the two was altered"
            )
            self._gap(GapKind.RECEIPT_UNCHAINED, receipt.path, detail)
        if statement.kind is StatementKind.MAIN_REWRITTEN:
            applied = statement.what.get("applied")
            detail = f"{applied} had been applied, and is no part of main as of {statement.head}"
            gap = Gap(
                kind=GapKind.MAIN_REWRITTEN,
                environment=self._environment,
                where=receipt.path,
                detail=detail,
                at=statement.at,
            )
            self.gaps.append(gap)

    def judge_head(self) -> None:
        """Compare `head.json` with the chain's end."""
        name, head = head_path(self._environment), self._chain.head
        if head is None:
            if self._last:
                self._gap(GapKind.HEAD_DIFFERS, name, "it is missing")
            return
        try:
            value = json.loads(head)
            canonical_json(value)
            said = (value["schema"], value["sequence"], value["receipt"])
        except (ValueError, RecursionError, Uncanonical, KeyError, TypeError):
            self._gap(GapKind.HEAD_DIFFERS, name, "it does not read")
            return
        last = self._chain.files.get(statement_path(self._environment, self._last))
        digest = None if last is None else statement_digest(last)
        sequence = said[1]
        if isinstance(sequence, int) and self._last < sequence <= _MOST:
            self._missing(self._last + 1, sequence)
        elif said != (HEAD_SCHEMA, self._last, digest):
            detail = (
                f"it says that number {said[1]} is the last, {said[2]}; the last one is "
                f"number {self._last}, {digest}"
            )
            self._gap(GapKind.HEAD_DIFFERS, name, detail)

    def _gap(self, kind: GapKind, where: str, detail: str) -> None:
        self.gaps.append(Gap(kind=kind, environment=self._environment, where=where, detail=detail))
