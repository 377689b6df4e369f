"""The same event, many times at once: what SQS and EventBridge may do, and the name prevents."""

import itertools
import json
import threading
from typing import Any

from tests.end_to_end import play
from tests.end_to_end.nursery import Nursery

from assent.contracts import load_contracts
from assent.core.record import ParsedRecord, parse_record
from assent.sandbox.aws import Ran, sqs_batch, transform
from assent.sandbox.stage import Stage
from assent.sandbox.wire import Call, Moment

DELIVERIES = 50
INFERENCES = 20
PATIENCE_SECONDS = 120
ROUNDS = 10
"""Redeliveries before SQS would give up; a failure that stays is a failure."""


class MeetingPoint:
    """Holds the answers to GraphQL queries back until so many have been asked: nobody is first."""

    def __init__(self, parties: int) -> None:
        self._places = itertools.count()
        self._parties = parties
        self._barrier = threading.Barrier(parties, timeout=PATIENCE_SECONDS)

    def __call__(self, call: Call, moment: Moment) -> None:
        """Wait for the others; later queries pass."""
        if (
            moment is Moment.AFTER
            and call.path.endswith("/graphql")
            and next(self._places) < self._parties
        ):
            self._barrier.wait()


def at_once(
    nursery: Nursery, stage: Stage, batches: list[dict[str, Any]]
) -> list[tuple[dict[str, Any], list[str]]]:
    """Deliver each batch in a process of its own, all released together; return their failures."""
    # Who is held at the meeting point must not lose patience before the last one has come.
    environment = stage.environment() | {"ASSENT_TIMEOUT_SECONDS": str(PATIENCE_SECONDS)}
    children = [nursery.delivery(batch, environment=environment) for batch in batches]
    for child in children:
        child.go()
    found = []
    for batch, child in zip(batches, children, strict=True):
        assert child.wait() == 0, child.output
        failures = child.result["batchItemFailures"]
        found.append((batch, [failure["itemIdentifier"] for failure in failures]))
    return found


def deliver_until_done(nursery: Nursery, stage: Stage, batches: list[dict[str, Any]]) -> None:
    """Deliver all at once, and what fails again, until nothing does."""
    for _ in range(ROUNDS):
        batches = [batch for batch, failures in at_once(nursery, stage, batches) if failures]
        if not batches:
            return
    raise AssertionError(f"{len(batches)} batches failed {ROUNDS} times")


def test_fifty_deliveries_at_once_open_one_pull_request(stage: Stage, nursery: Nursery) -> None:
    """Fifty processes get the event together: one branch, one commit, one complete pull request."""
    version = play.train(stage)
    batches = [sqs_batch([version.event]) for _ in range(DELIVERIES)]
    waiting = {batch["Records"][0]["messageId"] for batch in batches}
    assert len(waiting) == DELIVERIES
    stage.github_wire.interceptor = MeetingPoint(DELIVERIES)

    for _ in range(ROUNDS):
        reported = at_once(nursery, stage, batches)
        for batch, failures in reported:
            sent = {record["messageId"] for record in batch["Records"]}
            assert sent.issuperset(failures)
            waiting -= sent.difference(failures)
        batches = [batch for batch, failures in reported if failures]
        if not batches:
            break
    assert waiting == set()
    attempts = [call for call in stage.ledger.calls if call.operation.endswith("/git/refs")]
    assert len(attempts) == DELIVERIES  # all of them saw nothing, and tried

    branches = {branch.name for branch in stage.repository("ana").get_branches()}
    assert branches == {"main", "promote/dev/churn/1"}
    (pull,) = stage.pull_requests(state="all")
    assert pull.state == "open"
    assert [label.name for label in pull.labels] == ["assent", "environment: dev", "model: churn"]
    (commit,) = pull.get_commits()
    assert [parent.sha for parent in commit.parents] == [pull.base.sha]
    assert [file.filename for file in pull.get_files()] == ["promotions/dev/churn/1.yaml"]
    assert stage.ledger.count("aws", writes=True) == 0


def test_a_burst_of_different_versions_loses_none(stage: Stage, nursery: Nursery) -> None:
    """Versions registered and delivered together, each twice, have one pull request each."""
    versions = [play.train(stage) for _ in range(6)]
    batches = [sqs_batch([first.event, second.event]) for first in versions for second in versions]
    deliver_until_done(nursery, stage, batches)
    titles = sorted(pull.title for pull in stage.pull_requests(state="all"))
    assert titles == [f"Promote churn {number} to dev" for number in range(1, 7)]


def ran(stage: Stage, arn: str, auc: float) -> Ran:
    """Run a batch inference in dev, which finds a model as good as this."""
    metrics = json.dumps({"scored": {"auc": {"value": auc}}}).encode()
    return transform(stage.aws, arn, "dev", outputs={"metrics.json": metrics})


def test_two_inferences_at_once_open_one_pull_request(stage: Stage, nursery: Nursery) -> None:
    """Twenty processes get two runs' events together: one pull request, of its branch's record."""
    version = play.train(stage)
    play.promote(stage, version)
    runs = {run.arn: run for run in (ran(stage, version.arn, 0.88), ran(stage, version.arn, 0.77))}
    events = itertools.islice(itertools.cycle(run.event for run in runs.values()), INFERENCES)
    stage.github_wire.interceptor = MeetingPoint(INFERENCES)
    stage.ledger.clear()

    deliver_until_done(nursery, stage, [sqs_batch([event]) for event in events])

    attempts = [call for call in stage.ledger.calls if call.operation.endswith("/git/refs")]
    assert len(attempts) == INFERENCES  # all of them saw nothing, and tried
    (pull,) = stage.pull_requests()
    assert (pull.title, pull.head.ref) == ("Promote churn 1 to test", "promote/test/churn/1")
    assert [label.name for label in pull.labels] == ["assent", "environment: test", "model: churn"]
    assert [file.filename for file in pull.get_files()] == ["promotions/test/churn/1.yaml"]
    there = stage.repository("ana").get_contents("promotions/test/churn/1.yaml", ref=pull.head.ref)
    assert not isinstance(there, list)
    parsed = parse_record(there.decoded_content, load_contracts().promotion)
    assert isinstance(parsed, ParsedRecord)
    evidence = parsed.record.evidence
    assert evidence.inference is not None
    (metric,) = evidence.inference.metrics.values()
    told, others = evidence.inference.run, runs.keys() - {evidence.inference.run}
    assert told in runs
    for fact in (evidence.digest, told, f"| `scored.auc` | {metric.value} |"):
        assert fact in pull.body
    assert not any(other in pull.body for other in others)
