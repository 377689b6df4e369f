"""Secrets Manager in one account and region."""

import re
from typing import TYPE_CHECKING

from assent.adapters.aws_session import AwsFailed, asking
from assent.core.names import shown

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

__all__ = ["SecretsManager", "region_of_secret"]

_ARN = re.compile(
    r"arn:aws[a-z-]{0,20}:secretsmanager:(?P<region>[a-z0-9-]{1,30}):[0-9]{12}:secret:.{1,600}",
    re.ASCII,
)


class SecretsManager:
    """Secrets of the account and region that the client speaks to, and of what ARNs name."""

    def __init__(self, client: "SecretsManagerClient") -> None:
        self._client = client

    def read(self, name: str) -> str:
        """The text of a secret's current version.

        Args:
            name: The secret's name or ARN.

        Raises:
            AssentError: It is missing, holds no text, or may not be read or decrypted.
        """
        with asking("secretsmanager:GetSecretValue", name):
            answer = self._client.get_secret_value(SecretId=name)
        text = answer.get("SecretString")
        if not text:
            raise AwsFailed(
                f"the secret {shown(name)} holds no text", hint="Store the PEM file as plain text."
            )
        return text


def region_of_secret(name: str) -> str | None:
    """The region that a secret's ARN names; None where it is given by name."""
    match = _ARN.fullmatch(name)
    return None if match is None else match["region"]
