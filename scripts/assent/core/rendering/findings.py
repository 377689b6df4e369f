"""A check's report as text, as JSON, or as GitHub's workflow commands."""

import re
from collections.abc import Iterator
from itertools import groupby

from assent.core.findings import CheckReport, Finding
from assent.core.names import shown
from assent.core.rendering.plain import json_text

__all__ = ["closing", "render_github", "render_json", "render_text"]

SCHEMA = "assent/findings/v1"

# A path that a terminal, a log and a reader take literally, and that starts no workflow command.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._+@-][A-Za-z0-9._+@/ -]{0,400}(?<! )", re.ASCII)
_LONGEST = 2000


def render_text(report: CheckReport) -> str:
    """The findings grouped by file, each with its remedy, and a closing line with the counts.

    ASCII only: whatever could move a cursor, hide or start a command is written as its escape.
    """
    groups = [
        "".join(_lines(finding) for finding in findings)
        for _path, findings in groupby(report.findings, key=lambda finding: finding.path)
    ]
    return "\n".join([*groups, f"{closing(report)}\n"])


def _lines(finding: Finding) -> str:
    where = f"{_path(finding.path)}:{finding.line}"
    what = f"{finding.severity}[{finding.rule}]"
    return f"{where}: {what}: {_visible(finding.message)}\n  fix: {_visible(finding.remedy)}\n"


def render_json(report: CheckReport) -> str:
    """One JSON object; its form, `assent/findings/v1`, only ever gains fields."""
    value = {
        "schema": SCHEMA,
        "base": report.base,
        "head": report.head,
        "records_read": report.records_read,
        "founded": report.founded,
        "errors": report.errors,
        "warnings": report.warnings,
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity.value,
                "path": finding.path,
                "line": finding.line,
                "place": finding.place,
                "message": finding.message,
                "remedy": finding.remedy,
            }
            for finding in report.findings
        ],
    }
    return f"{json_text(value)}\n"


def render_github(report: CheckReport) -> str:
    """A workflow command for each finding, which GitHub shows beside the line, and the counts.

    Its form: https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
    """
    return "".join(f"{line}\n" for line in [*map(_command, report.findings), closing(report)])


def _command(finding: Finding) -> str:
    properties = {
        "file": _visible(finding.path),
        "line": str(finding.line),
        "title": f"{finding.rule}: {_path(finding.path)}",
    }
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    text = f"{_visible(finding.message)}\n{_visible(finding.remedy)}"
    return f"::{finding.severity} {listed}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def closing(report: CheckReport) -> str:
    """The verdict in a line: what was found, and how much was judged."""
    read = _count(report.records_read, "record")
    if not report.findings and not report.records_read:
        if report.founded:
            return "no finding; no promotion record yet, only what will judge them"
        if report.base is None:
            return "nothing was judged: there is no promotion record"
        return "no finding; the change touches no promotion record"
    return f"{', '.join(_counts(report))}; {read} judged"


def _counts(report: CheckReport) -> Iterator[str]:
    if report.errors:
        yield _count(report.errors, "error")
    if report.warnings:
        yield _count(report.warnings, "warning")
    if not report.findings:
        yield "no finding"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _path(path: str) -> str:
    return path if _PLAIN_PATH.fullmatch(path) else _visible(shown(path, 400))


def _visible(text: str) -> str:
    """Untrusted text in one line of ASCII that starts no workflow command."""
    cut = text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
    escaped = "".join(
        character if " " <= character <= "~" else ascii(character)[1:-1] for character in cut
    )
    return escaped.replace("##[", "#\\x23[")
