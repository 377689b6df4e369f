"""EventBridge as the service is: rules, envelopes, and who may send where."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from assent.sandbox.aws import AwsSandbox, Intake, register

UAT, PROD = "222233334444", "444455556666"
DETAIL = {"model": "churn", "version": 7}
REPORTED = "Assent Inference Completed"


@pytest.fixture
def intake(aws: AwsSandbox) -> Intake:
    return aws.intake(accounts=[UAT], bus="assent")


def bodies(intake: Intake) -> list[dict[str, Any]]:
    batch = intake.receive()
    return [json.loads(record["body"]) for record in batch["Records"]] if batch else []


def put(aws: AwsSandbox, account: str, bus: str | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of an entry
    entry: Any = {
        "Source": "assent",
        "DetailType": REPORTED,
        "Detail": json.dumps(DETAIL),
        **({"EventBusName": bus} if bus else {}),
        **more,
    }
    answer: Any = aws.session(account=account).client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == sum("ErrorCode" in each for each in answer["Entries"])
    found: dict[str, Any] = answer["Entries"][0]
    return found


def test_an_event_arrives_in_the_envelope_of_the_service(aws: AwsSandbox, intake: Intake) -> None:
    """What reaches the queue names its sender's account and region, in whole seconds."""
    sent = put(aws, "111122223333", "assent", Time="2026-11-22T11:00:05.9+01:00", Resources=["a"])
    assert bodies(intake) == [
        {
            "version": "0",
            "id": sent["EventId"],
            "detail-type": REPORTED,
            "source": "assent",
            "account": "111122223333",
            "time": "2026-11-22T10:00:05Z",
            "region": "eu-west-1",
            "resources": ["a"],
            "detail": DETAIL,
        }
    ]


@pytest.mark.parametrize("bus", ["by ARN", "its own"])
def test_another_account_cannot_pretend_to_be_this_one(
    aws: AwsSandbox, intake: Intake, bus: str
) -> None:
    """An event keeps its sender's account, sent straight here or passed on by a rule there."""
    put(aws, UAT, intake.bus_arn if bus == "by ARN" else None)
    [event] = bodies(intake)
    assert event["account"] == UAT
    assert event["detail"] == DETAIL


def test_a_bus_admits_only_whom_its_policy_names(aws: AwsSandbox, intake: Intake) -> None:
    """An account without permission is refused, also where the bus does not exist."""
    for bus in (intake.bus_arn, intake.bus_arn + "-2"):
        with pytest.raises(ClientError) as caught:
            put(aws, PROD, bus)
        assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
        assert "events:PutEvents" in caught.value.response["Error"]["Message"]
    assert bodies(intake) == []


def test_a_bus_of_nobody_takes_events_and_drops_them(aws: AwsSandbox, intake: Intake) -> None:
    """In the own account a wrong name looks like success, as EventBridge has it."""
    assert "EventId" in put(aws, "111122223333", "asent")
    assert bodies(intake) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Source": "aws.sagemaker"}, "NotAuthorizedForSourceException"),
        ({"Source": ""}, "InvalidArgument"),
        ({"DetailType": ""}, "InvalidArgument"),
        ({"Detail": ""}, "InvalidArgument"),
        ({"Detail": "{"}, "MalformedDetail"),
        ({"Detail": "[]"}, "MalformedDetail"),
    ],
)
def test_an_entry_that_is_none_fails_alone(
    aws: AwsSandbox, intake: Intake, change: dict[str, str], code: str
) -> None:
    """The call succeeds and reports the entry; nobody speaks in the name of AWS."""
    assert put(aws, "111122223333", "assent", **change)["ErrorCode"] == code
    assert bodies(intake) == []


def test_too_much_at_once_is_refused_whole(aws: AwsSandbox, intake: Intake) -> None:
    """More than ten entries, or more than a mebibyte together, send nothing."""
    events: Any = aws.session().client("events")
    entry = {"Source": "assent", "DetailType": REPORTED, "Detail": "{}", "EventBusName": "assent"}
    large = entry | {"Detail": json.dumps({"text": "é" * (1 << 19)}, ensure_ascii=False)}
    for entries in ([entry] * 11, [large]):
        with pytest.raises(ClientError, match="ValidationException"):
            events.put_events(Entries=entries)
    assert bodies(intake) == []


def test_sagemakers_events_come_from_every_account(aws: AwsSandbox, intake: Intake) -> None:
    """Events of the registry's account and of an environment's reach the queue unchanged."""
    here = register(aws).event
    there = {**here, "account": UAT, "id": "uat"}
    foreign = {**here, "account": PROD, "id": "prod"}
    aws.emit(here, there, foreign, {**here, "detail-type": "SageMaker Endpoint State Change"})
    assert bodies(intake) == [here, there]


def test_a_request_to_retrain_does_not_come_back(aws: AwsSandbox, intake: Intake) -> None:
    """What Assent asks of others is kept for them, and is no message for Assent itself."""
    put(aws, "111122223333", "assent", DetailType="Assent Retraining Requested")
    [asked] = intake.retraining
    assert asked["detail"] == DETAIL
    assert bodies(intake) == []


def test_a_disabled_rule_and_a_missing_queue_swallow_events(
    aws: AwsSandbox, intake: Intake
) -> None:
    """Neither is an error for whoever sends."""
    backstage = aws.backstage()
    backstage.events.disable_rule(Name="assent-own", EventBusName="assent")
    put(aws, "111122223333", "assent")
    assert len(intake) == 0
    backstage.events.enable_rule(Name="assent-own", EventBusName="assent")
    put(aws, "111122223333", "assent")
    assert len(intake) == 1
    backstage.sqs.delete_queue(QueueUrl=backstage.sqs.get_queue_url(QueueName="assent")["QueueUrl"])
    assert "EventId" in put(aws, "111122223333", "assent")


def test_what_the_sandbox_does_not_do_is_said(aws: AwsSandbox, intake: Intake) -> None:
    """A rule that transforms its input, or leads elsewhere, is an error and no wrong message."""
    events = aws.backstage().events
    for target in (
        {"Id": "1", "Arn": intake.queue_arn, "InputPath": "$.detail"},
        {"Id": "1", "Arn": "arn:aws:lambda:eu-west-1:111122223333:function:f"},
    ):
        events.put_rule(Name="other", EventPattern='{"source": ["aws.sagemaker"]}')
        events.put_targets(Rule="other", Targets=[target])  # type: ignore[list-item]
        with pytest.raises(NotImplementedError, match="the sandbox's rules do not"):
            aws.emit(register(aws).event)
