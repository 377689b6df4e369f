"""What should be, told by the promises alone: the plan under test has no part in it."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cache
from typing import Any

import rfc8785
import yaml

__all__ = [
    "APPROVED",
    "BOT",
    "PENDING",
    "REJECTED",
    "RETIRED",
    "Brought",
    "Entry",
    "Key",
    "Oracle",
    "Pull",
    "Said",
    "State",
    "Turn",
    "path_of",
    "read_said",
]

APPROVED, REJECTED, RETIRED = "Approved", "Rejected", "Retired"
PENDING = "PendingManualApproval"
"""What history and registry say where a closing was taken back, and nothing is decided."""
BOT = "assent[bot]"

Key = tuple[str, str, int]
"""Environment, model, version."""


def path_of(key: Key) -> str:
    """Where the repository has a record."""
    return f"promotions/{key[0]}/{key[1]}/{key[2]}.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one record text says, as far as the promises speak of it."""

    text: bytes
    status: str
    created: str
    digest: str
    """As the text claims it."""
    true_digest: str
    """Of the package and evidence that it has."""
    arn: str
    containers: tuple[Any, ...] = field(repr=False)
    inference: str | None
    """Where the batch inference ran that it rests on."""

    @property
    def blob(self) -> str:
        """The id that git gives to the text."""
        header = b"blob %d\0" % len(self.text)
        return hashlib.sha1(header + self.text, usedforsecurity=False).hexdigest()


@cache
def read_said(text: bytes) -> Said:
    """Read a record with nothing of the product's but its form."""
    value: dict[str, Any] = yaml.load(text, yaml.CSafeLoader)
    package = value["package"]
    evidence = {key: each for key, each in value["evidence"].items() if key != "digest"}
    canonical = rfc8785.dumps({"package": package, "evidence": evidence})
    return Said(
        text=text,
        status=value["status"],
        created=package["created"],
        digest=value["evidence"]["digest"],
        true_digest="sha256:" + hashlib.sha256(canonical).hexdigest(),
        arn=package["arn"],
        containers=tuple(package["containers"]),
        inference=(evidence.get("inference") or {}).get("environment"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """How a record came to main."""

    at: int
    """When, as the oracle counts time."""
    number: int | None = None
    """The pull request's; None for a direct push."""
    approvers: tuple[str, ...] = ()
    """Who approved it, in the order in which they did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A decision that took effect."""

    status: str
    said: Said
    by: tuple[str, ...]
    number: int | None
    at: int
    digest: str
    """Of the evidence that was decided on."""
    reason: str = ""
    closing: bool = False
    """Whether a closing or a reopening decided it, and not a record on main."""
    aside: bool = False
    """Whether it is about another package of the number than what is in effect, and leaves that
    in effect."""


class State(Enum):
    """Where a pull request stands."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Somebody closed or reopened a pull request."""

    closed: bool
    by: str
    at: int


@dataclass(slots=True, kw_only=True)
class Pull:
    """A pull request for one record."""

    number: int
    branch: str
    author: str
    key: Key
    said: Said
    """The record at its head."""
    state: State = State.OPEN
    turns: tuple[Turn, ...] = ()
    remarks: tuple[tuple[str, int, str], ...] = ()
    """By whom, when, and what."""
    heard: int = -1
    """The time of the last turn that a run has taken in."""
    undone: int | None = None
    """The time of the one closing that Assent undid."""

    @property
    def is_promotion(self) -> bool:
        """Whether Assent itself opened it so that a version becomes Approved."""
        return self.author == BOT and self.branch.startswith("promote/")


@dataclass(slots=True)
class Oracle:
    """A simple model of what is in effect, moved by what people do and by completed runs."""

    ladder: Sequence[str]
    needed: Mapping[str, int]
    """How many approvals a yes needs, by environment."""
    owners: Mapping[str, Collection[str]]
    """Who owns the records of each environment."""
    main: dict[Key, Said] = field(default_factory=dict)
    brought: dict[Key, Brought] = field(default_factory=dict)
    """How each record on main came there."""
    packages: dict[tuple[str, int], str] = field(default_factory=dict)
    """When each package that exists was created."""
    effective: dict[Key, list[Entry]] = field(default_factory=dict)
    current: dict[tuple[str, str], int | None] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    time: int = 0

    def copy(self) -> "Oracle":
        """An oracle that can be asked what would be, without telling this one."""
        return replace(
            self,
            effective={key: list(each) for key, each in self.effective.items()},
            current=dict(self.current),
            pulls={number: replace(each) for number, each in self.pulls.items()},
        )

    # What is in effect.

    def last(self, key: Key) -> Entry | None:
        """The decision in effect."""
        entries = [each for each in self.effective.get(key, []) if not each.aside]
        return entries[-1] if entries else None

    def about(self, key: Key, created: str | None) -> Entry | None:
        """The last decision about one package of the number: what is in effect, or else aside."""
        last = self.last(key)
        if last is not None and last.said.created == created:
            return last
        entries = [each for each in self.effective.get(key, []) if each.said.created == created]
        return entries[-1] if entries else None

    def decision(self, key: Key) -> str | None:
        """The status in effect; None where nothing is decided, or no longer."""
        last = self.last(key)
        return None if last is None or last.status == PENDING else last.status

    def is_settled(self, key: Key) -> bool:
        """Whether what main says is what is in effect, neither waiting nor refused."""
        said, last = self.main.get(key), self.last(key)
        return last is not None and last.said == said and last.status == last.said.status

    def is_same_package(self, said: Said, key: Key) -> bool:
        """Whether the package that a record speaks of is still the one in the registry."""
        return self.packages.get(key[1:]) == said.created

    def withdrawn(self, key: Key) -> set[str]:
        """The evidence that was said no to, which never carries a yes again.

        A reopening takes its pull request's closing back, and nothing else.
        """
        standing: list[Entry] = []
        for entry in self.effective.get(key, []):
            if entry.status != PENDING:
                standing.append(entry)
                continue
            (*_, taken_back) = (each for each in standing if each.number == entry.number)
            standing.remove(taken_back)
        aside = {each.digest for each in standing if each.aside}
        line = [each for each in standing if not each.aside]
        while line and line[-1].status == APPROVED:
            line.pop()
        return aside | {each.digest for each in line}

    # What closing and reopening decide.

    def may_decide(self, login: str, pull: Pull) -> bool:
        """Whether a person's closing or reopening is a decision."""
        return login != pull.author and login in self.owners[pull.key[0]]

    def look(self, environment: str, numbers: Collection[int] | None = None) -> None:
        """Take in what closing and reopening decided there, as if looked at after each of them.

        Args:
            environment: Whose promotions are looked at.
            numbers: The pull requests that are looked at; all of them unless given.
        """
        pulls = [
            pull
            for pull in self.pulls.values()
            if pull.key[0] == environment
            and pull.said.status == APPROVED
            and (not numbers or pull.number in numbers)
            and not self._came_another_way(pull)
        ]
        turns = [(turn.at, pull, turn) for pull in pulls for turn in pull.turns]
        for at, pull, turn in sorted(turns, key=lambda each: each[0]):
            if at > pull.heard and self.may_decide(turn.by, pull):
                if turn.closed:
                    self._hear_closed(pull, turn)
                else:
                    self._hear_reopened(pull, turn)
        for pull in pulls:
            if pull.turns and pull.turns[-1].at > pull.heard:
                pull.heard = pull.turns[-1].at
                self._undo(pull)

    def _came_another_way(self, pull: Pull) -> bool:
        """Whether main holds the very record of what was closed: nothing is left to refuse."""
        there = self.main.get(pull.key)
        return pull.state is State.CLOSED and there is not None and there == pull.said

    def _undo(self, pull: Pull) -> None:
        """Open again, once, what somebody closed who may not decide.

        What a code owner closed stays closed, whoever opened and closed it since.
        """
        turn = pull.turns[-1]
        decisive = [each for each in pull.turns if self.may_decide(each.by, pull)]
        refused = bool(decisive) and decisive[-1].closed
        if pull.state is State.CLOSED and not refused and pull.undone in {None, turn.at}:
            pull.undone, pull.state = turn.at, State.OPEN
            pull.turns += (Turn(closed=False, by=BOT, at=self.time),)

    def _hear_closed(self, pull: Pull, turn: Turn) -> None:
        last = self.last(pull.key)
        if last is not None and last.at > turn.at:
            return  # a later decision outweighs it
        if self.is_decided(pull.key, pull.said.created) or self._was_approved(pull, turn):
            return  # what is Approved stays so, and so does what was said no to
        other = last is not None and last.said.created != pull.said.created
        self._decide(pull, turn, REJECTED, aside=other and self.decision(pull.key) is not None)

    def is_decided(self, key: Key, created: str) -> bool:
        """Whether a package of the number is approved in effect, or was said no to."""
        last = self.about(key, created)
        if last is None or last.status == PENDING:
            return False
        return last.status != APPROVED or last is self.last(key)

    def _was_approved(self, pull: Pull, turn: Turn) -> bool:
        """Whether main approved the package, by a pull request, before this one was closed."""
        there, brought = self.main.get(pull.key), self.brought.get(pull.key)
        return (
            (there is not None and brought is not None)
            and (there.status, there.created) == (APPROVED, pull.said.created)
            and (brought.number is not None and brought.at <= turn.at)
        )

    def _hear_reopened(self, pull: Pull, turn: Turn) -> None:
        last = self.last(pull.key)
        if last is not None and last.at > turn.at:
            return
        mine = [each for each in self.effective.get(pull.key, []) if each.number == pull.number]
        if mine and mine[-1].closing and mine[-1].status == REJECTED:
            # Whatever else is in effect by now stays so.
            self._decide(pull, turn, PENDING, aside=mine[-1] is not last)

    def _decide(self, pull: Pull, turn: Turn, status: str, *, aside: bool) -> None:
        entries = self.effective.setdefault(pull.key, [])
        if any(
            each.closing and (each.number, each.at) == (pull.number, turn.at) for each in entries
        ):
            return  # a run that was cut off then has done it
        entry = Entry(
            status=status,
            said=pull.said,
            by=(turn.by,),
            number=pull.number,
            at=turn.at,
            digest=pull.said.true_digest,
            reason=_reason(pull, turn) if status == REJECTED else "",
            closing=True,
            aside=aside,
        )
        entries.append(entry)
        self.current.setdefault(pull.key[:2], None)

    # What a run brings into effect.

    def due(self, environment: str) -> dict[Key, Said]:
        """The decisions on main that the next run must bring into effect, and no others."""
        return {
            key: said
            for key, said in self.main.items()
            if key[0] == environment and not self.is_settled(key) and self._may(key, said)
        }

    def _may(self, key: Key, said: Said) -> bool:
        approvers = len(self.brought[key].approvers)
        if said.status != APPROVED:
            return approvers >= 1
        return (
            approvers >= self.needed[key[0]]
            and said.digest == said.true_digest
            and said.digest not in self.withdrawn(key)
            and self._stands_on_rung(key, said)
            and self.is_same_package(said, key)
        )

    def _stands_on_rung(self, key: Key, said: Said) -> bool:
        place = self.ladder.index(key[0])
        if place == 0:
            return True
        last = self.last((self.ladder[place - 1], *key[1:]))
        return last is not None and (last.status, last.said.created) == (APPROVED, said.created)

    def refused(self, environment: str) -> set[Key]:
        """What a run that has brought everything due into effect goes on to refuse."""
        unsettled = {key for key in self.main if key[0] == environment and not self.is_settled(key)}
        deleted = {
            key
            for key in self.effective
            if key[0] == environment and key not in self.main and self.decision(key) == APPROVED
        }
        return unsettled | deleted

    def run(self, environments: Iterable[str]) -> set[Key]:
        """Take closings in, then bring everything due into effect, rung by rung.

        Returns:
            Versions that `current` could not fall back to, for their packages are gone.
        """
        unusable: set[Key] = set()
        for environment in environments:
            self.look(environment)
            due = self.due(environment)
            for key, said in due.items():
                brought = self.brought[key]
                needed = self.needed[environment] if said.status == APPROVED else 1
                entry = Entry(
                    status=said.status,
                    said=said,
                    by=brought.approvers[:needed],
                    number=brought.number,
                    at=brought.at,
                    digest=said.digest,
                )
                self.effective.setdefault(key, []).append(entry)
            models = {key[1] for key in self.effective if key[0] == environment}
            models |= {model for where, model in self.current if where == environment}
            for model in models:
                unusable |= self._name_current(environment, model, set(due))
        return unusable

    def _name_current(self, environment: str, model: str, fresh: set[Key]) -> set[Key]:
        was = self.current.get((environment, model))
        unusable: set[Key] = set()
        approved = [
            key
            for key in self.effective
            if key[:2] == (environment, model) and self.decision(key) == APPROVED
        ]
        self.current[environment, model] = None
        for key in sorted(approved, reverse=True):
            last = self.last(key)
            same = last is not None and self.is_same_package(last.said, key)
            if key in fresh or key[2] == was or same:
                self.current[environment, model] = key[2]
                break
            unusable.add(key)
        return unusable

    # What the registry must show.

    def fields(self, model: str, version: int) -> dict[str, Entry]:
        """The decision that each environment's field must show of the package that there is.

        A yes that is no longer in effect is shown no longer.
        """
        found = {}
        for environment in self.ladder:
            key = (environment, model, version)
            entry = self.about(key, self.packages.get((model, version)))
            if entry is not None and (entry.status != APPROVED or entry is self.last(key)):
                found[environment] = entry
        return found

    def shown(self, model: str, version: int, fields: Mapping[str, str]) -> dict[str, str]:
        """Each environment's decision, as the one approval status must be derived from them.

        Args:
            model: The package's group.
            version: Its version.
            fields: What the registry says now; where nothing is in effect, a no counts.
        """
        found: dict[str, str] = {}
        due = self.fields(model, version)
        for environment in self.ladder:
            said = due[environment].status if environment in due else fields.get(environment)
            if said in {REJECTED, RETIRED} or (said == APPROVED and environment in due):
                found[environment] = said
        return found

    def is_known(self, key: Key) -> bool:
        """Whether main or a decision speaks of a version there, so that runs look at it."""
        return key in self.main or key in self.effective


def _reason(pull: Pull, turn: Turn) -> str:
    """What who closed said last before it, since it was last opened; or else first after it."""
    opened = max((each.at for each in pull.turns if each.at < turn.at), default=-1)
    said = [(at, text) for by, at, text in pull.remarks if by == turn.by and at >= opened]
    before = [text for at, text in said if at <= turn.at]
    after = [text for at, text in said if at > turn.at]
    return (before[-1:] or after[:1] or [""])[0]
