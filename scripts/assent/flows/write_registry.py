"""Write the registry, and look that nothing was lost in writing."""

from dataclasses import dataclass

from assent.core.errors import AssentError
from assent.core.package import ModelVersion
from assent.core.registry_fields import RegistryUpdate
from assent.ports import Registry

__all__ = ["ChangedMeanwhile", "WrittenVersion", "write_registry"]


class ChangedMeanwhile(AssentError):
    """Somebody else wrote the registry between reading and writing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenVersion:
    """A version after it was written."""

    now: ModelVersion
    """As it was read back."""
    restored: tuple[str, ...]
    """Keys that vanished in writing and were put back."""


def write_registry(
    registry: Registry, seen: ModelVersion, update: RegistryUpdate
) -> WrittenVersion:
    """Send an update, read it back, and put back what vanished without being asked to.

    Args:
        registry: Where to write.
        seen: The version as it was just described.
        update: What to send.

    Raises:
        ChangedMeanwhile: What was written does not show.
        AssentError: The registry could not be written or read.
    """
    registry.update(update)
    now = registry.describe(seen.arn)
    lost = {key: value for key, value in seen.metadata.items() if key not in now.metadata}
    if lost:
        registry.update(RegistryUpdate(arn=seen.arn, metadata={**now.metadata, **lost}))
        now = registry.describe(seen.arn)
    wrong = [key for key, value in update.metadata.items() if now.metadata.get(key) != value]
    if update.approval is not None and now.approval is not update.approval:
        wrong.append("ModelApprovalStatus")
    if wrong:
        raise ChangedMeanwhile(
            f"{seen.arn.text} does not show what was just written: {', '.join(wrong)}",
            hint="Another writer may be at work; the next run tries again.",
        )
    return WrittenVersion(now=now, restored=tuple(sorted(lost)))
