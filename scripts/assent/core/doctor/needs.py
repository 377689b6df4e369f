"""What the roles of an environment have to be allowed, so that `apply` can do its work."""

from collections.abc import Iterator
from dataclasses import dataclass

from assent.core.config import Config, Environment
from assent.core.doctor.registry import UPDATE
from assent.core.names import partition_of

__all__ = ["PROBE", "WRITE", "Need", "needs_of_applying", "needs_of_writing", "parameter_arn"]

PROBE = "x-doctor-x"
"""No model's name, so that nothing that is said of it is said of a model."""
WRITE = "ssm:PutParameter"
_NOTHING = "nothing is applied"
_NO_COMPARISON = "nothing can be compared in full"
_BUCKET_POLICY = "the bucket's policy lets it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that a role has to be allowed."""

    action: str
    resources: tuple[str, ...]
    """ARNs, of which one has to be allowed: AWS does not say in which form it asks."""
    otherwise: str
    """What comes of it where it is not allowed."""
    unless: str = ""
    """What else may allow it, of which the simulator is not told; empty for nothing."""


def needs_of_applying(config: Config, environment: Environment) -> Iterator[Need]:
    """What the role in ASSENT_APPLY_ROLE has to be allowed in the registry's account."""
    package = (config.registry.package_arn(PROBE, 1),)
    for action in (UPDATE, "sagemaker:DescribeModelPackage"):
        yield Need(action=action, resources=package, otherwise=_NOTHING)
    # Search is of no resource.
    yield Need(action="sagemaker:Search", resources=("*",), otherwise=_NO_COMPARISON)
    partition = partition_of(config.registry.region)
    if config.evidence_bucket is not None:
        kept = f"arn:{partition}:s3:::{config.evidence_bucket}/sha256/{PROBE}"
        for action in ("s3:GetObject", "s3:GetObjectVersion"):
            yield Need(
                action=action,
                resources=(kept,),
                otherwise="evidence that is kept there cannot be read again",
                unless=_BUCKET_POLICY,
            )
    if config.receipts.bucket is not None:
        copy = f"arn:{partition}:s3:::{config.receipts.bucket}/{environment.name}/{PROBE}"
        yield Need(
            action="s3:PutObject",
            resources=(copy,),
            otherwise="no copy of a receipt is kept there",
            unless=_BUCKET_POLICY,
        )
    for role, otherwise in _roles(config, environment).items():
        # In one account a trust policy that names whoever assumes a role is enough.
        at_home = role.split(":")[4] == config.registry.account
        unless = "the role's trust policy names it by its ARN" if at_home else ""
        yield Need(action="sts:AssumeRole", resources=(role,), otherwise=otherwise, unless=unless)


def _roles(config: Config, environment: Environment) -> dict[str, str]:
    """The roles that applying one environment takes, each with what does not go without it."""
    needed = {}
    for other in config.environments:
        reads = other.read_role or other.role
        if reads is not None:
            needed[reads] = f"nothing of {other.name} can be read"
    if environment.role is not None:
        needed[environment.role] = _NOTHING
    return needed


def needs_of_writing(config: Config, environment: Environment) -> Iterator[Need]:
    """What the role that writes an environment's parameters has to be allowed."""
    mine = (parameter_arn(config, environment),)
    for action in (WRITE, "ssm:GetParameters"):
        yield Need(action=action, resources=mine, otherwise=_NOTHING)
    folder = _folder(config, environment)
    yield Need(
        action="ssm:GetParametersByPath",
        resources=(f"{folder}/", folder),
        otherwise=_NO_COMPARISON,
    )


def parameter_arn(config: Config, environment: Environment, model: str = PROBE) -> str:
    """The ARN of the parameter that names a model's current version."""
    return f"{_folder(config, environment)}/{model}/current"


def _folder(config: Config, environment: Environment) -> str:
    partition = partition_of(environment.region)
    place = f"arn:{partition}:ssm:{environment.region}:{environment.account}"
    return f"{place}:parameter{config.parameter_prefix}/{environment.name}"
