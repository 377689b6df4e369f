"""Markdown to HTML as GitHub shows it: GitHub's own parser, an allow-list, alerts and charts.

The order is what makes it safe. The parser lets raw HTML through, as GitHub's does; the allow-list
then takes out everything that could act; only what comes after it may add classes. So an author
cannot write an alert, a chart or a button of the page's own.
"""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

import cmarkgfm
import nh3
from cmarkgfm.cmark import Options

__all__ = ["CHART", "github_html"]

CHART: Final = "chart"
"""The class of an element that holds the source of a Mermaid chart, and later the chart."""

_EXTENSIONS: Final = ("table", "autolink", "tagfilter", "strikethrough", "tasklist")
_OPTIONS: Final[int] = (
    Options.CMARK_OPT_UNSAFE  # raw HTML; the allow-list judges it
    | Options.CMARK_OPT_FOOTNOTES
    | Options.CMARK_OPT_GITHUB_PRE_LANG
    | Options.CMARK_OPT_HARDBREAKS  # in comments and pull requests a line break is one
    | Options.CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE
)

# What GitHub documents as allowed, less what only videos and schema.org need.
_TAGS: Final = (
    *("a", "abbr", "b", "bdo", "blockquote", "br", "caption", "cite", "code", "dd", "del"),
    *("details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4"),
    *("h5", "h6", "hr", "i", "img", "input", "ins", "kbd", "li", "mark", "ol", "p", "picture"),
    *("pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small", "span", "strike", "strong"),
    *("sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt"),
    *("ul", "var", "wbr"),
)
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": {"align", "dir", "lang", "title"},
    "a": {"href", "id", "aria-label"},
    "img": {"alt", "height", "width"},
    "input": {"checked"},
    "li": {"id"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "details": {"open"},
    "time": {"datetime"},
}
_SCHEMES: Final = {"http", "https", "mailto"}
_FOOTNOTE: Final = re.compile(r"fn(ref)?-[\w%.-]{1,100}", re.ASCII)
_PREFIX: Final = "user-content-"
"""Before each id, so that none is one of the page's own."""

_TAG: Final = re.compile(r'<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)(?:\s+[^\s=>"]+="[^"]*")*\s*>')
_CHART: Final = re.compile(r'<pre lang="mermaid"><code>(?P<source>[^<]*)</code></pre>')
_ALERT: Final = re.compile(
    r"<blockquote>\s*<p>\[!(?P<kind>NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*"
    r"(?:<br>\n?(?P<rest>)|</p>(?P<alone>))",
    re.IGNORECASE,
)
_BLOCKQUOTE_END: Final = "</blockquote>"


def github_html(text: str, *, home: str = "") -> str:
    """Turn untrusted Markdown into HTML that can stand in a page as it is.

    Pictures are not loaded: their alternative text stays. Mentions and references stay text.

    Args:
        text: Markdown, as in the body of a pull request or a comment.
        home: The address of a GitHub whose pages are served here: links to it lose this beginning,
            so that they lead to the same page of this server.
    """
    raw = cmarkgfm.markdown_to_html_with_extensions(text, _OPTIONS, list(_EXTENSIONS))
    clean = nh3.clean(
        raw,
        tags=set(_TAGS),
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES,
        attribute_filter=lambda tag, name, value: _attribute(tag, name, value, home),
        tag_attribute_values={"input": {"type": {"checkbox"}}},
        set_tag_attribute_values={"input": {"disabled": "", "type": "checkbox"}},
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener noreferrer",
        id_prefix=_PREFIX,
    )
    return "".join(_with_alerts(_with_charts(clean)))


def _attribute(tag: str, name: str, value: str, home: str) -> str | None:
    """What becomes of an attribute's value; None where it goes."""
    if name == "id":
        # The prefix is there already.
        return value if _FOOTNOTE.fullmatch(value.removeprefix(_PREFIX)) else None
    if (tag, name) == ("a", "href"):
        if _FOOTNOTE.fullmatch(value.removeprefix("#")):
            return f"#{_PREFIX}{value[1:]}"
        if home and value.startswith(f"{home}/"):
            return value.removeprefix(home)
    return value


def _with_charts(html: str) -> str:
    # Only text within: what an author nested into such a block by hand stays a block.
    return _CHART.sub(
        lambda match: (
            f'<div class="{CHART}"><pre class="chart-source">{match["source"]}</pre></div>'
        ),
        html,
    )


def _with_alerts(html: str) -> Iterator[str]:
    """Give quotations that begin with a word such as [!WARNING] that word's look.

    As on GitHub, only those that stand alone, not within a list or another quotation.
    """
    position = 0
    for start, end in _outermost(html):
        yield html[position:start]
        yield _alert(html[start:end])
        position = end
    yield html[position:]


def _outermost(html: str) -> Iterator[tuple[int, int]]:
    """Where quotations that no other element holds begin and end."""
    depth, start = 0, 0
    for tag in _TAG.finditer(html):
        name = tag["name"]
        if name in {"br", "hr", "img", "input", "wbr"}:
            continue
        depth += -1 if tag["end"] else 1
        if name != "blockquote":
            continue
        if depth == 1 and not tag["end"]:
            start = tag.start()
        elif depth == 0 and tag["end"]:
            yield start, tag.end()


def _alert(quotation: str) -> str:
    match = _ALERT.match(quotation)
    if match is None:
        return quotation
    kind = match["kind"].lower()
    inner = quotation[match.end() : -len(_BLOCKQUOTE_END)]
    rest = f"<p>{inner}" if match["alone"] is None else inner
    if not _TAG.sub("", rest).strip():
        return quotation  # GitHub shows a title without content as it was written
    title = escape(kind.capitalize())
    return (
        f'<div class="alert alert-{kind}"><p class="alert-title">'
        f'<svg class="icon" aria-hidden="true"><use href="#icon-{kind}"></use></svg>{title}</p>'
        f"{rest}</div>"
    )
