"""What registry and parameters show now, against what was decided."""

from collections.abc import Iterator, Mapping, Sequence

from assent.core.audit.chain import Receipt
from assent.core.audit.gaps import Gap, GapKind
from assent.core.audit.links import Records
from assent.core.audit.material import Material, PackageState
from assent.core.audit.said import CurrentSaid
from assent.core.audit.stored import Stored
from assent.core.current import candidates, current_text, named_version
from assent.core.names import RecordId
from assent.core.package import RegistryApproval
from assent.core.parameters import History, Names
from assent.core.record import Decision, Record
from assent.core.registry_fields import MAX_ENTRIES, derive_approval
from assent.core.timestamps import written

__all__ = ["current_gaps", "last_currents", "registry_gaps"]


def last_currents(receipts: Sequence[Receipt]) -> dict[str, tuple[Receipt, CurrentSaid]]:
    """The last receipt of each model's `current`."""
    return {
        receipt.said.model: (receipt, receipt.said)
        for receipt in receipts
        if isinstance(receipt.said, CurrentSaid)
    }


def current_gaps(
    names: Names, stored: Stored, receipts: Sequence[Receipt], records: Records, model: str | None
) -> Iterator[Gap]:
    """Where `current` is not what the decisions in effect make it, or what its receipt says.

    Args:
        names: Where the parameters are.
        stored: What they say; histories of every version of each model.
        receipts: Of the environment.
        records: The records behind the decisions.
        model: The only one to look at; None for all.
    """
    told = last_currents(receipts)
    histories: dict[str, dict[RecordId, History]] = {}
    for id_, history in stored.histories.items():
        histories.setdefault(id_.model, {})[id_] = history
    models = histories.keys() | stored.currents.keys() | told.keys()
    for each in sorted(models - stored.doubtful):
        if model not in {None, each}:
            continue
        text = stored.currents.get(each)
        problems = list(_derived(names.environment, each, text, histories.get(each, {}), records))
        if each in told:
            receipt, said = told[each]
            problems.extend(_receipted(said, receipt.path, text))
        elif text is not None:
            problems.append("no receipt tells of it")
        for problem in problems:
            yield Gap(
                kind=GapKind.PARAMETER_DIFFERS,
                environment=names.environment,
                where=names.current(each),
                detail=problem,
                id=None,
            )


def _derived(
    environment: str,
    model: str,
    text: str | None,
    histories: Mapping[RecordId, History],
    records: Records,
) -> Iterator[str]:
    top = next(
        iter(candidates(model, {id_: each.decision for id_, each in histories.items()})), None
    )
    named = named_version(text)
    if (None if top is None else top.version) != named:
        expected = "no version" if top is None else f"version {top.version}"
        yield f"it names {_version(named)}, and what was decided makes it {expected}"
        return
    if top is None:
        return
    entry = histories[top].last
    record = records.of("" if entry is None else entry.blob)
    if isinstance(record, Record) and text != current_text(environment, model, record, entry):
        yield f"its text is not what the decision on version {top.version} makes it"


def _receipted(said: CurrentSaid, path: str, text: str | None) -> Iterator[str]:
    if named_version(text) != said.becomes:
        yield f"it names {_version(named_version(text))}, and {path} {_version(said.becomes)}"
    elif said.value is not None and said.value != text:
        yield f"its text is another than that in {path}"


def _version(number: int | None) -> str:
    return "no version" if number is None else f"version {number}"


def registry_gaps(material: Material, stored: Mapping[str, Stored]) -> Iterator[Gap]:
    """Where the registry shows something else than what is in effect.

    Args:
        material: What was read.
        stored: By environment, of those in scope.
    """
    scope = material.scope
    versions = {(id_.model, id_.version) for each in stored.values() for id_ in each.histories}
    doubtful = {(id_.model, id_.version) for each in stored.values() for id_ in each.unreadable}
    for model, version in sorted((versions | material.packages.keys()) - doubtful):
        if scope.version not in {None, version} or scope.model not in {None, model}:
            continue
        if not material.config.registry.covers(model):
            continue
        state = material.packages.get((model, version))
        shown: dict[str, Decision] = {}
        for environment, each in stored.items():
            id_ = RecordId(environment, model, version)
            history = each.histories.get(id_, History(id=id_))
            for problem in _differing(id_, history, state):
                yield _registry_gap(material, id_, problem)
            entry = None if state is None else history.about(state.created)
            if entry is not None and entry.decision is not None:
                shown[environment] = entry.decision
        # One status speaks for all environments, so it takes all of them to judge it.
        if state is not None and set(stored) == set(material.config.ladder):
            expected = derive_approval(shown)
            is_fine = state.approval == expected or (
                not shown and state.approval != RegistryApproval.APPROVED
            )
            if not is_fine:
                problem = f"ModelApprovalStatus is {state.approval}, and should be {expected}"
                yield _registry_gap(material, RecordId("", model, version), problem)


def _differing(id_: RecordId, history: History, state: PackageState | None) -> Iterator[str]:
    """In what an environment's field differs from what was decided there on the very package."""
    last = history.last
    approved = last is not None and last.decision is Decision.APPROVED
    if state is None:
        if approved:
            yield "the package is not there, and it is Approved"
        return
    if approved and last is not None and last.created not in {None, state.created}:
        yield f"the package was created at {written(state.created)}, and another one is Approved"
        return
    entry = history.about(state.created)
    shown = state.metadata.get(id_.environment)
    if entry is None or entry.decision is None:
        if shown == Decision.APPROVED:
            yield f"the field {id_.environment} is Approved, and no decision says so"
    elif shown != entry.decision and not (shown is None and len(state.metadata) >= MAX_ENTRIES):
        yield (
            f"the field {id_.environment} is {shown or 'not there'}, and {entry.decision} was "
            "decided"
        )


def _registry_gap(material: Material, id_: RecordId, detail: str) -> Gap:
    return Gap(
        kind=GapKind.REGISTRY_DIFFERS,
        environment=id_.environment,
        where=material.config.registry.package_arn(id_.model, id_.version),
        detail=detail,
        id=id_,
    )
