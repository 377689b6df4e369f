"""Which version a promotion is compared with, as a commit of the branch that counts tells."""

from collections.abc import Mapping

from assent.contracts import Contracts
from assent.core.errors import AssentError
from assent.core.names import PROMOTIONS, RecordId, parse_path
from assent.core.record import Decision, ParsedRecord, Record, parse_record
from assent.core.rules.subject import REGULAR_FILE
from assent.ports import History

__all__ = ["UnreadableChampion", "model_files", "wanted_champion"]


class UnreadableChampion(AssentError):
    """A file may be the record of what is live, and does not read."""


def model_files(history: History, commit: str, own: RecordId) -> Mapping[RecordId, str | None]:
    """What stands at the paths of a model's records in an environment, each by its blob.

    None of what is no plain file; `own` names the environment and the model, and is among them.
    """
    folder = f"{PROMOTIONS}/{own.environment}/{own.model}/"
    return {
        id_: entry.blob if entry.mode == REGULAR_FILE else None
        for entry in history.entries(commit, folder)
        if (id_ := parse_path(entry.path)) is not None
    }


def wanted_champion(
    history: History, contracts: Contracts, commit: str, own: Record
) -> Record | None:
    """The record of the highest version that a commit wants to run where `own` is to run.

    Its own version counts where the commit approves it on other evidence: it is then approved anew,
    and has to hold against itself. Files are read one by one, highest version first.

    Args:
        history: The clone.
        contracts: The schemas.
        commit: The commit before the one that brings `own`.
        own: The record to compare.

    Raises:
        UnreadableChampion: A file on the way does not read, so that nobody knows what is live.
    """
    found = model_files(history, commit, own.id)
    for id_, blob in sorted(found.items(), key=lambda item: item[0], reverse=True):
        record = None if blob is None else _read(history, contracts, blob)
        if record is None or record.id != id_:
            if id_ == own.id:
                continue  # this change mends it, or is refused for it
            raise UnreadableChampion(
                f"{id_.path} of {commit[:12]} is no record that reads, and may be what is live",
                hint="Put the record back as it was approved; then this can be compared with it.",
            )
        if record.decision is not Decision.APPROVED:
            continue
        if id_ == own.id and record.evidence.digest == own.evidence.digest:
            continue
        return record
    return None


def _read(history: History, contracts: Contracts, blob: str) -> Record | None:
    ((_, content),) = history.blobs([blob])
    parsed = parse_record(content, contracts.promotion)
    return parsed.record if isinstance(parsed, ParsedRecord) else None
