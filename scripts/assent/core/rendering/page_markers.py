"""The marks around a page of ours, so that a refresh leaves alone what people wrote beside it.

Both are comments that no reader sees, each alone on its line. Untrusted text cannot forge one: it
stands in code spans, which break `<!--`.
"""

__all__ = ["PAGE_BEGIN", "PAGE_END", "marked", "page_of", "with_page"]

PAGE_BEGIN = "<!-- assent: page -->"
PAGE_END = "<!-- assent: end -->"


def marked(text: str) -> str:
    """A page from its text."""
    return f"{PAGE_BEGIN}\n\n{text.strip()}\n\n{PAGE_END}\n"


def page_of(body: str) -> tuple[str, str, str] | None:
    """What stands before the page, the page with its marks, and what stands after it.

    None where there is no whole page: it was never there, or somebody took a mark away. The page
    has the line ends with which we write it, whatever an editor made of them, so that it can be
    compared.
    """
    lines = body.splitlines(keepends=True)
    kept = [line.strip() for line in lines]
    try:
        begin = kept.index(PAGE_BEGIN)
        end = kept.index(PAGE_END, begin)
    except ValueError:
        return None
    before, page, after = lines[:begin], lines[begin : end + 1], lines[end + 1 :]
    text = "".join(page).replace("\r\n", "\n").rstrip("\n") + "\n"
    return "".join(before), text, "".join(after)


def with_page(body: str, page: str) -> str:
    """A body with its page replaced; one without a whole page gets it on top of what it holds.

    Args:
        body: What the pull request says now.
        page: The page, with its marks.
    """
    found = page_of(body)
    if found is None:
        return f"{page}\n{body}" if body.strip() else page
    before, _, after = found
    return before + page + after
