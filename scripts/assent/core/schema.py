"""Judging values by JSON Schema, as strictly as the schemas read."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators

from assent.core.names import shown
from assent.core.schema_predicate import compile_predicate
from assent.core.strict_yaml import Place

__all__ = ["MOST_PROBLEMS", "Schema", "SchemaProblem"]

MOST_PROBLEMS = 200
"""Problems that are looked for in one value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaProblem:
    """One way in which a value differs from its schema."""

    place: Place
    message: str


@cache
def _whole(pattern: str) -> re.Pattern[str]:
    # In Python `$` also matches before a final newline; in ECMA's expressions, which JSON Schema
    # speaks, it does not. Without this, "churn\n" would pass as a name.
    return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern))


def _pattern(
    _validator: object, pattern: str, instance: object, _schema: object
) -> Iterator[ValidationError]:
    if isinstance(instance, str) and _whole(pattern).search(instance) is None:
        yield ValidationError(f"does not have the form {pattern}")


def _is_integer(_checker: object, instance: object) -> bool:
    # JSON Schema counts 7.0 as an integer; a version written so would name another path.
    return isinstance(instance, int) and not isinstance(instance, bool)


_Validator = validators.extend(  # type: ignore[no-untyped-call] # jsonschema leaves it untyped
    Draft202012Validator,
    {"pattern": _pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


class Schema:
    """A JSON Schema, ready to judge.

    Args:
        schema: The schema as read from `schemas/`.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._validator = _Validator(schema)
        self._is_valid = compile_predicate(schema, _whole)

    def __reduce__(self) -> tuple[type["Schema"], tuple[Mapping[str, Any]]]:
        # Another process builds its own validator, which itself cannot be pickled.
        return Schema, (self._schema,)

    def problems(self, value: object) -> list[SchemaProblem]:
        """The differences between value and schema, outermost first; empty when it fits.

        At most `MOST_PROBLEMS` are looked for: a file can hold as many as it has characters.
        """
        if self._is_valid is not None and self._is_valid(value):
            return []
        found = [
            SchemaProblem(place=_place(error), message=_message(error))
            for error in islice(self._validator.iter_errors(value), MOST_PROBLEMS)
        ]
        return sorted(found, key=lambda problem: ([str(part) for part in problem.place]))


def _place(error: ValidationError) -> Place:
    """Where to look; of unknown fields at the first, not at the mapping that it is in."""
    place = tuple(error.absolute_path)
    return (*place, _unknown(error)[0]) if error.validator == "additionalProperties" else place


def _unknown(error: ValidationError) -> list[str]:
    instance: Any = error.instance
    schema: Any = error.schema
    known = schema.get("properties", {})
    return [name for name in instance if name not in known]


def _message(error: ValidationError) -> str:
    """The problem in words that a reviewer reads, with untrusted values quoted and cut."""
    value = shown(error.instance) if isinstance(error.instance, str) else None
    expected: Any = error.validator_value
    match error.validator:
        case "required":
            return error.message.replace(" property", " field")
        case "additionalProperties":
            extra = _unknown(error)
            names = ", ".join(shown(name, 60) for name in extra[:5])
            return f"unknown {'fields' if len(extra) > 1 else 'field'} {names}"
        case "type":
            return f"must be {_article(expected)}, and is {_kind(error.instance)}"
        case "const":
            return f"must be {expected!r}"
        case "enum":
            return f"must be one of {', '.join(map(str, expected))}" + (
                f", and is {value}" if value else ""
            )
        case "pattern":
            return f"{value} {error.message}"
        case "not" if expected == {}:
            return "must not be there with the other fields as they are"
        case "minLength" if expected == 1:
            return "must not be empty"
        case "maxLength":
            return f"has {len(str(error.instance))} characters; at most {expected}"
        case _:
            return error.message if len(error.message) <= 200 else error.message[:200] + "..."  # noqa: PLR2004 - a line's worth


def _article(types: str | list[str]) -> str:
    names = {
        "integer": "an integer",
        "number": "a number",
        "string": "a string",
        "object": "a mapping",
        "array": "a list",
        "null": "null",
        "boolean": "true or false",
    }
    return " or ".join(names[each] for each in ([types] if isinstance(types, str) else types))


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return f"the string {shown(value, 60)}"
        case int() | float():
            return f"the number {value}"
        case list():
            return "a list"
        case _:
            return "a mapping"
