"""The command `drift`: where AWS is not as main says, what was written back, and the issue."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assent.cli_options import emit, environments_option, format_option, repository_option
from assent.cli_verdicts import verdicts
from assent.core.errors import Exit

if TYPE_CHECKING:
    from assent.flows.find_discrepancies import DriftReport
    from assent.flows.heal import HealReport
    from assent.flows.report_discrepancies import TellingIssue

__all__ = ["drift"]


@click.command(short_help="Show where AWS is not as main says.")
@repository_option
@environments_option
@click.option(
    "--heal", "healing", is_flag=True, help="Write back what is in effect, and nothing else."
)
@click.option(
    "--issue", "telling", is_flag=True, help="Open, correct or close the one issue about it."
)
@format_option("text", "json")
@verdicts
def drift(
    repository: Path,
    environments: tuple[str, ...],
    *,
    healing: bool,
    telling: bool,
    form: str,
) -> Exit:
    """Compare main's records, the registry and Parameter Store.

    Exit code 11 tells that something differs, 12 that --heal left something, 1 that not all of it
    could be read.
    """
    from assent.core.rendering.changes import receipt_line
    from assent.core.rendering.discrepancies import discrepancy_line
    from assent.core.rendering.plain import json_text
    from assent.flows.find_discrepancies import find_discrepancies
    from assent.flows.heal import heal
    from assent.flows.report_discrepancies import report_discrepancies
    from assent.wiring import open_world, with_github

    if telling and environments:
        raise click.UsageError("--issue is about all environments: leave --env out")
    text = form == "text"
    with open_world(repository, writing=healing) as read:
        world, forge = with_github(read) if healing or telling else (read, None)
        chosen = world.config.select(environments)
        report = find_discrepancies(world, chosen, tip=None if forge is None else forge.tip)
        if text:
            for line in map(discrepancy_line, report.discrepancies):
                emit(line)
        healed = None
        if healing:
            healed = heal(
                world, chosen, report, emit=lambda each: emit(receipt_line(each)) if text else None
            )
        left = report.discrepancies if healed is None else healed.left
        told = report_discrepancies(forge, report, left) if telling and forge else None
    code = report.exit if healed is None else healed.exit
    if text:
        for failure in report.broken:
            emit(receipt_line(failure))
        emit(f"{world.head[:12]}: {_summary(report, healed, told)}")
    else:
        emit(json_text({"head": world.head, "exit": code, **_values(report, healed, told)}))
    return code


def _summary(
    report: "DriftReport", healed: "HealReport | None", told: "TellingIssue | None"
) -> str:
    where = ", ".join(report.environments)
    parts = [
        f"{_found(report)} in {where} ({report.versions} versions, {report.parameters} parameters)"
        if where
        else "nothing could be read"
    ]
    if report.broken:
        parts.append(f"{len(report.broken)} not read")
    if healed is not None:
        parts.append(f"{len(healed.left)} left after healing")
    if told is not None:
        parts.append(f"issue: {told.step}" + (f", {told.url}" if told.url else ""))
    return "; ".join(parts)


def _found(report: "DriftReport") -> str:
    count = len(report.discrepancies)
    if count:
        return f"{count} differ" + ("s" if count == 1 else "")
    return "nothing differs in what could be read" if report.broken else "nothing differs"


def _values(
    report: "DriftReport", healed: "HealReport | None", told: "TellingIssue | None"
) -> dict[str, Any]:
    from assent.core.rendering.changes import receipt_values
    from assent.core.rendering.discrepancies import discrepancy_values

    values: dict[str, Any] = {
        "environments": list(report.environments),
        "versions": report.versions,
        "parameters": report.parameters,
        "discrepancies": [discrepancy_values(each) for each in report.discrepancies],
        "broken": [receipt_values(each) for each in report.broken],
    }
    if healed is not None:
        values["receipts"] = [receipt_values(each) for each in healed.receipts]
        values["left"] = [discrepancy_values(each) for each in healed.left]
    if told is not None:
        values["issue"] = {"step": told.step, "number": told.number, "url": told.url or None}
    return values
