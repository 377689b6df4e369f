"""Numbers as people read them, and differences that say which way is better."""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from assent.core.metrics import Metric
from assent.core.reports import Better

__all__ = [
    "LEGEND",
    "NOT_REPORTED",
    "SIGMA",
    "Verdict",
    "change",
    "counted",
    "difference",
    "is_same",
    "measured",
    "number",
    "share",
    "signed",
    "verdict",
]

SIGMA = "\u03c3"
"""What stands for a standard deviation."""
NOT_REPORTED = "not reported"
"""A cell without a metric of the row's name."""
LEGEND = (
    f"🟢 better, 🔴 worse, 🟡 within one {SIGMA}, the standard deviations of both together; "
    "without a mark nothing says which way is better."
)
_LARGEST_COUNT = 1e15
"""Beyond it, not every integer is a float."""
_SMALLEST_PLAIN = 1e-3


def number(value: float) -> str:
    """A count whole, a fraction with four digits, a power of ten where nothing else is short.

    No more than six digits stand in a row, so that nobody takes them for a commit.
    """
    if value.is_integer() and abs(value) < _LARGEST_COUNT:
        return f"{value + 0.0:,.0f}"  # -0.0 is no other number to a reader
    if abs(value) >= 1:
        return f"{value:,.6g}"
    if abs(value) >= _SMALLEST_PLAIN:
        return f"{value:.4g}"
    digits, _, power = f"{value:.3e}".partition("e")
    return f"{digits.rstrip('0').rstrip('.')}e{power}"


def is_same(one: Metric | None, other: Metric | None) -> bool:
    """Whether both were reported, and are equal."""
    return one is not None and other is not None and not difference(one, other)


def measured(metric: Metric | None) -> str:
    """A value with its standard deviation; that it is not reported where it is not."""
    if metric is None:
        return NOT_REPORTED
    if metric.standard_deviation is None:
        return number(metric.value)
    return f"{number(metric.value)} ± {number(metric.standard_deviation)}"


def difference(metric: Metric, other: Metric) -> float:
    """How much more the first is, as the decimals that the reports hold: 0.91 - 0.9 is 0.01."""
    return float(Decimal(repr(metric.value)) - Decimal(repr(other.value)))


def signed(value: float) -> str:
    """A difference with its sign."""
    return f"{'+' if value > 0 else '-'}{number(abs(value))}"


class Verdict(StrEnum):
    """What became of a metric against another version's; what is to be seen first, first."""

    WORSE = "worse"
    GONE = "no longer reported"
    WITHIN = f"within one {SIGMA}"
    """No clear gain or loss: the difference is less than both standard deviations together."""
    BETTER = "better"
    CHANGED = "changed"
    """Nothing says which way it improves."""
    NEW = "new"
    SAME = "same"

    @property
    def weight(self) -> int:
        """The place in the order in which rows are shown, so that no fold hides what is worse."""
        return list(Verdict).index(self)


def counted(verdicts: Iterable[Verdict]) -> str:
    """How many there are of each: `**1** worse, **4** better, **3** same.`."""
    found = list(verdicts)
    counts = ((found.count(kind), kind) for kind in Verdict)
    return ", ".join(f"**{count}** {kind}" for count, kind in counts if count) + "."


def verdict(metric: Metric | None, other: Metric | None, better: Better | None) -> Verdict:
    """Whether the first is clearly better than the second, as far as that can be told."""
    if metric is None:
        return Verdict.GONE
    if other is None:
        return Verdict.NEW
    gain = difference(metric, other)
    if not gain:
        return Verdict.SAME
    if better is None:
        return Verdict.CHANGED
    spread = _spread(metric, other)
    if spread and abs(gain) < spread:
        return Verdict.WITHIN
    return Verdict.BETTER if _gains(gain, better) else Verdict.WORSE


def _gains(gain: float, better: Better) -> bool:
    return (gain > 0) == (better == "higher")


def change(metric: Metric | None, other: Metric | None, better: Better | None) -> str:
    """How much more or less the first is than the second, and whether that is better.

    Args:
        metric: The version's.
        other: The one that it is compared with.
        better: Which way it improves; None where nothing says so.
    """
    if metric is None or other is None:
        return ""
    found, gain = verdict(metric, other, better), difference(metric, other)
    if found is Verdict.SAME:
        return found.value
    spread = _spread(metric, other)
    sigmas = f" ({abs(gain) / spread:.1f} {SIGMA})" if spread else ""
    if better is None:
        return f"{signed(gain)}{sigmas}"
    marks = {Verdict.BETTER: "🟢", Verdict.WORSE: "🔴"}
    way = "better" if _gains(gain, better) else "worse"
    return f"{marks.get(found, '🟡')} {signed(gain)} {way}{sigmas}"


def _spread(metric: Metric, other: Metric) -> float | None:
    """The standard deviations of both together; None where one of them has none."""
    one, two = metric.standard_deviation, other.standard_deviation
    return None if one is None or two is None else (one**2 + two**2) ** 0.5


def share(part: float, whole: float) -> str:
    """A part of a whole in per cent."""
    return f"{100 * part / whole:.1f}%" if whole else ""
