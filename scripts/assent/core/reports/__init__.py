"""Reads the metric reports that stand in a model package's `ModelMetrics`.

`parse_report` takes a file's bytes, which nobody has checked, and gives a `Report` or says why the
file as a whole is `Unreadable`. One module reads one shape of file; `parse.py` lists them.
"""

from __future__ import annotations

from assent.core.reports.parse import parse_report
from assent.core.reports.report import Better, Report, ReportKind, Unread, Unreadable, Violation

__all__ = ["Better", "Report", "ReportKind", "Unread", "Unreadable", "Violation", "parse_report"]
