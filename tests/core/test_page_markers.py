"""The page in a pull request's text: found, compared and replaced, and people's words kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.rendering.page_markers import (
    PAGE_BEGIN,
    PAGE_END,
    marked,
    page_of,
    with_page,
)

OLD, NEW = marked("## Promote\n\nold"), marked("## Promote\n\nnew")


def test_a_page_is_found_and_compared() -> None:
    """As we wrote it, and as a browser sends it back after somebody added a line."""
    assert page_of(OLD) == ("", OLD, "")
    edited = f"Look at this\n\n{OLD}\nThanks".replace("\n", "\r\n")
    found = page_of(edited)
    assert found is not None
    assert found[1] == OLD
    assert with_page(edited, OLD) == f"Look at this\n\n{OLD}\nThanks\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (OLD, NEW),
        ("", NEW),
        (f"before\n\n{OLD}", f"before\n\n{NEW}"),
        (f"{OLD}\nafter\n", f"{NEW}\nafter\n"),
        (f"one\ntwo\n{OLD}three", f"one\ntwo\n\n{NEW}\nthree\n"),
        ("only words", f"{NEW}\nonly words\n"),
        # One mark is gone: what was the page may hold their words, and is kept as theirs.
        (f"{PAGE_BEGIN}\nold\nmine", f"{NEW}\nold\nmine\n"),
        (f"old\n{PAGE_END}\nmine", f"{NEW}\nold\nmine\n"),
        # A copied mark, and a copied page.
        (f"{PAGE_BEGIN}\nmine\n{OLD}", f"{PAGE_BEGIN}\nmine\n\n{NEW}"),
        (f"{PAGE_END}\nmine\n{OLD}", f"{PAGE_END}\nmine\n\n{NEW}"),
        (f"{OLD}\nmine\n{OLD}\nmore\n{OLD}", f"{NEW}\nmine\n\nmore\n"),
        # A mark within a line is none.
        (marked(f"`{PAGE_END}`\nmore"), NEW),
    ],
)
def test_the_page_is_replaced_and_words_beside_it_stay(body: str, expected: str) -> None:
    """Wherever the words stand, and whatever became of the marks."""
    assert with_page(body, NEW) == expected


def test_what_does_not_fit_is_cut_and_says_so() -> None:
    """GitHub would refuse a longer text; the page is whole, whatever people wrote."""
    page = marked("x" * 59_000)
    for body in (f"{'before' * 8_000}\n{OLD}{'after' * 8_000}", "words " * 20_000):
        text = with_page(body, page)
        assert len(text) <= 65_536
        assert page in text
        assert "there is no more room" in text
        assert len(with_page(text, page)) <= 65_536


_texts = st.lists(
    st.sampled_from([PAGE_BEGIN, PAGE_END, "mine", "", "  " + PAGE_END, OLD, "a\r", "`x`"]),
    max_size=8,
).map("\n".join)


@given(_texts)
def test_replacing_twice_changes_no_more(body: str) -> None:
    """The page is there afterwards, with every word beside it, and then nothing moves any more."""
    once = with_page(body, NEW)
    assert NEW in once
    assert with_page(once, NEW) == once
    found = page_of(body)
    words = body if found is None else found[0] + found[2]
    assert once.count("mine") == words.count("mine")
