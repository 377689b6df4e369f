"""SNS as the service is: what it takes, from whom, and what subscribers get."""

import pytest
from botocore.exceptions import ClientError

from assent.sandbox.aws import AwsSandbox, Published

UAT = "222233334444"


def test_what_is_published_can_be_read_back(aws: AwsSandbox) -> None:
    """Messages come with their subjects, oldest first; another topic has none of them."""
    topic, other = aws.topic("decisions"), aws.topic("other")
    sns = aws.session().client("sns")
    sns.publish(TopicArn=topic, Subject="churn 7 in prod", Message="See https://acme.test/12")
    sns.publish(TopicArn=topic, Message="é\n2")
    assert aws.published(topic) == (
        Published(subject="churn 7 in prod", text="See https://acme.test/12"),
        Published(subject=None, text="é\n2"),
    )
    assert aws.published(other) == ()
    with pytest.raises(KeyError):
        aws.published(topic + "-2")


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("two\nlines", "text"),
        ("bell\x07", "text"),
        ("line\u2028separator", "text"),
        ("x" * 101, "text"),
        ("fine", ""),
        ("fine", "é" * 131_073),
    ],
)
def test_what_sns_would_not_take_is_refused(aws: AwsSandbox, subject: str, text: str) -> None:
    """Line breaks and control characters in a subject, empty and overlong texts: each an error."""
    topic = aws.topic("decisions")
    with pytest.raises(ClientError) as caught:
        aws.session().client("sns").publish(TopicArn=topic, Subject=subject, Message=text)
    assert caught.value.response["Error"]["Code"] == "InvalidParameter"
    assert aws.published(topic) == ()


def test_a_topic_admits_only_whom_its_policy_names(aws: AwsSandbox) -> None:
    """Another account publishes where it may; elsewhere it is refused, or nothing is found."""
    closed = aws.topic("closed", account=UAT)
    opened = aws.topic("opened", account=UAT, publishers=["111122223333"])
    sns = aws.session().client("sns")
    sns.publish(TopicArn=opened, Message="text")
    with pytest.raises(ClientError) as caught:
        sns.publish(TopicArn=closed, Message="text")
    assert caught.value.response["Error"]["Code"] == "AuthorizationError"
    with pytest.raises(sns.exceptions.NotFoundException):
        sns.publish(TopicArn=closed + "-2", Message="text")
    aws.session(account=UAT).client("sns").publish(TopicArn=closed, Message="own")
    assert [len(aws.published(topic)) for topic in (closed, opened)] == [1, 1]
