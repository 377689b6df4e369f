"""Foresee what retiring a version changes: what `apply` will read once it is merged."""

from collections.abc import Iterator
from dataclasses import replace

from assent.core.config import Environment
from assent.core.errors import AssentError
from assent.core.names import PROMOTIONS, RecordId, parse_package_arn, parse_path
from assent.core.parameters import History, Names, UnreadableParameter, parse_current_version
from assent.core.plan import package_differences
from assent.core.record import Decision, Record
from assent.core.rendering.retirement import (
    Consequences,
    Fallback,
    PassedOver,
    RungAbove,
    Unread,
)
from assent.flows.elsewhere import parameters_elsewhere
from assent.flows.histories import read_histories
from assent.flows.wanted import World, record_of_blob
from assent.ports import NotThere

__all__ = ["consequences"]

_BATCH = 10
"""Names that one call of `GetParameters` takes."""


def consequences(world: World, id_: RecordId) -> Consequences:
    """What retiring a version changes, as things stand now; what cannot be read is told as that.

    Args:
        world: What is read.
        id_: The version, and where.
    """
    return _Foresight(world, id_).tell()


class _Foresight:
    """Reads it piece by piece; no piece that does not read holds up another."""

    def __init__(self, world: World, id_: RecordId) -> None:
        self._world = world
        self._id = id_
        self._environment = world.config.environment(id_.environment)

    def tell(self) -> Consequences:
        live = self._live(self._environment)
        return Consequences(
            live=live,
            effective=self._effective(self._environment),
            fallback=self._fallback(live),
            above=tuple(self._above()),
        )

    def _names(self, environment: Environment) -> Names:
        return Names(prefix=self._world.config.parameter_prefix, environment=environment.name)

    def _live(self, environment: Environment) -> int | Unread | None:
        name = self._names(environment).current(self._id.model)
        try:
            text = parameters_elsewhere(self._world, environment).read([name]).get(name)
            return None if text is None else parse_current_version(name, text)
        except AssentError as error:
            return Unread(why=error.message)

    def _effective(self, environment: Environment) -> Decision | Unread | None:
        there = RecordId(environment.name, self._id.model, self._id.version)
        try:
            (found,) = self._histories(environment, [there])
        except AssentError as error:
            return Unread(why=error.message)
        return found.decision

    def _histories(self, environment: Environment, ids: list[RecordId]) -> list[History]:
        """Their histories, in the order asked.

        Raises:
            AssentError: One does not read: `apply` then plans nothing for the model.
        """
        parameters = parameters_elsewhere(self._world, environment)
        found = read_histories(parameters, self._names(environment), ids)
        histories = []
        for id_ in ids:
            history = found[id_]
            if isinstance(history, UnreadableParameter):
                raise history
            histories.append(history)
        return histories

    def _fallback(self, live: int | Unread | None) -> Fallback | Unread:
        """The next highest version that is approved in effect, and still the package it was."""
        passed: list[PassedOver] = []
        try:
            for history in self._approved(live):
                version = history.id.version
                try:
                    why = None if version == live else self._objection(history)
                except AssentError as error:
                    return Fallback(
                        version=version, passed_over=tuple(passed), unchecked=error.message
                    )
                if why is None:
                    return Fallback(version=version, passed_over=tuple(passed))
                passed.append(PassedOver(version=version, why=why))
        except AssentError as error:
            return Unread(why=error.message)
        return Fallback(version=None, passed_over=tuple(passed))

    def _approved(self, live: int | Unread | None) -> Iterator[History]:
        """Histories of the model's other versions that are Approved in effect, highest first."""
        folder = f"{PROMOTIONS}/{self._id.environment}/{self._id.model}/"
        entries = self._world.history.entries(self._world.head, folder)
        ids = {found for entry in entries if (found := parse_path(entry.path)) is not None}
        if isinstance(live, int):
            ids.add(replace(self._id, version=live))
        rest = sorted(ids - {self._id}, reverse=True)
        for start in range(0, len(rest), _BATCH):
            for history in self._histories(self._environment, rest[start : start + _BATCH]):
                if history.decision is Decision.APPROVED:
                    yield history

    def _objection(self, history: History) -> str | None:
        """Why `current` cannot fall back to a version; None where it can."""
        record = self._record(history)
        if record is None:
            return "this clone lacks the record that was approved"
        try:
            seen = self._world.registry.describe(parse_package_arn(record.package.arn))
        except NotThere as error:
            return error.message
        return "; ".join(package_differences(record.package, seen.package)) or None

    def _record(self, history: History) -> Record | None:
        return None if history.last is None else record_of_blob(self._world, history.last.blob)

    def _above(self) -> Iterator[RungAbove]:
        """The environments above where the version runs or is approved, or nobody knows."""
        ladder = self._world.config.environments
        place = self._world.config.ladder.index(self._id.environment)
        for environment in ladder[place + 1 :]:
            live, effective = self._live(environment), self._effective(environment)
            runs = live == self._id.version
            unread = next((each.why for each in (live, effective) if isinstance(each, Unread)), "")
            if runs or effective is Decision.APPROVED or unread:
                yield RungAbove(
                    environment=environment.name, runs=runs, unread="" if runs else unread
                )
