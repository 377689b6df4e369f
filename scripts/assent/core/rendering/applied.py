"""What Assent says on a pull request once its decision is in effect."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.core.names import RecordId
from assent.core.parameters import NAMED_APPROVERS, HistoryEntry
from assent.core.record import Decision, Waiver
from assent.core.rendering.markdown import alert, code

__all__ = ["MOST_TOLD", "Effect", "applied_comment", "applied_mark", "imported_comment"]

MOST_TOLD = 200
"""Of so many imports one comment tells; each has its mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A decision that took effect, and what came of it."""

    id: RecordId
    was: Decision | None
    entry: HistoryEntry
    waivers: tuple[Waiver, ...]
    """The record's; those that the entry names were used."""
    fields: Sequence[str] | None
    """The registry's fields that were written; None where an earlier run wrote them."""
    live_before: int | None
    live: int | None
    """What `current` names; None for no version. Before this run the former."""
    run: str = ""
    """The address of the workflow run; empty where there is none."""


def applied_mark(blob: str, environment: str) -> str:
    """What marks the comment on a record's decision; invisible on the page."""
    return f"<!-- assent: applied {blob} {environment} -->"


def applied_comment(effect: Effect) -> str:
    """What was done, and where it can be seen."""
    id_, entry = effect.id, effect.entry
    what = f"version {id_.version} of {code(id_.model)} {_EFFECTS[entry.decision]}"
    lines = [
        f"**{_said(effect)}**: {what} {code(id_.environment)}, by {_names(entry.by)}.",
        *_warning(entry),
        "",
        f"- It was {effect.was or 'not decided'} before.",
        f"- Registry: {_registry(effect)}",
        f"- {code('current')} of {code(id_.model)} in {code(id_.environment)}: {_live(effect)}",
        *(_waived(gate, effect.waivers) for gate in entry.waived),
    ]
    if effect.run:
        lines.append(f"- Done by <{effect.run}>.")
    return "\n".join([*lines, "", applied_mark(entry.blob, id_.environment), ""])


def imported_comment(effects: Sequence[Effect]) -> str:
    """What was taken over in one environment, at most `MOST_TOLD` of it: by model, each marked."""
    first = effects[0]
    environment = first.id.environment
    by = sorted({login for each in effects for login in each.entry.by})
    models: dict[str, list[Effect]] = {}
    for each in effects:
        models.setdefault(each.id.model, []).append(each)
    what = f"{len(effects)} {'import is' if len(effects) == 1 else 'imports are'}"
    lines = [
        f"**In effect: Approved**: {what} approved in {code(environment)}, by {_names(by)}.",
        "No gate and no soak was judged.",
        "",
        *(
            f"- {code(model)} {', '.join(str(each.id.version) for each in some)}: "
            f"{code('current')} {_live(some[-1])}"
            for model, some in models.items()
        ),
    ]
    if first.run:
        lines.append(f"- Done by <{first.run}>.")
    marks = [applied_mark(each.entry.blob, environment) for each in effects]
    return "\n".join([*lines, "", *marks, ""])


_EFFECTS = {
    Decision.APPROVED: "is approved in",
    Decision.REJECTED: "is rejected in",
    Decision.RETIRED: "is retired from",
    None: "waits for a decision in",
}


def _said(effect: Effect) -> str:
    decision = effect.entry.decision
    return "In effect" if decision is None else f"In effect: {decision.value}"


def _names(logins: Sequence[str]) -> str:
    named = ", ".join(code(login) for login in logins[:NAMED_APPROVERS])
    return named or "nobody that is named"


def _warning(entry: HistoryEntry) -> list[str]:
    if not entry.broke_glass:
        return []
    lifted = "soak, freezes and the stop of the line did not hold for it. Gates and approvals did."
    return ["", alert("CAUTION", [f"{code(entry.broke_glass)} **broke the glass**: {lifted}"])]


def _registry(effect: Effect) -> str:
    if effect.fields is None:
        return "it was written by an earlier run."
    if not effect.fields:
        return "nothing had to be written."
    return f"{', '.join(code(field) for field in effect.fields)} written."


def _live(effect: Effect) -> str:
    was, is_, version = effect.live_before, effect.live, effect.id.version
    if was != is_:
        return f"{_version(was)} → {_version(is_)}."
    if is_ is None:
        return "it names no version, as before."
    if is_ == version:
        return f"it names version {is_}."
    if is_ > version and effect.entry.decision is Decision.APPROVED:
        return f"it names version {is_}, a higher one, as before."
    return f"it names version {is_}, as before."


def _version(version: int | None) -> str:
    return "no version" if version is None else f"version {version}"


def _waived(gate: str, waivers: Sequence[Waiver]) -> str:
    waiver = next((each for each in waivers if each.gate == gate), None)
    if waiver is None:
        return f"- Waived: {code(gate)}."
    return f"- Waived: {code(gate)}, asked for by {code(waiver.asked_by)}: {code(waiver.reason)}"
