"""What shows a decision whose receipt was lost: the same proof, made once more.

A history in Parameter Store is no proof: whoever may write parameters could have written it. So a
receipt that is made up for one shows what was said, and that it counts only as far as that can be
proven now.
"""

from assent.core.approval import Shown
from assent.core.changes import Asked
from assent.core.closing import turns_of
from assent.core.forge import TurnKind
from assent.core.gates import GateFails, judge_gates
from assent.core.imports import is_import, late_import
from assent.core.names import RecordId, parse_package_arn
from assent.core.parameters import HistoryEntry
from assent.core.record import Decision, Record, Waiver
from assent.flows.origins import Origins
from assent.flows.prove import Unproven, prove_at
from assent.flows.recheck import recheck
from assent.flows.wanted import World, record_of_blob
from assent.ports import Forge, NotThere

__all__ = ["Recovery"]

_Found = tuple[Shown | None, str | None]
"""What there is of an approval, and why it is not proven; None where it is."""


class Recovery:
    """Proves decisions that are in effect already; each once.

    Args:
        world: What is read.
        forge: Where the pull requests are.
    """

    def __init__(self, world: World, forge: Forge) -> None:
        self._world = world
        self._forge = forge
        self._origins = Origins(world, forge)
        self._found: dict[tuple[RecordId, HistoryEntry], _Found] = {}

    def __call__(self, id_: RecordId, entry: HistoryEntry, /) -> Shown | None:
        """What shows the approval of a decision, if only in part; None where nothing does.

        Raises:
            AssentError: GitHub, the registry, S3 or the clone could not be read.
        """
        return self._look(id_, entry)[0]

    def objection(self, id_: RecordId, entry: HistoryEntry) -> str | None:
        """Why the approval of a decision is not proven; None where it is.

        Raises:
            AssentError: As above.
        """
        return self._look(id_, entry)[1] or self._failing(id_, entry)

    def closed(self, entry: HistoryEntry) -> bool:
        """Whether its pull request was closed, or reopened, by whom and when an entry says.

        Raises:
            AssentError: GitHub could not be read.
        """
        repository, _, number = entry.pull_request.rpartition("/pull/")
        if not repository or not (number.isascii() and number.isdigit()) or len(entry.by) != 1:
            return False
        try:
            pull = self._forge.pull_request(int(number))
            if pull.url != entry.pull_request:
                return False
            turns = turns_of(pull, self._forge.conversation(pull.number))
        except NotThere:
            return False
        kind = TurnKind.REOPENED if entry.decision is None else TurnKind.CLOSED
        said = (kind, entry.by[0], entry.at)
        return said in {(turn.kind, turn.by, turn.at) for turn in turns if not turn.referred}

    def _look(self, id_: RecordId, entry: HistoryEntry) -> _Found:
        key = (id_, entry)
        if key not in self._found:
            self._found[key] = self._look_up(id_, entry)
        return self._found[key]

    def _look_up(self, id_: RecordId, entry: HistoryEntry) -> _Found:
        record = record_of_blob(self._world, entry.blob)
        if record is None:
            return None, "the clone does not have its record"
        if record.id != id_ or record.decision is not entry.decision:
            return None, "its record says something else"
        if not self._is_on_main(entry.commit):
            return None, f"its commit is not on {self._world.config.branch}"
        origin = self._origins.at(entry.commit, id_.path)
        asked = Asked(id=id_, record=record, blob=entry.blob)
        waived = self._waived(id_, record, entry)
        proof = prove_at(origin, self._world, self._forge, self._origins, asked, waived=waived)
        if isinstance(proof, Unproven):
            return proof.shown, f"{proof.why} [{proof.reason}]"
        altered = self._altered(asked)
        if altered is not None:
            return None, altered  # whoever approved that approved something else
        return Shown(author=proof.author, approvals=proof.approvals), None

    def _is_on_main(self, commit: str) -> bool:
        """Whether it is a commit, and no tag of one, that the branch that counts contains."""
        history = self._world.history
        try:
            return history.commit(commit) == commit and history.is_ancestor(
                commit, self._world.head
            )
        except NotThere:
            return False

    def _waived(self, id_: RecordId, record: Record, entry: HistoryEntry) -> list[Waiver]:
        """The waivers that it took effect by, whatever its history says of them.

        With what it was compared then, nobody looks up any more: there every waiver counts.
        """
        gates = self._world.config.gates(id_.environment, id_.model)
        failing = {result.gate.id for result in self._failed(id_, record)}
        compared = {gate.id for gate in gates if gate.kind.compares}
        used = failing | compared | set(entry.waived)
        return [each for each in record.waivers if each.gate in used]

    def _failed(self, id_: RecordId, record: Record) -> list[GateFails]:
        """What its numbers do not hold of the gates that compare with nothing."""
        if is_import(record):
            return []  # no gate was asked of it
        gates = self._world.config.gates(id_.environment, id_.model)
        alone = [gate for gate in gates if not gate.kind.compares]
        results = judge_gates(alone, record.evidence, None)
        return [result for result in results if isinstance(result, GateFails)]

    def _failing(self, id_: RecordId, entry: HistoryEntry) -> str | None:
        """Which gate it fails that nothing waives; a receipt tells of approvals all the same."""
        record = record_of_blob(self._world, entry.blob)
        if record is None or entry.decision is not Decision.APPROVED:
            return None
        if is_import(record):
            return late_import(record.package.created, self._world.config)
        waived = {each.gate for each in record.waivers}
        failing = [each for each in self._failed(id_, record) if each.gate.id not in waived]
        return f"it fails {failing[0].gate.id}: {failing[0].why}" if failing else None

    def _altered(self, asked: Asked) -> str | None:
        """What of an approval's evidence is not as its record says."""
        if asked.record.decision is not Decision.APPROVED:
            return None
        arn = self._world.config.registry.package_arn(asked.id.model, asked.id.version)
        try:
            seen = self._world.registry.describe(parse_package_arn(arn))
        except NotThere as error:
            return error.message
        found = recheck(self._world, asked, seen)
        return None if found is None else f"{found.detail} [{found.reason}]"
