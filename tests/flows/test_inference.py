"""After a batch inference, on the fakes: the next rung's pull request, or why there is none."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from tests.flows.climb import (
    ACCOUNTS,
    ARN,
    BELOW,
    BRANCH,
    DRIFT,
    METRICS,
    QUALITY,
    TARGET,
    VIOLATIONS,
    Climb,
    climbing,
    completed,
    job_arn,
    reported,
    transformed,
)
from tests.properties.play import Promote, Recreate

from assent.adapters.memory import MemoryEvidenceStore
from assent.core.config import Environment, ExpectedReport, InferenceSettings, UnknownEnvironment
from assent.core.errors import AssentError
from assent.core.events import Ignored, Misdirected
from assent.core.evidence import EvidenceSource
from assent.core.names import parse_package_arn
from assent.core.outcome import Attempt, Proposed, Settled, Unusable, Vanished
from assent.core.package import RegistryApproval
from assent.core.parameters import UnreadableParameter
from assent.core.reports import ReportKind


def test_a_completed_transform_job_proposes_the_next_rung() -> None:
    """The pull request for test: training metrics, and the job's own facts and metrics beside."""
    climb = climbing()
    outcome = climb.deliver()
    pull = climb.pull()
    assert outcome == Proposed(id=TARGET, url=pull.url, number=pull.number, attempt=Attempt.OPENED)
    assert pull.title == "Promote churn 1 to test"
    assert pull.labels == ["assent", "environment: test", "model: churn"]
    evidence = climb.record().evidence
    assert evidence.source is EvidenceSource.BATCH_INFERENCE
    assert evidence.metrics["binary_classification_metrics.auc"].value == 0.9
    inference = climb.inference()
    assert (inference.environment, inference.run) == ("dev", completed().arn)
    assert (inference.instance_type, inference.instances) == ("ml.m5.xlarge", 3)
    assert inference.metrics["scored.auc"].value == 0.88
    assert [report.uri for report in inference.reports] == [METRICS]
    assert "0.88" in pull.body


def test_a_pipelines_own_report_proposes_the_next_rung() -> None:
    """For pipelines without transform jobs; what they name is all that is read."""
    climb = climbing()
    event = reported(started="2026-11-22T10:00:00Z", ended="2026-11-22T10:10:00Z")
    assert isinstance(climb.deliver(event), Proposed)
    inference = climb.inference()
    assert (inference.run, inference.instance_type) == ("pipeline-7", None)
    assert inference.ended == datetime(2026, 11, 22, 10, 10, tzinfo=UTC)
    assert inference.metrics["scored.auc"].value == 0.88


def test_drift_that_the_run_found_is_on_the_page() -> None:
    """Model Monitor's violations are carried into the record, and shown."""
    climb = climbing()
    climb.files["dev"].put(VIOLATIONS, DRIFT)
    assert isinstance(climb.deliver(), Proposed)
    (violation,) = climb.inference().violations
    assert violation.feature == "age"
    assert "too many unknown ages" in climb.pull().body


def test_a_version_climbs_rung_by_rung() -> None:
    """Once it is in effect in test, inference there proposes it for prod, and there is no more."""
    climb = climbing()
    climb.deliver()
    climb.scene.approve(climb.pull().number, "ana")
    climb.scene.merge(climb.pull().number, bypass=False)
    climb.jobs["test"].transforms["nightly"] = completed(environment="test")
    climb.files["test"].put(METRICS, QUALITY)
    early = climb.deliver(transformed(environment="test"))
    assert isinstance(early, Ignored)
    assert "churn 1 in test is not approved (nothing was decided)" in early.why
    climb.apply()
    outcome = climb.deliver(transformed(environment="test"))
    assert isinstance(outcome, Proposed)
    assert climb.inference("prod").environment == "test"
    top = climb.deliver(transformed(environment="prod"))
    assert isinstance(top, Ignored)
    assert "top of the ladder" in top.why
    assert isinstance(climb.deliver(reported(ACCOUNTS["prod"], environment="prod")), Ignored)


def test_the_champion_of_the_target_is_compared_with() -> None:
    """What is live in test is named on the page of the next version, its inference too."""
    climb = climbing()
    climb.deliver()
    climb.scene.approve(climb.pull().number, "ana")
    climb.scene.merge(climb.pull().number, bypass=False)
    climb.play.perform(Promote(0))
    climb.apply()
    second = parse_package_arn(ARN[:-1] + "2")
    climb.jobs["dev"].transforms["next"] = completed("next", packages=(second,))
    climb.files["dev"].put(METRICS, QUALITY.replace(b"0.88", b"0.93"))
    outcome = climb.deliver(transformed("next"))
    assert isinstance(outcome, Proposed)
    body = climb.scene.repository.pull(outcome.number).body
    assert "run version **2** in place of **1**" in body
    assert "0.93" in body
    assert "0.88" in body


@pytest.mark.parametrize("event", [transformed(), reported()])
def test_the_same_event_again_changes_nothing_and_reads_no_report(event: dict[str, Any]) -> None:
    """The pull request is named again; nightly runs of what is proposed cost next to nothing."""
    climb = climbing()
    climb.deliver(event)
    before = (climb.pull(), climb.scene.repository.branches.copy())
    again = climb.deliver(event, reports=lambda _: pytest.fail("a report was read"))
    assert isinstance(again, Proposed)
    assert again.attempt is Attempt.ALREADY_OPEN
    assert (climb.pull(), climb.scene.repository.branches) == before


def test_the_next_rung_is_settled_by_its_record_or_a_closed_pull_request() -> None:
    """What was decided there is not asked again after the next run."""
    climb = climbing()
    climb.deliver()
    climb.scene.close(climb.pull().number, "ana")
    closed = climb.deliver()
    assert isinstance(closed, Settled)
    assert "closed" in closed.why
    climb.main("Approved", rung=1)
    merged = climb.deliver()
    assert isinstance(merged, Settled)
    assert merged.id == TARGET
    assert "main holds" in merged.why


@pytest.mark.parametrize("decided", ["Approved", "Rejected", "Retired"])
def test_the_next_rung_is_settled_by_the_registrys_field(decided: str) -> None:
    """A decision that the registry shows was taken, wherever its pull request is."""
    climb = climbing()
    seen = climb.scene.packages()["churn", 1]
    climb.scene.registry.put(replace(seen, metadata={**seen.metadata, "test": decided}))
    outcome = climb.deliver()
    assert isinstance(outcome, Settled)
    assert decided in outcome.why
    assert climb.scene.repository.branches.keys().isdisjoint({BRANCH})


def not_applied(climb: Climb) -> None:
    climb.scene.stores["dev"].values.clear()


def retired(climb: Climb) -> None:
    climb.main("Retired")
    climb.apply("dev")


def retiring(climb: Climb) -> None:
    climb.main("Retired")


def deleted(climb: Climb) -> None:
    climb.scene.push(BELOW.path, None)


def broken(climb: Climb) -> None:
    climb.scene.push(BELOW.path, b"status: Approved\n")


def recreated(climb: Climb) -> None:
    climb.play.perform(Recreate(0))


def recreated_before_histories_said(climb: Climb) -> None:
    climb.play.perform(Recreate(0))
    values = climb.scene.stores["dev"].values
    name = "/assent/dev/churn/versions/1"
    values[name] = values[name].replace('"created"', '"made"')


def job(**changes: Any) -> Callable[[Climb], None]:  # noqa: ANN401 - any field of TransformRun
    def change(climb: Climb) -> None:
        climb.jobs["dev"].transforms["nightly"] = completed(**changes)

    return change


def package(**changes: Any) -> Callable[[Climb], None]:  # noqa: ANN401 - any field of ModelVersion
    def change(climb: Climb) -> None:
        climb.scene.registry.put(replace(climb.scene.packages()["churn", 1], **changes))

    return change


def configured(**changes: Any) -> Callable[[Climb], None]:  # noqa: ANN401 - any field of Environment
    return lambda climb: climb.configure("dev", **changes)


OTHER = parse_package_arn(ARN.replace("111122223333", "999999999999"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (not_applied, "not approved (nothing was decided)"),
        (retired, "not approved (Retired)"),
        (retiring, "of main says Retired"),
        (deleted, "main has no promotions/dev/churn/1.yaml"),
        (broken, "of main does not read"),
        (recreated, "approved for an earlier package"),
        (recreated_before_histories_said, "about an earlier package"),
        (job(status="Failed", failure="out of memory"), "is Failed: out of memory"),
        (job(status="Stopped"), "is Stopped"),
        (job(packages=()), "churn-1, which is no versioned model package"),
        (job(packages=(OTHER, OTHER)), "several model packages"),
        (job(packages=(OTHER,)), "of another registry"),
        (package(status="Failed"), "is Failed; it cannot run"),
        (configured(account="999999999999"), "of no environment"),
        (
            configured(inference=InferenceSettings(transform_jobs="batch-*")),
            "runs a transform job of that name",
        ),
    ],
)
def test_a_run_that_proves_nothing_is_ignored_and_says_why(
    change: Callable[[Climb], None], why: str
) -> None:
    """Nothing is written, and delivering the event again would not help."""
    climb = climbing()
    change(climb)
    branches = climb.scene.repository.branches.copy()
    outcome = climb.deliver()
    assert isinstance(outcome, Ignored), outcome
    assert why in outcome.why
    assert climb.scene.repository.branches == branches


def test_the_registrys_own_status_decides_nothing() -> None:
    """Approved is what is in effect where it ran, not what somebody wrote into the registry."""
    climb = climbing(applied=False)
    package(approval=RegistryApproval.APPROVED, metadata={"dev": "Approved"})(climb)
    assert isinstance(climb.deliver(), Ignored)
    climb.apply("dev")
    package(approval=RegistryApproval.REJECTED)(climb)
    assert isinstance(climb.deliver(), Proposed)


def test_environments_that_share_an_account_are_told_apart_by_the_jobs_name() -> None:
    """Where no glob tells, all that may be meant are named, with the setting that would."""
    climb = climbing()
    climb.configure("test", account=ACCOUNTS["dev"])
    outcome = climb.deliver()
    assert isinstance(outcome, Ignored)
    assert "dev and test" in outcome.why
    assert "inference.transform_jobs" in outcome.why
    climb.configure("test", inference=InferenceSettings(transform_jobs="test-*"))
    assert isinstance(climb.deliver(), Proposed)


def test_what_is_gone_has_vanished() -> None:
    """The job, or the package that it ran, was deleted meanwhile."""
    climb = climbing()
    climb.scene.delete_package("churn", 1)
    assert isinstance(climb.deliver(), Vanished)
    climb.jobs["dev"].transforms.clear()
    outcome = climb.deliver()
    assert isinstance(outcome, Vanished)
    assert "nightly" in outcome.why


EMPTY = b"{}"
OF_ANOTHER = b'{"model": "fraud-eu", "auc": 0.9}'
HUGE = b'{"auc": 0.9, "x": "' + b"a" * 6 * 1024 * 1024 + b'"}'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "missing"),
        (EMPTY, "neither a metric nor a violation"),
        (b"", "empty file"),
        (b"auc: 0.9", "not JSON"),
        (HUGE, "bytes"),
        (OF_ANOTHER, "of another model"),
        (b'{"model": "churn", "version": 2, "auc": 0.9}', "of another model"),
    ],
    ids=["missing", "empty", "nothing", "no-json", "huge", "another-model", "another-version"],
)
@pytest.mark.parametrize("event", [transformed(), reported()], ids=["job", "report"])
def test_a_required_report_that_cannot_be_used_stops_the_run(
    content: bytes | None, why: str, event: dict[str, Any]
) -> None:
    """It says which file, why, and what to do; nothing is written, and nothing tried again."""
    climb = climbing()
    required = ExpectedReport(kind=ReportKind.EVALUATION, path="metrics.json")
    climb.configure("dev", inference=InferenceSettings(reports=(required,)))
    climb.files["dev"].delete(METRICS)
    if content is not None:
        climb.files["dev"].put(METRICS, content)
    branches = climb.scene.repository.branches.copy()
    outcome = climb.deliver(event)
    assert isinstance(outcome, Unusable)
    assert (outcome.id, outcome.uri) == (TARGET, METRICS)
    assert why in outcome.why
    assert outcome.run in {completed().arn, "pipeline-7"}
    assert climb.scene.repository.branches == branches


def test_an_optional_report_that_cannot_be_used_is_named() -> None:
    """A missing one is nobody's fault; one that does not read is on the page."""
    climb = climbing()
    climb.files["dev"].put(VIOLATIONS, b"{]")
    assert isinstance(climb.deliver(), Proposed)
    (unread,) = climb.record().evidence.unread
    assert VIOLATIONS in unread.where


def test_reports_without_a_version_are_kept_by_their_digest() -> None:
    """The record names the copies, of training's reports too."""
    climb = climbing()
    store = MemoryEvidenceStore()
    assert isinstance(climb.deliver(store=store), Proposed)
    files = (*climb.record().evidence.reports, *climb.inference().reports)
    assert len(files) == 2
    for file in files:
        assert file.copy == f"s3://evidence/sha256/{file.sha256}"
        assert file.copy in store.kept


@pytest.mark.parametrize(
    ("event", "error", "says"),
    [
        (reported(ACCOUNTS["test"]), Misdirected, "333333333333"),
        (reported(environment="moon"), UnknownEnvironment, "dev → test → prod"),
        (reported(model_package_arn=OTHER.text), Misdirected, "999999999999"),
    ],
)
def test_a_report_that_speaks_for_others_is_refused(
    event: dict[str, Any], error: type[AssentError], says: str
) -> None:
    """Another account's, another ladder's or another registry's: both sides are named."""
    climb = climbing()
    with pytest.raises(error) as caught:
        climb.deliver(event)
    assert says in f"{caught.value.message} {caught.value.hint}"
    assert not caught.value.retryable


def test_credentials_that_lead_to_another_account_are_noticed() -> None:
    """A job of the same name elsewhere is not taken for the one that the event is about."""
    climb = climbing()
    climb.jobs["dev"].transforms["nightly"] = completed(arn=job_arn("nightly", "999999999999"))
    with pytest.raises(Misdirected, match="see arn:aws:sagemaker:eu-west-1:999999999999"):
        climb.deliver()


def test_a_history_that_does_not_read_is_no_answer() -> None:
    """Neither a yes nor a no: nothing is proposed, and nothing is called not approved."""
    climb = climbing()
    climb.scene.stores["dev"].values["/assent/dev/churn/versions/1"] = "garbage"
    with pytest.raises(UnreadableParameter):
        climb.deliver()


def test_the_topic_of_the_next_rung_is_told() -> None:
    """Who does not live on GitHub learns what, where, by whom, and what happens next."""
    climb = climbing()
    climb.configure("test", topic="arn:aws:sns:eu-west-1:333333333333:promotions")
    climb.files["dev"].put(VIOLATIONS, DRIFT)
    climb.deliver()
    climb.scene.clock.advance(timedelta(hours=1))
    climb.deliver()
    (notice,) = climb.scene.notices.published
    assert notice.topic.endswith(":promotions")
    assert notice.subject == "Decision wanted: churn 1 in test"
    assert climb.pull().url in notice.text
    assert "scored.auc: 0.88" in notice.text
    assert "drift in dev: 1 violation." in notice.text
    assert "No version is live there yet." in notice.text
    assert "zoe" in notice.text


def test_every_environment_reads_with_its_own_credentials() -> None:
    """Jobs and reports of dev are asked with dev's, parameters of each with its own."""
    climb = climbing()
    asked: list[tuple[str, str]] = []

    def noted(what: str, of: Callable[[Environment], Any]) -> Callable[[Environment], Any]:
        def ask(environment: Environment | None) -> Any:  # noqa: ANN401 - any port
            asked.append((what, environment.name if environment else "registry"))
            return of(cast("Environment", environment))

        return ask

    world = climb.world()
    climb.deliver(
        jobs=noted("jobs", world.jobs),
        reports=noted("reports", world.reports),
        parameters=noted("parameters", world.parameters),
    )
    assert set(asked) == {
        ("jobs", "dev"),
        ("reports", "dev"),
        ("reports", "registry"),
        ("parameters", "dev"),
        ("parameters", "test"),
    }
