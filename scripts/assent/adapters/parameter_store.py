"""Parameter Store in one account and region."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from assent.adapters.aws_session import asking
from assent.core.errors import AssentError
from assent.core.names import shown
from assent.core.parameters import MAX_VALUE_BYTES

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

__all__ = ["ParameterStore", "UnwritableParameter", "require_writable"]

_BATCH = 10
"""Names or parameters in one request; Parameter Store takes and gives no more."""


class UnwritableParameter(AssentError):
    """Parameter Store would not take a value; nothing was written."""


class ParameterStore:
    """Parameters of the account and region that the client speaks to.

    Every method raises Unavailable, AccessRefused or CredentialsRefused as `aws_session` tells
    them apart.
    """

    def __init__(self, client: "SSMClient") -> None:
        self._client = client

    def read(self, names: Sequence[str], /) -> Mapping[str, str]:
        """The values of those parameters that exist, ten to a request."""
        unique = list(dict.fromkeys(names))
        found: dict[str, str] = {}
        for start in range(0, len(unique), _BATCH):
            batch = unique[start : start + _BATCH]
            with asking("ssm:GetParameters", ", ".join(batch)):
                answer = self._client.get_parameters(Names=batch)
            found |= {each["Name"]: each["Value"] for each in answer["Parameters"]}
        return found

    def read_below(self, path: str, /) -> Iterator[tuple[str, str]]:
        """Every parameter below a path, at any depth, in no particular order.

        Raises while iterating if a later page fails: what came before is then not all.
        """
        pages = self._client.get_paginator("get_parameters_by_path").paginate(
            Path=path, Recursive=True, PaginationConfig={"PageSize": _BATCH}
        )
        with asking("ssm:GetParametersByPath", path):
            for page in pages:
                for each in page["Parameters"]:
                    yield each["Name"], each["Value"]

    def write(self, name: str, value: str, /) -> None:
        """Write a standard parameter, whether it exists or not.

        Raises:
            UnwritableParameter: The value is too long, empty, or holds `{{`.
        """
        require_writable(name, value)
        with asking("ssm:PutParameter", name):
            self._client.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)

    def read_secret(self, name: str) -> str:
        """A SecureString, decrypted.

        Raises:
            AssentError: It is missing, or may not be read or decrypted.
        """
        with asking("ssm:GetParameter", name):
            return self._client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]


def require_writable(name: str, value: str) -> None:
    """See that a standard parameter can hold a value.

    Raises:
        UnwritableParameter: It cannot.
    """
    size = len(value.encode())
    if size > MAX_VALUE_BYTES:
        raise UnwritableParameter(
            f"the value for {shown(name)} has {size} bytes; a standard parameter holds "
            f"{MAX_VALUE_BYTES}",
            hint="Fewer containers or shorter addresses in the record make it smaller.",
        )
    if "{{" in value:
        raise UnwritableParameter(
            f"the value for {shown(name)} holds two opening braces in a row, which Parameter "
            "Store takes for a reference",
            hint="In JSON the second one can be written as \\u007b.",
        )
    if not value:
        raise UnwritableParameter(f"the value for {shown(name)} is empty")
