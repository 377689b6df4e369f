"""The headline metric over the model's last versions."""

from assent.core.metrics import Metric
from assent.core.record import Decision, Record
from assent.core.rendering.markdown import code, details, table
from assent.core.rendering.mermaid import label_of, line_chart
from assent.core.rendering.page.groups import naming
from assent.core.rendering.page.headline import champion_record, headline
from assent.core.rendering.page.layout import Layout
from assent.core.rendering.page.numbers import change, measured
from assent.core.review import Champion, Review

__all__ = ["trend_section"]

_LEAST = 3
"""Two versions are compared above; from three on there is a trend."""


def trend_section(review: Review, layout: Layout) -> str:
    """A chart, and a row for each version; empty where there is nothing to compare over time."""
    found = headline(review)
    if found is None:
        return ""
    records = _records(review)
    metrics = {record.id.version: found.of(record) for record in records}
    drawn = {version: metric for version, metric in metrics.items() if metric is not None}
    if len(drawn) < _LEAST:
        return ""
    name = naming(review.record.evidence.metrics)(found.name)
    chart = _chart(label_of(name, "metric"), drawn) if layout.charts else ""
    rows, before = [], None
    for record in records:
        metric = metrics[record.id.version]
        row = [str(record.id.version), measured(metric), change(metric, before, found.better)]
        rows.append([*row, _became(record, review)])
        before = metric or before
    header = ["version", layout.code(name), "against the one before", ""]
    listing = table(header, rows, right=[0, 1])
    behind = details("The numbers", listing) if chart else listing
    heading = f"### {layout.code(name)} over the last versions"
    return "\n\n".join(part for part in (heading, chart, behind) if part)


def _records(review: Review) -> list[Record]:
    """By version, lowest first; what is live and what is proposed in the place of their own."""
    found = {record.id.version: record for record in review.earlier}
    live = champion_record(review)
    if live is not None:
        found[live.id.version] = live
    found[review.record.id.version] = review.record
    return [found[version] for version in sorted(found)]


def _became(record: Record, review: Review) -> str:
    if record is review.record:
        return "**proposed**"
    where = code(record.id.environment)
    if isinstance(review.champion, Champion) and record is review.champion.record:
        return f"**live** in {where}"
    match record.decision:
        case Decision.APPROVED:
            return f"approved in {where}"
        case Decision.REJECTED:
            return f"rejected in {where}"
        case Decision.RETIRED:
            return f"retired from {where}"


def _chart(label: str, drawn: dict[int, Metric]) -> str:
    values = [metric.value for metric in drawn.values()]
    low, high = min(values), max(values)
    pad = 0.15 * (high - low) or abs(high) * 0.05 or 1.0
    return line_chart(
        f"{label} by version",
        ("version", [str(version) for version in drawn]),
        (label, (low - pad, high + pad)),
        [values],
    )
