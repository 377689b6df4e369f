"""What an audit answers where it cannot know, or where it was asked wrongly: never a wrong word."""

import csv
import io
import subprocess
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from tests.attacks.siege import Siege
from tests.end_to_end import play

from assent.adapters.github_receipts import GitHubReceipts
from assent.adapters.system_clock import SystemClock
from assent.core.timestamps import written
from assent.ports import Unavailable
from assent.sandbox.stage import REPOSITORY


def refusing(*_: object) -> str:
    """GitHub takes no receipts."""
    raise Unavailable("GitHub is away")


def test_receipts_that_could_not_be_written_hide_nothing_of_what_was_live(siege: Siege) -> None:
    """`current` named version 2 from the first run on; its receipt only came hours later."""
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")
    with patch.object(GitHubReceipts, "append", refusing):
        assert siege.apply().exit_code == 12
    assert play.current(siege.stage) == 2
    start = datetime.now(tz=UTC)
    between = written(start + timedelta(hours=1))
    with patch.object(SystemClock, "now", lambda _: datetime.now(tz=UTC) + timedelta(hours=2)):
        before = siege.json("audit", "churn", "--env", "dev", "--at", between)
        assert siege.apply().exit_code == 0
        said = siege.json("audit", "churn", "--env", "dev", "--at", between)
    assert [each["version"] for each in before["live"]] == [2]
    assert before["exit"] == 10  # what inference runs has no receipt yet
    told = {each["version"]: each for each in said["events"]}
    assert told[2]["at"] < between  # the decision is told to have taken effect before
    (live,) = said["live"]
    assert (live["version"], live["since"], said["exit"]) == (2, told[2]["at"], 0)
    assert told[1]["ended_at"] == told[2]["live"][0]["since"] == told[2]["at"]


@pytest.mark.parametrize("fetched", [False, True])
def test_a_clone_that_is_behind_accuses_nobody(siege: Siege, *, fetched: bool) -> None:
    """Nor one that has what was applied and has not checked it out; it is told what to do."""
    clone = siege.stage.clone(siege.folder / "behind")
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")
    assert siege.apply().exit_code == 0
    if fetched:
        bare = siege.stage.hub.repository_path(REPOSITORY)
        branches = "+refs/heads/*:refs/remotes/origin/*"
        subprocess.run(["git", "-C", clone, "fetch", "--quiet", bare, branches], check=True)
    for options in ((), ("churn",)):
        said = play.assent("audit", *options, "--repository", clone)
        assert (said.exit_code, "GAP" in said.output) == (1, False), said.output
        assert "the clone is behind" in said.output
        assert "git pull" in said.output


def test_a_gap_of_the_registry_names_model_and_version(siege: Siege) -> None:
    """Programs find by them what an ARN hides."""
    siege.stage.aws.sagemaker.update_model_package(
        ModelPackageArn=siege.live.arn, ModelApprovalStatus="Rejected"
    )
    (gap,) = siege.json("audit", "churn")["gaps"]
    assert (gap["gap"], gap["model"], gap["version"]) == ("registry-differs", "churn", 1)


def test_a_closing_without_effect_tells_whose_it_was(siege: Siege) -> None:
    """As its receipt does: who closed which pull request."""
    _, pull = siege.proposed()
    siege.clock.tick()
    siege.stage.close(pull.number, "zoe")
    siege.apply()
    events = siege.json("audit", "churn")["events"]
    (event,) = [each for each in events if each["event"] == "closing-without-effect"]
    assert event["by"] == ["zoe"]
    assert event["pull_request"] == pull.html_url


def test_gaps_are_named_in_csv_with_a_moment(siege: Siege) -> None:
    """No exit code 10 without a word why."""
    siege.stage.aws.ssm.put_parameter(
        Name="/assent/dev/churn/current", Value="{}", Type="String", Overwrite=True
    )
    clone = siege.stage.clone(siege.folder / "reading")
    now = written(datetime.now(tz=UTC))
    said = play.assent("audit", "--repository", clone, "--at", now, "--format", "csv")
    assert said.exit_code == 10
    rows = list(csv.DictReader(io.StringIO(said.stdout)))
    assert [row["gap"] for row in rows] == ["", "parameter-unreadable"]
    assert rows[1]["source"] == "/assent/dev/churn/current"
