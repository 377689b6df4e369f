"""Data quality statistics and constraints of Model Monitor: a list of features by name.

Statistics: `{"features": [{"name": "Age", "numerical_statistics": {"mean": 41.2, …}}]}`, read as
`features.Age.numerical_statistics.mean`. Constraints have the same list, with `completeness` and
`num_constraints` in the place of statistics; they are limits, so no metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assent.core.reports.flatten import flatten_numbers, without_measures
from assent.core.reports.readings import Skip
from assent.core.reports.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assent.core.reports.document import Json, JsonObject
    from assent.core.reports.naming import Parts
    from assent.core.reports.readings import Reading
    from assent.core.reports.report import ReportKind

__all__ = ["DATA_QUALITY", "DATA_QUALITY_CONSTRAINTS"]

_FEATURES: Final = "features"
_TYPE: Final = "inferred_type"
_STATISTICS: Final = frozenset({"numerical_statistics", "string_statistics"})
_CONSTRAINTS: Final = frozenset({"completeness", "num_constraints", "string_constraints"})


def _claims_statistics(document: JsonObject, kind: ReportKind) -> frozenset[str]:
    if _claims_constraints(document, kind) or not _some_feature_has(document, _STATISTICS):
        return frozenset()
    return frozenset({_FEATURES})


def _claims_constraints(document: JsonObject, _kind: ReportKind) -> frozenset[str]:
    limits = frozenset({"monitoring_config"} & document.keys())
    if limits or _some_feature_has(document, _CONSTRAINTS):
        return limits | ({_FEATURES} & document.keys())
    return frozenset()


def _some_feature_has(document: JsonObject, keys: frozenset[str]) -> bool:
    features = document.get(_FEATURES)
    return isinstance(features, list) and any(
        isinstance(feature, dict) and not keys.isdisjoint(feature) for feature in features
    )


def _read_statistics(section: str, value: Json) -> Iterator[Reading]:
    if not isinstance(value, list):
        yield from flatten_numbers((section,), value)
        return
    for index, feature in enumerate(value):
        name = feature.get("name") if isinstance(feature, dict) else None
        if isinstance(feature, dict) and isinstance(name, str):
            rest = {key: feature[key] for key in feature if key != "name"}
            yield from _statistics((section, name), rest)
        else:
            yield Skip(place=(section, index), why="not a feature with a name")


def _statistics(parts: Parts, feature: JsonObject) -> Iterator[Reading]:
    if not feature:
        yield Skip(place=parts, why="a feature without statistics")
    for key in sorted(feature):
        group = feature[key]
        if key == _TYPE and isinstance(group, str):
            yield Skip(place=(*parts, key), why="says of which type it is", expected=True)
            continue
        if key in _STATISTICS and isinstance(group, dict) and "distribution" in group:
            place = (*parts, key, "distribution")
            yield Skip(place=place, why="a distribution, not a single number", expected=True)
            group = {inner: group[inner] for inner in group if inner != "distribution"}
            if not group:
                continue
        yield from flatten_numbers((*parts, key), group)


def _read_constraints(section: str, value: Json) -> Iterator[Reading]:
    why = "a limit for the data, not a metric of the model"
    if section != _FEATURES or not isinstance(value, list) or not value:
        yield from without_measures(flatten_numbers((section,), value), why)
        return
    for index, feature in enumerate(value):
        name = feature.get("name") if isinstance(feature, dict) else None
        yield Skip(place=(section, name if isinstance(name, str) else index), why=why)


DATA_QUALITY: Final = Shape(id="data-quality", claims=_claims_statistics, read=_read_statistics)

DATA_QUALITY_CONSTRAINTS: Final = Shape(
    id="data-quality-constraints", claims=_claims_constraints, read=_read_constraints
)
