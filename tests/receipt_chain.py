"""Receipts as a reader finds them: each read strictly, and the chain followed."""

import json
from collections.abc import Mapping
from typing import Any

from assent.contracts import load_contracts
from assent.core.statements import (
    Statement,
    StatementKind,
    head_path,
    read_statement,
    statement_digest,
    statement_path,
)

__all__ = ["LASTING", "chain", "effect"]

LASTING = frozenset({StatementKind.DECISION, StatementKind.CLOSING, StatementKind.CURRENT})
"""Kinds whose effect can be seen later, so that its receipt can be made up for."""


def chain(files: Mapping[str, bytes], environment: str) -> list[Statement]:
    """An environment's receipts, each found to be where it belongs."""
    schema, previous, found = load_contracts().receipt, None, list[Statement]()
    while (path := statement_path(environment, len(found) + 1)) in files:
        statement = read_statement(path, files[path], schema)
        assert (statement.environment, statement.previous) == (environment, previous)
        assert statement.sequence == len(found) + 1
        previous = statement_digest(files[path])
        found.append(statement)
    inside = {path for path in files if path.startswith(f"{environment}/0")}
    assert len(inside) == len(found)
    if found:
        head = json.loads(files[head_path(environment)])
        assert (head["sequence"], head["receipt"]) == (len(found), previous)
    return found


def effect(statement: Statement) -> tuple[Any, ...]:
    """Which effect a receipt tells of, whoever wrote it and when."""
    said = [statement.what.get(key) for key in ("model", "version", "number", "becomes", "reason")]
    return (statement.environment, statement.kind.value, *said)
