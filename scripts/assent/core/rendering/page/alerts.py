"""What nobody may miss: loud, on top of the page, in the order of its weight."""

from collections.abc import Iterator, Sequence

from assent.core.evidence import MAX_VIOLATIONS, EvidenceSource
from assent.core.gates import GateFails, GateResult, GateUnjudged, GateWaived
from assent.core.imports import is_import
from assent.core.names import RecordId
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.record import Decision, Record
from assent.core.rendering.markdown import alert, code, link, own_words
from assent.core.rendering.page.groups import Groups, naming
from assent.core.rendering.page.headline import headline
from assent.core.rendering.page.layout import Layout
from assent.core.rendering.page.numbers import difference, measured
from assent.core.reports import Violation
from assent.core.review import Champion, ChampionUnread, Review
from assent.core.timestamps import written
from assent.core.waiting import Wait, WaitKind

__all__ = ["alerts", "measures"]

_NAMED = 5
_WHAT_WAITS = {
    WaitKind.SOAK: "It soaks",
    WaitKind.FREEZE: "There is a freeze",
    WaitKind.STOP: "The line is stopped",
}


def alerts(review: Review, layout: Layout) -> str:
    """Every alert of the page; empty where there is nothing to be warned of."""
    found = (
        alert("CAUTION", list(_cautions(review, layout))),
        alert("WARNING", list(_warnings(review, layout))),
        alert("NOTE", list(_notes(review))),
    )
    return "\n\n".join(each for each in found if each)


def _cautions(review: Review, layout: Layout) -> Iterator[str]:
    if review.altered:
        yield (
            "**The record was edited**: its digest does not fit its package and evidence. The "
            "numbers on this page are not those that were collected, and it takes no effect."
        )
    if is_import(review.record):
        yield (
            "**This is an import**: no gate and no soak is judged. Whoever approves says that the "
            f"version was approved for {code(review.record.id.environment)} before Assent came."
        )
    yield from _of_gates(review.gates, layout)
    yield from _of_glass(review, layout)
    yield from _of_violations(review.record, layout)
    below, package = review.below, review.record.package
    if below is not None and below.package.created != package.created:
        yield (
            f"**The approval in {code(below.id.environment)} is about another package**: that one "
            f"was created {written(below.package.created)}, this one {written(package.created)}."
        )


def _of_gates(results: Sequence[GateResult], layout: Layout) -> Iterator[str]:
    failing = [result for result in results if isinstance(result, GateFails)]
    unjudged = [result for result in results if isinstance(result, GateUnjudged)]
    if failing:
        verb = "gate fails" if len(failing) == 1 else "gates fail"
        yield (
            f"**{len(failing)} {verb}**: {_named([each.gate.id for each in failing], layout)}. It "
            "takes no effect, whoever approves it, unless a waiver excuses that; see below."
        )
    if unjudged:
        verb = "gate" if len(unjudged) == 1 else "gates"
        yield (
            f"**{len(unjudged)} {verb} cannot be judged**: "
            f"{_named([each.gate.id for each in unjudged], layout)}. That is neither a yes nor a "
            "no, and nothing takes effect before it is known."
        )


def _of_glass(review: Review, layout: Layout) -> Iterator[str]:
    broken = review.broke_glass
    if broken is None:
        return
    nothing = "" if review.waits else " There was nothing that it had to lift."
    if broken.unproven:
        nothing += (
            f" Whether that is a code owner could not be read here ({code(broken.unproven)}): "
            "before anything is written, it is proven."
        )
    yield (
        f"**Broken glass**: {layout.brief(broken.by)} lets it through, since "
        f"{written(broken.at)}.{nothing} Gates hold all the same, and it is recorded with the "
        "decision."
    )
    for wait in review.waits[:_NAMED]:
        yield f"**Does not hold it up** ({wait.kind}): {_why(wait, layout)}."
    yield from _further(review)


def _further(review: Review) -> Iterator[str]:
    over = len(review.waits) - _NAMED
    if over > 0:
        yield f"So it is with {over} further freezes."


def _of_violations(record: Record, layout: Layout) -> Iterator[str]:
    inference = record.evidence.inference
    if inference is not None and inference.violations:
        found = inference.violations
        yield (
            f"**Model Monitor found {_counted(found)} when version {record.id.version} ran in "
            f"{code(inference.environment)}**: {_about(found, layout)}. The data or the results "
            "there are not what the model was made for; approve it only if you know why."
        )
    if record.evidence.violations:
        found = record.evidence.violations
        yield (
            f"**The reports of training list {_counted(found)}**: {_about(found, layout)}. Approve "
            "it only if you know why."
        )


def _counted(violations: Sequence[Violation]) -> str:
    count = len(violations)
    if count == 1:
        return "1 violation"
    return f"{'at least ' if count >= MAX_VIOLATIONS else ''}{count} violations"


def _about(violations: Sequence[Violation], layout: Layout) -> str:
    said = (each.feature or each.check or each.description for each in violations)
    return _named(list(dict.fromkeys(said)), layout)


def _named(names: Sequence[str], layout: Layout) -> str:
    shown = ", ".join(layout.brief(name) for name in names[:_NAMED])
    over = len(names) - _NAMED
    return f"{shown} and {over} more" if over > 0 else shown


def _warnings(review: Review, layout: Layout) -> Iterator[str]:
    yield from _without_metrics(review.record)
    yield from _without_inference(review)
    yield from _of_unread(review.record)
    yield from _of_champion(review, layout)
    if review.broke_glass is None:
        yield from (_of_wait(wait, layout) for wait in review.waits[:_NAMED])
        yield from _further(review)
    yield from _of_waivers(review.gates, layout)
    yield from _of_constant(review, layout)
    if review.seen is not None:
        yield from _of_registry(review.record.id, review.seen, layout)
    if review.owners == ():
        yield f"**Nobody owns {code(review.record.id.path)}** in CODEOWNERS, so nobody may approve."


def _without_metrics(record: Record) -> Iterator[str]:
    """What to say where there are no metrics to judge by."""
    inference = record.evidence.inference
    if not measures(record):
        yield "**No metric could be read.** Nothing on this page says how good it is."
    elif not record.evidence.metrics:
        yield "**No metric of training could be read.**"
    elif inference is not None and not inference.metrics:
        missing = f"**Batch inference in {code(inference.environment)} left no metric.**"
        yield f"{missing} Nothing on this page says how good it was there."


def _without_inference(review: Review) -> Iterator[str]:
    """That a version climbs on what training said of it alone."""
    below, evidence = review.climbs_from, review.record.evidence
    if below is None or evidence.inference is not None:
        return
    if evidence.source is EvidenceSource.TRAINING:
        yield (
            f"**The record holds no batch inference in {code(below)}**: nothing on this page says "
            "how it ran there. Assent proposes a version here after such a run only, so ask who "
            "wrote the record."
        )


def measures(record: Record) -> bool:
    """Whether the page holds any metric."""
    inference = record.evidence.inference
    return bool(record.evidence.metrics or (inference is not None and inference.metrics))


def _of_unread(record: Record) -> Iterator[str]:
    whole = [part for part in record.evidence.unread if "://" in part.where]
    if whole and measures(record):
        files = "file" if len(whole) == 1 else "files"
        yield f"**{len(whole)} {files} could not be used**; the list is below."


def _of_champion(review: Review, layout: Layout) -> Iterator[str]:
    match review.champion:
        case ChampionUnread(why=why):
            yield f"**What is live could not be read**: {layout.said(why)}"
        case Champion(version=live, record=None):
            yield f"**The record of version {live}, which is live, could not be read.**"
        case Champion(version=live, record=record) if (
            live == review.record.id.version and record is not None
        ):
            yield (
                f"**The package was created again**: that of {written(record.package.created)} is "
                f"live, and this is another one, of {written(review.record.package.created)}."
            )
        case _:
            pass


def _of_wait(wait: Wait, layout: Layout) -> str:
    return f"**{_WHAT_WAITS[wait.kind]}**: {_why(wait, layout)}."


def _why(wait: Wait, layout: Layout) -> str:
    # A soak's reason holds no words but ours and a rung's name.
    return own_words(wait.why) if wait.kind is WaitKind.SOAK else layout.said(wait.why)


def _of_waivers(results: Sequence[GateResult], layout: Layout) -> Iterator[str]:
    waived = [result for result in results if isinstance(result, GateWaived)]
    for result in waived[:_NAMED]:
        waiver = result.waiver
        yield (
            f"**The gate {layout.brief(waiver.gate)} fails, and is waived**: "
            f"{layout.brief(waiver.asked_by)} asks for it. {layout.said(waiver.reason)}"
        )
    if len(waived) > _NAMED:
        yield f"So are {len(waived) - _NAMED} more gates."


def _of_constant(review: Review, layout: Layout) -> Iterator[str]:
    """That guessing the same for all would be as good."""
    found = headline(review)
    if found is None or found.better is None:
        return
    guess = Groups(review.record.evidence.metrics).constant.get(found.name)
    metric = review.record.evidence.metrics.get(found.name)
    if guess is None or metric is None:
        return
    gain = difference(metric, guess)
    if (gain if found.better == "higher" else -gain) <= 0:
        name = layout.brief(naming(review.record.evidence.metrics)(found.name))
        yield (
            f"**Guessing the same for all would do as well**: {name} is "
            f"{measured(metric)}, and that of the best constant classifier {measured(guess)}."
        )


def _of_registry(id_: RecordId, seen: ModelVersion, layout: Layout) -> Iterator[str]:
    """That somebody else, or an earlier decision, wrote something there already."""
    said = seen.metadata.get(id_.environment)
    if said is not None and said != RegistryApproval.PENDING.value:
        field = layout.brief(said)
        yield f"**The registry says {field} for {code(id_.environment)} already.**"
    elsewhere = {value for key, value in seen.metadata.items() if key != id_.environment}
    match seen.approval:
        case RegistryApproval.APPROVED if Decision.APPROVED.value not in elsewhere:
            yield (
                "**The registry's approval status is `Approved` already**, and no environment "
                "there says why."
            )
        case RegistryApproval.REJECTED:
            yield ("**The registry's approval status is `Rejected`**; merging makes it `Approved`.")
        case _:
            pass


def _notes(review: Review) -> Iterator[str]:
    newer = review.newer
    if newer is not None:
        where = link("its pull request", newer.pull_request)
        yield (
            f"**Version {newer.version} is proposed too**, a newer one: see {where}. This one is "
            f"superseded: once both are merged, version {newer.version} is what runs."
        )
