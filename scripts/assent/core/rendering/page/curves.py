"""Curves such as the receiver operating characteristic, drawn, with their points behind them."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from assent.core.curves import Curve
from assent.core.rendering.markdown import details, table
from assent.core.rendering.mermaid import label_of, line_chart, ticks_of
from assent.core.rendering.page.headline import champion_record
from assent.core.rendering.page.layout import Layout
from assent.core.rendering.page.numbers import number
from assent.core.review import Champion, Review

__all__ = ["curves_section", "even"]

_KNOWN = {
    "receiver_operating_characteristic_curve": "Receiver operating characteristic",
    "precision_recall_curve": "Precision and recall",
    "roc": "Receiver operating characteristic",
    "roc_curve": "Receiver operating characteristic",
    "pr_curve": "Precision and recall",
}
_OPEN = 2
_PLOTS = "explanations."
_CLOSE = 0.02
"""As part of its range, by how much a curve may begin later or end earlier than another."""


def curves_section(review: Review, layout: Layout) -> str:
    """The first ones in plain sight, further ones folded; those of quality before all others."""
    curves = sorted(review.record.evidence.curves, key=lambda curve: curve.name.startswith(_PLOTS))
    if not curves:
        return ""
    record = champion_record(review)
    live = {} if record is None else {each.name: each for each in record.evidence.curves}
    shown = [_one(review, curve, live.get(curve.name), layout) for curve in curves[: layout.curves]]
    parts = ["### Curves", *shown[:_OPEN]]
    if shown[_OPEN:]:
        more = len(shown) - _OPEN
        summary = f"{more} more curve{'s' if more > 1 else ''}"
        parts.append(details(summary, "\n\n".join(shown[_OPEN:])))
    over = len(curves) - len(shown)
    if over:
        are = "curve is" if over == 1 else "curves are"
        parts.append(f"{over} {are} in the record itself.")
    return "\n\n".join(parts)


def _one(review: Review, curve: Curve, live: Curve | None, layout: Layout) -> str:
    known = _KNOWN.get(curve.name.rpartition(".")[2].lower())
    title = f"**{known}**, {layout.code(curve.name)}" if known else f"**{layout.code(curve.name)}**"
    champion = review.champion
    if live is not None and (live.x, live.y) != (curve.x, curve.y):
        live = None  # of the same name, and about something else
    version = f"version {review.record.id.version}"
    drawn = _drawn(known or label_of(curve.name, "Curve"), curve, live)
    legend = ""
    if drawn and live is not None and isinstance(champion, Champion):
        legend = f" Blue: {version}. Grey: version {champion.version}, which is live."
    parts = [f"{title}.{legend}", drawn]
    rival = None
    if live is not None and isinstance(champion, Champion):
        rival = f"version {champion.version} (live)", live
    parts.append(details("The points", _points(version, curve, rival, layout)))
    return "\n\n".join(part for part in parts if part)


def _points(version: str, curve: Curve, rival: tuple[str, Curve] | None, layout: Layout) -> str:
    """The points in a table; of two curves in one, if they have the same coordinates along."""
    along, up = layout.code(curve.x), layout.code(curve.y)
    own = _table([along, f"{up}, {version}"], [curve])
    if rival is None:
        return own
    title, live = rival
    if [x for x, _ in live.points] == [x for x, _ in curve.points]:
        return _table([along, f"{up}, {version}", title], [curve, live])
    return f"{own}\n\n{_table([along, f'{up}, {title}'], [live])}"


def _table(header: Sequence[str], curves: Sequence[Curve]) -> str:
    along = [x for x, _ in curves[0].points]
    rows = [
        [number(x), *(number(curve.points[index][1]) for curve in curves)]
        for index, x in enumerate(along)
    ]
    return table(header, rows, right=range(len(header)))


def _drawn(title: str, curve: Curve, live: Curve | None) -> str:
    """The chart; empty where the curve does not run along its horizontal axis."""
    xs = [x for x, _ in curve.points]
    start, end = min(xs), max(xs)
    ticks = ticks_of(start, end)
    line = even(curve.points, ticks)
    if line is None:
        return ""
    lines = [line]
    other = None if live is None else _alike(live, ticks)
    if other is not None:
        lines.insert(0, other)
    low, high = (min(min(each) for each in lines), max(max(each) for each in lines))
    return line_chart(
        title,
        (label_of(curve.x.replace("_", " "), "x"), (start, end)),
        (label_of(curve.y.replace("_", " "), "y"), _range(low, high)),
        lines,
    )


def _alike(curve: Curve, ticks: Sequence[float]) -> list[float] | None:
    """Another curve over the same range; None where it does not cover it."""
    xs = [x for x, _ in curve.points]
    start, end = ticks[0], ticks[-1]
    slack = _CLOSE * (end - start)
    if min(xs) > start + slack or max(xs) < end - slack:
        return None
    return even(curve.points, ticks)


def _range(low: float, high: float) -> tuple[float, float]:
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    pad = 0.05 * (high - low) or abs(high) * 0.05 or 1.0
    return low - pad, high + pad


def even(points: Sequence[tuple[float, float]], ticks: Sequence[float]) -> list[float] | None:
    """A curve's values at ticks.

    Between two points they lie on the line; where a curve rises at once, the later point counts,
    but for the very first. None where the curve goes back and forth, and where there is no tick.
    """
    ahead = list(points)
    if ahead[0][0] > ahead[-1][0]:
        ahead.reverse()
    xs = [x for x, _ in ahead]
    if xs != sorted(xs) or not ticks:
        return None
    return [ahead[0][1], *(_value(ahead, xs, at) for at in ticks[1:])]


def _value(points: Sequence[tuple[float, float]], xs: Sequence[float], at: float) -> float:
    after = bisect_right(xs, at)
    if after == len(xs):
        return points[-1][1]
    if after == 0 or xs[after - 1] == at or bisect_left(xs, at) != after:
        return points[max(after - 1, 0)][1]
    (x0, y0), (x1, y1) = points[after - 1], points[after]
    return y0 + (y1 - y0) * (at - x0) / (x1 - x0)
