"""What an approver has to know to decide on a promotion: assembled here, shown by `rendering/`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from assent.core.config import Config
from assent.core.gates import GateResult, Rival, RivalUnread, judge_gates, waivers_used
from assent.core.imports import is_import
from assent.core.metrics import Metric
from assent.core.package import ModelVersion
from assent.core.parameters import Names
from assent.core.record import Record
from assent.core.waiting import Soaking, Wait, waits

__all__ = [
    "BrokenGlass",
    "Champion",
    "ChampionState",
    "ChampionUnread",
    "NewerVersion",
    "Review",
    "review",
    "rival",
    "soaking",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Champion:
    """The version that is live in the target environment."""

    version: int
    record: Record | None
    """Its record; None where that could not be read."""
    since: datetime | None = None
    """When it was approved there; None where that is not known."""
    pull_request: str = ""
    """The address of the pull request that approved it; empty where that is not known."""

    @property
    def metrics(self) -> Mapping[str, Metric] | None:
        """Of training; None where its record could not be read."""
        return None if self.record is None else self.record.evidence.metrics

    @property
    def inference(self) -> Mapping[str, Metric] | None:
        """Of batch inference one rung down; None where its record holds none."""
        inference = None if self.record is None else self.record.evidence.inference
        return None if inference is None else inference.metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class ChampionUnread:
    """`current` could not be read, so nobody knows what is live."""

    why: str
    """May hold what a service said."""


ChampionState = Champion | ChampionUnread | None
"""None where nothing is live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenGlass:
    """A code owner put the break-glass label on: soak, freezes and the stop do not hold."""

    by: str
    """The login."""
    at: datetime
    unproven: str = ""
    """Why it could not be read here that this is a code owner, so that it is for `apply` to prove;
    empty where it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewerVersion:
    """A newer version of the model that is proposed for the same environment."""

    version: int
    pull_request: str
    """Its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Everything that the page of a promotion says."""

    record: Record
    champion: ChampionState
    gates: tuple[GateResult, ...]
    """In the order of `assent.yaml`; none for an import."""
    waits: tuple[Wait, ...]
    """What keeps it from taking effect now."""
    approvals: int
    """How many people have to approve, those included that waivers ask for."""
    waived: bool
    """Whether one of them is asked for because a gate is waived."""
    names: Names
    """Where the environment's parameters are."""
    below: Record | None = None
    """The same version's record one rung down; None on the first rung, or where it is not known."""
    climbs_from: str | None = None
    """The environment one rung down; None on the first rung."""
    earlier: tuple[Record, ...] = ()
    """Records of the model's last versions, lowest version first, for the trend of its metrics."""
    owners: tuple[str, ...] | None = None
    """Who may approve, as CODEOWNERS names them; None where that could not be read."""
    seen: ModelVersion | None = None
    """What the registry says now; None where nobody asked it."""
    broke_glass: BrokenGlass | None = None
    newer: NewerVersion | None = None
    altered: bool = False
    """Whether somebody edited package or evidence, so that the digest does not fit them."""


def review(
    record: Record,
    champion: ChampionState,
    *,
    config: Config,
    now: datetime,
    since_below: datetime | None = None,
    below: Record | None = None,
    earlier: tuple[Record, ...] = (),
    owners: tuple[str, ...] | None = None,
    seen: ModelVersion | None = None,
    broke_glass: BrokenGlass | None = None,
    newer: NewerVersion | None = None,
    altered: bool = False,
) -> Review:
    """Judge a promotion by its environment's demands, and put together what its page says.

    Args:
        record: What merging would add.
        champion: What is live in its environment.
        config: The demands.
        now: The moment of judging.
        since_below: Since when the version is effective on the rung below; None where it is not,
            or where nobody can tell.
        below: See `Review`, as the arguments that follow.
        earlier: See `Review`.
        owners: See `Review`.
        seen: See `Review`.
        broke_glass: See `Review`.
        newer: See `Review`.
        altered: See `Review`.
    """
    environment, model = record.id.environment, record.id.model
    rung = config.below(environment)
    imported = is_import(record)
    gates = () if imported else config.gates(environment, model)
    results = judge_gates(gates, record.evidence, rival(champion), record.waivers)
    soak = None if imported else soaking(config, environment, model, since_below)
    waived = bool(waivers_used(results))
    return Review(
        record=record,
        champion=champion,
        gates=results,
        waits=waits(
            environment,
            now,
            soaking=soak,
            freezes=config.freezes,
            stopped=config.stopped,
        ),
        approvals=config.approvals(environment, model) + waived,
        waived=waived,
        names=Names(prefix=config.parameter_prefix, environment=environment),
        below=below,
        climbs_from=None if rung is None else rung.name,
        earlier=earlier,
        owners=owners,
        seen=seen,
        broke_glass=broke_glass,
        newer=newer,
        altered=altered,
    )


def rival(champion: ChampionState) -> Rival:
    """What gates compare with."""
    match champion:
        case None:
            return None
        case ChampionUnread(why=why):
            return RivalUnread(why=why)
        case Champion(record=record, version=version):
            if record is None:
                return RivalUnread(why=f"the record of version {version} could not be read")
            return record.evidence


def soaking(config: Config, environment: str, model: str, since: datetime | None) -> Soaking | None:
    """The soak that a version of a model has to pass there; None where there is none."""
    least, rung = config.soak(environment, model), config.below(environment)
    if least is None or rung is None:
        return None
    return Soaking(least=least, rung=rung.name, since=since)
