"""What the page of a promotion says, put together alike when it is opened and when it is refreshed.

The files that it rests on come from wherever they are read: from GitHub, all in one request, or
from a clone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from assent.contracts import Contracts
from assent.core.codeowners import LOCATIONS, owners_of
from assent.core.config import Config
from assent.core.evidence import evidence_digest
from assent.core.names import RecordId
from assent.core.package import ModelVersion
from assent.core.parameters import Live, Names, UnreadableParameter, parse_live
from assent.core.record import ParsedRecord, Record, parse_record
from assent.core.rendering.page_markers import marked
from assent.core.rendering.pull_request import pull_request_body
from assent.core.review import (
    BrokenGlass,
    Champion,
    ChampionState,
    ChampionUnread,
    NewerVersion,
    Review,
    review,
)
from assent.ports import Parameters

__all__ = [
    "Beside",
    "Files",
    "LiveState",
    "Surroundings",
    "assemble_review",
    "files_beside",
    "promotion_page",
    "read_live",
    "standing_beside",
]

_EARLIER = 8
"""Of so many version numbers below its own a page shows how the metrics went."""

Files = Mapping[str, bytes | None]
"""Files of main at one moment; None for one that is there and does not read."""
LiveState = Live | ChampionUnread | None
"""What `current` says; None where nothing is live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """All that the page of a promotion rests on besides its record."""

    files: Files
    """Of those in `files_beside`, the ones that main has."""
    live: LiveState
    """In the promotion's environment."""
    seen: ModelVersion | None = None
    """As in `Review`; likewise `newer` and `broke_glass`."""
    since_below: datetime | None = None
    """Since when the very package is in effect one rung down; None where nobody can tell."""
    newer: NewerVersion | None = None
    broke_glass: BrokenGlass | None = None


def read_live(parameters: Parameters, names: Names, models: Iterable[str]) -> dict[str, LiveState]:
    """What is live of some models in an environment, ten of them to a request.

    Raises:
        AssentError: Parameter Store could not be read.
    """
    wanted = {model: names.current(model) for model in models}
    texts = parameters.read(list(wanted.values())) if wanted else {}
    return {
        model: _live(name, texts[name]) if name in texts else None for model, name in wanted.items()
    }


def _live(name: str, text: str) -> LiveState:
    try:
        return parse_live(name, text)
    except UnreadableParameter as error:
        return ChampionUnread(why=error.message)


def files_beside(config: Config, id_: RecordId, live: LiveState) -> tuple[str, ...]:
    """The files of main that a page rests on besides its record; no more than thirteen.

    They are the champion's record, the one of the rung below, those of the last versions on the
    first rung, where every version has one, and CODEOWNERS in each place where it may be.
    """
    ids = [] if not isinstance(live, Live) else [_champion_id(id_, live)]
    rung = config.below(id_.environment)
    if rung is not None:
        ids.append(RecordId(rung.name, id_.model, id_.version))
    paths = [each.path for each in (*ids, *_earlier(config, id_))]
    return tuple(dict.fromkeys([*paths, *LOCATIONS]))


def _champion_id(id_: RecordId, live: Live) -> RecordId:
    return RecordId(id_.environment, id_.model, live.version)


def _earlier(config: Config, id_: RecordId) -> list[RecordId]:
    first = max(1, id_.version - _EARLIER)
    entry = config.entry.name
    return [RecordId(entry, id_.model, number) for number in range(first, id_.version)]


def assemble_review(
    record: Record, around: Surroundings, *, config: Config, contracts: Contracts, now: datetime
) -> Review:
    """Judge a promotion as it stands now, and put together what its page says.

    Args:
        record: What merging would add.
        around: All else that was read.
        config: The demands: main's.
        contracts: The schemas that records are read by.
        now: The moment of judging.
    """
    beside = standing_beside(record.id, around.files, config=config, contracts=contracts)
    return review(
        record,
        _champion(record.id, around, contracts),
        config=config,
        now=now,
        since_below=around.since_below,
        below=beside.below,
        earlier=beside.earlier,
        owners=beside.owners,
        seen=around.seen,
        broke_glass=around.broke_glass,
        newer=around.newer,
        altered=evidence_digest(record.package, record.evidence) != record.evidence.digest,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What main holds beside a promotion; each as in `Review`."""

    below: Record | None
    earlier: tuple[Record, ...]
    owners: tuple[str, ...] | None


def standing_beside(id_: RecordId, files: Files, *, config: Config, contracts: Contracts) -> Beside:
    """Read what main holds beside a promotion.

    Args:
        id_: What is proposed.
        files: Of those in `files_beside`, the ones that main has.
        config: The ladder.
        contracts: The schemas that records are read by.
    """
    rung = config.below(id_.environment)
    below = None
    if rung is not None:
        below = _record(files, RecordId(rung.name, id_.model, id_.version), contracts)
    earlier = (_record(files, each, contracts) for each in _earlier(config, id_))
    return Beside(
        below=below,
        earlier=tuple(each for each in earlier if each is not None),
        owners=_owners(files, id_.path),
    )


def promotion_page(review: Review) -> str:
    """The page of a promotion, with its marks."""
    return marked(pull_request_body(review))


def _champion(id_: RecordId, around: Surroundings, contracts: Contracts) -> ChampionState:
    """What is live where a promotion is to run, with its record."""
    live = around.live
    if not isinstance(live, Live):
        return live
    return Champion(
        version=live.version,
        record=_record(around.files, _champion_id(id_, live), contracts),
        since=live.since,
        pull_request=live.pull_request,
    )


def _record(files: Files, id_: RecordId, contracts: Contracts) -> Record | None:
    content = files.get(id_.path)
    if content is None:
        return None
    parsed = parse_record(content, contracts.promotion)
    if not isinstance(parsed, ParsedRecord) or parsed.record.id != id_:
        return None
    return parsed.record


def _owners(files: Files, path: str) -> tuple[str, ...] | None:
    """Who may approve, as CODEOWNERS names them; the first file that exists counts."""
    for location in LOCATIONS:
        if location in files:
            content = files[location]
            if content is None:
                return None
            return tuple(owner.written for owner in owners_of(content, path))
    return ()
