"""What the pages read out of a check's findings."""

import json

import pytest

from assent.sandbox.web.judging import Demands, demands

Found = tuple[str, str, str]


def report(*found: Found) -> str:
    findings = [
        {"rule": rule, "severity": severity, "place": place} for rule, severity, place in found
    ]
    return json.dumps({"findings": findings})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("assent: no verdict\n  Try again.\n", Demands()),
        (report(), Demands()),
        (report(("gate", "error", "evidence.metrics")), Demands()),
        (
            report(("gate", "warning", "waivers[1]"), ("waiver", "warning", "waivers[0]")),
            Demands(waived=(1,)),
        ),
        (report(("soak", "error", "status")), Demands(waits=True)),
        (report(("freeze", "warning", "status")), Demands(waits=True, lifted=True)),
        (
            report(("soak", "warning", "status"), ("stop-the-line", "error", "status")),
            Demands(waits=True),
        ),
    ],
    ids=["no verdict", "nothing", "fails", "waived", "waits", "lifted", "not all lifted"],
)
def test_findings_tell_what_is_waived_and_what_waits(text: str, told: Demands) -> None:
    """Only a gate that is excused counts a waiver, and only broken glass lifts every wait."""
    assert demands(text) == told
