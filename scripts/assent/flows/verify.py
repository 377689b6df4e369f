"""Verify: judge a bundle again, from its bytes alone."""

from dataclasses import dataclass

from assent.contracts import Contracts
from assent.core.audit.git_part import configuration_at, read_git, read_records, read_reviewed
from assent.core.audit.judge import Audit, judge, read_environments, reviewed_in, spoken_of
from assent.core.audit.material import Material
from assent.core.bundle import (
    Bundle,
    BundleRefused,
    MissingObject,
    read_bundle,
    write_bundle,
)
from assent.core.config import CONFIG_PATH, Config, parse_config

__all__ = ["Verified", "verify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a bundle proves."""

    audit: Audit
    bundle: Bundle
    """Its anchors are to be compared with an independent source: a bundle that was made up fits
    itself, too."""


def verify(archive: bytes, contracts: Contracts) -> Verified:
    """Judge a bundle as the audit that wrote it judged the world.

    Everything is computed again: digests, git's ids, main's line of commits, the chains, the
    evidence. Then the bundle is written again, and has to come out the same.

    Args:
        archive: The file.
        contracts: Our own schemas, not the bundle's.

    Raises:
        AssentError: It is no bundle, was altered, or lacks what its proof needs.
    """
    bundle = read_bundle(archive)
    read: dict[str, tuple[str, bytes]] = {}

    def recorded(id_: str) -> tuple[str, bytes]:
        read[id_] = bundle.read(id_)
        return read[id_]

    head, scope = bundle.anchors.main, bundle.scope
    config_blob = configuration_at(recorded, head)
    if config_blob is None:
        raise BundleRefused(f"main's head has no {CONFIG_PATH}")
    config = parse_config(recorded(config_blob)[1], contracts.config)
    _require_fitting(bundle, config)
    git = read_git(recorded, head, bundle.anchors.tip, scope)
    readings = read_environments(config, scope, git.chains, bundle.parameters, contracts.receipt)
    spoken = [id_ for id_ in spoken_of(readings) if id_ not in git.blobs]
    material = Material(
        scope=scope,
        config=config,
        config_blob=config_blob,
        head=head,
        tip=bundle.anchors.tip,
        chains=git.chains,
        trail=git.trail,
        on_main=git.on_main,
        blobs={**git.blobs, **read_records(recorded, spoken, MissingObject)},
        reviewed=read_reviewed(recorded, reviewed_in(readings), MissingObject),
        parameters=bundle.parameters,
        packages=bundle.packages,
        read_at=bundle.made_at,
    )
    audit = judge(material, readings, contracts.promotion)
    if write_bundle(audit, read, bundle.documents, bundle.tool) != archive:
        raise BundleRefused(
            "the bundle does not come out the same when it is written again",
            hint="Something was added to it or moved in it, or its anchors are not its proof's.",
        )
    return Verified(audit=audit, bundle=bundle)


def _require_fitting(bundle: Bundle, config: Config) -> None:
    """See that a bundle speaks of environments that its own configuration has."""
    environments = bundle.scope.environments
    in_order = tuple(name for name in config.ladder if name in environments)
    if environments != in_order or set(bundle.parameters) != set(environments):
        raise BundleRefused("the bundle speaks of other environments than its configuration")
