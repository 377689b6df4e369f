"""Strict YAML: what it takes reads alike for every reader, and nothing hostile gets through."""

import io
import json
import math
import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from assent.core import strict_yaml
from assent.core.strict_yaml import MAX_BYTES, MAX_DEPTH, Document, YamlProblem, read_yaml

CALM = settings(deadline=None, max_examples=300)


@pytest.fixture(params=["C", "Python"])
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with libyaml's parser, and with PyYAML's own for where that is missing."""
    loader = yaml.CSafeLoader if request.param == "C" else yaml.SafeLoader
    monkeypatch.setattr(strict_yaml, "_LOADER", loader)


def value(text: str) -> Any:  # noqa: ANN401 - any YAML value
    document = read_yaml(text.encode())
    assert isinstance(document, Document), document
    return document.value


def problem(content: bytes | str) -> YamlProblem:
    found = read_yaml(content if isinstance(content, bytes) else content.encode())
    assert isinstance(found, YamlProblem), found
    return found


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("a: 1", {"a": 1}),
        ("a: -12", {"a": -12}),
        ("a: 0.5", {"a": 0.5}),
        ("a: -0.0", {"a": -0.0}),
        ("a: 1.0e-3", {"a": 0.001}),
        ("a: 1.5E+3", {"a": 1500.0}),
        ("a: true\nb: false\nc: null\nd:", {"a": True, "b": False, "c": None, "d": None}),
        ("a: 'no'\nb: \"1e-3\"\nc: '~'", {"a": "no", "b": "1e-3", "c": "~"}),
        ("'no': 1\n\"7\": 2", {"no": 1, "7": 2}),
        ("a: [x, {k: z}]", {"a": ["x", {"k": "z"}]}),
        ("? a\n: 1", {"a": 1}),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y", {"a": "x\ny\n", "b": "x y"}),
        ("a: größe\nb: 年齢\nc: \U0001f600", {"a": "größe", "b": "年齢", "c": "\U0001f600"}),
        ('a: "\\u202e\\x00\\u2028"', {"a": "\u202e\x00\u2028"}),
        ("---\na: 1\n...\n", {"a": 1}),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("# only a comment\n", None),
        ("a: NaN", {"a": "NaN"}),
        ("a: arn:aws:iam::1:role/x", {"a": "arn:aws:iam::1:role/x"}),
        ("a: 1-2-3\nb: v1.2\nc: sha256:0a", {"a": "1-2-3", "b": "v1.2", "c": "sha256:0a"}),
    ],
)
def test_plain_documents_read(text: str, expected: object) -> None:
    """Mappings, lists, strings, and JSON's numbers and words read as what they look like."""
    assert value(text) == expected


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(
    ("content", "kind", "line"),
    [
        ("a: 1\nb: 2\na: 3", "duplicate-key", 3),
        ("status: Rejected\n'status': Approved", "duplicate-key", 2),
        ("x:\n  - a: 1\n    a: 1", "duplicate-key", 3),
        ('{"a": 1, "\\x61": 2}', "duplicate-key", 1),
        ("a: &x 1", "anchor", 1),
        ("&x a: 1", "anchor", 1),
        ("a: 1\nb: *x", "anchor", 2),
        ("a: !!str 1", "tag", 1),
        ("a: ! 1", "tag", 1),
        ("!!set {a}", "tag", 1),
        ("a: !!python/object/apply:os.system ['id']", "tag", 1),
        ("%YAML 1.1\n---\na: 1", "tag", 1),
        ("%TAG ! tag:x,2000:\n---\na: 1", "tag", 1),
        ("<<: {a: 1}", "ambiguous", 1),
        ("a: no", "ambiguous", 1),
        ("a: Yes", "ambiguous", 1),
        ("a: OFF", "ambiguous", 1),
        ("a: y", "ambiguous", 1),
        ("a: True", "ambiguous", 1),
        ("a: ~", "ambiguous", 1),
        ("a: Null", "ambiguous", 1),
        ("a: 1e-3", "ambiguous", 1),
        ("a: 1e5", "ambiguous", 1),
        ("a: 1.5e3", "ambiguous", 1),
        ("a: .5", "ambiguous", 1),
        ("a: 5.", "ambiguous", 1),
        ("a: +1", "ambiguous", 1),
        ("a: 1_000", "ambiguous", 1),
        ("a: 1,000", "ambiguous", 1),
        ("a: 007", "ambiguous", 1),
        ("a: 0x1F", "ambiguous", 1),
        ("a: 0X1F", "ambiguous", 1),
        ("a: 0o17", "ambiguous", 1),
        ("a: 0O17", "ambiguous", 1),
        ("a: 0b11", "ambiguous", 1),
        ("a: 12:30:45", "ambiguous", 1),
        ("a: 190:20", "ambiguous", 1),
        ("a: 2026-11-22", "ambiguous", 1),
        ("a: 2026-11-22T10:00:00Z", "ambiguous", 1),
        ("a: 2026-11-22 10:00:00.5 +1", "ambiguous", 1),
        ("a: .nan", "ambiguous", 1),
        ("a: .NaN", "ambiguous", 1),
        ("a: -.inf", "ambiguous", 1),
        ("a: 1.0e+999", "ambiguous", 1),
        ("a: " + "9" * 5000, "ambiguous", 1),
        ("a: =", "ambiguous", 1),
        ("1: a", "ambiguous", 1),
        ("null: a", "ambiguous", 1),
        (": a", "syntax", 1),
        ("no: a", "ambiguous", 1),
        ("[a]: 1", "syntax", 1),
        ("{a: 1}: 1", "syntax", 1),
        ("a: 1\n---\nb: 1", "syntax", 2),
        ("a: [1", "syntax", 1),
        ("a: b: c", "syntax", 1),
        ("\ta: 1", "syntax", 1),
        ("a: @x", "syntax", 1),
        ("a: 'x", "syntax", 1),
        ("\ufeffa: 1", "encoding", 1),
        (b"a: 1\nb: \xff", "encoding", 2),
        ("a: 1".encode("utf-16"), "encoding", 1),
        (b"a: \xed\xa0\x80", "encoding", 1),
        ("a: x\nb: \u202ey", "invisible", 2),
        ("a: b # c\u2028d: e", "invisible", 1),
        ("a: b # c\u2029d: e", "invisible", 1),
        ("a: b # c\x85d: e", "invisible", 1),
        ("a: b # c\rd: e", "invisible", 1),
        ("a: b\u200b", "invisible", 1),
        ("a: \U000e0041", "invisible", 1),
        ("a: b\ufeff", "invisible", 1),
        ("a: b\x00", "invisible", 1),
        ("a: \x1b[2J", "invisible", 1),
        ("a: \x7f", "invisible", 1),
        ("a: \xad", "invisible", 1),
        ("# \U0001f468\u200d\U0001f4bb", "invisible", 1),
    ],
)
def test_what_readers_take_differently_is_refused(
    content: str | bytes, kind: str, line: int
) -> None:
    """Every spelling on which readers disagree is a problem of its kind, at its line."""
    found = problem(content)
    assert (found.kind, line) == (kind, found.line if kind != "syntax" else line)
    assert found.message.isascii()


@pytest.mark.usefixtures("_parser")
def test_half_a_surrogate_pair_is_refused() -> None:
    """An escape that is no character is a problem, whichever parser reads it."""
    assert problem('a: "\\ud800"').kind in {"syntax", "encoding"}


@pytest.mark.usefixtures("_parser")
def test_depth_is_limited() -> None:
    """The deepest document that is allowed reads; one level more does not."""
    assert value("[" * MAX_DEPTH + "x" + "]" * MAX_DEPTH)
    assert problem("[" * (MAX_DEPTH + 1) + "x" + "]" * (MAX_DEPTH + 1)).kind == "depth"
    assert problem("\n".join("  " * n + "a:" for n in range(MAX_DEPTH + 2))).kind == "depth"


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("[" * 2000 + "]" * 2000, "depth"),
        ("[" * 400_000, "depth"),
        ("- " * 200_000, "depth"),
        ("{a: " * 100_000, "depth"),
        ("? " * 200_000, "syntax"),
        ("{" * 400_000, "syntax"),
        ("a: &a [x]\n" + "".join(f"k{n}: [*a,*a,*a,*a]\n" for n in range(20_000)), "anchor"),
    ],
    ids=["2000", "flow", "block", "mappings", "keys", "braces", "bomb"],
)
def test_bombs_cost_little(content: str, kind: str) -> None:
    """Nesting and aliases are refused where they begin, whatever follows."""
    start = time.process_time()
    assert problem(content).kind == kind
    assert time.process_time() - start < 5  # a fraction of it; more would mean all was read


def test_size_is_limited() -> None:
    """The largest document that is allowed reads; one byte more is refused unread."""
    text = "a: 1\n#"
    assert value(text + "x" * (MAX_BYTES - len(text))) == {"a": 1}
    found = problem(text + "x" * (MAX_BYTES - len(text) + 1))
    assert (found.kind, found.line) == ("size", 1)


@pytest.mark.parametrize(
    "content",
    ["a: " + "1_" * 200_000, '"' + "k" * 200_000 + '": 1\n"' + "k" * 200_000 + '": 2'],
    ids=["scalar", "key"],
)
def test_a_problem_quotes_little(content: str) -> None:
    """A message stays a line, however long the text that it speaks of."""
    assert len(problem(content).message) < 400


def test_lines_are_those_of_keys_and_items() -> None:
    """A place is found at the line of its key or item; an unknown one at its nearest parent."""
    document = read_yaml(b"# c\na:\n  b:\n    - x\n    - {c: 1,\n       d: 2}\n")
    assert isinstance(document, Document)
    places: list[tuple[tuple[str | int, ...], int]] = [
        (("a",), 2),
        (("a", "b"), 3),
        (("a", "b", 0), 4),
        (("a", "b", 1, "d"), 6),
        (("a", "b", 1, "e"), 5),
        (("z",), 1),
    ]
    for place, line in places:
        assert document.line(place) == line


def same(one: object, other: object) -> bool:
    """Equal in value and in type, at every depth."""
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        case list(), list():
            return len(one) == len(other) and all(map(same, one, other))
        case float(), float():
            return one == other and math.copysign(1, one) == math.copysign(1, other)
        case _:
            return type(one) is type(other) and one == other


_NEWER = YAML(typ="safe", pure=True)  # YAML 1.2, where PyYAML reads 1.1


READERS: list[Callable[[str], object]] = [
    lambda text: yaml.load(text, Loader=yaml.SafeLoader),  # YAML 1.1 in Python
    lambda text: yaml.load(text, Loader=yaml.CSafeLoader),  # YAML 1.1 in C
    lambda text: _NEWER.load(io.StringIO(text)),
]


def assert_alike(text: str) -> None:
    """What is taken at all, every reader that takes it reads as we do."""
    document = read_yaml(text.encode())
    if isinstance(document, YamlProblem) or not isinstance(document.value, dict):
        return  # A file that is one block of text is nothing that Assent reads.
    for read in READERS:
        try:
            found = read(text)
        except (yaml.YAMLError, YAMLError):
            continue  # It refuses more than we do; nobody is told anything else.
        assert same(found, document.value)


@CALM
@given(st.text("0123456789.eE+-_:xXoObBaAfFnNyY~=<,tTzZ ", min_size=1, max_size=14))
@example("1e-3")
@example("12:30:45")
@example("0x1F")
@example("1.0e+3")
@example("-0")
@example("2026-11-22")
def test_no_scalar_means_two_things(text: str) -> None:
    """A plain scalar that we take is the same value under YAML 1.1 and 1.2."""
    assert_alike(f"k: {text}")


WORDS = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan", "Infinity"]


@CALM
@given(st.sampled_from(WORDS), st.sampled_from([str, str.upper, str.title, str.swapcase]))
@example(".inf", str)
def test_no_word_means_two_things(word: str, spelling: Any) -> None:  # noqa: ANN401 - str itself or a method of it
    """Words that some reader takes for values are taken alike or refused, in any spelling."""
    assert_alike(f"k: {spelling(word)}")
    assert_alike(f"{spelling(word)}: 1")


@CALM
@given(
    st.text(
        st.sampled_from("ab:-?[]{},&*!|>'\"%@`# \n\r\t\\01.~<=\u2028\x85\u202e\ufeff"),
        max_size=40,
    )
)
def test_no_document_means_two_things(text: str) -> None:
    """A mapping made of YAML's own signs is refused, or is the same for every reader."""
    assert_alike(text)
    assert_alike(f"k: {text}")
    assert_alike("k:\n" + "".join(f"  {line}\n" for line in text.split("\n")))


@CALM
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_have_an_answer(content: bytes) -> None:
    """Whatever the bytes, the reader answers with a document or a problem, and never raises."""
    found = read_yaml(content)
    assert isinstance(found, Document) or (found.line >= 1 and found.message.isascii())


VISIBLE = st.characters(min_codepoint=32, max_codepoint=0xFFFF, exclude_categories=["Cs"])
TEXT = st.text(VISIBLE, max_size=20).filter(lambda text: "\x7f" not in text)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@CALM
@given(JSON)
def test_json_reads_as_itself(expected: object) -> None:
    """JSON without fractions is strict YAML of the same value."""
    text = json.dumps(expected)
    document = read_yaml(text.encode())
    if isinstance(document, YamlProblem):
        assert document.kind == "depth" or len(text) > 1024  # YAML's own limit on a key's length
    else:
        assert same(document.value, expected)
