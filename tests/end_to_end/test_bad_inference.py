"""Inference that proposes nothing: each mistake is told apart, said clearly, changes nothing."""

import copy
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from tests.end_to_end import play
from tests.end_to_end.climb import (
    METRICS,
    VIOLATIONS,
    climb,
    configure,
    infer,
    metrics,
    opened,
    owner,
    rejected,
    reported,
    settle,
    several_accounts,
    watch,
)
from tests.end_to_end.nursery import Nursery
from tests.end_to_end.whole import Clock, Whole

from assent.sandbox.aws import Ending, Registered, register, sqs_batch, transform
from assent.sandbox.stage import Stage

Event = Mapping[str, Any]
MEBIBYTE = 1024 * 1024


@pytest.fixture
def clock() -> Clock:
    """GitHub's."""
    return Clock()


@pytest.fixture
def stage(tmp_path: Path, clock: Clock) -> Iterator[Stage]:
    """Several accounts."""
    with several_accounts(tmp_path, clock) as running:
        yield running


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """An event that is to change nothing."""

    event: Event
    words: str
    """What has to be said of it, in this order where there are several parts, divided by `…`."""
    code: int = 0
    """The command's exit code."""
    comes_back: bool = False
    """Whether the Lambda wants the message again."""


def assert_nothing_changes(stage: Stage, versions: list[Registered], cases: list[Bad]) -> None:
    """See what command and Lambda make of events, and that the whole stage stays as it is."""
    file = stage.root.parent / "event.json"
    whole = Whole(stage, versions)
    before = whole.picture()
    stage.ledger.clear()
    for case in cases:
        file.write_text(json.dumps(case.event))
        ended = play.assent("propose", file)
        assert ended.exit_code == case.code, ended.output
        rest = ended.output
        for part in case.words.split("…"):
            assert part in rest, (part, ended.output)
            rest = rest.partition(part)[2]
    failed = play.deliver(*(case.event for case in cases))
    assert failed == [place for place, case in enumerate(cases) if case.comes_back]
    assert whole.picture() == before
    written = {call.operation.rpartition("/")[2] for call in stage.ledger.calls if call.writes}
    assert written <= {"access_tokens", "ChangeMessageVisibility"}


def created_again(stage: Stage, clock: Clock) -> Registered:
    """A version that was approved in dev, and then deleted with its group and registered anew."""
    version = play.train(stage, group="fraud")
    settle(stage, clock, climb(stage, clock, version, "dev"))
    stage.aws.sagemaker.delete_model_package(ModelPackageName=version.arn)
    stage.aws.sagemaker.delete_model_package_group(ModelPackageGroupName="fraud")
    created = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    return register(stage.aws, group="fraud", reports=play.evaluation(0.95), created=created)


def retirement(stage: Stage, clock: Clock, version: int) -> None:
    """Let a version's retirement from dev be merged, but not applied."""
    clone = stage.clone(stage.root.parent / "clone")
    asked = ("retire", "churn", str(version), "--env", "dev", "--reason", "it drifts")
    assert play.assent(*asked, "--repository", clone).exit_code == 0
    clock.tick()
    play.accept(stage, stage.pull_requests()[-1].number)
    clock.tick()


def test_a_job_whose_version_may_not_climb_proposes_nothing(stage: Stage, clock: Clock) -> None:
    """A job of no package, of several, of one that is not approved where it ran, or that failed."""
    good, waiting, refused, withdrawn, doubted = versions = [play.train(stage) for _ in range(5)]
    settle(stage, clock, opened(stage, clock, good.event))
    opened(stage, clock, waiting.event)
    rejected(stage, clock, opened(stage, clock, refused.event), by=owner("dev"))
    settle(stage, clock, opened(stage, clock, withdrawn.event))
    retirement(stage, clock, withdrawn.version)
    settle(stage, clock, opened(stage, clock, doubted.event))
    retirement(stage, clock, doubted.version)
    again = created_again(stage, clock)
    settled = play.apply(stage)
    assert settled.exit_code == 0, settled.output

    def job(package: str | list[str], **how: Any) -> dict[str, Any]:  # noqa: ANN401 - handed on
        outputs = {"metrics.json": metrics(good)}
        return transform(stage.aws, package, "dev", outputs=outputs, **how).event

    failed = job(good.arn, ending=Ending(status="Failed", failure="ClientError: out of memory"))
    lying = copy.deepcopy(failed)
    lying["detail"]["TransformJobStatus"] = "Completed"
    nobody = copy.deepcopy(job(good.arn))
    name = nobody["detail"]["TransformJobName"]
    nobody = json.loads(json.dumps(nobody).replace(name, "nobody-dev"))
    elsewhere = transform(
        stage.aws, good.arn, "prod", outputs={}, account=stage.account_of("prod")
    ).event
    assert_nothing_changes(
        stage,
        [*versions, again],
        [
            Bad(event=job([]), words="ignored: …ran the model …no versioned model package"),
            Bad(
                event=job([good.arn, waiting.arn]),
                words="ignored: …of several model packages: …/churn/1, …/churn/2",
            ),
            Bad(event=job(waiting.arn), words="churn 2 in dev is not approved (nothing was"),
            Bad(event=job(refused.arn), words="churn 3 in dev is not approved (Rejected)"),
            Bad(event=job(withdrawn.arn), words="churn 4 in dev is not approved (Retired)"),
            Bad(event=job(doubted.arn), words="churn 5 in dev is not approved (Retired)"),
            Bad(event=job(again.arn), words="approved for an earlier package of this number"),
            Bad(event=failed, words="ignored: …is 'Failed'; a batch inference counts once it"),
            Bad(event=lying, words="ignored: …is Failed: ClientError: out of memory; it proposes"),
            Bad(event=nobody, words="nothing to propose: …'nobody-dev'", code=3),
            Bad(event=job(good.arn, job="churn-1-moon"), words="is of no environment: none in"),
            Bad(event=elsewhere, words="ignored: prod is the top of the ladder"),
        ],
    )


def test_a_retirement_that_waits_for_apply_keeps_a_version_down(stage: Stage, clock: Clock) -> None:
    """Main's word counts as soon as it is merged; what is in effect is not enough."""
    version = play.train(stage)
    settle(stage, clock, climb(stage, clock, version, "dev"))
    retirement(stage, clock, 1)
    event = infer(stage, version, "dev").event
    words = "ignored: promotions/dev/churn/1.yaml of main says Retired, so it is not proposed"
    assert_nothing_changes(stage, [version], [Bad(event=event, words=words)])


def nested(depth: int) -> bytes:
    """A metric at the bottom of many objects."""
    return (b'{"a":' * depth) + b"1" + b"}" * depth


def bad_reports(version: Registered) -> list[tuple[bytes | None, str]]:
    """Contents of a report that has to be there, and what is said of each."""
    other = {"metrics": METRICS}
    return [
        (None, "it is missing. Let the inference write it"),
        (b"", "empty file"),
        (b" " * (5 * MEBIBYTE + 1), "5242881 bytes; at most 5242880"),
        (b'{"auc": 0.9, "auc": 0.8}', "duplicate key 'auc' at the top level"),
        (b'{"auc": 0.9', "not JSON: line 1 column 12"),
        (b"\xff\xfe{\x00", "not UTF-8"),
        (b"[]", "the top level is a list, not an object"),
        (b"[" * 100_000, "nested deeper than 32 levels"),
        (nested(100_000), "nested deeper than 32 levels"),
        (b'{"metrics": {"auc": {"value": NaN}}}', "it holds neither a metric nor a violation"),
        (b'{"auc": "NaN", "f1": "Infinity"}', "it holds neither a metric nor a violation"),
        (b'{"auc": -Infinity, "f1": 1e999}', "it holds neither a metric nor a violation"),
        (b'{"violations": ["age", 7, {}]}', "none of its violations can be read"),
        (
            json.dumps({"model": "fraud", **other}).encode(),
            "it is of another model: its model is 'fraud', not churn",
        ),
        (
            json.dumps({"model": "churn", "version": 2, **other}).encode(),
            "it is of another model: its version is 2, not 1",
        ),
        (
            json.dumps({"model_package_arn": version.arn + "1", **other}).encode(),
            "it is of another model: its model_package_arn is ",
        ),
    ]


@pytest.mark.parametrize("told_by", ["transform job", "pipeline"])
def test_a_report_that_tells_nothing_of_the_run_proposes_nothing(
    stage: Stage, clock: Clock, told_by: str
) -> None:
    """A required one that is missing, empty, huge, unreadable or another model's is named."""
    version = play.train(stage)
    configure(
        stage,
        'transform_jobs: "*-dev"',
        'transform_jobs: "*-dev", reports: [{kind: evaluation, path: metrics.json}]',
    )
    settle(stage, clock, climb(stage, clock, version, "dev"))

    def event(number: int, content: bytes | None) -> Event:
        if told_by == "transform job":
            outputs = {} if content is None else {"metrics.json": content}
            return infer(stage, version, "dev", outputs).event
        name = f"{number}/metrics.json"
        told = reported(stage, version, "dev", {name: content or b""})
        if content is None:
            uri = told["detail"]["reports"][0]["uri"]
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            stage.aws.s3.delete_object(Bucket=bucket, Key=key)
        return told

    cases = [
        Bad(
            event=event(number, content),
            words=f"churn 1 in test: not proposed after …metrics.json: …{words}",
            code=10,
        )
        for number, (content, words) in enumerate(bad_reports(version))
    ]
    assert_nothing_changes(stage, [version], cases)


def test_an_account_that_does_not_match_proposes_nothing(stage: Stage, clock: Clock) -> None:
    """Sent, run, or signed in elsewhere than configured: each is told apart, with both accounts."""
    version = play.train(stage)
    settle(stage, clock, climb(stage, clock, version, "test"))
    uat, prod = stage.account_of("uat"), stage.account_of("prod")
    report = reported(stage, version, "test", {"metrics.json": metrics(version)})
    job = infer(stage, version, "dev").event
    stray = transform(stage.aws, version.arn, "test", outputs={}, account="999999999999").event
    cases = [
        Bad(
            event={**report, "account": uat},
            words=f"sent from account {uat}; test is in account 111122223333",
            code=1,
            comes_back=True,
        ),
        Bad(
            event={**job, "account": prod},
            words=f"the event's account is '{prod}'; expected 111122223333",
            code=1,
            comes_back=True,
        ),
        Bad(event=stray, words="is of no environment: none in account 999999999999"),
    ]
    assert_nothing_changes(stage, [version], cases)
    wrong = Bad(
        event=job,
        words=f"the registry is in account 111122223333, and the credentials are of account {prod}",
        code=1,
        comes_back=True,
    )
    with patch.dict(os.environ, stage.environment(account=prod)):
        play.cold_start()
        assert_nothing_changes(stage, [version], [wrong])


HOSTILE = "@acme/everyone fixes #1 <img src=x onerror=alert(1)> [a](https://evil.test) `|` \x1b[31m"


def test_hostile_names_in_reports_stay_text(stage: Stage, clock: Clock) -> None:
    """Metrics and violations of any name come out as code: no mention, link, tag or new column."""
    version = play.train(stage)
    settle(stage, clock, climb(stage, clock, version, "dev"))
    keys = ["__proto__", "constructor", "__class__", "toString", f"auc {HOSTILE}", "a\nb", "\u202e"]
    values = {key: {"value": 0.5} for key in keys}
    found = dict.fromkeys(("feature_name", "constraint_check_type", "description"), HOSTILE)
    outputs = {
        "metrics.json": json.dumps({"model": "churn", "metrics": values}).encode(),
        VIOLATIONS: json.dumps({"violations": [found]}).encode(),
    }
    page = opened(stage, clock, infer(stage, version, "dev", outputs).event).body
    assert_harmless(page)
    assert "`metrics.__proto__`" in page
    drifted = watch(stage, version, "dev", outputs={VIOLATIONS: outputs[VIOLATIONS]})
    assert play.deliver(drifted.event) == []
    (issue,) = [
        issue
        for issue in stage.repository("ana").get_issues(state="open")
        if issue.pull_request is None
    ]
    assert_harmless(issue.body)


def assert_harmless(page: str) -> None:
    """See that whatever acts on a page of GitHub's stands within code."""
    shown = [line for line in page.splitlines() if "evil.test" in line]
    assert shown
    assert not any(character in page for character in "\x1b\u202e")
    for line in shown:
        # Only within a fence longer than any run of backticks in the text.
        outside = "".join(line.split("``")[::2])
        for active in ("@acme", "#1", "<img", "evil.test"):
            assert active not in outside, line


def test_events_at_once_open_one_pull_request(stage: Stage, clock: Clock, nursery: Nursery) -> None:
    """Whichever of two runs comes first, there is one pull request, and its page is the record's.

    Four processes at once, each message delivered twice; what comes back is delivered again.
    """
    version = play.train(stage)
    settle(stage, clock, climb(stage, clock, version, "dev"))
    runs = [
        infer(stage, version, "dev", {"metrics.json": metrics(version, accuracy=accuracy)})
        for accuracy in (0.8, 0.9)
    ]
    whole = Whole(stage, [version])
    environment = stage.environment()
    for _ in range(3):
        whole.restore()
        batches = [sqs_batch([run.event]) for run in runs * 2]
        children = [nursery.delivery(batch, environment=environment) for batch in batches]
        for child in children:
            child.go()
        for child in children:
            assert child.wait() == 0, child.output
        came_back = [len(child.result["batchItemFailures"]) for child in children]
        assert set(came_back) <= {0, 1}
        for run, failed in zip(runs * 2, came_back, strict=True):
            if failed:
                assert play.deliver(run.event) == []
        (pull,) = stage.pull_requests()
        assert [label.name for label in pull.labels] == [
            "assent",
            "environment: test",
            "model: churn",
        ]
        there = stage.repository("ana").get_contents(
            "promotions/test/churn/1.yaml", ref=pull.head.ref
        )
        assert not isinstance(there, list)
        record = yaml.safe_load(there.decoded_content)
        assert record["evidence"]["digest"] in pull.body
        (mine,) = [run for run in runs if run.arn == record["evidence"]["inference"]["run"]]
        assert mine.job in pull.body
