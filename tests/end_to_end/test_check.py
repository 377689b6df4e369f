"""The required check of a promotion, over HTTP: what it asks of GitHub, and when it passes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from tests.end_to_end import play
from tests.end_to_end.climb import configure
from tests.end_to_end.ladder import Ladder

from assent import wiring
from assent.adapters.memory import SettableClock

BRANCH = "promote/test/churn/1"


@pytest.fixture
def climbing(ladder: Ladder) -> Ladder:
    """Version 1 is approved in dev, ran there, and is proposed for test."""
    ladder.register(1)
    (pull,) = ladder.stage.pull_requests()
    ladder.merge(pull.number, "ana")
    ladder.report(1, "dev")
    return ladder


def checked(ladder: Ladder, *options: str | Path) -> Result:
    """What the workflow says of the promotion to test."""
    clone = ladder.stage.clone(ladder.folder / "clone")
    heads = ("--base", "origin/main", "--head", f"origin/{BRANCH}", "--head-branch", BRANCH)
    return play.assent("check", "--repository", clone, *heads, *options)


def at(monkeypatch: pytest.MonkeyPatch, time: datetime) -> None:
    """Let the check take place at another time."""
    monkeypatch.setattr(wiring, "wall_clock", lambda: SettableClock(time))


def test_a_soak_is_told_by_github_and_ends(
    climbing: Ladder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From the merge below, as GitHub has it; nothing is asked of AWS, and nothing is written."""
    ladder = climbing
    configure(ladder.stage, "  - name: test\n", "  - name: test\n    soak: 2h\n")
    below, own = ladder.stage.pull_requests(state="all")
    assert below.merged_at is not None
    merged = below.merged_at.astimezone(UTC)
    ladder.stage.ledger.clear()
    summary = tmp_path / "summary.md"
    options = ("--pull-request", str(own.number), "--summary", summary)
    at(monkeypatch, merged + timedelta(hours=2, seconds=-1))
    early = checked(ladder, *options)
    assert early.exit_code == 10, early.output
    assert "error[soak]: it has to run 2 h in dev first: from " in early.output
    assert early.output.endswith("1 error; 1 record judged\n")
    at(monkeypatch, merged + timedelta(hours=2))
    late = checked(ladder, *options)
    assert (late.exit_code, late.output) == (0, "no finding; 1 record judged\n")
    assert ladder.stage.ledger.count("aws") == 0
    assert ladder.writes() == []
    first, second = summary.read_text("utf-8").split("# assent check: ")[1:]
    assert first.startswith("1 error; ")
    assert second.startswith("no finding; ")
    assert "it has to run 2 h in dev first" in first.partition("## Findings")[2]


def test_in_the_merge_queue_the_branch_tells_the_pull_request(
    climbing: Ladder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a number it is looked for, and a stop of the line that nobody lifted holds."""
    ladder = climbing
    configure(ladder.stage, "environments:", 'stop_the_line: "incident 12"\nenvironments:')
    at(monkeypatch, datetime(2026, 11, 27, tzinfo=UTC))
    stopped = checked(ladder)
    assert stopped.exit_code == 10, stopped.output
    assert "error[stop-the-line]: the line is stopped: incident 12" in stopped.output
    offline = checked(ladder, "--offline")
    assert offline.exit_code == 0, offline.output
    assert "warning[stop-the-line]: not judged offline" in offline.output


def test_what_holds_nothing_up_asks_github_nothing(climbing: Ladder) -> None:
    """Gates are judged from git alone: the check of a promotion costs no call but the clone's."""
    ladder = climbing
    gate = "{id: acc, metric: no.such.metric, at_least: 0.5}"
    configure(ladder.stage, "  - name: test\n", f"  - name: test\n    gates: [{gate}]\n")
    clone = ladder.stage.clone(ladder.folder / "clone")
    ladder.stage.ledger.clear()
    heads = ("--base", "origin/main", "--head", f"origin/{BRANCH}", "--head-branch", BRANCH)
    found = play.assent("check", "--repository", clone, *heads)
    assert found.exit_code == 10, found.output
    assert "error[gate]: the gate acc fails: 'no.such.metric': the metric is not" in found.output
    assert ladder.stage.ledger.count("github") == 0
    assert ladder.stage.ledger.count("aws") == 0
