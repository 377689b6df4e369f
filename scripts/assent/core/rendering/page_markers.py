"""The marks around a page of ours, so that a refresh leaves alone what people wrote beside it.

Both are comments that no reader sees, each alone on its line. Untrusted text within the page has no
line to itself, and so cannot end it.
"""

__all__ = ["PAGE_BEGIN", "PAGE_END", "is_shown", "marked", "page_of", "with_page"]

PAGE_BEGIN = "<!-- assent: page -->"
PAGE_END = "<!-- assent: end -->"
_MOST = 65_000
"""GitHub takes 65,536 characters."""
_NO_ROOM = "\n\n*(cut: there is no more room; the history of this text has all of it)*"


def marked(text: str) -> str:
    """A page from its text; one that has its marks already stays as it is."""
    if text.startswith(f"{PAGE_BEGIN}\n") and text.endswith(f"\n{PAGE_END}\n"):
        return text
    return f"{PAGE_BEGIN}\n\n{text.strip()}\n\n{PAGE_END}\n"


def page_of(body: str) -> tuple[str, str, str] | None:
    """What stands before the page, the page with its marks, and what stands after it.

    None where there is no whole page: it was never there, or somebody took a mark away. Lines end
    as we end them, whatever an editor made of that, so that pages can be compared. People may have
    copied a mark, or half a page: it goes from the last beginning before the first end.
    """
    lines = _lines(body)
    for end, line in enumerate(lines):
        if line.strip() == PAGE_END:
            begins = [place for place in range(end) if lines[place].strip() == PAGE_BEGIN]
            if begins:
                begin = begins[-1]
                page = [PAGE_BEGIN, *lines[begin + 1 : end], PAGE_END]
                before, after = lines[:begin], lines[end + 1 :]
                return "\n".join(before), "\n".join(page) + "\n", "\n".join(after)
    return None


def with_page(body: str, page: str) -> str:
    """A body with its page replaced.

    Where there is no whole page, everything that is there is taken for people's words, and put
    below. Copies of a page go, and what does not fit beside it is cut.

    Args:
        body: What the pull request says now.
        page: The page, with its marks.
    """
    found = page_of(body)
    if found is None:
        marks = {PAGE_BEGIN, PAGE_END}
        before, after = "", "\n".join(line for line in _lines(body) if line.strip() not in marks)
    else:
        before, _, after = found
        while (copy := _copy_in(after)) is not None:  # nobody would keep it up to date
            after = f"{copy[0]}\n{copy[2]}"
    before = _cut(before.strip("\n"), _MOST - len(page))
    after = _cut(after.strip("\n"), _MOST - len(page) - len(before))
    return (f"{before}\n\n" if before else "") + page + (f"\n{after}\n" if after else "")


def is_shown(body: str, page: str) -> bool:
    """Whether a body holds this very page, and no copy of another."""
    found = page_of(body)
    return found is not None and found[1] == page and _copy_in(found[2]) is None


def _copy_in(text: str) -> tuple[str, str, str] | None:
    """Another page of ours; what begins otherwise are people's words between marks."""
    found = page_of(text)
    return found if found is not None and found[1].startswith(f"{PAGE_BEGIN}\n\n## ") else None


def _lines(body: str) -> list[str]:
    return body.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _cut(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return text[: max(0, room - len(_NO_ROOM))].rstrip() + _NO_ROOM
