"""Renders Markdown files to pages in GitHub's style: `python -m assent.sandbox.web.preview`.

The folder that it fills needs no server and nothing from the web: open its index.html.
"""

import shutil
from pathlib import Path

import click
from markupsafe import Markup

from assent.sandbox.stage import wall_clock
from assent.sandbox.web.charts import mermaid_script
from assent.sandbox.web.github_html import github_html
from assent.sandbox.web.templating import STATIC, templates

__all__ = ["main", "preview"]

_ASSETS = "assets"
_MERMAID = "mermaid.js"


def preview(folder: Path, files: tuple[Path, ...]) -> Path:
    """Render files into a folder, each to a page of its name, and an index of them.

    Args:
        folder: Created when missing; pages of the same names are replaced.
        files: Markdown, as in the body of a pull request.

    Returns:
        The index.
    """
    assets = folder / _ASSETS
    shutil.copytree(STATIC, assets, dirs_exist_ok=True)
    script = mermaid_script()
    if script is not None:
        shutil.copyfile(script, assets / _MERMAID)
    environment = templates(wall_clock)
    around = {"static": _ASSETS, "mermaid": f"{_ASSETS}/{_MERMAID}" if script else ""}
    page, names = environment.get_template("preview.html"), sorted(path.stem for path in files)
    for path in files:
        body = Markup(github_html(path.read_text(encoding="utf-8")))  # noqa: S704 - sanitised
        html = page.render(around, name=path.stem, names=names, body=body)
        (folder / f"{path.stem}.html").write_text(html, encoding="utf-8")
    index = folder / "index.html"
    html = environment.get_template("preview_index.html").render(around, names=names)
    index.write_text(html, encoding="utf-8")
    return index


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
def main(folder: Path, files: tuple[Path, ...]) -> None:
    """Render Markdown FILES as GitHub shows them, into FOLDER."""
    index = preview(folder, files)
    click.echo(f"{len(files)} pages: {index}")


if __name__ == "__main__":
    main()
