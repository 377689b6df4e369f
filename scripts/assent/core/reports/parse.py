"""Recognises a report's shape and reads it: `parse_report`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from assent.core.reports.assemble import assemble
from assent.core.reports.clarify_bias import CLARIFY_BIAS
from assent.core.reports.clarify_explainability import CLARIFY_EXPLAINABILITY
from assent.core.reports.data_quality import DATA_QUALITY, DATA_QUALITY_CONSTRAINTS
from assent.core.reports.document import read_document
from assent.core.reports.flatten import flatten, has_named_values, without_measures
from assent.core.reports.model_quality import MODEL_QUALITY
from assent.core.reports.model_quality_constraints import MODEL_QUALITY_CONSTRAINTS
from assent.core.reports.readings import Skip
from assent.core.reports.report import Unreadable
from assent.core.reports.subject import speaks_of
from assent.core.reports.violations import VIOLATIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from assent.core.reports.document import JsonObject
    from assent.core.reports.readings import Reading
    from assent.core.reports.report import Report, ReportKind
    from assent.core.reports.shape import Shape

__all__ = ["FLATTENED", "SHAPES", "parse_report"]

SHAPES: Final[tuple[Shape, ...]] = (
    MODEL_QUALITY,
    MODEL_QUALITY_CONSTRAINTS,
    DATA_QUALITY,
    DATA_QUALITY_CONSTRAINTS,
    CLARIFY_BIAS,
    CLARIFY_EXPLAINABILITY,
    VIOLATIONS,
)
"""Every shape that is known; no two claim the same key of a report."""
FLATTENED: Final = "flattened"
"""Shown as the shape of a report that no shape claims."""

_VERSION: Final = "version"
_DATASET: Final = "dataset"


def parse_report(content: bytes, kind: ReportKind) -> Report | Unreadable:
    """Read a metric report from untrusted bytes; never raises.

    Each known shape reads the top-level keys that it claims, and the rest is flattened, so one
    Clarify file may hold bias metrics and attributions. A list of named values is flattened too. In
    a slot for constraints every number is a limit: such a report gives directions and violations,
    never metrics. Keys that say whom the report is of are no metrics either.
    """
    document = read_document(content)
    match document:
        case Unreadable():
            return document
        case list():
            if not has_named_values(document):
                return Unreadable(why="the top level is a list, not an object")
            return assemble(_as_limits(flatten((), document), kind), shape=FLATTENED)
        case dict():
            claimed = [(shape, keys) for shape in SHAPES if (keys := shape.claims(document, kind))]
            subject = speaks_of(document)
            readings = _readings(document, claimed, subject.claims if subject else ())
            shape = "+".join(shape.id for shape, _ in claimed) or FLATTENED
            return replace(assemble(_as_limits(readings, kind), shape=shape), subject=subject)


def _as_limits(readings: Iterator[Reading], kind: ReportKind) -> Iterator[Reading]:
    """The readings of a slot for constraints without metrics; those of another slot as they are."""
    if not kind.states_limits:
        return readings
    why = f"in the {kind.value} slot numbers are limits, not metrics of the model"
    return without_measures(readings, why)


def _readings(
    document: JsonObject,
    claimed: list[tuple[Shape, frozenset[str]]],
    identifying: Collection[str],
) -> Iterator[Reading]:
    for key in identifying:
        yield Skip(place=(key,), why="says whom the report is of; not a metric", expected=True)
    rest = document.keys() - identifying
    for shape, keys in claimed:
        for key in sorted(keys):
            yield from shape.read(key, document[key])
        rest -= keys
    if claimed and _VERSION in rest and isinstance(document[_VERSION], str | float):
        why = "the version of the report's format, not a metric"
        yield Skip(place=(_VERSION,), why=why, expected=True)
        rest.remove(_VERSION)
    for key in sorted(rest):
        for reading in flatten((key,), document[key]):
            if claimed and key == _DATASET and isinstance(reading, Skip):
                # Model Monitor says there which data it measured, and when.
                yield replace(reading, expected=True)
            else:
                yield reading
