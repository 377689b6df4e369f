"""YAML narrowed to what every reader reads alike.

PyYAML keeps the last of two equal keys, reads `1e-3` as a string, `no` as false and `12:30:45` as
a number. A record must not mean one thing to the reviewer and another to the machine, so this
reader accepts mappings, sequences, strings and JSON's own numbers and words, and says of anything
else where it stands and what to write instead.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from assent.core.names import shown

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Document", "Place", "YamlProblem", "read_yaml"]

MAX_BYTES = 512 * 1024
"""Largest document in bytes. The largest evidence that Assent writes is well below it."""
MAX_DEPTH = 16
"""Deepest nesting. A record needs six levels."""

Place = tuple[str | int, ...]
"""Keys and indices from the document's root to a value."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
# A dot, and a sign in the exponent: what YAML 1.1 and 1.2 both read as a number.
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][-+][0-9]+)?", re.ASCII)
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "": None}
# What some YAML reader, of version 1.1 or 1.2, takes for something else than a string.
_AMBIGUOUS = re.compile(
    r"""
      ~ | [Nn]ull | NULL | [Tt]rue | TRUE | [Ff]alse | FALSE
    | [Yy] | [Nn] | [Yy]es | YES | [Nn]o | NO | [Oo]n | ON | [Oo]ff | OFF
    | [-+]?[0-9_,.]+([eE][-+]?[0-9_]*)?                     # numbers in any spelling
    | [-+]?0[xXoObB][0-9a-fA-F_]+
    | [-+]?\.(inf|Inf|INF) | \.(nan|NaN|NAN)
    | [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?          # sexagesimal, times
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt\ \t].*)?           # dates and timestamps
    | = | <<
    """,
    re.ASCII | re.VERBOSE,
)
# No longer text without one of these in front is ambiguous; most texts in a record are such.
_BEGINS_AMBIGUOUS = frozenset("-+.0123456789_,~=<")
_LONGEST_WORD = len("false")
# What a reviewer does not see, and what only some readers take for the end of a line: after
# `# harmless` and U+2028, YAML 1.1 reads a key where a browser shows a comment.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-"
    r"\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\uffff"
    r"\U000e0000-\U000e0fff]|\r(?!\n)"
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlProblem:
    """Why a text is not accepted, and where."""

    kind: str
    """`syntax`, `duplicate-key`, `anchor`, `tag`, `ambiguous`, `depth`, `size`, `encoding`,
    `invisible`."""
    message: str
    line: int
    """Counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document's value and where each part of it stands."""

    value: Any
    """Plain dicts, lists, strings, ints, floats, booleans and None."""
    lines: Mapping[Place, int] = field(repr=False)
    """The line of each key or item, counted from 1."""

    def line(self, place: Place) -> int:
        """The line of the value at `place`, or of the nearest parent that stands in the text."""
        for length in range(len(place), 0, -1):
            found = self.lines.get(place[:length])
            if found is not None:
                return found
        return 1


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _named(character: str) -> str:
    return f"U+{ord(character):04X}"


class _Refused(Exception):
    def __init__(self, problem: YamlProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_yaml(content: bytes) -> Document | YamlProblem:
    """Read one YAML document strictly.

    Returns:
        The document, or the first problem with its line. Never raises, whatever the bytes.
    """
    if len(content) > MAX_BYTES:
        return YamlProblem(
            kind="size",
            message=f"the file has {len(content)} bytes; at most {MAX_BYTES} are read",
            line=1,
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return YamlProblem(kind="encoding", message="the file is not UTF-8", line=line)
    if text.startswith("\ufeff"):
        return YamlProblem(
            kind="encoding", message="the file begins with a byte order mark; remove it", line=1
        )
    invisible = _INVISIBLE.search(text)
    if invisible is not None:
        return YamlProblem(
            kind="invisible",
            message=f"the character {_named(invisible[0])} stands here, which not everybody sees; "
            "remove it, or write it as an escape in double quotes",
            line=text.count("\n", 0, invisible.start()) + 1,
        )
    try:
        loader = _LOADER(text)
        try:
            reader = _Reader(loader.get_event)
            return Document(value=reader.document(), lines=reader.lines)
        finally:
            loader.dispose()
    except _Refused as refused:
        return refused.problem
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return YamlProblem(
            kind="syntax",
            message=f"not YAML: {error.problem or error.context or 'it does not parse'}",
            line=mark.line + 1 if mark else 1,
        )
    except yaml.YAMLError as error:
        place = getattr(error, "position", None)
        line = text[:place].count("\n") + 1 if isinstance(place, int) else 1
        return YamlProblem(
            kind="syntax",
            message=f"not YAML: {getattr(error, 'reason', 'it does not parse')}",
            line=line,
        )


class _Reader:
    """Builds values from parser events, so that nothing is resolved before it is judged."""

    def __init__(self, next_event: Callable[[], yaml.Event]) -> None:
        self._next = next_event
        self.lines: dict[Place, int] = {}

    def document(self) -> Any:  # noqa: ANN401 - any YAML value
        self._next()  # stream start
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            return None
        if isinstance(event, yaml.DocumentStartEvent) and (event.version or event.tags):
            raise self._refusal("tag", event, "a directive stands before the document; remove it")
        value = self._value(self._next(), ())
        self._next()  # document end
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            raise self._refusal(
                "syntax", event, "a second document follows; one file holds one document"
            )
        return value

    # The stubs do not say that every event but the alias's has an anchor and a tag here.
    def _value(self, event: Any, place: Place) -> Any:  # noqa: ANN401 - as said; any YAML value
        if isinstance(event, yaml.AliasEvent):
            raise self._refusal("anchor", event, "an alias (*) stands here; write the value out")
        if event.anchor is not None or event.tag is not None:
            raise self._marked(event)
        if len(place) > MAX_DEPTH:
            raise self._refusal(
                "depth", event, f"nested deeper than {MAX_DEPTH} levels; no field goes that deep"
            )
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(item := self._next(), yaml.SequenceEndEvent):
                here = (*place, len(items))
                self.lines[here] = _line(item)
                items.append(self._value(item, here))
            return items
        return self._mapping(place)

    def _mapping(self, place: Place) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._refusal("syntax", event, "a key must be a plain or quoted string")
            if event.anchor is not None or event.tag is not None:
                raise self._marked(event)
            key = self._scalar(event)
            if not isinstance(key, str):
                raise self._refusal(
                    "ambiguous", event, f"the key {shown(event.value)} is not a string; quote it"
                )
            if key in mapping:
                raise self._refusal(
                    "duplicate-key",
                    event,
                    f"the key {shown(key)} stands twice; readers disagree on which one counts",
                )
            here = (*place, key)
            self.lines[here] = _line(event)
            mapping[key] = self._value(self._next(), here)
        return mapping

    def _marked(self, event: yaml.NodeEvent) -> _Refused:
        if event.anchor is not None:
            return self._refusal("anchor", event, "an anchor (&) stands here; remove it")
        return self._refusal("tag", event, "a tag (!) stands here; remove it")

    def _scalar(self, event: yaml.ScalarEvent) -> Any:  # noqa: ANN401 - any YAML scalar
        text: str = event.value
        if event.style:  # a quoted or block scalar; plain is None, or "" from the C parser
            # Only an escape can bring one; the C parser refuses it itself.
            if _SURROGATE.search(text):
                raise self._refusal("encoding", event, "half a surrogate pair is no character")
            return text
        if len(text) > _LONGEST_WORD and text[0] not in _BEGINS_AMBIGUOUS:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text) or _FLOAT.fullmatch(text):
            return self._number(event, text)
        if _AMBIGUOUS.fullmatch(text):
            raise self._refusal(
                "ambiguous",
                event,
                f"{shown(text)} means different things to different readers; "
                "put it in quotes, or write true, false, null, 0.001 or 1.0e-3",
            )
        return text

    def _number(self, event: yaml.ScalarEvent, text: str) -> int | float:
        # Python refuses to read integers of thousands of digits; no field needs more than 18.
        longest = 40
        if len(text) > longest:
            raise self._refusal("ambiguous", event, "a number of more than 40 characters")
        if _INTEGER.fullmatch(text):
            return int(text)
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise self._refusal("ambiguous", event, f"{text} is too large for a number")
        return value

    @staticmethod
    def _refusal(kind: str, event: yaml.Event, message: str) -> _Refused:
        return _Refused(YamlProblem(kind=kind, message=message, line=_line(event)))
