"""Rule `deletion`: records are kept; an approval is withdrawn by retiring."""

from collections.abc import Iterator

from assent.core.findings import Severity
from assent.core.names import RecordId
from assent.core.record import Decision
from assent.core.rules.rule import ChangeRule, Problem
from assent.core.rules.subject import Change, Standing, Step, Unreadable

__all__ = ["RULE"]


def judge(change: Change) -> Iterator[Problem]:
    """Refuse every deletion of a record that its environment knows."""
    for step in change.steps:
        # What the base has in no environment of its own decided nothing, and may go.
        if step.after is None and step.id.environment in change.ladder:
            yield from _judge_step(step, f"git checkout {change.base} -- {step.id.path}")


def _retire_command(id_: RecordId) -> str:
    """What opens the pull request that retires a version; names need no quoting in a shell."""
    return f'assent retire {id_.model} {id_.version} --env {id_.environment} --reason "..."'


def _judge_step(step: Step, restore: str) -> Iterator[Problem]:
    match step.before:
        case Standing(decision=Decision.APPROVED):
            yield Problem(
                path=step.id.path,
                message=f"the record of {step.id} is deleted; a deletion decides nothing, and "
                "the version would go on running",
                remedy="Reverting the merge of a promotion deletes its record, which withdraws "
                f"nothing. Close this, and run `{_retire_command(step.id)}`: it opens the pull "
                "request that retires the version, and says what will run instead. By hand: "
                f"`{restore}`, set `status: Retired` and a `reason` in the file, and commit that.",
            )
        case Standing(decision=decision):
            yield Problem(
                path=step.id.path,
                message=f"the record of {step.id} is deleted; it says {decision}, and is the "
                "history of that decision",
                remedy=f"Run `{restore}` and commit that.",
            )
        case Unreadable():
            yield Problem(
                path=step.id.path,
                severity=Severity.WARNING,
                message=f"the file of {step.id} is deleted; it did not read as a record",
                remedy="If it ever was one, put back the last version that read.",
            )
        case None:
            return


RULE = ChangeRule(
    id="deletion",
    description="No record is deleted or moved.",
    remedy="Put the record back; `assent retire` withdraws an approval.",
    judge=judge,
)
