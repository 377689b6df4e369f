"""The command line as tests call it, over services in memory that hold hostile text."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assent.adapters.memory import (
    MemoryParameters,
    MemoryRegistry,
    MemoryReports,
    SettableClock,
)
from assent.adapters.memory_repository import MemoryRepository
from assent.cli import main
from assent.contracts import load_contracts
from assent.core.config import parse_config
from assent.core.evidence import Evidence, EvidenceSource, Origin
from assent.core.names import RecordId, parse_package_arn
from assent.core.package import Container, ModelVersion, Package, RegistryApproval
from assent.core.record import Decision, Record, write_record
from assent.flows.wanted import World

__all__ = [
    "CONFIG",
    "HOSTILE",
    "REPORT",
    "Play",
    "assert_harmless",
    "leave_out_surroundings",
    "package_of",
    "promoted",
    "record_of",
    "run",
]

CONFIG = (Path(__file__).parents[1] / "assent.yaml").read_bytes()
REPORT = "s3://bucket/churn/metrics.json"
HOSTILE = "\x1b[31mred\x07\r\n::error::x ##[error]y \u202e\x7f\ud800"
"""What a terminal, a log or a runner would act on."""
_DESCRIBED = "::error::x ##[error]y"
"""As much of it as a record can hold of what the registry says."""


def run(*arguments: str | Path) -> Result:
    """Run the command line; any exception but its own exit is the test's failure."""
    return CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)


def assert_harmless(text: str) -> None:
    """See that a terminal shows the text as it is, and GitHub's runner finds no command in it."""
    for line in text.split("\n"):
        assert line.isprintable(), ascii(line)
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


def leave_out_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no setting of this machine, and nothing that could be reached."""
    for name in [*os.environ]:
        if name.startswith(("AWS_", "ASSENT_", "GITHUB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


def package_of(model: str, version: int) -> Package:
    text = f"arn:aws:sagemaker:eu-west-1:111122223333:model-package/{model}/{version}"
    created = SettableClock().now()
    containers = (Container(image="xgboost:1.7"),)
    return Package(arn=text, created=created, created_by=None, containers=containers)


def record_of(model: str, version: int) -> bytes:
    record = Record(
        id=RecordId("dev", model, version),
        decision=Decision.APPROVED,
        package=package_of(model, version),
        evidence=Evidence(
            source=EvidenceSource.TRAINING,
            collected=SettableClock().now(),
            origin=Origin(description=_DESCRIBED),
        ),
    )
    return write_record(record, load_contracts().promotion)


@dataclass
class Play:
    """A promotion repository and both AWS services in memory, behind the real command line."""

    clock: SettableClock = field(default_factory=SettableClock)
    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    parameters: MemoryParameters = field(default_factory=MemoryParameters)

    def __post_init__(self) -> None:
        files = {"assent.yaml": CONFIG, ".github/CODEOWNERS": b"/promotions/ @ana\n"}
        self.repository = MemoryRepository(files, now=self.clock.now)

    def promote(self, model: str, version: int, *, content: bytes | None = None) -> None:
        """Propose a version, and merge its record."""
        number = self.propose(model, version, content=content)
        self.repository.approve(number, "ana")
        self.repository.merge(number)

    def propose(self, model: str, version: int, *, content: bytes | None = None) -> int:
        """Register a version about which the registry says odd things, and open its promotion."""
        package = package_of(model, version)
        self.registry.put(
            ModelVersion(
                arn=parse_package_arn(package.arn),
                package=package,
                status="Completed",
                approval=RegistryApproval.PENDING,
                approval_description=HOSTILE,
                metadata={"team": HOSTILE, HOSTILE: "x"},
                description=_DESCRIBED,
            )
        )
        branch = f"promote/dev/{model}/{version}"
        self.repository.create_branch(branch, self.repository.branches["main"])
        path = f"promotions/dev/{model}/{version}.yaml"
        written = record_of(model, version) if content is None else content
        self.repository.add_file(branch, path, written, "x", replaces=None)
        return self.repository.open_pull_request(branch, "x", "x").number

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the command line find this world."""

        @contextmanager
        def opened(_repository: Path, *, writing: bool) -> Iterator[World]:
            assert isinstance(writing, bool)
            contracts = load_contracts()
            yield World(
                config=parse_config(CONFIG, contracts.config),
                contracts=contracts,
                history=self.repository,
                head=self.repository.branches["main"],
                registry=self.registry,
                parameters=lambda _: self.parameters,
                clock=self.clock,
                reports=lambda _: MemoryReports(),
            )

        monkeypatch.setattr("assent.wiring.open_world", opened)
        monkeypatch.setattr("assent.wiring.forge_of", lambda *_: self.repository)


def promoted(monkeypatch: pytest.MonkeyPatch) -> Play:
    """One approved version, not yet applied, among services that hold hostile text."""
    made = Play()
    made.promote("churn", 7)
    made.install(monkeypatch)
    return made
