"""A repository, a registry and two environments in memory, with what is promoted there by hand."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tests.properties.memory_scene import Fuse, MemoryScene

from assent.contracts import load_contracts
from assent.core.changes import Reason
from assent.core.config import Config
from assent.core.gates import Gate
from assent.core.names import RecordId
from assent.core.receipts import DecisionApplied, Refused
from assent.core.record import Decision, Record, Waiver, write_record
from assent.flows.apply import ApplyReport
from assent.flows.collect_evidence import collect_evidence

__all__ = ["BOT", "CHURN", "Ground", "decided", "demanding", "refused"]

CHURN = "churn"
BOT = "assent[bot]"


def demanding(
    config: Config,
    environment: str,
    *,
    gates: tuple[Gate, ...] = (),
    soak: timedelta | None = None,
    approvals: int = 1,
) -> Config:
    """A configuration with demands of one environment."""
    return replace(
        config,
        environments=tuple(
            replace(each, gates=gates, soak=soak, approvals=approvals)
            if each.name == environment
            else each
            for each in config.environments
        ),
    )


class Ground:
    """What people do, and what comes of it, on the fakes."""

    def __init__(self, ladder: Sequence[str] = ("dev", "test")) -> None:
        self.scene = MemoryScene(ladder)
        self._opened = 0

    def register(self, version: int) -> None:
        """Let versions be registered up to one."""
        while (CHURN, version) not in self.scene.packages():
            self.scene.register(CHURN)

    def record(
        self,
        version: int,
        auc: float,
        environment: str = "dev",
        *,
        decision: Decision = Decision.APPROVED,
        waivers: tuple[Waiver, ...] = (),
    ) -> bytes:
        """The text of a record."""
        self.register(version)
        registered = self.scene.packages()[CHURN, version]
        (report,) = registered.reports
        # Each version of a report says one thing for good, so that records can rest on any of them.
        content = json.dumps({"auc": auc}).encode()
        self.scene.reports.put(report.uri, content, version_id=f"auc-{auc}")
        found = collect_evidence(registered, self.scene.reports, registered.package.created)
        record = Record(
            id=RecordId(environment, CHURN, version),
            decision=decision,
            reason="" if decision is Decision.APPROVED else "it did not hold",
            waivers=waivers,
            package=found.package,
            evidence=found.evidence,
        )
        return write_record(record, load_contracts().promotion)

    def open(self, path: str, content: bytes, *, by: str = BOT) -> int:
        """Open a pull request for a record."""
        self._opened += 1
        return self.scene.open_pull(by, f"change/{self._opened}", path, content)

    def merge(self, number: int, approvers: Sequence[str] = ("ana",)) -> str:
        """Approve and merge a pull request."""
        for login in approvers:
            self.scene.repository.approve(number, login)
        return self.scene.repository.merge(number)

    def promote(
        self,
        version: int,
        auc: float,
        environment: str = "dev",
        *,
        decision: Decision = Decision.APPROVED,
        waivers: tuple[Waiver, ...] = (),
        approvers: Sequence[str] = ("ana",),
    ) -> int:
        """Bring a record to main by an approved pull request; returns its number."""
        content = self.record(version, auc, environment, decision=decision, waivers=waivers)
        number = self.open(RecordId(environment, CHURN, version).path, content)
        self.merge(number, approvers)
        return number

    def apply(self, *environments: str, everything: bool = False) -> ApplyReport:
        """Run apply."""
        report = self.scene.apply(
            environments or self.scene.config.ladder, None, everything=everything
        )
        assert report is not None
        return report

    def fuse(self) -> Fuse:
        """A fuse that never blows."""
        return Fuse(None)

    def effective(self, environment: str = "dev") -> set[int]:
        """The versions of which a decision is recorded."""
        names = self.scene.stores[environment].values
        return {int(name.rsplit("/", 1)[1]) for name in names if "/versions/" in name}


def decided(report: ApplyReport) -> list[int]:
    """The versions that were decided on, in order."""
    return [each.id.version for each in report.receipts if isinstance(each, DecisionApplied)]


def refused(report: ApplyReport) -> list[tuple[int, Reason]]:
    """The versions that were refused, and why."""
    return [(each.id.version, each.reason) for each in report.receipts if isinstance(each, Refused)]
