"""What main asks for, what is, and what one is changed into the other by: the values of a plan."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from assent.core.names import RecordId
from assent.core.package import ModelVersion
from assent.core.parameters import History
from assent.core.record import Decision, Record, Waiver
from assent.core.registry_fields import RegistryUpdate

__all__ = [
    "LEFT_TO_APPLY",
    "Actual",
    "Asked",
    "Change",
    "CurrentChange",
    "Decide",
    "Deleted",
    "Plan",
    "Reason",
    "Refuse",
    "Restore",
    "Rival",
    "Rivals",
    "Unfit",
    "Wanted",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A record on main."""

    id: RecordId
    record: Record
    blob: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A record that main no longer holds."""

    id: RecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A file that is no valid record of its path."""

    id: RecordId
    why: str


Wanted = Asked | Deleted | Unfit


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A version that may have been live when another came to main."""

    coming: Record | None = None
    """The record that main then held of it, if that may take effect in this very run."""
    standing: Record | None = None
    """The record by which it was Approved in effect then, unless `coming` has ended that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rivals:
    """With which versions gates may have to compare a record that is to become Approved.

    Only what took effect counts, and only what did before the record came to main. So the judgement
    is the same however late it is made, and whatever stands on main without effect.
    """

    candidates: tuple[Rival, ...] = ()
    """Highest version first, as far down as the first that is settled."""

    def champion(self, risen: Collection[RecordId]) -> Record | None:
        """The record of the highest version that was live; None where none was.

        Args:
            risen: The records that took effect in this run.
        """
        for each in self.candidates:
            if each.coming is not None and each.coming.id in risen:
                if each.coming.decision is Decision.APPROVED:
                    return each.coming
            elif each.standing is not None:
                return each.standing
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actual:
    """What one environment and the registry say now, as far as the wanted records need it."""

    environment: str
    histories: Mapping[RecordId, History]
    """Of every wanted record, and of enough others to tell the highest version in effect."""
    current: Mapping[str, str]
    """By model: the text of `current`; absent where there is no parameter."""
    versions: Mapping[RecordId, ModelVersion | None]
    """As described; None where the registry has no such package."""
    records: Mapping[RecordId, Record]
    """The records behind the approvals that are in effect, read from their very blobs."""
    rung_below: str | None = None
    """The rung below; None for the first rung."""
    below: Mapping[RecordId, Decision | None]
    """What is in effect at the rung below for the same version."""
    since_below: Mapping[RecordId, datetime] = field(default_factory=dict)
    """Since when the approval of the very package is in effect there."""
    brought_below: Mapping[RecordId, str] = field(default_factory=dict)
    """By which pull request, its address, that approval took effect there."""
    elsewhere: Mapping[RecordId, Mapping[str, Decision]]
    """Per version, the decisions of other environments that registry and main agree on."""
    rivals: Mapping[RecordId, Rivals] = field(default_factory=dict)
    """Of every rising record that gates compare, in the order in which main got them."""
    decided_otherwise: Mapping[RecordId, str] = field(default_factory=dict)
    """Of every rising import: where Assent decided on that version by anything but an import, in
    words; empty where nowhere."""
    role: str = ""
    """The ARN as which Assent writes to the registry; empty where that is not known."""
    now: datetime
    """The moment of looking: freezes and soak are judged by it."""


class Reason(StrEnum):
    """Why a change is refused."""

    RUNG_BELOW = "rung-below"
    PACKAGE_MISSING = "package-missing"
    PACKAGE_NOT_COMPLETED = "package-not-completed"
    PACKAGE_DIFFERS = "package-differs"
    EVIDENCE_ALTERED = "evidence-altered"
    EVIDENCE_NOT_FRESH = "evidence-not-fresh"
    RECORD_INVALID = "record-invalid"
    RECORD_DELETED = "record-deleted"
    DOES_NOT_FIT = "does-not-fit"
    GATE_FAILS = "gate-fails"
    SOAKING = "soaking"
    FROZEN = "frozen"
    LINE_STOPPED = "line-stopped"
    PACKAGE_RECREATED = "package-recreated"
    REPORT_DIFFERS = "report-differs"
    ARTIFACT_DIFFERS = "artifact-differs"
    DIRECT_PUSH = "direct-push"
    NOT_WHAT_WAS_APPROVED = "not-what-was-approved"
    RULES_CHANGED_ALONG = "rules-changed-along"
    MERGED_WITHOUT_APPROVAL = "merged-without-approval"
    APPROVE_THEN_PUSH = "approve-then-push"
    STALE_APPROVAL = "stale-approval"
    SELF_APPROVAL = "self-approval"
    APPROVED_BY_CREATOR = "approved-by-creator"
    APPROVED_BY_NON_OWNER = "approved-by-non-owner"
    APPROVED_BY_BOT = "approved-by-bot"
    APPROVED_BY_ASKER = "approved-by-asker"
    TOO_FEW_APPROVALS = "too-few-approvals"
    CREATOR_UNKNOWN = "creator-unknown"
    DECISION_UNPROVEN = "decision-unproven"
    IMPORT_REFUSED = "import-refused"
    OUT_OF_SCOPE = "out-of-scope"


LEFT_TO_APPLY = frozenset(
    {
        Reason.REPORT_DIFFERS,
        Reason.ARTIFACT_DIFFERS,
        Reason.DIRECT_PUSH,
        Reason.NOT_WHAT_WAS_APPROVED,
        Reason.RULES_CHANGED_ALONG,
        Reason.MERGED_WITHOUT_APPROVAL,
        Reason.APPROVE_THEN_PUSH,
        Reason.STALE_APPROVAL,
        Reason.SELF_APPROVAL,
        Reason.APPROVED_BY_CREATOR,
        Reason.APPROVED_BY_NON_OWNER,
        Reason.APPROVED_BY_BOT,
        Reason.APPROVED_BY_ASKER,
        Reason.TOO_FEW_APPROVALS,
        Reason.CREATOR_UNKNOWN,
        Reason.DECISION_UNPROVEN,
    }
)
"""A plan never gives these: only apply asks GitHub for the approval, and S3 for the evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """A record whose decision is not in effect yet."""

    id: RecordId
    was: Decision | None
    becomes: Decision
    asked: Asked
    waived: tuple[Waiver, ...] = ()
    """The waivers without which a gate would stand in the way; they ask for an approval more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """The registry's fields do not show a decision in effect, or show an approval that is not."""

    id: RecordId
    update: RegistryUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """What main asks for and must not happen."""

    id: RecordId
    reason: Reason
    detail: str
    lifted: Decide | None = None
    """What happens if a code owner broke the glass; None where that lifts nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentChange:
    """What inference will run next; the same version twice where only the text is mended."""

    environment: str
    model: str
    was: int | None
    becomes: int | None


Change = Decide | Restore | Refuse | CurrentChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What apply would do in one environment, in its order."""

    environment: str
    changes: tuple[Change, ...]
