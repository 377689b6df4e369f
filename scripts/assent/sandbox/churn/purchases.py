"""CDNOW's purchase histories: read from the Lifetimes distribution, turned into features.

The file holds every purchase from January 1997 to June 1998 of a tenth of the customers who
first bought at the CD retailer CDNOW in the first twelve weeks of 1997. Lifetimes is only the
carrier of the file and is never imported.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import AssentError

__all__ = [
    "FEATURES",
    "Observed",
    "Purchase",
    "PurchasesUnreadableError",
    "Window",
    "held_out",
    "observe",
    "parse_purchases",
    "read_purchases",
]

_DISTRIBUTION: Final = "Lifetimes"
_FILE: Final = "lifetimes/datasets/CDNOW_sample.txt"
_EPOCH: Final = datetime(1997, 1, 1, tzinfo=UTC)
_LINE: Final = re.compile(
    r"\s*(?P<customer>[0-9]{5}) +[0-9]{4} +(?P<date>[0-9]{8}) +[0-9]{1,4} +"
    r"(?P<spend>[0-9]{1,6}\.[0-9]{2})\s*",
    re.ASCII,
)
_HELD_OUT_TENTHS: Final = 3

FEATURES: Final = (
    "recency_days",
    "purchase_days",
    "tenure_days",
    "mean_gap_days",
    "spend_per_purchase_day",
    "total_spend",
)
"""The columns of `Observed.features`, in this order; days, and US dollars."""


class PurchasesUnreadableError(AssentError):
    """The purchase histories are missing or not in the expected form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """One purchase by one customer."""

    day: int
    """Days since 1997-01-01."""
    spend: float
    """US dollars; zero occurs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The days that features see, from 1997-01-01, and the days right after that decide churn."""

    observed_days: int
    outcome_days: int

    @property
    def outcome_start(self) -> datetime:
        """The first instant that features do not see."""
        return _EPOCH + timedelta(days=self.observed_days)

    @property
    def outcome_end(self) -> datetime:
        """The first instant after the outcome window."""
        return self.outcome_start + timedelta(days=self.outcome_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Customers as a window shows them, one row each, in order of customer number."""

    customers: tuple[str, ...]
    features: NDArray[np.float64]
    """Shape (customers, `FEATURES`)."""
    churned: NDArray[np.int64]
    """Shape (customers,): 1 where the outcome window holds no purchase."""


def read_purchases() -> Mapping[str, tuple[Purchase, ...]]:
    """Every customer's purchases, by customer number, both in the file's order.

    Raises:
        PurchasesUnreadableError: Lifetimes is not installed, or ships another file than expected.
    """
    try:
        path = Path(str(distribution(_DISTRIBUTION).locate_file(_FILE)))
        text = path.read_text(encoding="ascii")
    except PackageNotFoundError as error:
        raise PurchasesUnreadableError(
            f"The distribution {_DISTRIBUTION}, which ships the demo's purchase histories, "
            "is not installed.",
            hint="Install the demo's dependencies: pip install 'WHEEL[demo]'.",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise PurchasesUnreadableError(
            f"{_FILE} of the distribution {_DISTRIBUTION} could not be read: {error}",
            hint=f"Reinstall it: pip install --force-reinstall {_DISTRIBUTION}.",
        ) from error
    return parse_purchases(text.splitlines())


def parse_purchases(lines: Iterable[str]) -> Mapping[str, tuple[Purchase, ...]]:
    """Purchases by customer, from lines of customer, sample number, date, CDs and dollars.

    Raises:
        PurchasesUnreadableError: A line has another form, or there is none.
    """
    histories: dict[str, list[Purchase]] = {}
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise _unexpected(number, line)
        try:
            date = datetime.strptime(match["date"], "%Y%m%d").replace(tzinfo=UTC)
        except ValueError as error:
            raise _unexpected(number, line) from error
        purchase = Purchase(day=(date - _EPOCH).days, spend=float(match["spend"]))
        if purchase.day < 0:
            raise _unexpected(number, line)
        histories.setdefault(match["customer"], []).append(purchase)
    if not histories:
        raise PurchasesUnreadableError(
            f"{_FILE} holds no purchases.",
            hint=f"Reinstall {_DISTRIBUTION}; an empty file trains nothing.",
        )
    return {customer: tuple(purchases) for customer, purchases in histories.items()}


def held_out(customer: str, *, split: str) -> bool:
    """Whether a customer belongs to the test set: three in ten do.

    The customer's number decides, through SHA-256, so that the same customers are held out on
    every machine, with every version of every library, and whatever else the file holds.
    """
    digest = hashlib.sha256(f"{split}:{customer}".encode()).digest()
    return int.from_bytes(digest[:8]) % 10 < _HELD_OUT_TENTHS


def observe(histories: Mapping[str, tuple[Purchase, ...]], window: Window) -> Observed:
    """The customers who bought in the window's observed days, their features and what followed."""
    customers: list[str] = []
    rows: list[tuple[float, ...]] = []
    churned: list[bool] = []
    end = window.observed_days + window.outcome_days
    for customer in sorted(histories):
        seen = [each for each in histories[customer] if each.day < window.observed_days]
        if not seen:
            continue
        customers.append(customer)
        rows.append(_features(seen, window.observed_days))
        churned.append(
            not any(window.observed_days <= each.day < end for each in histories[customer])
        )
    return Observed(
        customers=tuple(customers),
        features=np.array(rows, dtype=np.float64).reshape(len(rows), len(FEATURES)),
        churned=np.array(churned, dtype=np.int64),
    )


def _features(seen: list[Purchase], today: int) -> tuple[float, ...]:
    # Two purchases on one day count as one occasion: the hour is not known.
    days = sorted({purchase.day for purchase in seen})
    spend = sum(purchase.spend for purchase in seen)
    tenure = today - days[0]
    gap = (days[-1] - days[0]) / (len(days) - 1) if len(days) > 1 else tenure
    return (today - days[-1], len(days), tenure, gap, spend / len(days), spend)


def _unexpected(number: int, line: str) -> PurchasesUnreadableError:
    return PurchasesUnreadableError(
        f"{_FILE}, line {number}: expected a customer, a sample number, a date from 1997 on, "
        f"a number of CDs and dollars, found {line[:80]!r}.",
        hint=f"Reinstall {_DISTRIBUTION}; the demo invents no data in its place.",
    )
