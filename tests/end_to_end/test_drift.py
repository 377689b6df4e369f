"""Drift on the stage: the commands that workflows run, and the event of a flip in the console."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.end_to_end import play
from tests.end_to_end.ladder import MODEL, Ladder
from tests.end_to_end.test_accounts import PROD, assumed

from assent.sandbox.stage import ACCOUNT
from assent.sandbox.wire import Call, Moment, Respond


@pytest.fixture
def standing(ladder: Ladder) -> Ladder:
    """Version 2 runs in dev, 1 in test and uat; 3 waits for its first decision."""
    ladder.promoted({1: ["dev", "test", "uat"], 2: ["dev"]})
    ladder.register(3)
    return ladder


def drift(ladder: Ladder, *options: str, expects: int) -> dict[str, Any]:
    done = ladder.assent("drift", *options, "--format", "json")
    assert done.exit_code == expects, done.output
    said: dict[str, Any] = json.loads(done.output)
    assert said["exit"] == expects
    return said


def found(said: dict[str, Any]) -> list[tuple[str, str | None, int | None]]:
    return [(each["kind"], each["environment"], each["version"]) for each in said["discrepancies"]]


def write(ladder: Ladder, version: int, **fields: str) -> None:
    """Somebody writes the registry in the console."""
    arn = ladder.registered[version].arn
    status = fields.pop("status", None)
    named: dict[str, Any] = {"ModelApprovalStatus": status} if status else {}
    if fields:
        named["CustomerMetadataProperties"] = fields
    ladder.stage.aws.sagemaker.update_model_package(ModelPackageArn=arn, **named)


def put(ladder: Ladder, environment: str, name: str, value: str) -> None:
    ssm = ladder.stage.aws.backstage(account=ladder.stage.account_of(environment)).ssm
    ssm.put_parameter(
        Name=f"/assent/{environment}/{name}", Value=value, Type="String", Overwrite=True
    )


def forge(ladder: Ladder) -> None:
    """Somebody writes an approval into a history."""
    name = f"/assent/dev/{MODEL}/versions/2"
    ssm = ladder.stage.aws.ssm
    text = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    put(ladder, "dev", f"{MODEL}/versions/2", text.replace('"Approved"', '"Retired"'))


def delete(ladder: Ladder) -> None:
    ladder.stage.aws.sagemaker.delete_model_package(ModelPackageName=ladder.registered[2].arn)


PLANTED: dict[str, tuple[Callable[[Ladder], object], list[tuple[str, str | None, int | None]]]] = {
    "status": (
        lambda ladder: write(ladder, 3, status="Approved"),
        [("approved-without-record", None, 3)],
    ),
    "field": (
        lambda ladder: write(ladder, 2, test="Approved"),
        [("approved-without-record", "test", 2)],
    ),
    "differs": (lambda ladder: write(ladder, 1, uat="Rejected"), [("registry-differs", "uat", 1)]),
    "current": (
        lambda ladder: put(ladder, "uat", f"{MODEL}/current", "gone"),
        [("parameter-edited", "uat", 1)],
    ),
    "history": (
        forge,
        [
            ("record-without-effect", "dev", 2),
            ("history-edited", "dev", 2),
            ("decision-without-receipt", "dev", 2),
        ],
    ),
    "stray": (
        lambda ladder: put(ladder, "uat", "notes", "mine"),
        [("parameter-stray", "uat", None)],
    ),
    "deleted": (delete, [("package-deleted", "dev", 2)]),
}


def test_each_planted_difference_is_found_and_none_is_invented(standing: Ladder) -> None:
    """One after the other on what stands: clean before, that very difference, all of them."""
    ladder = standing
    said = drift(ladder, expects=0)
    assert said["environments"] == ["dev", "test", "uat", "prod"]
    assert said["versions"] == 3
    expected: list[tuple[str, str | None, int | None]] = []
    for name in ("status", "field", "differs", "current", "stray"):
        plant, kinds = PLANTED[name]
        plant(ladder)
        expected += kinds
        assert sorted(found(drift(ladder, expects=11)), key=str) == sorted(expected, key=str)


@pytest.mark.parametrize("name", ["history", "deleted"])
def test_a_history_or_package_that_was_tampered_with_is_found(standing: Ladder, name: str) -> None:
    """What rests on them is not guessed."""
    plant, kinds = PLANTED[name]
    plant(standing)
    assert set(found(drift(standing, expects=11))) == set(kinds)


def test_healing_writes_back_what_is_in_effect(standing: Ladder) -> None:
    """Each with its own role, into its own account; afterwards everything is as it was."""
    ladder = standing
    for name in ("status", "field", "differs", "current"):
        PLANTED[name][0](ladder)
    healed = drift(ladder, "--heal", expects=0)
    assert healed["left"] == []
    assert {each["receipt"] for each in healed["receipts"]} == {"restored", "current"}
    assert drift(ladder, expects=0)["discrepancies"] == []
    ladder.resolve("uat", 1)
    ladder.stage.ledger.clear()
    assert drift(ladder, "--heal", expects=0)["receipts"] == []
    assert ladder.writes() == []


def test_what_does_not_heal_is_left(standing: Ladder) -> None:
    """The exit code tells it from what was healed."""
    PLANTED["stray"][0](standing)
    PLANTED["current"][0](standing)
    healed = drift(standing, "--heal", expects=12)
    assert [each["kind"] for each in healed["left"]] == ["parameter-stray"]


def test_an_index_that_is_behind_invents_nothing(standing: Ladder) -> None:
    """Search shows what was, or nothing yet; what really is is asked of the registry itself."""
    ladder = standing
    with ladder.stage.aws.search_behind():
        (pull,) = ladder.stage.pull_requests()
        ladder.merge(pull.number, "ana")
        ladder.retire(2, "dev")
        (pull,) = ladder.stage.pull_requests()
        ladder.merge(pull.number, "ana")
        ladder.stage.ledger.clear()
        assert drift(ladder, expects=0)["discrepancies"] == []
        described = [
            call for call in ladder.stage.ledger.calls if "DescribeModelPackage" in call.operation
        ]
        assert len(described) == 2


def test_one_issue_comes_and_goes(standing: Ladder) -> None:
    """As the workflow runs it: opened, left alone, closed."""
    ladder = standing
    PLANTED["differs"][0](ladder)
    opened = drift(ladder, "--issue", expects=11)["issue"]
    assert opened["step"] == "opened"
    issue = ladder.stage.repository("ana").get_issue(opened["number"])
    assert (issue.title, issue.state) == ("AWS differs from main", "open")
    assert [label.name for label in issue.labels] == ["assent: aws differs"]
    assert drift(ladder, "--issue", expects=11)["issue"]["step"] == "says so already"
    drift(ladder, "--heal", expects=0)
    assert drift(ladder, "--issue", expects=0)["issue"]["step"] == "closed"
    assert ladder.stage.repository("ana").get_issue(opened["number"]).state == "closed"


def test_a_flip_in_the_console_is_told_at_once(standing: Ladder) -> None:
    """SageMaker's event brings the Lambda to look; what Assent wrote itself says nothing."""
    ladder = standing
    for version in (1, 2):
        ladder.announce(version)
    assert not list(ladder.stage.repository("ana").get_issues(labels=["assent: aws differs"]))
    PLANTED["status"][0](ladder)
    ladder.announce(3)
    ladder.announce(3)
    (issue,) = ladder.stage.repository("ana").get_issues(labels=["assent: aws differs"])
    assert "approved-without-record" in issue.body
    assert issue.comments == 0
    drift(ladder, "--heal", expects=0)
    drift(ladder, "--issue", expects=0)
    assert ladder.stage.repository("ana").get_issue(issue.number).state == "closed"


def no_prod(call: Call, moment: Moment) -> Respond | None:
    """Let nobody become anybody in prod's account, as a trust policy may have it."""
    role = assumed(call) if moment is Moment.BEFORE else None
    if role is None or PROD not in role:
        return None
    body = (
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
        "<Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>"
    )
    return Respond(403, (("Content-Type", "text/xml"),), body.encode())


def test_an_environment_that_cannot_be_read_is_no_clean_one(standing: Ladder) -> None:
    """Nobody may sign in there: exit code 1, and the others are still told."""
    PLANTED["differs"][0](standing)
    PLANTED["field"][0](standing)
    standing.stage.aws.wire.interceptor = no_prod
    said = drift(standing, expects=1)
    assert [each["environment"] for each in said["broken"]] == ["prod"]
    assert {kind for kind, _, _ in found(said)} == {"registry-differs", "approved-without-record"}


def test_a_part_that_was_read_is_not_told_to_be_all(standing: Ladder) -> None:
    """Nothing differs, as far as anybody knows."""
    standing.stage.aws.wire.interceptor = no_prod
    done = standing.assent("drift", "--issue")
    assert done.exit_code == 1
    *_, last = done.output.splitlines()
    assert "nothing differs in what could be read in dev, test, uat (3 versions" in last
    assert "; 1 not read; issue: none is open, and none is needed for what could be read" in last


def test_drift_that_read_nothing_does_not_say_that_nothing_differs(ladder: Ladder) -> None:
    """A clone from before the first promotion is behind everywhere: nothing can be compared."""
    clone = ladder.stage.clone(ladder.folder.parent / "behind")
    ladder.promoted({1: ["dev", "test", "uat", "prod"]})
    done = play.assent("drift", "--issue", "--repository", clone)
    assert done.exit_code == 1
    *_, last = done.output.splitlines()
    assert "nothing differs" not in last
    assert "none is needed" not in last
    assert last.endswith(
        ": nothing could be read; 4 not read; issue: none is open; nothing could be read"
    )


def test_the_issue_is_about_all_environments(standing: Ladder) -> None:
    """Half a comparison would close it over the other half."""
    done = play.assent("drift", "--issue", "--env", "dev", "--repository", standing.folder)
    assert done.exit_code == 2
    assert ACCOUNT not in done.output
