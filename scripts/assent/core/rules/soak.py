"""Rule `soak`: a version ran long enough on the rung below."""

from collections.abc import Iterator

from assent.core.rules.rule import ChangeRule, Problem
from assent.core.rules.subject import Change
from assent.core.rules.waiting import LIFTED, held
from assent.core.waiting import WaitKind

__all__ = ["RULE"]


def judge(change: Change) -> Iterator[Problem]:
    """Report every record that says Approved and has to wait for this."""
    return held(change, WaitKind.SOAK)


RULE = ChangeRule(
    id="soak",
    description="A record that says Approved has been approved on the rung below for as long as "
    "assent.yaml demands.",
    remedy=f"Wait: the pull request is checked again when the time has passed. {LIFTED}",
    judge=judge,
)
