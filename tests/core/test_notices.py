"""Messages for those who do not live on GitHub: plain words, whatever strangers wrote."""

from dataclasses import replace

import pytest
from tests.core.reviews import record

from assent.core.evidence import Inference
from assent.core.metrics import Metric
from assent.core.names import RecordId
from assent.core.record import Decision
from assent.core.rendering.notices import Notice, decided_notice, live_notice, opened_notice

URL = "https://github.com/acme/model-promotions/pull/12"
HOSTILE = "\x1b[31m\n::error::##[x] \u202e"


def is_publishable(notice: Notice) -> bool:
    text = "".join(notice.text.split("\n"))
    return (
        0 < len(notice.subject) < 100
        and notice.subject.isascii()
        and notice.subject.isprintable()
        and text.isprintable()
        and "##[" not in text
        and not any(line.startswith("::") for line in notice.text.split("\n"))
    )


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (None, "No version is live there yet."),
        (3, "Version 3 is live there now."),
        (9, "Version 9, a newer one, is live there and stays so."),
        ("denied", "What is live there could not be read: denied"),
        (HOSTILE, "could not be read:"),
    ],
)
def test_what_is_opened_is_told_with_what_is_live(live: int | str | None, said: str) -> None:
    """What, where, by whom, its metrics, the link, and what happens next."""
    notice = opened_notice(record({"auc": Metric(value=0.913)}), URL, live)
    assert is_publishable(notice)
    assert notice.subject == "Decision wanted: churn 7 in dev"
    for text in ("Version 7 of the model churn", said, "auc: 0.913", URL, "Next: the code owners"):
        assert text in notice.text


def test_many_metrics_are_counted_and_hostile_names_are_text() -> None:
    """The least nested are shown; nothing that somebody named moves a cursor."""
    metrics = {f"deep.{HOSTILE}.{index}": Metric(value=index) for index in range(300)}
    notice = opened_notice(record({**metrics, HOSTILE: Metric(value=0.5)}), URL, None)
    assert is_publishable(notice)
    assert ": 0.5" in notice.text
    assert "and 296 more in the pull request" in notice.text


def test_batch_inference_is_told_beside_training() -> None:
    """Where it ran, and its metrics."""
    proposed = record({"auc": Metric(value=0.913)})
    inference = Inference(environment="dev", run="x", metrics={"scored": Metric(value=0.7)})
    evidence = replace(proposed.evidence, inference=inference)
    notice = opened_notice(replace(proposed, evidence=evidence), URL, None)
    assert "Its metrics of batch inference in dev:\n  scored: 0.7" in notice.text
    assert "WARNING" not in notice.text


def test_a_notice_can_hold_the_pages_first_line() -> None:
    """Gates, the first metric and waits, in a line of plain text; left out if nobody gives it."""
    words = f"3 of 4 gates pass, 1 fails; {HOSTILE}"
    notice = opened_notice(record(), URL, 3, words)
    assert "In short: 3 of 4 gates pass, 1 fails; " in notice.text
    assert is_publishable(notice)
    assert "In short" not in opened_notice(record(), URL, 3).text


@pytest.mark.parametrize(
    ("decision", "subject", "then"),
    [
        (Decision.APPROVED, "Approved: churn 7 in prod", "the highest version that is approved"),
        (Decision.REJECTED, "Rejected: churn 7 in prod", "What was live there stays live"),
        (Decision.RETIRED, "Retired: churn 7 in prod", "next highest version"),
        (None, "Open again: churn 7 in prod", "merges the pull request, or closes it"),
    ],
)
def test_a_decision_is_told_with_what_follows(
    decision: Decision | None, subject: str, then: str
) -> None:
    """Who decided, why, the link, and what happens next."""
    notice = decided_notice(
        RecordId("prod", "churn", 7), decision, by=["ana", "ben"], reason=HOSTILE * 500, url=URL
    )
    assert is_publishable(notice)
    assert notice.subject == subject
    for text in ("Decided by: ana, ben.", "Reason: ", then, URL):
        assert text in notice.text
    assert len(notice.text) < 12_000


def test_broken_glass_is_loud() -> None:
    """In the subject and in the text, with who did it; a hostile name is text."""
    id_ = RecordId("prod", "churn", 7)
    notice = decided_notice(
        id_, Decision.APPROVED, by=["ana"], reason="", url=URL, broke_glass=HOSTILE
    )
    assert is_publishable(notice)
    assert notice.subject == "GLASS BROKEN, approved: churn 7 in prod"
    assert "WARNING" in notice.text
    assert "broke the glass" in notice.text


def test_nobody_and_everybody_can_be_named() -> None:
    """No login, or more than are worth reading; and names as long as names can be."""
    id_ = RecordId("e" * 63, "m" * 63, 999_999_999)
    none = decided_notice(id_, Decision.APPROVED, by=[], reason="", url=URL)
    assert "nobody that is named" in none.text
    assert "Reason" not in none.text
    many = decided_notice(
        id_, Decision.APPROVED, by=[f"p{index}" for index in range(25)], reason="", url=URL
    )
    assert "p9 and 15 more." in many.text
    assert is_publishable(none)
    assert is_publishable(many)


@pytest.mark.parametrize(("was", "becomes"), [(None, 7), (5, 7), (7, None)])
def test_what_is_live_now_is_told(was: int | None, becomes: int | None) -> None:
    """Before and after, where nothing is one of them too."""
    notice = live_notice("prod", "churn", was=was, becomes=becomes, url=URL)
    assert is_publishable(notice)
    assert (f"version {becomes}" if becomes else "no version") in notice.subject
    assert URL in notice.text
    assert (f"it was version {was}" if was else "no version was live") in notice.text
