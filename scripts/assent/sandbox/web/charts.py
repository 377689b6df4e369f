"""Where Mermaid is: a Python package brings the script, so neither Node nor the web is needed."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

__all__ = ["mermaid_script"]

_PACKAGE = "mermaidx"
_SCRIPT = "mermaidx/assets/mermaid.js"


def mermaid_script() -> Path | None:
    """The file of Mermaid's own script; None where it is not installed.

    The package is looked up and not imported: its engine is not wanted. Without the script, pages
    show the source of a chart, and the table that stands behind each.
    """
    try:
        found = Path(str(distribution(_PACKAGE).locate_file(_SCRIPT)))
    except PackageNotFoundError:
        return None
    return found if found.is_file() else None
