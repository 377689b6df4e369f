"""What answering events reads and writes."""

from collections.abc import Callable
from dataclasses import dataclass

from assent.contracts import Contracts
from assent.core.config import Config, Environment
from assent.ports import (
    Bus,
    Clock,
    EvidenceStore,
    Forge,
    Jobs,
    Notices,
    Parameters,
    Registry,
    Reports,
)

__all__ = ["World"]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that answering events reads and writes."""

    config: Config
    contracts: Contracts
    forge: Forge
    registry: Registry
    clock: Clock
    reports: Callable[[Environment | None], Reports]
    """Files as each environment may read them; None for the registry's own account."""
    parameters: Callable[[Environment], Parameters]
    """Each environment's own, in its account and region."""
    jobs: Callable[[Environment], Jobs]
    """Each environment's own, in its account and region."""
    bus: Bus
    notices: Notices
    store: EvidenceStore | None
    """None where no bucket is configured to keep reports in."""
