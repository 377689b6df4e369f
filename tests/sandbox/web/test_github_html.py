"""Markdown as GitHub shows it, and nothing in it that acts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.sandbox.web.github_html import github_html

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<svg onload="alert(1)"><script>alert(1)</script></svg>',
    '<div style="position:fixed;inset:0" class="flash" id="deciding">x</div>',
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    '<iframe src="//example.org"></iframe>',
    '<form action="/as"><button name="who" value="zoe">x</button></form>',
    '<input name="token" value="1">',
    '<meta http-equiv="refresh" content="0;url=//example.org">',
    '<base href="//example.org">',
    "<style>body{display:none}</style>",
    '<math><mtext><table><mglyph><style><img src=x onerror="alert(1)">',
    '<details open ontoggle="alert(1)"><summary>x</summary></details>',
    '<link rel="stylesheet" href="//example.org">',
    "<use href='#icon-check'></use>",
)
LIVE = re.compile(
    r"<(script|style|iframe|form|button|svg|math|meta|base|link|object|embed|use|textarea)\b"
    r"|<[^>]*\s(on\w+|style|class|src|srcset|name|formaction)="
    r"|(href|src)=\"\s*(javascript|data|vbscript):",
    re.IGNORECASE,
)
OURS = re.compile(
    r'<div class="(alert alert-\w+|chart)">|<p class="alert-title">|<pre class="chart-source">'
    r'|<svg class="icon" aria-hidden="true"><use href="#icon-\w+"></use></svg>'
)


def acts(html: str) -> list[str]:
    """What is left of HTML that could act, or pass for a part of the page."""
    return [match[0] for match in LIVE.finditer(OURS.sub("", html))]


def test_what_acts_is_recognized() -> None:
    """The judge of the tests below finds what it should, in each of the hostile examples."""
    tame = {"[x](javascript:alert(1))", "[x](data:text/html;base64,PHNjcmlwdD4=)"}
    assert [each for each in HOSTILE if not acts(each)] == [
        each for each in HOSTILE if each in tame
    ]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("around", ["{}", "> [!WARNING]\n> {}", "| a |\n| - |\n| {} |", "- {}"])
def test_nothing_that_acts_is_left(text: str, around: str) -> None:
    """Scripts, handlers, styles, forms and addresses that run are gone, wherever they stand."""
    assert acts(github_html(around.format(text))) == []


@given(
    st.lists(
        st.one_of(
            st.sampled_from([*HOSTILE, "> [!NOTE]\n> ", "```mermaid\n", "\n", "\n\n", "|", "`"]),
            st.text(max_size=12),
        ),
        max_size=8,
    )
)
def test_nothing_that_acts_is_left_of_any_mixture(parts: list[str]) -> None:
    """However hostile pieces are put together, what comes out cannot act."""
    assert acts(github_html("".join(parts))) == []


def test_a_table_keeps_its_alignment_and_its_pipes() -> None:
    """Columns are flushed as the delimiter row says, and an escaped pipe stays in its cell."""
    html = github_html("| a | b |\n| --- | ---: |\n| `x\\|y` | 1 |\n")
    assert '<td align="right">1</td>' in html
    assert "<td><code>x|y</code></td>" in html


def test_details_fold_what_is_in_them() -> None:
    """Markdown within a folded part is Markdown."""
    html = github_html("<details><summary>3 more</summary>\n\n| a |\n| - |\n| 1 |\n\n</details>\n")
    assert html.startswith("<details><summary>3 more</summary>\n<table>")


def test_task_lists_footnotes_strikethrough_and_breaks_are_githubs() -> None:
    """The extensions are those of pull requests, where a line break is one."""
    html = github_html("- [x] done\n\n~~old~~ one~two~ [^1]\nnext\n\n[^1]: Note.\n")
    assert '<input type="checkbox" checked="" disabled=""' in html
    assert "<del>old</del> one~two~" in html
    assert "<br>\nnext" in html
    assert 'href="#user-content-fn-1"' in html
    assert '<li id="user-content-fn-1">' in html


@pytest.mark.parametrize("kind", ["NOTE", "tip", "Important", "WARNING", "CAUTION"])
def test_an_alert_has_its_title_and_keeps_its_content(kind: str) -> None:
    """Each of GitHub's five alerts is shown as one, with what it holds."""
    html = github_html(f"> [!{kind}]\n> **Mind** this.\n>\n> | a |\n> | - |\n> | 1 |\n")
    assert html.startswith(f'<div class="alert alert-{kind.lower()}"><p class="alert-title">')
    assert f"</svg>{kind.capitalize()}</p><p><strong>Mind</strong> this.</p>" in html
    assert "<table>" in html
    assert html.rstrip().endswith("</div>")
    assert "[!" not in html
    assert "blockquote" not in html


@pytest.mark.parametrize(
    "text",
    [
        "> [!WARNING] on the same line\n",
        "> [!DANGER]\n> no such kind\n",
        "> [!NOTE]\n",
        "- > [!NOTE]\n  > in a list\n",
        "> > [!NOTE]\n> > in another\n",
        "> before\n> [!NOTE]\n> after\n",
    ],
)
def test_what_github_shows_as_a_quotation_stays_one(text: str) -> None:
    """An alert stands alone, names one of five kinds on a line of its own, and says something."""
    html = github_html(text)
    assert "<blockquote>" in html
    assert 'class="alert' not in html


def test_a_second_alert_is_not_swallowed_by_the_first() -> None:
    """Each ends where it ends, also around a quotation that is none."""
    html = github_html("> [!NOTE]\n> one\n\n> plain\n\n> [!TIP]\n> two\n>\n> > nested\n\nend\n")
    assert re.findall(r'class="alert alert-(\w+)"', html) == ["note", "tip"]
    assert html.count("<blockquote>") == html.count("</blockquote>") == 2
    assert html.rstrip().endswith("<p>end</p>")


def test_a_mermaid_fence_becomes_a_chart_with_its_source_escaped() -> None:
    """The chart's source is text; a script in it is text, too."""
    html = github_html('```mermaid\npie title "<script>alert(1)</script> & more"\n```\n')
    assert html.strip() == (
        '<div class="chart"><pre class="chart-source">pie title "&lt;script&gt;alert(1)'
        '&lt;/script&gt; &amp; more"\n</pre></div>'
    )


def test_other_fences_stay_code() -> None:
    """Only mermaid is drawn."""
    assert "chart" not in github_html("```yaml\na: 1\n```\n")


def test_links_to_the_sandboxs_own_pages_lead_there() -> None:
    """An address that Assent wrote leads to the page here; one that only begins so does not."""
    home = "http://127.0.0.1:5000"
    html = github_html(
        f"[a]({home}/acme/x/pull/1) [b]({home}0/x) [c](https://example.org)", home=home
    )
    assert re.findall(r'href="([^"]+)"', html) == [
        "/acme/x/pull/1",
        f"{home}0/x",
        "https://example.org",
    ]
    assert html.count('rel="nofollow noopener noreferrer"') == 3
