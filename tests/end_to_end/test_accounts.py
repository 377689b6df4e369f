"""Several accounts: whose parameters are where, by whose credentials, and mistakes about that."""

import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import groupby
from unittest.mock import patch
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import pytest
from tests.end_to_end import play
from tests.end_to_end.ladder import MODEL, Ladder
from tests.end_to_end.picture import row

from assent.sandbox.stage import ACCOUNT, ACCOUNTS, ENVIRONMENTS
from assent.sandbox.wire import Call, Moment, Respond

UAT, PROD = ACCOUNTS["uat"], ACCOUNTS["prod"]
EVERYWHERE = ["A1 >1", *["A2 >1"] * 3, "A:prod", ""]
"""Version 1, Approved in dev by one pull request and above by another."""


def names(*environments: str) -> set[str]:
    """The parameters of environments in which version 1 was decided on."""
    rest = ("applied", f"{MODEL}/current", f"{MODEL}/versions/1")
    return {f"/assent/{name}/{each}" for name in environments for each in rest}


def held(ladder: Ladder) -> dict[str, set[str]]:
    """The names of all parameters in each account, by account."""
    return {
        account: {
            each["Name"]
            for page in ladder.stage.aws.backstage(account=account)
            .ssm.get_paginator("get_parameters_by_path")
            .paginate(Path="/", Recursive=True)
            for each in page["Parameters"]
        }
        for account in (ACCOUNT, UAT, PROD)
    }


def assumed(call: Call) -> str | None:
    """The role that a call assumes, as account and name; None for other calls."""
    if call.operation != "AssumeRole":
        return None
    (arn,) = parse_qs(call.body.decode())["RoleArn"]
    _, _, _, _, account, role = arn.split(":")
    return f"{account} {role.removeprefix('role/')}"


def told(call: Call) -> str | None:
    """A call to AWS that is about credentials, or writes; None for others."""
    match call.operation:
        case "AssumeRole":
            return assumed(call)
        case "GetCallerIdentity":
            return "who am I?"
        case "PutParameter":
            return f"parameters of {json.loads(call.body)['Name'].split('/')[2]}"
        case operation:
            return operation if call.writes else None


def steps(ladder: Ladder, *, without: Collection[str] = ()) -> list[str]:
    """What `told` says of each call since the ledger was cleared, without repetitions."""
    calls = [call for call in ladder.stage.ledger.calls if call.service == "aws"]
    found = [said for call in calls if (said := told(call)) is not None and said not in without]
    return [said for said, _ in groupby(found)]


@contextmanager
def signed_in_at(ladder: Ladder, account: str) -> Iterator[None]:
    """This process has another account's credentials, and those for GitHub as before."""
    with patch.dict(os.environ, ladder.stage.aws.environment(account=account)):
        yield


def refuse_to_write(call: Call, moment: Moment) -> Respond | None:
    """Let nobody assume a role that writes, as a trust policy may have it."""
    role = assumed(call) if moment is Moment.BEFORE else None
    if role is None or not role.endswith("assent-apply"):
        return None
    message = f"User: arn:aws:iam::{ACCOUNT}:user/ci is not authorized to perform: sts:AssumeRole"
    body = (
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
        f"<Message>{escape(message)}</Message></Error></ErrorResponse>"
    )
    return Respond(403, (("Content-Type", "text/xml"),), body.encode())


def configure(ladder: Ladder, *changes: tuple[str, str]) -> None:
    """Change main's assent.yaml behind GitHub's back."""
    clone = ladder.stage.clone(ladder.folder / "clone")
    text = (clone / "assent.yaml").read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (clone / "assent.yaml").write_text(text)
    play.push(ladder.stage, clone, "assent.yaml")


def test_each_environment_is_written_in_its_own_account(ladder: Ladder) -> None:
    """Its parameters are there and nowhere else, and its role writes them, once it is known."""
    ladder.promoted({1: ENVIRONMENTS})
    assert row(ladder) == EVERYWHERE
    assert held(ladder) == {
        ACCOUNT: names("dev", "test"),
        UAT: names("uat"),
        PROD: names("prod"),
    }
    assert steps(ladder)[0] == "who am I?"
    passed_over = {"UpdateModelPackage", "Publish", f"{UAT} assent-read", f"{PROD} assent-read"}
    assert steps(ladder, without=passed_over) == [
        "who am I?",
        "parameters of dev",
        "parameters of test",
        f"{UAT} assent-apply",
        "who am I?",
        "parameters of uat",
        f"{PROD} assent-apply",
        "who am I?",
        "parameters of prod",
    ]
    for name in ENVIRONMENTS:
        ladder.resolve(name, 1)


def test_looking_takes_the_roles_that_read(ladder: Ladder) -> None:
    """Where no role that writes may be assumed, only `apply` stops; and where it may not write."""
    ladder.promoted({1: ["dev", "test", "uat"]})
    ladder.stage.aws.wire.interceptor = refuse_to_write
    reading = {"who am I?", f"{UAT} assent-read", f"{PROD} assent-read"}
    for command, said in (
        (["plan"], "uat: no change"),
        (["status"], f"{MODEL}  1    1     1    -"),
        (["history", MODEL], "uat          1        Approved"),
    ):
        ladder.stage.ledger.clear()
        found = ladder.assent(*command)
        assert found.exit_code == 0, found.output
        assert said in found.output
        assert set(steps(ladder)) <= reading
        assert f"{UAT} assent-read" in steps(ladder)

    ladder.stage.ledger.clear()
    assert "current is version 1 now, and no version" in ladder.retire(1, "uat").output
    ladder.score(1, "uat")  # the job and its reports are in uat's account
    assert set(steps(ladder)) <= reading | {"Publish"}  # to prod's topic, by its own policy
    retire, promote = ladder.stage.pull_requests()
    assert (retire.title, promote.title) == ("Retire churn 1 from uat", "Promote churn 1 to prod")

    before = held(ladder)
    ladder.stage.ledger.clear()
    applied = ladder.assent("apply", "--all")
    assert applied.exit_code == 1
    for account in (UAT, PROD):
        assert f"sts:AssumeRole on 'arn:aws:iam::{account}:role/assent-apply'" in applied.output
    assert ladder.writes() == []
    assert held(ladder) == before


def test_an_environment_without_its_role_is_left_alone(ladder: Ladder) -> None:
    """The registry's account is not taken for prod's, to write or to read; the others go on."""
    configure(
        ladder,
        (f"    role: arn:aws:iam::{PROD}:role/assent-apply\n", ""),
        (f"    read_role: arn:aws:iam::{PROD}:role/assent-read\n", ""),
    )
    ladder.register(1)
    play.accept(ladder.stage, 1, by="ana")
    said = f"prod is in account {PROD}, and the credentials are of account {ACCOUNT}"
    ladder.stage.ledger.clear()
    for command in (["plan"], ["status"], ["history", MODEL]):
        found = ladder.assent(*command)
        assert found.exit_code == 1
        assert said in found.output
    assert ladder.writes() == []

    applied = ladder.assent("apply")
    assert applied.exit_code == 1
    assert f"failed   the environment in prod: {said}" in applied.output
    assert "name a role there: environments[].role" in applied.output
    assert held(ladder) == {
        ACCOUNT: {*names("dev"), "/assent/test/applied"},
        UAT: {"/assent/uat/applied"},
        PROD: set(),
    }


@pytest.mark.parametrize("role", ["role", "read_role"])
def test_a_role_in_a_wrong_account_is_no_configuration(ladder: Ladder, role: str) -> None:
    """Where a role leads elsewhere than its environment, nothing runs, and AWS is not asked."""
    purpose = {"role": "apply", "read_role": "read"}[role]
    configure(
        ladder,
        (
            f" {role}: arn:aws:iam::{PROD}:role/assent-{purpose}",
            f" {role}: arn:aws:iam::{UAT}:role/assent-{purpose}",
        ),
    )
    ladder.stage.ledger.clear()
    for command in ("apply", "plan", "status", "check"):
        found = ladder.assent(command)
        assert found.exit_code == 1
        assert f"environments[3].{role}: the role is not in account {PROD}" in found.output
    assert ladder.stage.ledger.count("aws") == 0


def test_credentials_of_another_account_reach_no_verdict(ladder: Ladder) -> None:
    """Whatever the command, the mistake is told before anything is read, written or concluded."""
    ladder.promoted({1: ["dev", "test"]})
    ladder.register(2)
    before = row(ladder)
    event = ladder.folder / "event.json"
    event.write_text(json.dumps(ladder.registered[2].event))
    said = f"the registry is in account {ACCOUNT}, and the credentials are of account {UAT}"
    for command in (
        ["apply"],
        ["apply", "--all", "--env", "uat"],
        ["reject", "1"],
        ["plan"],
        ["status"],
        ["history", MODEL],
        ["retire", MODEL, "1", "--env", "dev", "--reason", "it drifts"],
    ):
        ladder.stage.ledger.clear()
        with signed_in_at(ladder, UAT):
            found = ladder.assent(*command)
        assert (command, found.exit_code, steps(ladder)) == (command, 1, ["who am I?"])
        assert said in found.output
        assert ladder.writes() == []
    with signed_in_at(ladder, UAT):
        proposed = play.assent("propose", event)
    assert proposed.exit_code == 1
    assert said in proposed.output
    assert row(ladder) == before


def test_a_report_from_another_account_is_refused(
    ladder: Ladder, caplog: pytest.LogCaptureFixture
) -> None:
    """AWS says who sent an event; of another account than the environment's it changes nothing."""
    ladder.promoted({1: ["dev", "test", "uat"]})
    before = row(ladder)
    places = ladder.stored(1, "uat")
    found = ["--env", "uat", "--version", "1", "--run", "nightly"]
    for command in (
        ["report-inference", MODEL, *found, "--metrics", places["metrics.json"]],
        ["report-violations", MODEL, *found, "--report", places["constraint_violations.json"]],
    ):
        for sender in ("dev", "prod"):
            caplog.clear()
            with ladder.signed_in(sender):
                sent = play.assent(*command)
            assert sent.exit_code == 0, sent.output
            ladder.stage.ledger.clear()
            drained = ladder.drained()
            assert (drained.handled, drained.errors) == (0, [])
            account = ladder.stage.account_of(sender)
            said = f"the event was sent from account {account}; uat is in account {UAT}"
            assert said in caplog.text
            assert ladder.writes() == []
    letters = [json.loads(body) for body in ladder.stage.intake.dead_letters]
    assert [each["account"] for each in letters] == [ACCOUNT, PROD] * 2
    assert row_without_dead_letters(ladder) == before


def row_without_dead_letters(ladder: Ladder) -> list[str]:
    """The row, once the dead letters were looked at and removed."""
    home = ladder.stage.aws.backstage()
    name = ladder.stage.intake.dead_letters_arn.rpartition(":")[2]
    home.sqs.purge_queue(QueueUrl=home.sqs.get_queue_url(QueueName=name)["QueueUrl"])
    return row(ladder)


def test_an_event_that_names_another_account_than_its_job_is_refused(
    ladder: Ladder, caplog: pytest.LogCaptureFixture
) -> None:
    """A transform job of uat's is none of prod's account, whatever the envelope says."""
    ladder.promoted({1: ["dev", "test", "uat"]})
    ladder.score(1, "uat")
    assert ladder.ran is not None
    before = row(ladder)
    ladder.stage.ledger.clear()
    ladder.stage.aws.emit(ladder.ran.event | {"account": PROD})
    assert ladder.drained().handled == 0
    assert f"expected {UAT}, as in detail.TransformJobArn" in caplog.text
    assert ladder.writes() == []
    assert row_without_dead_letters(ladder) == before
