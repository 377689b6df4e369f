"""The command that keeps open promotions tidy: what it prints, and how it ends."""

import json

import pytest
from tests.command_line import (
    HOSTILE,
    Play,
    assert_harmless,
    leave_out_surroundings,
    promoted,
    run,
)

from assent.core.errors import AssentError


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Version 7 is live; 8 and 9 are open, and the registry says hostile things of both."""
    leave_out_surroundings(monkeypatch)
    made = promoted(monkeypatch)
    assert run("apply").exit_code == 0
    made.propose("churn", 8)
    made.propose("churn", 9)
    return made


def test_tidy_tells_what_it_did(play: Play) -> None:
    """A line for each write, and a summary; the next run has nothing to do."""
    done = run("tidy", "--env", "dev")
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "churn 8 in dev: superseded by 9: https://forge.example/pull/2",
        "churn 8 in dev: page refreshed: https://forge.example/pull/2",
        "churn 8 in dev: https://forge.example/pull/2 (completed an earlier attempt)",
        "churn 9 in dev: page refreshed: https://forge.example/pull/3",
        "churn 9 in dev: https://forge.example/pull/3 (completed an earlier attempt)",
        f"{play.repository.branches['main'][:12]}: 2 open promotions, 5 tidied, 0 failed",
    ]
    again = run("tidy")
    assert again.exit_code == 0
    assert again.output.endswith(": 2 open promotions, nothing to tidy\n")
    assert "\x1b" not in play.repository.pull(2).body


def test_tidy_tells_json(play: Play) -> None:
    """Head, exit code, and what was done to which pull request."""
    done = run("tidy", "--format", "json")
    value = json.loads(done.output)
    assert (done.exit_code, value["exit"], value["head"]) == (
        0,
        0,
        play.repository.branches["main"],
    )
    assert [each["tidied"] for each in value["done"]] == [
        "superseded",
        "refreshed",
        "opened",
        "refreshed",
        "opened",
    ]
    superseded = value["done"][0]
    assert (superseded["version"], superseded["by"]) == (8, 9)
    assert superseded["pull_request"] == "https://forge.example/pull/2"
    play.repository.close(3, by="ana")
    value = json.loads(run("tidy", "--format", "json").output)
    assert [each["tidied"] for each in value["done"]] == ["in-foreground", "refreshed"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_failed_is_told_and_the_code_says_so(
    play: Play, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """12, with what a service said shown as text; the other pull request is tidied."""
    edit = play.repository.edit_body

    def failing(number: int, body: str, /) -> None:
        if number == 2:
            raise AssentError(HOSTILE, hint=HOSTILE)
        edit(number, body)

    monkeypatch.setattr(play.repository, "edit_body", failing)
    done = run("tidy", "--format", form)
    assert done.exit_code == 12
    assert_harmless(done.output)
    if form == "text":
        assert "dev: https://forge.example/pull/2: FAILED: " in done.output
        assert "3 tidied, 1 failed" in done.output
    else:
        value = json.loads(done.output)
        assert value["exit"] == 12
        assert [each["tidied"] for each in value["done"]].count("failed") == 1
    assert "Promote" in play.repository.pull(3).body


def test_a_listing_that_fails_is_no_verdict(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows what is open: code 1."""

    def failing() -> None:
        raise AssentError("no answer")

    monkeypatch.setattr(play.repository, "open_promotions", failing)
    done = run("tidy")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no answer" in done.stderr
