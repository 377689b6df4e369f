"""One environment's closed and reopened pull requests: what each decides, and its record."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from assent.core.closing import answered, reason_for, turns_of
from assent.core.config import Environment
from assent.core.errors import AssentError
from assent.core.evidence import evidence_digest
from assent.core.forge import Conversation, ProposalState, PullRequestState, Turn, TurnKind
from assent.core.git_objects import blob_id
from assent.core.names import IMPORTS, RecordId, parse_package_arn, parse_path, promotion_of_branch
from assent.core.parameters import (
    History,
    HistoryEntry,
    Names,
    write_current,
    write_history,
)
from assent.core.plan import Asked, registry_showing
from assent.core.receipts import ClosingRecorded, ClosingWithoutEffect, Failed, Receipt
from assent.core.record import Decision, ParsedRecord, Record, parse_record
from assent.core.rendering.closing import (
    Answer,
    answer_to,
    rejected_comment,
    reopened_comment,
    stuck_comment,
    unchanged_comment,
)
from assent.core.rendering.markdown import code
from assent.core.rendering.notices import decided_notice
from assent.core.rendering.pull_request import VOID
from assent.core.timestamps import to_seconds
from assent.flows.chronicle import Chronicle
from assent.flows.elsewhere import decisions_elsewhere, is_import_pending
from assent.flows.histories import read_histories
from assent.flows.notify import notify
from assent.flows.ownership import UndeterminedOwner, is_code_owner
from assent.flows.wanted import World, wanted_records
from assent.flows.write_registry import write_registry
from assent.ports import AlreadyThere, Forge, NoReadableFile, NotThere

__all__ = ["Closings"]

_STALE = timedelta(days=14)
"""A closing older than this is recorded without a word, and undone no more."""
_MANY_FILES = 100
"""As many as a conversation lists of a pull request's files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """The one record that a pull request would let become Approved."""

    id: RecordId
    record: Record
    blob: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unclear:
    """It touches a record, but says no single thing that could be refused."""

    id: RecordId
    why: str
    """Markdown of our own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A pull request, and one time that it was closed or reopened."""

    pull: PullRequestState
    conversation: Conversation
    turns: tuple[Turn, ...]
    subject: _Subject | _Unclear
    turn: Turn

    @property
    def id(self) -> RecordId:
        """The record that it is about."""
        return self.subject.id

    def is_answered(self, answer: Answer | None = None) -> bool:
        """Whether Assent answered it, or answered it so."""
        return answered(self.conversation.remarks, answer_to(self.turn, answer))


class Closings:
    """Looks at one pull request after the other, and records what each decided.

    Every closing and reopening counts by itself, in its order, whatever was done since: a no is
    not lost because somebody else reopened. What is recorded is recorded before it is answered,
    and everything written is looked for first; so a look that was cut off anywhere is completed by
    the next one, and what was answered once is not decided anew by later rules.

    Args:
        world: What is read and written.
        forge: Where the pull requests are.
        environment: Whose promotions are looked at; others are passed over.
        emit: Called with each receipt.
        chronicle: Takes down what is found and written.
    """

    def __init__(
        self,
        world: World,
        forge: Forge,
        environment: Environment,
        *,
        emit: Callable[[Receipt], None],
        chronicle: Chronicle | None = None,
    ) -> None:
        self._world = world
        self._forge = forge
        self._environment = environment
        self._emit = emit
        self._names = Names(prefix=world.config.parameter_prefix, environment=environment.name)
        self._owners: dict[tuple[str, str], bool] = {}
        self._chronicle = chronicle or Chronicle(world, environment)
        self._histories = self._chronicle.histories
        self._cases: list[_Case] = []
        self.acted = 0
        """How many writes were made."""

    def fail(self, what: str, error: AssentError) -> None:
        """Report what could not be looked at or recorded."""
        self._emit(
            Failed(
                environment=self._environment.name,
                what=what,
                message=error.message,
                hint=error.hint,
            )
        )

    def read(self, pull: PullRequestState) -> None:
        """Read what was done to a pull request, for `decide`; most are passed over.

        Raises:
            AssentError: It could not be read.
        """
        if pull.branch.startswith(IMPORTS):
            return  # whether it was taken over or not, what was approved before is no question here
        named = promotion_of_branch(pull.branch)
        if named is not None and named.environment != self._environment.name:
            return
        if pull.state is not ProposalState.CLOSED and not pull.reopened:
            return
        conversation = self._forge.conversation(pull.number)
        subject = self._subject(pull, conversation)
        if subject is None:
            return
        turns = turns_of(pull, conversation)
        self._cases += [
            _Case(pull=pull, conversation=conversation, turns=turns, subject=subject, turn=turn)
            for turn in turns
        ]

    def decide(self) -> list[PullRequestState]:
        """Record what everything that was read decided, in the order in which it was done.

        Returns:
            Pull requests that could not be dealt with; each was reported.
        """
        cases = sorted(self._cases, key=lambda case: case.turn.at)
        self._cases.clear()
        failed: dict[int, PullRequestState] = {}
        stopped = False
        for case in cases:
            if stopped or case.pull.number in failed:
                failed[case.pull.number] = case.pull
                continue
            try:
                self._consider(case)
            except AssentError as error:
                self.fail(f"pull request {case.pull.number}", error)
                failed[case.pull.number] = case.pull
                stopped = error.retryable  # who does not answer is not asked about the rest
        return list(failed.values())

    def _consider(self, case: _Case) -> None:
        if case.turn.kind is TurnKind.CLOSED:
            self._consider_closing(case, case.subject)
        else:
            self._consider_reopening(case, case.subject)

    def _subject(
        self, pull: PullRequestState, conversation: Conversation
    ) -> _Subject | _Unclear | None:
        """What a pull request asks for here; None where it asks for no approval."""
        named, files = promotion_of_branch(pull.branch), conversation.files
        ids = [id_ for path in files if (id_ := parse_path(path)) is not None]
        if named is not None and named not in ids and len(files) >= _MANY_FILES:
            why = "this pull request changes more files than are looked at, not one record."
            return _Unclear(id=named, why=why)
        here = [id_ for id_ in ids if id_.environment == self._environment.name]
        if not here:
            return None
        id_ = here[0]
        if len(ids) > 1:
            why = f"this pull request changes {len(ids)} records, and a decision is about one."
            return _Unclear(id=id_, why=why)
        if named is not None and named != id_:
            why = f"its branch is that of {code(named.path)}, and it changes {code(id_.path)}."
            return _Unclear(id=id_, why=why)
        return self._read(pull, id_)

    def _read(self, pull: PullRequestState, id_: RecordId) -> _Subject | _Unclear | None:
        unclear = _Unclear(
            id=id_,
            why=f"its record {code(id_.path)} does not read, so nothing tells what it asked for.",
        )
        try:
            content = self._forge.file(id_.path, pull.head)
        except NoReadableFile:
            return unclear
        if content is None:
            return None
        parsed = parse_record(content, self._world.contracts.promotion)
        if not isinstance(parsed, ParsedRecord) or parsed.record.id != id_:
            return unclear
        if parsed.record.decision is not Decision.APPROVED:
            return None  # closing what says no leaves things as they are
        blob = blob_id(content)
        entry = self._world.history.lookup(self._world.head, [id_.path]).get(id_.path)
        if pull.state is ProposalState.CLOSED and entry is not None and entry.blob == blob:
            return None  # the very record came to main another way
        return _Subject(id=id_, record=parsed.record, blob=blob)

    # Closed.

    def _consider_closing(self, case: _Case, subject: _Subject | _Unclear) -> None:
        history = self._history(case.id)
        recorded = _entry_of(history, case)
        if recorded is not None:
            self._name_nothing(case.id.model)
            self._say(case, rejected_comment(case.id, case.turn, recorded.reason))
            return
        if case.is_answered():
            if case.is_answered(Answer.UNDONE) and not case.is_answered(Answer.STUCK):
                self._open_again(case)
            return
        try:
            objection = self._objection(case)
        except UndeterminedOwner as error:
            self._say_unchanged(case, f"{code(error.message)}.", error.hint)
            return
        if objection is not None:
            self._undo(case, objection)
        elif isinstance(subject, _Unclear):
            then = "Say what is meant in a pull request of its own."
            self._say_unchanged(case, subject.why, then)
        elif history.last is None or history.last.at <= case.turn.at:
            self._refuse(case, subject, history)

    def _objection(self, case: _Case) -> str | None:
        """Why a person's closing or reopening decides nothing; None where it does."""
        turn = case.turn
        if turn.referred:
            return (
                f"a keyword in what {code(turn.by)} merged elsewhere closed it, and nobody decided."
            )
        if turn.by == case.pull.author:
            return f"{code(turn.by)} opened this pull request, and nobody decides on their own."
        asked = (turn.by, case.id.path)
        if asked not in self._owners:
            self._owners[asked] = is_code_owner(self._world, self._forge, *asked)
        return (
            None
            if self._owners[asked]
            else (f"{code(turn.by)} is no code owner of {code(case.id.path)}.")
        )

    def _refuse(self, case: _Case, subject: _Subject, history: History) -> None:
        """Record a code owner's closing, unless it leaves alone what was decided."""
        id_, last = case.id, history.last
        said = history.about(subject.record.package.created)
        decided = None if said is None else said.decision
        where = code(id_.environment)
        then = (
            "To withdraw it, run "
            f"`assent retire {id_.model} {id_.version} --env {id_.environment} --reason ...`."
        )
        if decided is Decision.APPROVED and said is last:
            why = f"version {id_.version} is Approved in {where} and stays so."
            self._say_unchanged(case, why, then)
            return
        if decided is not None and decided is not Decision.APPROVED:
            why = f"version {id_.version} is {decided.value} in {where} already, and stays so."
            self._say_unchanged(case, why, "There is nothing to do.")
            return
        outside = self._world.config.registry.outside(id_.model)
        if outside is not None and not history.entries:
            self._say_unchanged(case, f"{outside}.", "There is nothing to do.")
            return
        if self._main_approves(case, subject):
            why = (
                f"{code(self._world.config.branch)} held an approval of version {id_.version} for "
                f"{where} by then, which counts once it takes effect."
            )
            self._say_unchanged(case, why, then)
            return
        reason = reason_for(case.turn, case.turns, case.conversation.remarks)
        aside = last is not None and last.decision is not None and last is not said
        self._decide(case, subject, Decision.REJECTED, history, reason=reason, aside=aside)
        self._say(case, rejected_comment(id_, case.turn, reason))

    def _main_approves(self, case: _Case, subject: _Subject) -> bool:
        """Whether main held an approval of the same package when the pull request was closed."""
        (wanted,) = wanted_records(self._world, self._environment.name, [case.id.path])
        if not isinstance(wanted, Asked) or wanted.record.decision is not Decision.APPROVED:
            return False
        if wanted.record.package.created != subject.record.package.created:
            return False
        commit = self._world.history.brought_by(self._world.head, case.id.path)
        pulls = [] if commit is None else self._forge.brought(commit, case.id.path)
        return any(to_seconds(pull.merged_at) <= case.turn.at for pull in pulls)

    def _was_closed_by_right(self, case: _Case) -> bool:
        """Whether the last before this turn who might decide closed, whatever came of it."""
        earlier = case.turns[: case.turns.index(case.turn)]
        entitled = (
            turn for turn in reversed(earlier) if self._objection(replace(case, turn=turn)) is None
        )
        last = next(entitled, None)
        return last is not None and last.kind is TurnKind.CLOSED

    def _undo(self, case: _Case, objection: str) -> None:
        """Say that a closing decides nothing, and open the pull request again: once, not twice."""
        if case.pull.state is ProposalState.MERGED:
            return  # what it decided or not is past
        if self._was_closed_by_right(case):
            then = "A code owner closed it before, and that stands until a code owner reopens it."
            self._say_unchanged(case, objection, then)
            return
        if case.pull.state is ProposalState.OPEN or case.turn != case.turns[-1]:
            self._say_unchanged(case, objection, "It was opened again since.")
            return
        undone = any(
            answered(case.conversation.remarks, answer_to(turn, Answer.UNDONE))
            for turn in case.turns
        )
        if undone:
            then = "It was opened again once and stays closed now; a code owner may reopen it."
            self._say_unchanged(case, objection, then)
            return
        if self._world.clock.now() - case.turn.at > _STALE:
            return
        then = "Assent opens the pull request again. A code owner rejects by closing it."
        self._say(case, unchanged_comment(case.turn, objection, then=then, undone=True))
        opened = self._open_again(case)
        self._report_unchanged(case, objection, reopened=opened)

    def _open_again(self, case: _Case) -> bool:
        """Restore the branch and reopen, as was announced; say so where GitHub will not."""
        if case.pull.state is not ProposalState.CLOSED or case.turn != case.turns[-1]:
            return False
        try:
            try:
                self._forge.create_branch(case.pull.branch, case.pull.head)
                self.acted += 1
            except AlreadyThere:
                pass  # it was not deleted
            self._forge.reopen(case.pull.number)
            self.acted += 1
        except AssentError as error:
            self._stuck(case, error)
            return False
        return True

    def _stuck(self, case: _Case, error: AssentError) -> None:
        if error.retryable:
            raise error
        if self._forge.pull_request(case.pull.number).state is not ProposalState.CLOSED:
            return  # somebody was faster
        self.fail(f"opening {case.pull.url} again", error)
        self._forge.label(case.pull.number, [VOID])
        self._forge.comment(case.pull.number, stuck_comment(case.turn, error.message))
        self.acted += 1

    # Reopened.

    def _consider_reopening(self, case: _Case, subject: _Subject | _Unclear) -> None:
        """Take a recorded rejection back, where a code owner reopened the pull request."""
        history = self._history(case.id)
        recorded = _entry_of(history, case)
        if recorded is not None:
            self._say(case, reopened_comment(case.id, case.turn))
            return
        mine = [each for each in history.entries if each.pull_request == case.pull.url]
        standing = mine[-1] if mine else None
        if standing is None or not standing.is_closing_of(case.pull.url):
            return  # there is no rejection to be taken back
        # A closing recorded aside is not the last decision, and may still come after this turn.
        later = (each.at for each in (history.last, standing) if each is not None)
        overtaken = any(at > case.turn.at for at in later)
        if overtaken or case.is_answered() or isinstance(subject, _Unclear):
            return
        try:
            objection = self._objection(case)
        except UndeterminedOwner as error:
            objection = f"{error.message}."
        if objection is None:
            self._decide(case, subject, None, history, aside=standing is not history.last)
            self._say(case, reopened_comment(case.id, case.turn))
        elif case.pull.state is ProposalState.OPEN and case.turn == case.turns[-1]:
            then = "A code owner closes it and opens it again, or the version is proposed anew."
            self._say_unchanged(case, objection, then)

    # Record and answer.

    def _decide(
        self,
        case: _Case,
        subject: _Subject,
        decision: Decision | None,
        history: History,
        *,
        reason: str = "",
        aside: bool = False,
    ) -> None:
        """Write registry, then history: what was cut off in between is written again."""
        package, evidence = subject.record.package, subject.record.evidence
        entry = HistoryEntry(
            decision=decision,
            blob=subject.blob,
            by=(case.turn.by,),
            at=case.turn.at,
            applied_at=to_seconds(self._world.clock.now()),
            pull_request=case.pull.url,
            commit=case.pull.head,
            evidence=evidence_digest(package, evidence),
            created=package.created,
            reason=reason,
            aside=aside,
        )
        longer = history.then(entry)
        self._chronicle.records[subject.blob] = subject.record
        restored = self._show(longer)
        parameters = self._world.parameters(self._environment)
        for name, value in write_history(self._names, longer):
            parameters.write(name, value)
        self._histories[case.id] = longer
        self.acted += 1
        self._name_nothing(case.id.model)
        self._emit(
            ClosingRecorded(
                id=case.id,
                becomes=decision,
                by=case.turn.by,
                at=entry.at,
                pull_request=case.pull.url,
                reason=reason,
                restored=restored,
            )
        )
        notice = decided_notice(case.id, decision, by=entry.by, reason=reason, url=case.pull.url)
        failure = notify(self._world.notices, self._environment, notice)
        if failure is not None:
            self._emit(failure)

    def _name_nothing(self, model: str) -> None:
        """Let `current` say that no version is approved, where it says nothing at all."""
        name, parameters = self._names.current(model), self._world.parameters(self._environment)
        text = parameters.read([name]).get(name)
        if text is None:
            text = write_current(self._environment.name, model, None)
            parameters.write(name, text)
            self._chronicle.named.add(model)
            self.acted += 1
        self._chronicle.currents[model] = text

    def _show(self, history: History) -> tuple[str, ...]:
        """Let the registry show what counts of the package that it has."""
        config, registry, id_ = self._world.config, self._world.registry, history.id
        if id_.environment != config.entry.name and is_import_pending(self._world, id_):
            return ()
        arn = parse_package_arn(config.registry.package_arn(id_.model, id_.version))
        try:
            seen = registry.describe(arn)
        except NotThere:
            return ()
        entry = history.about(seen.package.created)
        if entry is None or entry.decision is Decision.APPROVED:
            return ()  # a closing lets nothing in; what is in effect already is not proven here
        elsewhere = decisions_elsewhere(self._world, id_, seen)
        update = registry_showing(seen, id_, entry, elsewhere=elsewhere, ladder=config.ladder)
        return () if update is None else write_registry(registry, seen, update).restored

    def _history(self, id_: RecordId) -> History:
        if id_ in self._histories:
            return self._histories[id_]
        parameters = self._world.parameters(self._environment)
        found = read_histories(parameters, self._names, [id_])[id_]
        if isinstance(found, AssentError):
            raise found
        self._histories[id_] = found
        return found

    def _say_unchanged(self, case: _Case, why: str, then: str) -> None:
        if self._say(case, unchanged_comment(case.turn, why, then=then)):
            self._report_unchanged(case, why, reopened=False)

    def _report_unchanged(self, case: _Case, why: str, *, reopened: bool) -> None:
        self._emit(
            ClosingWithoutEffect(
                id=case.id,
                by=case.turn.by,
                pull_request=case.pull.url,
                why=why.replace("`", "").removesuffix("."),
                reopened=reopened,
            )
        )

    def _say(self, case: _Case, text: str) -> bool:
        """Comment, unless this very closing or reopening was answered before, or is long past."""
        if case.is_answered() or self._world.clock.now() - case.turn.at > _STALE:
            return False
        self._forge.comment(case.pull.number, text)
        self.acted += 1
        return True


def _entry_of(history: History, case: _Case) -> HistoryEntry | None:
    """What a closing or reopening left in the history, if it was recorded."""
    decision = Decision.REJECTED if case.turn.kind is TurnKind.CLOSED else None
    meant = (case.pull.url, decision, case.turn.at)
    for entry in history.entries:
        if (entry.pull_request, entry.decision, entry.at) == meant:
            return entry
    return None
