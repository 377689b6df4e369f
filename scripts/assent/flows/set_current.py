"""`current`: what inference runs next, derived anew from what really took effect."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from assent.core.admission import difference_reason
from assent.core.changes import Reason
from assent.core.current import candidates, current_text, named_version
from assent.core.errors import AssentError
from assent.core.imports import is_import
from assent.core.names import RecordId, parse_package_arn
from assent.core.package import package_differences
from assent.core.receipts import CurrentSet, Refused
from assent.core.record import Decision, Record
from assent.core.rendering.notices import live_notice
from assent.flows.observe import further_histories
from assent.flows.progress import Progress
from assent.flows.wanted import record_of_blob
from assent.ports import NotThere

__all__ = ["Currents", "Live"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What a model's `current` names after a run."""

    was: int | None
    """The version that it named before; None for none."""
    id: RecordId | None
    """None where no version is live."""

    @property
    def version(self) -> int | None:
        """The version that is live; None for none."""
        return None if self.id is None else self.id.version

    @property
    def has_moved(self) -> bool:
        """Whether the run changed it."""
        return self.was != self.version


class Currents:
    """Lets `current` name the highest version in effect whose package is still the one meant.

    Args:
        run: What took effect.
    """

    def __init__(self, run: Progress) -> None:
        self._run = run

    def set(self, model: str) -> Live | None:
        """Write what a model's `current` has to name, if it says something else.

        Returns:
            What it names now; None where nothing was ever decided, and there is no parameter.

        Raises:
            AssentError: It could not be found out, or not be written.
        """
        text = self._run.seen.actual.current.get(model)
        was = named_version(text)
        decisions = {id_: each.decision for id_, each in self._run.histories.items()}
        if text is None and not any(
            each.entries for id_, each in self._run.histories.items() if id_.model == model
        ):
            return None  # nothing was ever decided; no parameter needs to say so
        top = self._usable(model, was, self._candidates(model, decisions))
        if top is None:
            becomes, wanted = None, current_text(self._run.environment, model, None, None)
        else:
            id_, record = top
            becomes = id_.version
            wanted = current_text(
                self._run.environment, model, record, self._run.histories[id_].last
            )
        live = Live(was=was, id=None if top is None else top[0])
        if (
            wanted != text
            and top is not None
            and becomes == was
            and self._is_unproven(top[0], "current stays as it is")
        ):
            wanted = text or wanted
        if wanted != text:
            self._run.parameters.write(self._run.names.current(model), wanted)
        self._run.chronicle.currents[model] = wanted
        if wanted == text:
            return live
        self._run.emit(
            CurrentSet(environment=self._run.environment, model=model, was=was, becomes=becomes)
        )
        if becomes != was and not self._is_of_import(model):
            url = self._brought(model)
            notice = live_notice(self._run.environment, model, was=was, becomes=becomes, url=url)
            self._run.notify(notice)
        return live

    def _is_of_import(self, model: str) -> bool:
        """Whether all that this run decided on a model are imports, which are told of at once."""
        fresh = [record for id_, record in self._run.fresh.items() if id_.model == model]
        return bool(fresh) and all(map(is_import, fresh))

    def _brought(self, model: str) -> str:
        """The pull request of the last decision on a model that this run brought into effect."""
        fresh = [id_ for id_ in self._run.fresh if id_.model == model]
        last = self._run.histories[fresh[-1]].last if fresh else None
        return "" if last is None else last.pull_request

    def _candidates(
        self, model: str, decisions: Mapping[RecordId, Decision | None]
    ) -> Iterator[RecordId]:
        """What `current` may name, highest first; what is not read yet only if it comes to that."""
        yield from candidates(model, decisions)
        for history in further_histories(
            self._run.world, self._run.seen, model, self._run.parameters
        ):
            self._run.histories[history.id] = history
            if history.decision is Decision.APPROVED:
                yield history.id

    def _usable(
        self, model: str, was: int | None, found: Iterable[RecordId]
    ) -> tuple[RecordId, Record] | None:
        """The highest candidate; one that `current` falls back to has its package looked at.

        One that cannot be looked at is passed over and tried again: `current` must not go on
        naming a version that was withdrawn, whatever stands below it.
        """
        for id_ in found:
            if id_ in self._run.fresh or id_.version == was:
                return id_, self._record(id_)
            try:
                record = self._record(id_)
                if self._is_unproven(id_, "current does not name it"):
                    continue
                reason, differences = self._package_differences(id_, record)
            except AssentError as error:
                self._run.fail(id_.path, error)
                self._run.retry.add(id_.path)
                continue
            if not differences:
                return id_, record
            self._run.refuse(
                Refused(
                    id=id_,
                    reason=reason,
                    detail=f"{model} cannot fall back to it: {'; '.join(differences)}",
                )
            )
        return None

    def _is_unproven(self, id_: RecordId, so: str) -> bool:
        """Whether nothing shows an approval that an earlier run is said to have applied."""
        history = self._run.histories[id_]
        if id_ in self._run.fresh or history.last is None:
            return False
        objection = self._run.chronicle.founding.objection(history)
        if objection is None:
            return False
        self._run.refuse(
            Refused(
                id=id_,
                reason=Reason.DECISION_UNPROVEN,
                detail=f"{so}: {objection}",
                blob=history.last.blob,
            )
        )
        return True

    def _package_differences(self, id_: RecordId, record: Record) -> tuple[Reason, list[str]]:
        """What the registry says otherwise; its files need not be there any more (promise 6)."""
        version = self._run.seen.actual.versions.get(id_)
        if version is None:
            try:
                version = self._run.world.registry.describe(parse_package_arn(record.package.arn))
            except NotThere as error:
                return Reason.PACKAGE_DIFFERS, [error.message]
        reason = difference_reason(record.package, version.package)
        return reason, package_differences(record.package, version.package)

    def _record(self, id_: RecordId) -> Record:
        """The record whose approval is in effect, from the very blob that was approved."""
        if id_ in self._run.fresh:
            return self._run.fresh[id_]
        last = self._run.histories[id_].last
        record = self._run.seen.actual.records.get(id_)
        if record is None and last is not None:
            record = record_of_blob(self._run.world, last.blob)
        if record is None:
            raise NotThere(
                f"the clone lacks the record of {id_} that was approved (blob "
                f"{last.blob if last else 'unknown'})",
                hint="Fetch the whole history (fetch-depth: 0); was it rewritten?",
            )
        return record
