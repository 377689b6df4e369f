"""Which version a promotion is compared with, as a commit of the branch that counts tells."""

from collections.abc import Iterator
from dataclasses import dataclass

from assent.contracts import Contracts
from assent.core.names import PROMOTIONS, RecordId, parse_path
from assent.core.record import Decision, ParsedRecord, Record, parse_record
from assent.ports import History

__all__ = ["ApprovedRecord", "approved_records"]

_FILE = "100644"
"""The mode of a plain file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedRecord:
    """A record that says Approved in some commit."""

    record: Record
    blob: str


def approved_records(
    history: History, contracts: Contracts, commit: str, own: RecordId
) -> Iterator[ApprovedRecord]:
    """Records of other versions that say Approved where `own` is to run, highest version first.

    The first of them that is in effect is what was live at that commit. They are read one by one,
    as far as they are asked for. A file that is no record approves nothing.

    Args:
        history: The clone.
        contracts: The schemas.
        commit: The commit before the one that brings `own`.
        own: The record to compare.
    """
    folder = f"{PROMOTIONS}/{own.environment}/{own.model}/"
    found = {
        id_: entry.blob
        for entry in history.entries(commit, folder)
        if entry.mode == _FILE and (id_ := parse_path(entry.path)) is not None and id_ != own
    }
    for id_, blob in sorted(found.items(), reverse=True):
        ((_, content),) = history.blobs([blob])
        parsed = parse_record(content, contracts.promotion)
        if not isinstance(parsed, ParsedRecord):
            continue
        record = parsed.record
        if record.id == id_ and record.decision is Decision.APPROVED:
            yield ApprovedRecord(record=record, blob=blob)
