"""GitHub and AWS failing in every way that they document, at every call: told clearly, and healed.

Every case breaks one call of a run that is otherwise clean, looks at what the run says, and runs
again with everything well: the end is that of a clean run, whatever the first one left behind.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end import play, scene
from tests.end_to_end.faults import (
    AWS,
    DENIED,
    EXPIRED,
    GITHUB,
    Fault,
    Hang,
    at,
    intercepted,
    of,
    possible,
)
from tests.end_to_end.whole import settled

from assent.sandbox.aws import Registered
from assent.sandbox.faults import Faults, throttled
from assent.sandbox.stage import REPOSITORY, Stage
from assent.sandbox.wire import Call

TIMEOUT_SECONDS = 1
PATIENCE_SECONDS = 10.0
"""Far below the timeouts that hold unless others are set."""

# Proposing


class Proposing:
    """Two versions to propose, and for each case a repository that nobody has touched."""

    def __init__(self, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._stage = stage
        self._monkeypatch = monkeypatch
        self._count = 0
        self.first, self.second = play.train(stage), play.train(stage)
        self._event = folder / "event.json"
        self._event.write_text(play.as_text(self.first.event))
        self.begin()
        stage.ledger.clear()
        assert play.deliver(self.first.event) == []
        self.calls = stage.ledger.calls

    def begin(self) -> None:
        """Turn to a new repository, with a Lambda that has just started."""
        self._count += 1
        self.name = f"acme/case-{self._count}"
        self._stage.add_repository(self.name)
        self._monkeypatch.setenv("ASSENT_REPOSITORY", self.name)
        play.cold_start()

    def by_hand(self) -> Any:  # noqa: ANN401 - click's result
        """Propose the first version from the command line."""
        return play.assent("propose", self._event)

    def assert_complete(self, *versions: Registered) -> None:
        """See that exactly these versions have a pull request, with all that belongs to it."""
        pulls = self._stage.pull_requests(state="all", name=self.name)
        titles = {f"Promote churn {version.version} to dev" for version in versions}
        assert {pull.title for pull in pulls} == titles
        assert len(pulls) == len(versions)
        for pull in pulls:
            labels = [label.name for label in pull.labels]
            assert labels == ["assent", "environment: dev", "model: churn"]
            assert (pull.commits, pull.changed_files) == (1, 1)
        scene.repository(self._stage, self.name)  # sees that pages and records agree


@pytest.fixture
def proposing(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Proposing:
    """The stage of every test about proposing."""
    return Proposing(stage, tmp_path, monkeypatch)


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """What the Lambda logged about failed messages since it was asked last: message and hint."""
    logger = logging.getLogger("assent")
    logger.addHandler(caplog.handler)

    def read() -> str:
        warnings = [each for each in caplog.records if each.levelno >= logging.WARNING]
        text = "\n".join(f"{each.getMessage()}\n{vars(each)['hint']}" for each in warnings)
        caplog.clear()
        return text

    yield read
    logger.removeHandler(caplog.handler)


def goes_on(call: Call, fault: Fault) -> bool:
    """What a principal may never read is for the approver to see, and holds up no proposal."""
    shown = fault is DENIED and call.operation in {"s3 HEAD", "s3 GET", "GetParameters"}
    return shown or not possible(call, fault)


@of(GITHUB + AWS)
def test_a_fault_anywhere_in_the_lambda_fails_its_message_alone(
    stage: Stage, proposing: Proposing, said: Callable[[], str], fault: Fault
) -> None:
    """The message at hand comes back with its reason logged, the next is served; a retry heals.

    Only where GitHub asks to be left alone, or the fault lasts, the next one comes back too.
    """
    service = "github" if fault in GITHUB else "aws"
    calls = [call for call in proposing.calls if call.service == service]
    assert len(calls) >= 4
    for call in calls:
        if goes_on(call, fault):
            continue
        proposing.begin()
        faults = at(call, fault)
        with intercepted(stage, faults):
            failed = play.deliver(proposing.first.event, proposing.second.event)
        assert faults.pending == 0
        both = fault.lasting or fault.limits
        assert failed == ([0, 1] if both else [0])
        assert fault.words(call) in said()
        if fault.limits:
            assert play.deliver(proposing.first.event) == [0]
            assert "not tried, for an earlier message was refused: " in said()
            play.cold_start()  # as good as the time that GitHub asked for
        assert play.deliver(proposing.first.event) == []
        if both:
            assert play.deliver(proposing.second.event) == []
        proposing.assert_complete(proposing.first, proposing.second)


@of(GITHUB + AWS)
def test_a_fault_ends_the_command_with_exit_code_1(
    stage: Stage, proposing: Proposing, fault: Fault
) -> None:
    """`propose` says what happened and what to do, ends with 1, and run again completes.

    Each fault meets the first and the last call that can fail by it; a command, unlike a Lambda, is
    cold each time.
    """
    service = "github" if fault in GITHUB else "aws"
    calls = [call for call in proposing.calls if call.service == service]
    calls = [call for call in calls if not goes_on(call, fault)]
    for call in dict.fromkeys((calls[0], calls[-1])):
        proposing.begin()
        with intercepted(stage, at(call, fault)):
            ended = proposing.by_hand()
        assert (ended.exit_code, ended.stdout) == (1, "")
        assert ended.stderr.startswith("assent: ")
        assert fault.words(call) in ended.stderr.replace("\n  ", "\n")
        assert proposing.by_hand().exit_code == 0
        proposing.assert_complete(proposing.first)


def test_what_may_not_be_read_is_said_on_the_page(stage: Stage, proposing: Proposing) -> None:
    """Access denied to a report, an artifact or `current` opens a pull request that says so."""
    expected = {
        "s3 HEAD": "the artifact could not be looked at: ",
        "s3 GET": "**No metric could be read.** Nothing on this page says how good it is.",
        "GetParameters": "What is live there could not be read, so this page cannot compare.",
    }
    for call in proposing.calls:
        if call.operation not in expected:
            continue
        proposing.begin()
        faults = at(call, DENIED)
        with intercepted(stage, faults):
            assert play.deliver(proposing.first.event) == []
        assert faults.pending == 0
        (pull,) = stage.pull_requests(name=proposing.name)
        assert expected.pop(call.operation) in pull.body
        assert "may not be read" in pull.body or "may not ssm:GetParameters" in pull.body
    assert expected == {}


def test_a_report_that_credentials_did_not_open_is_no_evidence(
    stage: Stage, proposing: Proposing
) -> None:
    """Credentials that expire between two calls bring the message back; the page blames nobody."""
    (call,) = [call for call in proposing.calls if call.operation == "s3 GET"]
    proposing.begin()
    faults = Faults().add(EXPIRED.answer(call), match=lambda each: each.number == call.number)
    with intercepted(stage, faults):
        assert play.deliver(proposing.first.event) == [0]
    assert faults.pending == 0
    proposing.assert_complete()
    assert play.deliver(proposing.first.event) == []
    proposing.assert_complete(proposing.first)


def test_a_service_that_hangs_is_given_up(
    stage: Stage, proposing: Proposing, said: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that is served and never answered ends with the timeout, and is made good later."""
    monkeypatch.setenv("ASSENT_TIMEOUT_SECONDS", str(TIMEOUT_SECONDS))
    for call in proposing.calls:
        proposing.begin()
        hang = Hang(call)
        begun = time.monotonic()
        with intercepted(stage, hang):
            failed = play.deliver(proposing.first.event)
            assert time.monotonic() - begun < PATIENCE_SECONDS
            hang.release()
        assert (failed, hang.fired) == ([0], True)
        assert "did not answer" in said()
        assert play.deliver(proposing.first.event) == []
        proposing.assert_complete(proposing.first)


def test_a_timeout_that_is_no_number_is_refused(
    proposing: Proposing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting that cannot be meant ends the command with a word about it."""
    for text in ("0", "-1", "1.5", "soon", "1000", "1\n"):
        monkeypatch.setenv("ASSENT_TIMEOUT_SECONDS", text)
        ended = proposing.by_hand()
        assert ended.exit_code == 1
        assert "ASSENT_TIMEOUT_SECONDS is no number of seconds" in ended.stderr


# Applying

BROKEN, INCOMPLETE = 1, 12
EXITS = [
    # Whose account it is: nothing is written before that is known.
    ("GetCallerIdentity", BROKEN),
    # Reading dev: without its parameters nothing is known there, without a package that package.
    ("GetParameters", BROKEN),
    ("GetParameters", BROKEN),
    ("DescribeModelPackage", INCOMPLETE),
    # Looking for closed pull requests: what is merged is decided all the same.
    ("access_tokens", INCOMPLETE),
    ("graphql", INCOMPLETE),
    # Deciding: that one decision has failed. First its approvals: the team's member, ana, and what
    # she may do; then what the record rests on.
    ("graphql", INCOMPLETE),
    ("ana", INCOMPLETE),
    ("permission", INCOMPLETE),
    ("s3 HEAD", INCOMPLETE),
    ("s3 GET", INCOMPLETE),
    ("DescribeModelPackage", INCOMPLETE),
    ("UpdateModelPackage", INCOMPLETE),
    ("DescribeModelPackage", INCOMPLETE),
    ("PutParameter", INCOMPLETE),
    # Setting `current`.
    ("PutParameter", INCOMPLETE),
    # Telling GitHub: everything that counts is in effect by then.
    ("comments", INCOMPLETE),
    ("deployments", INCOMPLETE),
    ("deployments", INCOMPLETE),
    ("statuses", INCOMPLETE),
    # Writing the receipts of all this.
    ("graphql", INCOMPLETE),
    ("graphql", INCOMPLETE),
    # Writing down how far it came.
    ("PutParameter", BROKEN),
    # The other rungs: read, and nothing to do but to write that down.
    *[("GetParameters", BROKEN), ("PutParameter", BROKEN)] * 3,
]
"""The calls of the run that is broken, in their order, and how it ends when that one fails."""


RECEIPTS = "refs/heads/receipts"


class Applying:
    """A merged approval to apply, in a clone, and AWS to put back for each case."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self._stage = stage
        first, second = play.train(stage), play.train(stage)
        play.promote(stage, first)
        play.accept(stage, play.propose(stage, second).number)
        self.aws = scene.Aws(stage, [first, second])
        self._hosted = stage.hub._state.repository(REPOSITORY)
        self._issues = dict(self._hosted.issues)
        self._deployments = dict(self._hosted.deployments)
        self._receipts = self._hosted.git.refs.read(RECEIPTS)
        self._clone = stage.clone(folder / "clone-of-main")
        stage.ledger.clear()
        assert self.run().exit_code == 0
        self.calls = stage.ledger.calls
        self.expected = settled(self.aws.values())
        assert self.told() == (2, ["dev/churn"])
        made = [call.operation.rpartition("/")[2] for call in self.calls]
        assert made == [operation for operation, _ in EXITS]

    def run(self) -> Any:  # noqa: ANN401 - click's result
        """Apply the clone's head."""
        return play.assent("apply", "--repository", self._clone)

    def told(self) -> tuple[int, list[str]]:
        """How often a decision was told of, and what the deployments page shows as active."""
        said = [each.body for issue in self._hosted.issues.values() for each in issue.comments]
        shown = [
            each.environment
            for each in self._hosted.deployments.values()
            if each.statuses and each.statuses[-1].state == "success"
        ]
        return sum("<!-- assent: applied " in text for text in said), shown

    def restore(self) -> None:
        """Put AWS, and what GitHub was told, back to before the run."""
        self.aws.restore()
        with self._hosted.lock:
            self._hosted.issues.update(self._issues)
            self._hosted.deployments.clear()
            self._hosted.deployments.update(self._deployments)
            now = self._hosted.git.refs.read(RECEIPTS)
            assert self._receipts is not None
            if now != self._receipts:
                self._hosted.git.set_branch("receipts", self._receipts, expected=now)


@pytest.fixture
def applying(stage: Stage, tmp_path: Path) -> Applying:
    """The stage of every test about applying."""
    return Applying(stage, tmp_path)


@of(GITHUB + AWS)
def test_a_fault_anywhere_in_apply_is_told_and_healed(
    stage: Stage, applying: Applying, fault: Fault
) -> None:
    """The run says what failed and how it ended; nothing is half written that the next leaves."""
    before: dict[str, Any] | None = None
    healed: list[dict[str, Any]] = []
    """What was left behind by a run after which the next one ended well."""
    for call, (_, code) in zip(applying.calls, EXITS, strict=True):
        if not possible(call, fault):
            continue
        applying.restore()
        before = before or applying.aws.values()
        faults = at(call, fault)
        with intercepted(stage, faults):
            ended = applying.run()
        assert faults.pending == 0
        what = f"{fault.name} at call {call.number}, {call.operation}"
        assert ended.exit_code == (BROKEN if fault.lasting else code), what
        assert fault.words(call) in ended.output.replace("\n         ", "\n"), what
        left = applying.aws.values()
        for name, value in left.items():
            if not name.endswith("/applied"):  # it also holds what is to be tried again
                assert value in (before.get(name), applying.expected[name]), f"{what}: {name}"
        if left not in healed or call.service == "github":
            assert applying.run().exit_code == 0, what
            assert settled(applying.aws.values()) == applying.expected, what
            assert applying.told() == (2, ["dev/churn"]), what
            healed.append(left)


def test_a_service_that_hangs_does_not_hold_apply(
    stage: Stage, applying: Applying, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind of call, served and never answered, ends with the timeout, and is made good."""
    monkeypatch.setenv("ASSENT_TIMEOUT_SECONDS", str(TIMEOUT_SECONDS))
    kinds = {
        operation: (call, code)
        for (operation, code), call in zip(EXITS, applying.calls, strict=True)
    }
    assert len(kinds) == 14
    for call, code in kinds.values():
        applying.restore()
        hang = Hang(call)
        begun = time.monotonic()
        with intercepted(stage, hang):
            ended = applying.run()
            assert time.monotonic() - begun < PATIENCE_SECONDS
            hang.release()
        assert (ended.exit_code, hang.fired) == (code, True), call.operation
        assert "did not answer" in ended.output
        assert applying.run().exit_code == 0
        assert settled(applying.aws.values()) == applying.expected


def test_one_models_fault_leaves_the_others_alone(stage: Stage) -> None:
    """Where one model's decision fails, the other models' are taken, and the failed one next."""
    versions = [play.train(stage, group=group) for group in ("alpha", "beta", "gamma")]
    for version in versions:
        play.accept(stage, play.propose(stage, version).number)
    aws = scene.Aws(stage, versions)
    faults = Faults().add(
        throttled(),
        match=lambda call: (
            call.operation == "UpdateModelPackage"
            and json.loads(call.body)["ModelPackageArn"] == versions[1].arn
        ),
    )
    with intercepted(stage, faults):
        ended = play.apply(stage)
    assert ended.exit_code == INCOMPLETE
    assert "failed   promotions/dev/beta/1.yaml in dev: AWS could not do" in ended.output
    assert [play.fields(stage, each)["ModelApprovalStatus"] for each in versions] == [
        "Approved",
        "PendingManualApproval",
        "Approved",
    ]
    retry = aws.values()["/assent/dev/applied"]["retry"]
    assert retry == ["promotions/dev/beta/1.yaml"]
    healed = play.apply(stage)
    assert healed.exit_code == 0
    assert "1 decided, 1 current written" in healed.output
