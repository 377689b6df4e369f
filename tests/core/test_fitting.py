"""Evidence that is too large for a record: what makes room, in which order, and what is said."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from assent.core.curves import Curve
from assent.core.evidence import (
    Evidence,
    EvidenceSource,
    Inference,
    Origin,
    UnreadPart,
    evidence_values,
    package_values,
)
from assent.core.fitting import MAX_EVIDENCE_BYTES, fitting
from assent.core.metrics import Metric
from assent.core.package import Package
from assent.core.reports import Violation

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
PACKAGE = Package(arn="arn", created=AT, created_by=None, containers=())
POINTS = tuple((step / 24, 0.5) for step in range(25))


def evidence(*, metrics: int = 10, remarks: int = 0) -> Evidence:
    names = [f"{index:04}" for index in range(metrics)]
    return Evidence(
        source=EvidenceSource.TRAINING,
        collected=AT,
        metrics={name: Metric(value=1.0) for name in names},
        directions=dict.fromkeys(names, "lower"),
        curves=tuple(Curve(name=f"c{index}", x="x", y="y", points=POINTS) for index in range(10)),
        violations=(Violation(feature="f" * 300, check="c", description="d" * 600),) * 100,
        unread=(UnreadPart(where="w" * 1_400, why="y" * 500),) * remarks,
    )


def size(found: Evidence) -> int:
    return len(json.dumps([package_values(PACKAGE), evidence_values(found)]))


def padded(given: Evidence, over: int) -> Evidence:
    """The evidence with an origin so long that it is over the limit by so many bytes."""
    short = replace(given, origin=Origin(description="x"))
    missing = MAX_EVIDENCE_BYTES + over - size(short)
    return replace(given, origin=Origin(description="x" * (1 + missing)))


def test_what_fits_is_left_alone() -> None:
    """A report's ordinary size, curves, violations and all, passes unchanged."""
    given = evidence(metrics=400, remarks=20)
    assert fitting(PACKAGE, given) == given


def test_curves_make_room_first() -> None:
    """A little too much costs the curves alone, and the remark names them."""
    given = padded(evidence(metrics=1_000), over=1)
    found = fitting(PACKAGE, given)
    assert size(found) <= MAX_EVIDENCE_BYTES
    (remark,) = found.unread
    assert replace(found, unread=()) == replace(given, curves=())
    assert remark.where == "evidence"
    assert remark.why.startswith("a record cannot carry all: 10 curves were left out")


def test_remarks_make_room_after_curves() -> None:
    """Fifty stay, the first; metrics and violations are all there."""
    given = padded(evidence(remarks=100), over=50_000)
    found = fitting(PACKAGE, given)
    assert size(found) <= MAX_EVIDENCE_BYTES
    assert (found.metrics, found.violations) == (given.metrics, given.violations)
    assert len(found.unread) == 51
    assert "10 curves, 50 remarks were left out" in found.unread[0].why


def test_a_full_list_of_remarks_makes_room_for_one_more() -> None:
    """Where dropping curves is enough, the remark on them does not make one too many."""
    given = padded(evidence(remarks=100), over=1)
    found = fitting(PACKAGE, given)
    assert len(found.unread) == 100
    assert "10 curves, 1 remarks were left out" in found.unread[0].why


@pytest.mark.parametrize("letter", ["\u6f22", "\U0001f600"])
def test_directions_go_with_their_metrics(letter: str) -> None:
    """Names that are escaped in ASCII halve the metrics, and no direction is left without one."""
    given = evidence(metrics=1_000)
    names = [f"{index:04}" + letter * 200 for index in range(1_000)]
    metrics = {name: Metric(value=1.0) for name in names}
    inference = Inference(environment="dev", run="r", metrics={names[-1]: Metric(value=1.0)})
    given = replace(
        given, metrics=metrics, directions=dict.fromkeys(names, "higher"), inference=inference
    )
    found = fitting(PACKAGE, given)
    assert size(found) <= MAX_EVIDENCE_BYTES
    assert 10 <= len(found.metrics) < 1_000
    assert list(found.metrics) == names[: len(found.metrics)]
    assert list(found.directions) == [*found.metrics, names[-1]]
    assert "metrics of training" in found.unread[0].why


def test_violations_of_training_make_room_those_of_inference_stay() -> None:
    """What inference found wrong decides what is proposed; training's first ones remain."""
    odd = Violation(feature="f" * 300, check="c" * 300, description="d" * 600)
    inference = Inference(environment="dev", run="r", violations=(odd,) * 100)
    given = replace(evidence(), inference=inference, violations=(odd,) * 300)
    found = fitting(PACKAGE, given)
    assert size(found) <= MAX_EVIDENCE_BYTES
    assert found.inference == inference
    assert found.violations == (odd,) * 150
    assert "150 violations of training" in found.unread[0].why
