"""Everything that a queue can hold: one batch, in which each message meets its own fate."""

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.end_to_end import play
from tests.end_to_end.play import Message

from assent.sandbox.aws import Registered, register
from assent.sandbox.aws.registry import package
from assent.sandbox.stage import ACCOUNT, REGION, Stage, repository_files

HOSTILE_NAMES = [
    "..",
    ".",
    "",
    "a\nb",
    "a\r\n::error::b",
    "$(id)",
    "`id`",
    "${{ github.token }}",
    "a/b",
    "../../main",
    "-x",
    "x-",
    "a b",
    "a.lock",
    "a..b",
    "@{-1}",
    "a\x00b",
    "a\u202eb",
    "ä",
    "\ud800",
    "a" * 64,
    "%2e%2e",
    "churn/1\n",
]


def named(event: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An event that speaks of another model, however it may be called."""
    return with_arn(event, f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/{name}/1", name)


def with_arn(event: Mapping[str, Any], arn: str, name: str = "churn") -> dict[str, Any]:
    """An event about the package of this ARN."""
    changed: dict[str, Any] = copy.deepcopy(dict(event))
    changed["resources"] = [arn]
    changed["detail"] |= {
        "ModelPackageArn": arn,
        "ModelPackageName": arn,
        "ModelPackageGroupName": name,
    }
    return changed


def without(event: Mapping[str, Any], *details: str) -> dict[str, Any]:
    """An event whose detail lacks some fields."""
    changed: dict[str, Any] = copy.deepcopy(dict(event))
    for name in details:
        del changed["detail"][name]
    return changed


def malformed(good: Mapping[str, Any]) -> list[Message]:
    """Messages that are no event of the registry's, or speak of what cannot be its package."""
    arn: str = good["detail"]["ModelPackageArn"]
    return [
        '{"detail": ',
        "",
        "null",
        "[]",
        '"churn"',
        "[" * 100_000,
        "{}",
        json.dumps(good)[:-1],
        {**good, "source": 7},
        {**good, "detail-type": None},
        {**good, "detail": "churn"},
        without(good, "ModelPackageArn"),
        with_arn(good, "churn/1"),
        with_arn(good, arn.replace("/1", "/0")),
        with_arn(good, arn.replace("/1", "/01")),
        with_arn(good, arn + "/1"),
        # Other accounts, regions and partitions than the registry's.
        with_arn(good, arn.replace("arn:aws:", "arn:aws-cn:")),
        with_arn(good, arn.replace(ACCOUNT, "999999999999")),
        with_arn(good, arn.replace(REGION, "us-east-1")),
        *(named(good, name) for name in HOSTILE_NAMES),
    ]


def asking_nothing(stage: Stage, good: Mapping[str, Any]) -> list[Message]:
    """Events that are well formed and ask for no pull request."""
    arn: str = good["detail"]["ModelPackageArn"]
    deleted = play.train(stage, group="deleted")
    stage.aws.sagemaker.delete_model_package(ModelPackageName=deleted.arn)
    live = play.train(stage, group="live")
    play.promote(stage, live)
    unfinished = play.train(stage, group="unfinished")
    package(ACCOUNT, REGION, unfinished.arn).model_package_status = "InProgress"
    return [
        {**good, "source": "aws.s3"},
        {**good, "source": ["acme.tests"]},
        {**good, "detail-type": "SageMaker Training Job State Change"},
        # Unversioned packages, whatever else the event says of them.
        with_arn(good, arn.removesuffix("/1")),
        without(
            with_arn(good, arn.removesuffix("/1")), "ModelPackageGroupName", "ModelPackageVersion"
        ),
        named(good, "nobody"),
        with_arn(good, arn.replace("/1", "/999999999")),
        deleted.event,
        live.event,
        unfinished.event,
        register(stage.aws, group="approved-elsewhere", approval="Approved").event,
        register(stage.aws, group="rejected-elsewhere", approval="Rejected").event,
    ]


def with_a_missing_report(stage: Stage) -> Registered:
    """A version whose report was deleted after it was registered."""
    version = play.train(stage, group="missing")
    metrics = version.event["detail"]["ModelMetrics"]["ModelQuality"]["Statistics"]
    bucket, _, key = metrics["S3Uri"].removeprefix("s3://").partition("/")
    stage.aws.s3.delete_object(Bucket=bucket, Key=key)
    return version


def test_each_message_of_a_batch_meets_its_own_fate(stage: Stage) -> None:
    """Exactly the malformed come back, exactly the good are proposed, and nothing else is done."""
    first, last = play.train(stage, group="first"), play.train(stage, group="last")
    nothing = asking_nothing(stage, play.train(stage).event)
    proposed_before = {pull.title for pull in stage.pull_requests(state="all")}
    bad = malformed(first.event)
    missing = with_a_missing_report(stage)
    unparsable = register(
        stage.aws, group="unparsable", reports={"model-quality": b'{"auc": 0.9, "auc"'}
    )
    none = register(stage.aws, group="without-reports")
    good = [missing.event, unparsable.event, none.event, last.event]
    stage.ledger.clear()

    failed = play.deliver(first.event, *bad, *nothing, *good)

    assert failed == list(range(1, 1 + len(bad)))
    assert play.deliver(*bad) == list(range(len(bad)))
    pulls = {pull.title: pull for pull in stage.pull_requests()}
    models = ("first", "missing", "unparsable", "without-reports", "last")
    assert set(pulls) - proposed_before == {f"Promote {model} 1 to dev" for model in models}
    branches = {branch.name for branch in stage.repository("ana").get_branches()}
    expected = {f"promote/dev/{model}/1" for model in models} | {
        "main",
        "promote/dev/live/1",
        "receipts",
    }
    assert branches == expected
    assert stage.ledger.count("aws", writes=True) == 0


@pytest.mark.parametrize(
    ("reports", "why"),
    [
        ({"model-quality": b'{"auc": 0.9, "auc"'}, "`not JSON: line 1 column 19: "),
        ({"model-quality": b""}, "`empty file`"),
        ({"model-quality": b"\xff\xfe"}, "`not UTF-8: "),
        ({"model-quality": b"<html>"}, "`not JSON: line 1 column 1: "),
        ({"model-quality": b"[" * 10_000}, "`nested deeper than 32 levels`"),
        ({"model-quality": b'"NaN"'}, "`the top level is a text, not an object`"),
        ({"model-quality": b"{}"}, "`the report holds no metric`"),
        ({"model-quality": b" " * (5 * 1024 * 1024 + 1)}, " has 5242881 bytes; at most 5242880 "),
        ({}, "`the package names no report`"),
    ],
    ids=[
        "cut off",
        "empty",
        "another encoding",
        "a page",
        "too deep",
        "no object",
        "no metric",
        "too large",
        "none",
    ],
)
def test_a_report_without_a_metric_is_said_in_plain_sight(
    stage: Stage, reports: dict[str, bytes], why: str
) -> None:
    """The page warns at its top that nothing says how good the version is, and lists why."""
    version = register(stage.aws, reports=reports)
    body = play.propose(stage, version).body
    warning = "> [!WARNING]\n> **No metric could be read.** Nothing on this page says how good"
    assert warning in body
    assert body.index(warning) < body.index("### What merging will do")
    listed = body.partition("### What could not be used\n")[2]
    assert "<details>" not in listed
    assert ("model-quality" if reports else "model metrics") in listed
    assert why in listed


def test_hostile_text_stays_text(stage: Stage) -> None:
    """Descriptions and metric names come out as code spans: no mention, link, tag or new line."""
    hostile = "@acme/everyone fixes #1 <img src=x> [a](https://evil.test) `|` ![b](c)"
    report = json.dumps({"metrics": {f"auc {hostile}": {"value": 0.5}}})
    version = register(
        stage.aws,
        description=hostile,
        reports={"model-quality": report.encode()},
        metadata={"owner": "someone"},
    )
    pull = play.propose(stage, version)
    assert pull.title == "Promote churn 1 to dev"
    shown = [line for line in pull.body.splitlines() if "evil.test" in line]
    assert len(shown) >= 2
    for line in shown:
        # Only within a fence longer than any run of backticks in the text.
        outside = "".join(line.split("``")[::2])
        for active in ("@acme", "#1", "<img", "evil.test"):
            assert active not in outside


def test_a_broken_configuration_loses_no_message(stage: Stage) -> None:
    """While main's assent.yaml cannot be read, every event comes back; once it can, none does."""
    first, second = play.train(stage), play.train(stage)
    files = repository_files()
    name = "acme/broken"
    files["assent.yaml"] += "unknown_setting: 1\n"
    stage.add_repository(name, files)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSENT_REPOSITORY", name)
        play.cold_start()
        foreign = {**first.event, "source": "aws.s3"}
        assert play.deliver(first.event, foreign, second.event) == [0, 2]
        fixed = files["assent.yaml"].replace("unknown_setting: 1\n", "")
        clone = stage.clone(stage.root.parent / "broken", name)
        (clone / "assent.yaml").write_text(fixed.replace("acme/model-promotions", name))
        play.push(stage, clone, "assent.yaml", name)
        assert play.deliver(first.event, foreign, second.event) == []
    titles = {pull.title for pull in stage.pull_requests(name=name)}
    assert titles == {"Promote churn 1 to dev", "Promote churn 2 to dev"}
