"""How records came to the branch that counts: by which commit, and which pull requests."""

from dataclasses import dataclass

from assent.core.approval import Bringing
from assent.core.config import CONFIG_PATH, Config, parse_config
from assent.core.objections import judges_records
from assent.flows.wanted import World
from assent.ports import Forge, NotThere

__all__ = ["Landing", "Origin", "Origins"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How the branch that counts came to what it holds at a path."""

    commit: str
    """The latest first-parent commit that changed it."""
    base: str | None
    """The commit before that; None for the first of all. It may be the pull request's own, where
    several came to the branch: see `Origins.landing`."""
    pulls: tuple[Bringing, ...]
    """The merged pull requests that brought it; that which made the commit comes first."""

    def holding(self, blob: str) -> Bringing | None:
        """The pull request whose branch held a record.

        Merging a branch that was made from another's marks both merged; only one may have it.
        """
        return next((each for each in self.pulls if each.blob == blob), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """What a pull request brought to the branch that counts: the commits after `base`."""

    base: str | None
    """The commit before its first one; None where there is none."""
    end: str
    """The last commit that is surely its own, and holds the record or comes after it."""


class Origins:
    """The origins of what main's head holds, each looked up once in a run.

    Args:
        world: The clone, and what reads a configuration.
        forge: Where the pull requests are.
    """

    def __init__(self, world: World, forge: Forge) -> None:
        self._world = world
        self._forge = forge
        self._found: dict[str, Origin | None] = {}
        self._configs: dict[str, Config] = {}

    def of(self, path: str) -> Origin | None:
        """The origin of a record; None where no commit ever changed that path.

        Raises:
            AssentError: GitHub or the clone could not be read.
        """
        if path not in self._found:
            self._found[path] = self._look_up(path)
        return self._found[path]

    def _look_up(self, path: str) -> Origin | None:
        commit = self._world.history.brought_by(self._world.head, path)
        return None if commit is None else self.at(commit, path)

    def at(self, commit: str, path: str) -> Origin:
        """The origin of a record that a commit brought, which may not be main's any more.

        Raises:
            AssentError: GitHub or the clone could not be read.
        """
        return Origin(
            commit=commit,
            base=self._world.history.parent(commit),
            pulls=tuple(self._forge.brought(commit, path)),
        )

    def landing(self, origin: Origin, pull: Bringing, path: str) -> Landing:
        """Where a pull request's commits begin and end on the branch that counts.

        Merging by a merge commit or by squashing makes one commit. Rebasing, or pushing the branch
        itself, brings all that the pull request has, and those before the record may loosen what
        those after it tighten again. Whose the earlier commits are only GitHub tells. It is asked
        where any of as many as the pull request has changed what judges records: what none of
        them changed was the same before each of them.

        Args:
            origin: How the record came.
            pull: Which of the pull requests has it.
            path: The record's.

        Raises:
            AssentError: GitHub or the clone could not be read.
        """
        end = self._end(origin, pull)
        if origin.base is None or not self._may_judge(origin, len(pull.commits)):
            return Landing(base=origin.base, end=end)
        at: str | None = origin.base
        for _ in pull.commits[1:]:
            if at is None or not self._is_of(at, pull, path):
                break
            at = self._world.history.parent(at)
        return Landing(base=at, end=end)

    def _end(self, origin: Origin, pull: Bringing) -> str:
        history = self._world.history
        end = pull.head if origin.commit in pull.commits else pull.merge_commit
        if end is None or end == origin.commit or not history.is_ancestor(origin.commit, end):
            return origin.commit
        return end if history.is_ancestor(end, self._world.head) else origin.commit

    def _may_judge(self, origin: Origin, count: int) -> bool:
        """Whether a commit that may be of the same pull request changed what judges records."""
        history, at = self._world.history, origin.base
        for _ in range(count - 1):
            before = None if at is None else history.parent(at)
            if before is None:
                break
            at = before
        if at is None or at == origin.base:
            return False
        return any(map(judges_records, history.touched(at, origin.commit)))

    def _is_of(self, commit: str, pull: Bringing, path: str) -> bool:
        if commit in pull.commits:
            return True
        brought = self._forge.brought(commit, path)
        return any(each.number == pull.number for each in brought)

    def config_at(self, commit: str) -> Config:
        """The configuration that a commit holds.

        Raises:
            AssentError: It holds none, or none that can be read.
        """
        history = self._world.history
        entry = history.lookup(commit, [CONFIG_PATH]).get(CONFIG_PATH)
        if entry is None:
            raise NotThere(
                f"commit {commit[:12]} holds no {CONFIG_PATH}, so nothing tells what was asked for "
                "when the record was merged after it",
                hint="Bring the record to the branch again, by a new pull request.",
            )
        if entry.blob not in self._configs:
            ((_, content),) = history.blobs([entry.blob])
            self._configs[entry.blob] = parse_config(content, self._world.contracts.config)
        return self._configs[entry.blob]
