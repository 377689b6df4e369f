"""Who registered a model: IAM principals and the people behind them."""

import fnmatch
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Identities", "Principal", "Registrar", "RegistrarKind"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """IAM principals, and who acts by them."""

    match: str
    """A glob over `package.created_by`."""
    login: str | None
    """The person's; None for a machine, by which nobody in particular acts."""


class RegistrarKind(StrEnum):
    """What is known of who registered a model."""

    PERSON = "person"
    MACHINE = "machine"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrar:
    """Who registered a model, as far as it is known."""

    kind: RegistrarKind
    login: str = ""
    """Of a person; empty otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """The setting `identities` of `assent.yaml`."""

    strict: bool = False
    """Whether a principal of whom nothing is known holds a promotion up."""
    principals: tuple[Principal, ...] = ()
    """The first match counts."""

    def registrar(self, created_by: str | None) -> Registrar:
        """Who registered a model that the registry says was created by that principal."""
        for each in self.principals:
            if created_by is not None and fnmatch.fnmatchcase(created_by, each.match):
                if each.login is None:
                    return Registrar(kind=RegistrarKind.MACHINE)
                return Registrar(kind=RegistrarKind.PERSON, login=each.login)
        return Registrar(kind=RegistrarKind.UNKNOWN)
