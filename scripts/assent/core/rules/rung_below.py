"""Rule `rung-below`: no rung of the ladder is skipped."""

from collections.abc import Iterator

from assent.core.findings import Severity
from assent.core.names import RecordId
from assent.core.record import Decision
from assent.core.rules.rule import Problem, TreeRule
from assent.core.rules.subject import Standing, State, Tree, Unreadable
from assent.core.timestamps import written

__all__ = ["RULE"]


def judge(tree: Tree) -> Iterator[Problem]:
    """Look one rung below every record that says Approved."""
    for id_, record in tree.judged.items():
        if record.decision is not Decision.APPROVED or id_.environment not in tree.config.ladder:
            continue
        rung = tree.config.below(id_.environment)
        if rung is None:
            continue
        below = RecordId(rung.name, id_.model, id_.version)
        step = tree.steps.get(id_)
        objection = _objection(
            record, below, tree.below.get(below), becomes=step is not None and step.approves
        )
        if objection is not None:
            severity, message = objection
            yield Problem(
                path=id_.path,
                line=record.line("status"),
                place="status",
                severity=severity,
                message=message,
            )


def _objection(
    record: Standing, below: RecordId, state: State, *, becomes: bool
) -> tuple[Severity, str] | None:
    """What is wrong with the rung below, if anything is."""
    match state:
        case None:
            return Severity.ERROR, f"there is no {below.path}: the rung below never approved it"
        case Unreadable():
            # Where nothing becomes Approved, the finding on that file says enough.
            if not becomes:
                return None
            return Severity.ERROR, f"{below.path} does not read, so it approves nothing"
        case Standing(decision=Decision.REJECTED):
            return Severity.ERROR, f"{below.path} says Rejected"
        case Standing():
            said = _disagreement(record, state)
            if said is None:
                return None
            # What happened below after this approval is remarked on, and does not undo it.
            if becomes:
                return Severity.ERROR, f"{below.path} {said}"
            return Severity.WARNING, f"{below.path} {said}; this approval came before, and stands"


def _disagreement(record: Standing, below: Standing) -> str | None:
    if below.decision is Decision.RETIRED:
        return "says Retired"
    if (below.package.arn, below.package.created) != (record.package.arn, record.package.created):
        return (
            f"approves another package, created {written(below.package.created)}, "
            f"not {written(record.package.created)}"
        )
    return None


RULE = TreeRule(
    id="rung-below",
    description="A record says Approved only where the rung below approves the same version of "
    "the same package.",
    remedy="Promote the version through the rung below first, and merge that.",
    judge=judge,
)
