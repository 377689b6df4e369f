"""Rule `stop-the-line`: nothing becomes Approved while the line is stopped."""

from collections.abc import Iterator

from assent.core.rules.rule import ChangeRule, Problem
from assent.core.rules.subject import Change
from assent.core.rules.waiting import LIFTED, held
from assent.core.waiting import WaitKind

__all__ = ["RULE"]


def judge(change: Change) -> Iterator[Problem]:
    """Report every record that says Approved and has to wait for this."""
    return held(change, WaitKind.STOP)


RULE = ChangeRule(
    id="stop-the-line",
    description="No record says Approved while assent.yaml stops the line.",
    remedy=f"Wait until the platform's owners take stop_the_line out of assent.yaml. {LIFTED}",
    judge=judge,
)
