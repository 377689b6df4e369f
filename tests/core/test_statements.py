"""Receipts as bytes: canonical, strict, and numbered into folders."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assent.contracts import load_contracts
from assent.core.canonical import canonical_json
from assent.core.statements import (
    MalformedReceipt,
    Statement,
    StatementKind,
    Subject,
    read_statement,
    statement_digest,
    statement_path,
    write_statement,
)

_SCHEMA = load_contracts().receipt
_STATEMENT = Statement(
    environment="dev",
    sequence=2,
    previous="sha256:" + "0" * 64,
    kind=StatementKind.REFUSED,
    at=datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
    run="https://github.com/acme/model-promotions/actions/runs/1",
    role="arn:aws:sts::111122223333:assumed-role/assent-apply/assent-1",
    head="a" * 40,
    subjects=(Subject(name="promotions/dev/churn/7.yaml", digest={"gitBlob": "b" * 40}),),
    what={
        "model": "churn",
        "version": 7,
        "path": "promotions/dev/churn/7.yaml",
        "blob": "b" * 40,
        "reason": "direct-push",
        "detail": "nobody reviewed it",
        "pull_request": "",
    },
)


def test_a_receipt_reads_back_equal() -> None:
    """What was written is what is read."""
    content = write_statement(_STATEMENT)
    assert read_statement("dev/000/000002.json", content, _SCHEMA) == _STATEMENT
    assert statement_digest(content).startswith("sha256:")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content + b"\n",
        lambda content: content.replace(b'"sequence":2', b'"sequence": 2'),
        lambda content: content.replace(b'"sequence":2', b'"sequence":0'),
        lambda content: content.replace(b'"recovered":false', b'"recovered":"no"'),
        lambda content: content.replace(b"2026-11-22T", b"2026-11-31T"),
        lambda content: content.replace(b'"kind":"refused"', b'"kind":"excused"'),
        lambda content: content.replace(b'"kind":"refused"', b'"kind":"decision"'),
        lambda content: content.replace(b'"detail":"nobody reviewed it",', b""),
        lambda content: content.replace(b'"version":7}', b'"version":7,"was":1}'),
        lambda content: content[:-1],
        lambda _: b"\xff",
        lambda _: b"[" * 100_000,
    ],
)
def test_anything_but_the_canonical_form_is_refused(spoil) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    """A receipt has one form only, so that its digest speaks for its meaning."""
    with pytest.raises(MalformedReceipt, match=r"dev/000/000002\.json"):
        read_statement("dev/000/000002.json", spoil(write_statement(_STATEMENT)), _SCHEMA)


def test_it_is_an_in_toto_statement() -> None:
    """Tools that know in-toto find type, subject and predicate where they look for them."""
    value = json.loads(write_statement(_STATEMENT))
    assert value["_type"] == "https://in-toto.io/Statement/v1"
    assert value["predicateType"] == "urn:assent:receipt:v1"
    assert value["subject"] == [
        {"name": "promotions/dev/churn/7.yaml", "digest": {"gitBlob": "b" * 40}}
    ]


def test_folders_hold_a_thousand() -> None:
    """The number alone tells where a receipt is."""
    assert statement_path("dev", 1) == "dev/000/000001.json"
    assert statement_path("dev", 12_345) == "dev/012/012345.json"


def test_the_documented_example_is_a_receipt() -> None:
    """What docs/receipts.md shows has the form that it describes."""
    page = (Path(__file__).parents[2] / "docs/receipts.md").read_text(encoding="utf-8")
    value = json.loads(page.split("```json\n")[1].split("```")[0])
    assert not _SCHEMA.problems(value)
    content = canonical_json(value)
    assert read_statement("prod/000/000042.json", content, _SCHEMA).what["version"] == 7


@pytest.mark.parametrize("kind", StatementKind)
def test_each_kind_says_what_it_must_hold(kind: StatementKind) -> None:
    """Nothing is said by a kind alone."""
    value = json.loads(write_statement(replace(_STATEMENT, kind=kind, what={})))
    assert _SCHEMA.problems(value)
