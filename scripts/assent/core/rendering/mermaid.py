"""Charts as Mermaid, which GitHub draws: numbers of ours, and labels that passed a strict list."""

import re
from collections.abc import Sequence

from assent.core.rendering.markdown import mermaid_label

__all__ = ["bar_chart", "label_of", "labels_of", "line_chart", "ticks_of"]

_BLUE, _GREY = "#0969da", "#8c959f"
_LARGEST, _SMALLEST = 1e6, 1e-3
"""Between them a number is written without a power of ten, which Mermaid does not read."""
_STEPS = (32, 24, 20, 16, 30, 25, 40, 12, 10)
_OURS = re.compile(r"[A-Za-z0-9 ,:_.-]+", re.ASCII)


def label_of(text: str, instead: str) -> str:
    """A label for an axis or a title; words of ours where the text may not be one."""
    return mermaid_label(text) or instead


def labels_of(texts: Sequence[str]) -> list[str]:
    """A label for each text, no two alike: its number, from 1, where it may not be one."""
    wanted = [mermaid_label(text) for text in texts]
    return [
        label if label is not None and wanted.count(label) == 1 else f"no. {index}"
        for index, label in enumerate(wanted, start=1)
    ]


def line_chart(
    title: str,
    x: tuple[str, Sequence[str] | tuple[float, float]],
    y: tuple[str, tuple[float, float]],
    lines: Sequence[Sequence[float]],
) -> str:
    """A chart of one line in blue, or of a grey one and a blue one; empty if it cannot be drawn.

    Args:
        title: Made of labels and words of ours.
        x: What runs along, and either its labels or its range.
        y: What is measured, and the range that is shown.
        lines: Values, evenly along, the one in blue last.
    """
    (along, ticks), (up, span) = x, y
    values = [*span, *(value for line in lines for value in line)]
    if isinstance(ticks, tuple):
        scale, readable = _range(ticks), _drawable(ticks)
    else:
        scale, readable = f"[{', '.join(map(_quoted, ticks))}]", True
    if not readable or not _drawable(values) or _number(span[0]) == _number(span[1]):
        return ""
    palette = [_GREY, _BLUE][-len(lines) :]
    return _chart(
        "xychart-beta",
        palette,
        300,
        f"title {_quoted(title)}",
        f"x-axis {_quoted(along)} {scale}",
        f"y-axis {_quoted(up)} {_range(span)}",
        *(f"line [{', '.join(map(_number, line))}]" for line in lines),
    )


def ticks_of(start: float, end: float) -> tuple[float, ...]:
    """Where Mermaid puts the values of a line that runs over a range; empty where it cannot.

    It adds the step up from the start, and whatever rounding takes beyond the end gets no value.
    So of several numbers of steps the first is taken that comes out even.
    """
    start, end = float(_number(start)), float(_number(end))
    for steps in _STEPS:
        step = (end - start) / steps
        ticks: list[float] = []
        at = start
        while step > 0 and at <= end and len(ticks) <= steps + 1:
            ticks.append(at)
            at += step
        if len(ticks) == steps + 1:
            return tuple(ticks)
    return ()


def bar_chart(title: str, labels: Sequence[str], y: str, values: Sequence[float]) -> str:
    """Horizontal bars from 0, one a label; empty if they cannot be drawn.

    Args:
        title: Made of labels and words of ours.
        labels: From `labels_of`.
        y: What the bars measure.
        values: None of them negative.
    """
    top = max(values, default=0.0) * 1.05
    if not _drawable([*values, top]) or top <= 0:
        return ""
    return _chart(
        "xychart-beta horizontal",
        [_BLUE],
        120 + 24 * len(labels),
        f"title {_quoted(title)}",
        f"x-axis [{', '.join(map(_quoted, labels))}]",
        f"y-axis {_quoted(y)} 0 --> {_number(top)}",
        f"bar [{', '.join(map(_number, values))}]",
    )


def _chart(kind: str, palette: Sequence[str], height: int, *lines: str) -> str:
    config = (
        "---\nconfig:\n  xyChart:\n    width: 640\n"
        f"    height: {height}\n    titleFontSize: 16\n"
        "  themeVariables:\n    xyChart:\n"
        f'      plotColorPalette: "{", ".join(palette)}"\n---'
    )
    body = "\n".join(f"  {line}" for line in lines)
    return f"```mermaid\n{config}\n{kind}\n{body}\n```"


def _range(ends: tuple[float, float]) -> str:
    return f"{_number(ends[0])} --> {_number(ends[1])}"


def _quoted(text: str) -> str:
    if _OURS.fullmatch(text) is None:
        raise ValueError(f"no label: {text!a}")
    return f'"{text}"'


def _drawable(values: Sequence[float]) -> bool:
    """Whether numbers can be written as Mermaid reads them and still tell themselves apart."""
    largest = max(map(abs, values), default=0.0)
    return _SMALLEST <= largest < _LARGEST


def _number(value: float) -> str:
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
