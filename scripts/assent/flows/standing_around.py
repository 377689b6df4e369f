"""What stands around open promotions of one environment: read from a clone and Parameter Store."""

from collections.abc import Iterable
from datetime import datetime

from assent.core.config import Environment
from assent.core.errors import AssentError
from assent.core.names import RecordId
from assent.core.package import ModelVersion
from assent.core.parameters import History, Live, Names
from assent.core.record import Decision, Record
from assent.core.review import BrokenGlass, NewerVersion, Review
from assent.flows.assemble_review import (
    LiveState,
    Surroundings,
    assemble_review,
    files_beside,
    read_live,
)
from assent.flows.histories import read_histories
from assent.flows.wanted import World
from assent.ports import Forge, NotThere

__all__ = ["Standing", "record_text"]


def record_text(world: World, forge: Forge, id_: RecordId, commit: str) -> bytes | None:
    """A record's bytes in a commit, of the clone if that has it; None where there is no record.

    Raises:
        AssentError: It could not be read.
    """
    try:
        entry = world.history.lookup(commit, [id_.path]).get(id_.path)
    except NotThere:
        return forge.file(id_.path, commit)  # pushed after the clone was made
    if entry is None or not entry.mode.startswith("100"):
        return None
    ((_, content),) = world.history.blobs([entry.blob])
    return content


class Standing:
    """Everything but the records themselves that pages of one environment rest on.

    What is asked of Parameter Store is asked for all of them at once, ten to a request.

    Args:
        world: What is read.
        environment: Where the promotions are to run.
        ids: The promotions.

    Raises:
        AssentError: Parameter Store or the clone could not be read.
    """

    def __init__(self, world: World, environment: Environment, ids: Iterable[RecordId]) -> None:
        self._world = world
        self._environment = environment
        wanted = list(dict.fromkeys(ids))
        names = Names(prefix=world.config.parameter_prefix, environment=environment.name)
        models = dict.fromkeys(id_.model for id_ in wanted)
        self._live = read_live(world.parameters(environment), names, models)
        self._below = self._histories_below(wanted)
        paths = [path for id_ in wanted for path in files_beside(world.config, id_, self.live(id_))]
        self._entries = world.history.lookup(world.head, list(dict.fromkeys(paths)))

    def live(self, id_: RecordId) -> LiveState:
        """What is live where a promotion is to run."""
        return self._live[id_.model]

    def live_version(self, id_: RecordId) -> int | None:
        """Its number; None where nothing is live, or nobody knows."""
        live = self.live(id_)
        return live.version if isinstance(live, Live) else None

    def review(
        self,
        record: Record,
        seen: ModelVersion | None,
        *,
        newer: NewerVersion | None = None,
        broke_glass: BrokenGlass | None = None,
    ) -> Review:
        """What the page of a promotion has to say now.

        Args:
            record: What merging would add.
            seen: What the registry says of the version; None where it has none.
            newer: The newest version that is proposed for the environment, if that is newer.
            broke_glass: Who lifted what it waits for.
        """
        world = self._world
        around = Surroundings(
            files=self._files(record.id),
            live=self.live(record.id),
            seen=seen,
            since_below=self._since(record),
            newer=newer,
            broke_glass=broke_glass,
        )
        return assemble_review(
            record,
            around,
            config=world.config,
            contracts=world.contracts,
            now=world.clock.now(),
        )

    def file(self, path: str) -> bytes | None:
        """One of the files around the promotions; None where main has none that is plain."""
        entry = self._entries.get(path)
        if entry is None or not entry.mode.startswith("100"):
            return None
        ((_, content),) = self._world.history.blobs([entry.blob])
        return content

    def _files(self, id_: RecordId) -> dict[str, bytes | None]:
        paths = files_beside(self._world.config, id_, self.live(id_))
        return {path: self.file(path) for path in paths if path in self._entries}

    def _histories_below(self, ids: Iterable[RecordId]) -> dict[RecordId, History | AssentError]:
        """What was decided one rung down, where a version has to soak there."""
        config, name = self._world.config, self._environment.name
        rung = config.below(name)
        if rung is None:
            return {}
        wanted = [
            RecordId(rung.name, id_.model, id_.version)
            for id_ in ids
            if config.soak(name, id_.model) is not None
        ]
        reading = self._world.reading or self._world.parameters
        if not wanted:
            return {}
        names = Names(prefix=config.parameter_prefix, environment=rung.name)
        return dict(read_histories(reading(rung), names, wanted))

    def _since(self, record: Record) -> datetime | None:
        """Since when the record's very package is in effect one rung down, if that was asked."""
        rung = self._world.config.below(self._environment.name)
        if rung is None:
            return None
        history = self._below.get(RecordId(rung.name, record.id.model, record.id.version))
        last = history.last if isinstance(history, History) else None
        if last is None or last.decision is not Decision.APPROVED:
            return None
        return last.applied_at if last.created in {None, record.package.created} else None
