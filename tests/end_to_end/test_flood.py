"""A thousand registrations and a thousand batch inferences at once, and GitHub's limits in the way.

The Lambda's handler is the one that is deployed, and asks GitHub by PyGithub over HTTP. Time is
made up, so that the hours that the limits take pass in a minute (`fast_forward`). For thousands,
queue and AWS are in memory (`event_source`, `crowd`); a smaller flood passes the real ones.
"""

import json
import logging
import re
import subprocess
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from benchmarks.tree import CREATED
from tests.end_to_end import play
from tests.end_to_end.crowd import Asked, Crowd, register_all
from tests.end_to_end.event_source import EventSource
from tests.end_to_end.fast_forward import flying_time, quick_git

from assent import lambda_handler
from assent.adapters.aws_session import AwsFailed
from assent.adapters.memory import SettableClock
from assent.core.names import RecordId
from assent.sandbox.github.content_limit import ContentLimit
from assent.sandbox.stage import REPOSITORY, Stage
from assent.wiring import Proposer

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:assent-propose"
RECEIVED_AT_MOST = 100
"""`maxReceiveCount` of the queue before the Lambda: each wait for GitHub is a delivery too."""
AN_HOUR = 500
"""Writes that GitHub takes; 80 of them in a minute."""
WRITES = 4
"""Of one promotion: branch, file, pull request, labels."""
TWICE = 10
"""Every so many messages one arrives twice, as EventBridge and SQS may let it."""
WASTE = 1.15
"""How many calls to GitHub a flood may take for each that it takes without limits."""
LATENESS = 1.25
"""How much time it may take, for each hour that the limits make it take."""
CALLS_AN_HOUR = 5_000
"""GitHub's primary limit for an App in a small organization."""
_OPEN = re.compile(
    r"(?P<id>.+): (?P<url>http://\S+/pull/[0-9]+) "
    r"\((opened|completed an earlier attempt|already open)\)"
)


class LastWords(logging.Logger):
    """A log that keeps what was said last of each message, by its id.

    It is no part of logging's own tree, where pytest would keep every one of many thousand lines.
    """

    def __init__(self) -> None:
        super().__init__("flood", logging.INFO)
        self.of: dict[str, str] = {}

    def handle(self, record: logging.LogRecord) -> None:
        """See `logging.Logger`."""
        about = vars(record).get("message_id")
        if about is not None:
            self.of[about] = record.getMessage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A stage on which time flies, and what is noted there."""

    stage: Stage
    clock: SettableClock
    words: LastWords
    calls: list[datetime]
    """When GitHub was called."""

    def sample(self, crowd: Crowd) -> tuple[list[RecordId], float]:
        """Let some be proposed without limits; what, and how many calls to GitHub each took."""
        first, *others = crowd.samples()
        assert play.deliver(first.body) == []  # with it come a token and the configuration
        self.calls.clear()
        assert play.deliver(*(each.body for each in others)) == []
        clean = len(self.calls) / len(others)
        self.calls.clear()
        return [each.promotes for each in (first, *others) if each.promotes], clean

    def busiest_hour(self) -> int:
        """The most calls to GitHub within any hour."""
        hour = timedelta(hours=1)
        return max(
            bisect_left(self.calls, at + hour) - place for place, at in enumerate(self.calls)
        )

    def git(self, *arguments: str) -> list[str]:
        """Lines of what git says of the promotion repository."""
        bare = self.stage.hub.repository_path(REPOSITORY)
        command = ["git", "--git-dir", str(bare), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    def require_pull_requests(self, wanted: Sequence[RecordId]) -> Mapping[str, RecordId]:
        """Hold that each record has one complete pull request, and that there is nothing else.

        Returns:
            The records by the pull requests' addresses.
        """
        found = {}
        for pull in self.stage.pull_requests(state="all"):
            _, environment, model, version = pull.head.ref.split("/")
            found[pull.html_url] = RecordId(environment, model, int(version))
            assert pull.state == "open"
            assert pull.title == f"Promote {model} {version} to {environment}"
            assert [label.name for label in pull.labels] == [
                "assent",
                f"environment: {environment}",
                f"model: {model}",
            ]
        assert Counter(found.values()) == Counter(wanted)
        branches = self.git("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/promote")
        assert sorted(branches) == sorted(
            f"promote/{id_.environment}/{id_.model}/{id_.version}" for id_ in wanted
        )
        added = self.git("log", "--branches", "--not", "main", "--format=", "--name-only")
        assert sorted(added) == sorted(id_.path for id_ in wanted)
        return found

    def require_answers(self, messages: Mapping[str, Asked], pulls: Mapping[str, RecordId]) -> None:
        """Hold that the log's last word on each message is its pull request, or why it has none."""
        for id_, asked in messages.items():
            said = self.words.of[id_]
            if asked.promotes is None:
                assert asked.why in said
            else:
                match = _OPEN.fullmatch(said)
                assert match is not None, said
                assert match["id"] == str(pulls[match["url"]]) == str(asked.promotes)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A stage of its own, whose GitHub reads the clock that flies."""
    clock, words = SettableClock(CREATED + timedelta(days=1)), LastWords()
    monkeypatch.setattr(lambda_handler, "_logger", words)
    with ExitStack() as stack:
        stack.enter_context(quick_git())
        stage = stack.enter_context(Stage(tmp_path / "stage", now=clock.now))
        for name, value in stage.environment().items():
            monkeypatch.setenv(name, value)
        calls = stack.enter_context(flying_time(stage, clock))
        yield Scene(stage=stage, clock=clock, words=words, calls=calls)


def test_the_queue_hands_out_and_gives_up_as_sqs_does() -> None:
    """What fails comes back when it is visible again, or was wanted; at last it is given up."""
    clock = SettableClock()
    start = clock.now()
    queue = EventSource(clock, arn=QUEUE, attempts=3)
    names = {queue.send(body): body for body in ("done", "failing", "later", *"abcdefgh")}
    seen: list[tuple[float, list[str]]] = []

    def function(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
        records = event["Records"]
        seen.append(((clock.now() - start).total_seconds(), [record["body"] for record in records]))
        failed = [record for record in records if record["body"] == "failing"]
        if len(seen) == 1:
            queue.postpone(QUEUE, records[2]["receiptHandle"], 60)
            failed.append(records[2])
        return {"batchItemFailures": [{"itemIdentifier": each["messageId"]} for each in failed]}

    drained = queue.drain(function)

    first = ["done", "failing", "later", *"abcdefg"]
    assert seen == [
        (0, first),
        (0, ["h"]),
        (60, ["later"]),
        (180, ["failing"]),
        (360, ["failing"]),
    ]
    assert [names[message.id] for message in drained.dead] == ["failing"]
    assert [message.received for message in drained.done] == [1] * 9 + [2]
    with pytest.raises(AwsFailed):
        queue.postpone(QUEUE, drained.done[0].receipt, 60)  # it is not in flight any more


def test_a_flood_ends_as_one_pull_request_each(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two thousand at once, some twice, some to be refused: each is answered, none is lost.

    It takes little more time than GitHub's limits do, and hardly more calls than without them.
    """
    crowd = Crowd(scene.stage, models=20, versions=50)
    read_world = Proposer._read_world
    monkeypatch.setattr(Proposer, "_read_world", lambda self: crowd.seen_from(read_world(self)))
    proposed, clean = scene.sample(crowd)
    asked = [*crowd.registrations(), *crowd.inferences()]
    promoted = [each.promotes for each in asked if each.promotes]
    assert len(set(promoted)) == 2_000
    queue = EventSource(scene.clock, arn=QUEUE, attempts=RECEIVED_AT_MOST)
    monkeypatch.setattr(lambda_handler, "queue_from_environment", lambda: queue)
    scene.stage.hub.content_limit = ContentLimit(a_minute=80, an_hour=AN_HOUR)
    start = scene.clock.now()

    sent = [*asked, *crowd.refusals(), *asked[::TWICE]]
    messages = {queue.send(each.body): each for each in sent}
    drained = queue.drain(lambda_handler.handler)

    assert len(drained.done) == len(messages) == len(sent)
    assert (drained.dead, drained.expired) == ([], [])
    pulls = scene.require_pull_requests([*proposed, *promoted])
    scene.require_answers(messages, pulls)
    full_hours = len(promoted) * WRITES // AN_HOUR - 1  # the first are written before one is over
    assert scene.clock.now() - start <= LATENESS * timedelta(hours=full_hours)
    assert drained.postponed > len(messages)
    assert len(scene.calls) <= WASTE * clean * len(promoted)
    assert scene.busiest_hour() <= CALLS_AN_HOUR
    assert max(message.received for message in drained.done) <= RECEIVED_AT_MOST / 2


def test_a_smaller_flood_passes_the_real_queue(scene: Scene) -> None:
    """By EventBridge, SQS and boto3, with lower limits, it ends as the large one does."""
    stage, asked = scene.stage, register_all(scene.stage, 20)
    intake = stage.aws.intake(attempts=RECEIVED_AT_MOST)
    sent = [*asked, *asked[::TWICE]]
    stage.aws.emit(*(json.loads(each.body) for each in sent))
    assert len(intake) == len(sent)
    stage.hub.content_limit = ContentLimit(a_minute=20, an_hour=100)
    stage.ledger.clear()

    drained = intake.drain(lambda_handler.handler, passed=scene.clock.advance)

    assert (drained.handled, drained.errors, intake.dead_letters) == (len(sent), [], ())
    pulls = scene.require_pull_requests([each.promotes for each in asked if each.promotes])
    ends = [match for said in scene.words.of.values() if (match := _OPEN.fullmatch(said))]
    assert Counter(match["id"] for match in ends) == Counter(str(each.promotes) for each in sent)
    assert all(match["id"] == str(pulls[match["url"]]) for match in ends)
    written = Counter(
        call.operation for call in stage.ledger.calls if call.service == "aws" and call.writes
    )
    assert written == {"ChangeMessageVisibility": drained.failures}
    assert drained.failures > len(sent)
