"""How long a message that could not be handled waits before it is delivered again."""

import hashlib

__all__ = ["LONGEST", "LONGEST_ASKED", "delay_seconds"]

SHORTEST = 30
LONGEST = 900
"""Seconds between two deliveries, unless a service asks for more."""
LONGEST_ASKED = 7200
"""What is waited when a service asks for more; GitHub's limits end within an hour."""
_DOUBLINGS = 10
"""More would only make the number longer, not the wait."""


def delay_seconds(message_id: str, received: int, retry_after: int | None) -> int:
    """The seconds to wait: twice as many at each delivery, and no two messages quite the same.

    Args:
        message_id: Decides where in its range a wait lies, so that a burst that was refused
            together does not come back together.
        received: How often the message was received, this time included. It decides with the id,
            so that none waits shortest each time and uses its deliveries up before the others.
        retry_after: What a service asked for, if it did; at least that is waited.
    """
    doublings = min(max(received, 1) - 1, _DOUBLINGS)
    wait: int = min(SHORTEST * 2**doublings, LONGEST)
    name = f"{message_id} {received}".encode(errors="surrogatepass")
    digest = hashlib.sha256(name).digest()
    spread = int.from_bytes(digest[:4]) / 2**32
    if retry_after is None:
        return wait // 2 + int(spread * (wait / 2))
    return min(max(retry_after, 0), LONGEST_ASKED) + int(spread * wait)
