"""Whether a code owner broke the glass of a pull request, by its label."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from assent.core.errors import AssentError
from assent.core.forge import BREAK_GLASS, Labelling
from assent.core.review import BrokenGlass
from assent.flows.ownership import Clone, is_code_owner
from assent.ports import Forge

__all__ = ["broken_glass", "glass_shown"]

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


def glass_shown(
    clone: Clone, forge: Forge, number: int, *, author: str, path: str
) -> BrokenGlass | None:
    """Who broke the glass of an open pull request, as far as it can be told before the merge.

    Teams can be read by the App, and not by a workflow's own token. Where whether it was a code
    owner cannot be read, somebody who may write is taken for one, and it is said that this is
    unproven: nothing takes effect by it before `apply` has proven it.

    Args:
        clone: Whose CODEOWNERS count.
        forge: Where the pull request is.
        number: Its number.
        author: Who opened it.
        path: The record's.

    Raises:
        AssentError: GitHub did not answer, or does not even tell who may write.
    """
    unread: list[str] = []

    def owns(login: str) -> bool:
        try:
            return is_code_owner(clone, forge, login, path)
        except AssentError as error:
            if error.retryable:
                raise
            unread.append(error.message)
            return forge.may_write(login)

    found = broken_glass(forge, number, author=author, owns=owns, until=None)
    return None if found is None else replace(found, unproven="".join(unread))
