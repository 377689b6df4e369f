"""The issue about drift of a live version: title, labels, page and comments."""

from assent.core.drift import Drift, Progress, run_key
from assent.core.names import RecordId
from assent.core.own_events import RETRAINING_REQUESTED
from assent.core.rendering.markdown import code, table
from assent.core.rendering.pull_request import labels
from assent.core.rendering.violations import violations_table
from assent.core.timestamps import written

__all__ = [
    "DRIFT_LABEL",
    "comment_marker",
    "drift_body",
    "drift_comment",
    "drift_labels",
    "drift_title",
    "duplicate_comment",
]

DRIFT_LABEL = "assent: drift"
"""By which Assent finds its issues, and people too."""
_MAX_BODY = 60_000
"""GitHub takes 65,536 characters; the rest is room for what people add."""
_LAYOUTS = ((50, 20), (20, 10), (5, 5), (1, 1), (0, 0))
"""How many violations and unread places are shown: the first pair that fits."""
_LONGEST_SENTENCE = 400
_LONGEST_RUN = 512


def drift_title(id_: RecordId) -> str:
    """The issue's title, which tells it from all others; names leave nothing to escape."""
    return f"Drift: {id_.model} {id_.version} in {id_.environment}"


def drift_labels(id_: RecordId) -> tuple[str, ...]:
    """The labels by which Assent and people find it."""
    return (DRIFT_LABEL, *(label for label in labels(id_) if label != "assent"))


def drift_body(drift: Drift, progress: Progress) -> str:
    """The page: what was found, what could not be read, what to do; and how far it has got.

    Args:
        drift: What the latest run found.
        progress: Written into the page, where `read_progress` finds it.
    """
    id_ = drift.id
    where = code(id_.environment)
    body = ""
    for violations, unread in _LAYOUTS:
        parts = [
            f"## Drift: {code(id_.model)} version {id_.version} in {where}",
            f"Inference in {where} runs version **{id_.version}**. It drifted: {_count(drift)}.",
            _facts(drift),
            _violations(drift, violations),
            _unread(drift, unread),
            _what_to_do(id_),
            progress.marker,
        ]
        body = "\n\n".join(part for part in parts if part) + "\n"
        # Measured as it is sent: escaping lengthens what hostile reports say.
        if len(body) <= _MAX_BODY:
            break
    return body


def drift_comment(drift: Drift) -> str:
    """Another run found drift; the page shows what."""
    return (
        f"Another monitoring run, {code(drift.run, _LONGEST_RUN)}, found drift: {_count(drift)}. "
        f"The description above shows what it found.\n\n{comment_marker(drift.run)}\n"
    )


def comment_marker(run: str) -> str:
    """What marks the comment about a run; invisible on the page."""
    return f"<!-- assent: drift run={run_key(run)} -->"


def duplicate_comment(number: int) -> str:
    """Two deliveries opened an issue at once; the older one stays."""
    return f"#{number} is about the same drift, and was opened first; it stays.\n"


def _count(drift: Drift) -> str:
    count = len(drift.violations)
    if not count:
        return "**which violations, could not be read**" if drift.unread else "no violation listed"
    return f"**{count} {'violation' if count == 1 else 'violations'}**"


def _facts(drift: Drift) -> str:
    rows = [["monitoring run", code(drift.run, _LONGEST_RUN)]]
    if drift.ended is not None:
        rows.append(["ended", written(drift.ended)])
    if drift.said:
        rows.append(["it said", code(drift.said, _LONGEST_SENTENCE)])
    return table(["", ""], rows)


def _violations(drift: Drift, most: int) -> str:
    if not drift.violations:
        return ""
    shown = drift.violations[:most]
    listing = violations_table(shown) if shown else ""
    over = len(drift.violations) - len(shown)
    more = f"{over} more are in the reports themselves." if over else ""
    return "\n\n".join(part for part in ("### Violations", listing, more) if part)


def _unread(drift: Drift, most: int) -> str:
    if not drift.unread:
        return ""
    rows = [
        [code(part.where, _LONGEST_SENTENCE), code(part.why, _LONGEST_SENTENCE)]
        for part in drift.unread[:most]
    ]
    listing = table(["where", "why"], rows) if rows else ""
    over = len(drift.unread) - len(rows)
    more = f"{over} more places could not be read." if over else ""
    return "\n\n".join(part for part in ("### What could not be read", listing, more) if part)


def _what_to_do(id_: RecordId) -> str:
    return (
        "### What to do\n\n"
        "- **Retire it**, if it must not run any longer. This opens the pull request, which says "
        "what inference falls back to:\n\n"
        "  ```sh\n"
        f'  assent retire {id_.model} {id_.version} --env {id_.environment} --reason "it drifts"\n'
        "  ```\n\n"
        f"- **Train it anew**: the event {code(RETRAINING_REQUESTED)} asks for that on the event "
        "bus, once for each monitoring run. What comes of it climbs the ladder as every version "
        "does.\n"
        "- **Close this issue** when that is done. Until then later runs are shown here; after "
        "it, the next one opens another."
    )
