"""Rule `freeze`: nothing becomes Approved while its environment is frozen."""

from collections.abc import Iterator

from assent.core.rules.rule import ChangeRule, Problem
from assent.core.rules.subject import Change
from assent.core.rules.waiting import LIFTED, held
from assent.core.waiting import WaitKind

__all__ = ["RULE"]


def judge(change: Change) -> Iterator[Problem]:
    """Report every record that says Approved and has to wait for this."""
    return held(change, WaitKind.FREEZE)


RULE = ChangeRule(
    id="freeze",
    description="No record says Approved within a freeze of assent.yaml for its environment.",
    remedy=f"Wait until the freeze ends: the pull request is checked again then. {LIFTED}",
    judge=judge,
)
