"""How records came to the branch that counts: by which commit, and which pull requests."""

from dataclasses import dataclass

from assent.core.approval import Bringing
from assent.core.config import CONFIG_PATH, Config, parse_config
from assent.flows.wanted import World
from assent.ports import Forge, NotThere

__all__ = ["Origin", "Origins"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How the branch that counts came to what it holds at a path."""

    commit: str
    """The latest first-parent commit that changed it."""
    base: str | None
    """The commit before that; None for the first of all."""
    pulls: tuple[Bringing, ...]
    """The merged pull requests that brought it; that which made the commit comes first."""

    def holding(self, blob: str) -> Bringing | None:
        """The pull request whose branch held a record.

        Merging a branch that was made from another's marks both merged; only one may have it.
        """
        return next((each for each in self.pulls if each.blob == blob), None)


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
        history = self._world.history
        commit = history.brought_by(self._world.head, path)
        if commit is None:
            return None
        return Origin(
            commit=commit,
            base=history.parent(commit),
            pulls=tuple(self._forge.brought(commit, path)),
        )

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
