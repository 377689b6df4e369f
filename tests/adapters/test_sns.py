"""Notices on topics: one contract for memory and moto, and what SNS alone answers."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest
from botocore.stub import Stubber

from assent.adapters.aws_session import AccessRefused, AwsAccess, AwsFailed, AwsSession
from assent.adapters.memory import MemoryNotices, Notice
from assent.adapters.sns import MAX_MESSAGE_BYTES, SnsNotices, UnpublishableNotice
from assent.core.errors import AssentError
from assent.ports import Notices, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

TOPIC = "arn:aws:sns:eu-west-1:123456789012:promotions"
TEXT = "churn 7 is proposed for prod.\nhttps://github.example/acme/promotions/pull/12\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A topic and what its subscribers got."""

    notices: Notices
    seen: Callable[[], list[Notice]]


@pytest.fixture(params=["memory", "moto"])
def scene(request: pytest.FixtureRequest, aws: AwsSession) -> Scene:
    if request.param == "memory":
        memory = MemoryNotices()
        return Scene(notices=memory, seen=lambda: memory.published)
    queues, topics = aws.sqs(), aws.sns()
    queue = queues.create_queue(QueueName="subscriber")["QueueUrl"]
    topics.create_topic(Name="promotions")
    topics.subscribe(
        TopicArn=TOPIC, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:subscriber"
    )

    def seen() -> list[Notice]:
        messages = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        bodies = [json.loads(each["Body"]) for each in messages]
        return [
            Notice(topic=each["TopicArn"], subject=each.get("Subject", ""), text=each["Message"])
            for each in bodies
        ]

    return Scene(notices=SnsNotices(lambda _: topics), seen=seen)


@pytest.fixture
def stub(unplugged: AwsSession) -> Iterator[Stubber]:
    with Stubber(unplugged.sns()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("subject", "arrives"),
    [
        ("Promote churn 7 to prod", "Promote churn 7 to prod"),
        ("  a\r\nBcc: x@example.com\t\x1b[2J b\u2028c ", "a Bcc: x@example.com  [2J b c"),
        ("Grüße \u202e模型", "Gr??e  ??"),
        ("x" * 200, "x" * 96 + "..."),
        ("", ""),
        ("\x00 \n", ""),
    ],
)
def test_subscribers_get_what_was_published(scene: Scene, subject: str, arrives: str) -> None:
    """The text arrives as it is, the subject as one short line of printable ASCII, or none."""
    scene.notices.publish(TOPIC, subject, TEXT)
    assert scene.seen() == [Notice(topic=TOPIC, subject=arrives, text=TEXT)]


REFUSING = pytest.mark.parametrize(
    "notices",
    [SnsNotices(lambda _: cast("SNSClient", None)), MemoryNotices()],
    ids=["real", "memory"],
)


@REFUSING
@pytest.mark.parametrize(
    "topic",
    [
        "",
        "promotions",
        f"{TOPIC}.fifo",
        f"{TOPIC}\n",
        f"{TOPIC}:subscription",
        TOPIC.replace("sns", "sqs"),
        TOPIC.replace("123456789012", ""),
        TOPIC.replace("eu-west-1", "x.example/"),
    ],
)
def test_what_is_no_standard_topic_is_refused(notices: Notices, topic: str) -> None:
    """Another ARN, or a FIFO topic's, is refused before a client is made for its region."""
    with pytest.raises(UnpublishableNotice, match="not the ARN of a standard SNS topic") as raised:
        notices.publish(topic, "subject", TEXT)
    assert raised.value.message.isprintable()


@REFUSING
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("x" * (MAX_MESSAGE_BYTES + 1), "SNS takes"),
        ("ü" * (MAX_MESSAGE_BYTES // 2 + 1), "SNS takes"),
        ("half \ud800", "half a character at 5"),
    ],
    ids=["empty", "long", "long in bytes", "surrogate"],
)
def test_a_text_that_sns_does_not_take_is_refused(notices: Notices, text: str, words: str) -> None:
    """What could not be published is said before anything is sent."""
    with pytest.raises(UnpublishableNotice, match=words):
        notices.publish(TOPIC, "subject", text)


def test_the_longest_text_is_published(scene: Scene) -> None:
    """The limit is SNS's own: a text of exactly that length passes."""
    scene.notices.publish(TOPIC, "subject", "x" * MAX_MESSAGE_BYTES)
    assert [len(each.text) for each in scene.seen()] == [MAX_MESSAGE_BYTES]


def test_a_topic_is_published_in_its_own_region(ambient: AwsAccess, aws: AwsSession) -> None:
    """The ARN decides which region is asked, whatever region the environment is in."""
    asked: list[str] = []

    def client_for_region(region: str) -> "SNSClient":
        asked.append(region)
        return ambient.session_for(None, region).sns()

    there = ambient.session_for(None, "us-east-1").sns().create_topic(Name="there")["TopicArn"]
    here = aws.sns().create_topic(Name="here")["TopicArn"]
    notices = SnsNotices(client_for_region)
    for topic in (there, here):
        notices.publish(topic, "subject", TEXT)
    assert asked == ["us-east-1", "eu-west-1"]


def test_a_topic_that_does_not_exist_is_said(aws: AwsSession) -> None:
    """A missing topic is a failure that waiting does not change."""
    notices = SnsNotices(lambda _: aws.sns())
    with pytest.raises(AwsFailed, match="sns:Publish") as raised:
        notices.publish(TOPIC, "subject", TEXT)
    assert TOPIC in raised.value.message


@pytest.mark.parametrize(
    ("code", "status", "becomes"),
    [
        ("Throttling", 400, Unavailable),
        ("InternalError", 500, Unavailable),
        ("KMSThrottling", 400, Unavailable),
        ("AuthorizationError", 403, AccessRefused),
        ("KMSAccessDenied", 400, AccessRefused),
        ("NotFound", 404, AwsFailed),
        ("InvalidParameter", 400, AwsFailed),
    ],
)
def test_a_refusal_is_told_apart(
    stub: Stubber, unplugged: AwsSession, code: str, status: int, becomes: type[AssentError]
) -> None:
    """Busy, forbidden and wrong differ, as with every service."""
    stub.add_client_error("publish", code, "no", status)
    with pytest.raises(AssentError) as raised:
        SnsNotices(lambda _: unplugged.sns()).publish(TOPIC, "subject", TEXT)
    assert type(raised.value) is becomes


def test_memory_fails_for_the_topics_that_it_is_told() -> None:
    """One topic that fails leaves the others alone."""
    notices = MemoryNotices(failing=[TOPIC])
    with pytest.raises(Unavailable):
        notices.publish(TOPIC, "subject", TEXT)
    notices.publish(f"{TOPIC}-2", "subject", TEXT)
    assert [each.topic for each in notices.published] == [f"{TOPIC}-2"]
