"""What was live at a moment, where receipts of `current` were lost, and made up for later."""

from dataclasses import replace
from datetime import datetime, timedelta
from unittest.mock import patch

from tests.flows.trail import LADDER, START, Trail, promoted

from assent.core.audit.gaps import GapKind
from assent.core.audit.moment import live_at
from assent.core.names import RecordId
from assent.core.record import Decision
from assent.core.statements import StatementKind

CURRENT = "/assent/dev/churn/current"
NOBODY_KNOWS = "unknown"


def lose(trail: Trail) -> None:
    """Forget the last receipt, which is of `current`."""
    assert trail.chains["dev"].pop().kind is StatementKind.CURRENT


def make_up(trail: Trail, was: int | None, becomes: int | None) -> datetime:
    """Two hours later, write the receipt of what `current` says."""
    trail.clock.advance(timedelta(hours=2))
    value = trail.stores["dev"].values[CURRENT]
    what = {"model": "churn", "was": was, "becomes": becomes, "value": value}
    trail.receipt("dev", StatementKind.CURRENT, what, recovered=True)
    return trail.clock.now()


def took_effect(trail: Trail, version: int) -> datetime:
    """When the last decision on a version did."""
    return trail.histories[RecordId("dev", "churn", version)].entries[-1].applied_at


def live(trail: Trail, moment: datetime) -> int | str | None:
    """What was live in dev."""
    (found,) = live_at(trail.judge("dev").audit, moment)
    return NOBODY_KNOWS if found.unknown is not None else found.version


SECOND = timedelta(seconds=1)


def test_what_was_made_up_for_was_live_since_its_decision() -> None:
    """Not since the receipt was written: what was live before ended by that decision, too."""
    trail = Trail()
    trail.decide(1)
    trail.decide(2)
    lose(trail)
    late = make_up(trail, 1, 2)
    since = took_effect(trail, 2)
    assert live(trail, since - SECOND) == 1
    assert live(trail, since) == live(trail, late - SECOND) == live(trail, late) == 2
    first, second = trail.judge("dev").audit.events
    assert [(each.since, each.until, each.follower) for each in first.lives][-1][1:] == (since, 2)
    assert first.ended_at == since
    assert [(each.since, each.until) for each in second.lives] == [(since, None)]
    assert trail.gaps("dev") == []


def test_the_first_that_was_made_up_for_was_live_since_its_decision() -> None:
    """There is no receipt before it; what was before the decision, histories tell."""
    trail = Trail()
    trail.decide(1)
    lose(trail)
    make_up(trail, None, 1)
    assert live(trail, took_effect(trail, 1)) == 1
    assert live_at(trail.judge("dev").audit, START) == []


def test_a_withdrawal_that_was_made_up_for_ends_what_was_live() -> None:
    """The decision that made it is one on the version that was live before."""
    trail = Trail()
    trail.decide(1)
    trail.decide(2)
    trail.decide(2, decision=Decision.RETIRED)
    lose(trail)
    make_up(trail, 2, 1)
    assert live(trail, took_effect(trail, 2) - SECOND) == 2
    assert live(trail, took_effect(trail, 2)) == 1


def test_between_two_decisions_whose_receipts_were_lost_nobody_knows() -> None:
    """The first may have been live for a while, or never."""
    trail = Trail()
    for version in (1, 2, 3):
        trail.decide(version)
        if version > 1:
            lose(trail)
    make_up(trail, 1, 3)
    one, other = took_effect(trail, 2), took_effect(trail, 3)
    assert live(trail, one - SECOND) == 1
    assert live(trail, one) == live(trail, other - SECOND) == NOBODY_KNOWS
    assert live(trail, other) == 3
    first = trail.judge("dev").audit.events[0]
    assert (first.ended_at, first.lives[-1].unknown_until) == (one, other)
    assert first.ended_by.startswith("what is unknown up to ")


def test_what_was_decided_in_the_very_second_of_the_receipt_before_is_known() -> None:
    """Moments are whole seconds: what made another version live then came after it."""
    trail = Trail()
    with patch.object(trail.clock, "advance"):
        trail.decide(1)
        trail.decide(2)
    lose(trail)
    late = make_up(trail, 1, 2)
    assert took_effect(trail, 1) == took_effect(trail, 2)
    assert live(trail, took_effect(trail, 2)) == live(trail, late - SECOND) == 2
    assert trail.gaps("dev") == []


def test_what_no_decision_explains_is_unknown_since_the_receipt_before() -> None:
    """Somebody wrote `current` by hand, at some time in between."""
    trail = promoted()
    before = trail.chains["dev"][-1].at
    trail.stores["dev"].values[CURRENT] = trail.chains["dev"][3].what["value"]
    late = make_up(trail, 1, 2)
    assert live(trail, before - SECOND) == 2  # before it was retired
    assert live(trail, before) == live(trail, late - SECOND) == NOBODY_KNOWS
    assert live(trail, late) == 2
    assert GapKind.PARAMETER_DIFFERS in trail.gaps("dev")


def test_what_has_no_receipt_yet_is_told_by_the_parameter() -> None:
    """The last receipt does not speak for what `current` says by now."""
    trail = Trail()
    trail.decide(1)
    trail.decide(2)
    lose(trail)
    trail.clock.advance(timedelta(hours=2))
    assert live(trail, took_effect(trail, 2) - SECOND) == 1
    assert live(trail, trail.clock.now() - timedelta(hours=1)) == 2
    assert trail.gaps("dev") == [GapKind.PARAMETER_DIFFERS]


def test_what_the_next_run_found_is_told_by_its_receipt() -> None:
    """It says what `current` named before: a version of which no receipt tells."""
    trail = Trail()
    for version in (1, 2, 3):
        trail.decide(version)
        if version == 2:
            lose(trail)
    trail.reword("dev", len(trail.chains["dev"]), was=2)
    assert live(trail, took_effect(trail, 2) - SECOND) == 1
    assert live(trail, took_effect(trail, 2)) == 2
    assert live(trail, trail.clock.now()) == 3


def test_a_receipt_made_up_for_the_same_version_changes_nothing() -> None:
    """Its text was mended; what is named stays."""
    trail = promoted()
    before = trail.chains["dev"][-1].at
    make_up(trail, 1, 1)
    assert live(trail, before) == live(trail, trail.clock.now()) == 1


def test_other_versions_count_where_one_is_asked_for() -> None:
    """They decide together what is live, whatever is told of them."""
    trail = promoted()
    trail.decide(4)
    lose(trail)
    make_up(trail, 1, 4)
    (found,) = live_at(trail.judge("dev", model="churn", version=1).audit, took_effect(trail, 4))
    assert (found.version, found.unknown) == (4, None)
    assert LADDER[0] == found.environment


# Gaps of a time that was asked for.


def unproven(trail: Trail, sequence: int, **changes: object) -> None:
    """Let the receipt of a decision in dev show no approval."""
    assert trail.chains["dev"][sequence - 1].kind is StatementKind.DECISION
    trail.reword("dev", sequence, approvals=[], **changes)


def test_a_gap_of_what_was_in_effect_then_is_told() -> None:
    """However long before it was decided; what ended before, or came later, is not of that time."""
    trail = promoted()
    unproven(trail, 1)
    unproven(trail, 3)
    approved, retired = trail.histories[RecordId("dev", "churn", 2)].entries
    told = [GapKind.APPROVAL_UNFOUNDED]
    assert trail.gaps("dev") == told * 2
    assert trail.gaps("dev", since=approved.applied_at + SECOND) == told * 2
    assert trail.gaps("dev", since=retired.applied_at) == told
    assert trail.gaps("dev", until=approved.applied_at - SECOND) == told
    assert trail.gaps("dev", until=START) == []


def test_a_gap_whose_time_only_a_history_tells_is_always_told() -> None:
    """Whoever writes a history by hand chooses its times; a receipt made up for repeats them."""
    never = {"since": START + timedelta(days=9), "until": START + timedelta(days=10)}
    trail = promoted()
    unproven(trail, 3)  # the approval of version 2, which was retired since
    assert trail.gaps("dev", **never) == []
    trail.chains["dev"][2] = replace(trail.chains["dev"][2], recovered=True)
    trail.reword("dev", 3)
    assert trail.gaps("dev", **never) == [GapKind.APPROVAL_UNFOUNDED]
    del trail.chains["dev"]
    assert trail.gaps("dev", **never).count(GapKind.ENTRY_WITHOUT_RECEIPT) == 4
