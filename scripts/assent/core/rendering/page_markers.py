"""The page in a pull request's text, told from what people write before and after it.

Two comments that readers do not see mark its beginning and its end. Each stands on a line of its
own: text of a stranger's within the page has no line to itself, and so cannot end it.
"""

from dataclasses import dataclass

__all__ = ["END", "START", "marked", "page_of", "shows", "with_page"]

START = "<!-- assent: page -->"
END = "<!-- assent: end -->"
_MOST = 65_000
"""GitHub takes 65,536 characters."""
_NO_ROOM = "\n\n*(cut: there is no more room; the history of this text has all of it)*"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """A pull request's text, taken apart."""

    before: str
    page: str | None
    """None where it holds no page, or nobody can tell where that begins and ends."""
    after: str


def marked(page: str) -> str:
    """A page between its marks."""
    return f"{START}\n{_bare(page)}\n{END}\n"


def page_of(body: str) -> str | None:
    """The page in a pull request's text; None where there is none that has both its marks."""
    page = _parts(body).page
    return None if page is None else _bare(page)


def shows(body: str, page: str) -> bool:
    """Whether a pull request's text holds this very page."""
    return page_of(body) == _bare(page)


def with_page(body: str, page: str) -> str:
    """A pull request's text with another page in the place of its own.

    What people wrote before and after it stays. Where the marks are gone, everything that is there
    is taken for theirs, and put below.

    Args:
        body: The text as it stands.
        page: The page, with its marks or without.
    """
    parts = _parts(body)
    before, after = parts.before.strip("\n"), parts.after.strip("\n")
    if parts.page is None:
        before, after = "", before
    whole = marked(page)
    before = _cut(before, _MOST - len(whole))
    after = _cut(after, _MOST - len(whole) - len(before))
    return (f"{before}\n\n" if before else "") + whole + (f"\n{after}\n" if after else "")


def _cut(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return text[: max(0, room - len(_NO_ROOM))] + _NO_ROOM


def _bare(page: str) -> str:
    return page.strip("\n").removeprefix(START).removesuffix(END).strip("\n")


def _parts(body: str) -> _Parts:
    # A browser sends back what was edited there with other ends of lines.
    lines = body.replace("\r\n", "\n").split("\n")
    marks = [line.strip() if line.strip() in {START, END} else "" for line in lines]
    for end, mark in enumerate(marks):
        # The last beginning before the first end: people may have copied a mark, or half a page.
        if mark == END and START in marks[:end]:
            start = end - 1 - marks[:end][::-1].index(START)
            return _Parts(
                before="\n".join(lines[:start]),
                page="\n".join(lines[start + 1 : end]),
                after="\n".join(lines[end + 1 :]),
            )
    kept = [line for line, mark in zip(lines, marks, strict=True) if not mark]
    return _Parts(before="\n".join(kept), page=None, after="")
