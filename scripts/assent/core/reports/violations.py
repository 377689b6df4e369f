"""Constraint violations, which every kind of Model Monitor job writes in the same list.

What a violation is about stands in `feature_name` (data quality), `metric_name` (model quality),
`facet`, `facet_value` and `metric_name` (bias), or `label` and `metric_name` (attributions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assent.core.reports.flatten import flatten
from assent.core.reports.naming import one_line
from assent.core.reports.readings import Skip
from assent.core.reports.report import Violation
from assent.core.reports.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assent.core.reports.document import Json, JsonObject
    from assent.core.reports.readings import Reading
    from assent.core.reports.report import ReportKind

__all__ = ["VIOLATIONS"]

_VIOLATIONS: Final = "violations"
_SUBJECT: Final = ("facet", "facet_value", "label", "feature_name", "metric_name")
_TEXTS: Final = frozenset({*_SUBJECT, "constraint_check_type", "description"})
_WORD_LIMIT: Final = 128
_SENTENCE_LIMIT: Final = 512


def _claims(document: JsonObject, _kind: ReportKind) -> frozenset[str]:
    return frozenset({_VIOLATIONS} if isinstance(document.get(_VIOLATIONS), list) else ())


def _read(section: str, value: Json) -> Iterator[Reading]:
    if not isinstance(value, list):
        yield from flatten((section,), value)
        return
    for index, entry in enumerate(value):
        if isinstance(entry, dict):
            yield from _violation(section, index, entry)
        else:
            yield Skip(place=(section, index), why="not a violation: not an object")


def _violation(section: str, index: int, entry: JsonObject) -> Iterator[Reading]:
    texts = {
        key: text.strip()
        for key, text in entry.items()
        if key in _TEXTS and isinstance(text, str) and text.strip()
    }
    if not texts:
        yield Skip(place=(section, index), why="not a violation: it names and describes nothing")
        return
    yield Violation(
        feature=".".join(
            one_line(texts[key], limit=_WORD_LIMIT) for key in _SUBJECT if key in texts
        ),
        check=one_line(texts.get("constraint_check_type", ""), limit=_WORD_LIMIT),
        description=one_line(texts.get("description", ""), limit=_SENTENCE_LIMIT),
    )
    for key in sorted(entry.keys() - texts.keys()):
        why = "no text, or an empty one" if key in _TEXTS else "not a known part of a violation"
        yield Skip(place=(section, index, key), why=why)


VIOLATIONS: Final = Shape(id="violations", claims=_claims, read=_read)
