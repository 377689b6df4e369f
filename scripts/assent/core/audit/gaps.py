"""Where the trail does not hold together: each kind of gap by its name."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assent.core.names import RecordId

__all__ = ["Gap", "GapKind"]


class GapKind(StrEnum):
    """What does not fit."""

    CHAIN_MISSING = "chain-missing"
    """Something was decided in an environment, and it has no receipts at all."""
    RECEIPT_MISSING = "receipt-missing"
    """A number of the chain has no receipt."""
    RECEIPT_MALFORMED = "receipt-malformed"
    """A receipt is not the canonical JSON that Assent writes."""
    RECEIPT_MISPLACED = "receipt-misplaced"
    """A receipt says that it stands elsewhere: receipts were reordered, or taken from a chain."""
    RECEIPT_UNCHAINED = "receipt-unchained"
    """A receipt names another one before it than is there: that one was altered, or this one."""
    RECEIPT_REPEATED = "receipt-repeated"
    """Two receipts tell of one and the same decision."""
    RECEIPT_STRAY = "receipt-stray"
    """A file stands among the receipts that is none."""
    HEAD_DIFFERS = "head-differs"
    """`head.json` speaks of another end of the chain than it has."""
    MAIN_REWRITTEN = "main-rewritten"
    """The branch that counts was pushed with force."""
    UNDECIDED = "undecided"
    """A record on main took no effect, and no receipt says why."""
    COMMIT_NOT_ON_MAIN = "commit-not-on-main"
    """A decision names a commit that is none of main's own line of commits."""
    RECORD_MISSING = "record-missing"
    """A decision names a record that its commit does not hold."""
    RECORD_DIFFERS = "record-differs"
    """A decision names another content than its commit holds, or one that it did not bring."""
    RECORD_INVALID = "record-invalid"
    """The record behind a decision does not read, or asks for something else."""
    EVIDENCE_DIFFERS = "evidence-differs"
    """The digest of the evidence does not recompute, or is another than was decided on."""
    APPROVAL_UNFOUNDED = "approval-unfounded"
    """A receipt counts an approval that it does not show, or that was not of this record."""
    RECOVERED_UNPROVEN = "recovered-unproven"
    """A receipt was made up for later, and an approval that the history names could not be proven
    any more. Somebody may have left since; or the decision was never proven."""
    ENTRY_WITHOUT_RECEIPT = "entry-without-receipt"
    """The history in Parameter Store holds a decision of which no receipt tells."""
    RECEIPT_WITHOUT_ENTRY = "receipt-without-entry"
    """A receipt tells of a decision that the history in Parameter Store does not hold."""
    ENTRY_DIFFERS = "entry-differs"
    """Receipt and history tell different things of one decision."""
    PARAMETER_UNREADABLE = "parameter-unreadable"
    """A parameter holds what Assent did not write."""
    PARAMETER_DIFFERS = "parameter-differs"
    """`current` is not what was decided, or not what its receipt says."""
    REGISTRY_DIFFERS = "registry-differs"
    """The registry shows something else than was decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One place where the trail does not hold together."""

    kind: GapKind
    environment: str
    """Empty where it is about all of them."""
    where: str
    """The receipt's, record's or parameter's name; may be hostile."""
    detail: str
    """What is there, and what should be; may hold hostile text."""
    id: RecordId | None = None
    """The version that it is about; None where it is about more. Without an environment where it
    is about all of them."""
    number: int | None = None
    """Which of the version's decisions, from 1; None where it is about more."""
    at: datetime | None = None
    """When that happened; None where it has no time."""
