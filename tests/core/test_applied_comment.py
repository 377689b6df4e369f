"""What is said on a pull request once its decision is in effect."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from assent.core.names import RecordId
from assent.core.parameters import HistoryEntry
from assent.core.record import Decision, Waiver
from assent.core.rendering.applied import Effect, applied_comment, applied_mark

DAY = datetime(2026, 11, 22, 10, tzinfo=UTC)
HOSTILE = "`@acme/all` <!-- x --> | #1 fixes #2\n> \u202e::error::y"
ENTRY = HistoryEntry(
    decision=Decision.APPROVED,
    blob="b" * 40,
    by=("ana", "ben"),
    at=DAY,
    applied_at=DAY,
    pull_request="https://forge.example/pull/1",
    commit="c" * 40,
    evidence="sha256:0",
)
EFFECT = Effect(
    id=RecordId("prod", "churn", 7),
    was=None,
    entry=ENTRY,
    waivers=(),
    fields=("prod", "prod.by", "ModelApprovalStatus"),
    live_before=5,
    live=7,
    run="https://forge.example/acme/promotions/actions/runs/12",
)


def test_everything_that_was_done_is_told() -> None:
    """The whole of a plain one."""
    assert applied_comment(EFFECT) == (
        "**In effect: Approved**: version 7 of `churn` is approved in `prod`, by `ana`, `ben`.\n"
        "\n"
        "- It was not decided before.\n"
        "- Registry: `prod`, `prod.by`, `ModelApprovalStatus` written.\n"
        "- `current` of `churn` in `prod`: version 5 → version 7.\n"
        "- Done by <https://forge.example/acme/promotions/actions/runs/12>.\n"
        "\n"
        f"<!-- assent: applied {'b' * 40} prod -->\n"
    )


@pytest.mark.parametrize(
    ("decision", "was", "is_", "said"),
    [
        (Decision.APPROVED, None, 7, "no version → version 7."),
        (Decision.APPROVED, 7, 7, "it names version 7."),
        (Decision.APPROVED, 9, 9, "it names version 9, a higher one, as before."),
        (Decision.RETIRED, 7, 5, "version 7 → version 5."),
        (Decision.RETIRED, 7, None, "version 7 → no version."),
        (Decision.RETIRED, 9, 9, "it names version 9, as before."),
        (Decision.REJECTED, None, None, "it names no version, as before."),
    ],
)
def test_what_inference_runs_is_told_or_why_it_did_not_change(
    decision: Decision, was: int | None, is_: int | None, said: str
) -> None:
    """A change with both sides, or what stays."""
    effect = replace(
        EFFECT, entry=replace(ENTRY, decision=decision), live_before=was, live=is_, run=""
    )
    text = applied_comment(effect)
    assert f"- `current` of `churn` in `prod`: {said}\n" in text
    assert "Done by" not in text


@pytest.mark.parametrize(
    ("fields", "said"),
    [(None, "it was written by an earlier run."), ((), "nothing had to be written.")],
)
def test_what_the_registry_needed_is_told(fields: tuple[str, ...] | None, said: str) -> None:
    """Also where that was nothing, or nobody knows any more."""
    assert f"- Registry: {said}\n" in applied_comment(replace(EFFECT, fields=fields))


def test_exceptions_are_loud_and_hostile_text_is_text() -> None:
    """Broken glass is an alert, each waiver a line; nothing of a stranger's leaves its place."""
    waiver = Waiver(gate="auc-floor", reason=HOSTILE, asked_by="zoe")
    entry = replace(ENTRY, by=(HOSTILE,), broke_glass=HOSTILE, waived=("auc-floor", "other"))
    plain = applied_comment(EFFECT).count("\n")
    text = applied_comment(replace(EFFECT, entry=entry, waivers=(waiver,)))
    assert "\n> [!CAUTION]\n> `` `" in text
    assert "**broke the glass**" in text
    assert "- Waived: `auc-floor`, asked for by `zoe`: `` `" in text
    assert "- Waived: `other`.\n" in text
    assert text.count("\n") == plain + 3 + 2
    assert not [each for each in ("\u202e", "@acme", "<!-- x") if each in text]
    assert text.endswith(f"\n{applied_mark(ENTRY.blob, 'prod')}\n")
