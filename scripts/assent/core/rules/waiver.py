"""Rule `waiver`: an excuse names a gate that there is, and who asks for it."""

from collections import Counter
from collections.abc import Iterator

from assent.core.findings import Severity
from assent.core.gates import GateResult, waivers_used
from assent.core.record import Waiver, dotted
from assent.core.rules.rule import ChangeRule, Problem
from assent.core.rules.subject import Change, Promotion
from assent.core.strict_yaml import Place

__all__ = ["RULE"]

_ADD = "Add `asked_by: LOGIN`, the GitHub login of whoever wants the exception."
_NOT_NEEDED = "Take the waiver out, unless another champion may come before this is merged."


def judge(change: Change) -> Iterator[Problem]:
    """Look at each waiver of a record that says Approved; a no needs none, and is held to none."""
    for promotion in change.promotions:
        results = {result.gate.id: result for result in promotion.review.gates}
        counts = Counter(waiver.gate for waiver in promotion.parsed.record.waivers)
        for index, waiver in enumerate(promotion.parsed.record.waivers):
            found = _objection(promotion, waiver, results.get(waiver.gate), counts[waiver.gate])
            if found is not None:
                field, message, severity, remedy = found
                place = _place(index, *field)
                yield Problem(
                    path=promotion.id.path,
                    line=promotion.parsed.line(*place),
                    place=dotted(place),
                    message=message,
                    severity=severity,
                    remedy=remedy,
                )


def _place(*parts: str | int) -> Place:
    return ("waivers", *parts)


def _objection(
    promotion: Promotion, waiver: Waiver, result: GateResult | None, count: int
) -> tuple[tuple[str, ...], str, Severity | None, str | None] | None:
    """What is wrong with a waiver, if anything: its field, the message, and what differs."""
    id_ = promotion.id
    if result is None:
        names = ", ".join(each.gate.id for each in promotion.review.gates) or "none"
        message = f"{id_.environment} has no gate {waiver.gate} for {id_.model}; its gates: {names}"
        return ("gate",), message, None, None
    if count > 1:
        return ("gate",), f"the gate {waiver.gate} is waived {count} times", None, None
    if not waiver.asked_by:
        message = f"nobody is named who asks to waive {waiver.gate}, so it excuses nothing"
        return (), message, None, _ADD
    if waiver not in waivers_used([result]):
        message = f"the gate {waiver.gate} does not fail, so there is nothing to waive"
        return (), message, Severity.WARNING, _NOT_NEEDED
    return None


RULE = ChangeRule(
    id="waiver",
    description="A waiver in a record that says Approved names a gate of its environment, once, "
    "and who asks for it; and that gate fails.",
    remedy="Name the gate as assent.yaml does, once.",
    judge=judge,
)
