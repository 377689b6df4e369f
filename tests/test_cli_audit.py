"""The commands `audit` and `verify`, over a trail made by hand."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from tests.command_line import HOSTILE, assert_harmless, leave_out_surroundings, run
from tests.flows.trail import Trail, promoted

from assent.core.statements import StatementKind
from assent.core.timestamps import written
from assent.flows.wanted import World
from assent.ports import Unavailable


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_surroundings(monkeypatch)


@pytest.fixture
def trail(monkeypatch: pytest.MonkeyPatch) -> Trail:
    made = promoted()

    @contextmanager
    def opened(_repository: Path, *, writing: bool) -> Iterator[World]:
        assert not writing
        made.publish()
        yield made.world()

    monkeypatch.setattr("assent.wiring.open_world", opened)
    monkeypatch.setattr(
        "assent.adapters.git.GitRepository", lambda _path: nullcontext(made.objects)
    )
    return made


def refuse_with_hostile_words(trail: Trail) -> None:
    """A refusal whose words a terminal would act on; JSON cannot carry the surrogate in them."""
    words = HOSTILE.replace("\ud800", "")
    what = {
        "model": "churn",
        "version": 9,
        "path": "promotions/dev/churn/9.yaml",
        "blob": "",
        "reason": "direct-push",
        "detail": words,
        "pull_request": words,
    }
    trail.receipt("dev", StatementKind.REFUSED, what)


@pytest.mark.usefixtures("trail")
def test_a_table_tells_each_decision_and_that_the_trail_is_whole() -> None:
    """One line each, who approved on which commit, how it ended; code 0."""
    result = run("audit")
    assert result.exit_code == 0
    header, first, *_, gaps, summary = result.stdout.rstrip("\n").split("\n")
    assert header.split()[:4] == ["environment", "model", "version", "what"]
    assert first.split()[:6] == ["dev", "churn", "1", "Approved", "ana", "e" * 12]
    assert first.endswith("whole")
    assert gaps == "no gaps"
    assert summary.startswith("the trail is whole: 5 events, 9 receipts, ")


def test_a_gap_is_named_and_the_code_is_ten(trail: Trail) -> None:
    """After the table, one line each; hostile words are shown and do nothing."""
    refuse_with_hostile_words(trail)
    trail.commit({"promotions/dev/churn/4.yaml": trail.record(4)})
    trail.stores["dev"].values["/assent/dev/churn/versions/1"] = HOSTILE
    for form in ("table", "json", "csv"):
        result = run("audit", "--format", form)
        assert result.exit_code == 10
        assert_harmless(result.output)
        assert "undecided" in result.stdout
        assert "parameter-unreadable" in result.stdout


def test_json_tells_everything(trail: Trail) -> None:
    """Scope, anchors, events with their approvals, gaps."""
    result = run("audit", "churn", "--env", "dev", "--version", "2", "--format", "json")
    values = json.loads(result.stdout)
    assert result.exit_code == 0
    assert values["scope"]["model"] == "churn"
    assert values["anchors"]["main"] == trail.head
    assert [each["decision"] for each in values["events"]] == ["Approved", "Retired"]
    (approval,) = values["events"][0]["approvals"]
    assert (approval["by"], approval["commit"], approval["counted"]) == ("ana", "e" * 40, True)
    assert values["gaps"] == []


def test_csv_is_one_row_an_event_and_one_a_gap(trail: Trail) -> None:
    """No cell is a formula, whatever a receipt says."""
    refuse_with_hostile_words(trail)
    trail.reword("dev", len(trail.chains["dev"]), pull_request="=cmd|' /C calc'!A0")
    trail.commit({"promotions/dev/churn/4.yaml": trail.record(4)})
    result = run("audit", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert {row["event"] for row in rows} == {
        *("decision", "closing", "refused", "undecided", "gap"),
    }
    assert not [cell for row in rows for cell in row.values() if cell[:1] in {"=", "+", "-", "@"}]
    assert len({len(row) for row in rows}) == 1


def test_it_tells_what_was_live_then(trail: Trail) -> None:
    """At a moment, in every environment, with the pull request and who approved it."""
    moment = written(trail.clock.now())
    result = run("audit", "--at", moment)
    assert result.exit_code == 0
    head, header, dev, prod, *_ = result.stdout.split("\n")
    assert head == f"live at {moment}"
    assert header.split()[:3] == ["environment", "model", "version"]
    assert dev.split()[:3] == ["dev", "churn", "1"]
    assert "ana" in prod.split()
    values = json.loads(run("audit", "--at", moment, "--format", "json").stdout)
    assert [(each["environment"], each["version"]) for each in values["live"]] == [
        ("dev", 1),
        ("prod", 1),
    ]
    rows = list(csv.DictReader(io.StringIO(run("audit", "--at", moment, "--format", "csv").stdout)))
    assert [row["version"] for row in rows] == ["1", "1"]
    nothing = run("audit", "--at", "2020-01-01T00:00:00Z")
    assert nothing.stdout.startswith("nothing is known to have been live at 2020-01-01T00:00:00Z")


def test_a_bundle_is_written_and_verifies(trail: Trail, tmp_path: Path) -> None:
    """The same verdict, the anchors, and what cannot be proven; a change of a byte is refused."""
    place = tmp_path / "out.zip"
    assert run("audit", "--bundle", place).exit_code == 0
    result = run("verify", place)
    assert result.exit_code == 0
    assert f"main            {trail.head}" in result.stdout
    assert "git verify-commit" in result.stdout
    assert_harmless(result.output)
    told = json.loads(run("verify", place, "--format", "json").stdout)
    assert told["gaps"] == []
    assert f"bundle          {told['bundle']}\n" in result.stdout
    place.write_bytes(place.read_bytes()[:-1] + b"\x01")
    spoilt = run("verify", place)
    assert (spoilt.exit_code, spoilt.stdout) == (1, "")
    assert spoilt.stderr.startswith("assent: this is no bundle as it was written")


def test_nobody_knows_what_will_be_live(trail: Trail, tmp_path: Path) -> None:
    """A moment after the one of reading is usage; a bundle was read when it was made."""
    place = tmp_path / "out.zip"
    read_at = trail.clock.now()
    assert run("audit", "--at", written(read_at), "--bundle", place).exit_code == 0
    for command in (("audit",), ("verify", place)):
        assert run(*command, "--at", written(read_at)).exit_code == 0
        result = run(*command, "--at", written(read_at + timedelta(seconds=1)))
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"read at {written(read_at)}; later is not known" in result.stderr


@pytest.mark.parametrize(
    "narrower",
    [
        ("chrun",),
        ("churn", "--version", "7"),
        ("--since", "2027-01-01T00:00:00Z"),
        ("churn", "--until", "2020-01-01T00:00:00Z"),
    ],
)
@pytest.mark.usefixtures("trail")
def test_what_nobody_ever_did_is_not_called_whole(narrower: tuple[str, ...]) -> None:
    """A misspelt model, a version or a time without an event: nothing was judged, and code 3."""
    result = run("audit", *narrower)
    assert result.exit_code == 3
    assert result.stdout.startswith("nothing that was asked for is there, so nothing was judged: ")
    assert "whole" not in result.output
    assert json.loads(run("audit", *narrower, "--format", "json").stdout)["exit"] == 3


def test_csv_has_the_booleans_of_json_and_one_gap_is_one(trail: Trail) -> None:
    """`true` and `false`; `1 gap`."""
    result = run("audit", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert {row["recovered"] for row in rows} == {"false"}
    trail.commit({"promotions/dev/churn/4.yaml": trail.record(4)})
    assert "\n1 gap: 6 events" in run("audit").stdout


def test_what_was_live_and_is_not_known_is_told_so(trail: Trail) -> None:
    """In each form, with the moments between which nobody knows."""
    start = trail.chains["dev"][-1].at
    between = written(start + timedelta(hours=1))
    name = "/assent/dev/churn/current"
    what = {**trail.chains["dev"][3].what, "was": 1}
    assert what["becomes"] == 2
    trail.stores["dev"].values[name] = what["value"]
    trail.clock.advance(timedelta(hours=2))
    trail.receipt("dev", StatementKind.CURRENT, what, recovered=True)
    end = written(trail.clock.now())
    moment = ("audit", "churn", "--env", "dev", "--at", between)
    _, _, line, *_ = run(*moment).stdout.split("\n")
    assert line.split()[:4] == ["dev", "churn", "unknown", "-"]
    assert f"(unknown between {written(start)} and {end})" in line
    (live,) = json.loads(run(*moment, "--format", "json").stdout)["live"]
    assert (live["version"], live["since"], live["by"]) == (None, None, [])
    assert (live["unknown_from"], live["unknown_until"]) == (written(start), end)
    row, *_ = csv.DictReader(io.StringIO(run(*moment, "--format", "csv").stdout))
    assert (row["version"], row["unknown_from"], row["unknown_until"]) == (
        "unknown",
        written(start),
        end,
    )


def test_no_bundle_is_written_of_what_could_not_be_read(
    trail: Trail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code 1, and no file that would pass for a whole one."""
    place = tmp_path / "out.zip"

    def silent(_path: str, /) -> Iterator[tuple[str, str]]:
        raise Unavailable("Parameter Store does not answer")

    monkeypatch.setattr(trail.stores["prod"], "read_below", silent)
    result = run("audit", "--bundle", place)
    assert result.exit_code == 1
    assert "assent: Parameter Store does not answer" in result.stderr
    assert "no bundle was written" in result.stderr
    assert "dev" in result.stdout
    assert not place.exists()


@pytest.mark.usefixtures("trail")
def test_wrong_options_are_usage() -> None:
    """A version without a model; a time, an environment or a model's name that is none."""
    for wrong in (
        ("--version", "1"),
        ("--at", "yesterday"),
        ("--since", "2026-02-31T00:00:00Z"),
        ("--env", "nowhere"),
        ("--since", "2027-01-01T00:00:00Z", "--until", "2026-01-01T00:00:00Z"),
    ):
        assert run("audit", *wrong).exit_code == 2
    assert run("audit", "../x").exit_code == 1
