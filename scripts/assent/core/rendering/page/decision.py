"""What is asked, in one line with its facts, and what merging it makes of what is live."""

from collections.abc import Sequence

from assent.core.gates import GateFails, GateHolds, GateResult, GateUnjudged, GateWaived
from assent.core.imports import is_import
from assent.core.rendering.markdown import code, link
from assent.core.rendering.page.groups import naming
from assent.core.rendering.page.headline import Headline, champion_record, headline
from assent.core.rendering.page.layout import Layout
from assent.core.rendering.page.numbers import change, measured, number, verdict
from assent.core.review import Champion, ChampionUnread, Review
from assent.core.timestamps import written
from assent.core.waiting import Wait, WaitKind

__all__ = ["decision", "decision_words"]


def decision(review: Review, layout: Layout) -> str:
    """The heading, the facts in one line, and what inference runs after merging."""
    id_ = review.record.id
    heading = f"## Promote {code(id_.model)} {id_.version} to {code(id_.environment)}"
    facts = [_gates(review), _headline(review, layout), _waits(review)]
    line = " · ".join(f"**{fact}**" for fact in facts if fact)
    return f"{heading}\n\n{line}\n\n{_current(review)}"


def decision_words(review: Review) -> str:
    """The same in a line of text, for those who do not live on GitHub; it may hold any name."""
    found, record = headline(review), champion_record(review)
    other = None if found is None else found.of(record)
    facts = [_gates(review), _waits(review)]
    if found is not None and other is not None:
        what = verdict(found.metric, other, found.better)
        facts.append(
            f"{found.name} {number(found.metric.value)}, live {number(other.value)}: {what}"
        )
    if review.broke_glass is not None:
        facts.append("the glass is broken")
    return "; ".join(fact.strip("✅❌⚠️⏳ ") for fact in facts if fact)


def _gates(review: Review) -> str:
    """How many gates hold; words of ours alone."""
    results = review.gates
    if is_import(review.record):
        return "⚠️ an import: no gate is judged"
    if not results:
        return "No gate is set here"
    held, failing = _of(results, GateHolds), _of(results, GateFails)
    waived, unjudged = _of(results, GateWaived), _of(results, GateUnjudged)
    total = len(results)
    gates = "gate" if total == 1 else "gates"
    said = [f"{held} of {total} {gates} {'pass' if total > 1 else 'passes'}"]
    said += [f"{failing} {'fails' if failing == 1 else 'fail'}"] if failing else []
    said += [f"{waived} waived"] if waived else []
    said += [f"{unjudged} not to be judged"] if unjudged else []
    mark = "❌" if failing or unjudged else "⚠️" if waived else "✅"
    return f"{mark} {', '.join(said)}"


def _of(results: Sequence[GateResult], kind: type[GateResult]) -> int:
    return sum(isinstance(result, kind) for result in results)


def _headline(review: Review, layout: Layout) -> str:
    found = headline(review)
    if found is None:
        return ""
    name = layout.brief(naming(review.record.evidence.metrics)(found.name))
    return f"{name} {measured(found.metric)}{_against(review, found)}"


def _against(review: Review, found: Headline) -> str:
    champion = review.champion
    record = champion_record(review)
    if not isinstance(champion, Champion) or record is None:
        return ""
    other = found.of(record)
    live = f"version {champion.version}"
    if champion.version == review.record.id.version:
        live = "the package that is live"
    if other is None:
        return f", which {live} does not report"
    gain = change(found.metric, other, found.better)
    if gain == "same":
        return f", the same as {live}"
    return f", {gain} {'than' if found.better else 'over'} {live}"


def _waits(review: Review) -> str:
    """Until when it waits; words of ours alone."""
    if not review.waits or review.broke_glass is not None:
        return ""
    return f"⏳ waits{_until(review.waits)}"


def _until(waits: Sequence[Wait]) -> str:
    if any(wait.kind is WaitKind.STOP for wait in waits):
        return ": the line is stopped"
    ends = [wait.until for wait in waits if wait.until is not None]
    if len(ends) < len(waits):
        return ", and nobody can tell until when"
    return f" until {written(max(ends))}"


def _current(review: Review) -> str:
    id_, champion = review.record.id, review.champion
    where = code(id_.environment)
    match champion:
        case None:
            return (
                f"Nothing is approved in {where} yet: merging makes version **{id_.version}** the "
                "first that inference there runs."
            )
        case ChampionUnread():
            return "What is live there could not be read, so this page cannot compare."
        case Champion(version=live) if live > id_.version:
            return (
                f"A newer version is live: **current stays {live}**{_since(champion)}. Merging "
                f"only records that version {id_.version} is approved too, as what a rollback "
                "would fall back to."
            )
        case Champion(version=live) if live == id_.version:
            return f"Version {live} is live there already, from an earlier package of this number."
        case Champion(version=live):
            return (
                f"Merging makes inference in {where} run version **{id_.version}** in place of "
                f"**{live}**{_since(champion)}."
            )


def _since(champion: Champion) -> str:
    said = []
    if champion.since is not None:
        said.append(f"live since {written(champion.since)}")
    if champion.pull_request:
        where = link("its pull request", champion.pull_request)
        said += [f"by {where}"] if where.startswith("[") else []
    return f", {', '.join(said)}" if said else ""
