"""Reads untrusted bytes as one JSON object or list, strictly and within limits."""

from __future__ import annotations

import json
import re
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

from assent.core.reports.naming import one_line, shown_place
from assent.core.reports.report import Unreadable

if TYPE_CHECKING:
    from assent.core.reports.naming import Place

__all__ = ["DEPTH_LIMIT", "SIZE_LIMIT", "Json", "JsonObject", "described", "read_document"]

SIZE_LIMIT: Final = 5 * 1024 * 1024
"""Bytes that a report may have."""
DEPTH_LIMIT: Final = 32
"""Objects and lists that may stand inside one another."""

Json: TypeAlias = "bool | float | str | list[Json] | JsonObject | None"
"""A JSON value; every number is a float, which may be infinite or NaN."""
JsonObject: TypeAlias = "dict[str, Json]"
"""A JSON object without repeated keys."""

_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEP: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_SHOWN_KEY: Final = 48


def read_document(content: bytes) -> JsonObject | list[Json] | Unreadable:
    """Read a JSON object, or a list, from bytes that nobody has checked.

    Accepted are UTF-8 with or without a byte order mark, and Python's literals `NaN`, `Infinity`
    and `-Infinity`, which common writers emit. Repeated keys are refused: which of two values
    counts would depend on the reader.
    """
    if len(content) > SIZE_LIMIT:
        return Unreadable(why=f"larger than {SIZE_LIMIT} bytes")
    encoding = json.detect_encoding(content)
    if not encoding.startswith("utf-8"):
        return Unreadable(why=f"not UTF-8: the first bytes look like {encoding.upper()}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Unreadable(why=f"not UTF-8: the byte at offset {error.start} is invalid")
    if not text.strip():
        return Unreadable(why="empty file")
    # Measured before parsing, so that the parser's own recursion stays shallow.
    if _depth(content) > DEPTH_LIMIT:
        return Unreadable(why=f"nested deeper than {DEPTH_LIMIT} levels")
    return _parsed(text)


def described(value: Json) -> str:
    """Say what sort of value this is: `a list`, `null`."""
    match value:
        case bool():
            return "true or false"
        case float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "null"


def _depth(content: bytes) -> int:
    # Exact for JSON. For anything else it is exact up to the first error, where parsing stops.
    brackets = _STRING.sub(b"", content).translate(None, _NOT_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def _parsed(text: str) -> JsonObject | list[Json] | Unreadable:
    # Holding each object keeps its id from being reused while the search below compares ids.
    repeating: dict[int, tuple[JsonObject, str]] = {}

    def gather(pairs: list[tuple[str, Json]]) -> JsonObject:
        members = dict(pairs)
        if len(members) != len(pairs):
            keys = sorted(key for key, _ in pairs)
            first = next(key for key, after in pairwise(keys) if key == after)
            repeating[id(members)] = (members, first)
        return members

    try:
        # float reads integers of any length, where int refuses more than 4300 digits.
        document: Json = json.loads(text, parse_int=float, object_pairs_hook=gather)
    except json.JSONDecodeError as error:
        what = one_line(error.msg, limit=80)
        return Unreadable(why=f"not JSON: line {error.lineno} column {error.colno}: {what}")
    if repeating:
        return _repeated_key(document, {number: key for number, (_, key) in repeating.items()})
    if not isinstance(document, dict | list):
        return Unreadable(why=f"the top level is {described(document)}, not an object")
    return document


def _repeated_key(document: Json, keys: dict[int, str]) -> Unreadable:
    queue: list[tuple[Place, Json]] = [((), document)]
    for place, value in queue:
        if isinstance(value, dict):
            if id(value) in keys:
                where = f"in {shown_place(place)}" if place else "at the top level"
                key = one_line(keys[id(value)], limit=_SHOWN_KEY)
                return Unreadable(why=f"duplicate key '{key}' {where}")
            queue.extend(((*place, key), value[key]) for key in sorted(value))
        elif isinstance(value, list):
            queue.extend(((*place, index), entry) for index, entry in enumerate(value))
    # Each overwritten object stood in another that repeats a key, and the outermost is reachable.
    raise AssertionError("an object that repeats a key is reachable from the top")
