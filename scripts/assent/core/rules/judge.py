"""Runs the rules over files, trees and changes."""

from assent.core.canonical import Uncanonical
from assent.core.config import Config
from assent.core.evidence import evidence_digest
from assent.core.findings import Finding
from assent.core.names import parse_path
from assent.core.record import ParsedRecord, Record, parse_record
from assent.core.rules import CHANGE_RULES, FILE_RULES, TREE_RULES
from assent.core.rules.subject import (
    REGULAR_FILE,
    UNREADABLE,
    Change,
    JudgedFile,
    PromotionFile,
    Standing,
    Tree,
    Unreadable,
)
from assent.core.schema import Schema

__all__ = ["holds_record", "judge_change", "judge_file", "judge_tree"]

_LINES = {
    "model": ("model",),
    "status": ("status",),
    "package": ("package",),
    "evidence": ("evidence",),
    "violations": ("evidence", "inference", "violations"),
}


def holds_record(path: str, mode: str) -> bool:
    """Whether a file is worth reading: a plain file at a record's path."""
    return mode == REGULAR_FILE and parse_path(path) is not None


def judge_file(
    *,
    path: str,
    mode: str,
    blob: str,
    content: bytes | None,
    schema: Schema,
    config: Config,
    whole: bool = False,
) -> JudgedFile:
    """Judge one file below `promotions/` by every rule that applies to it.

    Args:
        path: Where it is.
        mode: As git writes it.
        blob: The object's id.
        content: Its bytes; None where `holds_record` says that nobody need read them.
        schema: The promotion record's.
        config: Whose ladder and registry judge.
        whole: Whether what stands keeps all of the record, for the rules over a change.
    """
    parsed = None if content is None else parse_record(content, schema)
    file = PromotionFile(
        path=path,
        mode=mode,
        blob=blob,
        id=parse_path(path),
        parsed=parsed,
        digest=_digest(parsed.record) if isinstance(parsed, ParsedRecord) else "",
    )
    findings: list[Finding] = []
    for rule in FILE_RULES:
        found = [rule.finding(problem) for problem in rule.judge(file, config)]
        findings.extend(found)
        if found and rule.bars:
            return JudgedFile(id=file.id, findings=tuple(findings), state=UNREADABLE)
    return JudgedFile(id=file.id, findings=tuple(findings), state=_standing(file, whole=whole))


def _digest(record: Record) -> str:
    try:
        return evidence_digest(record.package, record.evidence)
    except Uncanonical:
        return ""


def _standing(file: PromotionFile, *, whole: bool) -> Standing | Unreadable:
    if not isinstance(file.parsed, ParsedRecord):
        return UNREADABLE
    record = file.parsed.record
    inference = record.evidence.inference
    return Standing(
        id=record.id,
        decision=record.decision,
        package=record.package,
        content=file.digest,
        claimed=record.evidence.digest,
        collected=record.evidence.collected,
        source=record.evidence.source,
        violations=() if inference is None else inference.violations,
        lines={name: file.parsed.line(*place) for name, place in _LINES.items()},
        parsed=file.parsed if whole else None,
    )


def judge_tree(tree: Tree) -> list[Finding]:
    """Judge records by what they rest on."""
    return [rule.finding(problem) for rule in TREE_RULES for problem in rule.judge(tree)]


def judge_change(change: Change) -> list[Finding]:
    """Judge what a pull request changes."""
    return [rule.finding(problem) for rule in CHANGE_RULES for problem in rule.judge(change)]
