"""The addresses outside the site: each is listed, and one that cannot be right fails the build.

Nothing is fetched, since a build must not depend on who answers; whether an address still answers
is for a look at the list.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

__all__ = ["listed", "setup", "what_is_wrong"]

LIST = "addresses.txt"
"""The file of the built site that lists them."""


def what_is_wrong(address: str) -> str | None:
    """Why nobody could follow an address; None where nothing speaks against it."""
    if any(character.isspace() for character in address):
        return "has a space in it"
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError as error:
        return str(error)
    if parts.scheme != "https":
        return "is not https"
    if parts.username is not None or parts.password is not None:
        return "names a user"
    if not parts.hostname or "." not in parts.hostname:
        return "names no host"
    return None


def listed(pages: dict[str, set[str]]) -> str:
    """Every address with the pages that have it, sorted."""
    found: dict[str, set[str]] = {}
    for page, addresses in pages.items():
        for address in addresses:
            found.setdefault(address, set()).add(page)
    return "".join(f"{address}\t{' '.join(sorted(on))}\n" for address, on in sorted(found.items()))


def setup(app: Any) -> dict[str, bool]:  # noqa: ANN401 - Sphinx is not there where types are checked
    """Called by Sphinx."""
    from sphinx.util.logging import getLogger  # noqa: PLC0415 - only the site's build has it

    pages: dict[str, set[str]] = {}

    def collect(_app: Any, doctree: Any, page: str) -> None:  # noqa: ANN401
        addresses = {
            node["refuri"]
            for node in doctree.findall()
            if "://" in getattr(node, "attributes", {}).get("refuri", "")
        }
        pages[page] = addresses
        for address in sorted(addresses):
            wrong = what_is_wrong(address)
            if wrong is not None:
                getLogger(__name__).warning(
                    "%s %s", address, wrong, location=page, type="addresses"
                )

    def write(app: Any, error: Exception | None) -> None:  # noqa: ANN401
        if error is None:
            (Path(app.outdir) / LIST).write_text(listed(pages), encoding="utf-8")

    app.connect("doctree-resolved", collect)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
