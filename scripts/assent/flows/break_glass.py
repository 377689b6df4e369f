"""Whether a code owner broke the glass of a pull request, by its label."""

from collections.abc import Callable
from datetime import datetime

from assent.core.forge import BREAK_GLASS, Labelling
from assent.core.review import BrokenGlass
from assent.ports import Forge

__all__ = ["broken_glass"]

_NOBODY = "ghost"
"""As GitHub shows those whom it does not know any more."""


def broken_glass(
    forge: Forge,
    number: int,
    *,
    author: str,
    owns: Callable[[str], bool],
    until: datetime | None,
) -> BrokenGlass | None:
    """Find who lifted soak, freezes and the stop for a pull request; None where nobody did.

    What counts is the label's last coming before the merge, if it did not go again: by a person
    who is a code owner and did not open the pull request. GitHub's times are whole seconds, so the
    second of the merge counts as before it.

    Args:
        forge: Where the pull request is.
        number: Its number.
        author: Who opened it.
        owns: Tells whether a person, by login, is a code owner of the record; it may raise where
            that cannot be found out.
        until: When it was merged; None while it is open.

    Raises:
        AssentError: It could not be found out, which is neither a yes nor a no.
    """
    standing: Labelling | None = None
    for each in forge.conversation(number).labellings:
        if each.label.lower() == BREAK_GLASS and (until is None or each.at <= until):
            standing = each if each.added else None
    if standing is None or not _may(standing.by, author) or not owns(standing.by):
        return None
    return BrokenGlass(by=standing.by, at=standing.at)


def _may(login: str, author: str) -> bool:
    """Whether it is a person other than the author, as far as names tell."""
    return login.lower() not in {author.lower(), _NOBODY} and not login.endswith("[bot]")
