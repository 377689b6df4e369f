"""The fast predicate says what jsonschema says, of any value."""

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assent.contracts import load_contracts
from assent.core.schema import Schema, _whole
from assent.core.schema_predicate import compile_predicate
from assent.core.strict_yaml import Document, read_yaml

ROOT = Path(__file__).parents[2]
RECORD = (ROOT / "tests" / "rules" / "valid" / "odd-metrics.yaml").read_bytes()
INFERRED = (ROOT / "tests" / "rules" / "valid" / "after-inference.yaml").read_bytes()
EVERYTHING = (ROOT / "tests" / "rules" / "valid" / "everything.yaml").read_bytes()
CONFIG = (ROOT / "assent.yaml").read_bytes()
OTHERS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    7.0,
    0.5,
    10**30,
    float("nan"),
    float("inf"),
    "",
    "churn",
    "churn\n",
    "-",
    "\x00",
    "\u2028",
    "a" * 64,
    "a" * 5_000,
    "Approved",
    "Retired",
    "2026-11-22T10:00:00Z",
    "s3://b/k",
    "sha256:" + "0" * 64,
    [],
    [None],
    ["Approved"],
    [{}] * 60,
    {},
    {"value": 1},
    {"value": True},
    {"": None},
)


def _value(content: bytes) -> Any:  # noqa: ANN401 - any YAML
    document = read_yaml(content)
    assert isinstance(document, Document)
    return document.value


PARAMETER = {
    "schema": "assent/parameter/v1",
    "model": "churn",
    "version": 7,
    "environment": "dev",
    "model_package_arn": "arn",
    "approved_by": ["ana"],
    "approved_at": "2026-11-22T10:00:00Z",
    "pull_request": "https://github.com/acme/p/pull/1",
    "commit": "c",
    "evidence": "e",
    "containers": [{"image": "i", "artifact": {}}],
}
WITH_INFERENCE = _value(CONFIG)
WITH_INFERENCE["environments"][0]["inference"] = {
    "transform_jobs": "dev-*",
    "reports": [{"kind": "evaluation", "path": "a/metrics.json", "required": False}],
}
GOOD: Mapping[str, Any] = {
    "promotion": _value(RECORD),
    "promotion after inference": _value(INFERRED),
    "promotion with everything": _value(EVERYTHING),
    "config": _value(CONFIG),
    "config with inference": WITH_INFERENCE,
    "parameter": PARAMETER,
}
"""By a name that begins with the schema's."""


def _schema(name: str) -> Schema:
    schema: Schema = getattr(load_contracts(), name.split(maxsplit=1)[0])
    return schema


def _agree(schema: Schema, value: object) -> bool:
    """Whether both give the same verdict; the predicate is there for every schema of ours."""
    assert schema._is_valid is not None
    return schema._is_valid(value) is schema._validator.is_valid(value)


def _places(value: object, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    keys: Any = value if isinstance(value, dict) else ()
    if isinstance(value, list):
        keys = range(len(value))
    for key in keys:
        yield from _places(_at(value, (key,)), (*place, key))


def _with(value: object, place: tuple[Any, ...], other: object) -> Any:  # noqa: ANN401 - any JSON
    if not place:
        return other
    changed: Any = copy.deepcopy(value)
    target = changed
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = other
    return changed


def _without(value: object, place: tuple[Any, ...]) -> Any:  # noqa: ANN401 - any JSON
    changed: Any = copy.deepcopy(value)
    target = changed
    for key in place[:-1]:
        target = target[key]
    del target[place[-1]]
    return changed


@pytest.mark.parametrize("name", GOOD)
def test_a_good_value_passes_both(name: str) -> None:
    """The values that the next tests spoil are valid themselves."""
    schema = _schema(name)
    assert schema.problems(GOOD[name]) == []
    assert _agree(schema, GOOD[name])


@pytest.mark.parametrize("name", GOOD)
def test_both_judge_alike_whatever_stands_anywhere(name: str) -> None:
    """Each part of a good value in turn is replaced, removed or given company."""
    schema = _schema(name)
    good = GOOD[name]
    places = list(_places(good))
    spoiled = [_with(good, place, other) for place in places for other in OTHERS]
    spoiled += [_without(good, place) for place in places if place]
    spoiled += [
        _with(good, (*place, key), None)
        for place in places
        for key in ("extra", "\n", "a" * 300)
        if isinstance(_at(good, place), dict)
    ]
    assert [each for each in spoiled if not _agree(schema, each)] == []
    verdicts = {schema.problems(each) == [] for each in spoiled}
    assert verdicts == {True, False}


def _at(value: Any, place: tuple[Any, ...]) -> Any:  # noqa: ANN401 - any JSON
    for key in place:
        value = value[key]
    return value


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from(["schema", "version", "status", "reason", "x"]), children)
    ),
    max_leaves=10,
)


@given(place=st.integers(min_value=0, max_value=10_000), other=_JSON)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_both_judge_alike_any_value_anywhere(place: int, other: object) -> None:
    """Values that nobody thought of, at any place of a record and of the configuration."""
    for name in ("promotion after inference", "config with inference"):
        schema, good = _schema(name), GOOD[name]
        places = list(_places(good))
        assert _agree(schema, _with(good, places[place % len(places)], other))
        assert _agree(schema, other)


@pytest.mark.parametrize(
    "schema",
    [
        {"uniqueItems": True},
        {"type": "date"},
        {"const": 7},
        {"enum": [1, "one"]},
        {"items": True},
        {"properties": {"a": {"format": "date"}}},
        {"additionalProperties": {"anyOf": []}},
        {"then": {"type": "string"}},
        {"maximum": 0.5},
        {"minLength": True},
        {"$ref": "#/definitions/a"},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}},
        {"$ref": "#/$defs/none"},
        {"not": []},
    ],
    ids=json.dumps,
)
def test_what_it_does_not_know_it_leaves_to_jsonschema(schema: dict[str, Any]) -> None:
    """A keyword, or a form of one, that has no function here makes no predicate at all."""
    assert compile_predicate(schema, _whole) is None


def test_a_schema_without_a_predicate_judges_all_the_same() -> None:
    """Where there is no predicate, jsonschema alone finds the problems."""
    schema = Schema({"type": "array", "uniqueItems": True})
    assert schema.problems([1, 2]) == []
    assert len(schema.problems([1, 1])) == 1
