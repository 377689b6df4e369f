"""Golden pages and hostile ones, as the preview renders them and a reader's browser shows them."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.browser.conftest import WIDTH

from assent.sandbox.web.preview import preview

GOLDEN = sorted((Path(__file__).parents[1] / "core" / "pages").glob("*.md"))

CHARTS = """
```mermaid
xychart-beta
  title "AUC"
  x-axis ["1", "2"]
  y-axis "auc" 0.7 --> 0.95
  line [0.72, 0.91]
```

```mermaid
flowchart LR
  a[dev] --> b["test<br>now"]
```
"""
HOSTILE = """
<script>document.body.dataset.hacked = "1"</script>
<img src="x" onerror="document.body.dataset.hacked = '2'">
<svg onload="document.body.dataset.hacked = '3'"></svg>
<details open ontoggle="document.body.dataset.hacked = '4'"><summary>x</summary>y</details>
<iframe srcdoc="<script>parent.document.body.dataset.hacked = '5'</script>"></iframe>
<style>body { display: none }</style>

[link](javascript:document.body.dataset.hacked='6')

```mermaid
flowchart LR
  a["<img src=x onerror=document.body.dataset.hacked='7'>"] --> b
  click a "javascript:document.body.dataset.hacked='8'"
  click b call alert("9")
```

```mermaid
%%{init: {"securityLevel": "loose", "htmlLabels": true}}%%
flowchart LR
  a["<script>document.body.dataset.hacked='10'</script>"] --> b
```

```mermaid
pie title "<img src=x onerror=alert(11)>"
  "</text><script>alert(12)</script>" : 3
```
"""
BROKEN = "```mermaid\nflowchart nowhere\n  a ==\n```\n\nafter\n"


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing about it."""

    def log_message(self, *_: Any) -> None:  # noqa: ANN401 - the parent's
        """Say nothing."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of every page, served as files are."""
    folder = tmp_path_factory.mktemp("preview")
    own = {"with-charts": CHARTS, "intruder": HOSTILE, "broken-chart": BROKEN}
    for name, text in own.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    assert GOLDEN
    preview(folder / "out", (*GOLDEN, *(folder / f"{name}.md" for name in own)))
    handler = partial(Quiet, directory=str(folder / "out"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def opened(page: Page, address: str) -> str:
    """Open a page, wait until its charts are dealt with, and unfold everything."""
    page.goto(address)
    page.wait_for_selector("body[data-charts]")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    state = page.get_attribute("body", "data-charts")
    return state or ""


@pytest.mark.parametrize("name", [*(path.stem for path in GOLDEN), "with-charts"])
def test_a_golden_page_is_drawn_and_fits(
    tab: tuple[Page, list[str]], pages: str, name: str
) -> None:
    """Every chart is an SVG of some size, nothing sticks out at 1000 pixels, nothing complains."""
    page, complaints = tab
    assert opened(page, f"{pages}/{name}.html") == "ready"
    charts = page.locator(".chart")
    assert charts.count() == page.locator(".chart svg").count()
    for index in range(charts.count()):
        box = charts.nth(index).locator("svg").first.bounding_box()
        assert box is not None
        assert box["width"] > 40
        assert box["height"] > 20
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= WIDTH
    assert page.locator(".chart-source:visible").count() == 0
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= WIDTH
    assert complaints == []


def test_the_charts_of_the_test_are_charts(page: Page, pages: str) -> None:
    """The test above sees charts where there are some."""
    assert opened(page, f"{pages}/with-charts.html") == "ready"
    assert page.locator(".chart svg").count() == 2


def test_a_hostile_page_runs_nothing(tab: tuple[Page, list[str]], pages: str) -> None:
    """No script, handler or link of an intruder's runs, in Markdown or in a chart."""
    page, complaints = tab
    opened(page, f"{pages}/intruder.html")
    assert page.get_attribute("body", "data-hacked") is None
    for link in page.locator(".markdown a, .markdown svg a").all():
        assert not (link.get_attribute("href") or "").startswith("javascript:")
        assert not (link.get_attribute("xlink:href") or "").startswith("javascript:")
    for node in page.locator(".markdown .node").all():
        node.click(force=True)
    assert page.get_attribute("body", "data-hacked") is None
    assert page.locator(".markdown script, .markdown iframe").count() == 0
    assert page.locator(".markdown").is_visible()
    assert [each for each in complaints if each.startswith(("dialog", "error"))] == []


def test_a_chart_that_cannot_be_drawn_shows_its_source(
    tab: tuple[Page, list[str]], pages: str
) -> None:
    """The page says so, and the rest of it stands."""
    page, _ = tab
    assert opened(page, f"{pages}/broken-chart.html") == "failed"
    assert page.locator(".chart-source").is_visible()
    assert "could not draw" in page.locator(".chart-note").inner_text()
    assert page.get_by_text("after", exact=True).is_visible()


def test_a_page_is_there_without_mermaid(page: Page, pages: str) -> None:
    """Where its script does not load, the source is shown."""
    page.route(
        "**/mermaid.js", lambda route: route.fulfill(body="", content_type="text/javascript")
    )
    assert opened(page, f"{pages}/with-charts.html") == "missing"
    assert page.locator(".chart-source").first.is_visible()
