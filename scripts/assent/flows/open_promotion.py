"""Open the pull request that adds one record: one, however often and concurrently asked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from assent.core.errors import AssentError
from assent.core.events import Ignored
from assent.core.evidence import evidence_digest
from assent.core.forge import PromotionView, Proposal, ProposalState
from assent.core.git_objects import blob_id
from assent.core.names import RecordId, shown
from assent.core.outcome import Attempt, Outcome, Proposed, Settled, Unusable
from assent.core.package import ModelVersion
from assent.core.parameters import Names, parse_current_version
from assent.core.receipts import NotNotified
from assent.core.record import Decision, ParsedRecord, Record, parse_record, write_record
from assent.core.rendering.notices import opened_notice
from assent.core.rendering.pull_request import VOID, branch_name, labels, pull_request_body, title
from assent.core.review import Champion, ChampionState, ChampionUnread, review
from assent.flows.collect_evidence import Collected
from assent.flows.event_world import World
from assent.flows.notify import notify
from assent.ports import AlreadyThere, CredentialsRefused, NothingToMerge, Unavailable

__all__ = ["Collect", "open_promotion"]

_ATTEMPTS = 3

Collect = Callable[[PromotionView], Collected | Unusable | Ignored]
"""Gathers what a record rests on, or says why there is nothing to propose."""


class Occupied(AssentError):
    """A promotion's branch holds what Assent did not put there."""


def open_promotion(
    id_: RecordId,
    version: ModelVersion,
    world: World,
    collect: Collect,
    *,
    below: RecordId | None = None,
) -> Outcome:
    """Open the pull request that adds a version's record to an environment, or say why not.

    Every write can be cut off and made again: the branch's name is the lock, labels are put last
    and tell that everything before is done, and what an earlier attempt left is completed.

    Args:
        id_: The record's identity.
        version: The version as the registry describes it.
        world: What is read and written.
        collect: Asked only if a pull request is to be opened, for it reads many files.
        below: The record one rung down, which `collect` then finds in what it is given.

    Raises:
        AssentError: A service refuses or does not answer.
    """
    return _Promotion(id_, version, world).open(collect, below)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spot:
    """Where nothing is proposed yet."""

    branch: str
    view: PromotionView
    recreated: bool
    """Whether the number was used by an earlier package."""


class _Promotion:
    """One version on its way into a pull request."""

    def __init__(self, id_: RecordId, version: ModelVersion, world: World) -> None:
        self._id = id_
        self._version = version
        self._world = world
        self._environment = world.config.environment(id_.environment)
        self._names = Names(prefix=world.config.parameter_prefix, environment=id_.environment)
        self._champion: ChampionState = None

    def open(self, collect: Collect, below: RecordId | None) -> Outcome:
        spot = self._look(below)
        if not isinstance(spot, _Spot):
            return spot
        collected = collect(spot.view)
        if not isinstance(collected, Collected):
            return collected
        record = Record(
            id=self._id,
            decision=Decision.APPROVED,
            package=collected.package,
            evidence=collected.evidence,
        )
        return self._open(spot, record)

    # Look.

    def _look(self, below: RecordId | None) -> _Spot | Settled | Proposed:
        """Find what was decided or is open, or else where to propose.

        A package that was created again is proposed from the other branch, for as long as main or
        the plain branch shows that its number was used. Both are asked for each time, for what
        main held can have been deleted since.
        """
        live = self._live_version()
        plain, other = self._branches()
        view = self._world.forge.promotion(
            self._id.path,
            plain,
            self._path_of(live),
            below=None if below is None else below.path,
            other=other,
        )
        self._champion = self._champion_of(live, view)
        if view.record is not None and self._is_same_package(view.record):
            why = f"{self._world.config.branch} holds {self._id.path}"
            return Settled(id=self._id, why=why)
        recreated = view.record is not None
        for branch, proposals in ((plain, view.proposals), (other, view.others)):
            standing = self._standing(proposals, branch)
            if not isinstance(standing, bool):
                return standing
            recreated |= standing
        return _Spot(branch=other if recreated else plain, view=view, recreated=recreated)

    def _path_of(self, live: int | ChampionUnread | None) -> str | None:
        if not isinstance(live, int):
            return None
        return RecordId(self._id.environment, self._id.model, live).path

    def _branches(self) -> tuple[str, str]:
        """The promotion's branch, and the one of a package that was created again."""
        return (
            branch_name(self._id),
            branch_name(self._id, recreated=self._version.package.created),
        )

    def _live_version(self) -> int | ChampionUnread | None:
        name = self._names.current(self._id.model)
        try:
            text = self._world.parameters(self._environment).read([name]).get(name)
            return None if text is None else parse_current_version(name, text)
        except AssentError as error:
            if error.retryable or isinstance(error, CredentialsRefused):
                raise
            return ChampionUnread(why=error.message)

    def _champion_of(self, live: int | ChampionUnread | None, view: PromotionView) -> ChampionState:
        if not isinstance(live, int):
            return live
        record = None
        if view.champion is not None:
            parsed = parse_record(view.champion, self._world.contracts.promotion)
            record = parsed.record if isinstance(parsed, ParsedRecord) else None
        return Champion(version=live, record=record)

    def _standing(self, proposals: Iterable[Proposal], branch: str) -> Settled | Proposed | bool:
        """What was decided or is open there; or whether an earlier package used the branch."""
        earlier = False
        for proposal in proposals:
            if _is_void(proposal):
                continue
            content = self._world.forge.file(self._id.path, proposal.head)
            if content is None or not self._is_same_package(content):
                earlier = True
            elif proposal.state is ProposalState.OPEN:
                return self._resume(proposal, branch)
            else:
                why = f"pull request {proposal.url} was {proposal.state.value}"
                return Settled(id=self._id, why=why)
        return earlier

    def _is_same_package(self, content: bytes) -> bool:
        parsed = parse_record(content, self._world.contracts.promotion)
        if not isinstance(parsed, ParsedRecord):
            # Somebody's edit broke it. It is still this promotion's pull request or record, and
            # its review or `check` says so; a second one beside it would help nobody.
            return True
        return parsed.record.package.created == self._version.package.created

    # Open.

    def _open(self, spot: _Spot, record: Record) -> Outcome:
        forge, branch = self._world.forge, spot.branch
        attempt = Attempt.OPENED
        try:
            forge.create_branch(branch, spot.view.head)
        except AlreadyThere:
            attempt = Attempt.COMPLETED
            joined = self._joined(branch, wrote=False)
            if joined is not None:
                return joined
            self._require_own(branch)
        fresh = attempt is Attempt.OPENED and spot.view.record is None
        placed = self._place_record(branch, record, fresh=fresh)
        try:
            opened = forge.open_pull_request(
                branch, title(self._id, recreated=spot.recreated), self._body(placed)
            )
        except NothingToMerge:
            return Settled(id=self._id, why=f"{self._world.config.branch} holds {self._id.path}")
        except AlreadyThere:
            joined = self._joined(branch, wrote=placed is record)
            if joined is None:
                raise Unavailable(
                    f"{branch} has an open pull request, and none that this App opened shows yet",
                    hint="Try again: GitHub's listing may lag behind. If it stays so, somebody "
                    "else opened one from this branch; close it.",
                ) from None
            return joined
        failure = self._finish(opened.number, opened.url, branch, shown=placed)
        return Proposed(
            id=self._id,
            url=opened.url,
            number=opened.number,
            attempt=attempt,
            not_notified=failure,
        )

    def _joined(self, branch: str, *, wrote: bool) -> Settled | Proposed | None:
        """What another process has made of the branch meanwhile; None where nothing shows.

        Args:
            branch: The promotion's.
            wrote: Whether the record on it is one that the other process may not know of.

        Raises:
            Unavailable: The other process is not done yet, or died.
        """
        for proposal in self._world.forge.promotion(self._id.path, branch, None).proposals:
            if _is_void(proposal):
                continue
            content = self._world.forge.file(self._id.path, proposal.head)
            if content is None or not self._is_same_package(content):
                continue
            if proposal.state is not ProposalState.OPEN:
                why = f"pull request {proposal.url} was {proposal.state.value}"
                return Settled(id=self._id, why=why)
            if wrote:
                self._correct_page(proposal.number, branch, shown=None)
            if not set(labels(self._id)) & set(proposal.labels):
                # Labelling it here would hide it if the other process died before it was done.
                raise Unavailable(
                    f"{proposal.url} was opened a moment ago, and is not complete yet",
                    hint="Try again: whoever opened it completes it, or else the next attempt.",
                )
            return self._already_open(proposal)
        return None

    def _resume(self, proposal: Proposal, branch: str) -> Proposed:
        """Complete an open pull request, if an earlier attempt did not."""
        wanted = labels(self._id)
        missing = [each for each in wanted if each not in proposal.labels]
        if missing and len(missing) < len(wanted):
            self._world.forge.label(proposal.number, missing)
        elif missing:
            failure = self._finish(proposal.number, proposal.url, branch, shown=None)
            return self._already_open(proposal, failure)
        return self._already_open(proposal)

    def _already_open(self, proposal: Proposal, failure: NotNotified | None = None) -> Proposed:
        return Proposed(
            id=self._id,
            url=proposal.url,
            number=proposal.number,
            attempt=Attempt.ALREADY_OPEN,
            not_notified=failure,
        )

    def _finish(
        self, number: int, url: str, branch: str, *, shown: Record | None
    ) -> NotNotified | None:
        """Correct the page, tell the topic, and label; the labels say that all of it is done."""
        record = self._correct_page(number, branch, shown=shown)
        failure = None
        if record is not None:
            notice = opened_notice(record, url, _live(self._champion))
            failure = notify(self._world.notices, self._environment, notice)
        self._world.forge.label(number, labels(self._id))
        return failure

    def _correct_page(self, number: int, branch: str, *, shown: Record | None) -> Record | None:
        """Let the page speak of the record that is on the branch in the end.

        Another delivery may have replaced it meanwhile, with the reports of another run, or with
        one that was overwritten.

        Args:
            number: The pull request's.
            branch: The promotion's.
            shown: The record that the page speaks of; None where that is unknown.

        Returns:
            The record; None where people's edits left none that reads.
        """
        for _ in range(_ATTEMPTS):
            there = self._world.forge.file(self._id.path, branch)
            parsed = None if there is None else parse_record(there, self._world.contracts.promotion)
            if not isinstance(parsed, ParsedRecord):
                return None
            if parsed.record == shown:
                return shown
            shown = parsed.record
            self._world.forge.edit_body(number, self._body(shown))
        raise self._restless(branch)

    def _body(self, record: Record) -> str:
        return pull_request_body(
            review(
                record,
                self._champion,
                config=self._world.config,
                now=self._world.clock.now(),
                seen=self._version,
            )
        )

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
                "again. A ruleset that lets only the App write promote/**/* prevents this.",
            )

    def _place_record(self, branch: str, record: Record, *, fresh: bool) -> Record:
        """Bring the record onto the branch; what stands there already and is ours is kept.

        Returns:
            The record that the branch now holds, whose words the page must use: the very one
            given, if it was written.
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
        raise self._restless(branch)

    def _restless(self, branch: str) -> Unavailable:
        return Unavailable(
            f"{self._id.path} on {branch} kept changing while it was written", hint="Try again."
        )

    def _kept(self, content: bytes, record: Record) -> Record | None:
        """The record on the branch, if it says what ours would, but for when it was collected."""
        parsed = parse_record(content, self._world.contracts.promotion)
        if not isinstance(parsed, ParsedRecord):
            return None
        there = parsed.record
        ours = _with_time_of(record, there)
        return there if there == ours else None


def _is_void(proposal: Proposal) -> bool:
    """Whether a closed pull request decided nothing, and will not be opened again."""
    return proposal.state is ProposalState.CLOSED and VOID in proposal.labels


def _with_time_of(record: Record, other: Record) -> Record:
    """`record` as if collected when `other` was, digest included."""
    evidence = replace(record.evidence, collected=other.evidence.collected)
    digest = evidence_digest(record.package, evidence)
    return replace(record, evidence=replace(evidence, digest=digest))


def _live(champion: ChampionState) -> int | str | None:
    match champion:
        case Champion(version=version):
            return version
        case ChampionUnread(why=why):
            return why
        case None:
            return None
