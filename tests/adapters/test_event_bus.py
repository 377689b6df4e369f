"""Events on the bus: one contract for memory and moto, and what EventBridge alone answers."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.stub import Stubber

from assent.adapters.aws_session import AccessRefused, AwsFailed, AwsSession
from assent.adapters.event_bus import MAX_ENTRY_BYTES, EventBus, UnsendableEvent
from assent.adapters.memory import MemoryBus, SentEvent
from assent.core.errors import AssentError
from assent.ports import Bus, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

KIND = "Assent Retraining Requested"
DETAIL: Mapping[str, Any] = {"model": "churn", "version": 7, "nested": {"ü": [None, True]}}
ARN = "arn:aws:events:eu-west-1:123456789012:event-bus/mlops"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A bus and what its consumers got."""

    bus: Bus
    seen: Callable[[], list[SentEvent]]


@pytest.fixture(params=["memory", "moto by name", "moto by ARN"])
def scene(request: pytest.FixtureRequest, aws: AwsSession) -> Scene:
    if request.param == "memory":
        memory = MemoryBus()
        return Scene(bus=memory, seen=lambda: memory.sent)
    queues, events = aws.sqs(), aws.events()
    queue = queues.create_queue(QueueName="consumer")["QueueUrl"]
    events.create_event_bus(Name="mlops")
    events.put_rule(
        Name="all", EventBusName="mlops", EventPattern=json.dumps({"source": ["assent"]})
    )
    events.put_targets(
        Rule="all",
        EventBusName="mlops",
        Targets=[{"Id": "1", "Arn": "arn:aws:sqs:eu-west-1:123456789012:consumer"}],
    )

    def seen() -> list[SentEvent]:
        messages = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        bodies = [json.loads(each["Body"]) for each in messages]
        return [
            SentEvent(detail_type=each["detail-type"], detail=each["detail"]) for each in bodies
        ]

    return Scene(bus=EventBus(events, ARN if request.param.endswith("ARN") else "mlops"), seen=seen)


@pytest.fixture
def stub(unplugged: AwsSession) -> Iterator[Stubber]:
    with Stubber(unplugged.events()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_consumers_get_what_was_sent(scene: Scene) -> None:
    """Kind and detail arrive as they were given, under Assent's source."""
    scene.bus.send(KIND, DETAIL)
    assert scene.seen() == [SentEvent(detail_type=KIND, detail=DETAIL)]


def test_an_event_is_sent_as_one_entry(stub: Stubber, unplugged: AwsSession) -> None:
    """The bus, the source and a detail in plain ASCII are what EventBridge is given."""
    stub.add_response(
        "put_events",
        {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]},
        {
            "Entries": [
                {
                    "Source": "assent",
                    "DetailType": KIND,
                    "Detail": '{"model":"ch\\u00fcrn\\n"}',
                    "EventBusName": ARN,
                }
            ]
        },
    )
    EventBus(unplugged.events(), ARN).send(KIND, {"model": "chürn\n"})


@pytest.mark.parametrize(
    "bus",
    [EventBus(cast("EventBridgeClient", None), "default"), MemoryBus()],
    ids=["real", "memory"],
)
def test_what_no_entry_can_hold_is_refused_before_it_is_sent(bus: Bus) -> None:
    """Too many bytes, and numbers that JSON does not have, are said clearly."""
    with pytest.raises(UnsendableEvent, match=f"EventBridge takes {MAX_ENTRY_BYTES}"):
        bus.send(KIND, {"text": "x" * MAX_ENTRY_BYTES})
    with pytest.raises(UnsendableEvent, match="cannot be written as JSON"):
        bus.send(KIND, {"value": float("nan")})


def test_the_largest_event_is_sent() -> None:
    """Source and detail type count, too, and nothing else does."""
    room = MAX_ENTRY_BYTES - len("assent") - len(KIND) - len('{"text":""}')
    bus = MemoryBus()
    bus.send(KIND, {"text": "x" * room})
    with pytest.raises(UnsendableEvent):
        bus.send(KIND, {"text": "x" * (room + 1)})
    assert len(bus.sent) == 1


@pytest.mark.parametrize(
    ("code", "becomes"),
    [
        ("ThrottlingException", Unavailable),
        ("InternalFailure", Unavailable),
        ("AccessDeniedException", AccessRefused),
        ("NotAuthorizedForSourceException", AwsFailed),
        ("MalformedDetail", AwsFailed),
        ("Unheard\n::error::", AwsFailed),
    ],
)
def test_a_failed_entry_is_a_failure(
    stub: Stubber, unplugged: AwsSession, code: str, becomes: type[AssentError]
) -> None:
    """EventBridge reports a refused entry in an answer that succeeded; it is not missed."""
    entry = {"ErrorCode": code, "ErrorMessage": "no\n"}
    stub.add_response("put_events", {"FailedEntryCount": 1, "Entries": [entry]})
    with pytest.raises(AssentError, match="events:PutEvents") as raised:
        EventBus(unplugged.events(), "default").send(KIND, DETAIL)
    assert type(raised.value) is becomes
    assert raised.value.message.isprintable()


@pytest.mark.parametrize(
    ("code", "status", "becomes"),
    [
        ("ThrottlingException", 400, Unavailable),
        ("InternalException", 500, Unavailable),
        ("AccessDeniedException", 400, AccessRefused),
        ("ResourceNotFoundException", 400, AwsFailed),
    ],
)
def test_a_failed_request_is_a_failure(
    stub: Stubber, unplugged: AwsSession, code: str, status: int, becomes: type[AssentError]
) -> None:
    """A request that fails as a whole is told apart as any other."""
    stub.add_client_error("put_events", code, "no", status)
    with pytest.raises(AssentError) as raised:
        EventBus(unplugged.events(), "default").send(KIND, DETAIL)
    assert type(raised.value) is becomes


def test_memory_fails_when_it_is_told_to() -> None:
    """A bus that is set to fail keeps nothing."""
    bus = MemoryBus()
    bus.failing = True
    with pytest.raises(Unavailable):
        bus.send(KIND, DETAIL)
    assert bus.sent == []
