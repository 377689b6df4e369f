"""A correction to moto's IAM, which fails over the policy simulator that it does not have."""

from collections.abc import Iterator

from moto.iam.exceptions import IAMException
from moto.iam.responses import IamResponse

from assent.sandbox.aws.registry import Correction

__all__ = ["corrections"]


def corrections() -> Iterator[Correction]:
    """List what is to be replaced."""
    yield IamResponse, "simulate_principal_policy", _simulate


def _simulate(_: IamResponse) -> None:
    raise IAMException("PolicyEvaluation", "the sandbox does not simulate policies")
