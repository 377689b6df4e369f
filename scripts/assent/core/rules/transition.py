"""Rule `transition`: a decision changes only in the ways that the state machine has."""

from collections.abc import Iterator

from assent.core.findings import Severity
from assent.core.record import Decision
from assent.core.rules.rule import ChangeRule, Problem
from assent.core.rules.subject import Change, Standing, Step, Unreadable
from assent.core.timestamps import written

__all__ = ["RULE"]

_RETIRE = "To withdraw an approval set `status: Retired` and give a `reason`."
_REVERTED = (
    "Reverting the merge of a retirement does not bring the version back, and `assent apply` would "
    "refuse it too: that takes a new pull request with fresh evidence. Close this one, and "
    "register the model again as a new version; its registration opens that pull request. Until "
    "it is merged, `current` stays what the retirement made it."
)
_AGAIN = "Let the bot propose the version again: approving it anew takes fresh evidence."


def judge(change: Change) -> Iterator[Problem]:
    """Judge the step of every record that reads after the change."""
    for step in change.steps:
        if isinstance(step.after, Standing):
            yield from _judge_step(step, step.after)


def _judge_step(step: Step, after: Standing) -> Iterator[Problem]:
    def problem(
        message: str, *, remedy: str | None = None, severity: Severity | None = None
    ) -> Problem:
        return Problem(
            path=step.id.path,
            line=after.line("status"),
            place="status",
            message=message,
            remedy=remedy,
            severity=severity,
        )

    before = step.before
    if isinstance(before, Unreadable):
        yield problem(
            "the record on the base does not read, so nothing tells whether this step is allowed",
            remedy="See in its history what it said when it last read.",
            severity=Severity.WARNING,
        )
        return
    match None if before is None else before.decision, after.decision:
        case None, Decision.RETIRED:
            yield problem(
                "a new record says Retired, but nothing was approved before",
                remedy="Set `status: Rejected` to refuse a version.",
            )
        case Decision.APPROVED, Decision.REJECTED:
            yield problem("Approved became Rejected; what was approved is retired", remedy=_RETIRE)
        case (Decision.REJECTED, Decision.RETIRED) | (Decision.RETIRED, Decision.REJECTED):
            yield problem(
                f"{before.decision if before else ''} became {after.decision}; "
                "neither lets the version run, and the first one stays",
                remedy="Put the status back; the reason may be edited.",
            )
        case ((Decision.REJECTED | Decision.RETIRED), Decision.APPROVED):
            if before is not None and not after.renews(before):
                reverted = before.decision is Decision.RETIRED and before.content == after.content
                yield problem(
                    f"{before.decision} became Approved without fresh evidence: "
                    f"{_staleness(before, after)}",
                    remedy=_REVERTED if reverted else _AGAIN,
                )
        case _:
            return


def _staleness(before: Standing, after: Standing) -> str:
    if before.content == after.content:
        return f"it is the evidence on which the version was {before.decision}"
    return (
        f"it was collected {written(after.collected)}, "
        f"not after that of {written(before.collected)}"
    )


RULE = ChangeRule(
    id="transition",
    description="A new record says Approved or Rejected; Approved becomes only Retired; Rejected "
    "or Retired becomes Approved only on fresh evidence.",
    remedy=_RETIRE,
    judge=judge,
)
