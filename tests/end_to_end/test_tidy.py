"""Open promotions over HTTP: in front and behind, up to date, and as many as there are places."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from github.PullRequest import PullRequest
from tests.end_to_end import play
from tests.end_to_end.killing import Cuts
from tests.end_to_end.ladder import MODEL, Ladder
from tests.end_to_end.nursery import Child, Nursery
from tests.end_to_end.whole import Clock, Whole

from assent.adapters.system_clock import SystemClock
from assent.core.rendering.pull_request import SUPERSEDED
from assent.sandbox.stage import Stage

LABELS = ["assent", "environment: dev", f"model: {MODEL}"]
AUC = "binary_classification_metrics.auc"


@pytest.fixture
def ladder(ladder: Ladder) -> Iterator[Ladder]:
    """The ladder, on which Assent in this process reads GitHub's clock."""
    with patch.object(SystemClock, "now", lambda _: ladder.clock()):
        yield ladder


def pull_of(ladder: Ladder, number: int) -> PullRequest:
    """A pull request as it stands now."""
    return ladder.stage.repository("ana").get_pull(number)


def labels(ladder: Ladder, number: int) -> list[str]:
    """What it is labelled with."""
    return [label.name for label in pull_of(ladder, number).labels]


def comments(ladder: Ladder, number: int) -> list[tuple[str, str]]:
    """Who said what on it, oldest first."""
    said = pull_of(ladder, number).get_issue_comments()
    return [(each.user.login, each.body) for each in said]


def tidied(ladder: Ladder, *options: str, code: int = 0) -> list[str]:
    """Run `assent tidy` in the clone, brought up to date; what it did, line by line."""
    ladder.clock.tick()
    run = ladder.assent("tidy", *options)
    assert run.exit_code == code, run.output
    *lines, summary = run.output.splitlines()
    assert " open promotion" in summary
    return [line.split(": http")[0] for line in lines]


def assert_tidy(ladder: Ladder) -> None:
    """Another run writes nothing."""
    ladder.stage.ledger.clear()
    assert tidied(ladder) == []
    assert ladder.writes() == []


def configure(ladder: Ladder, old: str, new: str) -> None:
    """The platform team changes assent.yaml, and the Lambda reads it again."""
    content = ladder.stage.repository("ana").get_contents("assent.yaml")
    assert not isinstance(content, list)
    text = content.decoded_content.decode()
    assert text.count(old) == 1, text
    ladder.bring({"assent.yaml": text.replace(old, new).encode()}, "carla")
    play.cold_start()


def in_environment(name: str, setting: str) -> tuple[str, str]:
    """What `configure` takes to give an environment one setting more."""
    return f"  - name: {name}\n", f"  - name: {name}\n    {setting}\n"


def test_a_newer_version_puts_the_older_one_behind(ladder: Ladder) -> None:
    """Said once and labelled; merged after the newer one, the older is what a rollback leads to."""
    ladder.register(1)
    ladder.register(2)
    assert tidied(ladder) == [
        "churn 1 in dev: superseded by 2",
        "churn 1 in dev: page refreshed",
    ]
    older, newer = pull_of(ladder, 1), pull_of(ladder, 2)
    assert labels(ladder, 1) == [*LABELS, SUPERSEDED]
    assert labels(ladder, 2) == LABELS
    ((by, said),) = comments(ladder, 1)
    assert by == "assent[bot]"
    assert newer.html_url in said
    assert newer.html_url in older.body
    assert older.html_url not in newer.body
    assert_tidy(ladder)

    ladder.merge(2, "ana")
    assert tidied(ladder) == ["churn 1 in dev: page refreshed"]
    assert "current stays 2" in pull_of(ladder, 1).body
    assert comments(ladder, 1) == [(by, said)]
    ladder.merge(1, "ben")
    ladder.resolve("dev", 2)
    assert_tidy(ladder)
    assert labels(ladder, 1) == [*LABELS, SUPERSEDED]


def test_closing_the_newer_brings_the_older_to_the_front(ladder: Ladder) -> None:
    """The label goes, and the page names nothing newer; it is as it was at first."""
    ladder.register(1)
    at_first = pull_of(ladder, 1).body
    ladder.register(2)
    tidied(ladder)
    ladder.close(2, "ana")
    assert tidied(ladder) == [
        "churn 1 in dev: superseded no more",
        "churn 1 in dev: page refreshed",
    ]
    assert labels(ladder, 1) == LABELS
    assert pull_of(ladder, 1).body == at_first
    assert len(comments(ladder, 1)) == 1
    assert_tidy(ladder)


def test_another_champion_refreshes_the_page(ladder: Ladder) -> None:
    """It compares with what is live now; what people wrote beside it and below it stays."""
    ladder.register(1)
    ladder.register(2)
    theirs = ladder.stage.repository("zoe").get_pull(2)
    before = theirs.body
    assert "the first that inference there runs" in before
    theirs.edit(body=f"Ben, please look.\r\n\r\n{before}\r\nAnd mind the south.")
    theirs.create_issue_comment("Which data?")
    ladder.merge(1, "ana")
    assert tidied(ladder) == ["churn 2 in dev: page refreshed"]
    body = pull_of(ladder, 2).body
    assert body.startswith("Ben, please look.\n\n<!-- assent: page -->\n")
    assert body.endswith("<!-- assent: end -->\n\nAnd mind the south.\n")
    assert "in place of **1**" in body
    assert "the first that inference there runs" not in body
    assert comments(ladder, 2) == [("zoe", "Which data?")]
    assert_tidy(ladder)

    theirs.edit(body="")
    assert tidied(ladder) == ["churn 2 in dev: page refreshed"]
    assert pull_of(ladder, 2).body in body
    assert_tidy(ladder)


def test_places_are_kept(ladder: Ladder) -> None:
    """Of three versions one is asked about at a time, in the order of their evidence."""
    configure(ladder, *in_environment("dev", "max_open: 1"))
    for version in (1, 2, 3):
        ladder.register(version)
    assert [pull.title for pull in ladder.stage.pull_requests()] == ["Promote churn 1 to dev"]
    repository = ladder.stage.repository("ana")
    for version in (2, 3):
        branch, path = f"promote/dev/churn/{version}", f"promotions/dev/churn/{version}.yaml"
        assert repository.get_contents(path, ref=branch)
    assert_tidy(ladder)

    (first,) = ladder.stage.pull_requests()
    ladder.merge(first.number, "ana")
    (line,) = tidied(ladder)
    assert line == "churn 2 in dev"
    (second,) = ladder.stage.pull_requests()
    assert second.title == "Promote churn 2 to dev"
    assert labels(ladder, second.number) == LABELS
    assert "in place of **1**" in second.body
    assert_tidy(ladder)
    ladder.announce(3)  # again, and there is no place
    assert len(ladder.stage.pull_requests()) == 1

    ladder.close(second.number, "ben")
    assert tidied(ladder) == ["churn 3 in dev"]
    (third,) = ladder.stage.pull_requests()
    assert third.title == "Promote churn 3 to dev"
    ladder.merge(third.number, "ana")
    ladder.resolve("dev", 3)
    assert_tidy(ladder)


def test_a_waiver_shows_on_the_page(ladder: Ladder) -> None:
    """Somebody edits the record on the branch, and the page says what that comes to."""
    gate = f"{{id: auc-floor, metric: {AUC}, at_least: 0.99}}"
    configure(ladder, *in_environment("dev", f"gates: [{gate}]"))
    ladder.register(1)
    (pull,) = ladder.stage.pull_requests()
    assert verdict(pull.body) == "fails"
    path, branch = "promotions/dev/churn/1.yaml", pull.head.ref
    repository = ladder.stage.repository("zoe")
    there = repository.get_contents(path, ref=branch)
    assert not isinstance(there, list)
    waived = b'waivers:\n  - {gate: auc-floor, reason: "recall is what counts", asked_by: "zoe"}\n'
    text = there.decoded_content.replace(b"waivers: []\n", waived)
    repository.update_file(path, "Ask for a waiver", text, there.sha, branch=branch)
    assert tidied(ladder) == ["churn 1 in dev: page refreshed"]
    assert verdict(pull_of(ladder, pull.number).body) == "waived"
    assert_tidy(ladder)


def verdict(body: str) -> str:
    """What a page says of the one gate."""
    (line,) = [line for line in body.splitlines() if line.startswith("|") and "`auc-floor`" in line]
    found = [word for word in ("fails", "waived", "holds") if f"**{word}**" in line]
    return found[0] if found else line


def test_the_end_of_a_soak_shows_on_the_page(ladder: Ladder) -> None:
    """The page says until when it waits; that it is over is news, and the check runs again."""
    configure(ladder, *in_environment("test", "soak: 24h"))
    ladder.register(1)
    (pull,) = ladder.stage.pull_requests()
    ladder.merge(pull.number, "ana")
    ladder.score(1, "dev")
    (above,) = ladder.stage.pull_requests()
    assert above.title == "Promote churn 1 to test"
    decisions = play.parameters(ladder.stage)["dev/churn/versions/1"]["decisions"]
    since = decisions[-1]["applied_at"]
    assert since in above.body
    assert_tidy(ladder)
    ladder.clock._ahead += timedelta(hours=23)
    assert_tidy(ladder)
    ladder.clock._ahead += timedelta(hours=1)
    assert tidied(ladder) == ["churn 1 in test: page refreshed"]
    assert "1 d in dev first" not in pull_of(ladder, above.number).body
    assert_tidy(ladder)


def test_what_nothing_changed_about_costs_one_listing(ladder: Ladder) -> None:
    """Besides the token: one request of GitHub for any number of open pull requests."""
    for version in (1, 2, 3):
        ladder.register(version)
    tidied(ladder)
    ladder.stage.ledger.clear()
    assert tidied(ladder, "--env", "dev") == []
    calls = ladder.stage.ledger.calls
    asked = [call.operation.rsplit("/", 1)[-1] for call in calls if call.service == "github"]
    assert asked[-2:] == ["access_tokens", "graphql"]
    assert asked.count("graphql") == 1
    reads = [call.operation for call in calls if call.service == "aws"]
    assert sorted(reads) == ["DescribeModelPackage"] * 3 + ["GetCallerIdentity", "GetParameters"]


@pytest.fixture
def clock() -> Clock:
    """GitHub's, and that of every child."""
    return Clock()


def test_killed_at_any_call_the_next_run_ends_the_same(
    tmp_path: Path, clock: Clock, nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one version superseded, a page out of date, and one that waits for the free place."""
    monkeypatch.setattr(SystemClock, "now", lambda _: clock())
    with Stage(tmp_path / "stage", now=clock) as stage:
        for name, value in stage.environment().items():
            monkeypatch.setenv(name, value)
        changes = [("  - name: dev\n", "  - name: dev\n    max_open: 3\n")]
        asked = play.edit(stage, "assent.yaml", changes, by="zoe")
        play.accept(stage, asked.number, by="carla")
        versions = []
        for _ in range(4):
            versions.append(play.train(stage))
            clock.tick()
            assert play.deliver(versions[-1].event) == []
        assert len(stage.pull_requests()) == 3
        play.accept(stage, stage.pull_requests()[1].number)
        clock.tick()
        assert play.apply(stage).exit_code == 0
        clock.tick()
        clone = str(stage.clone(tmp_path / "clone"))

        def tidying() -> Child:
            arguments = ("tidy", "--repository", clone)
            return nursery.command(*arguments, environment=stage.environment(), now=clock.time)

        cuts = Cuts(Whole(stage, versions), clock, tidying)
        pulls = {pull.title: pull for pull in stage.pull_requests()}
        assert "Promote churn 4 to dev" in pulls
        superseded = [
            pull.title
            for pull in pulls.values()
            if SUPERSEDED in [label.name for label in pull.labels]
        ]
        assert superseded == ["Promote churn 1 to dev", "Promote churn 3 to dev"]
        assert "in place of **2**" in pulls["Promote churn 3 to dev"].body
        assert sum(call.writes for call in cuts.calls) >= 8
        cuts.assert_healed()
