"""The status table as text and JSON values."""

from collections.abc import Mapping, Sequence
from typing import Any

from assent.core.status import Cell

__all__ = ["status_text", "status_values"]


def status_text(environments: Sequence[str], models: Mapping[str, Mapping[str, Cell]]) -> str:
    """Models down, environments across; an arrow where main asks for something else."""
    if not models:
        return "no model has a record under promotions/"
    rows = [["model", *environments]]
    rows += [
        [model, *(_cell_text(cells.get(environment)) for environment in environments)]
        for model, cells in models.items()
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def _cell_text(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    if cell.unreadable:
        return "unreadable"
    live = "-" if cell.live is None else str(cell.live)
    if cell.asked == cell.live:
        return live
    return f"{live} → {'-' if cell.asked is None else cell.asked}"


def status_values(
    environments: Sequence[str], models: Mapping[str, Mapping[str, Cell]]
) -> dict[str, Any]:
    """The table as JSON values."""
    return {
        "environments": list(environments),
        "models": {
            model: {
                environment: {
                    "live": cell.live,
                    "asked": cell.asked,
                    **({"unreadable": cell.unreadable} if cell.unreadable else {}),
                }
                for environment, cell in cells.items()
            }
            for model, cells in models.items()
        },
    }
