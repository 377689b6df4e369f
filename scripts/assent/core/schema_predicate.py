"""JSON Schema as a predicate: the same verdict as the validator's, without its reasons, and fast.

Nearly every value that Assent reads is valid, and jsonschema takes most of the time of judging it.
So a schema is turned into nested functions once; only what they refuse goes to jsonschema, which
finds the words. The keywords are those that `schemas/` uses; a schema with any other has no
predicate, and jsonschema alone judges.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

__all__ = ["Predicate", "compile_predicate"]

Predicate = Callable[[Any], bool]
"""Whether a value is valid."""

_ANNOTATIONS = frozenset({"$schema", "$id", "$defs", "title", "description", "default"})
_WITH_IF = frozenset({"then", "else"})
_WITH_PROPERTIES = frozenset({"properties", "additionalProperties"})

_TYPES: Mapping[str, Predicate] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


class _Unsupported(Exception):
    pass


def compile_predicate(
    schema: Mapping[str, Any], pattern: Callable[[str], re.Pattern[str]]
) -> Predicate | None:
    """Make a schema's predicate; None where the schema says something that has no function here.

    Args:
        schema: A whole schema; its references lead into its own `$defs`.
        pattern: Compiles the expressions of `pattern`, as the validator reads them.
    """
    try:
        return _Compiler(schema, pattern).predicate(schema)
    except _Unsupported:
        return None


class _Compiler:
    def __init__(self, root: Mapping[str, Any], pattern: Callable[[str], re.Pattern[str]]) -> None:
        self._definitions: Mapping[str, Any] = root.get("$defs", {})
        self._pattern = pattern
        self._open: list[str] = []
        """The definitions that are being compiled, one within the other."""

    def predicate(self, schema: Any) -> Predicate:  # noqa: ANN401 - any JSON, judged here
        if isinstance(schema, bool):
            return partial(_constant, schema)
        if not isinstance(schema, dict):
            raise _Unsupported
        checks = tuple(self._checks(schema))
        if len(checks) == 1:
            return checks[0]
        return partial(_all, checks)

    def _checks(self, schema: Mapping[str, Any]) -> Iterator[Predicate]:
        if _WITH_PROPERTIES & schema.keys():
            yield self._fields(schema)
        for keyword, value in schema.items():
            if keyword in _ANNOTATIONS or keyword in _WITH_PROPERTIES:
                continue
            if keyword == "if":
                yield self._conditional(schema)
            elif keyword in _WITH_IF:
                if "if" not in schema:
                    raise _Unsupported
            else:
                yield self._check(keyword, value)

    def _check(self, keyword: str, value: Any) -> Predicate:  # noqa: ANN401 - any JSON
        match keyword, value:
            case "type", str() if value in _TYPES:
                return _TYPES[value]
            case "type", list() if all(each in _TYPES for each in value):
                return partial(_any, tuple(_TYPES[each] for each in value))
            case "const", str() | bool():
                return partial(_is, value)
            case "enum", list() if all(isinstance(each, str) for each in value):
                return partial(_one_of, frozenset(value))
            case "pattern", str():
                return partial(_matches, self._pattern(value).search)
            case "required", list():
                return partial(_has_all, tuple(value))
            case "allOf", list():
                return partial(_all, tuple(self.predicate(each) for each in value))
            case "items" | "propertyNames" | "not", dict():
                return partial(_OF_PARTS[keyword], self.predicate(value))
            case "$ref", str() if value.startswith("#/$defs/"):
                return self._definition(value.removeprefix("#/$defs/"))
            case _:
                return _limit(keyword, value)

    def _definition(self, name: str) -> Predicate:
        definition = self._definitions.get(name)
        if not isinstance(definition, dict) or name in self._open:  # no value is without end
            raise _Unsupported
        self._open.append(name)
        predicate = self.predicate(definition)
        self._open.pop()
        return predicate

    def _fields(self, schema: Mapping[str, Any]) -> Predicate:
        known = {name: self.predicate(each) for name, each in schema.get("properties", {}).items()}
        others = self.predicate(schema.get("additionalProperties", True))
        return partial(_fields, known, others)

    def _conditional(self, schema: Mapping[str, Any]) -> Predicate:
        return partial(
            _conditional,
            self.predicate(schema["if"]),
            self.predicate(schema.get("then", True)),
            self.predicate(schema.get("else", True)),
        )


def _limit(keyword: str, limit: Any) -> Predicate:  # noqa: ANN401 - any JSON, judged here
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise _Unsupported
    match keyword:
        case "minimum":
            return lambda value: not _is_number(value) or not value < limit
        case "maximum":
            return lambda value: not _is_number(value) or not value > limit
        case "minLength":
            return lambda value: not isinstance(value, str) or len(value) >= limit
        case "maxLength":
            return lambda value: not isinstance(value, str) or len(value) <= limit
        case "minItems":
            return lambda value: not isinstance(value, list) or len(value) >= limit
        case "maxItems":
            return lambda value: not isinstance(value, list) or len(value) <= limit
        case "minProperties":
            return lambda value: not isinstance(value, dict) or len(value) >= limit
        case "maxProperties":
            return lambda value: not isinstance(value, dict) or len(value) <= limit
        case _:
            raise _Unsupported


_is_number = _TYPES["number"]


def _is(wanted: str | bool, value: object) -> bool:  # noqa: FBT001 - a value to compare with
    return type(value) is type(wanted) and value == wanted


def _constant(verdict: bool, _value: object) -> bool:  # noqa: FBT001 - the verdict itself
    return verdict


def _all(checks: Sequence[Predicate], value: object) -> bool:
    for check in checks:  # noqa: SIM110 - all() would make a generator of each
        if not check(value):
            return False
    return True


def _any(checks: Sequence[Predicate], value: object) -> bool:
    return any(check(value) for check in checks)


def _none(check: Predicate, value: object) -> bool:
    return not check(value)


def _one_of(words: frozenset[str], value: object) -> bool:
    return isinstance(value, str) and value in words


def _matches(search: Callable[[str], object], value: object) -> bool:
    return not isinstance(value, str) or search(value) is not None


def _has_all(names: Sequence[str], value: object) -> bool:
    if not isinstance(value, dict):
        return True
    for name in names:  # noqa: SIM110 - as in _all
        if name not in value:
            return False
    return True


def _every_item(check: Predicate, value: object) -> bool:
    return not isinstance(value, list) or _every(check, value)


def _every_name(check: Predicate, value: object) -> bool:
    return not isinstance(value, dict) or _every(check, value)


def _every(check: Predicate, values: Any) -> bool:  # noqa: ANN401 - a list, or a dict's keys
    for each in values:  # noqa: SIM110 - as in _all
        if not check(each):
            return False
    return True


def _fields(known: Mapping[str, Predicate], others: Predicate, value: object) -> bool:
    if not isinstance(value, dict):
        return True
    for name, each in value.items():  # noqa: SIM110 - as in _all
        if not known.get(name, others)(each):
            return False
    return True


def _conditional(condition: Predicate, then: Predicate, other: Predicate, value: object) -> bool:
    return then(value) if condition(value) else other(value)


_OF_PARTS: Mapping[str, Callable[[Predicate, object], bool]] = {
    "items": _every_item,
    "propertyNames": _every_name,
    "not": _none,
}
"""Keywords that hold one schema, which is not of the value itself."""
