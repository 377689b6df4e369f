"""Retire a version: one pull request that sets its record to Retired, however often asked."""

from dataclasses import replace
from itertools import islice

from assent.core.errors import AssentError, Exit
from assent.core.forge import OpenedPullRequest, Proposal, ProposalState
from assent.core.git_objects import blob_id
from assent.core.names import (
    PROMOTIONS,
    InvalidName,
    RecordId,
    parse_path,
    shown,
)
from assent.core.outcome import Attempt
from assent.core.parameters import Names
from assent.core.plan import Asked, Deleted, Unfit
from assent.core.receipts import NotNotified
from assent.core.record import Decision, ParsedRecord, parse_record, write_record
from assent.core.registry_fields import one_line
from assent.core.rendering.pull_request import labels
from assent.core.rendering.retirement import (
    Consequences,
    Retirement,
    retirement_body,
    retirement_branch,
    retirement_notice,
    retirement_title,
)
from assent.flows.foresee import consequences
from assent.flows.notify import notify
from assent.flows.wanted import World, wanted_records
from assent.ports import AlreadyThere, Forge, NothingToMerge, Unavailable

__all__ = ["BehindMain", "InvalidReason", "NoRecord", "NotRetirable", "retire"]

LONGEST_REASON = 500
"""What a record holds of one."""
_ATTEMPTS = 3
_LOOKED_AT = 300
"""Pull requests among which one that somebody else opened from the branch is looked for."""


class InvalidReason(AssentError):
    """A reason that no record can hold, or none."""

    exit = Exit.USAGE


class NoRecord(AssentError):
    """Main holds no record of the version there."""

    exit = Exit.NOTHING_READ


class NotRetirable(AssentError):
    """Main's record says no already, or does not read."""

    exit = Exit.FINDINGS


class BehindMain(AssentError):
    """The clone is not at the tip of the branch that counts."""


class Occupied(AssentError):
    """A retirement's branch holds what Assent did not put there, or was used up."""


def retire(world: World, forge: Forge, id_: RecordId, reason: str) -> Retirement:
    """Open the pull request that retires a version, or find the one that is open.

    Nothing but the record is needed for it: what the page cannot tell, because a parameter or the
    registry could not be read, it says it cannot tell. Every write can be cut off and made again:
    the branch's name is the lock, and what an earlier attempt left is completed.

    Args:
        world: What is read; `head` must be the tip of the branch that counts.
        forge: Where the pull request is opened.
        id_: What to retire, and where.
        reason: Why; line breaks and control characters become spaces.

    Raises:
        InvalidReason: It is empty, or longer than a record holds.
        NoRecord: There is nothing to retire.
        NotRetirable: The record was rejected or is retired already, or does not read.
        BehindMain: The clone is not at the tip.
        Occupied: The branch brings other changes, or was merged before.
        AssentError: GitHub refused, or did not answer.
    """
    return _Retiring(world, forge, id_, _on_one_line(reason)).make()


def _on_one_line(reason: str) -> str:
    clean = one_line(reason, len(reason)).strip()
    if not clean:
        raise InvalidReason(
            "a retirement needs a reason", hint="Say in a sentence why the version must not run."
        )
    if len(clean) > LONGEST_REASON:
        raise InvalidReason(
            f"the reason has {len(clean)} characters; a record holds {LONGEST_REASON}",
            hint="Shorten it, and say the rest in a comment on the pull request.",
        )
    return clean


class _Retiring:
    """One version on its way out."""

    def __init__(self, world: World, forge: Forge, id_: RecordId, reason: str) -> None:
        self._environment = world.config.environment(id_.environment)
        if parse_path(id_.path) is None:
            raise InvalidName(
                f"{shown(id_.model)} {id_.version} cannot be a version of a model",
                hint="A model's name has 1 to 63 letters, digits and inner hyphens.",
            )
        self._world = world
        self._forge = forge
        self._id = id_
        self._reason = reason
        self._names = Names(prefix=world.config.parameter_prefix, environment=id_.environment)

    def make(self) -> Retirement:
        self._require_the_tip()
        asked = self._approved()
        record = replace(asked.record, decision=Decision.RETIRED, reason=self._reason)
        content = write_record(record, self._world.contracts.promotion)
        branch = retirement_branch(self._id, asked.blob)
        earlier = self._forge.promotion(self._id.path, branch).proposals
        for proposal in earlier:
            if proposal.state is ProposalState.OPEN:
                return self._already_open(branch, proposal)
        fresh = self._take(branch, earlier)
        if not fresh:
            theirs = self._opened_by_another(branch)
            if theirs is not None:
                return theirs
        declined = next((each for each in earlier if each.state is ProposalState.CLOSED), None)
        self._place(branch, content, replaces=asked.blob if fresh else None)
        return self._open(branch, fresh=fresh, declined=declined)

    def _require_the_tip(self) -> None:
        tip = self._forge.tip()
        if tip != self._world.head:
            raise BehindMain(
                f"this clone is at {self._world.head[:12]}, and {self._world.config.branch} is at "
                f"{tip[:12]}",
                hint=f"Fetch and check out {self._world.config.branch}, then run again.",
            )

    def _approved(self) -> Asked:
        """Main's record, which says Approved; whether that is in effect does not matter here.

        Raises:
            NoRecord: There is none.
            NotRetirable: It says something else, or does not read.
        """
        id_, branch = self._id, self._world.config.branch
        (wanted,) = wanted_records(self._world, id_.environment, [id_.path])
        match wanted:
            case Deleted():
                raise NoRecord(
                    f"{branch} holds no record of {id_}, so there is nothing to retire",
                    hint=f"Look below {PROMOTIONS}/{id_.environment}/ which versions there are. If "
                    "it was deleted, put it back first: a deletion decides nothing.",
                )
            case Unfit():
                raise NotRetirable(
                    f"the record of {id_} does not read: {wanted.why}",
                    hint="Mend it by a pull request of its own; its history shows what it said.",
                )
            case Asked():
                pass
        match wanted.record.decision:
            case Decision.APPROVED:
                return wanted
            case Decision.REJECTED:
                raise NotRetirable(
                    f"{id_} was rejected: what was never approved cannot be retired",
                    hint="There is nothing to take back; a rejected version does not run.",
                )
            case Decision.RETIRED:
                raise NotRetirable(
                    f"{id_} is retired already: {shown(wanted.record.reason)}",
                    hint="If it still runs, see what `assent plan` says of it.",
                )

    def _take(self, branch: str, earlier: tuple[Proposal, ...]) -> bool:
        """Create the branch; or make sure of the one that is there. Whether it is new.

        Raises:
            Occupied: It brings anything else in than the record, or was merged before.
        """
        try:
            self._forge.create_branch(branch, self._world.head)
        except AlreadyThere:
            merged = next((each for each in earlier if each.state is ProposalState.MERGED), None)
            if merged is not None:
                raise self._used_up(branch, f"merged by {merged.url}") from None
            self._require_own(branch)
            return False
        return True

    def _used_up(self, branch: str, how: str) -> Occupied:
        return Occupied(
            f"the branch {branch} was {how} before, and the record says Approved again",
            hint=f"Delete the branch {branch}, and run again.",
        )

    def _require_own(self, branch: str) -> None:
        others = self._forge.other_files(branch, self._id.path)
        if others:
            more = f" and {len(others) - 1} more files" if len(others) > 1 else ""
            raise Occupied(
                f"the branch {branch} changes {shown(others[0])}{more}; a retirement changes "
                f"{self._id.path} and nothing else",
                hint=f"Look at who made it, delete the branch {branch}, and run again. A ruleset "
                "that lets only the App write retire/**/* prevents this.",
            )

    def _place(self, branch: str, content: bytes, *, replaces: str | None) -> None:
        """Bring the record onto the branch; one that says the same already is kept.

        Args:
            branch: The retirement's own.
            content: The record.
            replaces: The blob that the branch holds, where that is known; None to look.
        """
        path = self._id.path
        for _ in range(_ATTEMPTS):
            if replaces is None:
                there = self._forge.file(path, branch)
                if there == content:
                    return
                replaces = None if there is None else blob_id(there)
            try:
                self._forge.add_file(
                    branch, path, content, retirement_title(self._id), replaces=replaces
                )
            except AlreadyThere:
                replaces = None
                continue
            return
        raise Unavailable(
            f"{path} on {branch} kept changing while it was written", hint="Try again."
        )

    def _open(self, branch: str, *, fresh: bool, declined: Proposal | None) -> Retirement:
        found = consequences(self._world, self._id)
        body = retirement_body(self._id, self._reason, found, self._names)
        try:
            opened = self._forge.open_pull_request(branch, retirement_title(self._id), body)
        except NothingToMerge:
            raise self._used_up(branch, "merged") from None
        except AlreadyThere:
            return self._opened_meanwhile(branch, found)
        # The labels come last: they tell that an earlier attempt got as far as telling people.
        failure = self._tell(found, self._reason, opened.url)
        self._forge.label(opened.number, labels(self._id))
        reason = self._correct_page(opened, branch, found)
        return Retirement(
            id=self._id,
            url=opened.url,
            number=opened.number,
            attempt=Attempt.OPENED if fresh or declined else Attempt.COMPLETED,
            reason=reason,
            declined=None if declined is None else declined.url,
            consequences=found,
            not_notified=failure,
        )

    def _opened_meanwhile(self, branch: str, found: Consequences) -> Retirement:
        """Another call opened the pull request first; its page must speak of what stands there."""
        view = self._forge.promotion(self._id.path, branch)
        for proposal in view.proposals:
            if proposal.state is ProposalState.OPEN:
                opened = OpenedPullRequest(number=proposal.number, url=proposal.url)
                self._correct_page(opened, branch, found)
                return self._already_open(branch, proposal)
        theirs = self._opened_by_another(branch)
        if theirs is None:
            raise Unavailable(
                f"{branch} has an open pull request that does not show yet",
                hint="Try again: GitHub's listing may lag behind.",
            )
        return theirs

    def _tell(self, found: Consequences, reason: str, url: str) -> NotNotified | None:
        notice = retirement_notice(self._id, reason, found, url)
        return notify(self._world.notices, self._environment, notice)

    def _already_open(self, branch: str, proposal: Proposal) -> Retirement:
        standing = self._standing(branch, proposal.number, proposal.url)
        missing = [each for each in labels(self._id) if each not in proposal.labels]
        if not missing:
            return standing
        found = consequences(self._world, self._id)
        failure = self._tell(found, standing.reason, proposal.url)
        self._forge.label(proposal.number, missing)
        return replace(
            standing, attempt=Attempt.COMPLETED, consequences=found, not_notified=failure
        )

    def _opened_by_another(self, branch: str) -> Retirement | None:
        """An open pull request from the branch, whoever opened it: a person, or the App."""
        pulls = islice(self._forge.recent_pull_requests(None), _LOOKED_AT)
        for pull in pulls:
            if pull.branch == branch and pull.state is ProposalState.OPEN:
                self._forge.label(pull.number, labels(self._id))
                return self._standing(branch, pull.number, pull.url)
        return None

    def _standing(self, branch: str, number: int, url: str) -> Retirement:
        return Retirement(
            id=self._id,
            url=url,
            number=number,
            attempt=Attempt.ALREADY_OPEN,
            reason=self._reason_on(branch),
        )

    def _reason_on(self, branch: str) -> str:
        there = self._forge.file(self._id.path, branch)
        parsed = None if there is None else parse_record(there, self._world.contracts.promotion)
        return parsed.record.reason if isinstance(parsed, ParsedRecord) else ""

    def _correct_page(self, opened: OpenedPullRequest, branch: str, found: Consequences) -> str:
        """Let the page give the reason that the record on the branch gives, and return that.

        Another call, with another reason, may have replaced it meanwhile.
        """
        reason = self._reason_on(branch)
        if reason != self._reason:
            body = retirement_body(self._id, reason, found, self._names)
            self._forge.edit_body(opened.number, body)
        return reason
