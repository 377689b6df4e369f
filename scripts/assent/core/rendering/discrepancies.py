"""Where AWS is not as main says: as text, as JSON values, and as the one issue about it."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from assent.core.discrepancy import Discrepancy, Kind
from assent.core.receipts import Failed
from assent.core.rendering.markdown import code, table
from assent.core.rendering.plain import plain

__all__ = [
    "DISCREPANCY_LABEL",
    "DISCREPANCY_TITLE",
    "clean_comment",
    "discrepancy_key",
    "discrepancy_line",
    "discrepancy_values",
    "duplicate_comment",
    "event_comment",
    "issue_body",
    "keys_in",
]

DISCREPANCY_LABEL = "assent: aws differs"
"""By which Assent finds the issue. `assent: drift` is about models, this about the services."""
DISCREPANCY_TITLE = "AWS differs from main"
_MAX_BODY = 60_000
"""GitHub takes 65,536 characters."""
_LAYOUTS = (100, 50, 20, 5, 0)
"""How many rows are shown: the first that fits."""
_LONGEST_DETAIL = 400
_KEY_DIGITS = 12
_MOST_KEYS = 500
_KEYS = re.compile(
    rf"^<!-- assent: differs keys=(?P<keys>[0-9a-f,]{{0,{_MOST_KEYS * (_KEY_DIGITS + 1)}}}) -->"
    r"\r?$",
    re.ASCII | re.MULTILINE,
)
_CLEAN = "<!-- assent: differs no more -->"

_MEANING = {
    Kind.APPROVED_WITHOUT_RECORD: "approved, and no record in effect says so",
    Kind.RECORD_WITHOUT_EFFECT: "main says it, and it is not in effect",
    Kind.REGISTRY_DIFFERS: "the registry shows something else than what is in effect",
    Kind.PARAMETER_EDITED: "a parameter is not what derives from the decisions",
    Kind.HISTORY_EDITED: "a history says what Assent cannot have written",
    Kind.DECISION_WITHOUT_RECEIPT: "a history says it, and no receipt shows it",
    Kind.PARAMETER_STRAY: "a parameter that nothing explains",
    Kind.UNKNOWN_WRITER: "written last by nobody who may",
    Kind.PACKAGE_DELETED: "the package is gone",
    Kind.PACKAGE_RECREATED: "the package was deleted and created again",
}


def discrepancy_key(discrepancy: Discrepancy) -> str:
    """What stands for a discrepancy in a marker: the same, however its words change."""
    each = discrepancy
    parts = (each.kind, each.environment, each.model, str(each.version), each.parameter)
    digest = hashlib.sha256("\0".join(parts).encode(errors="surrogatepass"))
    return digest.hexdigest()[:_KEY_DIGITS]


def keys_in(texts: Iterable[str]) -> frozenset[str]:
    """The discrepancies that a page, or its comments, tell of already."""
    found = (match["keys"] for text in texts for match in _KEYS.finditer(text))
    return frozenset(key for keys in found for key in keys.split(",") if key)


def discrepancy_line(discrepancy: Discrepancy) -> str:
    """One discrepancy on one line of plain text."""
    detail = plain(discrepancy.detail)
    return f"{discrepancy.kind}  {_where(discrepancy)}: {detail}"


def discrepancy_values(discrepancy: Discrepancy) -> dict[str, Any]:
    """One discrepancy as JSON values."""
    return {
        "kind": discrepancy.kind,
        "environment": discrepancy.environment or None,
        "model": discrepancy.model or None,
        "version": discrepancy.version,
        "detail": discrepancy.detail,
        "heals": discrepancy.heals,
    }


def _where(discrepancy: Discrepancy) -> str:
    each = discrepancy
    version = "" if each.version is None else f" {each.version}"
    place = f"in {each.environment}" if each.environment else "in the registry"
    return f"{each.model}{version} {place}".strip()


def issue_body(
    discrepancies: Sequence[Discrepancy],
    *,
    environments: Sequence[str],
    broken: Sequence[Failed] = (),
    at_once: bool = False,
) -> str:
    """The issue's page; the same for the same findings, so that it is only edited for news.

    Args:
        discrepancies: What was found.
        environments: Those that were compared.
        broken: What could not be read.
        at_once: Whether an event told of one version, and nothing else was looked at.
    """
    body = ""
    for rows in _LAYOUTS:
        parts = [
            f"## {DISCREPANCY_TITLE}",
            _summary(discrepancies, environments, at_once=at_once),
            _rows(discrepancies, rows),
            _unread(broken, rows),
            _what_to_do(discrepancies),
            _marker(discrepancies),
        ]
        body = "\n\n".join(part for part in parts if part) + "\n"
        if len(body) <= _MAX_BODY:  # measured as it is sent: escaping lengthens hostile text
            break
    return body


def _summary(
    discrepancies: Sequence[Discrepancy], environments: Sequence[str], *, at_once: bool
) -> str:
    count = len(discrepancies)
    what = f"**{count} {'difference' if count == 1 else 'differences'}**"
    where = ", ".join(code(each) for each in environments)
    if at_once:
        return (
            f"{what} found on one version, when its package changed. The next full comparison "
            "shows everything here, or closes this issue."
        )
    return f"{what} found in {where}, or in the registry."


def _rows(discrepancies: Sequence[Discrepancy], most: int) -> str:
    shown = discrepancies[:most]
    rows = [
        [
            code(each.environment) if each.environment else "registry",
            _subject(each),
            f"{code(each.kind)}: {_MEANING[each.kind]}",
            code(each.detail, _LONGEST_DETAIL),
            "heals" if each.heals else "",
        ]
        for each in shown
    ]
    header = ["where", "version", "difference", "found", "`--heal`"]
    over = len(discrepancies) - len(rows)
    more = f"{over} more: `assent drift` lists all." if over else ""
    listing = table(header, rows) if rows else ""
    return "\n\n".join(part for part in (listing, more) if part)


def _subject(discrepancy: Discrepancy) -> str:
    if not discrepancy.model:
        return ""
    version = "" if discrepancy.version is None else f" {discrepancy.version}"
    return f"{code(discrepancy.model)}{version}"


def _unread(broken: Sequence[Failed], most: int) -> str:
    if not broken:
        return ""
    rows = [
        [code(each.environment or "registry"), code(each.what), code(each.message, _LONGEST_DETAIL)]
        for each in broken[: max(most, 1)]
    ]
    intro = "Of this nothing is known, which does not mean that it is as it should be."
    listing = table(["where", "what", "why"], rows)
    return f"### What could not be read\n\n{intro}\n\n{listing}"


def _what_to_do(discrepancies: Sequence[Discrepancy]) -> str:
    lines = ["### What to do", ""]
    if any(each.heals for each in discrepancies):
        lines.append(
            "- **Find out who wrote it**: CloudTrail has `UpdateModelPackage` and `PutParameter`. "
            "Then write back what is in effect: start the workflow `drift` with `heal`. That "
            "decides nothing, and touches nothing else."
        )
    if any(not each.heals for each in discrepancies):
        lines.append(
            "- What does not heal needs a person: `docs/drift.md` says for each kind what to do."
        )
    lines.append("- This issue is closed by the first comparison that finds nothing.")
    return "\n".join(lines)


def _marker(discrepancies: Sequence[Discrepancy]) -> str:
    keys = [discrepancy_key(each) for each in discrepancies[:_MOST_KEYS]]
    return f"<!-- assent: differs keys={','.join(keys)} -->"


def event_comment(discrepancies: Sequence[Discrepancy]) -> str:
    """A change of one package brought something that the page does not show yet."""
    return (
        "A package was changed, and differs from what is in effect. The next full comparison shows "
        f"it above.\n\n{_rows(discrepancies, _LAYOUTS[1])}\n\n{_marker(discrepancies)}\n"
    )


def clean_comment() -> str:
    """Everything was compared, and nothing differs any more."""
    return f"AWS is as main says again.\n\n{_CLEAN}\n"


def duplicate_comment(number: int) -> str:
    """Two runs opened an issue at once; the older one stays."""
    return f"#{number} is about the same, and was opened first; it stays.\n"
