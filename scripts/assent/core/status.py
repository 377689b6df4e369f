"""What is live in an environment beside what main asks for."""

from dataclasses import dataclass

__all__ = ["Cell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One model in one environment."""

    live: int | None
    """The version that `current` names."""
    asked: int | None
    """The highest version whose record on main is Approved."""
    unreadable: str = ""
    """Why `current` does not read."""
