"""How Sphinx builds the site: from the Markdown that GitHub shows, nothing loaded from elsewhere.

The repository's root is the source folder, so that relative links between docs/ and the files
beside it mean the same here and there. A link to a file that is no page, such as a schema, a
workflow or an example of the tests, leads to a copy of it that the site carries.
"""

import sys
from pathlib import Path
from typing import Any

_DOCS = Path(__file__).parent
_ROOT = _DOCS.parent
sys.path.insert(0, str(_DOCS / "_ext"))

from assent import __version__  # noqa: E402 - the path comes first, here and below
from assent.sandbox.web.charts import mermaid_script  # noqa: E402

project = "Assent"
version = release = __version__
extensions = ["myst_parser", "sphinx_click", "sphinxcontrib.mermaid", "addresses"]

root_doc = "docs/index"
source_suffix = {".md": "markdown"}
include_patterns = [
    "docs/**.md",
    "infra/README.md",
    "promotions/README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
]
exclude_patterns = [".*", "build", "dist", "tests", "node_modules"]
nitpicky = True
suppress_warnings = ["misc.highlighting_failure"]  # reports.md shows what is no JSON, as JSON

myst_enable_extensions = ["alert"]
myst_heading_anchors = 6  # by GitHub's rule, so that links to headings work in both places
myst_fence_as_directive = ["mermaid"]

html_theme = "furo"
html_title = f"Assent {version}"
html_favicon = "../scripts/assent/sandbox/web/static/icon.svg"
html_static_path = ["_static"]
html_extra_path = ["_site"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False

mermaid_use_local = "mermaid.mjs"
mermaid_fullscreen = False
mermaid_height = "auto"
mermaid_init_config = {"startOnLoad": False, "flowchart": {"nodeSpacing": 40, "rankSpacing": 45}}


def _bring_mermaid(app: Any) -> None:  # noqa: ANN401 - Sphinx is not there where types are checked
    """Copy Mermaid's script into the site, from the package that carries it."""
    script = mermaid_script()
    if script is None:
        raise RuntimeError("mermaidx is not installed. `make docs` installs what the site needs.")
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mermaid.js").write_bytes(script.read_bytes())


def _load_mermaid(
    app: Any,  # noqa: ANN401
    _page: str,
    _template: str,
    _context: dict[str, Any],
    doctree: Any,  # noqa: ANN401
) -> None:
    """Let the pages that have a diagram load the script; it is large."""
    if doctree is not None and any(node.tagname == "mermaid" for node in doctree.findall()):
        app.add_js_file("mermaid.js", priority=400)


def setup(app: Any) -> None:  # noqa: ANN401
    """Called by Sphinx."""
    app.connect("builder-inited", _bring_mermaid)
    app.connect("html-page-context", _load_mermaid)
