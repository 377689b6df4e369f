"""Adapters whose client is made when it is first needed, which in most runs it never is."""

from collections.abc import Callable, Mapping
from functools import cache

from assent.ports import Bus, EvidenceStore, ReceiptVault

__all__ = ["LaterBus", "LaterStore", "LaterVault"]


class LaterBus:
    """A bus whose client is made when the first event is sent: few events need one."""

    def __init__(self, make: Callable[[], Bus]) -> None:
        self._made = cache(make)

    def send(self, detail_type: str, detail: Mapping[str, object], /) -> None:
        """See `ports.Bus`."""
        self._made().send(detail_type, detail)


class LaterStore:
    """A store whose client is made when the first file is kept."""

    def __init__(self, make: Callable[[], EvidenceStore]) -> None:
        self._made = cache(make)

    def keep(self, content: bytes, sha256: str, /) -> str:
        """See `ports.EvidenceStore`."""
        return self._made().keep(content, sha256)


class LaterVault:
    """A vault whose client is made when it is first asked: most runs write no receipt."""

    def __init__(self, make: Callable[[], ReceiptVault]) -> None:
        self._made = cache(make)

    def holds(self, key: str, /) -> bool:
        """See `ports.ReceiptVault`."""
        return self._made().holds(key)

    def put(self, key: str, content: bytes, /) -> None:
        """See `ports.ReceiptVault`."""
        self._made().put(key, content)
