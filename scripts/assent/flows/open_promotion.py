"""Open the pull request that adds one record: one, however often and concurrently asked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from assent.core.errors import AssentError
from assent.core.events import Ignored
from assent.core.evidence import evidence_digest
from assent.core.forge import OpenPromotion, PromotionView, Proposal, ProposalState
from assent.core.git_objects import blob_id
from assent.core.names import RecordId, promotion_of_branch, shown
from assent.core.outcome import Attempt, Outcome, Proposed, Settled, Unusable, Waiting
from assent.core.package import ModelVersion
from assent.core.parameters import Names
from assent.core.receipts import NotNotified
from assent.core.record import Decision, ParsedRecord, Record, parse_record, write_record
from assent.core.rendering.pull_request import (
    VOID,
    branch_name,
    environment_label,
    labels,
    title,
)
from assent.core.review import ChampionUnread, NewerVersion, Review
from assent.flows.announce_promotion import announce
from assent.flows.assemble_review import (
    Files,
    LiveState,
    Surroundings,
    assemble_review,
    files_beside,
    promotion_page,
    read_live,
)
from assent.flows.collect_evidence import Collected
from assent.flows.event_world import World
from assent.ports import (
    AlreadyThere,
    CredentialsRefused,
    Forge,
    NoReadableFile,
    NothingToMerge,
    Unavailable,
)

__all__ = ["Collect", "Occupied", "file_of", "open_promotion", "require_own"]

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
    since_below: datetime | None = None,
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
        since_below: Since when the very package is in effect there; None where nobody can tell.

    Raises:
        AssentError: A service refuses or does not answer.
    """
    return _Promotion(id_, version, world, since_below).open(collect, below)


def file_of(files: Files, path: str) -> bytes | None:
    """A file that has to be known before anything is written; None where there is none.

    Raises:
        NoReadableFile: There is one, and it was not given whole, or is no text.
    """
    content = files.get(path)
    if content is None and path in files:
        raise NoReadableFile(
            f"{path} is no text file that GitHub gives whole",
            hint="A record has a few kilobytes; look at what stands there.",
        )
    return content


def require_own(forge: Forge, branch: str, id_: RecordId) -> None:
    """Refuse a branch that would bring anything else in than the record.

    Raises:
        Occupied: Somebody who may write to the repository took the name.
    """
    others = forge.other_files(branch, id_.path)
    if others:
        raise Occupied(
            f"the branch {branch} changes {shown(others[0])}"
            + (f" and {len(others) - 1} more files" if len(others) > 1 else "")
            + f"; a promotion changes {id_.path} and nothing else",
            hint=f"Look at who made it, delete the branch {branch}, and deliver the event "
            "again. A ruleset that lets only the App write promote/**/* prevents this.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spot:
    """Where nothing is proposed yet."""

    branch: str
    view: PromotionView
    recreated: bool
    """Whether the number was used by an earlier package."""


class _Promotion:
    """One version on its way into a pull request."""

    def __init__(
        self, id_: RecordId, version: ModelVersion, world: World, since_below: datetime | None
    ) -> None:
        self._id = id_
        self._version = version
        self._world = world
        self._environment = world.config.environment(id_.environment)
        self._names = Names(prefix=world.config.parameter_prefix, environment=id_.environment)
        self._around = Surroundings(files={}, live=None, seen=version, since_below=since_below)

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
        live = self._live()
        plain, other = self._branches()
        view = self._world.forge.promotion(
            self._id.path,
            plain,
            beside=files_beside(self._world.config, self._id, live),
            other=other,
            label=environment_label(self._id.environment),
        )
        self._around = replace(
            self._around, files=view.files, live=live, newer=self._newer(view.open)
        )
        record = file_of(view.files, self._id.path)
        if below is not None:
            file_of(view.files, below.path)
        if record is not None and self._is_same_package(record):
            why = f"{self._world.config.branch} holds {self._id.path}"
            return Settled(id=self._id, why=why)
        recreated = record is not None
        for branch, proposals in ((plain, view.proposals), (other, view.others)):
            standing = self._standing(proposals, branch)
            if not isinstance(standing, bool):
                return standing
            recreated |= standing
        return _Spot(branch=other if recreated else plain, view=view, recreated=recreated)

    def _newer(self, open_: Iterable[OpenPromotion]) -> NewerVersion | None:
        """The newest version that is proposed for the same environment, if it is newer."""
        newest, here = None, (self._id.environment, self._id.model)
        for each in open_:
            id_ = promotion_of_branch(each.branch)
            if id_ is None or (id_.environment, id_.model) != here:
                continue
            if id_.version > (self._id.version if newest is None else newest.version):
                newest = NewerVersion(version=id_.version, pull_request=each.url)
        return newest

    def _branches(self) -> tuple[str, str]:
        """The promotion's branch, and the one of a package that was created again."""
        return (
            branch_name(self._id),
            branch_name(self._id, recreated=self._version.package.created),
        )

    def _live(self) -> LiveState:
        model, parameters = self._id.model, self._world.parameters(self._environment)
        try:
            return read_live(parameters, self._names, [model])[model]
        except AssentError as error:
            if error.retryable or isinstance(error, CredentialsRefused):
                raise
            return ChampionUnread(why=error.message)

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
            require_own(forge, branch, self._id)
        fresh = attempt is Attempt.OPENED and self._id.path not in spot.view.files
        placed = self._place_record(branch, record, fresh=fresh)
        full = self._no_place(spot.view)
        if full is not None:
            return Waiting(id=self._id, branch=branch, why=full)
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

    def _no_place(self, view: PromotionView) -> str | None:
        """Why no pull request may be opened now; None where one may.

        The record is on its branch all the same: its evidence is that of now, and `tidy` opens the
        pull request. Several deliveries at once do not see each other's.
        """
        most, name = self._environment.max_open, self._id.environment
        if most is None:
            return None
        ids = (promotion_of_branch(each.branch) for each in view.open)
        count = sum(id_ is not None and id_.environment == name for id_ in ids) + view.further
        if count < most:
            return None
        return f"{count} promotions into {name} are open, and no more than {most} may be"

    def _joined(self, branch: str, *, wrote: bool) -> Settled | Proposed | None:
        """What another process has made of the branch meanwhile; None where nothing shows.

        Args:
            branch: The promotion's.
            wrote: Whether the record on it is one that the other process may not know of.

        Raises:
            Unavailable: The other process is not done yet, or died.
        """
        for proposal in self._world.forge.promotion(self._id.path, branch).proposals:
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
        if record is None:
            self._world.forge.label(number, labels(self._id))
            return None
        return announce(
            self._review(record),
            number,
            url,
            forge=self._world.forge,
            notices=self._world.notices,
            environment=self._environment,
        )

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
        return promotion_page(self._review(record))

    def _review(self, record: Record) -> Review:
        world = self._world
        return assemble_review(
            record,
            self._around,
            config=world.config,
            contracts=world.contracts,
            now=world.clock.now(),
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
