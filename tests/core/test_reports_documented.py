"""docs/reports.md: its examples read as it says, and its tables name what there is."""

import re
from pathlib import Path

import pytest

from assent.core.reports import Report, ReportKind, parse_report
from assent.core.reports.parse import FLATTENED, SHAPES

TEXT = (Path(__file__).parents[2] / "docs" / "reports.md").read_text("utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```\n\n```text\n(.*?)```", TEXT, re.DOTALL)


def told(report: Report) -> list[str]:
    """A report as the examples write it."""
    lines = []
    for name, metric in report.metrics.items():
        spread = metric.standard_deviation
        lines.append(f"{name} = {metric.value}" + ("" if spread is None else f" ± {spread}"))
    lines += [
        f"{curve.name}: {len(curve.points)} points, {curve.x} → {curve.y}"
        for curve in report.curves
    ]
    lines += [f"{name}: {better} is better" for name, better in report.directions.items()]
    unread = [part for part in report.unread if not part.expected]
    return [*sorted(lines), *(f"unread: {part.where}: {part.why}" for part in unread)]


@pytest.mark.parametrize(("content", "said"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_reads_as_the_page_says(content: str, said: str) -> None:
    """Every metric, curve, direction and unread value of each example stands below it."""
    report = parse_report(content.encode(), ReportKind.EVALUATION)
    assert isinstance(report, Report)
    assert told(report) == said.splitlines()


def test_the_page_has_every_shape_and_no_example_without_its_reading() -> None:
    """The table of shapes is that of the code, in its order, and each example is executed."""
    named = re.findall(r"^\| `([a-z-]+)` \|", TEXT, re.MULTILINE)
    assert named == [*(shape.id for shape in SHAPES), FLATTENED]
    assert len(EXAMPLES) == TEXT.count("```json") == TEXT.count("```text") > 5
