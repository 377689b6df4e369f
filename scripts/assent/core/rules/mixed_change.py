"""Rule `mixed-change`: what judges records does not change together with records."""

from collections.abc import Iterator

from assent.core.config import CONFIG_PATH
from assent.core.names import PROMOTIONS, shown
from assent.core.objections import judges_records
from assent.core.rules.rule import ChangeRule, Problem
from assent.core.rules.subject import README, Change

__all__ = ["RULE"]

_JUDGES = f"{CONFIG_PATH}, schemas/, .github/ and CODEOWNERS"


def judge(change: Change) -> Iterator[Problem]:
    """Report, once, that a change touches both."""
    judges = [path for path in change.paths if judges_records(path)]
    records = [
        path
        for path in change.paths
        if path != README and path.split("/", 1)[0].lower() == PROMOTIONS
    ]
    if judges and records:
        more = f" and {len(records) - 1} more" if len(records) > 1 else ""
        yield Problem(
            path=judges[0],
            message=f"this changes together with {shown(records[0])}{more}",
        )


RULE = ChangeRule(
    id="mixed-change",
    description="A pull request that touches what judges promotions (assent.yaml, schemas/, "
    ".github/, CODEOWNERS) touches no record.",
    remedy=f"Split it: {_JUDGES} in one pull request, the records in another.",
    judge=judge,
)
