"""The built site: it loads nothing from elsewhere, and leads nowhere that is not there.

`make docs` runs this on dist/site, by name: without a site there is nothing to judge, so that
`make test` does not collect it.
"""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

import click
import pytest

from assent.cli import main

SITE = Path(__file__).parents[2] / "dist" / "site"
LOADED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
}
LOADING_LINKS = {"stylesheet", "preload", "prefetch", "modulepreload", "icon", "preconnect"}


class Page(HTMLParser):
    """What one page loads, where it leads, and the anchors that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.leads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser for each element."""
        found = {name: value or "" for name, value in attrs}
        self.anchors.update(filter(None, (found.get("id"), found.get("name"))))
        if tag in LOADED and LOADED[tag] in found:
            self.loads.append(found[LOADED[tag]])
        if tag == "link" and LOADING_LINKS & set(found.get("rel", "").split()):
            self.loads.append(found["href"])
        if tag == "a" and "href" in found:
            self.leads.append(found["href"])


@cache
def page(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def pages() -> list[Path]:
    found = sorted(path for path in SITE.rglob("*.html") if "_static" not in path.parts)
    assert len(found) > 30, "there is no built site; `make docs` builds it"
    return found


def files(*suffixes: str) -> Iterator[Path]:
    yield from (path for path in sorted(SITE.rglob("*")) if path.suffix in suffixes)


def test_no_page_loads_anything_from_elsewhere() -> None:
    """Scripts, styles, pictures and fonts are the site's own files, and they are there."""
    loaded = [(path, address) for path in pages() for address in page(path).loads]
    assert len(loaded) > 100
    outside = [(path.name, address) for path, address in loaded if urlsplit(address).netloc]
    assert outside == []
    missing = [
        (path.name, address)
        for path, address in loaded
        if not address.startswith("data:")
        and not path.parent.joinpath(unquote(urlsplit(address).path)).is_file()
    ]
    assert missing == []


def test_no_style_and_no_page_s_own_script_loads_anything_from_elsewhere() -> None:
    """Neither `url()` and `@import` of a style nor an import in a page names another host."""
    styles = list(files(".css"))
    assert styles
    remote = re.compile(r"""(?:url\(\s*|@import\s+)["']?(?:https?:)?//[^)"']*""")
    assert not [
        (path.name, remote.findall(path.read_text("utf-8")))
        for path in styles
        if remote.search(path.read_text("utf-8"))
    ]
    imported = re.compile(r"""(?:import[^;\n]*from\s*|import\s*\(\s*|import\s+)["']([^"']+)["']""")
    for path in pages():
        scripts = re.findall(r"<script[^>]*>(.*?)</script>", path.read_text("utf-8"), re.DOTALL)
        named = [each for script in scripts for each in imported.findall(script)]
        assert not [each for each in named if not each.startswith(("./", "../"))], path.name


def test_a_page_with_a_diagram_has_what_draws_it() -> None:
    """Pages with a diagram load Mermaid from the site, and others do not carry its weight."""
    drawn = [
        path for path in pages() if re.search(r'<pre[^>]*class="mermaid', path.read_text("utf-8"))
    ]
    loading = [
        path
        for path in pages()
        if any(urlsplit(each).path.endswith("/mermaid.js") for each in page(path).loads)
    ]
    assert drawn == loading != []
    assert "mermaid" in (SITE / "_static" / "mermaid.js").read_text("utf-8")[:2000]


def test_every_link_within_the_site_leads_to_what_is_there() -> None:
    """Pages, files and anchors, as a reader would follow them."""
    broken = []
    for path in pages():
        for address in page(path).leads:
            if urlsplit(address).scheme or urlsplit(address).netloc:
                continue
            file, fragment = urldefrag(address)
            target = path.parent.joinpath(unquote(file)).resolve() if file else path
            if not target.is_file():
                broken.append(f"{path.relative_to(SITE)}: {address} is not there")
            elif fragment and target.suffix == ".html" and fragment not in page(target).anchors:
                broken.append(f"{path.relative_to(SITE)}: {address} has no such anchor")
    assert broken == []


def test_every_address_elsewhere_is_listed() -> None:
    """dist/site/addresses.txt has each link that leaves the site, with its page."""
    listed = dict(
        line.split("\t") for line in (SITE / "addresses.txt").read_text("utf-8").splitlines()
    )
    assert len(listed) > 3
    missing = [
        (path.name, address)
        for path in pages()
        for address in page(path).leads
        if urlsplit(address).netloc
        and address not in listed
        and not address.startswith("https://github.com/pradyunsg/furo")  # the theme names itself
    ]
    assert missing == []


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for each, inner in command.commands.items():
            yield from commands(inner, f"{name} {each}")
    else:
        yield name, command


@pytest.mark.parametrize(
    ("name", "command"),
    list(commands(main, "assent")),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_command_is_in_the_reference(name: str, command: click.Command) -> None:
    """Each has a section on the page of the command line, with each of its options."""
    text = (SITE / "docs" / "cli.html").read_text("utf-8")
    anchor = name.replace(" ", "-")
    assert anchor in page(SITE / "docs" / "cli.html").anchors
    options: list[Any] = [each for each in command.params if isinstance(each, click.Option)]
    for option in options:
        if not option.hidden:
            assert f"cmdoption-{anchor}-{option.opts[-1].lstrip('-')}" in text, option.opts


def test_every_mapping_of_a_schema_is_in_the_reference() -> None:
    """The pages that are written from the schemas are built, with their keys."""
    text = (SITE / "docs" / "reference" / "configuration.html").read_text("utf-8")
    assert text.count("<strong>") > 60
    assert {"environments", "gates", "freezesweekly"} <= page(
        SITE / "docs" / "reference" / "configuration.html"
    ).anchors
