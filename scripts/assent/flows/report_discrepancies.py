"""Tell people where AWS is not as main says: one issue, open as long as that is so."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from assent.core.discrepancy import Discrepancy
from assent.core.forge import IssueReport
from assent.core.rendering.discrepancies import (
    DISCREPANCY_LABEL,
    DISCREPANCY_TITLE,
    clean_comment,
    discrepancy_key,
    duplicate_comment,
    event_comment,
    issue_body,
    keys_in,
)
from assent.flows.find_discrepancies import DriftReport
from assent.flows.one_issue import OneIssue
from assent.ports import Forge

__all__ = ["IssueStep", "TellingIssue", "report_at_once", "report_discrepancies"]


class IssueStep(StrEnum):
    """What was done about the issue."""

    OPENED = "opened"
    UPDATED = "updated"
    UNCHANGED = "says so already"
    CLOSED = "closed"
    NONE = "none is open, and none is needed"
    PARTIAL = "none is open, and none is needed for what could be read"
    UNREAD = "none is open; nothing could be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class TellingIssue:
    """The issue, after something was done about it."""

    step: IssueStep
    number: int | None = None
    """None where there is none."""
    url: str = ""


def report_discrepancies(
    forge: Forge, report: DriftReport, left: Sequence[Discrepancy]
) -> TellingIssue:
    """Let the issue show what a full comparison found; close it if that was nothing.

    What could not be read closes nothing, and opens nothing either: the run itself has failed.

    Args:
        forge: Where the issue is.
        report: The comparison, of every environment.
        left: What it found, without what was healed since.

    Raises:
        AssentError: GitHub refuses or does not answer; run again.
    """
    issue = _one(forge).find()
    if not left:
        if issue is None:
            return TellingIssue(step=_needless(report))
        if report.broken:
            return _told(issue, IssueStep.UNCHANGED)
        if clean_comment() not in issue.said:
            forge.comment(issue.number, clean_comment())
        forge.close_issue(issue.number)
        return _told(issue, IssueStep.CLOSED)
    body = issue_body(left, environments=report.environments, broken=report.broken)
    if issue is None:
        return _opened(forge, body)
    if issue.body == body:
        return _told(issue, IssueStep.UNCHANGED)
    forge.edit_issue(issue.number, body)
    return _told(issue, IssueStep.UPDATED)


def report_at_once(
    forge: Forge, found: Sequence[Discrepancy], environments: Sequence[str]
) -> TellingIssue:
    """Tell of what one package's change brought, beside what a full comparison last found.

    Several events come for each change; what was told is not told again.

    Args:
        forge: Where the issue is.
        found: What differs.
        environments: Those in which the version was looked at.

    Raises:
        AssentError: GitHub refuses or does not answer; the event is delivered again.
    """
    issue = _one(forge).find()
    if issue is None:
        return _opened(forge, issue_body(found, environments=environments, at_once=True))
    told = keys_in((issue.body, *issue.said))
    news = [each for each in found if discrepancy_key(each) not in told]
    if not news:
        return _told(issue, IssueStep.UNCHANGED)
    forge.comment(issue.number, event_comment(news))
    return _told(issue, IssueStep.UPDATED)


def _one(forge: Forge) -> OneIssue:
    return OneIssue(
        forge=forge, title=DISCREPANCY_TITLE, label=DISCREPANCY_LABEL, duplicate=duplicate_comment
    )


def _opened(forge: Forge, body: str) -> TellingIssue:
    issue, is_ours = _one(forge).open(body, [DISCREPANCY_LABEL])
    return _told(issue, IssueStep.OPENED if is_ours else IssueStep.UNCHANGED)


def _needless(report: DriftReport) -> IssueStep:
    if not report.broken:
        return IssueStep.NONE
    return IssueStep.PARTIAL if report.environments else IssueStep.UNREAD


def _told(issue: IssueReport, step: IssueStep) -> TellingIssue:
    return TellingIssue(step=step, number=issue.number, url=issue.url)
