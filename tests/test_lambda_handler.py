"""The Lambda handler: which messages come back, how late, and what a limit means for the rest."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest

from assent import lambda_handler
from assent.adapters.memory import MemoryQueue, Postponed, SettableClock
from assent.core.backoff import delay_seconds
from assent.core.errors import AssentError
from assent.core.events import Ignored
from assent.core.names import RecordId
from assent.core.outcome import Attempt, Outcome, Proposed, Unusable, Waiting
from assent.core.receipts import NotNotified
from assent.ports import Queue, Unavailable
from assent.sandbox.aws import lambda_context, sqs_batch

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:assent-propose"
DONE = Ignored(why="nothing to do")
LIMITED = Unavailable("GitHub cannot be used now", hint="Try again later.", retry_after=60)
ABSENT = Unavailable("S3 did not answer")
WRONG = AssentError("the event is of another registry", hint="Correct the rule.")

Answer = Outcome | AssentError


class Answering:
    """A proposer that answers one message after another as it was told to."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = list(answers)
        self.asked = 0

    def propose(self, _event: object) -> Outcome:
        """The next answer."""
        answer = self._answers[self.asked]
        self.asked += 1
        if isinstance(answer, AssentError):
            raise answer
        return answer


def _event(version: int) -> dict[str, object]:
    """An event that asks for something; what is answered to it, the test says."""
    arn = f"arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/{version}"
    return {
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Package State Change",
        "detail": {"ModelPackageArn": arn},
    }


class Delivered:
    """What became of one batch."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        answers: Sequence[Answer],
        queue: Queue,
        received: int,
    ) -> None:
        self.proposer = Answering(answers)
        monkeypatch.setattr(lambda_handler, "_proposer", lambda: self.proposer)
        monkeypatch.setattr(lambda_handler, "_queue", lambda: queue)
        batch = sqs_batch([_event(number) for number in range(1, len(answers) + 1)], queue=QUEUE)
        self.records = batch["Records"]
        for record in self.records:
            record["attributes"]["ApproximateReceiveCount"] = str(received)
        places = {record["messageId"]: place for place, record in enumerate(self.records)}
        response = lambda_handler.handler(batch, lambda_context())
        self.failed = [places[each["itemIdentifier"]] for each in response["batchItemFailures"]]

    def postponement(self, place: int, received: int, retry_after: int | None) -> Postponed:
        """How a message was to be postponed."""
        record = self.records[place]
        return Postponed(
            queue_arn=QUEUE,
            receipt_handle=record["receiptHandle"],
            seconds=delay_seconds(record["messageId"], received, retry_after),
        )


@pytest.fixture
def queue() -> MemoryQueue:
    return MemoryQueue()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[SettableClock]:
    """The function's clock, in a process that knows of no limit yet."""
    clock = SettableClock()
    monkeypatch.setattr(lambda_handler, "_clock", clock)
    lambda_handler._limit.cache_clear()
    yield clock
    lambda_handler._limit.cache_clear()


@pytest.fixture
def deliver(
    monkeypatch: pytest.MonkeyPatch,
    queue: MemoryQueue,
    clock: SettableClock,  # noqa: ARG001 - only set up
) -> Callable[..., Delivered]:
    """Invokes the handler with a batch of messages that are answered as given."""

    def invoke(*answers: Answer, received: int = 1, to: Queue = queue) -> Delivered:
        return Delivered(monkeypatch, answers, to, received)

    return invoke


@pytest.mark.parametrize("received", [1, 4, 30])
def test_what_may_succeed_later_comes_back_later_each_time(
    deliver: Callable[..., Delivered], queue: MemoryQueue, received: int
) -> None:
    """It alone is reported back; the others are done."""
    done = deliver(DONE, ABSENT, DONE, received=received)
    assert done.failed == [1]
    assert queue.postponed == [done.postponement(1, received, None)]
    assert done.proposer.asked == 3


def test_what_will_never_succeed_is_not_postponed(
    deliver: Callable[..., Delivered], queue: MemoryQueue
) -> None:
    """It reaches the dead-letter queue soon, and a person."""
    assert deliver(WRONG, DONE).failed == [0]
    assert queue.postponed == []


def test_after_a_rate_limit_the_rest_of_the_batch_is_left_alone(
    deliver: Callable[..., Delivered], queue: MemoryQueue
) -> None:
    """None of it is tried, all of it comes back, and no earlier than was asked for."""
    done = deliver(DONE, LIMITED, DONE, DONE, received=2)
    assert done.failed == [1, 2, 3]
    assert done.proposer.asked == 2
    assert queue.postponed == [done.postponement(place, 2, 60) for place in (1, 2, 3)]
    assert all(each.seconds >= 60 for each in queue.postponed)


def test_a_limit_holds_for_the_process_until_it_is_over(
    deliver: Callable[..., Delivered], queue: MemoryQueue, clock: SettableClock
) -> None:
    """Later batches are left alone too, for no longer than GitHub asked; then all is tried."""
    deliver(LIMITED, DONE)
    clock.advance(timedelta(seconds=20))
    queue.postponed.clear()
    waiting = deliver(DONE, DONE)
    assert waiting.failed == [0, 1]
    assert waiting.proposer.asked == 0
    assert queue.postponed == [waiting.postponement(place, 1, 40) for place in (0, 1)]
    clock.advance(timedelta(seconds=40))
    assert deliver(DONE, DONE).failed == []


def test_what_asks_for_nothing_waits_for_no_limit(
    deliver: Callable[..., Delivered], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It costs no call, so it is answered at once."""
    deliver(LIMITED)
    monkeypatch.setattr(lambda_handler, "_proposer", lambda: Answering([DONE]))
    batch = sqs_batch([{**_event(1), "source": "aws.ec2"}], queue=QUEUE)
    response = lambda_handler.handler(batch, lambda_context())
    assert response["batchItemFailures"] == []


def test_another_services_silence_holds_up_nobody_else(deliver: Callable[..., Delivered]) -> None:
    """Only who says for how long is left alone."""
    assert deliver(ABSENT, DONE, ABSENT, DONE).failed == [0, 2]


class Closed:
    """A queue that takes nothing."""

    def postpone(self, queue_arn: str, receipt_handle: str, seconds: int, /) -> None:
        """Refuse."""
        raise AssentError(f"{queue_arn} does not take {receipt_handle} for {seconds}")


def test_a_queue_that_refuses_changes_nothing_else(
    deliver: Callable[..., Delivered], caplog: pytest.LogCaptureFixture
) -> None:
    """The message comes back when its time is over, and the log says why so early."""
    assert deliver(DONE, LIMITED, DONE, to=Closed()).failed == [1, 2]
    refused = [each for each in caplog.messages if "could not be postponed" in each]
    assert len(refused) == 2
    assert QUEUE in refused[0]
    waits = [vars(each)["waits"] for each in caplog.records if "waits" in vars(each)]
    assert waits == [None, None]


ID = RecordId("test", "churn", 7)
TOLD = Proposed(id=ID, url="https://x/1", number=1, attempt=Attempt.OPENED)
UNTOLD = Proposed(
    id=ID,
    url="https://x/1",
    number=1,
    attempt=Attempt.OPENED,
    not_notified=NotNotified(environment="test", topic="arn:topic", message="denied\n::error::"),
)
WAITING = Waiting(id=ID, branch="promote/test/churn/7", why="2 promotions into test are open")
UNUSABLE = Unusable(id=ID, run="nightly", uri="s3://a/b", why="it is missing\n. Write it.")


def test_what_people_should_look_at_is_logged_as_a_warning(
    deliver: Callable[..., Delivered], caplog: pytest.LogCaptureFixture
) -> None:
    """A topic that was not told, and a run that cannot be used; neither comes back."""
    caplog.set_level("INFO", "assent")
    assert deliver(DONE, TOLD, UNTOLD, UNUSABLE, WAITING).failed == []
    levels = [each.levelname for each in caplog.records]
    assert levels == ["INFO", "INFO", "WARNING", "WARNING", "INFO"]
    assert "not told arn:topic: denied" in caplog.messages[2]
    assert "nightly: s3://a/b" in caplog.messages[3]
    assert "waits on promote/test/churn/7" in caplog.messages[4]
    assert all(message.isprintable() for message in caplog.messages)
