"""What a check's findings mean for whoever decides: waivers that are used, and what has to wait."""

import json
import re
from dataclasses import dataclass

from assent.core.findings import Severity
from assent.core.waiting import WaitKind

__all__ = ["Demands", "Proposal", "demands"]

_WAIVER = re.compile(r"waivers\[([0-9]+)\]", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A pull request as it is at a moment."""

    number: int
    base: str
    """The commit of main."""
    head: str
    branch: str
    touched: str
    """Differs after each change that runs the check again: an edit, or a label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What the findings of a check tell besides whether it passes."""

    waived: tuple[int, ...] = ()
    """Which of the record's waivers a gate is excused by, counted from 0."""
    waits: bool = False
    """Whether a soak, a freeze or the stop holds it up, or would if the glass were not broken."""
    lifted: bool = False
    """Whether a code owner broke the glass."""


def demands(report: str) -> Demands:
    """Read what `assent check --format json` printed; nothing where it reached no verdict."""
    try:
        found = json.loads(report)["findings"]
    except ValueError:
        return Demands()
    waits = [each for each in found if each["rule"] in set(WaitKind)]
    waivers = (
        _WAIVER.fullmatch(each["place"])
        for each in found
        if (each["rule"], each["severity"]) == ("gate", Severity.WARNING)
    )
    return Demands(
        waived=tuple(int(place[1]) for place in waivers if place),
        waits=bool(waits),
        lifted=bool(waits) and all(each["severity"] == Severity.WARNING for each in waits),
    )
