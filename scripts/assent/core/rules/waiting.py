"""What the rules `soak`, `freeze` and `stop-the-line` have in common: something has to wait."""

from collections.abc import Iterator

from assent.core.findings import Severity
from assent.core.forge import BREAK_GLASS
from assent.core.rules.rule import Problem
from assent.core.rules.subject import Change, Promotion
from assent.core.timestamps import written
from assent.core.waiting import Wait, WaitKind

__all__ = ["LIFTED", "held"]

LIFTED = (
    f"If it cannot wait, a code owner of its environment who is not the author puts the label "
    f"`{BREAK_GLASS}` on the pull request; that is recorded, and excuses from no gate."
)
_UNPROVEN = "whether that is a code owner, apply finds out before it writes"
_LOOK = "Look at the pull request: who put the label on, and why. Every step of it is recorded."
_ASK = "Leave out --offline, with credentials for GitHub, to have it judged."


def held(change: Change, kind: WaitKind) -> Iterator[Problem]:
    """Report each wait of a kind at the status; a remark where the glass is broken."""
    for promotion in change.promotions:
        for wait in promotion.review.waits:
            if wait.kind is not kind:
                continue
            message, severity, remedy = _told(promotion, wait)
            yield Problem(
                path=promotion.id.path,
                line=promotion.parsed.line("status"),
                place="status",
                message=message,
                severity=severity,
                remedy=remedy,
            )


def _told(promotion: Promotion, wait: Wait) -> tuple[str, Severity | None, str | None]:
    glass = promotion.review.broke_glass
    if glass is not None:
        who = f"{glass.by} broke the glass at {written(glass.at)}"
        if glass.unproven:
            who += f" ({_UNPROVEN}: {glass.unproven})"
        return f"{who}, so this does not hold it up: {wait.why}", Severity.WARNING, _LOOK
    if promotion.asked:
        return wait.why, None, None
    if wait.kind is WaitKind.SOAK:
        message = "not judged offline: since when the version is approved on the rung below"
    else:
        message = f"not judged offline: whether the label `{BREAK_GLASS}` lifts this: {wait.why}"
    return message, Severity.WARNING, _ASK
