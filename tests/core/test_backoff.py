"""How long a message waits: longer each time, never all at once, and as long as it is asked to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.backoff import LONGEST, LONGEST_ASKED, delay_seconds

IDS = st.text(max_size=40)


@given(IDS, st.integers(1, 50))
def test_each_delivery_waits_twice_as_long_as_the_one_before(message: str, received: int) -> None:
    """From fifteen seconds to fifteen minutes."""
    wait = min(30 * 2 ** (received - 1), LONGEST)
    assert wait // 2 <= delay_seconds(message, received, None) <= wait
    assert delay_seconds(message, received, None) == delay_seconds(message, received, None)


@given(IDS, st.integers(1, 50), st.integers(0, LONGEST_ASKED))
def test_at_least_what_was_asked_for_is_waited(message: str, received: int, asked: int) -> None:
    """And a little longer, so that a burst spreads."""
    assert asked <= delay_seconds(message, received, asked) <= asked + LONGEST


def test_a_burst_does_not_come_back_together() -> None:
    """A hundred messages that were refused together come back at many moments."""
    waits = {delay_seconds(f"message-{number}", 6, 60) for number in range(100)}
    assert len(waits) > 50
    assert max(waits) - min(waits) > LONGEST / 2


def test_no_message_waits_shortest_each_time() -> None:
    """Of a thousand that are put off thirty times, each has had about half of the range."""
    shares = [
        sum(delay_seconds(f"message-{number}", received, 10) - 10 for received in range(10, 40))
        / (30 * LONGEST)
        for number in range(1_000)
    ]
    assert min(shares) > 0.25
    assert max(shares) < 0.75


@pytest.mark.parametrize(("received", "asked"), [(0, None), (-5, None), (10**9, 10**9), (1, -7)])
def test_numbers_that_make_no_sense_do_no_harm(received: int, asked: int | None) -> None:
    """A wait stays within what a queue takes."""
    assert 0 <= delay_seconds("x", received, asked) <= LONGEST_ASKED + LONGEST
