"""What `init` did, or would do, as text and as JSON values."""

import difflib
from collections.abc import Iterator
from typing import Any

from assent import __version__
from assent.core.rendering.plain import plain
from assent.scaffold.establish import Scaffolded
from assent.scaffold.plan import Create, Keep, Reason, Remove, Replace, Step, Unchanged

__all__ = ["scaffold_text", "scaffold_values"]

_SAYS = {
    Reason.EDITED: "kept, since it was edited",
    Reason.THERE_BEFORE: "kept, since it was there before",
    Reason.DELETED: "left out, since it was deleted",
    Reason.BLOCKED: "left alone",
    Reason.NOT_NEEDED: "kept, since it was edited, though nothing needs it any more",
}


def scaffold_text(found: Scaffolded, *, dry_run: bool, diff: bool) -> str:
    """A line for each file that is not as it was, or not as it would be made, and the counts."""
    lines = [line for step in found.plan.steps for line in _lines(step, would=dry_run, diff=diff)]
    lines += [f"not made: {path}: it needs the App's number, --app-id" for path in found.owed]
    lines.append(_closing(found, dry_run=dry_run))
    return "\n".join(lines)


def _lines(step: Step, *, would: bool, diff: bool) -> Iterator[str]:
    done = "would be " if would else ""
    match step:
        case Unchanged():
            return
        case Create():
            yield f"{done}created: {step.path}"
        case Replace():
            yield f"{done}replaced: {step.path}"
        case Remove():
            yield f"{done}removed: {step.path}"
        case Keep():
            why = f": {step.why}" if step.why else ""
            look = "; what it would be now is new: look at --diff" if step.news else ""
            yield plain(f"{_SAYS[step.reason]}: {step.path}{why}{look}")
            if diff:
                yield from _difference(step)


def _difference(step: Keep) -> Iterator[str]:
    mine, offered = (each.decode("utf-8", "replace") for each in (step.mine, step.offered))
    if not mine or not offered:
        return
    for line in difflib.unified_diff(
        mine.splitlines(), offered.splitlines(), step.path, f"{step.path} (generated)", lineterm=""
    ):
        yield f"  {plain(line)}"


def _closing(found: Scaffolded, *, dry_run: bool) -> str:
    steps = found.plan.steps
    counts = [
        (sum(isinstance(each, kind) for each in steps), word)
        for kind, word in (
            (Create, "created"),
            (Replace, "replaced"),
            (Remove, "removed"),
            (Keep, "left as they are"),
            (Unchanged, "unchanged"),
        )
    ]
    listed = ", ".join(f"{count} {word}" for count, word in counts if count)
    would = "; nothing was written" if dry_run else ""
    return f"Assent {__version__} for {found.answers.repository}: {listed}{would}"


def scaffold_values(found: Scaffolded, *, dry_run: bool) -> dict[str, Any]:
    """As JSON values; their form, `assent/scaffolded/v1`, only ever gains fields."""
    return {
        "schema": "assent/scaffolded/v1",
        "assent": __version__,
        "repository": found.answers.repository,
        "dry_run": dry_run,
        "exit": found.exit,
        "files": [_values(step) for step in found.plan.steps],
        "needs_app_id": list(found.owed),
    }


def _values(step: Step) -> dict[str, Any]:
    match step:
        case Create():
            return {"path": step.path, "action": "created"}
        case Replace():
            return {"path": step.path, "action": "replaced"}
        case Remove():
            return {"path": step.path, "action": "removed"}
        case Unchanged():
            return {"path": step.path, "action": "unchanged"}
        case Keep():
            return {
                "path": step.path,
                "action": "kept",
                "reason": step.reason.value,
                "why": step.why,
                "look": step.news,
            }
