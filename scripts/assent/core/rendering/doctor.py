"""A diagnosis as text, as JSON, or as Markdown. What services say is shown, and does nothing."""

from typing import Any

from assent.core.doctor.finding import Diagnosis, Finding, Verdict
from assent.core.rendering.markdown import code, table
from assent.core.rendering.plain import plain

__all__ = ["diagnosis_line", "diagnosis_markdown", "diagnosis_values", "finding_text"]

SCHEMA = "assent/doctor/v1"
_LONGEST = 1_000
_HEADINGS = {
    Verdict.PROBLEM: "Problems",
    Verdict.UNKNOWN: "Could not be read",
    Verdict.WARNING: "Warnings",
    Verdict.OK: "As it should be",
}
"""In the order in which they matter."""


def finding_text(finding: Finding) -> str:
    """A finding in a line, and its remedy in another."""
    line = _line(f"{finding.verdict}[{finding.check}] {finding.about}: {finding.message}")
    return f"{line}\n  fix: {_line(finding.remedy)}" if finding.remedy else line


def _line(text: str) -> str:
    return plain(text if len(text) <= _LONGEST else text[:_LONGEST] + "...")


def diagnosis_line(diagnosis: Diagnosis) -> str:
    """The verdict in a line."""
    problems, warnings = diagnosis.count(Verdict.PROBLEM), diagnosis.count(Verdict.WARNING)
    counts = ", ".join(
        (
            f"{problems} problem{'' if problems == 1 else 's'}",
            f"{diagnosis.count(Verdict.UNKNOWN)} unread",
            f"{warnings} warning{'' if warnings == 1 else 's'}",
            f"{diagnosis.count(Verdict.OK)} ok",
        )
    )
    if diagnosis.count(Verdict.UNKNOWN) and not diagnosis.count(Verdict.PROBLEM):
        return f"{counts}: no verdict, since not all could be read"
    return counts


def diagnosis_values(diagnosis: Diagnosis) -> dict[str, Any]:
    """JSON values; their form, `assent/doctor/v1`, only ever gains fields."""
    return {
        "schema": SCHEMA,
        "exit": int(diagnosis.exit),
        **{each.value: diagnosis.count(each) for each in Verdict},
        "findings": [
            {
                "check": finding.check,
                "about": finding.about,
                "verdict": finding.verdict.value,
                "message": finding.message,
                "remedy": finding.remedy,
            }
            for finding in diagnosis.findings
        ],
    }


def diagnosis_markdown(diagnosis: Diagnosis) -> str:
    """A table for each verdict, the gravest first."""
    parts = [f"**{diagnosis_line(diagnosis)}**"]
    for verdict, heading in _HEADINGS.items():
        found = [each for each in diagnosis.findings if each.verdict is verdict]
        if found:
            parts += [f"### {heading}", _table(found)]
    return "\n\n".join(parts)


def _table(findings: list[Finding]) -> str:
    return table(
        ("check", "about", "found", "what to do"),
        [
            (
                code(each.check),
                code(each.about),
                code(each.message),
                code(each.remedy, 600) if each.remedy else "",
            )
            for each in findings
        ],
    )
