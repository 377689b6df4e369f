"""One environment's closed and reopened pull requests: what each decides, and its record."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from assent.core.config import Environment
from assent.core.errors import AssentError
from assent.core.evidence import evidence_digest
from assent.core.forge import Conversation, ProposalState, PullRequestState, Turn, TurnKind
from assent.core.git_objects import blob_id
from assent.core.names import RecordId, parse_package_arn, parse_path, promotion_of_branch
from assent.core.parameters import History, HistoryEntry, Names, write_current, write_history
from assent.core.plan import registry_showing
from assent.core.receipts import ClosingRecorded, ClosingWithoutEffect, Failed, Receipt
from assent.core.record import Decision, ParsedRecord, Record, parse_record
from assent.core.registry_fields import one_line
from assent.core.rendering.closing import (
    marker,
    rejected_comment,
    reopened_comment,
    unchanged_comment,
)
from assent.core.rendering.markdown import code
from assent.core.rendering.notices import decided_notice
from assent.core.timestamps import to_seconds
from assent.flows.elsewhere import decisions_elsewhere
from assent.flows.histories import read_histories
from assent.flows.notify import notify
from assent.flows.ownership import is_code_owner
from assent.flows.wanted import World
from assent.flows.write_registry import write_registry
from assent.ports import AlreadyThere, Forge, NotThere

__all__ = ["Closings"]

_LONGEST_REASON = 300
"""What history, registry and comment hold of one; the pull request has the rest."""
_NOBODY = "ghost"
"""As GitHub shows those whom it does not know any more."""


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
    """A pull request, and the last time that it was closed or reopened."""

    pull: PullRequestState
    conversation: Conversation
    id: RecordId
    turn: Turn
    """In whole seconds, as histories hold it."""


class Closings:
    """Looks at one pull request after the other, and records what each decided.

    Everything that is written is looked for first, so that a look that was cut off anywhere is
    completed by the next one.

    Args:
        world: What is read and written.
        forge: Where the pull requests are.
        environment: Whose promotions are looked at; others are passed over.
        emit: Called with each receipt.
    """

    def __init__(
        self,
        world: World,
        forge: Forge,
        environment: Environment,
        *,
        emit: Callable[[Receipt], None],
    ) -> None:
        self._world = world
        self._forge = forge
        self._environment = environment
        self._emit = emit
        self._names = Names(prefix=world.config.parameter_prefix, environment=environment.name)
        self.acted = 0
        """How many writes were made."""
        self.failed = False

    def fail(self, what: str, error: AssentError) -> None:
        """Report what could not be looked at or recorded."""
        self.failed = True
        self._emit(
            Failed(
                environment=self._environment.name,
                what=what,
                message=error.message,
                hint=error.hint,
            )
        )

    def consider(self, pull: PullRequestState) -> None:
        """Record what closing or reopening a pull request decided here, unless that was done.

        Raises:
            AssentError: It could not be found out or recorded.
        """
        named = promotion_of_branch(pull.branch)
        if named is not None and named.environment != self._environment.name:
            return
        closed = pull.state is ProposalState.CLOSED
        if not closed and not pull.reopened:
            return
        conversation = self._forge.conversation(pull.number)
        subject = self._subject(pull, conversation.files)
        if subject is None:
            return
        turn = _last(conversation, TurnKind.CLOSED if closed else TurnKind.REOPENED)
        if turn is None:
            if pull.closed_at is None:
                return
            # GitHub does not always tell who closed; whoever it was, nothing shows their right to.
            turn = Turn(kind=TurnKind.CLOSED, by=_NOBODY, at=to_seconds(pull.closed_at))
        case = _Case(pull=pull, conversation=conversation, id=subject.id, turn=turn)
        if closed:
            self._consider_closed(case, subject)
        elif isinstance(subject, _Subject):
            self._consider_reopened(case, subject)

    def _subject(self, pull: PullRequestState, files: Iterable[str]) -> _Subject | _Unclear | None:
        """What a pull request asks for here; None where it asks for no approval."""
        ids = [id_ for path in files if (id_ := parse_path(path)) is not None]
        here = [id_ for id_ in ids if id_.environment == self._environment.name]
        if not here:
            return None
        id_ = here[0]
        if len(ids) > 1:
            why = f"this pull request changes {len(ids)} records, and a decision is about one."
            return _Unclear(id=id_, why=why)
        named = promotion_of_branch(pull.branch)
        if named is not None and named != id_:
            why = f"its branch is that of {code(named.path)}, and it changes {code(id_.path)}."
            return _Unclear(id=id_, why=why)
        content = self._forge.file(id_.path, pull.head)
        if content is None:
            return None
        parsed = parse_record(content, self._world.contracts.promotion)
        if not isinstance(parsed, ParsedRecord) or parsed.record.id != id_:
            why = f"its record {code(id_.path)} does not read, so nothing tells what it asked for."
            return _Unclear(id=id_, why=why)
        if parsed.record.decision is not Decision.APPROVED:
            return None  # closing what says no leaves things as they are
        blob = blob_id(content)
        entry = self._world.history.lookup(self._world.head, [id_.path]).get(id_.path)
        if pull.state is ProposalState.CLOSED and entry is not None and entry.blob == blob:
            return None  # the very record came to main another way
        return _Subject(id=id_, record=parsed.record, blob=blob)

    def _consider_closed(self, case: _Case, subject: _Subject | _Unclear) -> None:
        history = self._history(case.id)
        recorded = next((each for each in history.entries if _is_of(each, case)), None)
        if recorded is not None:
            self._name_nothing(case.id.model)
            self._say(case, rejected_comment(case.id, case.turn, recorded.reason))
            return
        objection = self._objection(case)
        if objection is not None:
            self._undo(case, objection)
        elif isinstance(subject, _Unclear):
            then = "Say what is meant in a pull request of its own."
            self._say_unchanged(case, subject.why, then)
        elif history.last is None or history.last.at <= case.turn.at:
            self._refuse(case, subject, history)

    def _objection(self, case: _Case) -> str | None:
        """Why a person's closing or reopening decides nothing; None where it does."""
        by = case.turn.by
        if by == case.pull.author:
            return f"{code(by)} opened this pull request, and nobody decides on their own."
        if is_code_owner(self._world, self._forge, by, case.id.path):
            return None
        return f"{code(by)} is no code owner of {code(case.id.path)}."

    def _refuse(self, case: _Case, subject: _Subject, history: History) -> None:
        """Record a code owner's closing, unless it leaves alone what was decided."""
        id_, last = case.id, history.last
        if history.decision is Decision.APPROVED:
            self._say_unchanged(
                case,
                f"version {id_.version} is Approved in {code(id_.environment)} and stays so.",
                "To withdraw it, run `assent retire "
                f"{id_.model} {id_.version} --env {id_.environment} --reason ...`.",
            )
            return
        if last is not None and last.decision and last.created == subject.record.package.created:
            self._say_unchanged(
                case,
                f"version {id_.version} is {last.decision.value} in {code(id_.environment)} "
                "already, and stays so.",
                "There is nothing to do.",
            )
            return
        reason = _reason(case)
        self._decide(case, subject, Decision.REJECTED, history, reason)
        self._say(case, rejected_comment(id_, case.turn, reason))

    def _consider_reopened(self, case: _Case, subject: _Subject) -> None:
        """Take a recorded rejection back, where a code owner reopened the pull request."""
        history = self._history(case.id)
        turn, last = case.turn, history.last
        if last is None or last.pull_request != case.pull.url or last.at > turn.at:
            return
        if last.decision is None:
            self._say(case, reopened_comment(case.id, turn))
            return
        if last.decision is not Decision.REJECTED:
            return
        objection = self._objection(case)
        if objection is None:
            self._decide(case, subject, None, history, "")
            self._say(case, reopened_comment(case.id, turn))
        elif case.pull.state is ProposalState.OPEN:
            then = "A code owner closes it and opens it again, or the version is proposed anew."
            self._say_unchanged(case, objection, then)

    def _decide(
        self,
        case: _Case,
        subject: _Subject,
        decision: Decision | None,
        history: History,
        reason: str,
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
        )
        restored = self._show(case.id, entry)
        parameters = self._world.parameters(self._environment)
        for name, value in write_history(self._names, history.then(entry)):
            parameters.write(name, value)
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
        if name not in parameters.read([name]):
            parameters.write(name, write_current(self._environment.name, model, None))
            self.acted += 1

    def _show(self, id_: RecordId, entry: HistoryEntry) -> tuple[str, ...]:
        """Let the registry show the decision, if it still has the package that it is about."""
        config, registry = self._world.config, self._world.registry
        arn = parse_package_arn(config.registry.package_arn(id_.model, id_.version))
        try:
            seen = registry.describe(arn)
        except NotThere:
            return ()
        if seen.package.created != entry.created:
            return ()
        elsewhere = decisions_elsewhere(self._world, id_, seen)
        update = registry_showing(seen, id_, entry, elsewhere=elsewhere, ladder=config.ladder)
        return () if update is None else write_registry(registry, seen, update)

    def _undo(self, case: _Case, objection: str) -> None:
        """Say that a closing decides nothing, and open the pull request again: once, not twice."""
        earlier = (
            turn
            for turn in case.conversation.turns
            if turn.kind is TurnKind.CLOSED and to_seconds(turn.at) != case.turn.at
        )
        if any(_is_answered(case.conversation, turn) for turn in earlier):
            then = "It was opened again once and stays closed now; a code owner may reopen it."
            self._say_unchanged(case, objection, then)
            return
        then = "Assent opens the pull request again. A code owner rejects by closing it."
        self._say_unchanged(case, objection, then, reopens=True)
        try:
            self._forge.create_branch(case.pull.branch, case.pull.head)
            self.acted += 1
        except AlreadyThere:
            pass  # it was not deleted
        try:
            self._forge.reopen(case.pull.number)
            self.acted += 1
        except AlreadyThere:
            return  # merged meanwhile, or another one of its branch is open

    def _history(self, id_: RecordId) -> History:
        parameters = self._world.parameters(self._environment)
        found = read_histories(parameters, self._names, [id_])[id_]
        if isinstance(found, AssentError):
            raise found
        return found

    def _say_unchanged(self, case: _Case, why: str, then: str, *, reopens: bool = False) -> None:
        if self._say(case, unchanged_comment(case.turn, why, then=then)):
            self._emit(
                ClosingWithoutEffect(
                    id=case.id,
                    by=case.turn.by,
                    pull_request=case.pull.url,
                    why=why.replace("`", "").removesuffix("."),
                    reopened=reopens,
                )
            )

    def _say(self, case: _Case, text: str) -> bool:
        """Comment, unless this very closing or reopening was answered before."""
        if _is_answered(case.conversation, case.turn):
            return False
        self._forge.comment(case.pull.number, text)
        self.acted += 1
        return True


def _last(conversation: Conversation, kind: TurnKind) -> Turn | None:
    turns = [turn for turn in conversation.turns if turn.kind is kind]
    return replace(turns[-1], at=to_seconds(turns[-1].at)) if turns else None


def _is_of(entry: HistoryEntry, case: _Case) -> bool:
    """Whether a decision is the one that this closing made."""
    said = (entry.pull_request, entry.decision, entry.at)
    return said == (case.pull.url, Decision.REJECTED, case.turn.at)


def _is_answered(conversation: Conversation, turn: Turn) -> bool:
    return any(remark.own and marker(turn) in remark.text for remark in conversation.remarks)


def _reason(case: _Case) -> str:
    """What the person who closed said last before it, since it was last opened; or first after."""
    turn, conversation = case.turn, case.conversation
    opened = max(
        (each.at for each in conversation.turns if to_seconds(each.at) < turn.at), default=None
    )
    said = [
        remark
        for remark in conversation.remarks
        if remark.by == turn.by and not remark.own and (opened is None or remark.at >= opened)
    ]
    before = [remark for remark in said if to_seconds(remark.at) <= turn.at]
    after = [remark for remark in said if to_seconds(remark.at) > turn.at]
    chosen = before[-1:] or after[:1]
    return one_line(chosen[0].text, _LONGEST_REASON) if chosen else ""
