"""Whether a version may be imported: taken over as approved, without gates and soak.

An import says that people approved the version before Assent came. So it is believed only of what
was there then, and is as it was: a package from before the time that `assent.yaml` names, which the
registry shows as Approved, which nobody wrote to since, and on which Assent never decided.
"""

import fnmatch
import re
from datetime import datetime

from assent.core.config import Config
from assent.core.evidence import EvidenceSource
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.parameters import History
from assent.core.record import Decision, Record
from assent.core.timestamps import written

__all__ = ["import_objection", "is_import", "is_own_role", "late_import", "touched_since"]

_SESSION = re.compile(r"(arn:[a-z-]+:sts::[0-9]{12}:assumed-role/.+)/[^/]+", re.ASCII)


def is_import(record: Record) -> bool:
    """Whether a record takes a version over; gates and soak are not asked of it."""
    return record.evidence.source is EvidenceSource.IMPORT


def late_import(created: datetime, config: Config) -> str | None:
    """Why a configuration lets no package of that time be imported; None where it does."""
    if config.imports is None:
        return "assent.yaml has no imports.registered_before, so nothing is imported"
    before = config.imports.registered_before
    if created >= before:
        return (
            f"its package was created {written(created)}, not before {written(before)}, "
            "as imports.registered_before asks"
        )
    return None


def import_objection(
    record: Record,
    history: History,
    seen: ModelVersion,
    *,
    config: Config,
    decided_otherwise: str,
    role: str,
) -> str | None:
    """Why an import may not take effect now; None where it may.

    Args:
        record: The import; the package is the registry's, and one rung below it is in effect.
        history: What was decided in its environment.
        seen: The version as the registry describes it.
        config: That of the commit that is applied.
        decided_otherwise: Where else Assent decided by anything but an import; empty for nowhere.
        role: The ARN as which Assent writes to the registry; empty where that is not known.
    """
    late = late_import(record.package.created, config)
    if late is not None:
        return late
    if history.entries:
        return (
            f"Assent decided on it in {record.id.environment} before; what was decided on is "
            "promoted, not imported"
        )
    if decided_otherwise:
        return f"Assent decided on it before: {decided_otherwise}"
    if seen.approval is not RegistryApproval.APPROVED:
        return (
            f"the registry says {seen.approval.value}, and only what was "
            f"{RegistryApproval.APPROVED.value} before is imported"
        )
    # Higher up it is Assent itself who wrote when it took effect one rung below, as an import.
    if record.id.environment == config.entry.name:
        return touched_since(seen, config, role)
    return None


def touched_since(seen: ModelVersion, config: Config, role: str) -> str | None:
    """Say that somebody wrote to a version since Assent came, who may have approved it by hand.

    What Assent itself wrote, and was then cut off, is told by its fields, and by who wrote.
    """
    at = seen.written_at
    if config.imports is None or at is None or at < config.imports.registered_before:
        return None
    shows = seen.metadata.get(config.entry.name) == Decision.APPROVED.value
    if shows and is_own_role(seen.written_by, config, role):
        return None
    return (
        f"the registry's entry was written {written(at)} by "
        f"{seen.written_by or 'somebody it does not name'}, and not left alone since "
        f"{written(config.imports.registered_before)}: who approved it, and when, nobody can tell"
    )


def is_own_role(writer: str | None, config: Config, role: str) -> bool:
    """Whether a principal is one as which Assent writes: a session of the same role counts."""
    if writer is None:
        return False
    if any(fnmatch.fnmatchcase(writer, each) for each in config.writers):
        return True
    return bool(role) and _principal(writer) == _principal(role)


def _principal(arn: str) -> str:
    match = _SESSION.fullmatch(arn)
    return arn if match is None else match[1]
