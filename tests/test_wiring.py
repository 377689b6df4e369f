"""Wiring: settings that make no sense are told before anything is asked of a service."""

from dataclasses import replace
from pathlib import Path

import pytest

from assent.core.errors import Exit
from assent.core.events import Ignored, MalformedEvent
from assent.sandbox.stage import Stage
from assent.wiring import (
    Proposer,
    Unconfigured,
    WrongAccount,
    bus_from_environment,
    open_world,
    proposer_from_environment,
    queue_from_environment,
    with_github,
)

SETTINGS = {
    "ASSENT_REPOSITORY": "acme/model-promotions",
    "ASSENT_APP_ID": "1",
    "ASSENT_APP_PRIVATE_KEY": "no key at all",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ASSENT_REPOSITORY", ""),
        ("ASSENT_REPOSITORY", "/"),
        ("ASSENT_REPOSITORY", "acme/one/two"),
        ("ASSENT_API_URL", "foo"),
        ("ASSENT_INSTALLATION_ID", "abc"),
        ("ASSENT_TIMEOUT_SECONDS", "soon"),
        ("ASSENT_APP_ID", ""),
    ],
)
def test_a_setting_that_makes_no_sense_is_told(name: str, value: str) -> None:
    """Each is named, with what to set it to, and no traceback."""
    with pytest.raises(Unconfigured) as told:
        proposer_from_environment({**SETTINGS, name: value})
    assert told.value.exit is Exit.BROKEN
    assert told.value.hint


def test_another_accounts_credentials_write_nothing(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another account's credentials are told before anything is read or written with them."""
    clone = stage.clone(tmp_path / "clone")
    for name, value in stage.aws.environment(account="999999999999").items():
        monkeypatch.setenv(name, value)
    stage.ledger.clear()
    with (
        pytest.raises(WrongAccount, match="999999999999"),
        open_world(clone, writing=True) as world,
    ):
        world.parameters(world.config.entry)
    assert [call.operation for call in stage.ledger.calls] == ["GetCallerIdentity"]


def operations(stage: Stage) -> list[str]:
    return [call.operation for call in stage.ledger.calls]


def proposer(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Proposer:
    """A proposer over the stage, as the Lambda makes it."""
    settings = stage.environment()
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return proposer_from_environment(settings)


def test_an_event_that_asks_for_nothing_costs_no_call(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even the configuration is read for it; nor is one that is malformed."""
    proposing = proposer(stage, monkeypatch)
    stage.ledger.clear()
    event = {"source": "aws.s3", "detail-type": "Object Created", "detail": {}}
    assert isinstance(proposing.propose(event), Ignored)
    with pytest.raises(MalformedEvent):
        proposing.propose({"source": "assent", "detail-type": "Assent Inference Completed"})
    assert operations(stage) == []


def test_a_service_is_asked_when_it_is_needed_and_not_before(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all that events may need, configuration and account alone are looked at beforehand."""
    proposing = proposer(stage, monkeypatch)
    stage.ledger.clear()
    world = proposing._current_world()
    entry = world.config.entry
    reading = (world.jobs(entry), world.reports(entry), world.reports(None))
    assert all(reading)
    looked = [call.operation for call in stage.ledger.calls if call.service == "aws"]
    assert looked == ["GetCallerIdentity"]
    assert world.store is None
    world.bus.send("Assent Retraining Requested", {"model": "churn"})
    topic = stage.aws.session().client("sns").create_topic(Name="promotions")["TopicArn"]
    world.notices.publish(topic, "Decision wanted", "Read it.")
    asked = [call.operation for call in stage.ledger.calls if call.service == "aws"]
    assert asked == ["GetCallerIdentity", "PutEvents", "CreateTopic", "Publish"]


def test_another_account_is_not_read_for_an_environments_own(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a role, an environment outside the registry's account is checked once, then told."""
    for name, value in stage.aws.environment().items():
        monkeypatch.setenv(name, value)
    with open_world(stage.clone(tmp_path / "clone"), writing=False) as world:
        stage.ledger.clear()
        assert world.parameters(world.config.entry).read(["/assent/dev/churn/current"]) == {}
        assert operations(stage) == ["GetParameters"]
        elsewhere = replace(world.config.entry, account="444455556666")
        for _ in range(2):
            with pytest.raises(WrongAccount, match="444455556666"):
                world.parameters(elsewhere)
        # Whose the credentials are was asked before; it is asked once.
        assert operations(stage) == ["GetParameters"]


@pytest.mark.parametrize(
    ("bus", "settings", "says"),
    [
        ("no bus", {"AWS_REGION": "eu-west-1"}, "is no event bus"),
        ("a" * 300, {"AWS_REGION": "eu-west-1"}, "is no event bus"),
        (None, {"ASSENT_EVENT_BUS": "x y", "AWS_REGION": "eu-west-1"}, "is no event bus"),
        (None, {}, "in which region"),
        ("models", {}, "in which region"),
    ],
)
def test_a_bus_that_makes_no_sense_is_told(
    bus: str | None, settings: dict[str, str], says: str
) -> None:
    """EventBridge takes events for a bus that does not exist, and drops them silently."""
    with pytest.raises(Unconfigured, match=says) as told:
        bus_from_environment(bus, settings)
    assert told.value.hint


@pytest.mark.parametrize(
    ("bus", "settings"),
    [
        (None, {"AWS_DEFAULT_REGION": "eu-west-1"}),
        ("models", {"AWS_REGION": "eu-west-1", "ASSENT_EVENT_BUS": "another"}),
        ("arn:aws:events:eu-west-1:111122223333:event-bus/models", {"AWS_REGION": "us-east-1"}),
    ],
)
def test_a_report_goes_to_the_bus_that_was_asked_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, bus: str | None, settings: dict[str, str]
) -> None:
    """By name in the region that is set, or by ARN where that is."""
    for name, value in stage.aws.environment().items():
        monkeypatch.setenv(name, value)
    stage.aws.session().client("events").create_event_bus(Name="models")
    stage.ledger.clear()
    bus_from_environment(bus, settings).send("Assent Inference Completed", {"model": "churn"})
    assert operations(stage) == ["PutEvents"]


def test_a_message_is_postponed_in_the_queue_that_brought_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the region in which the Lambda runs."""
    for name, value in stage.aws.environment().items():
        monkeypatch.setenv(name, value)
    client = stage.aws.session().client("sqs")
    url = client.create_queue(QueueName="events")["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="{}")
    (message,) = client.receive_message(QueueUrl=url)["Messages"]
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    stage.ledger.clear()
    queue = queue_from_environment({"AWS_REGION": "eu-west-1"})
    queue.postpone(arn["Attributes"]["QueueArn"], message["ReceiptHandle"], 60)
    assert operations(stage) == ["GetQueueUrl", "ChangeMessageVisibility"]


RUN = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/model-promotions",
    "GITHUB_RUN_ID": "12",
}


@pytest.mark.parametrize(
    ("changed", "address"),
    [
        ({}, "https://github.com/acme/model-promotions/actions/runs/12"),
        ({"GITHUB_RUN_ID": ""}, ""),
        ({"GITHUB_RUN_ID": "12> <b>"}, ""),
        ({"GITHUB_SERVER_URL": "javascript:x"}, ""),
        ({"GITHUB_REPOSITORY": "acme"}, ""),
    ],
)
def test_a_run_of_github_actions_knows_its_address(
    stage: Stage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, str],
    address: str,
) -> None:
    """What is no address of a run is left out; finding out asks nobody anything."""
    for name, value in stage.aws.environment().items():
        monkeypatch.setenv(name, value)
    with open_world(stage.clone(tmp_path / "clone"), writing=False) as read:
        stage.ledger.clear()
        settings = {"ASSENT_GITHUB_TOKEN": "a token", **RUN, **changed}
        world, _ = with_github(read, settings)
        assert world.run == address
        assert world.deployments is not None
        assert operations(stage) == []
