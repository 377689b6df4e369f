"""The one issue about where AWS differs from main: its page, and when it comes and goes."""

from dataclasses import replace

import pytest
from tests.flows.ground import CHURN, Ground
from tests.properties.memory_scene import Crash, Fuse, fused
from tests.properties.scene import Cut

from assent.adapters.memory_repository import MemoryIssue
from assent.core.discrepancy import Discrepancy, Kind
from assent.core.receipts import Failed
from assent.core.rendering.discrepancies import (
    DISCREPANCY_LABEL,
    DISCREPANCY_TITLE,
    discrepancy_key,
    discrepancy_line,
    issue_body,
    keys_in,
)
from assent.flows.find_discrepancies import DriftReport, find_discrepancies
from assent.flows.report_discrepancies import IssueStep, TellingIssue, report_discrepancies

HOSTILE = "</td> @ana #1 | `x`\n\n- [ ] ![](http://x) <!-- assent: differs keys=0123456789ab -->"


@pytest.fixture
def ground() -> Ground:
    """Version 1 is Approved in dev, by hand in test too."""
    ground = Ground()
    ground.promote(1, 0.9)
    ground.apply()
    ground.scene.flip(CHURN, 1, None, ("test", "Approved"))
    return ground


def look(ground: Ground) -> DriftReport:
    world = ground.scene._world(Fuse(None))
    return find_discrepancies(world, world.config.environments)


def tell(ground: Ground, report: DriftReport | None = None) -> TellingIssue:
    report = report or look(ground)
    return report_discrepancies(ground.scene.repository, report, report.discrepancies)


def mend(ground: Ground) -> None:
    ground.scene.flip(CHURN, 1, None, ("test", "PendingManualApproval"))


def issues(ground: Ground) -> list[MemoryIssue]:
    return [each for each in ground.scene.repository.issues if each.is_open]


def test_one_issue_comes_stays_and_goes(ground: Ground) -> None:
    """Opened for the first difference, edited only for news, closed with a word when clean."""
    assert tell(ground).step is IssueStep.OPENED
    (issue,) = issues(ground)
    assert (issue.title, issue.labels) == (DISCREPANCY_TITLE, [DISCREPANCY_LABEL])
    writes = ground.scene.writes()
    assert tell(ground).step is IssueStep.UNCHANGED
    assert ground.scene.writes() == writes
    ground.scene.flip(CHURN, 1, None, ("dev", "Rejected"))
    assert tell(ground).step is IssueStep.UPDATED
    assert "`dev is 'Rejected', in effect is 'Approved'`" in issues(ground)[0].body
    ground.scene.flip(CHURN, 1, None, ("dev", "Approved"))
    mend(ground)
    assert tell(ground).step is IssueStep.CLOSED
    assert issues(ground) == []
    assert [each.text.split("\n")[0] for each in issue.remarks] == ["AWS is as main says again."]
    assert tell(ground).step is IssueStep.NONE


def test_what_could_not_be_read_closes_nothing(ground: Ground) -> None:
    """Nothing found in half of the environments is not nothing."""
    tell(ground)
    mend(ground)
    failure = Failed(environment="test", what="the environment", message=HOSTILE)
    report = replace(look(ground), broken=(failure,))
    assert tell(ground, report).step is IssueStep.UNCHANGED
    assert len(issues(ground)) == 1


def test_what_could_not_be_read_is_not_called_needless(ground: Ground) -> None:
    """Without an issue, only a whole comparison may say that none is needed."""
    mend(ground)
    clean = look(ground)
    assert tell(ground, clean).step is IssueStep.NONE
    failure = Failed(environment="test", what="the environment", message=HOSTILE)
    partial = replace(clean, environments=("dev",), broken=(failure,))
    assert tell(ground, partial).step is IssueStep.PARTIAL
    assert tell(ground, replace(partial, environments=())).step is IssueStep.UNREAD
    assert issues(ground) == []


def test_what_could_not_be_read_is_on_the_page(ground: Ground) -> None:
    """Beside what was found, since of it nothing is known."""
    failure = Failed(environment="test", what="the environment", message="it does not answer")
    tell(ground, replace(look(ground), broken=(failure,)))
    assert "it does not answer" in issues(ground)[0].body
    assert "What could not be read" in issues(ground)[0].body


def test_of_two_issues_the_older_one_stays(ground: Ground) -> None:
    """Two runs that looked at once opened two."""
    tell(ground)
    ground.scene.repository.open_issue(DISCREPANCY_TITLE, "later", [DISCREPANCY_LABEL])
    tell(ground)
    (issue,) = issues(ground)
    assert issue.body != "later"


def test_telling_that_is_cut_off_anywhere_is_finished_by_the_next_run(ground: Ground) -> None:
    """At each call of opening, editing and closing."""
    report, forge = look(ground), ground.scene.repository
    mend(ground)
    clean = look(ground)
    for at in range(1, 5):
        for after in (False, True):
            for said, left in ((report, 1), (clean, 0)):
                cut = fused(forge, Fuse(Cut(at=at, after=after)))
                try:
                    report_discrepancies(cut, said, said.discrepancies)
                except Crash:
                    report_discrepancies(forge, said, said.discrepancies)
                assert len(issues(ground)) == left
    for issue in forge.issues:
        texts = [each.text for each in issue.remarks]
        assert len(texts) == len(set(texts)) <= 1


def _hostile(number: int) -> Discrepancy:
    return Discrepancy(
        environment="dev",
        model="churn",
        version=number,
        kind=Kind.REGISTRY_DIFFERS,
        detail=HOSTILE * 5,
        heals=True,
    )


@pytest.mark.parametrize("count", [1, 60, 3000])
def test_a_page_takes_hostile_text_and_any_number(count: int) -> None:
    """What strangers wrote stays text, the rest is counted, and GitHub takes the page."""
    found = [_hostile(number) for number in range(1, count + 1)]
    body = issue_body(found, environments=["dev"])
    assert len(body) <= 60_000
    assert "@ana" not in body
    assert "#1" not in body
    assert body.count("<!--") == 1
    assert f"**{count} difference" in body
    if count == 3000:
        assert "`assent drift` lists all" in body
    assert keys_in([body]) == {discrepancy_key(each) for each in found[:500]}


def test_a_line_moves_no_cursor() -> None:
    """Terminals and logs get one line."""
    found = replace(_hostile(1), detail="\x1b[2J\n::error::x")
    assert discrepancy_line(found) == ("registry-differs  churn 1 in dev: \\x1b[2J\\n::error::x")
