"""A line that is stopped, and a code owner who breaks the glass: over HTTP, to the very end."""

from datetime import UTC, datetime

import pytest
from tests.end_to_end import play
from tests.end_to_end.climb import configure
from tests.end_to_end.ladder import Ladder
from tests.end_to_end.test_check import at, checked, climbing

from assent.core.forge import BREAK_GLASS

__all__ = ["climbing"]


def label(ladder: Ladder, number: int, by: str, *, on: bool) -> None:
    """Somebody puts the label on, or takes it off."""
    pull = ladder.stage.repository(by).get_pull(number)
    if on:
        pull.add_to_labels(BREAK_GLASS)
    else:
        pull.remove_from_labels(BREAK_GLASS)
    ladder.clock.tick()


def test_broken_glass_is_seen_by_check_tidy_and_apply_alike(
    climbing: Ladder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's label lifts nothing anywhere; a code owner's does, and everybody is told."""
    ladder, stage = climbing, climbing.stage
    configure(stage, "environments:", 'stop_the_line: "incident 12"\nenvironments:')
    at(monkeypatch, datetime(2026, 11, 27, tzinfo=UTC))
    (pull,) = stage.pull_requests()
    clone = stage.root.parent / "clone"

    def tidied() -> str:
        assert play.assent("tidy", "--repository", stage.clone(clone)).exit_code == 0
        return stage.repository("ana").get_pull(pull.number).body

    label(ladder, pull.number, "carla", on=True)
    assert checked(ladder).exit_code == 10
    assert "**Broken glass**" not in tidied()
    label(ladder, pull.number, "ana", on=False)
    label(ladder, pull.number, "ben", on=True)
    passed = checked(ladder)
    assert passed.exit_code == 0, passed.output
    assert "warning[stop-the-line]: ben broke the glass" in passed.output
    assert "**Broken glass**" in tidied()
    play.accept(stage, pull.number)
    applied = play.apply(stage)
    assert applied.exit_code == 0, applied.output
    assert "GLASS BROKEN by ben" in applied.output
    told = play.assent("history", "churn", "--repository", stage.clone(clone))
    assert "Approved (GLASS BROKEN by ben)" in told.output
    (said,) = pull.get_issue_comments()
    assert "`ben` **broke the glass**" in said.body
    places = {each.environment: each.payload for each in stage.repository("ana").get_deployments()}
    assert {place: each["version"] for place, each in places.items()} == {
        "dev/churn": 1,
        "test/churn": 1,
    }


def test_what_nobody_lifted_waits_after_the_merge_too(climbing: Ladder) -> None:
    """A label that comes after the merge lifts nothing; without the stop it takes effect."""
    stage = climbing.stage
    configure(stage, "environments:", 'stop_the_line: "incident 12"\nenvironments:')
    (pull,) = stage.pull_requests()
    play.accept(stage, pull.number)
    climbing.clock.tick()
    label(climbing, pull.number, "ben", on=True)
    applied = play.apply(stage)
    assert applied.exit_code == 12, applied.output
    assert "refused  churn 1 in test: the line is stopped: incident 12" in applied.output
    planned = play.assent("plan", "--repository", stage.clone(stage.root.parent / "clone"))
    assert "unless a code owner broke the glass" in planned.output
    configure(stage, 'stop_the_line: "incident 12"\nenvironments:', "environments:")
    assert play.apply(stage).exit_code == 0
