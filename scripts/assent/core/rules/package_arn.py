"""Rule `package-arn`: the package is the version that the record names, in our registry."""

from collections.abc import Iterator

from assent.core.config import Config
from assent.core.names import parse_package_arn, partition_of
from assent.core.record import ParsedRecord
from assent.core.rules.rule import FileRule, Problem, gravity
from assent.core.rules.subject import PromotionFile

__all__ = ["RULE"]


def judge(file: PromotionFile, config: Config) -> Iterator[Problem]:
    """Compare each part of the ARN with what it must be."""
    if not isinstance(file.parsed, ParsedRecord):
        return
    record = file.parsed.record
    arn = parse_package_arn(record.package.arn)  # the schema has judged its form
    parts = (
        ("partition", arn.partition, partition_of(config.registry.region), "the registry is in"),
        ("model", arn.model, record.id.model, "the record is of"),
        ("version", arn.version, record.id.version, "the record is of"),
        ("account", arn.account, config.registry.account, "the registry of assent.yaml is in"),
        ("region", arn.region, config.registry.region, "the registry of assent.yaml is in"),
    )
    for name, found, expected, whose in parts:
        if found != expected:
            yield Problem(
                path=file.path,
                line=file.parsed.line("package", "arn"),
                place="package.arn",
                message=f"the ARN has the {name} {found}, and {whose} {expected}",
                severity=gravity(record.decision),
            )


RULE = FileRule(
    id="package-arn",
    description="The package's ARN names the record's model and version, in the registry of "
    "assent.yaml.",
    remedy="Let the bot propose the version again; nobody writes a package's facts by hand.",
    judge=judge,
)
