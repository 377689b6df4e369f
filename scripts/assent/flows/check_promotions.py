"""The records that a change wants approved, with what their environment demands of each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from assent.contracts import Contracts
from assent.core.config import Config
from assent.core.errors import AssentError
from assent.core.evidence import EvidenceSource
from assent.core.gates import GateUnjudged
from assent.core.names import RecordId
from assent.core.record import Decision, Record
from assent.core.review import Champion, ChampionState, ChampionUnread, review, soaking
from assent.core.rules.subject import Promotion, Standing, State, Tree
from assent.flows.champions import UnreadableChampion, wanted_champion
from assent.flows.circumstances import Circumstances
from assent.ports import History

__all__ = ["Bench", "NoVerdict", "promotions"]


class NoVerdict(AssentError):
    """A gate could not be judged, which is neither a yes nor a no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What judges a change, and by what."""

    history: History
    contracts: Contracts
    config: Config
    """The base's."""
    base: str
    now: datetime
    circumstances: Circumstances | None
    """What only GitHub can tell; None where it is not to be asked."""


def promotions(bench: Bench, tree: Tree) -> tuple[Promotion, ...]:
    """Every record of a change that says Approved, judged by the gates and waits of the base.

    One that said so on the base is judged as well: a file that changes takes effect anew, and
    `assent apply` judges it as it does any other.

    Raises:
        NoVerdict: A gate could not be judged.
        AssentError: The clone or GitHub could not be read.
    """
    return tuple(
        _promotion(bench, after, tree)
        for id_, step in sorted(tree.steps.items(), key=lambda item: item[0])
        if id_.environment in bench.config.ladder
        and isinstance(after := step.after, Standing)
        and after.decision is Decision.APPROVED
    )


def _promotion(bench: Bench, standing: Standing, tree: Tree) -> Promotion:
    if standing.parsed is None:
        raise NoVerdict(f"the record of {standing.id} was not kept")
    record, id_ = standing.parsed.record, standing.id
    judged = review(
        record,
        _champion(bench, record),
        config=bench.config,
        now=bench.now,
        since_below=_since_below(bench, standing, tree),
        altered=standing.content != standing.claimed,
    )
    for result in judged.gates:
        if isinstance(result, GateUnjudged):
            raise NoVerdict(f"the gate {result.gate.id} of {id_} could not be judged: {result.why}")
    asked = bench.circumstances is not None
    if judged.waits and bench.circumstances is not None:
        judged = replace(judged, broke_glass=bench.circumstances.broke_glass(id_))
    return Promotion(parsed=standing.parsed, review=judged, asked=asked)


def _champion(bench: Bench, record: Record) -> ChampionState:
    """What is live as far as the base tells: the highest version that it approves."""
    try:
        champion = wanted_champion(bench.history, bench.contracts, bench.base, record)
    except UnreadableChampion as error:
        return ChampionUnread(why=error.message)
    if champion is None:
        return None
    return Champion(version=champion.id.version, record=champion)


def _since_below(bench: Bench, standing: Standing, tree: Tree) -> datetime | None:
    """Since when the base approves the very package one rung below; None where it does not."""
    id_ = standing.id
    soak = soaking(bench.config, id_.environment, id_.model, None)
    if soak is None or bench.circumstances is None or standing.source is EvidenceSource.IMPORT:
        return None
    below = RecordId(soak.rung, id_.model, id_.version)
    # What the same change brings has not run anywhere yet.
    if below in tree.steps or not _approves(tree.below, below, standing):
        return None
    return bench.circumstances.below_since(below)


def _approves(states: Mapping[RecordId, State], below: RecordId, standing: Standing) -> bool:
    state = states.get(below)
    return (
        isinstance(state, Standing)
        and state.decision is Decision.APPROVED
        and state.package.arn == standing.package.arn
        and state.package.created == standing.package.created
    )
