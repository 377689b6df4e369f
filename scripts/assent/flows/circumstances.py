"""What git cannot tell of a change, because anybody can write it there: times, and labels."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Protocol

from assent.core.forge import ProposalState, PullRequestState
from assent.core.names import RecordId, promotion_of_branch
from assent.core.review import BrokenGlass
from assent.ports import Forge, History, NotThere

__all__ = ["Circumstances", "ForgeCircumstances", "GlassJudge"]

_LOOKED_AT = 200
"""How many pull requests, those last updated first, are looked through for a promotion's own."""


class Circumstances(Protocol):
    """What GitHub knows of a change. Each is asked only where it decides something."""

    def below_since(self, below: RecordId, /) -> datetime | None:
        """When the record that approves a version one rung below was merged.

        None where no merged pull request brought it, so that nothing tells.

        Raises:
            AssentError: It could not be read, which is not "never".
        """
        ...

    def broke_glass(self, id_: RecordId, /) -> BrokenGlass | None:
        """Who lifted what the promotion waits for; None where nobody did.

        Raises:
            AssentError: It could not be read, which is not a no.
        """
        ...


GlassJudge = Callable[[Forge, PullRequestState, str], BrokenGlass | None]
"""Judges whether a pull request's break-glass label counts for a path; raises where it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeCircumstances:
    """`Circumstances` of a change to `base`, as GitHub tells them."""

    history: History
    base: str
    forge: Callable[[], Forge]
    """Called when something has to be asked, so that a change that waits for nothing needs no
    credentials."""
    judge_glass: GlassJudge
    number: int | None = None
    """The pull request's; None in the merge queue, where the promotion's branch tells it."""

    def below_since(self, below: RecordId, /) -> datetime | None:
        """See `Circumstances`."""
        commit = self.history.brought_by(self.base, below.path)
        if commit is None:
            return None
        pulls = self.forge().brought(commit, below.path)
        # Of several, those that were merged into one another, it is the one that made the commit.
        own = [pull for pull in pulls if pull.merge_commit == commit] or pulls
        return max((pull.merged_at for pull in own), default=None)

    def broke_glass(self, id_: RecordId, /) -> BrokenGlass | None:
        """See `Circumstances`."""
        forge = self.forge()
        for pull in self._pulls(forge, id_):
            found = self.judge_glass(forge, pull, id_.path)
            if found is not None:
                return found
        return None

    def _pulls(self, forge: Forge, id_: RecordId) -> Iterator[PullRequestState]:
        """The open pull request that brings a record, if one of this repository does."""
        if self.number is None:
            for pull in islice(forge.recent_pull_requests(None), _LOOKED_AT):
                own = promotion_of_branch(pull.branch) == id_
                if own and pull.state is ProposalState.OPEN:
                    yield pull
            return
        try:
            yield forge.pull_request(self.number)
        except NotThere:
            # It comes from a fork, where nobody's label lifts anything, or goes to another branch.
            return
