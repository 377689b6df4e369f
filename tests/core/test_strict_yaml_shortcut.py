"""The shortcut of the YAML reader for plain texts takes nothing that the long way would refuse."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assent.core.strict_yaml import (
    _AMBIGUOUS,
    _BEGINS_AMBIGUOUS,
    _FLOAT,
    _INTEGER,
    _LONGEST_WORD,
    _WORDS,
)


def _is_short_cut(text: str) -> bool:
    return len(text) > _LONGEST_WORD and text[0] not in _BEGINS_AMBIGUOUS


@given(st.from_regex(_AMBIGUOUS, fullmatch=True) | st.from_regex(_FLOAT, fullmatch=True))
@example("_000E-")
@example(",000000")
@settings(max_examples=300, deadline=None)
def test_nothing_ambiguous_takes_it(text: str) -> None:
    """Whatever some reader takes for no string goes the long way."""
    assert not _is_short_cut(text)


@given(st.integers())
def test_no_number_takes_it(number: int) -> None:
    """Integers of any length go the long way."""
    assert _INTEGER.fullmatch(str(number))
    assert not _is_short_cut(str(number))


@pytest.mark.parametrize("word", [*_WORDS, "False", "FALSE", "null", "NULL", "<<", "~", "="])
def test_no_word_takes_it(word: str) -> None:
    """Words that mean something to YAML go the long way."""
    assert not _is_short_cut(word)


def test_most_texts_of_a_record_take_it() -> None:
    """Metric names do, or the shortcut would be none."""
    assert _is_short_cut("binary_classification_metrics.auc")
