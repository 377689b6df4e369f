"""Why approvals do not count, and which of several reasons names the refusal."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from assent.core.approval import Bringing, Review, ReviewState, WrittenCommit, last_words
from assent.core.changes import Reason
from assent.core.objections import (
    Objection,
    Verdict,
    Yardstick,
    judges_records,
    objection_to,
    shortfall,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RECORD, OTHER = "a" * 40, "b" * 40
HEAD, EARLIER = "1" * 40, "2" * 40
PULL = Bringing(
    number=7,
    url="https://github.example/pull/7",
    author="assent[bot]",
    merged_at=NOON,
    merged_by="carla",
    merge_commit="c" * 40,
    head=HEAD,
    blob=RECORD,
    commits=(EARLIER, HEAD),
    written=(WrittenCommit(id=HEAD, by=("Ben",)),),
)
YARDSTICK = Yardstick(
    blob=RECORD, needed=1, registrars=frozenset({"zoe"}), askers=frozenset({"carla"})
)


def review(by: str, **changed: object) -> Review:
    """An approval of the record as it was merged, an hour before."""
    values: dict[str, object] = {
        "by": by,
        "state": ReviewState.APPROVED,
        "at": NOON - timedelta(hours=1),
        "commit": HEAD,
        "blob": RECORD,
    }
    return Review(**(values | changed))  # type: ignore[arg-type]


OBJECTIONS: list[tuple[Review, Reason | None]] = [
    (review("ana"), None),
    (review("ana", commit=EARLIER), None),
    (review("ana", commit="9" * 40), None),
    (review("ana", blob=OTHER, commit=EARLIER), Reason.APPROVE_THEN_PUSH),
    (review("ana", blob=None, commit=EARLIER), Reason.APPROVE_THEN_PUSH),
    (review("ana", blob=OTHER, commit="9" * 40), Reason.STALE_APPROVAL),
    (review("ana", blob=None, commit=""), Reason.STALE_APPROVAL),
    (review("ana", state=ReviewState.DISMISSED), Reason.STALE_APPROVAL),
    (review("ben"), Reason.SELF_APPROVAL),
    (review("ZOE"), Reason.APPROVED_BY_CREATOR),
    (review("Carla"), Reason.APPROVED_BY_ASKER),
    (review("stamp", is_bot=True), Reason.APPROVED_BY_BOT),
    (review("assent[bot]"), Reason.APPROVED_BY_BOT),
    (review("ghost"), Reason.APPROVED_BY_NON_OWNER),
    (review("Zoe", blob=OTHER), Reason.APPROVED_BY_CREATOR),
]


@pytest.mark.parametrize(("given", "reason"), OBJECTIONS)
def test_what_stands_against_an_approval(given: Review, reason: Reason | None) -> None:
    """Whose it is, and which record it saw; logins are compared without regard to case."""
    found = objection_to(given, PULL, YARDSTICK)
    assert (None if found is None else found.reason) is reason


def test_one_reason_names_the_refusal_and_the_detail_everybody() -> None:
    """Whatever the order in which they approved."""
    against = [
        Verdict.of(given, objection_to(given, PULL, YARDSTICK))
        for given in (
            review("stamp", is_bot=True),
            review("ghost"),
            review("ana", blob=OTHER),
            review("Zoe"),
            review("carla"),
        )
    ]
    for verdicts in permutations(against):
        found = shortfall(verdicts, PULL, 1, waived=False)
        assert found is not None
        assert found.reason is Reason.APPROVED_BY_CREATOR
        for verdict in verdicts:
            said = f"; {verdict.approval.review.by} {verdict.approval.why}"
            assert said in found.why


def verdicts(counted: int, against: int) -> list[Verdict]:
    """So many that count, and so many that do not."""
    bot = Objection(reason=Reason.APPROVED_BY_BOT, why="is a bot")
    return [Verdict.of(review(f"p{each}"), None) for each in range(counted)] + [
        Verdict.of(review(f"b{each}"), bot) for each in range(against)
    ]


@pytest.mark.parametrize(
    ("counted", "against", "needed", "reason"),
    [
        (0, 0, 1, Reason.MERGED_WITHOUT_APPROVAL),
        (1, 0, 1, None),
        (1, 5, 1, None),
        (1, 0, 2, Reason.TOO_FEW_APPROVALS),
        (1, 1, 2, Reason.APPROVED_BY_BOT),
        (0, 1, 1, Reason.APPROVED_BY_BOT),
        (3, 0, 2, None),
    ],
)
def test_when_a_record_is_short_of_approvals(
    counted: int, against: int, needed: int, reason: Reason | None
) -> None:
    """As many as are needed suffice, whoever else approved."""
    found = shortfall(verdicts(counted, against), PULL, needed, waived=False)
    assert (None if found is None else found.reason) is reason


def test_the_detail_counts_in_words() -> None:
    """One or several, and what one of them is for."""
    found = shortfall(verdicts(1, 0), PULL, 2, waived=True)
    assert found is not None
    assert found.why == (
        "pull request https://github.example/pull/7 was merged with 1 approval that counts (p0); "
        "2 are needed, one of them for what is waived"
    )


def test_a_last_word_is_what_was_said_last_before_the_merge() -> None:
    """By each person, in whatever letters their login is written; the merge's second counts."""
    first = review("ana")
    no = review("ANA", state=ReviewState.CHANGES_REQUESTED, at=NOON - timedelta(minutes=1))
    ben = review("ben", at=NOON)
    late = review("carla", at=NOON + timedelta(seconds=1))
    assert last_words([first, no, ben, late], NOON) == [no, ben]


@pytest.mark.parametrize(
    ("path", "judges"),
    [
        ("assent.yaml", True),
        ("CODEOWNERS", True),
        ("docs/CODEOWNERS", True),
        (".github/CODEOWNERS", True),
        (".github/workflows/apply.yml", True),
        (".github", True),
        ("schemas/promotion.schema.json", True),
        ("promotions/dev/churn/7.yaml", False),
        ("docs/schemas/x.json", False),
        (".githubx/y", False),
        ("other/assent.yaml", False),
    ],
)
def test_what_judges_records(path: str, *, judges: bool) -> None:
    """The configuration, CODEOWNERS where GitHub looks for it, the schemas and the workflows."""
    assert judges_records(path) is judges
