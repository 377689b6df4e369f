"""One of Assent's commands beside a peer's that answers the same question."""

from dataclasses import dataclass

from benchmarks.duration import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A command and how long it took."""

    command: str
    size: str
    """How much it had to read."""
    duration: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two commands, ours and the peer's."""

    question: str
    ours: Measured
    peer: Measured

    @property
    def ratio(self) -> float:
        """How many times as long the peer took."""
        return self.peer.duration.seconds / self.ours.duration.seconds
