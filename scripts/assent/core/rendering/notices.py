"""Short messages for those who do not live on GitHub, as an SNS topic sends them by e-mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assent.core.metrics import Metric
from assent.core.names import RecordId
from assent.core.parameters import NAMED_APPROVERS
from assent.core.record import Decision, Record
from assent.core.registry_fields import one_line
from assent.core.rendering.plain import plain

__all__ = ["Notice", "decided_notice", "imported_notice", "live_notice", "opened_notice"]

_LONGEST_SUBJECT = 99
"""SNS wants fewer than a hundred characters."""
_LONGEST_TEXT = 1000
"""Of what somebody else wrote; the pull request has the rest."""
_SHOWN_METRICS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message."""

    subject: str
    """At most 99 printable ASCII characters."""
    text: str
    """Plain text of several lines."""


def opened_notice(record: Record, url: str, live: int | str | None, decision: str = "") -> Notice:
    """A pull request asks for a decision.

    Args:
        record: What merging it would add.
        url: The pull request's address.
        live: The version that is live there now; None for none; a text says why that is unknown.
        decision: The facts of the page's first line, from `decision_words`; empty to leave them
            out.
    """
    id_, evidence = record.id, record.evidence
    lines = [
        f"Version {id_.version} of the model {id_.model} is proposed for {id_.environment}.",
        _live(id_, live),
        *([f"In short: {_cut(decision)}."] if decision else []),
        f"It was registered by {_cut(record.package.created_by or 'an unnamed principal')}.",
        *_metrics("Its metrics of training:", evidence.metrics),
    ]
    inference = evidence.inference
    if inference is not None:
        where = inference.environment
        lines += _metrics(f"Its metrics of batch inference in {where}:", inference.metrics)
        count = len(inference.violations)
        if count:
            what = "violation" if count == 1 else "violations"
            lines.append(f"WARNING: monitoring found drift in {where}: {count} {what}.")
    return _notice(
        f"Decision wanted: {id_.model} {id_.version} in {id_.environment}",
        lines,
        url,
        "Next: the code owners of this environment read the pull request, and merge it to approve "
        "or close it to reject. Nothing changes before.",
    )


def decided_notice(
    id_: RecordId,
    decision: Decision | None,
    *,
    by: Sequence[str],
    reason: str,
    url: str,
    broke_glass: str = "",
) -> Notice:
    """A decision took effect.

    Args:
        id_: What was decided on, and where.
        decision: None where a rejected promotion was reopened.
        by: The logins of those who decided.
        reason: Their own words, if any.
        url: The pull request's address.
        broke_glass: The login of the code owner by whose word it did not wait, if so.
    """
    said, effect, then = _EFFECTS[decision]
    who = ", ".join(map(_cut, by[:NAMED_APPROVERS])) or "nobody that is named"
    more = f" and {len(by) - NAMED_APPROVERS} more" if len(by) > NAMED_APPROVERS else ""
    lines = [
        f"Version {id_.version} of the model {id_.model} {effect} {id_.environment}.",
        f"Decided by: {who}{more}.",
    ]
    if reason:
        lines.append(f"Reason: {_cut(reason)}")
    if broke_glass:
        lines.append(
            f"WARNING: {_cut(broke_glass)} broke the glass: soak, freezes and the stop of the line "
            "did not hold for it. Gates and approvals did."
        )
        said = f"GLASS BROKEN, {said.lower()}"
    return _notice(f"{said}: {id_.model} {id_.version} in {id_.environment}", lines, url, then)


def live_notice(
    environment: str, model: str, *, was: int | None, becomes: int | None, url: str
) -> Notice:
    """What inference runs in an environment changed: it was applied.

    Args:
        environment: Where.
        model: The model.
        was: The version that was live; None for none.
        becomes: The version that is live now; None for none.
        url: The pull request that brought it about; empty where nobody knows.
    """
    now = "no version" if becomes is None else f"version {becomes}"
    before = "Before, no version was live." if was is None else f"Before, it was version {was}."
    then = (
        f"Inference in {environment} has nothing to run until a version is approved."
        if becomes is None
        else f"Inference in {environment} runs it from its next start."
    )
    lines = [f"Of the model {model}, {now} is live in {environment} now.", before]
    return _notice(f"Live in {environment}: {model} {now}", lines, url, then)


def imported_notice(environment: str, ids: Sequence[RecordId], url: str) -> Notice:
    """Versions that were approved before were taken over, all by one pull request."""
    models = len({each.model for each in ids})
    what = f"{len(ids)} {'version' if len(ids) == 1 else 'versions'}"
    of = f"{models} {'model' if models == 1 else 'models'}"
    lines = [
        f"{what} of {of} were imported into {environment}: they were approved before.",
        "No gate and no soak was judged for them.",
    ]
    then = f"Inference in {environment} runs the highest version of each model from its next start."
    return _notice(f"Imported into {environment}: {what} of {of}", lines, url, then)


_EFFECTS: Mapping[Decision | None, tuple[str, str, str]] = {
    Decision.APPROVED: (
        "Approved",
        "is approved in",
        "Next: inference there runs the highest version that is approved.",
    ),
    Decision.REJECTED: (
        "Rejected",
        "is rejected in",
        "Next: it does not run there. What was live there stays live.",
    ),
    Decision.RETIRED: (
        "Retired",
        "is retired from",
        "Next: inference there runs the next highest version that is approved, if there is one.",
    ),
    None: (
        "Open again",
        "waits for a decision again in",
        "Next: a code owner of this environment merges the pull request, or closes it.",
    ),
}


def _live(id_: RecordId, live: int | str | None) -> str:
    match live:
        case None:
            return "No version is live there yet."
        case str():
            return f"What is live there could not be read: {_cut(live)}"
        case _ if live > id_.version:
            return f"Version {live}, a newer one, is live there and stays so."
        case _:
            return f"Version {live} is live there now."


def _metrics(title: str, metrics: Mapping[str, Metric]) -> list[str]:
    if not metrics:
        return []
    names = sorted(metrics, key=lambda name: name.count("."))[:_SHOWN_METRICS]
    lines = [f"  {_cut(name)}: {metrics[name].value:.6g}" for name in names]
    more = len(metrics) - len(names)
    return [title, *lines, *([f"  and {more} more in the pull request"] if more else [])]


def _notice(subject: str, lines: Sequence[str], url: str, then: str) -> Notice:
    link = [f"Pull request: {plain(url)}", ""] if url else []
    text = "\n".join([*lines, "", *link, then, ""])
    return Notice(subject=one_line(subject, _LONGEST_SUBJECT), text=text)


def _cut(text: str) -> str:
    return plain(one_line(text, _LONGEST_TEXT))
