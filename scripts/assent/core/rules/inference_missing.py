"""Rule `inference-missing`: nobody approves a version that climbs on training alone untold."""

from collections.abc import Iterator

from assent.core.evidence import EvidenceSource
from assent.core.findings import Severity
from assent.core.rules.rule import ChangeRule, Problem
from assent.core.rules.subject import Change, Standing

__all__ = ["RULE"]


def judge(change: Change) -> Iterator[Problem]:
    """Remark on every record above the first rung that becomes Approved without such a run."""
    for step in change.steps:
        after, environment = step.after, step.id.environment
        if not isinstance(after, Standing) or not step.approves or after.parsed is None:
            continue
        if environment not in change.ladder[1:]:
            continue
        evidence = after.parsed.record.evidence
        if evidence.source is EvidenceSource.TRAINING:
            below = change.ladder[change.ladder.index(environment) - 1]
            yield Problem(
                path=step.id.path,
                line=after.line("evidence"),
                place="evidence.inference",
                message=f"the evidence holds no batch inference in {below}, so nothing says how "
                "the version ran there",
            )


RULE = ChangeRule(
    id="inference-missing",
    description="A record that becomes Approved above the first rung holds a batch inference on "
    "the rung below.",
    severity=Severity.WARNING,
    remedy="Ask who wrote the record: Assent proposes a version there after such a run only, and "
    "whoever drops the run drops the violations that were found in it. To refuse such a record, "
    "let assent.yaml have a gate that is `measured_in: inference`.",
    judge=judge,
)
