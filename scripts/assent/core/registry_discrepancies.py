"""In what the registry's fields differ from the decisions in effect."""

import fnmatch
from collections.abc import Iterator, Mapping, Sequence

from assent.core.discrepancy import Discrepancy, Kind
from assent.core.names import RecordId, shown
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.parameters import HistoryEntry
from assent.core.plan import registry_showing
from assent.core.record import Decision
from assent.core.registry_fields import derive_approval, derive_life_cycle

__all__ = ["registry_discrepancies", "unknown_writer"]


def registry_discrepancies(
    version: ModelVersion,
    shows: Mapping[str, HistoryEntry | None],
    *,
    ladder: Sequence[str],
) -> list[Discrepancy]:
    """In what the registry's fields of a version differ from what is in effect.

    Args:
        version: As the registry has it.
        shows: By environment, the decision that it must show; None for none. Of environments that
            are left out nothing is known: there the fields are taken at their word.
        ladder: The environments, lowest first.
    """
    found = [
        discrepancy
        for name, entry in shows.items()
        if (discrepancy := _field(version, name, entry, ladder)) is not None
    ]
    overall = _overall(version, shows, ladder)
    return found if overall is None else [*found, overall]


def _field(
    version: ModelVersion, name: str, entry: HistoryEntry | None, ladder: Sequence[str]
) -> Discrepancy | None:
    said = version.metadata.get(name)
    claims = said == Decision.APPROVED.value
    if entry is None:
        if not claims:
            return None
        kind, detail = Kind.APPROVED_WITHOUT_RECORD, f"{name} is Approved: no approval is in effect"
    else:
        id_ = RecordId(name, version.arn.model, version.arn.version)
        update = registry_showing(version, id_, entry, elsewhere={}, ladder=ladder)
        wanted = {} if update is None else update.metadata
        if not wanted:
            return None
        without = claims and entry.decision is not Decision.APPROVED
        kind = Kind.APPROVED_WITHOUT_RECORD if without else Kind.REGISTRY_DIFFERS
        detail = "; ".join(
            f"{key} is {_quoted(version.metadata.get(key))}, in effect is {_quoted(value)}"
            for key, value in sorted(wanted.items())
        )
    return _about(version, kind, detail, environment=name)


def _overall(
    version: ModelVersion, shows: Mapping[str, HistoryEntry | None], ladder: Sequence[str]
) -> Discrepancy | None:
    """The one status, and the life cycle, that are derived from all environments."""
    decided = any(entry is not None for entry in shows.values())
    if not decided and version.approval is not RegistryApproval.APPROVED:
        return None  # nothing was decided, and nothing is claimed
    effective = {
        name: entry.decision
        for name, entry in shows.items()
        if entry is not None and entry.decision is not None
    }
    known = set(Decision)
    fields = {
        name: Decision(field)
        for name in ladder
        if (field := version.metadata.get(name)) in known and name not in effective
    }
    unread = {name: each for name, each in fields.items() if name not in shows}
    noes = {name: each for name, each in fields.items() if each is not Decision.APPROVED}
    decisions = {**unread, **effective}
    # A no that is only the field's counts where another environment was written later than it,
    # and of what was not read nothing is known.
    allowed = (decisions, effective, {**noes, **decisions}, {**noes, **effective})
    if version.approval not in {derive_approval(each) for each in allowed}:
        claims = version.approval is RegistryApproval.APPROVED
        kind = Kind.APPROVED_WITHOUT_RECORD if claims else Kind.REGISTRY_DIFFERS
        derived = derive_approval(decisions).value
        detail = f"ModelApprovalStatus is {version.approval.value}, in effect is {derived}"
        return _about(version, kind, detail)
    if decided and version.life_cycle not in [derive_life_cycle(each, ladder) for each in allowed]:
        said = _quoted(None if version.life_cycle is None else " ".join(version.life_cycle))
        derived = _quoted(" ".join(derive_life_cycle(decisions, ladder)))
        detail = f"ModelLifeCycle is {said}, in effect is {derived}"
        return _about(version, Kind.REGISTRY_DIFFERS, detail)
    return None


def _about(
    version: ModelVersion, kind: Kind, detail: str, *, environment: str = "", heals: bool = True
) -> Discrepancy:
    return Discrepancy(
        environment=environment,
        model=version.arn.model,
        version=version.arn.version,
        kind=kind,
        detail=detail,
        heals=heals,
    )


def _quoted(text: str | None) -> str:
    return "missing" if text is None else shown(text, 80)


def unknown_writer(
    version: ModelVersion, shows: Mapping[str, HistoryEntry | None], writers: Sequence[str]
) -> Iterator[Discrepancy]:
    """A principal that wrote a version on which something was decided, and is not known to."""
    by = version.written_by
    decided = any(entry is not None and entry.decision is not None for entry in shows.values())
    claims = version.approval is RegistryApproval.APPROVED
    if not writers or by is None or not (decided or claims):
        return
    if not any(fnmatch.fnmatchcase(by, glob) for glob in writers):
        detail = f"{shown(by, 300)} wrote it last, and matches none of registry.writers"
        yield _about(version, Kind.UNKNOWN_WRITER, detail, heals=False)
