"""Drift of a live version, on the fakes: one issue for it, and a request to train it anew."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.flows.climb import ACCOUNTS, ARN, Climb, climbing
from tests.properties.memory_scene import Crash, Fuse
from tests.properties.play import Promote
from tests.properties.scene import Cut

from assent.adapters.memory_repository import MemoryIssue, MemoryRepository
from assent.core.drift import Progress, read_progress, run_key
from assent.core.errors import AssentError
from assent.core.events import Ignored, Misdirected
from assent.core.forge import IssueReport
from assent.core.names import PackageArn, RecordId, parse_package_arn
from assent.core.outcome import DriftReported, DriftStep, Vanished
from assent.core.own_events import RETRAINING_REQUESTED, VIOLATIONS_FOUND
from assent.core.parameters import UnreadableParameter
from assent.flows.propose import propose
from assent.ports import MonitoringRun, Unavailable

LIVE = RecordId("dev", "churn", 1)
TITLE = "Drift: churn 1 in dev"
OUTPUT = "s3://monitoring/churn/out"
REPORT = f"{OUTPUT}/constraint_violations.json"
VIOLATED = "CompletedWithViolations: Job completed successfully with 2 violations."
HOSTILE = "</td> @ana #1 | `x` <!-- assent: drift shown=0000000000000000 requested= -->"
FOUND = b"""{"violations": [
 {"feature_name": "age", "constraint_check_type": "data_type_check", "description": "unknown"},
 {"feature_name": "sex", "constraint_check_type": "completeness_check", "description": "gaps"}]}"""


def job_arn(name: str, account: str = ACCOUNTS["dev"]) -> str:
    return f"arn:aws:sagemaker:eu-west-1:{account}:processing-job/{name}"


def monitoring(name: str = "monday", **changes: Any) -> MonitoringRun:  # noqa: ANN401 - any field
    run = MonitoringRun(
        arn=job_arn(name),
        status="Completed",
        exit_message=VIOLATED,
        model="churn",
        packages=(),
        ended=datetime(2026, 11, 23, 6, tzinfo=UTC),
        outputs=(OUTPUT,),
    )
    return replace(run, **changes)


def drifting() -> Climb:
    """Churn 1 is live in dev, and Monday's monitoring of it found drift."""
    climb = climbing()
    climb.jobs["dev"].monitorings["monday"] = monitoring()
    climb.files["dev"].put(REPORT, FOUND)
    return climb


def ended(name: str = "monday", account: str = ACCOUNTS["dev"]) -> dict[str, Any]:
    return {
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Processing Job State Change",
        "account": account,
        "region": "eu-west-1",
        "detail": {
            "ProcessingJobName": name,
            "ProcessingJobArn": job_arn(name, account),
            "ProcessingJobStatus": "Completed",
            "ExitMessage": VIOLATED,
        },
    }


def reported(account: str = ACCOUNTS["dev"], **changes: object) -> dict[str, Any]:
    detail = {
        "model": "churn",
        "version": 1,
        "environment": "dev",
        "run": "weekly",
        "reports": [REPORT],
        **changes,
    }
    return {
        "source": "assent",
        "detail-type": VIOLATIONS_FOUND,
        "account": account,
        "detail": {name: each for name, each in detail.items() if each is not None},
    }


def issues(climb: Climb) -> list[MemoryIssue]:
    return climb.scene.repository.issues


def only_issue(climb: Climb) -> MemoryIssue:
    (issue,) = issues(climb)
    return issue


def test_drift_of_a_live_version_opens_an_issue_and_asks_for_retraining() -> None:
    """The violations, the command that retires it, and one event on the bus."""
    climb = drifting()
    outcome = climb.deliver(ended())
    issue = only_issue(climb)
    assert outcome == DriftReported(
        id=LIVE,
        run=job_arn("monday"),
        url=issue.url,
        number=issue.number,
        step=DriftStep.OPENED,
        violations=2,
        unread=0,
    )
    assert (issue.title, issue.author) == (TITLE, "assent[bot]")
    assert issue.labels == ["assent: drift", "environment: dev", "model: churn"]
    for text in ("**2 violations**", "| `age` | `data_type_check` | `unknown` |", VIOLATED):
        assert text in issue.body
    assert "assent retire churn 1 --env dev --reason" in issue.body
    (sent,) = climb.scene.bus.sent
    assert sent.detail_type == RETRAINING_REQUESTED
    assert sent.detail == {
        "model": "churn",
        "version": 1,
        "environment": "dev",
        "model_package_arn": ARN,
        "run": job_arn("monday"),
        "issue": issue.url,
        "violations": 2,
    }


@pytest.mark.parametrize("version", [1, None])
def test_a_pipelines_own_report_does_the_same(version: int | None) -> None:
    """It names the version, or means the one that is live."""
    climb = drifting()
    outcome = climb.deliver(reported(version=version))
    assert isinstance(outcome, DriftReported)
    assert (outcome.id, outcome.run, outcome.violations) == (LIVE, "weekly", 2)
    assert "`weekly`" in only_issue(climb).body
    assert len(climb.scene.bus.sent) == 1


@pytest.mark.parametrize("event", [ended(), reported()])
def test_the_same_run_again_changes_nothing(event: dict[str, Any]) -> None:
    """The issue is named again; nothing is edited, said or sent."""
    climb = drifting()
    climb.deliver(event)
    before = replace(only_issue(climb), remarks=list(only_issue(climb).remarks))
    again = climb.deliver(event)
    assert isinstance(again, DriftReported)
    assert again.step is DriftStep.ALREADY_REPORTED
    assert only_issue(climb) == before
    assert len(climb.scene.bus.sent) == 1


def test_another_run_updates_the_issue_and_says_so() -> None:
    """The page shows the latest run; an earlier one that comes again changes nothing."""
    climb = drifting()
    climb.deliver(ended())
    climb.jobs["dev"].monitorings["tuesday"] = monitoring("tuesday")
    climb.files["dev"].put(REPORT, FOUND.replace(b'"age"', b'"income"'))
    outcome = climb.deliver(ended("tuesday"))
    assert isinstance(outcome, DriftReported)
    assert outcome.step is DriftStep.UPDATED
    issue = only_issue(climb)
    assert "`income`" in issue.body
    assert "`age`" not in issue.body
    (remark,) = issue.remarks
    assert job_arn("tuesday") in remark.text
    late = climb.deliver(ended())
    assert isinstance(late, DriftReported)
    assert late.step is DriftStep.ALREADY_REPORTED
    assert "`income`" in only_issue(climb).body
    assert len(climb.scene.bus.sent) == 2


def test_each_version_and_environment_has_an_issue_of_its_own() -> None:
    """A newer version that is live, and drifts, is another matter."""
    climb = drifting()
    climb.deliver(ended())
    climb.play.perform(Promote(0))
    climb.apply("dev")
    climb.jobs["dev"].monitorings["tuesday"] = monitoring("tuesday")
    outcome = climb.deliver(ended("tuesday"))
    assert isinstance(outcome, DriftReported)
    assert outcome.step is DriftStep.OPENED
    assert [issue.title for issue in issues(climb)] == [TITLE, "Drift: churn 2 in dev"]


def test_a_closed_issue_stays_closed_and_the_next_run_opens_another() -> None:
    """People closed it when they had dealt with it; what comes after is new."""
    climb = drifting()
    climb.deliver(ended())
    only_issue(climb).is_open = False
    climb.jobs["dev"].monitorings["tuesday"] = monitoring("tuesday")
    climb.deliver(ended("tuesday"))
    first, second = issues(climb)
    assert (first.is_open, second.is_open) == (False, True)
    assert first.remarks == []


def test_an_issue_of_somebody_else_is_not_adopted() -> None:
    """The same title and label prove nothing."""
    climb = drifting()
    climb.scene.repository.open_issue(TITLE, "mine", ["assent: drift"])
    only_issue(climb).author = "zoe"
    climb.deliver(ended())
    theirs, ours = issues(climb)
    assert (theirs.body, ours.author) == ("mine", "assent[bot]")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "no object"),
        (b"", "empty file"),
        (b"[]", "a list, not an object"),
        (b'{"auc": 0.9}', "no list of violations"),
        (b'{"violations": {}}', "no list of violations"),
        (b'{"model": "fraud-eu", "violations": []}', "of another model"),
        (b'{"x": "' + b"a" * 6 * 1024 * 1024 + b'"}', "at most"),
    ],
    ids=["missing", "empty", "list", "metrics", "shape", "another", "huge"],
)
@pytest.mark.parametrize("event", [ended(), reported()], ids=["job", "report"])
def test_a_report_that_does_not_read_is_named_and_stops_nothing(
    content: bytes | None, why: str, event: dict[str, Any]
) -> None:
    """That there is drift is known; which, the issue says that it could not be read, and why."""
    climb = drifting()
    climb.files["dev"].delete(REPORT)
    if content is not None:
        climb.files["dev"].put(REPORT, content)
    outcome = climb.deliver(event)
    assert isinstance(outcome, DriftReported)
    assert (outcome.violations, outcome.unread) == (0, 1)
    body = only_issue(climb).body
    assert "### What could not be read" in body
    assert why in body
    assert REPORT in body
    (sent,) = climb.scene.bus.sent
    assert sent.detail["violations"] == 0


def test_a_service_that_does_not_answer_is_asked_again_later() -> None:
    """Nothing was learned of the violations, so nothing is said about them."""

    class Down:
        def read(self, uri: str, /, *, limit: int, version_id: str | None = None) -> None:
            """Fail."""
            raise Unavailable(f"no answer about {uri} of {limit} ({version_id})")

    climb = drifting()
    with pytest.raises(Unavailable):
        climb.deliver(ended(), reports=lambda _: Down())
    assert issues(climb) == []


def test_what_a_report_says_stays_text() -> None:
    """Neither table, comment, mention, reference nor marker comes of a violation's words."""
    climb = drifting()
    text = FOUND.replace(b'"unknown"', f'"{HOSTILE}"'.encode())
    climb.files["dev"].put(REPORT, text)
    climb.deliver(ended())
    body = only_issue(climb).body
    row = next(line for line in body.splitlines() if "data_type_check" in line)
    assert row.count("``") >= 2
    assert row.replace("\\|", "").count("|") == 4
    assert read_progress(body).requested == (run_key(job_arn("monday")),)


def test_a_thousand_violations_fit() -> None:
    """The first are shown, and the others counted; the issue stays below GitHub's limit."""
    one = '{"feature_name": "%d", "constraint_check_type": "c", "description": "%s"}'
    listed = ",".join(one % (number, "é😀`" * 500) for number in range(1000))
    climb = drifting()
    climb.files["dev"].put(REPORT, f'{{"violations": [{listed}]}}'.encode())
    outcome = climb.deliver(ended())
    assert isinstance(outcome, DriftReported)
    assert outcome.violations == 1000
    body = only_issue(climb).body
    assert len(body) < 60_000
    assert "950 more are in the reports themselves." in body


def job(**changes: Any) -> Callable[[Climb], None]:  # noqa: ANN401 - any field of MonitoringRun
    def change(climb: Climb) -> None:
        climb.jobs["dev"].monitorings["monday"] = monitoring(**changes)

    return change


def nothing_live(climb: Climb) -> None:
    del climb.scene.stores["dev"].values["/assent/dev/churn/current"]


def emptied(climb: Climb) -> None:
    climb.main("Retired")
    climb.apply("dev")


def elsewhere(climb: Climb) -> None:
    climb.configure("dev", account="999999999999")


def version(number: int) -> PackageArn:
    return parse_package_arn(f"{ARN[:-1]}{number}")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (job(exit_message="Completed: no violations"), "does not say CompletedWithViolations"),
        (job(exit_message=""), "does not say CompletedWithViolations"),
        (job(model=None), "set ASSENT_MODEL"),
        (job(model="fraud-eu"), "about fraud-eu, of which no version is live in dev"),
        (job(packages=(version(2), version(3))), "no version of those that it watches (2, 3)"),
        (
            job(packages=(parse_package_arn(ARN.replace("111122223333", "999999999999")),)),
            "watches no version of churn in the registry",
        ),
        (nothing_live, "of which no version is live in dev"),
        (emptied, "of which no version is live in dev"),
        (elsewhere, "of no environment"),
    ],
)
def test_a_job_about_nothing_that_is_live_is_ignored(
    change: Callable[[Climb], None], why: str
) -> None:
    """It says why; no issue is opened, and nothing sent."""
    climb = drifting()
    change(climb)
    outcome = climb.deliver(ended())
    assert isinstance(outcome, Ignored), outcome
    assert why in outcome.why
    assert (issues(climb), climb.scene.bus.sent) == ([], [])


def test_a_report_about_nothing_that_is_live_is_ignored() -> None:
    """Another version, another model, and an empty list of violations."""
    climb = drifting()
    for event, why in (
        (reported(version=2), "churn 2 is not live in dev; 1 is"),
        (reported(model="fraud-eu"), "no version of fraud-eu is live in dev"),
    ):
        outcome = climb.deliver(event)
        assert isinstance(outcome, Ignored)
        assert why in outcome.why
    climb.files["dev"].put(REPORT, b'{"violations": []}')
    empty = climb.deliver(reported())
    assert isinstance(empty, Ignored)
    assert "hold no violation" in empty.why
    assert issues(climb) == []


def test_a_watched_endpoint_tells_which_environment_is_meant() -> None:
    """Environments that share an account are told apart by the versions that are live there."""
    climb = drifting()
    climb.configure("test", account=ACCOUNTS["dev"])
    name = "/assent/{}/churn/current"
    there = climb.scene.stores["dev"].values[name.format("dev")]
    values = climb.scene.stores["test"].values
    values[name.format("test")] = there.replace('"version":1', '"version":2')
    job(packages=(version(1),))(climb)
    assert isinstance(climb.deliver(ended()), DriftReported)
    job(packages=())(climb)
    outcome = climb.deliver(ended())
    assert isinstance(outcome, Ignored)
    assert "dev and test" in outcome.why
    assert "report-violations" in outcome.why


def test_a_job_that_is_gone_has_vanished() -> None:
    """A late event of a deleted job asks for nothing."""
    climb = drifting()
    climb.jobs["dev"].monitorings.clear()
    assert isinstance(climb.deliver(ended()), Vanished)


def test_what_speaks_for_others_is_refused() -> None:
    """A report from another account, and a job that the credentials see in another."""
    climb = drifting()
    with pytest.raises(Misdirected, match=ACCOUNTS["test"]):
        climb.deliver(reported(ACCOUNTS["test"]))
    job(arn=job_arn("monday", "999999999999"))(climb)
    with pytest.raises(Misdirected, match="999999999999"):
        climb.deliver(ended())
    assert issues(climb) == []


def test_a_current_that_does_not_read_is_no_answer() -> None:
    """Whether the version is live is not known, so that nothing is ignored or opened."""
    climb = drifting()
    climb.scene.stores["dev"].values["/assent/dev/churn/current"] = "garbage"
    with pytest.raises(UnreadableParameter):
        climb.deliver(ended())


def test_a_bus_that_fails_is_tried_again_and_the_issue_is_the_same() -> None:
    """The event fails until retraining was requested; the issue is not opened twice."""
    climb = drifting()
    climb.scene.bus.failing = True
    with pytest.raises(AssentError, match="takes nothing"):
        climb.deliver(ended())
    climb.scene.bus.failing = False
    outcome = climb.deliver(ended())
    assert isinstance(outcome, DriftReported)
    assert outcome.step is DriftStep.COMPLETED
    assert len(climb.scene.bus.sent) == 1
    assert only_issue(climb).remarks == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("runs", [("monday",), ("monday", "tuesday")], ids=["opens", "updates"])
def test_killed_at_any_call_it_ends_as_one_clean_run(runs: Sequence[str], *, after: bool) -> None:
    """Each remote call in turn; a comment or request may come twice, and none is lost."""

    def begun() -> Climb:
        climb = drifting()
        climb.jobs["dev"].monitorings["tuesday"] = monitoring("tuesday")
        for run in runs[:-1]:
            climb.deliver(ended(run))
        return climb

    clean = begun()
    clean.deliver(ended(runs[-1]))
    expected = only_issue(clean)
    for at in range(1, 30):
        climb = begun()
        fuse = Fuse(Cut(at=at, after=after))
        with suppress(Crash):
            propose(ended(runs[-1]), climb.world(fuse))
        if fuse.calls < at:
            assert at > 8
            return
        assert isinstance(climb.deliver(ended(runs[-1])), DriftReported)
        found = only_issue(climb)
        assert (found.body, found.labels, found.title) == (
            expected.body,
            expected.labels,
            expected.title,
        )
        said = [remark.text for remark in found.remarks]
        told = [each.detail["run"] for each in climb.scene.bus.sent]
        assert set(said) == {remark.text for remark in expected.remarks}
        assert len(said) <= len(expected.remarks) + 1
        assert list(dict.fromkeys(told)) == [job_arn(run) for run in runs]
        assert len(told) <= len(runs) + 1
        assert len(said) + len(told) <= len(expected.remarks) + len(runs) + 1
    pytest.fail("it makes more calls than anybody counted")


class Interrupted(MemoryRepository):
    """A repository in which something happens just before the first issue is opened."""

    happens: Callable[[], None] | None

    @classmethod
    def like(cls, other: MemoryRepository, happens: Callable[[], None]) -> "Interrupted":
        """The same repository, with what happens meanwhile."""
        made = cls({}, now=lambda: datetime.now(UTC))
        made.__dict__.update(other.__dict__)
        made.happens = happens
        return made

    def open_issue(self, title: str, body: str, labels: Sequence[str], /) -> IssueReport:
        """See `MemoryRepository`."""
        if self.happens is not None:
            happens, self.happens = self.happens, None
            happens()
        return super().open_issue(title, body, labels)


@pytest.mark.parametrize("other", ["monday", "tuesday"])
def test_of_two_issues_opened_at_once_the_first_stays(other: str) -> None:
    """The later one is closed with a pointer; both runs are seen to, on the one that stays."""
    climb = drifting()
    climb.jobs["dev"].monitorings["tuesday"] = monitoring("tuesday")
    forge = Interrupted.like(climb.scene.repository, lambda: _deliver(climb, other))
    outcome = climb.deliver(ended(), forge=forge)
    assert isinstance(outcome, DriftReported)
    first, second = issues(climb)
    assert outcome.number == first.number
    assert (first.is_open, second.is_open) == (True, False)
    assert [remark.text for remark in second.remarks] == [
        f"#{first.number} is about the same drift, and was opened first; it stays.\n"
    ]
    runs = {each.detail["run"] for each in climb.scene.bus.sent}
    assert runs == {job_arn("monday"), job_arn(other)}
    assert run_key(job_arn("monday")) in read_progress(first.body).requested
    assert run_key(job_arn(other)) in read_progress(first.body).requested


def _deliver(climb: Climb, run: str) -> None:
    climb.deliver(ended(run))


def test_a_duplicate_that_was_left_behind_is_closed_by_the_next_run() -> None:
    """Who opened the second one died before closing it."""
    climb = drifting()
    climb.deliver(ended())
    body = only_issue(climb).body
    climb.scene.repository.open_issue(TITLE, body, only_issue(climb).labels)
    again = climb.deliver(ended())
    assert isinstance(again, DriftReported)
    assert [issue.is_open for issue in issues(climb)] == [True, False]


def test_an_issue_remembers_its_runs() -> None:
    """The marker reads back equal, stays short, and says nothing once people took it away."""
    progress = Progress(shown=run_key("a"))
    assert read_progress(f"text\n\n{progress.marker}\r\n") == progress
    for number in range(250):
        progress = progress.requesting(run_key(str(number))).showing(run_key(str(number)))
    assert read_progress(f"text\n{progress.marker}\nmore") == progress
    assert len(progress.requested) == 100
    assert progress.requested[-1] == run_key("249")
    assert len(progress.marker) < 2000
    assert read_progress("people wrote it anew") == Progress(shown="")
    assert read_progress(f"`{progress.marker}`") == Progress(shown="")
