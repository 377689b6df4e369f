"""`make preview`: a folder of pages that needs neither a server nor the web."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from assent.sandbox.web import preview

PAGES = Path(__file__).parents[2] / "core" / "pages"


def test_each_file_becomes_a_page_of_the_folder(tmp_path: Path) -> None:
    """The golden bodies are rendered and listed; whatever they load is beside them."""
    files = sorted(PAGES.glob("*.md"))
    assert files
    answer = CliRunner().invoke(preview.main, [str(tmp_path / "out"), *map(str, files)])
    assert answer.output == f"{len(files)} pages: {tmp_path}/out/index.html\n"
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    for file in files:
        assert f'href="{file.stem}.html"' in index
        page = (tmp_path / "out" / f"{file.stem}.html").read_text(encoding="utf-8")
        assert f"<title>{file.stem}</title>" in page
        loaded = re.findall(r'<(?:script|link)[^>]*(?:src|href)="([^"]*)"', page)
        assert "assets/mermaid.js" in loaded
        assert all((tmp_path / "out" / each).is_file() for each in loaded)


def test_a_name_is_text_and_an_address(tmp_path: Path) -> None:
    """A file may be called anything."""
    odd = tmp_path / "<b>&%41#.md"
    odd.write_text("# Hello\n", encoding="utf-8")
    preview.preview(tmp_path / "out", (odd,))
    assert (tmp_path / "out" / "<b>&%41#.html").is_file()
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert 'href="%3Cb%3E%26%2541%23.html">&lt;b&gt;&amp;%41#</a>' in index


def test_without_mermaid_the_pages_show_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script is then not asked for."""
    monkeypatch.setattr(preview, "mermaid_script", lambda: None)
    file = tmp_path / "chart.md"
    file.write_text('```mermaid\npie title "x"\n```\n', encoding="utf-8")
    preview.preview(tmp_path / "out", (file,))
    page = (tmp_path / "out" / "chart.html").read_text(encoding="utf-8")
    assert "mermaid.js" not in page
    assert 'class="chart-source">pie title' in page
