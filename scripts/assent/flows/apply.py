"""Apply: converge registry and Parameter Store to the head of the branch that counts.

Order within an environment: what closed pull requests decided; per decision the registry, then its
history; then `current` of each model touched; then what GitHub is told of it; then the receipts of
all this; then `applied`. Each step is told by what it finds, never by a stored plan, so a run that
was cut off anywhere is finished by the next.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from assent.core.config import Environment
from assent.core.errors import AssentError, Exit
from assent.core.imports import import_doubt, is_import
from assent.core.names import RecordId
from assent.core.package import ModelVersion
from assent.core.parameters import Applied, HistoryEntry, write_applied, write_history
from assent.core.plan import (
    Asked,
    Decide,
    Reason,
    Refuse,
    Restore,
    changes_of,
    concerns,
    in_order,
    registry_showing,
    untouched,
)
from assent.core.receipt_predicates import own_fields
from assent.core.receipts import (
    DecisionApplied,
    Failed,
    MainRewritten,
    Receipt,
    Refused,
)
from assent.core.record import Decision
from assent.core.registry_fields import RegistryUpdate
from assent.core.rendering.notices import decided_notice
from assent.core.review import BrokenGlass
from assent.core.timestamps import to_seconds
from assent.flows.announce import Announcer
from assent.flows.break_glass import broken_glass
from assent.flows.chronicle import Chronicle
from assent.flows.elsewhere import is_import_pending
from assent.flows.mend import mend
from assent.flows.observe import (
    BehindApplied,
    Observation,
    applied_of,
    observe,
    read_applied,
)
from assent.flows.origins import Origins
from assent.flows.ownership import CloneAt, is_code_owner
from assent.flows.progress import Progress
from assent.flows.prove import Proof, Unproven, prove
from assent.flows.recheck import recheck
from assent.flows.recover import Recovery
from assent.flows.refusals import Refusals
from assent.flows.reject import RecentPullRequests, Reconciled, reconcile
from assent.flows.set_current import Currents, Live
from assent.flows.wanted import World
from assent.flows.write_registry import ChangedMeanwhile, write_registry
from assent.ports import Forge

__all__ = ["ApplyReport", "apply"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyReport:
    """What a run did."""

    receipts: tuple[Receipt, ...]
    broken: tuple[Failed, ...] = ()
    """Environments that could not be read, or whose run could not be closed."""

    @property
    def exit(self) -> Exit:
        """0 everything is as main asks; 12 something was refused or failed; 1 no verdict."""
        if self.broken:
            return Exit.BROKEN
        if any(isinstance(receipt, MainRewritten | Refused | Failed) for receipt in self.receipts):
            return Exit.INCOMPLETE
        return Exit.OK


def apply(
    world: World,
    forge: Forge,
    environments: Sequence[Environment],
    *,
    everything: bool = False,
    emit: Callable[[Receipt], None] = lambda _: None,
) -> ApplyReport:
    """Converge some environments, in the order given, each as far as it can be.

    Closed pull requests come first, so that what was refused is refused before anything else.

    Args:
        world: What is read and written.
        forge: Where approvals are looked up.
        environments: In ladder order, so that a version can climb within one run.
        everything: Compare all of the tree, not only what changed since the last run.
        emit: Called with each receipt as soon as its change is done or refused.
    """
    receipts: list[Receipt] = []
    broken: list[Failed] = []
    recent, recovery = RecentPullRequests(forge), Recovery(world, forge)

    def record(receipt: Receipt) -> None:
        receipts.append(receipt)
        emit(receipt)

    for environment in environments:
        chronicle = Chronicle(world, environment, tell=record, recovery=recovery)
        try:
            _converge(world, forge, environment, recent, chronicle, everything=everything)
        except AssentError as error:
            failed = Failed(
                environment=environment.name,
                what="the environment",
                message=error.message,
                hint=error.hint,
            )
            broken.append(failed)
            emit(failed)
            chronicle.note(failed)
            unwritten = chronicle.write()
            if unwritten is not None:
                broken.append(unwritten)
                emit(unwritten)
    return ApplyReport(receipts=tuple(receipts), broken=tuple(broken))


def _converge(
    world: World,
    forge: Forge,
    environment: Environment,
    recent: RecentPullRequests,
    chronicle: Chronicle,
    *,
    everything: bool,
) -> None:
    applied = read_applied(world, environment)
    observation = observe(world, environment, everything=everything, applied=applied)
    said = applied_of(observation.names, applied)
    if observation.diverged:
        _require_the_tip(world, forge, environment)
        chronicle.tell(
            MainRewritten(
                environment=environment.name,
                applied="" if said is None else said.commit,
                head=world.head,
            )
        )
    closings = reconcile(
        world,
        forge,
        environment,
        since=None if said is None else said.closings,
        recent=recent,
        emit=chronicle.tell,
        chronicle=chronicle,
    )
    if closings.acted:  # what was observed may have changed by it
        observation = observe(world, environment, everything=everything, applied=applied)
    _Run(world, forge, observation, closings, chronicle).execute()


def _require_the_tip(world: World, forge: Forge, environment: Environment) -> None:
    """Refuse a clone that may be behind what was applied; a rewritten branch is gone along."""
    if forge.tip() != world.head:
        raise BehindApplied(
            f"{environment.name} was brought to a commit that this clone does not contain, "
            f"and {world.head[:12]} is not the tip of {world.config.branch}",
            hint="Fetch and check out the branch that counts, then run again.",
        )


class _Refusal(Exception):
    def __init__(self, receipt: Refused) -> None:
        super().__init__(receipt.detail)
        self.receipt = receipt


class _Run:
    """One environment's changes, one by one."""

    def __init__(
        self,
        world: World,
        forge: Forge,
        observation: Observation,
        closings: Reconciled,
        chronicle: Chronicle,
    ) -> None:
        self._world = world
        self._forge = forge
        self._seen = observation
        self._closings = closings
        self._run = Progress.begun(world, observation, chronicle)
        self._blobs = {each.id: each.blob for each in observation.wanted if isinstance(each, Asked)}
        chronicle.models.update(self._run.models())
        self._origins = Origins(world, forge)
        self._refusals = Refusals(self._run, forge, self._origins)

    def execute(self) -> None:
        for model, error in self._seen.unreadable.items():
            self._run.fail(model, error)
        for id_, error in self._seen.unknown.items():
            self._run.fail(id_.path, error)
        # Each record is judged at its turn, by what really took effect before it, and by the
        # moment at which the environment was observed: one run is one judgement.
        config = self._world.config
        for wanted in in_order(self._seen.wanted, self._seen.actual):
            for change in changes_of(
                wanted, self._seen.actual, config=config, risen=self._run.fresh
            ):
                self._carry_out(change)
        Announcer(self._run, self._forge, self._set_currents()).announce()
        self._refusals.tell()
        if self._write_receipts():
            self._mark()

    def _write_receipts(self) -> bool:
        """Write what is due; without it the commit does not count as applied, and comes again."""
        chronicle = self._run.chronicle
        # What was looked at only because `current` fell back to it may lack its earlier pages.
        whole = {*self._seen.actual.histories, *self._run.fresh}
        chronicle.histories.update({id_: self._run.histories[id_] for id_ in whole})
        failed = chronicle.write()
        if failed is not None:
            self._run.emit(failed)
        return failed is None

    def _carry_out(self, change: Decide | Refuse | Restore) -> None:
        match change:
            case Refuse(lifted=Decide() as lifted):
                self._attempt(change.id, partial(self._decide, lifted, unless=change))
            case Refuse():
                self._refusals.report(self._refused(change))
            case Decide():
                self._attempt(change.id, partial(self._decide, change))
            case Restore():
                self._attempt(change.id, partial(self._mend, change.id))

    def _set_currents(self) -> dict[str, Live]:
        currents, found = Currents(self._run), dict[str, Live]()
        for model in self._run.models():
            try:
                live = currents.set(model)
                if live is not None:
                    found[model] = live
            except AssentError as error:
                self._run.fail(model, error)
                self._run.retry.update(self._run.paths(model))
        return found

    def _attempt(self, id_: RecordId, step: Callable[[], object]) -> None:
        try:
            try:
                step()
            except _Refusal as refusal:
                self._refusals.report(refusal.receipt)
                self._mend(id_)
        except AssentError as error:
            self._run.fail(id_.path, error)
            self._run.retry.add(id_.path)

    def _mend(self, id_: RecordId) -> None:
        """Let the registry show what is in effect, unless an import needs it as it was."""
        if not self._world.config.registry.covers(id_.model):
            return
        asked = next(each for each in self._seen.wanted if each.id == id_)
        if untouched(asked, self._run.histories[id_]):
            return
        above = id_.environment != self._world.config.entry.name
        if above and is_import_pending(self._world, id_):
            self._run.retry.add(id_.path)
            return
        mend(self._run, id_)

    def _decide(self, change: Decide, unless: Refuse | None = None) -> None:
        """Bring a decision into effect, `unless` it waits and nobody broke the glass."""
        asked = change.asked
        proof = prove(self._world, self._forge, self._origins, asked, waived=change.waived)
        if isinstance(proof, Unproven):
            raise _Refusal(
                Refused(id=asked.id, reason=proof.reason, detail=proof.why, blob=asked.blob)
            )
        if is_import(asked.record) and change.becomes is Decision.APPROVED:
            self._require_no_doubt(asked, proof)
        broke_glass = None if unless is None else self._broken_glass(change.id, proof)
        if unless is not None and broke_glass is None:
            self._refusals.report(self._refused(unless))
            return
        self._recheck(change)
        entry = replace(
            self._entry(change.asked, proof),
            broke_glass="" if broke_glass is None else broke_glass.by,
            waived=tuple(waiver.gate for waiver in change.waived),
        )
        restored = self._write_registry(change.asked, entry)
        history = self._run.histories[change.id].then(entry)
        for name, value in write_history(self._run.names, history):
            self._run.parameters.write(name, value)
        self._run.histories[change.id] = history
        self._run.fresh[change.id] = change.asked.record
        self._run.chronicle.records[change.asked.blob] = change.asked.record
        self._run.emit(
            DecisionApplied(
                id=change.id,
                was=change.was,
                becomes=change.becomes,
                by=entry.by,
                at=entry.at,
                pull_request=entry.pull_request,
                commit=entry.commit,
                blob=entry.blob,
                evidence=entry.evidence,
                restored=restored,
                waived=entry.waived,
                broke_glass=entry.broke_glass,
                imported=is_import(change.asked.record),
                author=proof.author,
                approvals=proof.approvals,
            )
        )
        planned = self._seen.actual.versions.get(change.id)
        if planned is not None and not concerns(change.asked.record, planned):
            # What it showed of the decision before is not in effect any more.
            mend(self._run, change.id)
        if is_import(change.asked.record):
            return  # the announcer tells of all of them at once
        reason = change.asked.record.reason
        self._run.notify(
            decided_notice(
                change.id,
                change.becomes,
                by=entry.by,
                reason=reason,
                url=entry.pull_request,
                broke_glass=entry.broke_glass,
            )
        )

    def _require_no_doubt(self, asked: Asked, proof: Proof) -> None:
        """Refuse an import that its own pull request does not carry; see `import_doubt`."""
        actual = self._seen.actual
        seen = actual.versions.get(asked.id)
        doubt = "it is not in the registry"
        if seen is not None:
            found = import_doubt(
                asked.id,
                seen,
                before=proof.registered_before,
                role=actual.role,
                pull_request=proof.pull_request,
                rung_below=actual.rung_below,
                brought_below=actual.brought_below.get(asked.id, ""),
            )
            if found is None:
                return
            doubt = found
        reason = Reason.IMPORT_REFUSED
        raise _Refusal(Refused(id=asked.id, reason=reason, detail=doubt, blob=asked.blob))

    def _refused(self, change: Refuse) -> Refused:
        blob = self._blobs.get(change.id, "")
        return Refused(id=change.id, reason=change.reason, detail=change.detail, blob=blob)

    def _recheck(self, change: Decide) -> None:
        """See that a record's evidence still is what it says, before anything is written."""
        seen = self._seen.actual.versions.get(change.id)
        found = recheck(self._world, change.asked, seen)
        if found is not None:
            asked = change.asked
            raise _Refusal(
                Refused(id=asked.id, reason=found.reason, detail=found.detail, blob=asked.blob)
            )

    def _broken_glass(self, id_: RecordId, proof: Proof) -> BrokenGlass | None:
        clone = CloneAt(history=self._world.history, head=proof.base)

        def owns(login: str) -> bool:
            return is_code_owner(clone, self._forge, login, id_.path)

        return broken_glass(
            self._forge, proof.number, author=proof.author, owns=owns, until=proof.at
        )

    def _entry(self, asked: Asked, proof: Proof) -> HistoryEntry:
        return HistoryEntry(
            decision=asked.record.decision,
            blob=asked.blob,
            by=proof.by,
            at=to_seconds(proof.at),
            applied_at=to_seconds(self._world.clock.now()),
            pull_request=proof.pull_request,
            commit=proof.commit,
            evidence=asked.record.evidence.digest,
            created=asked.record.package.created,
        )

    def _write_registry(self, asked: Asked, entry: HistoryEntry) -> tuple[str, ...]:
        """Write the decision to the registry; what nobody asked to change stays.

        Returns:
            Keys that vanished in writing and were put back.
        """
        id_ = asked.id
        self._run.written[id_] = ()
        planned = self._seen.actual.versions.get(id_)
        if planned is None or not concerns(asked.record, planned):
            return ()  # a no about a package that is gone, or was replaced, needs no field
        seen = self._world.registry.describe(planned.arn)
        before = own_fields(id_.environment, seen)
        self._run.chronicle.registry[id_] = before, before
        if (seen.approval, seen.metadata, seen.package) != (
            planned.approval,
            planned.metadata,
            planned.package,
        ):
            raise ChangedMeanwhile(
                f"{planned.arn.text} was written by somebody else since it was read",
                hint="The next run plans from what it says then.",
            )
        update = self._showing(seen, id_, entry)
        if update is None:
            return ()
        self._run.written[id_] = update.fields
        done = write_registry(self._world.registry, seen, update)
        self._run.chronicle.registry[id_] = before, own_fields(id_.environment, done.now)
        return done.restored

    def _showing(
        self, seen: ModelVersion, id_: RecordId, entry: HistoryEntry
    ) -> RegistryUpdate | None:
        return registry_showing(
            seen,
            id_,
            entry,
            elsewhere=self._seen.actual.elsewhere.get(id_, {}),
            ladder=self._world.config.ladder,
        )

    def _mark(self) -> None:
        """Write how far this run came, if that tells the next one anything."""
        before = applied_of(self._run.names, self._seen.applied_text)
        after = Applied(
            commit=self._world.head,
            retry=tuple(sorted(self._run.retry)),
            closings=self._closings.until,
        )
        # That somebody commented on a pull request is not worth a write; a first look is.
        moved = self._closings.acted or (before is not None and before.closings is None)
        if before is not None and not moved:
            unmoved = write_applied(replace(after, closings=before.closings))
            if unmoved == self._seen.applied_text:
                return
        text = write_applied(after)
        if text != self._seen.applied_text:
            self._run.parameters.write(self._run.names.applied, text)
