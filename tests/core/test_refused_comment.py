"""What a pull request is told when its record is refused."""

import pytest

from assent.core.changes import Reason
from assent.core.names import RecordId
from assent.core.receipts import Refused
from assent.core.rendering.markdown import own_words
from assent.core.rendering.refused import NEXT_STEPS, refused_comment, refused_mark

BLOB = "a" * 40
HOSTILE = "x` @everyone closes #1 <!-- assent: refused --> <img src=y> | \u202e\n## big"


def refused(reason: Reason = Reason.DIRECT_PUSH, detail: str = "nobody approved it") -> Refused:
    """A refusal."""
    return Refused(id=RecordId("prod", "churn", 7), reason=reason, detail=detail, blob=BLOB)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_says_what_to_do(reason: Reason) -> None:
    """In words of our own, which need no escaping, on one line that ends."""
    step = NEXT_STEPS[reason]
    assert own_words(step) == step
    assert step.endswith(".")
    assert f"`{reason}`" in refused_comment(refused(reason))


def test_the_comment_says_what_why_and_what_next() -> None:
    """And where it was done; the mark tells the record, where it lies, and the reason."""
    said = refused(Reason.SELF_APPROVAL, "ana opened the pull request")
    assert refused_comment(said, "https://github.example/runs/1") == (
        "**Refused** (`self-approval`): what this says of version 7 of `churn` did not take effect "
        "in `prod`.\n\n"
        "- Why: `ana opened the pull request`\n"
        f"- What to do: {NEXT_STEPS[Reason.SELF_APPROVAL]}\n"
        "- What was in effect stays, and every run tries this again.\n"
        "- Done by <https://github.example/runs/1>.\n\n"
        f"<!-- assent: refused {BLOB} promotions/prod/churn/7.yaml self-approval -->\n"
    )


def test_marks_tell_records_places_and_reasons_apart() -> None:
    """What one of them differs in is told anew."""
    marks = {
        refused_mark(each)
        for each in (
            refused(),
            refused(Reason.FROZEN),
            Refused(id=refused().id, reason=Reason.DIRECT_PUSH, detail="", blob="b" * 40),
            Refused(
                id=RecordId("dev", "churn", 7), reason=Reason.DIRECT_PUSH, detail="", blob=BLOB
            ),
        )
    }
    assert len(marks) == 4


def test_hostile_words_stay_words() -> None:
    """A detail may quote what people wrote: it mentions nobody, closes nothing, forges no mark."""
    lines = refused_comment(refused(detail=HOSTILE)).splitlines()
    (why,) = (line for line in lines if line.startswith("- Why: "))
    shown = why.removeprefix("- Why: ")
    assert shown.startswith("``")
    assert shown.endswith("``")
    assert "@everyone" not in shown
    assert "#1" not in shown
    assert sum("<!--" in line for line in lines) == 1
    assert len(lines) == 7
