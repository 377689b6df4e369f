"""The page of a promotion's pull request whose record asks for no promotion any more."""

from assent.core.names import RecordId
from assent.core.rendering.markdown import alert, code
from assent.core.rendering.page_markers import marked

__all__ = ["stray_page"]


def stray_page(id_: RecordId, why: str) -> str:
    """What is to be seen in the place of numbers that nobody asks about any more, with its marks.

    Args:
        id_: What the branch is for.
        why: What the record is instead, in words of our own.
    """
    what = f"{code(id_.model)} {id_.version} to {code(id_.environment)}"
    return marked(
        f"## This does not promote {what}\n\n"
        + alert(
            "CAUTION", [f"**The record on this branch {why}**, so there is nothing to compare."]
        )
        + "\n\nSomebody edited it after it was proposed. Merging approves nothing; `assent check` "
        "says what is wrong, and where. Put the record back as the bot wrote it, and this page "
        "shows the promotion again; or close the pull request."
    )
