"""How much of a page is shown: whole rows and sections make room, the least needed first."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.core.rendering.markdown import code, details, table

__all__ = ["LAYOUTS", "MAX_BODY", "Layout", "Room", "roomy_table"]

MAX_BODY = 60_000
"""GitHub takes 65,536 characters; the rest is room for what people add."""
_BRIEF = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many rows of a table are shown, and how many more are folded away below it."""

    shown: int
    folded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How much of each part is shown."""

    gates: Room
    metrics: Room
    """Of each table of metrics; rows that did not change are folded in any case."""
    further: Room
    """Of the tables of what is measured besides: bias, attributions, statistics of the data."""
    violations: Room
    unread: Room
    name: int = 160
    """Characters of a name that somebody else gave."""
    text: int = 300
    """Characters of a sentence that somebody else wrote."""
    curves: int = 10
    """How many curves are drawn."""
    charts: bool = True
    """Whether anything is drawn."""
    classes: int = 10
    """The largest confusion matrix that is shown as one."""
    links: bool = True
    """Whether files lead to their pages in AWS's consoles."""
    origin: bool = True
    """Whether it also tells where the version came from."""

    def code(self, text: str) -> str:
        """A name that somebody else gave."""
        return code(text, self.name)

    def brief(self, text: str) -> str:
        """Such a name, where there is little room: in the first line and in alerts."""
        return code(text, min(self.name, _BRIEF))

    def said(self, text: str) -> str:
        """A sentence that somebody else wrote."""
        return code(text, self.text)


_ROOMY = Layout(
    gates=Room(shown=50),
    metrics=Room(shown=15, folded=185),
    further=Room(shown=10, folded=60),
    violations=Room(shown=20, folded=80),
    unread=Room(shown=0, folded=40),
)
LAYOUTS = (
    _ROOMY,
    Layout(
        gates=Room(shown=50),
        metrics=Room(shown=15, folded=85),
        further=Room(shown=10, folded=20),
        violations=Room(shown=20, folded=30),
        unread=Room(shown=0, folded=40),
        curves=4,
    ),
    Layout(
        gates=Room(shown=50),
        metrics=Room(shown=15, folded=30),
        further=Room(shown=10),
        violations=Room(shown=20),
        unread=Room(shown=0, folded=20),
        name=100,
        text=200,
        links=False,
        curves=2,
    ),
    Layout(
        gates=Room(shown=50),
        metrics=Room(shown=15),
        further=Room(shown=5),
        violations=Room(shown=10),
        unread=Room(shown=0, folded=10),
        name=80,
        text=120,
        curves=0,
        charts=False,
        classes=6,
        links=False,
    ),
    Layout(
        gates=Room(shown=30),
        metrics=Room(shown=8),
        further=Room(shown=0),
        violations=Room(shown=5),
        unread=Room(shown=0, folded=5),
        name=60,
        text=100,
        curves=0,
        charts=False,
        classes=0,
        links=False,
        origin=False,
    ),
)
"""The first that fits is taken. Nothing is cut within a table."""


def roomy_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    room: Room,
    noun: tuple[str, str],
    *,
    right: Sequence[int] = (),
    elsewhere: str = "the record itself",
) -> str:
    """A table of as many rows as there is room for; the others are folded away, or counted.

    Args:
        header: The columns' titles.
        rows: Its rows.
        room: How many of them are shown.
        noun: What one row is called, and several; words of ours.
        right: Columns whose cells are aligned to the right.
        elsewhere: Where those are that are not here.
    """
    parts = [table(header, rows[: room.shown], right=right)] if rows[: room.shown] else []
    rest = rows[room.shown : room.shown + room.folded]
    if rest:
        more = " more" if parts else ""
        summary = f"{len(rest)}{more} {noun[len(rest) > 1]}"
        parts.append(details(summary, table(header, rest, right=right)))
    over = len(rows) - len(rows[: room.shown]) - len(rest)
    if over > 0:
        which = "further " if parts else ""
        are = "is" if over == 1 else "are"
        parts.append(f"{over} {which}{noun[over > 1]} {are} in {elsewhere}.")
    return "\n\n".join(parts)
