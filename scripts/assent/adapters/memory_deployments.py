"""Deployments in memory: the fake behind `Deployments`."""

from dataclasses import dataclass

from assent.core.deployment import Deployed, Deployment

__all__ = ["MemoryDeployment", "MemoryDeployments"]


@dataclass(slots=True, kw_only=True)
class MemoryDeployment:
    """A deployment's state."""

    number: int
    deployment: Deployment
    state: str = ""
    """Of its last status; empty before the first."""


class MemoryDeployments:
    """Implements `Deployments`."""

    def __init__(self) -> None:
        self.made: list[MemoryDeployment] = []
        """Oldest first."""
        self.writes = 0

    def latest(self, place: str, /) -> Deployed | None:
        """See `ports.Deployments`."""
        for each in reversed(self.made):
            if each.deployment.place == place:
                return Deployed(id=each.number, live=each.deployment.live)
        return None

    def is_shown(self, number: int, /) -> bool:
        """See `ports.Deployments`."""
        return self._made(number).state == "success"

    def create(self, deployment: Deployment, /) -> int:
        """See `ports.Deployments`."""
        self.writes += 1
        self.made.append(MemoryDeployment(number=len(self.made) + 1, deployment=deployment))
        return len(self.made)

    def show(self, number: int, deployment: Deployment, /) -> None:
        """See `ports.Deployments`."""
        self.writes += 1
        self._made(number).state = "success"
        for each in self.made:
            same = each.deployment.place == deployment.place and each.number != number
            if same and not each.deployment.production and each.state == "success":
                each.state = "inactive"

    def hide(self, number: int, /) -> None:
        """See `ports.Deployments`."""
        self.writes += 1
        self._made(number).state = "inactive"

    def shown(self) -> dict[str, int]:
        """The version that each place shows as active; two at one place are an error."""
        found: dict[str, int] = {}
        for each in self.made:
            if each.state == "success":
                place = each.deployment.place
                if place in found:
                    raise ValueError(f"{place} shows two versions")
                found[place] = each.deployment.live.version
        return found

    def _made(self, number: int) -> MemoryDeployment:
        return self.made[number - 1]
