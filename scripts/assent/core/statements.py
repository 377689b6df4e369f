"""Receipts as they are kept: in-toto Statements in canonical JSON, chained by hash.

Each environment has a chain of its own, numbered from 1 without a gap. A statement names the
digest of the one before it, so that none can be altered, left out or moved without all that
follow showing it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from assent.core.canonical import Uncanonical, canonical_json
from assent.core.errors import AssentError
from assent.core.schema import Schema
from assent.core.timestamps import read_time, written

__all__ = [
    "HEAD_SCHEMA",
    "PREDICATE_TYPE",
    "STATEMENT_TYPE",
    "MalformedReceipt",
    "Statement",
    "StatementKind",
    "Subject",
    "head_path",
    "read_statement",
    "statement_digest",
    "statement_path",
    "write_statement",
]

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:assent:receipt:v1"
HEAD_SCHEMA = "assent/receipts-head/v1"
_A_FOLDER = 1000
"""As many receipts a folder holds: git and people list small folders quickly."""


class MalformedReceipt(AssentError):
    """A file of the receipts branch is not what Assent writes."""


class StatementKind(StrEnum):
    """What a receipt tells of."""

    DECISION = "decision"
    CLOSING = "closing"
    CLOSING_WITHOUT_EFFECT = "closing-without-effect"
    REGISTRY_RESTORED = "registry-restored"
    CURRENT = "current"
    REFUSED = "refused"
    FAILED = "failed"
    NOT_NOTIFIED = "not-notified"
    MAIN_REWRITTEN = "main-rewritten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A thing that a receipt is about, by what identifies its content."""

    name: str
    """A model package's ARN, an artifact's address or a record's path."""
    digest: Mapping[str, str]
    """By algorithm; `sha256` of a package is that of its facts in canonical JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One receipt in its chain."""

    environment: str
    sequence: int
    """From 1."""
    previous: str | None
    """The digest of the receipt before it, `sha256:...`; None for the first."""
    kind: StatementKind
    at: datetime
    """When it was written; UTC, whole seconds."""
    run: str
    """The address of the workflow run that wrote it; empty where it was none."""
    role: str
    """The ARN as which the run wrote to AWS; empty where that is not known."""
    head: str
    """The commit of the branch that counts that was applied."""
    recovered: bool = False
    """Whether the effect was found without its receipt, which this makes up for."""
    subjects: tuple[Subject, ...] = ()
    what: Mapping[str, Any]
    """What was done or refused, by kind; see `schemas/receipt.schema.json`."""


def statement_path(environment: str, sequence: int) -> str:
    """Where a receipt is on the receipts branch."""
    return f"{environment}/{sequence // _A_FOLDER:03d}/{sequence:06d}.json"


def head_path(environment: str) -> str:
    """Where the receipts branch tells how long an environment's chain is."""
    return f"{environment}/head.json"


def statement_digest(content: bytes) -> str:
    """`sha256:` and the hexadecimal digest of a receipt's bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def write_statement(statement: Statement) -> bytes:
    """A receipt's bytes: one line of canonical JSON, without a line break at its end.

    Raises:
        Uncanonical: It holds a value that canonical JSON cannot carry.
    """
    return canonical_json(
        {
            "_type": STATEMENT_TYPE,
            "subject": [
                {"name": each.name, "digest": dict(each.digest)} for each in statement.subjects
            ],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "environment": statement.environment,
                "sequence": statement.sequence,
                "previous": statement.previous,
                "kind": statement.kind.value,
                "at": written(statement.at),
                "run": statement.run,
                "role": statement.role,
                "head": statement.head,
                "recovered": statement.recovered,
                "what": dict(statement.what),
            },
        }
    )


def read_statement(name: str, content: bytes, schema: Schema) -> Statement:
    """Read a receipt.

    Args:
        name: Where it stands, for messages.
        content: Its bytes; hostile until this returns.
        schema: `schemas/receipt.schema.json`.

    Raises:
        MalformedReceipt: It is not the canonical JSON of a receipt.
    """
    try:
        value = json.loads(content)
        canonical = canonical_json(value)
    except (ValueError, RecursionError, Uncanonical) as error:
        raise MalformedReceipt(f"{name} is no canonical JSON") from error
    if canonical != content:
        raise MalformedReceipt(f"{name} is JSON, but not in its canonical form")
    problems = schema.problems(value)
    if problems:
        place = ".".join(map(str, problems[0].place)) or "the receipt"
        raise MalformedReceipt(f"{name}: {place}: {problems[0].message}")
    said = value["predicate"]
    try:
        at = read_time(said["at"])
    except ValueError as error:
        raise MalformedReceipt(f"{name}: predicate.at is no time that there was") from error
    return Statement(
        environment=said["environment"],
        sequence=said["sequence"],
        previous=said["previous"],
        kind=StatementKind(said["kind"]),
        at=at,
        run=said["run"],
        role=said["role"],
        head=said["head"],
        recovered=said["recovered"],
        subjects=tuple(
            Subject(name=each["name"], digest=each["digest"]) for each in value["subject"]
        ),
        what=said["what"],
    )
