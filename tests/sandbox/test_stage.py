"""The stage's two shapes: all environments in one account, or the upper ones in their own."""

import json
from pathlib import Path
from typing import Literal

import pytest

from assent.contracts import load_contracts
from assent.core.config import Config, parse_config
from assent.sandbox.aws import register, transform
from assent.sandbox.stage import ACCOUNT, ENVIRONMENTS, REGION, Stage

Shape = Literal["one", "many"]


def configuration(stage: Stage) -> Config:
    file = stage.repository("ana").get_contents("assent.yaml")
    assert not isinstance(file, list)
    return parse_config(file.decoded_content, load_contracts().config)


def test_one_account_holds_every_environment(tmp_path: Path) -> None:
    """Unless asked otherwise there is one account, no role, no topic, and the default bus."""
    with Stage(tmp_path) as stage:
        config = configuration(stage)
        assert {each.account for each in config.environments} == {ACCOUNT}
        assert {(each.role, each.read_role, each.topic) for each in config.environments} == {
            (None, None, None)
        }
        assert config.event_bus == "default"
        assert stage.intake.bus_arn.endswith(":event-bus/default")


def test_many_accounts_lie_behind_roles(tmp_path: Path) -> None:
    """The upper environments are in accounts of their own; what is configured is what is there."""
    with Stage(tmp_path, accounts="many", topics=["dev", "prod"]) as stage:
        config = configuration(stage)
        accounts = {each.name: each.account for each in config.environments}
        assert accounts == {name: stage.account_of(name) for name in ENVIRONMENTS}
        assert accounts == {
            "dev": ACCOUNT,
            "test": ACCOUNT,
            "uat": "222233334444",
            "prod": "444455556666",
        }
        prod = config.environment("prod")
        assert prod.role == "arn:aws:iam::444455556666:role/assent-apply"
        assert prod.read_role == "arn:aws:iam::444455556666:role/assent-read"
        assert config.environment("dev").role is None
        assert [each.name for each in config.environments if each.topic] == ["dev", "prod"]
        assert config.event_bus == stage.intake.bus_arn
        registry_sns = stage.aws.session().client("sns")
        for name in ("dev", "prod"):
            topic = config.environment(name).topic
            assert topic is not None
            registry_sns.publish(TopicArn=topic, Message=name)
            assert [each.text for each in stage.published(name)] == [name]
        stage.ssm("prod").put_parameter(Name="/assent/x", Value="1", Type="String")
        assert stage.ssm("uat").describe_parameters()["Parameters"] == []
        variables = stage.environment(account=accounts["uat"])
        assert variables["AWS_ACCESS_KEY_ID"] == "AKIA0000222233334444"
        assert stage.environment()["AWS_ACCESS_KEY_ID"] == f"AKIA0000{ACCOUNT}"


@pytest.mark.parametrize("accounts", ["one", "many"])
def test_a_jobs_event_leads_to_its_environment_and_no_other(
    tmp_path: Path, accounts: Shape
) -> None:
    """From each account transform jobs reach the queue, and tell which environment they ran in."""
    with Stage(tmp_path, accounts=accounts) as stage:
        config, intake = configuration(stage), stage.intake
        version = register(stage.aws)
        for name in ENVIRONMENTS:
            account = stage.account_of(name)
            ran = transform(stage.aws, version.arn, name, outputs={}, account=account)
            stage.aws.emit(ran.event)
            batch = intake.receive()
            assert batch is not None
            [record] = batch["Records"]
            assert json.loads(record["body"]) == ran.event
            intake.settle(batch, None)
            found = config.running(ran.job, account=ran.event["account"], region=REGION)
            assert [each.name for each in found] == [name]
