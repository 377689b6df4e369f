"""The GitHub App's own signature, by a key that is read when something has to be signed."""

import re
from collections.abc import Callable
from typing import Any

from github import Auth

from assent.core.errors import AssentError

__all__ = ["AppKeyUnusable", "PrivateKey", "app_auth"]

PrivateKey = str | Callable[[], str]
"""The PEM, or what reads it where it is kept."""

_PEM = re.compile(r"\s*-----BEGIN (RSA )?PRIVATE KEY-----\s")
_HINT = (
    "Store the PEM file that GitHub gave you, as it is: from its BEGIN line to its END line, "
    "line breaks included."
)


class AppKeyUnusable(AssentError):
    """What is kept as the App's private key is none; its text is never shown."""


def app_auth(app_id: str, private_key: PrivateKey) -> Auth.AppAuth:
    """Authentication as the App itself.

    A token lasts an hour, and only minting one takes a signature. So a key that is kept elsewhere
    is read about once an hour, and a new one counts from the next token on.
    """

    def sign(payload: dict[str, Any]) -> str | bytes:
        key = private_key if isinstance(private_key, str) else private_key()
        if _PEM.match(key) is None:
            raise AppKeyUnusable("the App's private key is no PEM of a private key", hint=_HINT)
        try:
            return Auth.AppAuth.create_jwt_sign(key, "RS256")(payload)
        except Exception:  # noqa: BLE001 - whichever library refuses it, it is the key
            # Without the cause, which may quote what it was given.
            raise AppKeyUnusable("the App's private key cannot be read", hint=_HINT) from None

    return Auth.AppAuth(app_id, sign_func=sign)
