"""Breaking calls one by one in every way, and seeing what is said and that the next run heals."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from unittest.mock import patch

from tests.end_to_end.faults import EVERYWHERE, Fault, at, intercepted, possible
from tests.end_to_end.killing import LATER, left_alone
from tests.end_to_end.nursery import LOADING_KEYS, unchecked_key
from tests.end_to_end.whole import Clock, Picture, Whole, ended

from assent.sandbox.wire import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended."""

    code: int
    """Its exit code; for a Lambda 1 where the message comes back, else 0."""
    said: str
    """Its output, or its log."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Broken:
    """A run, one of whose calls met a fault."""

    call: Call
    fault: Fault
    ended: Ended
    left: Picture

    @property
    def words(self) -> str:
        """What has to be said of the fault, wherever it is told of."""
        return self.fault.words(self.call)

    @property
    def told(self) -> bool:
        """Whether the run said what happened, and what to do."""
        return self.words in re.sub("\n +", "\n", self.ended.said)

    def __repr__(self) -> str:
        where = f"{self.fault.name} at call {self.call.number}, {self.call.operation}"
        return f"{where}: {self.ended.code}: {self.ended.said}"


class Breaks:
    """Every way to break a run: each fault at each call that can meet it.

    What the next run does depends only on what the broken one left: where that is what another
    left, it is not seen again.

    Args:
        whole: The stage at the start of every run.
        clock: The stage's.
        run: Does the run, in this process.
    """

    def __init__(self, whole: Whole, clock: Clock, run: Callable[[], Ended]) -> None:
        self._whole = whole
        self._clock = clock
        self._do = run
        self._first = clock.time
        whole.stage.ledger.clear()
        clean = self._run()
        assert clean.code == 0, clean.said
        self.calls = whole.stage.ledger.calls
        self.expected = whole.picture()
        self._healed: list[Picture] = []

    def __iter__(self) -> Iterator[Broken]:
        with left_alone():
            for call in self.calls:
                for fault in EVERYWHERE:
                    if possible(call, fault):
                        yield self._broken(call, fault)

    def _broken(self, call: Call, fault: Fault) -> Broken:
        self._whole.restore()
        self._clock.time = self._first
        faults = at(call, fault)
        with intercepted(self._whole.stage, faults):
            ended_so = self._run()
        assert faults.pending == 0
        return Broken(call=call, fault=fault, ended=ended_so, left=self._whole.picture())

    def _run(self) -> Ended:
        with patch(LOADING_KEYS, unchecked_key):
            return self._do()

    def heal(self, broken: Broken) -> None:
        """See that another run ends as if none had been broken."""
        if broken.left in self._healed:
            return
        self._clock.time = self._first + LATER
        again = self._run()
        assert again.code == 0, f"{broken}: {again.said}"
        assert ended(self._whole.picture()) == ended(self.expected), broken
        self._healed.append(broken.left)
