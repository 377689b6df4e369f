"""The command `backfill`: what it prints, in either form, and how it ends."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.command_line import (
    HOSTILE,
    assert_harmless,
    leave_out_surroundings,
    run,
)
from tests.flows.test_backfill import APPROVED, PENDING, Before

from assent.core.errors import AssentError
from assent.flows.backfill import Backfilling
from assent.ports import AlreadyThere


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> Before:
    """One version approved and one that waits, behind the command line."""
    leave_out_surroundings(monkeypatch)
    made = Before()
    made.had("churn", APPROVED, PENDING)

    @contextmanager
    def opened(_repository: Path) -> Iterator[Backfilling]:
        yield made.world()

    monkeypatch.setattr("assent.wiring_backfill.open_backfill", opened)
    return made


def head(before: Before) -> str:
    """What begins a summary."""
    return before.scene.repository.tip()[:12]


def test_it_says_first_what_it_would_do(before: Before) -> None:
    """A line for each version and for each that is left out, then a summary; nothing is written."""
    done = run("backfill", "--every-version")
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "would propose churn 2 in dev (registered 2026-11-22T10:00:00Z)",
        f"{head(before)}: 1 to propose, 0 left out; nothing was written (--write does)",
    ]
    assert before.scene.repository.pulls == []


def test_it_says_what_it_did(before: Before) -> None:
    """A line for each outcome; the next run has nothing to do, which is no failure."""
    done = run("backfill", "--write")
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "churn 2 in dev: https://forge.example/pull/1 (opened)",
        f"{head(before)}: 1 done, 0 failed, 0 not tried, 0 left out",
    ]
    again = run("backfill", "--write")
    assert again.exit_code == 0
    assert again.output.splitlines() == [
        "left out churn 2: it is proposed: https://forge.example/pull/1",
        f"{head(before)}: 0 done, 0 failed, 0 not tried, 1 left out",
    ]


def test_an_import_says_what_it_would_hold_and_did(before: Before) -> None:
    """The records and the branch first; then the pull request."""
    asked = ("backfill", "--import", "--up-to", "test")
    first = run(*asked)
    assert first.exit_code == 0
    line, summary = first.output.splitlines()
    assert line == "would import churn 1 in dev, test (registered 2026-11-22T10:00:00Z)"
    assert "1 to import into dev, test, 0 left out: 2 records on import/" in summary
    done = run(*asked, "--write", "--newest")
    assert done.exit_code == 0
    assert "2 records: https://forge.example/pull/1 (opened)" in done.output
    assert "2 records: https://forge.example/pull/1 (already open)" in run(*asked, "--write").output
    before.scene.repository.close(1)
    assert "reopen it, or ask for others" in run(*asked, "--write").output


@pytest.mark.parametrize(
    "options",
    [(), ("--write",), ("--import", "--up-to", "test"), ("--import", "--up-to", "dev", "--write")],
)
def test_json_has_the_same(before: Before, options: tuple[str, ...]) -> None:
    """Every form reads, and says what was chosen, what was left out, and how it ends."""
    done = run("backfill", *options, "--format", "json")
    said = json.loads(done.output)
    assert said["exit"] == done.exit_code == 0
    assert (said["head"], said["wrote"]) == (before.scene.repository.tip(), "--write" in options)
    (chosen,) = said["chosen"]
    assert chosen["model"] == "churn"
    outcomes = said["outcomes"] if "outcomes" in said else [said["import"]]
    assert bool([each for each in outcomes if each]) == ("--write" in options)


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_a_service_says_stays_text(
    before: Before, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """A failure is told harmlessly, and the exit code says that something is left."""

    def failing(*_: object) -> None:
        raise AssentError(HOSTILE, hint=HOSTILE)

    monkeypatch.setattr(before.scene.repository, "create_branch", failing)
    done = run("backfill", "--write", "--format", form)
    assert done.exit_code == 12
    assert_harmless(done.output)
    assert ("FAILED" in done.output) == (form == "text")


def test_a_race_is_told(before: Before, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another run opened the very import a moment ago, it says to run again."""

    def taken(*_: object) -> None:
        raise AlreadyThere("one is open")

    monkeypatch.setattr(before.scene.repository, "open_pull_request", taken)
    done = run("backfill", "--import", "--up-to", "dev", "--write")
    assert done.exit_code == 1
    assert "Run again" in done.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--import",), "--import needs --up-to"),
        (("--up-to", "dev"), "go with --import"),
        (("--newest",), "go with --import"),
        (("--import", "--up-to", "dev", "--limit", "3"), "do not go with --import"),
        (("--since", "yesterday"), "it has not the form"),
        (("--limit", "0"), "not in the range"),
    ],
)
def test_what_does_not_go_together_is_usage(options: tuple[str, ...], said: str) -> None:
    """Said before anything is read."""
    done = run("backfill", *options)
    assert done.exit_code == 2
    assert said in done.output


@pytest.mark.usefixtures("before")
def test_an_environment_that_is_none_is_usage() -> None:
    """The ladder is named."""
    done = run("backfill", "--import", "--up-to", "staging")
    assert done.exit_code == 2
    assert "dev" in done.output


def test_nothing_at_all_is_never_green(before: Before) -> None:
    """A glob that matches no model ends with 3."""
    assert run("backfill", "--model", "nothing*").exit_code == 3
    assert run("backfill", "--model", "nothing*", "--import", "--up-to", "dev").exit_code == 3
    seen = before.scene.packages()["churn", 1]
    before.scene.registry.put(
        replace(seen, written_at=before.scene.clock.now(), written_by=HOSTILE)
    )
    assert_harmless(run("backfill").output)
