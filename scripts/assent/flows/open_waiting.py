"""Open promotions that wait on their branches, as places come free: the oldest evidence first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assent.core.config import Environment
from assent.core.errors import AssentError
from assent.core.forge import Branch, OpenPullRequest, Proposal, ProposalState
from assent.core.names import RecordId, parse_package_arn, promotion_of_branch
from assent.core.outcome import Attempt, Proposed
from assent.core.package import ModelVersion
from assent.core.record import Decision, ParsedRecord, Record, parse_record
from assent.core.rendering.pull_request import VOID, branch_name, labels, title
from assent.core.tidying import NotTidied, Tidied
from assent.flows.announce_promotion import announce
from assent.flows.assemble_review import promotion_page
from assent.flows.open_promotion import require_own
from assent.flows.standing_around import Standing, record_text
from assent.flows.wanted import World
from assent.ports import AlreadyThere, Forge, NothingToMerge, NotThere

__all__ = ["WaitingPromotions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A branch with a record that nobody was asked about yet."""

    branch: Branch
    record: Record

    @property
    def id(self) -> RecordId:
        return self.record.id


class WaitingPromotions:
    """The branches of promotions into one environment for which there was no place.

    The branch is all that is kept of them. One from which a pull request came was decided on, or
    is open; it is left alone for ever.

    Args:
        world: What is read.
        forge: Where the branches are.
        environment: Where the promotions are to run.
        emit: Called with everything that was done.
    """

    def __init__(
        self,
        world: World,
        forge: Forge,
        environment: Environment,
        emit: Callable[[Tidied], None],
    ) -> None:
        self._world = world
        self._forge = forge
        self._environment = environment
        self._emit = emit

    def open(self, places: int) -> list[tuple[RecordId, OpenPullRequest]]:
        """Open as many as there are places for.

        Returns:
            What was opened.

        Raises:
            AssentError: The branches, or what stands around them, could not be read.
        """
        opened: list[tuple[RecordId, OpenPullRequest]] = []
        waiting = self._waiting()
        if not waiting:
            return opened
        standing = Standing(self._world, self._environment, (each.id for each in waiting))
        for each in waiting:
            if len(opened) == places:
                break
            try:
                pull = self._opened(each, standing)
            except AssentError as error:
                self._fail(each.branch.name, error)
                continue
            if pull is not None:
                opened.append((each.id, pull))
        return opened

    def _waiting(self) -> Sequence[_Waiting]:
        found = []
        for branch in self._forge.branches_below(f"promote/{self._environment.name}/"):
            try:
                record = self._record_on(branch)
            except AssentError as error:
                self._fail(branch.name, error)
                continue
            if record is not None:
                found.append(_Waiting(branch=branch, record=record))
        return sorted(found, key=lambda each: (each.record.evidence.collected, each.branch.name))

    def _record_on(self, branch: Branch) -> Record | None:
        """The record that a branch would bring; None where nobody is to be asked about it."""
        id_ = promotion_of_branch(branch.name)
        if id_ is None or any(_counts(each) for each in branch.proposals):
            return None
        if not self._world.config.registry.covers(id_.model):
            return None
        record = self._parsed(record_text(self._world, self._forge, id_, branch.head), id_)
        if record is None:
            return None  # created a moment ago, or broken; the next event writes it again
        on_main = record_text(self._world, self._forge, id_, self._world.head)
        there = self._parsed(on_main, id_)
        if there is not None and there.package.created == record.package.created:
            return None  # it came to main another way
        return record

    def _parsed(self, content: bytes | None, id_: RecordId) -> Record | None:
        parsed = None if content is None else parse_record(content, self._world.contracts.promotion)
        if not isinstance(parsed, ParsedRecord) or parsed.record.id != id_:
            return None
        return parsed.record if parsed.record.decision is Decision.APPROVED else None

    def _opened(self, waiting: _Waiting, standing: Standing) -> OpenPullRequest | None:
        """Open one, unless it is not asked for any more."""
        id_, record, branch = waiting.id, waiting.record, waiting.branch.name
        seen = self._wanted(record, standing)
        if seen is None:
            return None
        require_own(self._forge, branch, id_)
        heading = title(id_, recreated=branch != branch_name(id_))
        review = standing.review(record, seen)
        page = promotion_page(review)
        try:
            opened = self._forge.open_pull_request(branch, heading, page)
        except (AlreadyThere, NothingToMerge):
            return None  # somebody else was faster; the next run sees what came of it
        failure = announce(
            review,
            opened.number,
            opened.url,
            forge=self._forge,
            notices=self._world.notices,
            environment=self._environment,
        )
        self._emit(
            Proposed(
                id=id_,
                url=opened.url,
                number=opened.number,
                attempt=Attempt.OPENED,
                not_notified=failure,
            )
        )
        return OpenPullRequest(
            number=opened.number,
            url=opened.url,
            branch=branch,
            head=waiting.branch.head,
            title=heading,
            body=page,
            labels=labels(id_),
        )

    def _wanted(self, record: Record, standing: Standing) -> ModelVersion | None:
        """The version as the registry has it, if it still waits for a decision here."""
        id_, config = record.id, self._world.config
        rung = config.below(id_.environment)
        if rung is not None:
            below_id = RecordId(rung.name, id_.model, id_.version)
            below = self._parsed(standing.file(below_id.path), below_id)
            if below is None or below.package.created != record.package.created:
                return None
        arn = parse_package_arn(config.registry.package_arn(id_.model, id_.version))
        try:
            seen = self._world.registry.describe(arn)
        except NotThere:
            return None
        if seen.package.created != record.package.created:
            return None  # the package was created again, and has a branch of its own
        decided = seen.metadata.get(id_.environment)
        return None if decided in {decision.value for decision in Decision} else seen

    def _fail(self, what: str, error: AssentError) -> None:
        self._emit(
            NotTidied(
                environment=self._environment.name,
                what=what,
                message=error.message,
                hint=error.hint,
            )
        )


def _counts(proposal: Proposal) -> bool:
    """Whether a pull request is open, or decided something."""
    if proposal.state is ProposalState.OPEN:
        return True
    return proposal.own and not (proposal.state is ProposalState.CLOSED and VOID in proposal.labels)
