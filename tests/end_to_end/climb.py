"""A version on its way up through several accounts, by the shortest way."""

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from github.PullRequest import PullRequest
from tests.end_to_end import play
from tests.end_to_end.whole import STORE, Clock

from assent.core.own_events import INFERENCE_COMPLETED, inference_detail
from assent.core.package import ReportSource
from assent.core.reports import ReportKind
from assent.sandbox.aws import Ran, Registered, monitor, transform
from assent.sandbox.aws.training import ensure_bucket
from assent.sandbox.stage import CODE_OWNERS, ENVIRONMENTS, Stage

VIOLATIONS = "constraint_violations.json"
METRICS = {"accuracy": {"value": 0.9, "standard_deviation": 0.01}}


@contextmanager
def several_accounts(
    folder: Path, clock: Clock, topics: Collection[str] = ("uat", "prod")
) -> Iterator[Stage]:
    """A stage with uat and prod in accounts of their own, and this process leading to it."""
    with (
        Stage(folder / "stage", now=clock, accounts="many", topics=topics) as stage,
        patch.dict(os.environ, stage.environment()),
    ):
        assert len(stage.intake) == 0  # creates the bus, too
        yield stage


def metrics(version: Registered, **more: object) -> bytes:
    """What a batch inference with a version says of it."""
    whose = {"model": version.group, "version": version.version}
    return json.dumps({**whose, "metrics": METRICS, **more}).encode()


def infer(
    stage: Stage,
    version: Registered,
    environment: str,
    outputs: Mapping[str, bytes] | None = None,
    **how: Any,  # noqa: ANN401 - handed on
) -> Ran:
    """Run a batch transform with a version in an environment's own account."""
    account = stage.account_of(environment)
    left = {"metrics.json": metrics(version)} if outputs is None else outputs
    return transform(stage.aws, version.arn, environment, outputs=left, account=account, **how)


def reported(
    stage: Stage, version: Registered, environment: str, outputs: Mapping[str, bytes]
) -> dict[str, Any]:
    """What `assent report-inference` puts on the bus about a batch inference with a version."""
    account = stage.account_of(environment)
    bucket = f"acme-nightly-{account}"
    s3 = stage.aws.backstage(account=account).s3
    ensure_bucket(s3, bucket, stage.aws.region)
    for name, content in outputs.items():
        s3.put_object(Bucket=bucket, Key=name, Body=content)
    kinds = {VIOLATIONS: ReportKind.VIOLATIONS}
    return own_event(
        stage,
        environment,
        INFERENCE_COMPLETED,
        inference_detail(
            model=version.group,
            version=version.version,
            environment=environment,
            run="nightly-1",
            reports=[
                ReportSource(
                    kind=kinds.get(name, ReportKind.EVALUATION), uri=f"s3://{bucket}/{name}"
                )
                for name in outputs
            ],
        ),
    )


def own_event(
    stage: Stage, environment: str, kind: str, detail: Mapping[str, Any]
) -> dict[str, Any]:
    """An event of Assent's own, as the bus gives it on."""
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": kind,
        "source": "assent",
        "account": stage.account_of(environment),
        "time": "2026-11-22T10:00:00Z",
        "region": stage.aws.region,
        "resources": [],
        "detail": dict(detail),
    }


def watch(stage: Stage, version: Registered, environment: str, **how: Any) -> Ran:  # noqa: ANN401 - handed on
    """Let Model Monitor find drift in a version, in an environment's own account."""
    found = {
        "feature_name": "age",
        "constraint_check_type": "data_type_check",
        "description": "Data type match requirement is not met.",
    }
    outputs = {VIOLATIONS: json.dumps({"violations": [found]}).encode()}
    account = stage.account_of(environment)
    given = {"outputs": outputs, "package": version.arn, **how}
    return monitor(stage.aws, environment, account=account, **given)


def opened(stage: Stage, clock: Clock, event: Mapping[str, Any]) -> PullRequest:
    """Deliver an event that opens a pull request."""
    clock.tick()
    before = len(stage.pull_requests(state="all"))
    assert play.deliver(event) == []
    (pull,) = stage.pull_requests(state="all")[before:]
    return pull


def settle(stage: Stage, clock: Clock, pull: PullRequest, *, by: str = "ana") -> None:
    """Approve and merge a pull request, and apply."""
    clock.tick()
    play.accept(stage, pull.number, by=by)
    clock.tick()
    applied = play.apply(stage)
    assert applied.exit_code == 0, applied.output


def climb(stage: Stage, clock: Clock, version: Registered, to: str) -> PullRequest:
    """Take a version up to the pull request that would let it into an environment."""
    pull = opened(stage, clock, version.event)
    for environment in ENVIRONMENTS[: ENVIRONMENTS.index(to)]:
        settle(stage, clock, pull)
        pull = opened(stage, clock, infer(stage, version, environment).event)
    assert pull.title == f"Promote {version.group} {version.version} to {to}"
    return pull


def owner(environment: str) -> str:
    """A code owner there, who never is the author of anything."""
    return CODE_OWNERS.get(environment, CODE_OWNERS["uat"])[1]


def rejected(stage: Stage, clock: Clock, pull: PullRequest, *, by: str) -> None:
    """Let somebody say no on a pull request, and close it."""
    clock.tick()
    stage.repository(by).get_pull(pull.number).create_issue_comment("It is worse in the south.")
    clock.tick()
    stage.close(pull.number, by)


def reopened(stage: Stage, clock: Clock, pull: PullRequest, *, by: str) -> None:
    """Let somebody close a pull request, which is recorded, and think better of it."""
    rejected(stage, clock, pull, by=by)
    clone = stage.clone(stage.root.parent / "clone")
    recorded = play.assent("reject", str(pull.number), "--repository", clone)
    assert recorded.exit_code == 0, recorded.output
    clock.tick()
    stage.repository(by).get_pull(pull.number).edit(state="open")


def delete_branch(stage: Stage, branch: str, *, by: str) -> None:
    """Delete a branch, as the button on a closed pull request does."""
    repository = stage.repository(by)
    repository.requester.requestJsonAndCheck("DELETE", f"{repository.url}/git/refs/heads/{branch}")


def keep_reports(stage: Stage) -> None:
    """Let main's configuration name a bucket for reports that their own keeps no versions of."""
    stage.aws.s3.create_bucket(
        Bucket=STORE, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    configure(stage, "environments:", f"evidence_bucket: {STORE}\nenvironments:")


def configure(stage: Stage, old: str, new: str) -> None:
    """Change main's configuration behind GitHub's back, and start anew with it."""
    clone = stage.clone(stage.root.parent / "configured")
    settings = clone / "assent.yaml"
    text = settings.read_text()
    assert text.count(old) == 1, text
    settings.write_text(text.replace(old, new))
    play.push(stage, clone, "assent.yaml")
    play.cold_start()
