"""The book of an environment: what the receipts branch holds beside receipts."""

from datetime import UTC, datetime, timedelta

import pytest

from assent.core.receipt_book import Book

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def test_a_failure_is_told_again_once_a_day() -> None:
    """What goes on has no second receipt on the same day."""
    book = Book(environment="dev").with_told("key", NOW)
    assert book.is_told("key", NOW + timedelta(hours=23))
    assert not book.is_told("key", NOW + timedelta(days=1))
    assert not book.is_told("other", NOW)


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=9999)])
def test_a_failure_that_was_told_in_the_future_was_not_told(ahead: timedelta) -> None:
    """Whoever writes `told.json` cannot silence a failure for ever, and it is forgotten."""
    book = Book(environment="dev", told={"key": NOW + ahead})
    assert not book.is_told("key", NOW)
    assert set(book.with_told("other", NOW).told) == {"other"}


def test_the_clocks_of_two_runs_may_differ_a_little() -> None:
    """A failure that a run told whose clock is ahead is not told twice."""
    assert Book(environment="dev", told={"key": NOW + timedelta(minutes=1)}).is_told("key", NOW)
