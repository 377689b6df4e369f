"""AWS's own limits, enforced where moto and botocore let violations through.

botocore's service models state for each member a least and greatest length, a pattern and an
enumeration. botocore checks only types, required members and minimal lengths before it sends;
the service checks all of it. So a test against moto accepts a description of 2,000 characters
that SageMaker would refuse. Here the models are read in full, for a client (``enforce_limits``)
and for the sandbox's server (``violations``).
"""

import contextlib
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import boto3
import botocore.session
import regex
from botocore.client import BaseClient
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

__all__ = [
    "LimitError",
    "Pattern",
    "Violation",
    "compile_pattern",
    "enforce_limits",
    "enforce_limits_everywhere",
    "violations",
]

_EVENT = "provide-client-params.*.*"
_HANDLER_ID = "assent-limits"

_BOGUS_SUFFIX = regex.compile(r"\$\{(?P<least>\d+),(?P<most>\d+)\}\Z")
"""``X*)${1,256}``: the bounds of the length, pasted behind the pattern's end."""
_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"
"""How Java writes the characters beyond U+FFFF inside a class."""

# The services validate with Java, where these classes are ASCII unless asked otherwise, while
# Python's are not; and where a dot stops at every line terminator, not only at a newline.
_JAVA_CLASSES = {
    r"\d": "[0-9]",
    r"\D": "[^0-9]",
    r"\w": "[a-zA-Z_0-9]",
    r"\W": "[^a-zA-Z_0-9]",
    r"\s": r"[ \t\n\x0B\f\r]",
    r"\S": r"[^ \t\n\x0B\f\r]",
}
_JAVA_DOT = r"[^\n\r\x85\u2028\u2029]"
_PIECE = regex.compile(r"\\.|[^\\\[\].]+|.", regex.DOTALL)


class LimitError(Exception):
    """A call that AWS would refuse; raised before it is sent, so that a test fails at its cause."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One member that its service model forbids."""

    path: str
    """Where, as the services write it: ``modelLifeCycle.stage``."""
    found: str
    """The value, cut to a readable length."""
    constraint: str
    """What it should have been: ``Member must have length less than or equal to 256``."""

    def __str__(self) -> str:
        return (
            f"Value {self.found} at '{self.path}' failed to satisfy constraint: {self.constraint}"
        )


@dataclass(frozen=True, slots=True)
class Pattern:
    """A service model's pattern, ready to use; it must match the whole value."""

    source: str
    expression: "regex.Pattern[str]"
    least: int | None
    """The smallest length, where the pattern carried one."""
    most: int | None
    """The greatest length, likewise."""

    def admits(self, value: str) -> bool:
        """Whether the service accepts this value."""
        return (
            (self.least is None or len(value) >= self.least)
            and (self.most is None or len(value) <= self.most)
            and self.expression.fullmatch(value) is not None
        )


@functools.cache
def compile_pattern(source: str) -> Pattern:
    """Read a pattern of a service model as the service does.

    Raises LimitError when it cannot be compiled: a pattern that is not understood must not count
    as satisfied.
    """
    least = most = None
    body = source
    suffix = _BOGUS_SUFFIX.search(source)
    if suffix is not None:
        body = source[: suffix.start()]
        least, most = int(suffix["least"]), int(suffix["most"])
    try:
        # Version 1 understands nested classes, which Java has and the translation needs.
        expression = regex.compile(_from_java(body), regex.V1)
    except regex.error as error:
        raise LimitError(
            f"the service model's pattern {source!r} cannot be compiled ({error}); "
            "teach assent.sandbox.aws.limits its syntax"
        ) from error
    return Pattern(source, expression, least, most)


def _from_java(pattern: str) -> str:
    depth = 0
    translated = []
    for piece in _PIECE.findall(pattern.replace(_SURROGATES, r"\U00010000-\U0010FFFF")):
        depth += {"[": 1, "]": -1}.get(piece, 0)
        if piece == "." and depth == 0:
            translated.append(_JAVA_DOT)
        else:
            translated.append(_JAVA_CLASSES.get(piece, piece))
    return "".join(translated)


def violations(shape: Shape, value: object, *, path: str = "") -> Iterator[Violation]:
    """Find everything in ``value`` that the shape forbids, depth first.

    Values of another type than the shape's are reported too. ``None`` counts as absent, as in
    the services' JSON.
    """
    kind = shape.type_name
    if not isinstance(value, _TYPES.get(kind, object)) or (
        isinstance(value, bool) and kind != "boolean"
    ):
        yield _violation(path, value, f"Member must be of type {kind}")
        return
    yield from _bounds(shape, value, path)
    match shape, value:
        case StructureShape(), dict():
            yield from _structure_violations(shape, value, path)
        case ListShape(), list() | tuple():
            for number, item in enumerate(value, start=1):
                yield from violations(shape.member, item, path=f"{path}.{number}.member")
        case MapShape(), dict():
            for key, item in value.items():
                yield from violations(shape.key, key, path=f"{path}.key")
                yield from violations(shape.value, item, path=f"{path}.{_shown(key)}.member")
        case _:
            pass  # a scalar has no members


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": (list, tuple),
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
}
"""Blobs and timestamps have several representations, which botocore checks itself."""


def _structure_violations(
    shape: StructureShape, value: dict[str, Any], path: str
) -> Iterator[Violation]:
    for name, member in shape.members.items():
        item = value.get(name)
        where = f"{path}.{_lower_first(name)}" if path else _lower_first(name)
        if item is not None:
            yield from violations(member, item, path=where)
        elif name in shape.required_members and "idempotencyToken" not in member.metadata:
            yield Violation(where, "null", "Member must not be null")


def _bounds(shape: Shape, value: object, path: str) -> Iterator[Violation]:
    metadata = shape.metadata
    match value:
        case bool():
            return
        case int() | float():
            size: float = value
            what = "value"
        case str() | bytes() | bytearray() | list() | tuple() | dict():
            size = len(value)
            what = "length"
        case _:
            return
    source = metadata.get("pattern")
    pattern = compile_pattern(source) if source is not None and isinstance(value, str) else None
    # The model's own bounds, or else those that the pattern carries.
    least = metadata.get("min", pattern.least if pattern else None)
    most = metadata.get("max", pattern.most if pattern else None)
    if least is not None and size < least:
        yield _violation(path, value, f"Member must have {what} greater than or equal to {least}")
    if most is not None and size > most:
        yield _violation(path, value, f"Member must have {what} less than or equal to {most}")
    allowed = metadata.get("enum")
    if allowed and value not in allowed:
        constraint = f"Member must satisfy enum value set: [{', '.join(sorted(allowed))}]"
        yield _violation(path, value, constraint)
    if pattern is not None and pattern.expression.fullmatch(str(value)) is None:
        yield _violation(path, value, f"Member must satisfy regular expression pattern: {source}")


def _violation(path: str, value: object, constraint: str) -> Violation:
    return Violation(path, _shown(value), constraint)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:76]}...{text[-1]}"  # noqa: PLR2004  # one line


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def enforce_limits(target: boto3.Session | botocore.session.Session | BaseClient) -> None:
    """Make every call of this session or client raise LimitError where AWS would refuse it.

    Of a session, clients made from now on are covered.
    """
    match target:
        case boto3.Session():
            target.events.register(_EVENT, _refuse, unique_id=_HANDLER_ID)
        case botocore.session.Session():
            target.register(_EVENT, _refuse, unique_id=_HANDLER_ID)
        case _:
            target.meta.events.register(_EVENT, _refuse, unique_id=_HANDLER_ID)


@contextlib.contextmanager
def enforce_limits_everywhere() -> Iterator[None]:
    """Make every botocore session that is created meanwhile enforce the limits.

    Sessions that exist already are not covered; ``boto3``'s default session is set aside until
    the end, so that one made before does not slip through.
    """
    construct = botocore.session.Session.__init__

    def construct_with_limits(
        self: botocore.session.Session,
        *args: Any,  # noqa: ANN401  # handed through
        **kwargs: Any,  # noqa: ANN401  # handed through
    ) -> None:
        construct(self, *args, **kwargs)
        enforce_limits(self)

    with (
        patch.object(botocore.session.Session, "__init__", construct_with_limits),
        patch.object(boto3, "DEFAULT_SESSION", None),
    ):
        yield


def _refuse(**event: Any) -> None:  # noqa: ANN401  # botocore's signature for handlers
    model: OperationModel = event["model"]
    shape = model.input_shape
    if shape is None:
        return
    found = list(violations(shape, event["params"]))
    if found:
        listed = "; ".join(str(violation) for violation in found)
        raise LimitError(
            f"{model.service_model.service_name} would refuse this {model.name} call: {listed}"
        )
