"""Take over what was approved before Assent came: records of it, in one pull request.

One commit holds them all; the branch that names it comes after it, and the labels come last, so
that a run that was killed anywhere is completed by the next. The branch's name tells the set.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assent.core.backfill import Choice, LeftOut, select_imports
from assent.core.config import CONFIG_PATH, Environment
from assent.core.current import largest_current
from assent.core.errors import AssentError, Exit
from assent.core.forge import PromotionView, ProposalState
from assent.core.git_objects import blob_id
from assent.core.names import RecordId
from assent.core.outcome import Attempt
from assent.core.package import ModelVersion
from assent.core.parameters import MAX_VALUE_BYTES
from assent.core.receipts import NotNotified
from assent.core.record import Decision, Record, write_record
from assent.core.rendering.imports import (
    IMPORT_LABELS,
    Imported,
    ImportOpened,
    ImportPage,
    ImportSettled,
    import_body,
    import_branch,
    import_notice,
    import_title,
)
from assent.core.rendering.pull_request import VOID
from assent.flows.backfill import Backfilling
from assent.flows.collect_evidence import collect_evidence
from assent.flows.notify import notify
from assent.flows.survey import open_imports, survey
from assent.ports import AlreadyThere, Unavailable

__all__ = ["MOST_RECORDS", "ImportReport", "import_approved"]

MOST_RECORDS = 2_500
"""GitHub shows no more than 3,000 files of a pull request, and nothing of it is approved unseen."""


class ImportNotPossible(AssentError):
    """The repository, or its configuration, is not as an import needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What is to be imported, and what came of it."""

    environments: tuple[str, ...]
    """Where, lowest first."""
    chosen: tuple[ModelVersion, ...]
    """What is, or would be, imported."""
    left_out: tuple[LeftOut, ...]
    looked_at: int
    """How many approved versions the registry has."""
    branch: str
    wrote: bool
    outcome: ImportOpened | ImportSettled | None = None
    """None where nothing was to be written, or there was nothing to write."""

    @property
    def exit(self) -> Exit:
        """0 done, or nothing left to do; 3 nothing was there to look at."""
        return Exit.OK if self.looked_at else Exit.NOTHING_READ


def import_approved(
    world: Backfilling, choice: Choice, highest: Environment, *, write: bool
) -> ImportReport:
    """Open the pull request that imports what the registry shows as approved.

    Args:
        world: What is read and written.
        choice: Which versions are wanted.
        highest: They are imported into the first rung, and every other up to this one.
        write: Whether to open it, or only to say what it would hold.

    Raises:
        AssentError: Something could not be read or written.
    """
    config = world.clone.config
    if config.imports is None:
        raise ImportNotPossible(
            "assent.yaml has no imports.registered_before, so nothing may be imported",
            hint="Set it to the time at which Assent comes, in a pull request of its own; "
            "docs/adopting.md says how.",
        )
    environments = config.environments[: config.ladder.index(highest.name) + 1]
    forge = world.events.forge
    pulls = list(forge.open_promotions())
    known = survey(world.clone, forge, config.environments, pulls)
    versions = (
        each for each in world.clone.registry.everything() if config.registry.covers(each.arn.model)
    )
    found = select_imports(versions, known, choice, config)
    names = tuple(each.name for each in environments)
    report = ImportReport(
        environments=names,
        chosen=found.chosen,
        left_out=found.left_out,
        looked_at=found.looked_at,
        branch=import_branch(found.chosen, names) if found.chosen else "",
        wrote=write,
    )
    if not write or not found.chosen:
        return report
    _require_room(len(found.chosen) * len(names))
    others = [each for each in open_imports(pulls) if each.branch != report.branch]
    if others:
        raise ImportNotPossible(
            f"another import is open: {others[0].url}",
            hint="Merge or close it first: two would bring the same records.",
        )
    return _Import(world, report, environments).open()


def _require_room(records: int) -> None:
    if records > MOST_RECORDS:
        raise ImportNotPossible(
            f"these are {records} records, and a pull request holds at most {MOST_RECORDS}",
            hint="Import them in parts, one merged after the other: --model, --newest.",
        )


class _Import:
    """One import on its way into a pull request."""

    def __init__(
        self, world: Backfilling, report: ImportReport, environments: Sequence[Environment]
    ) -> None:
        self._world = world
        self._forge = world.events.forge
        self._report = report
        self._environments = environments
        self._unfit: list[LeftOut] = []

    def open(self) -> ImportReport:
        """Open it, complete what was begun, or say what was decided."""
        view = self._forge.promotion(CONFIG_PATH, self._report.branch)
        clone = self._world.clone
        if view.head != clone.head:
            raise ImportNotPossible(
                f"this clone is at {clone.head[:12]}, and {clone.config.branch} at "
                f"{view.head[:12]}",
                hint="Fetch and check out the branch that counts, then run again.",
            )
        standing = self._standing(view)
        if standing is not None:
            return replace(self._report, outcome=standing)
        page = self._page()
        if not page.imported:
            return self._reported(None, chosen=())
        self._place(view.head, page)
        return self._reported(self._opened(page), chosen=[each.version for each in page.imported])

    def _reported(
        self, outcome: ImportOpened | ImportSettled | None, *, chosen: Sequence[ModelVersion]
    ) -> ImportReport:
        left = (*self._report.left_out, *self._unfit)
        return replace(self._report, outcome=outcome, chosen=tuple(chosen), left_out=left)

    def _standing(self, view: PromotionView) -> ImportOpened | ImportSettled | None:
        """What there is of the very same import; an open one is completed."""
        for proposal in view.proposals:
            if proposal.state is ProposalState.OPEN:
                failures: tuple[NotNotified, ...] = ()
                if not set(IMPORT_LABELS) <= set(proposal.labels):
                    failures = self._finish(self._page(), proposal.number, proposal.url)
                return ImportOpened(
                    url=proposal.url,
                    number=proposal.number,
                    records=len(self._report.chosen) * len(self._environments),
                    attempt=Attempt.ALREADY_OPEN,
                    not_notified=failures,
                )
            if VOID not in proposal.labels:
                why = f"was {proposal.state.value}"
                return ImportSettled(url=proposal.url, why=why)
        return None

    def _page(self) -> ImportPage:
        return ImportPage(
            imported=[
                Imported(version=each, record=record)
                for each in self._report.chosen
                if (record := self._record(each)) is not None
            ],
            environments=self._report.environments,
            config=self._world.clone.config,
        )

    def _record(self, version: ModelVersion) -> Record | None:
        """The record of the first rung, with fresh evidence; None where there can be none."""
        events = self._world.events
        found = collect_evidence(
            version, events.reports(None), events.clock.now(), store=events.store, imported=True
        )
        record = Record(
            id=RecordId(self._report.environments[0], version.arn.model, version.arn.version),
            decision=Decision.APPROVED,
            package=found.package,
            evidence=found.evidence,
        )
        try:
            content = write_record(record, events.contracts.promotion)
        except AssentError as error:
            self._leave_out(version, error.message)
            return None
        size = len(largest_current(record, blob_id(content)).encode())
        if size > MAX_VALUE_BYTES:
            self._leave_out(version, f"`current` would have {size} bytes")
            return None
        return record

    def _leave_out(self, version: ModelVersion, why: str) -> None:
        self._unfit.append(LeftOut(model=version.arn.model, version=version.arn.version, why=why))

    def _place(self, head: str, page: ImportPage) -> None:
        """Bring the records onto the branch; whatever an earlier attempt left there goes."""
        files = {}
        for each in page.imported:
            for environment in self._environments:
                id_ = RecordId(environment.name, each.record.id.model, each.record.id.version)
                record = replace(each.record, id=id_)
                files[id_.path] = write_record(record, self._world.events.contracts.promotion)
        commit = self._forge.commit_files(head, files, self._title(page))
        try:
            self._forge.create_branch(self._report.branch, commit)
        except AlreadyThere:
            # Who is cut off before the pull request leaves the branch; nobody else's is trusted.
            self._forge.move_branch(self._report.branch, commit)

    def _title(self, page: ImportPage) -> str:
        models = {each.record.id.model for each in page.imported}
        return import_title(len(page.imported), len(models), self._report.environments[-1])

    def _opened(self, page: ImportPage) -> ImportOpened:
        branch = self._report.branch
        try:
            opened = self._forge.open_pull_request(branch, self._title(page), import_body(page))
        except AlreadyThere:
            raise Unavailable(
                f"a pull request of {branch} was opened a moment ago", hint="Run again."
            ) from None
        return ImportOpened(
            url=opened.url,
            number=opened.number,
            records=len(page.imported) * len(self._environments),
            attempt=Attempt.OPENED,
            not_notified=self._finish(page, opened.number, opened.url),
        )

    def _finish(self, page: ImportPage, number: int, url: str) -> tuple[NotNotified, ...]:
        """Tell the topics, and label; the labels say that all of it is done."""
        notices = self._world.events.notices
        told = [
            notify(notices, each, import_notice(page, each.name, url))
            for each in self._environments
        ]
        self._forge.label(number, IMPORT_LABELS)
        return tuple(each for each in told if each is not None)
