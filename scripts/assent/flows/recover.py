"""What shows the approval of a decision whose receipt was lost: the same proof, made once more.

A history in Parameter Store is no proof: whoever may write parameters could have written it. So a
receipt that is made up for one shows what was said, and that it counts only as far as that can be
proven now.
"""

from assent.core.approval import Shown
from assent.core.changes import Asked
from assent.core.names import RecordId
from assent.core.parameters import HistoryEntry
from assent.flows.origins import Origin, Origins
from assent.flows.prove import Unproven, prove_at
from assent.flows.wanted import World, record_of_blob
from assent.ports import Forge, NotThere

__all__ = ["Recovery"]


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
        self._found: dict[tuple[RecordId, HistoryEntry], Shown | None] = {}

    def __call__(self, id_: RecordId, entry: HistoryEntry, /) -> Shown | None:
        """What shows the approval of a decision, if only in part; None where nothing does.

        Raises:
            AssentError: GitHub or the clone could not be read.
        """
        key = (id_, entry)
        if key not in self._found:
            self._found[key] = self._look_up(id_, entry)
        return self._found[key]

    def _look_up(self, id_: RecordId, entry: HistoryEntry) -> Shown | None:
        record = record_of_blob(self._world, entry.blob)
        history, commit = self._world.history, entry.commit
        if record is None or not self._is_on_main(commit):
            return None
        origin = Origin(
            commit=commit,
            base=history.parent(commit),
            pulls=tuple(self._forge.brought(commit, id_.path)),
        )
        asked = Asked(id=id_, record=record, blob=entry.blob)
        waived = [each for each in record.waivers if each.gate in entry.waived]
        proof = prove_at(origin, self._world, self._forge, self._origins, asked, waived=waived)
        if isinstance(proof, Unproven):
            return proof.shown
        return Shown(author=proof.author, approvals=proof.approvals)

    def _is_on_main(self, commit: str) -> bool:
        """Whether it is a commit, and no tag of one, that the branch that counts contains."""
        history = self._world.history
        try:
            return history.commit(commit) == commit and history.is_ancestor(
                commit, self._world.head
            )
        except NotThere:
            return False
