"""What the rules look at: a file, a tree of records, the change of a pull request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from assent.core.config import Config
from assent.core.evidence import EvidenceSource
from assent.core.findings import Finding
from assent.core.names import PROMOTIONS, RecordId
from assent.core.package import Package
from assent.core.record import Decision, ParsedRecord, RecordProblem
from assent.core.reports import Violation
from assent.core.review import Review

__all__ = [
    "README",
    "REGULAR_FILE",
    "UNREADABLE",
    "BrokenConfig",
    "Change",
    "JudgedFile",
    "Promotion",
    "PromotionFile",
    "Standing",
    "State",
    "Step",
    "Tree",
    "Unreadable",
]

README = f"{PROMOTIONS}/README.md"
"""The one file below `promotions/` that is no record."""

REGULAR_FILE = "100644"
"""Git's mode of a plain file that is not executable."""


class Unreadable(Enum):
    """The state of a file that stands at a record's path and is no record of that path."""

    UNREADABLE = "unreadable"


UNREADABLE = Unreadable.UNREADABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionFile:
    """One file below `promotions/`, or what stands in the folder's place."""

    path: str
    mode: str
    """As git writes it."""
    blob: str
    """The object's id."""
    id: RecordId | None
    """What the path names; None where it names no record."""
    parsed: ParsedRecord | tuple[RecordProblem, ...] | None
    """None where the file was not read, because no record can be in it."""
    digest: str = ""
    """That of package and evidence, as computed; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the rules over several records know of a record that reads."""

    id: RecordId
    decision: Decision
    package: Package
    content: str
    """The digest of package and evidence, as computed, whatever the record claims."""
    claimed: str
    """The digest that the record states."""
    collected: datetime
    source: EvidenceSource = EvidenceSource.TRAINING
    """Where its evidence comes from."""
    violations: tuple[Violation, ...] = ()
    """What Model Monitor found wrong in its batch inference."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """The lines of `model`, `status`, `package`, `evidence` and `violations`."""
    parsed: ParsedRecord | None = field(default=None, repr=False, compare=False)
    """All of it, where a change brings it; a whole tree is judged without keeping it."""

    def line(self, name: str) -> int:
        """The line of a field."""
        return self.lines.get(name, 1)

    def rests_on(self, other: "Standing") -> bool:
        """Whether package and evidence are those of `other`, to the last digit."""
        return (self.content, self.claimed) == (other.content, other.claimed)

    def renews(self, other: "Standing") -> bool:
        """Whether it asks for approval anew: with other evidence, collected later."""
        return (
            self.decision is Decision.APPROVED
            and self.content != other.content
            and self.collected > other.collected
        )


State = Standing | Unreadable | None
"""What stands at a record's path: a record, something that does not read, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedFile:
    """What the rules over one file came to."""

    id: RecordId | None
    """What its path names."""
    findings: tuple[Finding, ...]
    state: Standing | Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a change does to one record."""

    id: RecordId
    before: State
    after: State

    @property
    def approves(self) -> bool:
        """Whether the record becomes Approved, or is approved anew on other evidence."""
        match self.after, self.before:
            case Standing(decision=Decision.APPROVED) as after, Standing() as before:
                return before.decision is not Decision.APPROVED or not after.rests_on(before)
            case Standing(decision=Decision.APPROVED), _:
                return True
            case _:
                return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A record that says Approved, as a change brings it, and what its environment demands of it.

    A record that said so before is judged too: what it asks for takes effect anew.
    """

    parsed: ParsedRecord
    review: Review
    """The gates and waits, judged."""
    asked: bool = True
    """Whether GitHub was asked what git cannot tell: since when the version is on the rung below,
    and whether the break-glass label is on."""

    @property
    def id(self) -> RecordId:
        """Which record it is."""
        return self.parsed.record.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The records in question, and what they rest on."""

    config: Config
    judged: Mapping[RecordId, Standing]
    """The records to judge."""
    below: Mapping[RecordId, State]
    """What stands at the rungs below them, by its own identity; absent is absent."""
    models: frozenset[str]
    """Every model that has a record; only as far as a new record makes it matter."""
    steps: Mapping[RecordId, Step] = field(default_factory=dict)
    """The change that brings the records; empty where a tree is judged as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenConfig:
    """The `assent.yaml` that a change proposes, where it cannot be used."""

    why: str
    """One problem a line, each beginning with `assent.yaml:LINE: `."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a pull request changes."""

    base: str
    """The commit that it is judged against."""
    paths: tuple[str, ...]
    """Every path that it touches; a renamed file at both."""
    steps: tuple[Step, ...]
    """What it does to each record that it touches."""
    ladder: tuple[str, ...]
    """The environments of the base, lowest first."""
    head_branch: str | None = None
    """The branch it comes from, where that is known."""
    proposed: Config | BrokenConfig | None = None
    """The `assent.yaml` it brings; None where it leaves that alone."""
    config: Config | None = None
    """The `assent.yaml` of the base, which judges."""
    below: Mapping[RecordId, State] = field(default_factory=dict)
    """What stands one rung below the records that it brings, once it is merged."""
    promotions: tuple[Promotion, ...] = ()
    """The records that it brings and that say Approved, in environments of the ladder."""
    now: datetime | None = None
    """The moment of looking; None where nothing is judged by it."""
