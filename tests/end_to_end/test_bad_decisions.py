"""Decisions that are none, and reasons that are too much: told apart, said, and kept in bounds."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.end_to_end import play
from tests.end_to_end.climb import climb, opened, owner, rejected, settle, several_accounts
from tests.end_to_end.whole import Clock, Whole

from assent.sandbox.stage import Stage

HOSTILE = "@acme/everyone fixes #1 <img src=x> [a](https://evil.test) `|` {{ssm:x}} ::error::x\r\n"
LONG = (HOSTILE + "\x00\x1b[31m\u202e\U0001f600\ttoo old\n\n" * 5) * 200
"""More than 10,000 characters, of every kind."""


@pytest.fixture
def clock() -> Clock:
    """GitHub's."""
    return Clock()


@pytest.fixture
def stage(tmp_path: Path, clock: Clock) -> Iterator[Stage]:
    """Several accounts; uat's topic is told."""
    with several_accounts(tmp_path, clock, topics=["uat"]) as running:
        yield running


def assert_one_line(reason: str, longest: int) -> None:
    """See that a reason is text that every place can hold."""
    assert 0 < len(reason) <= longest
    assert not re.search(r"[\x00-\x1f\x7f\u202e]", reason)


def test_a_rejections_reason_is_kept_in_bounds(stage: Stage, clock: Clock) -> None:
    """10,000 characters with new lines and controls become a line that every service takes."""
    version = play.train(stage)
    pull = climb(stage, clock, version, "uat")
    stage.repository(owner("uat")).get_pull(pull.number).create_issue_comment(LONG)
    clock.tick()
    stage.close(pull.number, owner("uat"))
    clone = stage.clone(stage.root.parent / "clone")
    recorded = play.assent("reject", str(pull.number), "--repository", clone)
    assert recorded.exit_code == 0, recorded.output
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", recorded.output)

    name = "/assent/uat/churn/versions/1"
    text = stage.ssm("uat").get_parameter(Name=name)["Parameter"]["Value"]
    assert len(text.encode()) <= 4096
    assert "{{" not in text
    (decision,) = json.loads(text)["decisions"]
    assert decision["status"] == "Rejected"
    assert_one_line(decision["reason"], 300)
    fields = play.fields(stage, version)
    assert fields["CustomerMetadataProperties"]["uat"] == "Rejected"
    assert_one_line(fields["ApprovalDescription"], 1024)
    *_, comment = stage.repository("ana").get_issue(pull.number).get_comments()
    assert comment.user.login == "assent[bot]"
    outside = "".join(comment.body.split("``")[::2])
    for active in ("@acme", "#1", "<img", "evil.test", "\x1b", "\u202e"):
        assert active not in outside
    (told,) = [each for each in stage.published("uat") if "evil.test" in each.text]
    assert told.subject is not None
    assert told.subject.isascii()
    assert told.subject.isprintable()


def test_a_retirements_reason_is_kept_in_bounds(stage: Stage, clock: Clock) -> None:
    """What a record cannot hold is refused before anything is written; the rest is one line."""
    version = play.train(stage)
    settle(stage, clock, climb(stage, clock, version, "dev"))
    clone = stage.clone(stage.root.parent / "clone")
    whole = Whole(stage, [version])
    before = whole.picture()
    stage.ledger.clear()
    for reason, words in (
        (LONG, "a record holds 500"),
        ("\n\x00 \t", "a retirement needs a reason"),
        ("", "a retirement needs a reason"),
    ):
        asked = ("retire", "churn", "1", "--env", "dev", f"--reason={reason}")
        refused = play.assent(*asked, "--repository", clone)
        assert (refused.exit_code, words in refused.output) == (2, True), refused.output
    assert whole.picture() == before
    assert stage.ledger.count("github", writes=True) == 0

    asked = ("retire", "churn", "1", "--env", "dev", f"--reason={LONG[:480]}")
    assert play.assent(*asked, "--repository", clone).exit_code == 0
    (pull,) = stage.pull_requests()
    there = stage.repository("ana").get_contents("promotions/dev/churn/1.yaml", pull.head.ref)
    assert not isinstance(there, list)
    assert_one_line(yaml.safe_load(there.decoded_content)["reason"], 500)
    settle(stage, clock, pull)
    assert play.current(stage) is None


def test_what_was_never_approved_is_not_retired(stage: Stage, clock: Clock) -> None:
    """Unknown, waiting, rejected and retired versions are told apart; nothing is opened."""
    versions = [play.train(stage) for _ in range(3)]
    settle(stage, clock, opened(stage, clock, versions[0].event))
    opened(stage, clock, versions[1].event)
    rejected(stage, clock, opened(stage, clock, versions[2].event), by=owner("dev"))
    clone = stage.clone(stage.root.parent / "clone")
    asked = ("--env", "dev", "--reason", "it drifts", "--repository", clone)
    assert play.assent("retire", "churn", "1", *asked).exit_code == 0
    settle(stage, clock, stage.pull_requests()[-1])
    assert play.apply(stage).exit_code == 0
    whole = Whole(stage, versions)
    before = whole.picture()
    for model, version, code, words in (
        ("churn", 1, 10, "churn 1 in dev is retired already: 'it drifts'"),
        ("churn", 2, 3, "main holds no record of churn 2 in dev, so there is nothing to retire"),
        ("churn", 3, 3, "main holds no record of churn 3 in dev, so there is nothing to retire"),
        ("churn", 9, 3, "main holds no record of churn 9 in dev, so there is nothing to retire"),
        ("nobody", 1, 3, "main holds no record of nobody 1 in dev, so there is nothing to"),
        ("../../main", 1, 1, "'../../main' 1 cannot be a version of a model"),
        ("a\nb", 1, 1, "'a\\nb' 1 cannot be a version of a model"),
    ):
        refused = play.assent("retire", model, str(version), *asked)
        assert (refused.exit_code, words in refused.output) == (code, True), refused.output
    assert whole.picture() == before
