"""Rule `scope`: a repository approves the models that it is for, and no other's."""

from collections.abc import Iterator

from assent.core.findings import Severity
from assent.core.record import Decision
from assent.core.rules.rule import Problem, TreeRule
from assent.core.rules.subject import Tree

__all__ = ["RULE"]


def judge(tree: Tree) -> Iterator[Problem]:
    """Refuse what becomes Approved out of scope; what took effect before may be said no to."""
    for id_, record in tree.judged.items():
        outside = tree.config.registry.outside(id_.model)
        step = tree.steps.get(id_)
        if outside is None or (step is None and record.decision is not Decision.APPROVED):
            continue  # a no that stands is history
        becomes = step is not None and step.approves
        yield Problem(
            path=id_.path,
            line=record.line("model"),
            place="model",
            severity=Severity.ERROR if becomes else Severity.WARNING,
            message=outside if becomes else f"{outside}; what took effect before stays",
        )


RULE = TreeRule(
    id="scope",
    description="What becomes Approved is of a model package group that registry.groups matches.",
    remedy="Promote the model in the repository that is for its group, or widen registry.groups in "
    "a pull request of its own, once no other repository has it in its own.",
    judge=judge,
)
