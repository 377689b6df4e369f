"""Untrusted text in Markdown: what cmark-gfm, the parser that GitHub uses, makes of it."""

import re
from html import unescape
from itertools import pairwise

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import example, given
from hypothesis import strategies as st

from assent.core.rendering.markdown import alert, code, link, mermaid_label, own_words, table
from assent.core.rendering.mermaid import bar_chart, labels_of, line_chart, ticks_of

_EXTENSIONS = ["table", "autolink", "tagfilter", "strikethrough", "tasklist"]
TRICKS = st.sampled_from(
    [
        *("`", "``", "|", "\\", "\\|", "\n", "\r", "\u2028", "<!--", "-->", "<b>", "&lt;", "&#64;"),
        *("@acme/all", "@ana", "#12", "GH-7", "acme/x#3", "fixes #4", "##[error]", "::set-output"),
        *("[a](javascript:x)", "![i](https://e.example/i.png)", "https://e.example", "www.e.com"),
        *("```", "~~~", "%%{init: {}}%%", "\u202e", "\u200b", "\x1b[31m", "\U000e0041", "\ud800"),
        *("8f7c2d1e5b6a", "a@8f7c2d1e5b6a", "https://github.com/acme/x/pull/3", " ", "*", "_", "~"),
        *(
            "<details>",
            "</details>",
            "<img src=x onerror=y>",
            "| --- |",
            "> [!NOTE]",
            "- [ ]",
            "$x$",
        ),
    ]
)
HOSTILE = st.lists(st.characters() | TRICKS, max_size=14).map("".join)


def html(text: str) -> str:
    """As GitHub parses it, raw HTML included."""
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_GITHUB_PRE_LANG
    shown: str = cmarkgfm.markdown_to_html_with_extensions(text, options, _EXTENSIONS)
    return shown


def seen(text: str, limit: int = 300) -> str:
    """What a reader has to see of a text: itself, with escapes for what hides or acts."""
    shown = "".join(
        each
        if each.isprintable()
        else f"\\u{ord(each):04x}"
        if ord(each) <= 0xFFFF
        else f"\\U{ord(each):08x}"
        for each in text[: limit + 1]
    )
    # All of them look at the text as it was: what one of them escapes hides nothing from another.
    acting = {
        match.start()
        for pattern in (
            r"(?<![A-Za-z0-9_])@(?=[A-Za-z0-9])",
            r"#(?=[0-9])",
            r"(?<=#)#(?=\[)",
            r"(?i)(?<=\bGH)-(?=[0-9])",
            r"(?i)(?:(?<=/issues)|(?<=/pull)|(?<=/pulls)|(?<=/discussions))/(?=[0-9])",
            r"<(?=!--)",
        )
        for match in re.finditer(pattern, shown)
    }
    shown = "".join(
        f"\\u{ord(each):04x}" if place in acting else each for place, each in enumerate(shown)
    )
    return shown if len(shown) <= limit else shown[:limit] + "..."


@given(HOSTILE)
@example("`")
@example(" ` ")
@example("a`b``c```d")
@example(" both ")
@example("\\`")
@example("\r\n\u2028\x00\ud800\U000e0041")
def test_any_text_is_one_code_span(text: str) -> None:
    """GitHub's parser finds one paragraph with one code span, and in it exactly this text."""
    if not text.strip(" "):
        assert code(text) == "*(empty)*"
        return
    found = re.fullmatch(r"<p>: <code>([^<>]*)</code></p>\n", html(f": {code(text)}"))
    assert found is not None
    assert unescape(found[1]) == seen(text)


@given(st.lists(st.tuples(HOSTILE, HOSTILE), max_size=3))
@example([("\\|", "a|b"), ("\\\\|", "|")])
@example([("", "@GH-7")])
def test_any_text_stays_in_its_cell(rows: list[tuple[str, str]]) -> None:
    """GitHub's parser finds as many rows and cells as there are, each with its own text."""
    text = table(["a", "b"], [[code(each) for each in row] for row in rows])
    cells = re.findall(r"<td>(.*?)</td>", html(text))
    assert html(text).count("<table>") == 1
    assert len(cells) == 2 * len(rows)
    for cell, original in zip(cells, [each for row in rows for each in row], strict=True):
        if not original.strip(" "):
            assert cell == "<em>(empty)</em>"
            continue
        found = re.fullmatch(r"<code>([^<>]*)</code>", cell)
        assert found is not None
        assert unescape(found[1]) == seen(original).replace("\\|", "\\\\u007c")


@given(HOSTILE)
def test_any_text_stays_in_its_alert(text: str) -> None:
    """A quotation of ours ends where we end it."""
    shown = html(alert("WARNING", [f"One {code(text)}.", "Two."]) + "\n\nAfter.\n")
    assert shown.count("<blockquote>") == 1
    assert shown.count("<p>") == 3
    assert re.sub(r"<code>[^<>]*</code>", "", shown).endswith(
        "<p>Two.</p>\n</blockquote>\n<p>After.</p>\n"
    )


# A squash merge copies a page into a commit message, which GitHub reads without code spans. What it
# then does is shown by no parser, so that its rules stand here as it documents them.
_ACTS = {
    "a mention": re.compile(r"(?<![A-Za-z0-9_])@[A-Za-z0-9]"),
    "an issue": re.compile(r"#[0-9]"),
    "an issue by GH": re.compile(r"\bGH-[0-9]", re.IGNORECASE),
    "an issue's address": re.compile(r"/(?:issues|pull|pulls|discussions)/[0-9]", re.IGNORECASE),
    "a marker": re.compile(r"<!--"),
    "a workflow command": re.compile(r"##\[|^\s*::", re.MULTILINE),
}


@pytest.mark.parametrize("what", _ACTS)
@given(text=HOSTILE)
@example(text="@ana")
@example(text="(@acme/all) fixes #12, closes GH-7, resolves acme/x#3")
@example(text="fixes https://github.com/acme/x/issues/3")
@example(text="\u200b@ana \x1b#1 gh-1 ##[group] <!-- assent: end -->")
@example(text="@@ana ##12 //pull/1 <<!--")
def test_no_text_acts_where_code_spans_mean_nothing(what: str, text: str) -> None:
    """Mentions, references and closing keywords are broken visibly, even within code."""
    assert _ACTS[what].search(code(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "xgboost@sha256:5d5d",
        "zoe@acme.example",
        "#",
        "no. 12",
        "high-12",
        "a#b",
        "s3://acme/issues/report.json",
        "https://github.com/acme/churn",
        "<b>",
    ],
)
def test_what_does_not_act_stays_as_it_is(text: str) -> None:
    """Digests, addresses and ordinary words are easy to read."""
    assert code(text) == f"`{text}`"


def test_what_acts_is_shown_with_its_escape() -> None:
    """The reader sees what was there."""
    assert code("@ana fixes #12 and GH-3") == r"`\u0040ana fixes \u002312 and GH\u002d3`"
    assert code("acme/x#12 ##[x] <!--") == r"`acme/x\u002312 #\u0023[x] \u003c!--`"
    assert code("/acme/x/pull/3") == r"`/acme/x/pull\u002f3`"


def test_long_text_is_cut_visibly() -> None:
    """What is cut ends in dots, and the cut never breaks the span."""
    assert code("x" * 301) == f"`{'x' * 300}...`"
    assert code("`" * 400, limit=10) == f"{'`' * 11} {'`' * 10}... {'`' * 11}"


@given(HOSTILE)
def test_own_words_are_only_ours(text: str) -> None:
    """A sentence with anything else in it becomes code as a whole."""
    shown = own_words(text)
    if shown != code(text):
        assert shown == text
        assert re.sub(r"</?p>|</?code>|\n", "", html(f"a {shown}")) in {
            f"a {text.replace('`', '')}".replace("'", "&#x27;"),
            f"a {text.replace('`', '')}",
            f"a {text.replace('`', '')}".rstrip(" "),
        }
        assert not any(pattern.search(shown) for pattern in _ACTS.values() if shown[:2] != "::")
        assert not re.search(r"\b[0-9a-f]{7,40}\b", shown)


@pytest.mark.parametrize(
    "text",
    ["0.913 - 2 x 0.004 = 0.905 is at least 0.8", "set `better` in the gate", "worse by 1, may be"],
)
def test_a_sentence_of_ours_is_no_code(text: str) -> None:
    """What gates say of themselves reads as a sentence."""
    assert own_words(text) == text


@pytest.mark.parametrize(
    "text", ["0.0601041", "8f7c2d1e5b6a", "www.e.example", "GH-3", "`a b`", "a/b"]
)
def test_a_sentence_with_a_reference_is_code(text: str) -> None:
    """Seven digits may be a commit, and `www.` a link."""
    assert own_words(text) == code(text)


_SAFE = "https://github.com/acme/churn/pull/12"


@pytest.mark.parametrize(
    "url",
    [
        _SAFE,
        "http://127.0.0.1:8731/acme/churn/pull/12",
        "https://ghe.acme.example/a/b?x=1&y=%2F#/jobs/a-1",
    ],
)
def test_an_address_becomes_a_link(url: str) -> None:
    """GitHub's parser finds one link, to exactly this address."""
    href = url.replace("&", "&amp;")
    assert html(link("text", url)) == f'<p><a href="{href}">text</a></p>\n'


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "//evil.example",
        "https://github.com@evil.example/",
        "https://user:secret@evil.example/",
        "https://evil.example/a)b",
        "https://evil.example/ title",
        'https://evil.example/"x',
        "https://evil.example/<x>",
        "https://evil.example/a|b",
        "https://evil.example/\nx",
        "https://evil.example/x\n",
        "https://evil.example/#12",
        "https://\u0435vil.example/",
        f"https://evil.example/{'x' * 2_000}",
        "data:text/html,x",
        "ftp://evil.example/x",
    ],
)
def test_any_other_address_is_no_link(url: str) -> None:
    """The text stays, and leads nowhere."""
    assert link("text", url) == "text"


@given(HOSTILE)
def test_no_text_makes_a_link_of_more_than_itself(url: str) -> None:
    """Whatever stands there, what comes out is the text, or one link with it."""
    assert re.fullmatch(
        r'<p>(text|<a href="https?://[^"<>]*">text</a>)</p>\n', html(link("text", url))
    )


_CHART_LINE = re.compile(
    r"  (?:title|x-axis|y-axis|line|bar) "
    r'(?:"[A-Za-z0-9 ,:_.-]*" ?|[0-9.-]+ --> [0-9.-]+|\[(?:"[A-Za-z0-9 _.-]+"|[0-9.-]+)'
    r'(?:, (?:"[A-Za-z0-9 _.-]+"|[0-9.-]+))*\])+'
)
_HEAD = re.compile(
    r"```mermaid\n---\nconfig:\n  xyChart:\n    width: 640\n    height: [0-9]+\n"
    r"    titleFontSize: 16\n  themeVariables:\n    xyChart:\n"
    r'      plotColorPalette: "#[0-9a-f]{6}(?:, #[0-9a-f]{6})?"\n---\n'
    r"xychart-beta(?: horizontal)?\n(?P<lines>(?:  .*\n)+)```"
)


def is_chart(text: str) -> bool:
    """Whether a text is a chart with nothing in it but numbers and labels of the strict list."""
    found = _HEAD.fullmatch(text)
    return found is not None and all(
        _CHART_LINE.fullmatch(line) for line in found["lines"].splitlines()
    )


@given(
    st.lists(HOSTILE | st.sampled_from(["age", "income", "a b", "x" * 40]), min_size=1, max_size=12)
)
def test_no_label_leaves_its_quotes(texts: list[str]) -> None:
    """A chart's text is of the strict list, and each label is there once, or is a number."""
    labels = labels_of(texts)
    assert len(set(labels)) == len(texts)
    assert is_chart(bar_chart("What counts", labels, "SHAP", [1.0] * len(texts)))
    for text, label in zip(texts, labels, strict=True):
        assert label.startswith("no. ") or text.startswith(label.removesuffix(".."))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("recency_days", "recency_days"),
        ("discount share", "discount share"),
        ("a feature with a very long name", "a feature with a very.."),
        ("", None),
        (" x", None),
        ("%%{init: {}}%%", None),
        ("a;b", None),
        ('a"b', None),
        ("a#quot;b", None),
        ("<b>", None),
        ("a\nb", None),
        ("\u00e4", None),
        ("GH-12", None),
        ("8f7c2d1e5b", None),
    ],
)
def test_a_label_is_ascii_words_or_nothing(text: str, label: str | None) -> None:
    """Letters, digits, single spaces and a few marks; all else is named in the table only."""
    assert mermaid_label(text) == label


@pytest.mark.parametrize("value", [1e6, 1e300, float("1e-300"), 0.0])
def test_what_mermaid_cannot_read_is_not_drawn(value: float) -> None:
    """Powers of ten are no numbers to it; the table has them."""
    assert bar_chart("t", ["a"], "y", [value]) == ""
    assert line_chart("t", ("x", (0.0, 1.0)), ("y", (0.0, value)), [[value, value]]) == ""


@given(
    st.floats(-1e5, 1e5),
    st.floats(0, 1e5).map(lambda width: round(width, 3)),
)
def test_every_value_has_its_place_along_the_axis(start: float, width: float) -> None:
    """Ticks begin and end with the range, as Mermaid adds them up; or there are none."""
    ticks = ticks_of(start, start + width)
    if ticks:
        assert abs(ticks[0] - start) <= 1e-5
        assert abs(ticks[-1] - (start + width)) <= 2e-5
        assert len(ticks) >= 11
        step = (round(start + width, 5) - round(start, 5)) / (len(ticks) - 1)
        assert all(abs(after - before - step) < 1e-3 for before, after in pairwise(ticks))


def test_a_share_of_one_is_drawn_from_end_to_end() -> None:
    """The range of most curves comes out even."""
    assert ticks_of(0.0, 1.0)[-1] == 1.0
    assert len(ticks_of(0.0, 1.0)) == 33
