"""No text of a stranger's changes a page: proven on whole pages with cmark-gfm, GitHub's parser."""

import re
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.core.reviews import CASES, hostile, wholly_hostile
from tests.core.test_markdown import HOSTILE, html, is_chart

from assent.core.rendering.page_markers import PAGE_BEGIN, PAGE_END, page_of
from assent.core.rendering.pull_request import MAX_BODY, pull_request_body

# What our own pages are made of; none of it has an attribute but for a link, an aligned cell and
# the language of a block.
ELEMENTS = frozenset(
    {
        *("h2", "h3", "p", "strong", "em", "code", "pre", "ul", "li", "a", "blockquote"),
        *("table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
    }
)
CANARY = "zq_xj"
_CONSOLE = re.compile(
    r"https://console\.aws\.amazon\.com/s3/object/[a-z0-9.-]+\?[\w=&/.~%-]+", re.ASCII
)
_FENCE = re.compile(r"^```mermaid\n.*?^```$", re.MULTILINE | re.DOTALL)


class Outline(HTMLParser):
    """The elements of a page in order, and the text outside of code."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.links: list[str] = []
        self.prose: list[str] = []
        self.comments: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.tags.append(tag)
        assert tag in ELEMENTS, tag
        for name, value in attrs:
            assert (tag, name) in {("a", "href"), ("th", "align"), ("td", "align"), ("pre", "lang")}
            if name == "href":
                self.links.append(value or "")
        self._code += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        self.tags.append(f"/{tag}")
        self._code -= tag == "code"

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._code:
            self.prose.append(data)

    def handle_comment(self, data: str) -> None:
        """A comment."""
        self.comments.append(data)


def outline(body: str) -> Outline:
    """A page, parsed."""
    found = Outline()
    found.feed(html(body))
    found.close()
    return found


@cache
def harmless(length: int) -> tuple[str, ...]:
    """The tags of the page with a plain word wherever a stranger can write."""
    return _lasting(outline(pull_request_body(wholly_hostile("_" + "w" * length))).tags)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HOSTILE.map(lambda text: f"{CANARY}{text}{CANARY}"))
@example("zq_xj |\n\n# x\n\n| a | zq_xj")
@example("zq_xj```\n\n</details></summary>zq_xj")
@example("zq_xj %%{init: {'securityLevel': 'loose'}}%% zq_xj")
def test_a_hostile_page_has_the_shape_of_a_harmless_one(text: str) -> None:
    """Element for element, no text of a stranger's outside of code, and no link of theirs."""
    body = pull_request_body(wholly_hostile(text))
    found = outline(body)
    # A class with dots in its name may count as another kind of metric.
    if "." not in text:
        assert _lasting(found.tags) == harmless(2 + (len(text) + 1) % 2)
    holds_nothing_hostile(body, found)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HOSTILE.map(lambda text: f"{CANARY}{text}{CANARY}"))
def test_hostile_evidence_stays_in_its_place_on_a_judged_page(text: str) -> None:
    """The same where gates judged the evidence, and somebody broke the glass."""
    body = pull_request_body(hostile(text).review())
    holds_nothing_hostile(body, outline(body))


def holds_nothing_hostile(body: str, found: Outline) -> None:
    """Check that a page shows what strangers wrote, and does nothing of it."""
    prose = "".join(found.prose)
    assert CANARY not in prose
    assert not re.search(r"@[A-Za-z]|#[0-9]|\bGH-[0-9]|\bwww\.|https?:|\b[0-9a-f]{7,40}\b", prose)
    assert all(_CONSOLE.fullmatch(link) for link in found.links)
    assert [comment.strip() for comment in found.comments] == ["assent: page", "assent: end"]
    assert all(is_chart(chart) for chart in _FENCE.findall(body))
    assert all(line == "" or line.isprintable() for line in body.split("\n"))
    assert len(body) <= MAX_BODY
    assert page_of(body) == ("", body, "")


def _lasting(tags: list[str]) -> tuple[str, ...]:
    """Without charts, which are drawn if labels allow it, and links of S3's keys that are clean."""
    return tuple(tag for tag in tags if tag.removeprefix("/") not in {"pre", "a"})


@pytest.mark.parametrize("name", CASES)
def test_a_page_is_made_of_our_own_elements(name: str) -> None:
    """Each golden page parses as meant: no stray element, whole tables, links that lead outside."""
    body = pull_request_body(CASES[name].review())
    found = outline(body)
    assert found.tags.count("details") == found.tags.count("/details")
    assert "<p>|" not in html(body)
    assert all(re.match(r"https://[a-z0-9.-]+/", link) for link in found.links)
    assert all(is_chart(chart) for chart in _FENCE.findall(body))
    assert body.count(PAGE_BEGIN) == body.count(PAGE_END) == 1
    for block in re.findall(r"(?:^\|.*\n)+", body, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in block.splitlines()}
        assert len(widths) == 1, block
        assert not re.search(r"\\\\+\|", block), "readers disagree on such a bar"


# As GitHub reads a commit message, into which a squash merge copies the page: code spans and
# Mermaid mean nothing there.
_IN_A_MESSAGE = re.compile(
    r"(?<![A-Za-z0-9_])@[A-Za-z0-9]|#[0-9]+\b|\bGH-[0-9]"
    r"|\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):? +(?:[\w./-]*#[0-9]|https?://|\[)",
    re.IGNORECASE,
)
# Colours of charts: `#0969da` and `#8c959f`.
_OURS = re.compile(r'^      plotColorPalette: ".*"$', re.MULTILINE)


@pytest.mark.parametrize("name", CASES)
def test_a_page_does_nothing_as_a_commit_message(name: str) -> None:
    """No mention, no reference to an issue and no keyword that closes one is in it."""
    body = _OURS.sub("", pull_request_body(CASES[name].review()))
    assert _IN_A_MESSAGE.search(body) is None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(alphabet="@#0123456789GHgh-/abfixescl: ", max_size=30))
def test_no_text_does_anything_as_a_commit_message(text: str) -> None:
    """Nor does anything that a stranger wrote, once code spans are gone."""
    body = _OURS.sub("", pull_request_body(wholly_hostile(text or "-")))
    assert _IN_A_MESSAGE.search(body) is None
