"""Connections: the part of a list that a query asks for, and how to ask for the next."""

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from graphql import GraphQLError

from assent.sandbox.github.conversation import Issue

__all__ = ["Object", "ends", "named_page", "ordered_page"]

Object = dict[str, object]
Item = TypeVar("Item")

AT_MOST = 100
"""As many nodes GitHub gives of one connection at once."""
_PREFIX = b"cursor:v2:"
_Position = tuple[float, int]


def ends(
    connection: str,
    items: Sequence[Item],
    render: Callable[[Item], object],
    *,
    first: int | None,
    last: int | None,
    after: str | None = None,
    count: str = "totalCount",
) -> Object:
    """Return the first, those after a cursor, or the last so many of a list, in its own order."""
    size = _size(connection, first, last)
    start = 0 if after is None else int(_place(after)[0])
    if last is not None:
        start = max(start, len(items) - size)
    chosen = items[start : start + size]
    end = start + len(chosen)
    return {
        "nodes": [render(item) for item in chosen],
        count: len(items),
        "pageInfo": {
            "hasNextPage": last is None and end < len(items),
            "endCursor": _cursor((end, end)) if chosen else None,
        },
    }


def ordered_page(
    connection: str,
    issues: Sequence[Issue],
    render: Callable[[Issue], object],
    *,
    order: dict[str, str] | None,
    first: int | None,
    after: str | None,
) -> Object:
    """Return a page of issues or pull requests, oldest first unless the query says otherwise.

    A cursor holds the place in the order, not a count: what changes between two pages moves
    neither.
    """
    size = _size(connection, first, None)
    by = _PLACES[order["field"] if order else "CREATED_AT"]
    everything = sorted(issues, key=by)
    if order is not None and order["direction"] == "DESC":
        end = len(everything) if after is None else bisect_left(everything, _place(after), key=by)
        chosen = everything[max(0, end - size) : end][::-1]
        more = end > size
    else:
        start = 0 if after is None else bisect_right(everything, _place(after), key=by)
        chosen = everything[start : start + size]
        more = start + size < len(everything)
    return {
        "nodes": [render(issue) for issue in chosen],
        "totalCount": len(everything),
        "pageInfo": {
            "hasNextPage": more,
            "endCursor": _cursor(by(chosen[-1])) if chosen else None,
        },
    }


def named_page(
    connection: str,
    items: Mapping[str, Item],
    render: Callable[[str, Item], object],
    *,
    first: int | None,
    after: str | None,
) -> Object:
    """Return a page of what has names, by name; a cursor holds the last name."""
    size = _size(connection, first, None)
    start = "" if after is None else _name(after)
    rest = sorted(name for name in items if name > start)
    chosen = rest[:size]
    cursor = base64.b64encode(_PREFIX + chosen[-1].encode()).decode() if chosen else None
    return {
        "nodes": [render(name, items[name]) for name in chosen],
        "totalCount": len(items),
        "pageInfo": {"hasNextPage": len(rest) > size, "endCursor": cursor},
    }


_PLACES: dict[str, Callable[[Issue], _Position]] = {
    "CREATED_AT": lambda issue: (issue.number, issue.number),
    "UPDATED_AT": lambda issue: (issue.updated_at.timestamp(), issue.number),
    "COMMENTS": lambda issue: (len(issue.comments), issue.number),
}


def _size(connection: str, first: int | None, last: int | None) -> int:
    """Return how many are asked for, which GitHub insists on."""
    if first is not None and last is not None:
        raise GraphQLError(
            f"Passing both `first` and `last` to paginate the `{connection}` connection is not "
            "supported."
        )
    size, boundary = (last, "last") if first is None else (first, "first")
    if size is None or size < 1:
        raise GraphQLError(
            "You must provide a `first` or `last` value to properly paginate the "
            f"`{connection}` connection.",
            extensions={"type": "MISSING_PAGINATION_BOUNDARIES"},
        )
    if size > AT_MOST:
        raise GraphQLError(
            f"Requesting {size} records on the `{connection}` connection exceeds the `{boundary}` "
            f"limit of {AT_MOST} records.",
            extensions={"type": "EXCESSIVE_PAGINATION"},
        )
    return size


def _cursor(place: _Position) -> str:
    return base64.b64encode(_PREFIX + json.dumps(place).encode()).decode()


def _place(cursor: str) -> _Position:
    try:
        when, number = json.loads(_held(cursor))
        return float(when), int(number)
    except (TypeError, ValueError):
        raise _invalid(cursor) from None


def _name(cursor: str) -> str:
    try:
        return _held(cursor)
    except ValueError:
        raise _invalid(cursor) from None


def _held(cursor: str) -> str:
    return base64.b64decode(cursor, validate=True).removeprefix(_PREFIX).decode()


def _invalid(cursor: str) -> GraphQLError:
    return GraphQLError(
        f"`{cursor}` does not appear to be a valid cursor.",
        extensions={"type": "INVALID_CURSOR_ARGUMENTS"},
    )
