"""Rule `imported`: only what was approved before Assent came is taken over without gates."""

from collections.abc import Iterator

from assent.core.config import CONFIG_PATH, Config
from assent.core.evidence import EvidenceSource
from assent.core.imports import early_setting, late_import
from assent.core.names import RecordId
from assent.core.record import Decision
from assent.core.rules.rule import ChangeRule, Problem
from assent.core.rules.subject import Change, Standing, State, Step

__all__ = ["RULE"]


def judge(change: Change) -> Iterator[Problem]:
    """Look at each import that a change brings, or makes of a record that there is."""
    if isinstance(change.proposed, Config) and change.now is not None:
        early = early_setting(change.proposed, change.now)
        if early is not None:
            yield Problem(
                path=CONFIG_PATH, line=1, place="imports.registered_before", message=early
            )
    if change.config is None:
        return
    for step in change.steps:
        after = step.after
        if not isinstance(after, Standing) or after.source is not EvidenceSource.IMPORT:
            continue
        if after.decision is not Decision.APPROVED:
            continue
        message = _objection(step, after, change, change.config)
        if message is not None:
            yield Problem(
                path=step.id.path,
                line=after.line("evidence"),
                place="evidence.source",
                message=message,
            )


def _objection(step: Step, after: Standing, change: Change, config: Config) -> str | None:
    if step.before is not None:
        return "a record that there is already does not become an import"
    late = late_import(after.package.created, config)
    if late is None and change.now is not None:
        late = early_setting(config, change.now)
    if late is not None or step.id.environment not in change.ladder:
        return late
    place = change.ladder.index(step.id.environment)
    if place == 0:
        return None
    below = RecordId(change.ladder[place - 1], step.id.model, step.id.version)
    along = next((each for each in change.steps if each.id == below), None)
    return _of_below(below, change.below.get(below), along)


def _of_below(below: RecordId, state: State, along: Step | None) -> str | None:
    """What is wrong one rung down; where nothing reads, `rung-below` says so."""
    if not isinstance(state, Standing):
        return None
    if state.source is not EvidenceSource.IMPORT:
        return f"{below.path} is no import: a version that was promoted climbs by promotions"
    if along is None or along.before is not None:
        return (
            f"{below.path} does not come along: an import brings all of its environments at once, "
            "and what was imported before climbs by promotions"
        )
    return None


RULE = ChangeRule(
    id="imported",
    description="A record with the source import is new, and of a package that was created before "
    "imports.registered_before of assent.yaml, a time that is over; above the first environment, "
    "an import one rung below comes along.",
    remedy="Promote the version: let Assent propose it with its evidence, and gates judge it. "
    "`assent backfill --import` makes imports, of what was approved before Assent came.",
    judge=judge,
)
