"""Propose a registered version: one pull request that adds its record, however often asked."""

from dataclasses import dataclass, replace
from typing import Any

from assent.contracts import Contracts
from assent.core.config import Config
from assent.core.errors import AssentError
from assent.core.events import Ignored, parse_event, require_registry
from assent.core.evidence import evidence_digest
from assent.core.forge import OpenedPullRequest, PromotionView, ProposalState
from assent.core.git_objects import blob_id
from assent.core.names import RecordId, shown
from assent.core.outcome import Attempt, Outcome, Proposed, Settled, Vanished
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.parameters import Names, parse_current_version
from assent.core.record import Decision, ParsedRecord, Record, parse_record, write_record
from assent.core.rendering.pull_request import (
    Champion,
    ChampionState,
    ChampionUnread,
    branch_name,
    labels,
    pull_request_body,
    title,
)
from assent.flows.collect_evidence import collect_evidence
from assent.ports import (
    AlreadyThere,
    Clock,
    CredentialsRefused,
    Forge,
    NothingToMerge,
    NotThere,
    Parameters,
    Registry,
    Reports,
    Unavailable,
)

__all__ = ["World", "propose"]

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that proposing reads and writes."""

    config: Config
    contracts: Contracts
    forge: Forge
    registry: Registry
    reports: Reports
    parameters: Parameters
    """Those of the first rung."""
    clock: Clock


def propose(event: Any, world: World) -> Outcome:  # noqa: ANN401 - any JSON, judged by parse_event
    """Open the pull request that an event asks for, or say why none is needed.

    Nothing is taken from the event but the package's identity. Every write can be cut off and made
    again: the branch's name is the lock, and what an earlier attempt left is completed.

    Raises:
        AssentError: Malformed or misdirected events, and services that refuse or do not answer;
            `retryable` tells which of them the queue should deliver again.
    """
    registration = parse_event(event)
    if isinstance(registration, Ignored):
        return registration
    require_registry(registration.arn, world.config)
    try:
        version = world.registry.describe(registration.arn)
    except NotThere as error:
        return Vanished(why=error.message)
    id_ = RecordId(world.config.entry.name, version.arn.model, version.arn.version)
    why = _not_waiting(version, id_)
    if why is not None:
        return Ignored(why=why)
    return _Proposal(id_, version, world).make()


def _not_waiting(version: ModelVersion, id_: RecordId) -> str | None:
    """Why a described version asks for no decision; None where it does."""
    if version.status != "Completed":
        return f"{version.arn.text} is {version.status}; it is proposed once it is Completed"
    decided = version.metadata.get(id_.environment)
    if decided in {decision.value for decision in Decision}:
        return f"{version.arn.text} is {decided} in {id_.environment} already"
    if version.approval is not RegistryApproval.PENDING:
        return (
            f"{version.arn.text} is {version.approval.value} in the registry, "
            f"not {RegistryApproval.PENDING.value}"
        )
    return None


class Occupied(AssentError):
    """A promotion's branch holds what Assent did not put there."""


class _Proposal:
    """One version on its way into a pull request."""

    def __init__(self, id_: RecordId, version: ModelVersion, world: World) -> None:
        self._id = id_
        self._version = version
        self._world = world
        self._names = Names(prefix=world.config.parameter_prefix, environment=id_.environment)

    def make(self) -> Outcome:
        collected = collect_evidence(self._version, self._world.reports, self._world.clock.now())
        record = Record(
            id=self._id,
            decision=Decision.APPROVED,
            package=collected.package,
            evidence=collected.evidence,
        )
        live = self._live_version()
        champion_path = (
            RecordId(self._id.environment, self._id.model, live).path
            if isinstance(live, int)
            else None
        )
        branch = branch_name(record)
        view = self._world.forge.promotion(self._id.path, branch, champion_path)
        settled = self._settled(view, record)
        if isinstance(settled, Settled | Proposed):
            return settled
        if settled:  # the plain branch belongs to an earlier package of the same number
            branch = branch_name(record, recreated=True)
            view = self._world.forge.promotion(self._id.path, branch, champion_path)
            settled = self._settled(view, record)
            if isinstance(settled, Settled | Proposed):
                return settled
        champion = self._champion(live, view)
        return self._open(branch, view, record, champion)

    def _live_version(self) -> int | ChampionUnread | None:
        name = self._names.current(self._id.model)
        try:
            text = self._world.parameters.read([name]).get(name)
            return None if text is None else parse_current_version(name, text)
        except AssentError as error:
            if error.retryable or isinstance(error, CredentialsRefused):
                raise
            return ChampionUnread(why=error.message)

    def _champion(self, live: int | ChampionUnread | None, view: PromotionView) -> ChampionState:
        if not isinstance(live, int):
            return live
        if view.champion is None:
            return Champion(version=live, metrics=None)
        parsed = parse_record(view.champion, self._world.contracts.promotion)
        metrics = parsed.record.evidence.metrics if isinstance(parsed, ParsedRecord) else None
        return Champion(version=live, metrics=metrics)

    def _settled(self, view: PromotionView, record: Record) -> Settled | Proposed | bool:
        """What was decided or is open; or whether the branch belongs to an earlier package."""
        if view.record is not None:
            if self._is_same_package(view.record, record):
                why = f"{self._world.config.branch} holds {self._id.path}"
                return Settled(id=self._id, why=why)
            earlier = True
        else:
            earlier = False
        for proposal in view.proposals:
            content = self._world.forge.file(self._id.path, proposal.head)
            if content is None or not self._is_same_package(content, record):
                earlier = True
                continue
            if proposal.state is not ProposalState.OPEN:
                why = f"pull request {proposal.url} was {proposal.state.value}"
                return Settled(id=self._id, why=why)
            missing = [each for each in labels(self._id) if each not in proposal.labels]
            if missing:
                self._world.forge.label(proposal.number, missing)
            return Proposed(
                id=self._id,
                url=proposal.url,
                number=proposal.number,
                attempt=Attempt.ALREADY_OPEN,
            )
        return earlier

    def _is_same_package(self, content: bytes, record: Record) -> bool:
        parsed = parse_record(content, self._world.contracts.promotion)
        if not isinstance(parsed, ParsedRecord):
            # Somebody's edit broke it. It is still this promotion's pull request or record, and
            # its review or `check` says so; a second one beside it would help nobody.
            return True
        return parsed.record.package.created == record.package.created

    def _open(
        self, branch: str, view: PromotionView, record: Record, champion: ChampionState
    ) -> Outcome:
        forge = self._world.forge
        recreated = branch != branch_name(record)
        attempt = Attempt.OPENED
        try:
            forge.create_branch(branch, view.head)
        except AlreadyThere:
            attempt = Attempt.COMPLETED
            self._require_own(branch)
        fresh = attempt is Attempt.OPENED and view.record is None
        record = self._place_record(branch, record, fresh=fresh)
        body = pull_request_body(record, self._version, champion, self._names)
        try:
            opened = forge.open_pull_request(branch, title(self._id, recreated=recreated), body)
        except NothingToMerge:
            return Settled(id=self._id, why=f"{self._world.config.branch} holds {self._id.path}")
        except AlreadyThere:
            again = self._settled(forge.promotion(self._id.path, branch, None), record)
            if isinstance(again, bool):
                raise Unavailable(
                    f"{branch} has an open pull request, and none that this App opened shows yet",
                    hint="Try again: GitHub's listing may lag behind. If it stays so, somebody "
                    "else opened one from this branch; close it.",
                ) from None
            return again
        forge.label(opened.number, labels(self._id))
        self._correct_page(opened, branch, record, champion)
        return Proposed(id=self._id, url=opened.url, number=opened.number, attempt=attempt)

    def _require_own(self, branch: str) -> None:
        """Refuse a branch that would bring anything else in than the record.

        Raises:
            Occupied: Somebody who may write to the repository took the name.
        """
        others = self._world.forge.other_files(branch, self._id.path)
        if others:
            raise Occupied(
                f"the branch {branch} changes {shown(others[0])}"
                + (f" and {len(others) - 1} more files" if len(others) > 1 else "")
                + f"; a promotion changes {self._id.path} and nothing else",
                hint=f"Look at who made it, delete the branch {branch}, and deliver the event "
                "again. A ruleset that lets only the App write promote/** prevents this.",
            )

    def _correct_page(
        self, opened: OpenedPullRequest, branch: str, record: Record, champion: ChampionState
    ) -> None:
        """Let the page speak of the record that is on the branch.

        Another delivery may have replaced it meanwhile, with a report that was overwritten.
        """
        there = self._world.forge.file(self._id.path, branch)
        parsed = None if there is None else parse_record(there, self._world.contracts.promotion)
        if isinstance(parsed, ParsedRecord) and parsed.record != record:
            body = pull_request_body(parsed.record, self._version, champion, self._names)
            self._world.forge.edit_body(opened.number, body)

    def _place_record(self, branch: str, record: Record, *, fresh: bool) -> Record:
        """Bring the record onto the branch; what stands there already and is ours is kept.

        Returns:
            The record that the branch now holds, whose words the page must use.
        """
        forge, path = self._world.forge, self._id.path
        content = write_record(record, self._world.contracts.promotion)
        message = title(self._id)
        replaces: str | None = None
        for attempt in range(_ATTEMPTS):
            if attempt or not fresh:
                there = forge.file(path, branch)
                if there is not None:
                    kept = self._kept(there, record)
                    if kept is not None:
                        return kept
                replaces = None if there is None else blob_id(there)
            try:
                forge.add_file(branch, path, content, message, replaces=replaces)
            except AlreadyThere:
                continue
            return record
        raise Unavailable(
            f"{path} on {branch} kept changing while it was written", hint="Try again."
        )

    def _kept(self, content: bytes, record: Record) -> Record | None:
        """The record on the branch, if it says what ours would, but for when it was collected."""
        parsed = parse_record(content, self._world.contracts.promotion)
        if not isinstance(parsed, ParsedRecord):
            return None
        there = parsed.record
        ours = _with_time_of(record, there)
        return there if there == ours else None


def _with_time_of(record: Record, other: Record) -> Record:
    """`record` as if collected when `other` was, digest included."""
    evidence = replace(record.evidence, collected=other.evidence.collected)
    digest = evidence_digest(record.package, evidence)
    return replace(record, evidence=replace(evidence, digest=digest))
