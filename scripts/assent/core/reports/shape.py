"""What a module that reads one shape of report provides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assent.core.reports.document import Json, JsonObject
    from assent.core.reports.readings import Reading
    from assent.core.reports.report import ReportKind

__all__ = ["Shape"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One shape of report: which top-level keys it knows, and how it reads their values."""

    id: str
    """Shown to people as the shape that was recognised."""
    claims: Callable[[JsonObject, ReportKind], frozenset[str]]
    """The top-level keys of a report in this slot that this shape reads; none if it is another."""
    read: Callable[[str, Json], Iterator[Reading]]
    """Reads the value of a claimed key; every value in it gives a reading or names one."""
