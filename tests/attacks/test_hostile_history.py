"""Histories that hold what Assent never writes: told as unreadable, and nothing breaks of it."""

import json
from collections.abc import Mapping

import pytest
from tests.attacks.siege import SECOND, Siege
from tests.end_to_end import play

FIRST_HISTORY = "/assent/dev/churn/versions/1"
HISTORY = "/assent/dev/churn/versions/2"


def write(siege: Siege, fields: Mapping[str, object]) -> None:
    """Write a history for version 2 by hand: as version 1 has it, but for some fields."""
    ssm = siege.stage.ssm("dev")
    said = json.loads(ssm.get_parameter(Name=FIRST_HISTORY)["Parameter"]["Value"])
    said |= {"version": 2, "decisions": [{**said["decisions"][0], **fields}]}
    ssm.put_parameter(Name=HISTORY, Value=json.dumps(said), Type="String")


@pytest.mark.parametrize(
    "fields",
    [
        {"commit": "\ud800"},
        {"commit": "HEAD"},
        {"commit": "-x"},
        {"blob": "\ud800"},
        {"blob": f"HEAD:{SECOND}"},
        {"pull_request": "\ud800"},
        {"by": ["\ud800"]},
        {"by": ["\x1b[2Jben"]},
    ],
    ids=ascii,
)
def test_a_hostile_history_is_unreadable_to_every_command(
    siege: Siege, fields: Mapping[str, object]
) -> None:
    """Each ends as it should, says which parameter it is, and lets version 1 be."""
    _, pull = siege.proposed()
    siege.push(SECOND, siege.record(SECOND, pull.head.ref))
    write(siege, fields)
    for command in (["drift"], ["audit"], ["apply"], ["audit"], ["drift", "--heal"]):
        clone = siege.stage.clone(siege.folder / "reading")
        said = play.assent(*command, "--repository", clone)
        assert said.exit_code not in {0, 1}, said.output
        assert HISTORY in said.output
        assert said.output.replace("\n", "").isprintable()
    assert play.current(siege.stage) == 1


def test_a_hostile_history_stops_no_receipts(siege: Siege) -> None:
    """What fails has its receipt; and once the parameter is gone, everything is as it was."""
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")
    write(siege, {"commit": "-x"})
    for _ in range(2):
        applied = siege.apply()
        assert applied.exit_code == 12, applied.output
        assert "receipt" not in applied.output
    gaps = siege.json("audit")["gaps"]
    assert {(each["gap"], each["where"]) for each in gaps} >= {("parameter-unreadable", HISTORY)}
    siege.stage.ssm("dev").delete_parameter(Name=HISTORY)
    applied = siege.apply()
    assert applied.exit_code == 0, applied.output
    assert play.current(siege.stage) == 2
    assert siege.json("audit")["gaps"] == []
