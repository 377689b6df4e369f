"""The marks around a page: a refresh replaces what is ours, and nothing that people wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.rendering.page_markers import PAGE_BEGIN, PAGE_END, marked, page_of, with_page

OLD, NEW = marked("old"), marked("## New\n\ntext")
TEXTS = st.lists(
    st.sampled_from(["note", "", PAGE_BEGIN, PAGE_END, f"> {PAGE_END}", f"`{PAGE_BEGIN}`", "old"])
).map("\n".join)


def test_a_page_begins_and_ends_with_marks_that_nobody_sees() -> None:
    """Each alone on its line, with a blank one beside it, so that Markdown beside it is read."""
    written = f"{PAGE_BEGIN}\n\n## New\n\ntext\n\n{PAGE_END}\n"
    assert marked("## New\n\ntext") == written
    assert page_of(NEW) == ("", NEW, "")


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_text_before_and_after_stays(ends: str) -> None:
    """Also where a browser made other line ends of all of it."""
    before, after = f"Please look at recall.{ends}{ends}", f"{ends}- [ ] asked Ben{ends}"
    body = before + OLD.replace("\n", ends) + after
    assert page_of(body) == (before, OLD, after)
    assert with_page(body, NEW) == before + NEW + after


def test_a_page_without_its_last_line_end_is_the_same_page() -> None:
    """GitHub takes blank space off the end of a text."""
    assert page_of(OLD.rstrip("\n")) == ("", OLD, "")


@pytest.mark.parametrize("body", ["", "  \n", "my own words\n", PAGE_BEGIN, f"x\n{PAGE_END}\ny\n"])
def test_a_body_without_a_whole_page_gets_one_on_top(body: str) -> None:
    """What it holds stays below: nobody can tell whose that is."""
    assert page_of(body) is None
    renewed = with_page(body, NEW)
    assert renewed.startswith(NEW)
    assert renewed.removeprefix(NEW).strip() == body.strip()


def test_a_mark_within_a_line_is_no_mark() -> None:
    """People may quote one."""
    assert page_of(f"see `{PAGE_BEGIN}`\n{PAGE_END}\n") is None


@given(TEXTS)
def test_a_refresh_twice_is_a_refresh_once(body: str) -> None:
    """Whatever people made of a body, its page is found again, and the rest stays."""
    once = with_page(body, NEW)
    assert with_page(once, NEW) == once
    found = page_of(once)
    assert found is not None
    assert found[1] == NEW
    assert with_page(once, OLD) == found[0] + OLD + found[2]
