"""Whether a version may be imported: taken over as approved, without gates and soak.

An import says that people approved the version before Assent came. So it is believed only of what
was there then, and is as it was: a package from before the time that `assent.yaml` names, which the
registry shows as Approved, which nobody wrote to since, and on which Assent never decided.
"""

import re
from datetime import datetime

from assent.core.config import Config
from assent.core.evidence import EvidenceSource
from assent.core.names import RecordId
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.parameters import History
from assent.core.record import Record
from assent.core.registry_fields import shows_approval_of
from assent.core.timestamps import written

__all__ = [
    "early_setting",
    "import_doubt",
    "import_objection",
    "is_import",
    "is_own_role",
    "late_import",
    "touched_since",
]

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


def early_setting(config: Config, moment: datetime) -> str | None:
    """Say that a configuration names a time that was not over yet at some moment.

    Until then everybody could still register, and approve by hand, what is imported afterwards.
    """
    if config.imports is None or config.imports.registered_before <= moment:
        return None
    return (
        f"imports.registered_before, {written(config.imports.registered_before)}, was not over "
        f"{written(moment)}: what is registered until then is no version from before Assent"
    )


def import_objection(
    record: Record,
    history: History,
    seen: ModelVersion,
    *,
    config: Config,
    decided_otherwise: str,
    role: str,
) -> str | None:
    """Why an import may not take effect now, whatever its proof; None where it may.

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
    if record.id.environment != config.entry.name or config.imports is None:
        return None
    shown = seen.metadata.get(f"{record.id.environment}.pull-request", "")
    if _is_own_writing(seen, record.id, role=role, pull_request=shown):
        return None  # `import_doubt` asks whether that is the pull request of its proof
    return touched_since(seen, config.imports.registered_before)


def import_doubt(
    id_: RecordId,
    seen: ModelVersion,
    *,
    before: datetime | None,
    role: str,
    pull_request: str,
    rung_below: str | None,
    brought_below: str,
) -> str | None:
    """Why an import may not take effect by the pull request that proves it; None where it may.

    Args:
        id_: The import.
        seen: The version as the registry describes it.
        before: The earlier of the times that `assent.yaml` named before the pull request, and now.
        role: As for `import_objection`.
        pull_request: The address of the one that proves it.
        rung_below: The environment one rung below; None on the first rung.
        brought_below: By which pull request the approval there came, on the very package; empty
            where that is not known.
    """
    if before is None:
        return "nothing says before when it must have been registered"
    if rung_below is not None:
        # What was imported once would else be spared the gates of every rung, for ever.
        if brought_below == pull_request:
            return None
        return (
            f"it came to {rung_below} by {brought_below or 'another pull request'}, and here by "
            f"{pull_request}: an import brings all of its environments at once"
        )
    if _is_own_writing(seen, id_, role=role, pull_request=pull_request):
        return None
    return touched_since(seen, before)


def touched_since(seen: ModelVersion, before: datetime) -> str | None:
    """Say that somebody wrote to a version since Assent came, who may have approved it by hand."""
    at = seen.written_at
    if at is None or at < before:
        return None
    return (
        f"the registry's entry was written {written(at)} by "
        f"{seen.written_by or 'somebody it does not name'}, and not left alone since "
        f"{written(before)}: who approved it, and when, nobody can tell"
    )


def _is_own_writing(seen: ModelVersion, id_: RecordId, *, role: str, pull_request: str) -> bool:
    """Whether what was written last is this very import, of a run that was then cut off.

    Whatever else Assent writes says something else: who wrote before it cannot be told then.
    """
    return is_own_role(seen.written_by, role) and shows_approval_of(seen, id_, pull_request)


def is_own_role(writer: str | None, role: str) -> bool:
    """Whether a principal is the one as which Assent writes now, in whatever session."""
    return writer is not None and bool(role) and _principal(writer) == _principal(role)


def _principal(arn: str) -> str:
    match = _SESSION.fullmatch(arn)
    return arn if match is None else match[1]
