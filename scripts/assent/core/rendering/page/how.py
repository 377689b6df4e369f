"""How to approve, who may, how to reject, and what to do about a gate or a wait."""

import re

from assent.core.gates import GateFails, GateWaived
from assent.core.names import NAME_PATTERN
from assent.core.rendering.markdown import code, details
from assent.core.rendering.page.layout import Layout
from assent.core.review import Review

__all__ = ["how_section"]

_NAMED_OWNERS = 10
_WAIVERS = 20
_ID = re.compile(NAME_PATTERN, re.ASCII)
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def how_section(review: Review, layout: Layout) -> str:
    """Approve and reject for everybody; waiver and break-glass only where they could help."""
    lines = [_approve(review, layout), *_not_counted(review, layout), _reject(review), _HANDS_OFF]
    parts = ["### How to decide", "\n".join(f"- {line}" for line in lines)]
    parts += [_waive(review), _break_glass(review)]
    return "\n\n".join(part for part in parts if part)


_HANDS_OFF = (
    "Do not edit the record's package or evidence: its digest would no longer fit, and the check "
    "would say so."
)


def _approve(review: Review, layout: Layout) -> str:
    path = code(review.record.id.path)
    count = review.approvals
    who = f"a code owner of {path} approves"
    if count > 1:
        said = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
        who = f"**{said}** code owners of {path} approve"
    more = ""
    if review.waived:
        more = (
            " That is one more than usual, since a gate is waived; the check does not count them, "
            "and merged with fewer it takes no effect."
        )
    return (
        f"**Approve**: {who} this pull request, then it is merged.{_owners(review, layout)}{more} "
        "The merge is what counts: a job then writes it to the registry and to Parameter Store."
    )


def _owners(review: Review, layout: Layout) -> str:
    match review.owners:
        case None:
            return " Who that is could not be read here; GitHub asks them for a review."
        case ():
            return " **Nobody is**: CODEOWNERS names nobody for it."
        case owners:
            # Without the sign that would notify them.
            named = [layout.code(owner.removeprefix("@")) for owner in owners[:_NAMED_OWNERS]]
            over = len(owners) - len(named)
            return f" Its owners: {', '.join(named)}{f' and {over} more' if over else ''}."


def _not_counted(review: Review, layout: Layout) -> list[str]:
    text = "Whoever opened this pull request or wrote a commit of it does not count"
    asked = dict.fromkeys(
        result.waiver.asked_by for result in review.gates if isinstance(result, GateWaived)
    )
    if asked:
        names = ", ".join(layout.code(login) for login in list(asked)[:_NAMED_OWNERS])
        text += f", and neither does who asks for a waiver: {names}"
    return [f"{text}."]


def _reject(review: Review) -> str:
    return (
        "**Reject**: a code owner closes this pull request without merging it; their last comment "
        "before is the reason. Nothing holds that up. The version then does not run in "
        f"{code(review.record.id.environment)}."
    )


def _waive(review: Review) -> str:
    failing = [result.gate.id for result in review.gates if isinstance(result, GateFails)]
    if not failing:
        return ""
    ids = [each if _ID.fullmatch(each) else "THE-GATE" for each in failing[:_WAIVERS]]
    entries = "\n".join(
        f'  - gate: {id_}\n    reason: "why that is acceptable, in one line"\n'
        "    asked_by: your-login-on-github"
        for id_ in ids
    )
    return details(
        "A gate fails: how to ask for a waiver",
        f"In {code(review.record.id.path)} on this branch, put this in the place of "
        f"`waivers: []`:\n\n```yaml\nwaivers:\n{entries}\n```\n\n"
        "A waiver is seen by everybody, is recorded, and needs one approval more. Neither who asks "
        "for it nor who commits it counts among those who approve. A gate that cannot be judged "
        "cannot be waived.",
    )


def _break_glass(review: Review) -> str:
    if not review.waits or review.broke_glass is not None:
        return ""
    return details(
        "It waits: what to do if it cannot",
        "A wait ends by itself, and this page says so then. If it has to run at once, a code owner "
        f"of {code(review.record.id.path)} who did not open this pull request puts the label "
        "`assent: break-glass` on it before the merge. That lifts soak, freezes and the stop of "
        "the line, and no gate. It is loud: this page, the check, the notice and the history say "
        "who did it.",
    )
