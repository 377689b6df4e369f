"""The commands of pipelines: report-inference and report-violations."""

import json

import pytest
from tests.command_line import (
    HOSTILE,
    REPORT,
    assert_harmless,
    leave_out_surroundings,
    package_of,
    run,
)

from assent.adapters.memory import MemoryBus
from assent.resolve import Resolved


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_surroundings(monkeypatch)


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> MemoryBus:
    """The event bus of the name `models`, which remembers."""
    made = MemoryBus()

    def of(name: str | None) -> MemoryBus:
        assert name == "models"
        return made

    monkeypatch.setattr("assent.wiring.bus_from_environment", of)
    return made


def test_report_inference_sends_one_event(bus: MemoryBus) -> None:
    """With everything that was given, and prints what it sent."""
    options = ["--env", "dev", "--version", "7", "--run", "nightly-1", "--bus", "models"]
    options += ["--metrics", REPORT, "--report", "violations=s3://bucket/v.json"]
    options += ["--started", "2026-11-22T10:00:00Z", "--ended", "2026-11-22T10:05:00Z"]
    result = run("report-inference", "churn", *options)
    assert (result.exit_code, result.output) == (
        0,
        "sent Assent Inference Completed: churn 7 in dev, run nightly-1\n",
    )
    (sent,) = bus.sent
    assert sent.detail_type == "Assent Inference Completed"
    assert sent.detail == {
        "model": "churn",
        "version": 7,
        "environment": "dev",
        "run": "nightly-1",
        "reports": [
            {"kind": "evaluation", "uri": REPORT},
            {"kind": "violations", "uri": "s3://bucket/v.json"},
        ],
        "started": "2026-11-22T10:00:00Z",
        "ended": "2026-11-22T10:05:00Z",
    }
    told = run("report-inference", "churn", *options, "--format", "json")
    assert json.loads(told.output) == {"detail_type": sent.detail_type, "detail": sent.detail}


def test_report_inference_takes_the_version_that_is_live(
    bus: MemoryBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `resolve` names it, with the package that it names."""
    arn = package_of("churn", 7).arn

    def live(model: str, *, environment: str) -> Resolved:
        return Resolved(
            model=model, version=7, environment=environment, model_package_arn=arn, value={}
        )

    monkeypatch.setattr("assent.resolve.resolve", live)
    result = run(
        "report-inference", "churn", "--env", "dev", "--metrics", REPORT, "--bus", "models"
    )
    assert result.exit_code == 0
    (sent,) = bus.sent
    assert (sent.detail["version"], sent.detail["model_package_arn"]) == (7, arn)


def test_a_run_that_nobody_named_is_the_same_when_it_is_told_again(bus: MemoryBus) -> None:
    """A step that is tried again tells of the same run; other arguments tell of another."""
    arguments = ["--env", "dev", "--version", "7", "--bus", "models", "--metrics", REPORT]
    for more in ([], [], ["--ended", "2026-11-22T10:05:00Z"], ["--metrics", "s3://bucket/b"]):
        assert run("report-inference", "churn", *arguments, *more).exit_code == 0
    first, again, later, others = (sent.detail["run"] for sent in bus.sent)
    assert first == again
    assert len({first, later, others}) == 3
    assert first.startswith("unnamed-")


@pytest.mark.parametrize(("version", "which"), [([], "(what is live)"), (["--version", "7"], "7")])
def test_report_violations_sends_one_event(bus: MemoryBus, version: list[str], which: str) -> None:
    """Without a version it is about whichever is live when the event arrives."""
    options = ["--env", "prod", "--bus", "models", "--report", REPORT, "--run", "monday"]
    result = run("report-violations", "churn", *options, *version)
    assert (result.exit_code, result.output) == (
        0,
        f"sent Assent Violations Found: churn {which} in prod, run monday\n",
    )
    (sent,) = bus.sent
    assert sent.detail_type == "Assent Violations Found"
    expected = {"model": "churn", "environment": "prod", "run": "monday", "reports": [REPORT]}
    assert sent.detail == {**expected, **({"version": 7} if version else {})}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--started", "yesterday"], "it has not the form 2026-11-22T10:00:00Z"),
        (["--report", f"{HOSTILE}=s3://b/k"], "KIND is one of evaluation, model-quality"),
        (["--run", "a b"], "detail.run is 'a b'"),
        (
            ["--started", "2026-11-22T10:05:00Z", "--ended", "2026-11-22T10:00:00Z"],
            "detail.ended is '2026-11-22T10:00:00Z'; expected a time not before",
        ),
    ],
)
def test_what_assent_would_not_read_is_not_sent(bus: MemoryBus, more: list[str], said: str) -> None:
    """It is a wrong command line: code 2, and the field that is wrong."""
    arguments = ["--env", "dev", "--version", "7", "--bus", "models", "--metrics", REPORT]
    result = run("report-inference", "churn", *arguments, *more)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in " ".join(result.stderr.split())
    assert_harmless(result.stderr)
    assert bus.sent == []


def test_a_bus_that_takes_nothing_is_no_verdict(bus: MemoryBus) -> None:
    """The pipeline's step fails with code 1, and may be tried again."""
    bus.failing = True
    options = ["--env", "dev", "--bus", "models", "--report", REPORT]
    result = run("report-violations", "churn", *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the bus takes nothing for now" in result.stderr
