"""Attacks on what is kept: receipts, parameters, the registry. Each is reported by its name."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from tests.attacks.siege import SECOND, Siege
from tests.end_to_end import play

from assent.core.changes import Reason
from assent.core.statements import statement_path
from assent.sandbox.stage import REPOSITORY

CURRENT = "/assent/dev/churn/current"
HISTORY = "/assent/dev/churn/versions/2"


@pytest.fixture
def siege(siege: Siege) -> Siege:
    """Version 2 is live too, rightly approved."""
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")
    applied = siege.apply()
    assert applied.exit_code == 0, applied.output
    assert play.current(siege.stage) == 2
    return siege


def gaps(siege: Siege) -> set[str]:
    """The names of the gaps that an audit finds."""
    return {each["gap"] for each in siege.json("audit")["gaps"]}


def drift(siege: Siege) -> set[tuple[str, str | None, int | None]]:
    """What differs by now: its kind, where, and of which version."""
    said = siege.json("drift")["discrepancies"]
    return {(each["kind"], each["environment"], each["version"]) for each in said}


def test_an_untouched_trail_is_whole(siege: Siege) -> None:
    """What follows is found because it was done, and not because it is always found."""
    assert gaps(siege) == set()
    assert drift(siege) == set()


# Receipts. Whoever may push to the branch may write anything there.


def rewrite(siege: Siege, change: Callable[[Path], None]) -> None:
    """Put a changed receipts branch in place of the one there is."""
    clone = siege.folder / "receipts"
    bare = siege.stage.hub.repository_path(REPOSITORY)

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], check=True, capture_output=True)

    git("clone", "--quiet", "--branch", "receipts", str(bare), str(clone))
    change(clone)
    git("-C", str(clone), "add", "--all")
    who = ("-c", "user.name=zoe", "-c", "user.email=zoe@acme.test")
    git("-C", str(clone), *who, "commit", "--quiet", "--amend", "--no-edit")
    git("-C", str(clone), "push", "--quiet", "--force", "origin", "HEAD:receipts")


def receipt(clone: Path, number: int) -> Path:
    """A receipt of dev."""
    return clone / statement_path("dev", number)


def test_deleted_receipt(siege: Siege) -> None:
    """One in the middle of the chain is gone."""
    rewrite(siege, lambda clone: receipt(clone, 2).unlink())
    assert "receipt-missing" in gaps(siege)


def test_cut_off_receipts(siege: Siege) -> None:
    """The last ones are gone, and the head fits what is left."""

    def cut(clone: Path) -> None:
        last = json.loads((clone / "dev/head.json").read_bytes())["sequence"]
        assert last >= 4  # two decisions, and twice what inference runs
        receipt(clone, last).unlink()
        receipt(clone, last - 1).unlink()
        before = receipt(clone, last - 2).read_bytes()
        digest = subprocess.run(
            ["sha256sum"], input=before, capture_output=True, check=True
        ).stdout.split()[0]
        head = {
            "schema": "assent/receipts-head/v1",
            "sequence": last - 2,
            "receipt": f"sha256:{digest.decode()}",
        }
        (clone / "dev/head.json").write_text(json.dumps(head))

    rewrite(siege, cut)
    assert "entry-without-receipt" in gaps(siege)


def test_reordered_receipts(siege: Siege) -> None:
    """Two have changed places."""

    def swap(clone: Path) -> None:
        one, other = receipt(clone, 1), receipt(clone, 2)
        first, second = one.read_bytes(), other.read_bytes()
        one.write_bytes(second)
        other.write_bytes(first)

    rewrite(siege, swap)
    assert "receipt-misplaced" in gaps(siege)


def test_altered_receipt(siege: Siege) -> None:
    """Another approver is named; the receipt after it has the digest of what was written."""

    def alter(clone: Path) -> None:
        place = receipt(clone, 1)
        content = place.read_bytes()
        assert content.count(b'"ben"') >= 2
        place.write_bytes(content.replace(b'"ben"', b'"ana"'))

    rewrite(siege, alter)
    assert "receipt-unchained" in gaps(siege)


# What AWS holds.


def put(siege: Siege, name: str, text: str) -> None:
    """Write a parameter by hand."""
    siege.stage.ssm("dev").put_parameter(Name=name, Value=text, Type="String", Overwrite=True)


def get(siege: Siege, name: str) -> dict[str, Any]:
    """What a parameter says."""
    text = siege.stage.ssm("dev").get_parameter(Name=name)["Parameter"]["Value"]
    said: dict[str, Any] = json.loads(text)
    return said


def flip(siege: Siege, arn: str, **fields: Any) -> None:  # noqa: ANN401 - boto3's
    """Write the registry by hand."""
    siege.stage.aws.sagemaker.update_model_package(ModelPackageArn=arn, **fields)


def test_parameter_changed_by_hand(siege: Siege) -> None:
    """`current` is made to name another version; drift finds it, and heals it if asked to."""
    right = get(siege, CURRENT)
    put(siege, CURRENT, json.dumps({**right, "version": 1}))
    assert drift(siege) == {("parameter-edited", "dev", 2)}
    assert "parameter-differs" in gaps(siege)
    clone = siege.stage.clone(siege.folder / "reading")
    healed = play.assent("drift", "--heal", "--repository", clone)
    assert healed.exit_code == 0, healed.output
    assert get(siege, CURRENT) == right
    assert drift(siege) == set()


def test_registry_changed_by_hand(siege: Siege) -> None:
    """A version that nobody decided on is Approved in the console; drift withdraws that."""
    version = siege.train()
    fields = {"ModelApprovalStatus": "Approved", "CustomerMetadataProperties": {"prod": "Approved"}}
    flip(siege, version.arn, **fields)
    assert ("approved-without-record", "prod", 3) in drift(siege)
    clone = siege.stage.clone(siege.folder / "reading")
    healed = play.assent("drift", "--heal", "--repository", clone)
    assert healed.exit_code == 0, healed.output
    assert siege.fields(3)["ModelApprovalStatus"] == "PendingManualApproval"
    assert drift(siege) == set()


def test_registry_flipped_and_told_by_its_event(siege: Siege) -> None:
    """The event of the flip alone opens the issue, at once."""
    version = siege.train()
    flip(siege, version.arn, ModelApprovalStatus="Approved")
    event: Mapping[str, Any] = {
        **version.event,
        "detail": {**version.event["detail"], "ModelApprovalStatus": "Approved"},
    }
    assert play.deliver(event) == []
    (issue,) = siege.stage.repository("ana").get_issues()
    assert issue.user.login == "assent[bot]"
    assert "approved-without-record" in (issue.body or "")


def forge(siege: Siege, **fields: str) -> None:
    """Push version 3's record, and write its decision into Parameter Store by hand."""
    version = siege.train()
    pull = siege.propose(version)
    path = SECOND.replace("/2.", "/3.")
    commit = siege.push(path, siege.record(path, pull.head.ref))
    forged = get(siege, HISTORY)
    entry = forged["decisions"][0]
    clone = siege.stage.clone(siege.folder / "reading")
    blob = subprocess.run(
        ["git", "-C", str(clone), "rev-parse", f"HEAD:{path}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    lines = (clone / path).read_text().splitlines()
    (digest,) = [line.partition("digest: ")[2] for line in lines if line.startswith("  digest: ")]
    created = next(line for line in lines if line.startswith("  created: "))
    entry |= {
        "blob": blob,
        "commit": commit,
        "evidence": digest,
        "created": created.partition(": ")[2].strip('"'),
        **fields,
    }
    put(siege, HISTORY.replace("/2", "/3"), json.dumps({**forged, "version": 3}))


def test_history_forged_for_a_pushed_record(siege: Siege) -> None:
    """Record pushed, and its decision written into Parameter Store: nothing proves that one.

    Whoever may write parameters can let inference run anything; it is seen, and never becomes
    proof: the receipt that is made up for the decision shows no approval.
    """
    forge(siege)
    siege.apply()
    found = gaps(siege)
    assert "approval-unfounded" in found, found


def test_history_forged_and_dated_back(siege: Siege) -> None:
    """It says that it took effect long ago; an audit of this year names it all the same."""
    forge(siege, applied_at="2001-01-01T00:00:00Z")
    siege.apply()
    assert "approval-unfounded" in gaps(siege)
    said = siege.json("audit", "--since", "2026-01-01T00:00:00Z")
    assert "approval-unfounded" in {each["gap"] for each in said["gaps"]}


class _Killed(BaseException):
    """As if the machine went away."""


def test_lost_receipt_after_its_approver_left(siege: Siege) -> None:
    """A run is killed before its receipts, and its approver leaves: that is told as what it is."""
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")
    with (
        patch("assent.flows.chronicle.Chronicle.write", side_effect=_Killed),
        pytest.raises(_Killed),
    ):
        siege.apply()
    assert play.current(siege.stage) == 3
    siege.stage.hub.add_team("acme", "ml-approvers-dev", members=["ana"])
    siege.apply()
    assert play.current(siege.stage) == 3
    (gap,) = siege.json("audit")["gaps"]
    assert gap["gap"] == "recovered-unproven"
    assert "ben approved, and is no code owner" in gap["detail"]


def test_retry_of_a_refused_record_stays_refused(siege: Siege) -> None:
    """A pushed record is refused on each run, and has one receipt of that, not one a run."""
    version = siege.train()
    pull = siege.propose(version)
    path = SECOND.replace("/2.", "/3.")
    siege.push(path, siege.record(path, pull.head.ref))
    numbers = []
    for _ in range(3):
        applied = siege.apply()
        assert applied.exit_code == 12
        assert f"[{Reason.DIRECT_PUSH}]" in applied.output
        clone = siege.stage.clone(siege.folder / "reading")
        head = subprocess.run(
            ["git", "-C", str(clone), "show", "origin/receipts:dev/head.json"],
            capture_output=True,
            check=True,
        ).stdout
        numbers.append(json.loads(head)["sequence"])
    assert len(set(numbers)) == 1
