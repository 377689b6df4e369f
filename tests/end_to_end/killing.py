"""Killing real processes call by call, and seeing that the next one ends what was begun."""

import gc
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from tests.end_to_end.faults import intercepted
from tests.end_to_end.nursery import Child
from tests.end_to_end.whole import Clock, Picture, Whole, ended

from assent.sandbox.faults import KillSwitch
from assent.sandbox.stage import Stage
from assent.sandbox.wire import Call, Moment

LATER = timedelta(minutes=30)
"""When what was killed is run again."""


@contextmanager
def left_alone() -> Iterator[None]:
    """Let the garbage collector not look again and again at all that there is by now."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def run_to_its_end(stage: Stage, child: Child) -> list[Call]:
    """Run a child that nothing stops; return the calls that it made."""
    stage.ledger.clear()
    assert child.go().wait() == 0, child.output
    return list(stage.ledger.calls)


def run_and_kill(stage: Stage, child: Child, *, at: int, moment: Moment) -> str:
    """Run a child until its call number `at` reaches a moment; return what that call was."""
    switch = KillSwitch(at, moment, child.kill)
    with intercepted(stage, switch):
        code = child.go().wait()
    assert switch.fired, child.output
    assert code == -signal.SIGKILL
    assert switch.seen == at
    return f"killed {moment.value} call {at}, {stage.ledger.calls[at - 1].operation}"


class Cuts:
    """Every way to cut a run off: after each of its calls, and before each that writes.

    Before a call that reads is after the call before it. And what the next run does depends only
    on what the killed one left: where that is what another cut left, it is not seen again.

    Args:
        whole: The stage at the start of every run.
        clock: The stage's.
        start: Makes a child that does the run.
        told: What was told so far to whoever listens, in words; the next run has to tell again
            what the killed one may not have told.
    """

    def __init__(
        self,
        whole: Whole,
        clock: Clock,
        start: Callable[[], Child],
        told: Callable[[], Iterable[str]] = lambda: (),
    ) -> None:
        self._whole = whole
        self._clock = clock
        self._start = start
        self._told = told
        self._first = clock.time
        self._healed: list[tuple[Picture, Counter[str]]] = []
        """What cuts left from which the next run was seen to end well, and what that one told."""
        self.calls, news = self._run()
        self.expected = whole.picture()
        self._news = news

    def assert_healed(
        self, check: Callable[[Picture], None] = lambda _: None, *, reads: bool = True
    ) -> None:
        """See that after each cut another run ends as the one that nothing stopped.

        Args:
            check: Looks at what each cut left, too.
            reads: Whether to cut after calls that read, which leave what the call before left.
        """
        with left_alone():
            for call in self.calls:
                if reads or call.writes:
                    for moment in Moment if call.writes else (Moment.AFTER,):
                        self._assert_healed(call, moment, check)

    def _assert_healed(self, call: Call, moment: Moment, check: Callable[[Picture], None]) -> None:
        self._whole.restore()
        self._clock.time = self._first
        before = Counter(self._told())
        what = run_and_kill(self._whole.stage, self._start(), at=call.number, moment=moment)
        left, news = self._whole.picture(), Counter(self._told()) - before
        check(left)
        again = next((told for picture, told in self._healed if picture == left), None)
        if again is None:
            self._clock.time = self._first + LATER
            _, again = self._run()
            assert ended(self._whole.picture()) == ended(self.expected), what
            self._healed.append((left, again))
        assert (news + again).keys() >= self._news.keys(), what

    def _run(self) -> tuple[list[Call], Counter[str]]:
        before = Counter(self._told())
        calls = run_to_its_end(self._whole.stage, self._start())
        return calls, Counter(self._told()) - before
