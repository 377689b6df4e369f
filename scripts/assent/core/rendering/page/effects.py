"""What merging will do, line by line: what is, and what it becomes."""

from assent.core.package import ModelVersion
from assent.core.record import Decision
from assent.core.registry_fields import derive_approval
from assent.core.rendering.markdown import code, table
from assent.core.rendering.page.layout import Layout
from assent.core.review import Champion, ChampionUnread, Review

__all__ = ["effects_section"]


def effects_section(review: Review, layout: Layout) -> str:
    """A row for each field and parameter; without the registry's answer, only what becomes."""
    id_, names, seen = review.record.id, review.names, review.seen
    approved = Decision.APPROVED.value
    rows = [] if seen is None else _registry(review, seen, layout)
    if seen is None:
        rows.append([f"registry field {code(id_.environment)}", "not asked", code(approved)])
        rows.append(["registry approval status", "not asked", code(approved)])
    history = names.history(id_.model, id_.version)
    rows.append(
        [f"parameter {code(history)}", "its decisions so far", f"one more: {code(approved)}"]
    )
    live = _live(review)
    rows.append([f"parameter {code(names.current(id_.model))}", live, _becomes(review)])
    parts = ["### What merging will do", table(["what", "is", "becomes"], rows)]
    if seen is None:
        parts.append(
            "Registry and parameters were not asked for this page: what is live is what the "
            "records on the main branch say."
        )
    parts.append(
        "A job does all of it after the merge, and checks everything again first: what it "
        "refuses, it says, and changes nothing."
    )
    return "\n\n".join(parts)


def _registry(review: Review, seen: ModelVersion, layout: Layout) -> list[list[str]]:
    environment = review.record.id.environment
    approval = derive_approval({environment: Decision.APPROVED})
    wanted = {
        f"registry field {code(environment)}": (
            seen.metadata.get(environment),
            code(Decision.APPROVED.value),
        ),
        f"registry field {code(f'{environment}.by')}": (
            seen.metadata.get(f"{environment}.by"),
            "who approves",
        ),
        f"registry field {code(f'{environment}.pull-request')}": (
            seen.metadata.get(f"{environment}.pull-request"),
            "this pull request",
        ),
        "registry approval status": (seen.approval.value, code(approval.value)),
    }
    rows = []
    for what, (was, becomes) in wanted.items():
        shown = code("not set") if was is None else layout.said(was)
        rows.append([what, shown, f"stays {becomes}" if shown == becomes else becomes])
    return rows


def _live(review: Review) -> str:
    match review.champion:
        case None:
            return "no version"
        case ChampionUnread():
            return "not readable"
        case Champion(version=live):
            return f"version {live}"


def _becomes(review: Review) -> str:
    version = review.record.id.version
    match review.champion:
        case Champion(version=live) if live > version:
            return f"stays version {live}"
        case Champion(version=live) if live == version:
            return f"version {version}, of the new package"
        case ChampionUnread():
            return f"version {version}, or stays where a newer one is live"
        case _:
            return f"version {version}"
