"""Tell of what is refused: a receipt, and a comment on the pull request that asked for it.

The comment comes after everything that counts, once for each record and reason. It is looked for
on GitHub itself, so a run that was cut off before or after it is made up for by the next. What
fails of it holds up nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assent.core.approval import Bringing
from assent.core.closing import answered
from assent.core.errors import AssentError
from assent.core.receipts import Refused
from assent.core.rendering.refused import (
    MOST_TOLD,
    refusals_comment,
    refused_comment,
    refused_mark,
)
from assent.flows.origins import Origins
from assent.flows.progress import Progress
from assent.ports import Forge

if TYPE_CHECKING:
    from assent.core.changes import Reason

__all__ = ["Refusals"]

_FEW = 3
"""So many refusals of one pull request for one reason have a comment each."""


class Refusals:
    """What one environment's run refuses.

    Args:
        run: The run.
        forge: Where the pull requests are.
        origins: How records came to the branch that counts.
    """

    def __init__(self, run: Progress, forge: Forge, origins: Origins) -> None:
        self._run = run
        self._forge = forge
        self._origins = origins
        self._untold: list[tuple[Refused, Bringing]] = []
        self._silent = False
        """Whether GitHub does not answer; it is not asked about the rest then."""

    def report(self, refused: Refused) -> None:
        """Report what must not happen, with the pull request that brought it, if one did."""
        pull = self._pull_of(refused)
        found = refused if pull is None else replace(refused, pull_request=pull.url)
        self._run.refuse(found)
        if pull is not None:
            self._untold.append((found, pull))

    def tell(self) -> None:
        """Comment on what was reported, as far as nothing says it yet.

        What of one pull request is refused for one reason is told at once, if it is much: an
        import may have thousands of records.
        """
        groups: dict[tuple[int, Reason], list[Refused]] = {}
        for refused, pull in self._untold:
            groups.setdefault((pull.number, refused.reason), []).append(refused)
        for (number, _), some in groups.items():
            many = len(some) > _FEW
            parts = [some[at : at + MOST_TOLD] for at in range(0, len(some), MOST_TOLD)]
            for part in parts if many else [[each] for each in some]:
                if self._silent:
                    return
                try:
                    self._say(part, number)
                except AssentError as error:
                    self._note(part[0], error)

    def _pull_of(self, refused: Refused) -> Bringing | None:
        if self._silent:
            return None
        try:
            origin = self._origins.of(refused.id.path)
        except AssentError as error:
            self._note(refused, error)
            return None
        if origin is None or not origin.pulls:
            return None
        return origin.holding(refused.blob) or origin.pulls[0]

    def _say(self, some: Sequence[Refused], number: int) -> None:
        remarks = self._forge.conversation(number).remarks
        untold = [each for each in some if not answered(remarks, refused_mark(each))]
        if not untold:
            return
        run = self._run.world.run
        text = refused_comment(untold[0], run) if len(some) == 1 else refusals_comment(untold, run)
        self._forge.comment(number, text)

    def _note(self, refused: Refused, error: AssentError) -> None:
        self._silent = error.retryable
        self._run.fail(refused.id.path, error)
