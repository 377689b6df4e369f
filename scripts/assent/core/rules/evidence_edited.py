"""Rule `evidence-edited`: nobody edits what a decision rests on."""

from collections.abc import Iterator

from assent.core.plan import package_differences
from assent.core.record import Decision
from assent.core.rules.rule import ChangeRule, Problem
from assent.core.rules.subject import Change, Standing

__all__ = ["RULE"]


def judge(change: Change) -> Iterator[Problem]:
    """Refuse other package facts or evidence, except in an approval on fresh evidence."""
    for step in change.steps:
        before, after = step.before, step.after
        if not isinstance(before, Standing) or not isinstance(after, Standing):
            continue
        if after.rests_on(before) or after.renews(before):
            continue
        if after.decision is Decision.APPROVED and before.decision is not Decision.APPROVED:
            continue  # `transition` says that this evidence is not fresh
        differences = package_differences(before.package, after.package)
        part = "package" if before.package != after.package else "evidence"
        detail = f": {'; '.join(differences)}" if differences else ""
        yield Problem(
            path=step.id.path,
            line=after.line(part),
            place=part,
            message=f"{part} of an existing record changed{detail}",
        )


RULE = ChangeRule(
    id="evidence-edited",
    description="The package and evidence of an existing record change only when the bot proposes "
    "the version anew, on evidence collected later.",
    remedy="Put package and evidence back as they are on the base; status, reason and waivers are "
    "yours to edit.",
    judge=judge,
)
