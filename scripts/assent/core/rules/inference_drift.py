"""Rule `inference-drift`: nobody approves a version that drifted without being told."""

from collections.abc import Iterator, Sequence

from assent.core.evidence import MAX_VIOLATIONS
from assent.core.findings import Severity
from assent.core.names import shown
from assent.core.reports import Violation
from assent.core.rules.rule import ChangeRule, Problem
from assent.core.rules.subject import Change, Standing

__all__ = ["RULE"]


def judge(change: Change) -> Iterator[Problem]:
    """Remark on the violations in every record that becomes Approved."""
    for step in change.steps:
        after = step.after
        if not isinstance(after, Standing) or not step.approves or not after.violations:
            continue
        yield Problem(
            path=step.id.path,
            line=after.line("violations"),
            place="evidence.inference.violations",
            message=f"Model Monitor found {_found(after.violations)}",
        )


def _found(violations: Sequence[Violation]) -> str:
    count, first = len(violations), violations[0]
    texts = (first.feature, first.check, first.description)
    said = ", ".join(shown(text) for text in texts if text) or "nothing is said of it"
    if count == 1:
        return f"1 violation when the version ran one rung below: {said}"
    least = "at least " if count >= MAX_VIOLATIONS else ""
    return f"{least}{count} violations when the version ran one rung below; the first: {said}"


RULE = ChangeRule(
    id="inference-drift",
    description="A record that becomes Approved has no violations in the evidence of its batch "
    "inference.",
    severity=Severity.WARNING,
    remedy="Look at all of them in the pull request's description. Merge only if you know why the "
    "data or the results differ from what the model was made for; otherwise close the pull "
    "request, which rejects the version.",
    judge=judge,
)
