"""Keep one issue open about a thing, whoever else opens one at the same time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assent.core.forge import IssueReport
from assent.ports import Forge

__all__ = ["OneIssue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneIssue:
    """The one open issue of a title that Assent's own App opened."""

    forge: Forge
    title: str
    label: str
    """Which every such issue carries."""
    duplicate: Callable[[int], str]
    """What is said on another one, given the number of the one that stays."""

    def find(self) -> IssueReport | None:
        """The one that is open; of several the oldest, and the others are closed."""
        found = self._all()
        if not found:
            return None
        keeper, *others = found
        for other in others:
            self._close(other, keeper)
        return keeper

    def open(self, body: str, labels: Sequence[str]) -> tuple[IssueReport, bool]:
        """Open it; returns the one that stays, and whether that is the one opened here."""
        opened = self.forge.open_issue(self.title, body, labels)
        # GitHub gives out numbers in order, so that of two who look, both see the same one first.
        first = min([*self._all(), opened], key=lambda each: each.number)
        if first.number == opened.number:
            return opened, True
        self._close(opened, first)
        return first, False

    def _all(self) -> list[IssueReport]:
        found = [each for each in self.forge.own_issues(self.label) if each.title == self.title]
        return sorted(found, key=lambda each: each.number)

    def _close(self, other: IssueReport, keeper: IssueReport) -> None:
        self.forge.comment(other.number, self.duplicate(keeper.number))
        self.forge.close_issue(other.number)
