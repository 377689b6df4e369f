"""A retirement's pull request: branch, title and page; and what became of asking for one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assent.core.names import RecordId
from assent.core.outcome import Attempt
from assent.core.parameters import Names
from assent.core.receipts import NotNotified
from assent.core.record import Decision
from assent.core.registry_fields import one_line
from assent.core.rendering.markdown import code, table
from assent.core.rendering.notices import Notice
from assent.core.rendering.plain import plain

__all__ = [
    "Consequences",
    "Fallback",
    "PassedOver",
    "Retirement",
    "RungAbove",
    "Unread",
    "retirement_body",
    "retirement_branch",
    "retirement_notice",
    "retirement_text",
    "retirement_title",
    "retirement_values",
]

_BLOB_DIGITS = 12
_SHOWN_PASSED_OVER = 10
_LONGEST_SUBJECT = 99
"""SNS wants fewer than a hundred characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something could not be read, so the page cannot say it; that holds up no retirement."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A version that is approved, and that `current` cannot fall back to."""

    version: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """What `current` names once the retirement took effect."""

    version: int | None
    """None where no other version is approved in effect: inference there stops."""
    passed_over: tuple[PassedOver, ...] = ()
    """Higher versions, highest first."""
    unchecked: str = ""
    """Why the version's package could not be compared with its record, if it could not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RungAbove:
    """A higher environment in which the version still counts, or may."""

    environment: str
    runs: bool
    """Whether `current` there names the version; else it is approved there."""
    unread: str = ""
    """Why nobody knows, if nobody does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What a retirement changes, as things stand when it is asked for."""

    live: int | Unread | None
    """What `current` names now."""
    effective: Decision | Unread | None
    """What is in effect for the version; None where nothing ever was."""
    fallback: Fallback | Unread
    above: tuple[RungAbove, ...] = ()
    """Lowest first; only those where there is something to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """A pull request that retires the version is open."""

    id: RecordId
    url: str
    number: int
    attempt: Attempt
    reason: str
    """As the record on its branch gives it; an earlier call may have given another."""
    declined: str | None = None
    """The address of the latest earlier pull request that asked the same and was closed."""
    consequences: Consequences | None = None
    """None where the pull request was open already: its page says them."""
    not_notified: NotNotified | None = None
    """The topic that did not take its message, if one was to be told."""


def retirement_branch(id_: RecordId, blob: str) -> str:
    """The retirement's own branch; its name is the lock that keeps pull requests single.

    Args:
        id_: What is retired.
        blob: The id of the record that says Approved. One that is approved anew is another one.
    """
    return f"retire/{id_.environment}/{id_.model}/{id_.version}-{blob[:_BLOB_DIGITS]}"


def retirement_title(id_: RecordId) -> str:
    """The pull request's title; names match a pattern that leaves nothing to escape."""
    return f"Retire {id_.model} {id_.version} from {id_.environment}"


def retirement_body(id_: RecordId, reason: str, found: Consequences, names: Names) -> str:
    """The page: what was live, what will be, who still runs the version above, how to decide.

    Args:
        id_: What is retired.
        reason: Why, as the record says.
        found: What follows from it.
        names: Where the environment's parameters are.
    """
    parts = [
        f"## Retire {code(id_.model)} version {id_.version} from {code(id_.environment)}",
        _headline(id_, found),
        f"**Reason**: {code(reason, limit=600)}",
        _warnings(id_, found),
        _effects(id_, found, names),
        _how(id_),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(id_: RecordId, found: Consequences) -> str:
    """What inference runs now, and after merging."""
    where, live, fallback = code(id_.environment), found.live, found.fallback
    if isinstance(fallback, Unread):
        return f"What inference in {where} will run after merging could not be told; see below."
    after = fallback.version
    if isinstance(live, Unread):
        return (
            f"What inference in {where} runs now could not be read. Merging makes `current` "
            f"{_say(after)}."
        )
    if live == id_.version:
        if after is None:
            return (
                f"Version **{live}** is live. **Merging stops inference in {where}**: no other "
                "version is approved there, and `current` will say `version: null`."
            )
        return f"Merging makes inference in {where} run version **{after}** in place of **{live}**."
    if live == after:
        if live is None:
            return f"Nothing is live in {where}, and merging makes nothing live."
        return (
            f"Version {live} is live, and **current stays {live}**. Merging takes version "
            f"{id_.version} away as what a rollback would fall back to."
        )
    now = "nothing is live" if live is None else f"version {live} is live"
    return f"In {where} {now}. The next run makes `current` {_say(after)}."


def _say(version: int | None) -> str:
    return "say `version: null`" if version is None else f"name version **{version}**"


def _warnings(id_: RecordId, found: Consequences) -> str:
    lines = [*_about_the_approval(id_, found), *_about_the_fallback(found.fallback)]
    lines += [_about_above(id_, rung) for rung in found.above]
    if isinstance(found.live, Unread):
        lines.append(f"`current` could not be read: {code(found.live.why)}")
    if not lines:
        return ""
    return "> [!WARNING]\n" + "\n>\n".join(f"> {line}" for line in lines)


def _about_the_approval(id_: RecordId, found: Consequences) -> list[str]:
    match found.effective:
        case Decision.APPROVED:
            return []
        case Unread(why=why):
            return [f"Whether the approval is in effect could not be read: {code(why)}"]
        case None:
            why = "nothing is decided there: it waits for `assent apply`, or was refused"
        case decision:
            why = f"the last decision that is says {code(decision.value)}"
    said = f"The approval of version {id_.version} is not in effect: {why}."
    return [f"{said} Merging withdraws it all the same."]


def _about_the_fallback(fallback: Fallback | Unread) -> list[str]:
    if isinstance(fallback, Unread):
        return [f"What `current` falls back to could not be told: {code(fallback.why)}"]
    lines = [
        f"Version {each.version} is approved, and `current` cannot fall back to it: "
        f"{code(each.why)}"
        for each in fallback.passed_over[:_SHOWN_PASSED_OVER]
    ]
    over = len(fallback.passed_over) - len(lines)
    if over > 0:
        lines.append(f"So it is with {over} lower versions.")
    if fallback.unchecked:
        lines.append(
            f"Whether the package of version {fallback.version} is still the one that was "
            f"approved could not be looked at: {code(fallback.unchecked)}"
        )
    return lines


def _about_above(id_: RecordId, rung: RungAbove) -> str:
    where = code(rung.environment)
    if rung.unread:
        return (
            f"Whether {where} still runs version {id_.version} could not be read: "
            f"{code(rung.unread)}"
        )
    what = "still runs" if rung.runs else "still approves"
    return (
        f"{where} {what} version {id_.version}, and goes on doing so: retiring it here "
        "changes nothing there. It takes a retirement of its own."
    )


def _effects(id_: RecordId, found: Consequences, names: Names) -> str:
    approved, retired = Decision.APPROVED.value, Decision.RETIRED.value
    effective = found.effective
    was = effective if isinstance(effective, Decision) else None
    rows = [
        [f"record {code(id_.path)}", code(approved), code(retired)],
        [
            f"registry field {code(id_.environment)}",
            "not readable" if isinstance(effective, Unread) else code(was or "not decided"),
            code(retired),
        ],
        [f"parameter {code(names.current(id_.model))}", _is(found.live), _becomes(found)],
    ]
    return (
        "### What merging will do\n\n"
        + table(["what", "is", "becomes"], rows)
        + "\n\nThe registry's approval status becomes `Rejected`, unless another environment still "
        "approves the version. All of it happens when the apply job has run that the merge "
        "starts; should that be lost, the next scheduled one does it. A job that is under way "
        "then keeps the version with which it began."
    )


def _is(live: int | Unread | None) -> str:
    return "not readable" if isinstance(live, Unread) else _version(live)


def _becomes(found: Consequences) -> str:
    if isinstance(found.fallback, Unread):
        return "the next highest approved version, or no version"
    becomes = _version(found.fallback.version)
    same = found.live == found.fallback.version
    return f"stays {becomes}" if same else becomes


def _version(version: int | None) -> str:
    return "no version" if version is None else f"version {version}"


def _how(id_: RecordId) -> str:
    return (
        "### How to decide\n\n"
        f"- **Retire**: one code owner of {code(f'promotions/{id_.environment}/')} approves this "
        "pull request, then it is merged. One approval suffices, whatever a promotion there needs; "
        "no gate, soak, freeze or missing evidence holds it up.\n"
        "- **Keep**: close this pull request. The version stays approved: closing a retirement "
        "rejects nothing.\n"
        "- Only the record's `status` and `reason` change. To run the version again later takes "
        "a new promotion on fresh evidence."
    )


def retirement_notice(id_: RecordId, reason: str, found: Consequences, url: str) -> Notice:
    """The message for those who do not live on GitHub.

    Args:
        id_: What is to be retired.
        reason: Why.
        found: What follows from it.
        url: The pull request's address.
    """
    text = (
        f"Version {id_.version} of the model {id_.model} is to be retired from {id_.environment}.\n"
        f"Reason: {plain(reason)}\n"
        f"What inference runs there: {_current_line(found)}.\n\n"
        f"Pull request: {plain(url)}\n\n"
        "Next: one code owner of this environment approves and merges it, or closes it. Nothing "
        "changes before.\n"
    )
    subject = f"Decision wanted: retire {id_.model} {id_.version} from {id_.environment}"
    return Notice(subject=one_line(subject, _LONGEST_SUBJECT), text=text)


def retirement_text(retirement: Retirement) -> str:
    """What became of asking, as lines of plain text."""
    lines = [f"{retirement.id}: {retirement.url} ({retirement.attempt})"]
    lines.append(f"  reason: {plain(retirement.reason)}")
    if retirement.declined is not None:
        lines.append(f"  asked before and declined: {retirement.declined}")
    if retirement.not_notified is not None:
        failure = retirement.not_notified
        lines.append(f"  not told {failure.topic}: {plain(failure.message)}")
    if retirement.consequences is not None:
        lines += [f"  {line}" for line in _consequences_lines(retirement)]
    return "\n".join(lines)


def _current_line(found: Consequences) -> str:
    if isinstance(found.fallback, Unread):
        after = f"not to be told ({plain(found.fallback.why)})"
    else:
        after = _version(found.fallback.version)
    return f"current is {_is(found.live)} now, and {after} once it is merged and applied"


def _consequences_lines(retirement: Retirement) -> Sequence[str]:
    found = retirement.consequences
    if found is None:
        return []
    lines = []
    match found.effective:
        case Decision.APPROVED:
            pass
        case Unread(why=why):
            lines.append(f"whether it is in effect could not be read: {plain(why)}")
        case effective:
            lines.append(f"its approval is not in effect (last: {effective or 'nothing decided'})")
    lines.append(_current_line(found))
    if not isinstance(found.fallback, Unread) and found.fallback.unchecked:
        why = plain(found.fallback.unchecked)
        lines.append(
            f"the package of version {found.fallback.version} could not be looked at: {why}"
        )
    for rung in found.above:
        if rung.unread:
            lines.append(f"{rung.environment} could not be read: {plain(rung.unread)}")
        else:
            lines.append(f"{rung.environment} still {'runs' if rung.runs else 'approves'} it")
    return lines


def retirement_values(retirement: Retirement) -> dict[str, Any]:
    """What became of asking, as JSON values."""
    found, failure = retirement.consequences, retirement.not_notified
    return {
        "outcome": "retirement",
        "environment": retirement.id.environment,
        "model": retirement.id.model,
        "version": retirement.id.version,
        "pull_request": retirement.url,
        "attempt": retirement.attempt,
        "reason": retirement.reason,
        "declined": retirement.declined,
        "consequences": None if found is None else _consequences_values(found),
        "not_notified": failure and {"topic": failure.topic, "message": failure.message},
    }


def _consequences_values(found: Consequences) -> dict[str, Any]:
    fallback = found.fallback
    return {
        "live": _or_unread(found.live),
        "effective": _or_unread(found.effective),
        "becomes": _or_unread(fallback if isinstance(fallback, Unread) else fallback.version),
        "passed_over": []
        if isinstance(fallback, Unread)
        else [{"version": each.version, "why": each.why} for each in fallback.passed_over],
        "above": [
            {
                "environment": rung.environment,
                **({"unread": rung.unread} if rung.unread else {"runs": rung.runs}),
            }
            for rung in found.above
        ],
    }


def _or_unread(value: int | str | Unread | None) -> Any:  # noqa: ANN401 - any JSON values
    return {"unread": value.why} if isinstance(value, Unread) else value
