"""What should be, told by the promises alone: the plan under test has no part in it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import rfc8785
import yaml

__all__ = ["Key", "Oracle", "Said", "read_said"]

Key = tuple[str, str, int]
"""Environment, model, version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one record text says, as far as the promises speak of it."""

    text: bytes
    status: str
    created: str
    digest: str
    sound: bool
    """Whether the digest is that of package and evidence."""


@cache
def read_said(text: bytes) -> Said:
    """Read a record with nothing of the product's but its form."""
    value: dict[str, Any] = yaml.safe_load(text)
    evidence = {key: each for key, each in value["evidence"].items() if key != "digest"}
    canonical = rfc8785.dumps({"package": value["package"], "evidence": evidence})
    digest = "sha256:" + hashlib.sha256(canonical).hexdigest()
    return Said(
        text=text,
        status=value["status"],
        created=value["package"]["created"],
        digest=value["evidence"]["digest"],
        sound=value["evidence"]["digest"] == digest,
    )


@dataclass(slots=True)
class Oracle:
    """A simple model of what is in effect, moved by what people do and by completed runs."""

    ladder: Sequence[str]
    needed: Mapping[str, int]
    """How many approvals a yes needs, by environment."""
    main: dict[Key, Said] = field(default_factory=dict)
    approvers: dict[Key, int] = field(default_factory=dict)
    """How many approved the pull request that brought the record; none for a direct push."""
    packages: dict[tuple[str, int], str] = field(default_factory=dict)
    """When each package that exists was created."""
    effective: dict[Key, list[Said]] = field(default_factory=dict)
    current: dict[tuple[str, str], int | None] = field(default_factory=dict)

    def copy(self) -> "Oracle":
        """An oracle that can be asked what would be, without telling this one."""
        return replace(
            self,
            effective={key: list(each) for key, each in self.effective.items()},
            current=dict(self.current),
        )

    def decision(self, key: Key) -> str | None:
        """The status in effect."""
        entries = self.effective.get(key)
        return entries[-1].status if entries else None

    def is_settled(self, key: Key) -> bool:
        """Whether what main says is what is in effect, neither waiting nor refused."""
        said, entries = self.main.get(key), self.effective.get(key)
        return said is not None and entries is not None and entries[-1].text == said.text

    def is_same_package(self, said: Said, key: Key) -> bool:
        """Whether the package that a record speaks of is still the one in the registry."""
        return self.packages.get(key[1:]) == said.created

    def due(self, environment: str) -> dict[Key, Said]:
        """The decisions that the next run must bring into effect, and no others."""
        return {
            key: said
            for key, said in self.main.items()
            if key[0] == environment and not self.is_settled(key) and self._may(key, said)
        }

    def _may(self, key: Key, said: Said) -> bool:
        approvers = self.approvers[key]
        if said.status != "Approved":
            return approvers >= 1
        entries = self.effective.get(key, [])
        fresh = self.decision(key) in {None, "Approved"} or said.digest not in {
            each.digest for each in entries
        }
        return (
            approvers >= self.needed[key[0]]
            and said.sound
            and fresh
            and self._stands_on_rung(key, said)
            and self.is_same_package(said, key)
        )

    def _stands_on_rung(self, key: Key, said: Said) -> bool:
        place = self.ladder.index(key[0])
        if place == 0:
            return True
        entries = self.effective.get((self.ladder[place - 1], *key[1:]))
        return (
            bool(entries)
            and entries is not None
            and (entries[-1].status, entries[-1].created) == ("Approved", said.created)
        )

    def refused(self, environment: str) -> set[Key]:
        """What a run that has brought everything due into effect goes on to refuse."""
        unsettled = {key for key in self.main if key[0] == environment and not self.is_settled(key)}
        deleted = {
            key
            for key in self.effective
            if key[0] == environment and key not in self.main and self.decision(key) == "Approved"
        }
        return unsettled | deleted

    def run(self, environments: Iterable[str]) -> set[Key]:
        """Bring everything due into effect, rung by rung.

        Returns:
            Versions that `current` could not fall back to, for their packages are gone.
        """
        unusable: set[Key] = set()
        for environment in environments:
            due = self.due(environment)
            for key, said in due.items():
                self.effective.setdefault(key, []).append(said)
            for model in {key[1] for key in self.effective if key[0] == environment}:
                unusable |= self._name_current(environment, model, set(due))
        return unusable

    def _name_current(self, environment: str, model: str, fresh: set[Key]) -> set[Key]:
        was = self.current.get((environment, model))
        unusable: set[Key] = set()
        approved = [
            key
            for key in self.effective
            if key[:2] == (environment, model) and self.decision(key) == "Approved"
        ]
        self.current[environment, model] = None
        for key in sorted(approved, reverse=True):
            last = self.effective[key][-1]
            if key in fresh or key[2] == was or self.is_same_package(last, key):
                self.current[environment, model] = key[2]
                break
            unusable.add(key)
        return unusable

    def registry(self, model: str, version: int, fields: Mapping[str, str]) -> dict[str, str]:
        """Each environment's decision as the registry must show it after all were compared.

        Args:
            model: The package's group.
            version: Its version.
            fields: What the registry says now; it counts where nothing settled overrides it,
                but an Approved only where main asks for it or it is in effect.
        """
        shown: dict[str, str] = {}
        for environment in self.ladder:
            key = (environment, model, version)
            said = self.main.get(key)
            if said and self.is_settled(key) and self.is_same_package(said, key):
                shown[environment] = said.status
            elif fields.get(environment) in {"Rejected", "Retired"} or (
                fields.get(environment) == "Approved"
                and ((said and said.status == "Approved") or self.decision(key) == "Approved")
            ):
                shown[environment] = fields[environment]
        return shown
