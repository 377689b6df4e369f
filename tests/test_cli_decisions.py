"""The commands around decisions: reject, retire, history."""

import json
from datetime import timedelta

import pytest
from tests.command_line import (
    HOSTILE,
    Play,
    assert_harmless,
    leave_out_surroundings,
    promoted,
    run,
)


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_surroundings(monkeypatch)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    return promoted(monkeypatch)


@pytest.fixture
def closed(play: Play) -> Play:
    """Version 7 is live; the promotion of version 8 was closed with a hostile comment."""
    assert run("apply").exit_code == 0
    play.propose("churn", 8)
    play.clock.advance(timedelta(minutes=1))
    play.repository.remark(2, "ana", HOSTILE)
    play.repository.close(2, by="ana")
    return play


def test_reject_records_a_closing(closed: Play) -> None:
    """A receipt as it happens; the same closing again has nothing to record, with code 0."""
    first = run("reject", "2", "--env", "dev")
    assert first.exit_code == 0
    assert first.output.startswith(
        "closing  churn 8 in dev: Rejected, by ana in https://forge.example/pull/2\n"
    )
    assert_harmless(first.output)
    assert '"Rejected"' in closed.parameters.values["/assent/dev/churn/versions/8"]
    again = run("reject", "2")
    assert (again.exit_code, again.output) == (0, "pull request 2: nothing to record\n")


def test_reject_tells_json(closed: Play) -> None:
    """Head, exit code and receipts, as apply tells them."""
    result = run("reject", "2", "--format", "json")
    value = json.loads(result.output)
    assert (result.exit_code, value["exit"]) == (0, 0)
    assert value["head"] == closed.repository.branches["main"]
    (receipt,) = value["receipts"]
    assert (receipt["receipt"], receipt["version"], receipt["by"]) == ("closing", 8, "ana")
    assert_harmless(result.output)


def test_reject_of_no_pull_request_is_no_verdict(play: Play) -> None:
    """A number that there is none of: code 1."""
    assert len(play.repository.pulls) == 1
    result = run("reject", "99")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "99" in result.stderr


def test_retire_opens_a_pull_request_and_says_what_follows(play: Play) -> None:
    """Its address, and what current becomes; a second call finds it."""
    assert run("apply").exit_code == 0
    arguments = ("retire", "churn", "7", "--env", "dev", "--reason", HOSTILE)
    first = run(*arguments)
    lines = first.output.split("\n")
    assert first.exit_code == 0
    assert lines[0] == "churn 7 in dev: https://forge.example/pull/2 (opened)"
    assert lines[2] == "  current is version 7 now, and no version once it is merged and applied"
    assert_harmless(first.output)
    again = run(*arguments, "--format", "json")
    value = json.loads(again.output)
    assert (value["attempt"], value["pull_request"]) == (
        "already open",
        "https://forge.example/pull/2",
    )
    assert_harmless(again.output)
    assert len(play.repository.pulls) == 2


@pytest.mark.parametrize(
    ("version", "reason", "code", "said"),
    [
        ("9", "x", 3, "main holds no record of churn 9 in dev"),
        ("7", " ", 2, "a retirement needs a reason"),
        ("7", "x" * 501, 2, "the reason has 501 characters; a record holds 500"),
    ],
)
def test_retire_tells_apart_what_it_refuses(
    play: Play, version: str, reason: str, code: int, said: str
) -> None:
    """Each has its code and its words on standard error, and nothing is opened."""
    result = run("retire", "churn", version, "--env", "dev", "--reason", reason)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert len(play.repository.pulls) == 1


def test_history_shows_every_decision(closed: Play) -> None:
    """Oldest first, as a table; what was said at the closing is in it, and does nothing."""
    assert run("reject", "2").exit_code == 0
    assert len(closed.parameters.values) > 2
    result = run("history", "churn", "--env", "dev")
    header, first, second, end = result.output.split("\n")
    assert (result.exit_code, end) == (0, "")
    assert header.split()[:4] == ["when", "environment", "version", "decision"]
    assert first.split()[1:5] == ["dev", "7", "Approved", "ana"]
    assert second.split()[1:5] == ["dev", "8", "Rejected", "ana"]
    assert_harmless(result.output)


def test_history_that_does_not_read_is_shown_as_far_as_it_does(play: Play) -> None:
    """What is unreadable is told on standard error, or in JSON, with code 1."""
    play.parameters.values["/assent/dev/spam/versions/1"] = HOSTILE
    result = run("history", "spam", "--env", "dev")
    assert result.exit_code == 1
    assert result.stdout == "no decision on spam was found in dev\n"
    assert "/assent/dev/spam/versions/1 is not what Assent wrote" in result.stderr
    assert_harmless(result.stderr)
    told = run("history", "spam", "--env", "dev", "--format", "json")
    value = json.loads(told.stdout)
    assert (told.exit_code, value["decisions"], len(value["unreadable"])) == (1, [], 1)
    assert_harmless(told.stdout)


def test_history_of_an_unknown_model_is_no_green(play: Play) -> None:
    """Nothing found has code 3, and says where it was looked for."""
    assert play.parameters.values == {}
    result = run("history", "fraud", "--env", "prod", "--env", "dev")
    assert (result.exit_code, result.output) == (
        3,
        "no decision on fraud was found in dev, prod\n",
    )
