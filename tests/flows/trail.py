"""A trail made by hand: git objects, receipts, parameters and a registry, whole until spoilt."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.properties.scene import configuration

from assent.adapters.memory import MemoryParameters, MemoryRegistry, SettableClock
from assent.adapters.memory_repository import MemoryRepository
from assent.contracts import load_contracts, schema_files
from assent.core.audit.chain import head_bytes
from assent.core.audit.gaps import GapKind
from assent.core.audit.material import Scope
from assent.core.bundle import for_people, write_bundle
from assent.core.config import Environment, parse_config
from assent.core.current import current_text
from assent.core.evidence import Evidence, EvidenceSource
from assent.core.git_objects import object_id
from assent.core.metrics import Metric
from assent.core.names import RecordId, parse_package_arn
from assent.core.package import Container, ModelVersion, Package, RegistryApproval
from assent.core.parameters import History, HistoryEntry, Names, write_history
from assent.core.record import Decision, Record, write_record
from assent.core.statements import (
    Statement,
    StatementKind,
    head_path,
    statement_digest,
    statement_path,
    write_statement,
)
from assent.core.timestamps import written
from assent.flows.audit import Audited, audit
from assent.flows.wanted import World
from assent.ports import NotThere, Parameters

__all__ = ["CONTRACTS", "LADDER", "START", "MemoryObjects", "Trail", "promoted"]

LADDER = ("dev", "prod")
CONTRACTS = load_contracts()
START = datetime(2026, 11, 22, 10, tzinfo=UTC)
MODEL = "churn"


class MemoryObjects:
    """Git objects by their ids, and branches: implements `Objects`."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[str, bytes]] = {}
        self.refs: dict[str, str] = {}
        self.asked = 0
        """How many objects were read."""

    def commit(self, revision: str, /) -> str:
        """See `ports.Objects`."""
        if revision in self.refs:
            return self.refs[revision]
        if revision in self.objects:
            return revision
        raise NotThere(f"no revision {revision}")

    def raw(self, id_: str, /) -> tuple[str, bytes]:
        """See `ports.Objects`."""
        self.asked += 1
        if id_ not in self.objects:
            raise NotThere(f"no object {id_}")
        return self.objects[id_]

    def put(self, kind: str, content: bytes) -> str:
        """Store an object; returns its id."""
        id_ = object_id(kind, content)
        self.objects[id_] = (kind, content)
        return id_

    def tree(self, files: Mapping[str, bytes], modes: Mapping[str, str] | None = None) -> str:
        """Store files as trees; returns the root's id."""
        nested: dict[str, Any] = {}
        for path, content in files.items():
            at = nested
            *folders, name = path.split("/")
            for folder in folders:
                at = at.setdefault(folder, {})
            at[name] = (content, (modes or {}).get(path, "100644"))
        return self._tree(nested)

    def _tree(self, nested: Mapping[str, Any]) -> str:
        lines = []
        for name, each in nested.items():
            if isinstance(each, dict):
                lines.append((f"{name}/", f"40000 {name}", self._tree(each)))
            else:
                content, mode = each
                lines.append((name, f"{mode} {name}", self.put("blob", content)))
        return self.put(
            "tree",
            b"".join(said.encode() + b"\0" + bytes.fromhex(id_) for _, said, id_ in sorted(lines)),
        )

    def commit_files(self, files: Mapping[str, bytes], *parents: str, at: datetime) -> str:
        """Store a commit of these files."""
        return self.commit_tree(self.tree(files), *parents, at=at)

    def commit_tree(self, tree: str, *parents: str, at: datetime) -> str:
        """Store a commit of a tree."""
        who = f"Ana <ana@example.com> {int(at.timestamp())} +0000"
        lines = [f"tree {tree}", *(f"parent {each}" for each in parents)]
        text = "\n".join([*lines, f"author {who}", f"committer {who}", "", "Change", ""])
        return self.put("commit", text.encode())


@dataclass
class Trail:
    """What people and Assent did, and what is left of it; tests spoil it before it is judged."""

    objects: MemoryObjects = field(default_factory=MemoryObjects)
    files: dict[str, bytes] = field(default_factory=dict)
    """Of main's head."""
    head: str = ""
    clock: SettableClock = field(default_factory=lambda: SettableClock(START))
    chains: dict[str, list[Statement]] = field(default_factory=dict)
    receipts: dict[str, bytes] | None = None
    """What the receipts branch holds, where it is not what the chains make it."""
    stores: dict[str, MemoryParameters] = field(
        default_factory=lambda: {name: MemoryParameters() for name in LADDER}
    )
    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    histories: dict[RecordId, History] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    pulls: int = 0

    def __post_init__(self) -> None:
        self.commit({"assent.yaml": configuration(LADDER).encode(), "README.md": b"Promotions\n"})

    # What people do.

    def commit(self, changes: Mapping[str, bytes | None], *, parents: tuple[str, ...] = ()) -> str:
        """Put a commit on main."""
        self.clock.advance(timedelta(minutes=1))
        for path, content in changes.items():
            if content is None:
                del self.files[path]
            else:
                self.files[path] = content
        before = (self.head,) if self.head else ()
        self.head = self.objects.commit_files(self.files, *before, *parents, at=self.clock.now())
        return self.head

    def record(
        self,
        version: int,
        environment: str = "dev",
        decision: Decision = Decision.APPROVED,
        auc: float = 0.9,
        model: str = MODEL,
    ) -> bytes:
        """The text of a record."""
        record = Record(
            id=RecordId(environment, model, version),
            decision=decision,
            reason="" if decision is Decision.APPROVED else "it did not hold",
            package=package(version, model),
            evidence=Evidence(
                source=EvidenceSource.TRAINING,
                collected=START,
                metrics={"auc": Metric(value=auc)},
            ),
        )
        content = write_record(record, CONTRACTS.promotion)
        self.records[object_id("blob", content)] = record
        return content

    def decide(
        self,
        version: int,
        environment: str = "dev",
        decision: Decision = Decision.APPROVED,
        **changes: Any,  # noqa: ANN401 - fields of the receipt
    ) -> str:
        """Merge a record and let it take effect; returns its path."""
        id_ = RecordId(environment, changes.pop("model", MODEL), version)
        content = self.record(version, environment, decision, model=id_.model)
        commit = self.commit({id_.path: content})
        merged = self.clock.now()
        self.clock.advance(timedelta(minutes=1))
        self.pulls += 1
        blob = object_id("blob", content)
        entry = HistoryEntry(
            decision=decision,
            blob=blob,
            by=("ana",),
            at=merged,
            applied_at=self.clock.now(),
            pull_request=f"https://forge.example/pull/{self.pulls}",
            commit=commit,
            evidence=_digest_of(content),
            created=package(version).created,
        )
        self.take_effect(id_, entry)
        self.receipt(environment, StatementKind.DECISION, self.decision(id_, entry, **changes))
        self.name_current(environment, id_.model)
        return id_.path

    def close(self, version: int, environment: str = "dev", *, reopen: bool = False) -> None:
        """Close, or reopen, the pull request of a record that never came to main."""
        id_ = RecordId(environment, MODEL, version)
        content = self.record(version, environment)
        blob = self.objects.put("blob", content)
        self.clock.advance(timedelta(minutes=1))
        self.pulls += 1
        entry = HistoryEntry(
            decision=None if reopen else Decision.REJECTED,
            blob=blob,
            by=("ben",),
            at=self.clock.now(),
            applied_at=self.clock.now(),
            pull_request=f"https://forge.example/pull/{self.pulls}",
            commit="c" * 40,
            evidence=_digest_of(content),
            created=package(version).created,
            reason="" if reopen else "too little data",
        )
        self.take_effect(id_, entry)
        self.receipt(environment, StatementKind.CLOSING, self.closing(id_, entry))

    # What Assent does.

    def take_effect(self, id_: RecordId, entry: HistoryEntry) -> None:
        """Write history and registry."""
        history = self.histories.get(id_, History(id=id_)).then(entry)
        self.histories[id_] = history
        for name, value in write_history(self.names(id_.environment), history):
            self.stores[id_.environment].values[name] = value
        self.show(id_)

    def show(self, id_: RecordId) -> None:
        """Let the registry show what is in effect of a version, in all environments."""
        rungs = {
            name: self.histories[RecordId(name, id_.model, id_.version)].decision
            for name in LADDER
            if RecordId(name, id_.model, id_.version) in self.histories
        }
        decisions = {each for each in rungs.values() if each is not None}
        approval = RegistryApproval.REJECTED if decisions else RegistryApproval.PENDING
        if Decision.APPROVED in decisions:
            approval = RegistryApproval.APPROVED
        self.registry.put(
            ModelVersion(
                arn=parse_package_arn(package(id_.version, id_.model).arn),
                package=package(id_.version, id_.model),
                status="Completed",
                approval=approval,
                metadata={
                    name: each.value if each is not None else "PendingManualApproval"
                    for name, each in rungs.items()
                },
            )
        )

    def name_current(self, environment: str, model: str = MODEL) -> None:
        """Write `current`, and its receipt where it came to name another version."""
        approved = sorted(
            id_
            for id_, each in self.histories.items()
            if (id_.environment, id_.model) == (environment, model)
            and each.decision is Decision.APPROVED
        )
        top = approved[-1] if approved else None
        entry = None if top is None else self.histories[top].last
        record = None if entry is None else self.records[entry.blob]
        text = current_text(environment, model, record, entry)
        name = self.names(environment).current(model)
        before = self.stores[environment].values.get(name)
        if text != before:
            self.stores[environment].values[name] = text
            self.clock.advance(timedelta(seconds=5))
            becomes = None if top is None else top.version
            what = {"model": model, "was": None, "becomes": becomes, "value": text}
            self.receipt(environment, StatementKind.CURRENT, what)

    def receipt(
        self,
        environment: str,
        kind: StatementKind,
        what: Mapping[str, Any],
        *,
        recovered: bool = False,
    ) -> None:
        """Write a receipt at the end of an environment's chain."""
        chain = self.chains.setdefault(environment, [])
        chain.append(
            Statement(
                environment=environment,
                sequence=len(chain) + 1,
                previous=statement_digest(write_statement(chain[-1])) if chain else None,
                kind=kind,
                at=self.clock.now(),
                run="https://github.example/actions/runs/1",
                role="arn:aws:sts::111122223333:assumed-role/apply/1",
                head=self.head,
                recovered=recovered,
                what=what,
            )
        )

    def decision(self, id_: RecordId, entry: HistoryEntry, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the receipt
        """What the receipt of a decision says."""
        assert entry.decision is not None
        assert entry.created is not None
        return {
            "model": id_.model,
            "version": id_.version,
            "number": len(self.histories[id_].entries),
            "path": id_.path,
            "blob": entry.blob,
            "commit": entry.commit,
            "decision": entry.decision.value,
            "was": None,
            "evidence": entry.evidence,
            "reason": "",
            "pull_request": entry.pull_request,
            "merged_at": written(entry.at),
            "author": "assent[bot]",
            "approved_by": list(entry.by),
            "approvals": [
                {
                    "by": login,
                    "state": "approved",
                    "at": written(entry.at - timedelta(seconds=30)),
                    "commit": "e" * 40,
                    "blob": entry.blob,
                    "counted": True,
                    "why": "",
                }
                for login in entry.by
            ],
            "waived": [],
            "broke_glass": "",
            "package_created": written(entry.created),
            "applied_at": written(entry.applied_at),
            "before": {"registry": {id_.environment: "PendingManualApproval"}},
            "after": {"registry": {id_.environment: entry.decision.value}},
            **changes,
        }

    def closing(self, id_: RecordId, entry: HistoryEntry) -> dict[str, Any]:
        """What the receipt of a closing says."""
        return {
            "model": id_.model,
            "version": id_.version,
            "number": len(self.histories[id_].entries),
            "decision": None if entry.decision is None else entry.decision.value,
            "by": ", ".join(entry.by),
            "at": written(entry.at),
            "pull_request": entry.pull_request,
            "blob": entry.blob,
            "commit": entry.commit,
            "evidence": entry.evidence,
            "reason": entry.reason,
            "aside": entry.aside,
            "applied_at": written(entry.applied_at),
        }

    # What is there to judge.

    @staticmethod
    def names(environment: str) -> Names:
        """Where an environment's parameters are."""
        return Names(prefix="/assent", environment=environment)

    def branch(self) -> dict[str, bytes]:
        """The files of the receipts branch, as the chains make them."""
        files = {"README.md": b"Receipts\n"}
        for environment, chain in self.chains.items():
            content = b""
            for statement in chain:
                content = write_statement(statement)
                files[statement_path(environment, statement.sequence)] = content
            files[head_path(environment)] = head_bytes(len(chain), statement_digest(content))
            files[f"{environment}/models/{MODEL}.json"] = b"{}"
            files[f"{environment}/told.json"] = b"{}"
        return files

    def world(self) -> World:
        """The services, and the clone."""

        def parameters(environment: Environment) -> Parameters:
            return self.stores[environment.name]

        return World(
            config=parse_config(self.files["assent.yaml"], CONTRACTS.config),
            contracts=CONTRACTS,
            history=MemoryRepository(self.files, now=self.clock.now),
            head=self.head,
            registry=self.registry,
            parameters=parameters,
            clock=self.clock,
        )

    def publish(self) -> None:
        """Put the receipts on their branch, as the clone has it from its remote."""
        files = self.branch() if self.receipts is None else self.receipts
        tip = self.objects.commit_files(files, at=self.clock.now())
        self.objects.refs["refs/remotes/origin/receipts"] = tip

    def judge(self, *environments: str, keep: bool = False, **narrower: Any) -> Audited:  # noqa: ANN401 - fields of the scope
        """Audit it."""
        if self.receipts != {}:
            self.publish()
        scope = Scope(environments=environments or LADDER, **narrower)
        return audit(self.world(), self.objects, scope, keep=keep)

    def gaps(self, *environments: str, **narrower: Any) -> list[GapKind]:  # noqa: ANN401 - fields of the scope
        """The kinds of gaps that an audit finds, in its order."""
        return [each.kind for each in self.judge(*environments, **narrower).audit.gaps]

    def bundle(self, *environments: str, **narrower: Any) -> bytes:  # noqa: ANN401 - fields of the scope
        """The bundle of an audit."""
        found = self.judge(*environments, keep=True, **narrower)
        return write_bundle(found.audit, found.objects, for_people(schema_files()), "assent test")

    def reword(self, environment: str, sequence: int, **changes: Any) -> None:  # noqa: ANN401 - fields of the receipt
        """Alter what a receipt says, and chain all that follow anew, as a forger would."""
        chain = self.chains[environment]
        at = sequence - 1
        chain[at] = replace(chain[at], what={**chain[at].what, **changes})
        for index in range(at + 1, len(chain)):
            previous = statement_digest(write_statement(chain[index - 1]))
            chain[index] = replace(chain[index], previous=previous)


def package(version: int, model: str = MODEL) -> Package:
    """The facts of a version."""
    return Package(
        arn=f"arn:aws:sagemaker:eu-west-1:111122223333:model-package/{model}/{version}",
        created=START,
        created_by="arn:aws:iam::111122223333:role/training",
        containers=(Container(image="registry.example/xgboost@sha256:" + "1" * 64),),
    )


def _digest_of(content: bytes) -> str:
    (line,) = [each for each in content.decode().split("\n") if each.strip().startswith("digest:")]
    return line.partition("digest:")[2].strip().strip('"')


def promoted() -> Trail:
    """Versions 1 and 2 in dev, 1 in prod; 3 was closed; then 2 was retired."""
    trail = Trail()
    trail.decide(1)
    trail.decide(1, "prod")
    trail.decide(2)
    trail.close(3)
    trail.decide(2, decision=Decision.RETIRED)
    return trail
