"""The commands `audit` and `verify`: the trail judged, from the services or from a bundle."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assent import __version__
from assent.cli_options import (
    emit,
    environments_option,
    format_option,
    repository_option,
    time_of,
)
from assent.cli_verdicts import complain, verdicts
from assent.core.errors import AssentError, Exit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from assent.core.audit.judge import Audit

__all__ = ["audit", "verify"]


_at = click.option(
    "--at",
    callback=time_of,
    metavar="TIME",
    help="Tell what was live at that moment, as 2026-11-22T10:00:00Z.",
)


@click.command(short_help="Judge the whole trail, and name every gap.")
@click.argument("model", required=False)
@repository_option
@environments_option
@click.option(
    "--version",
    type=click.IntRange(1, 999_999_999),
    metavar="N",
    help="Only this version of MODEL.",
)
@click.option("--since", callback=time_of, metavar="TIME", help="Only what happened from then on.")
@click.option("--until", callback=time_of, metavar="TIME", help="Only what happened up to then.")
@_at
@click.option(
    "--receipts",
    metavar="REV",
    help="The revision that holds the receipts.  [default: the remote's branch, or the clone's]",
)
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write everything that was judged to this file, for `assent verify`.",
)
@format_option("table", "json", "csv")
@verdicts
def audit(
    model: str | None,
    *,
    repository: Path,
    environments: tuple[str, ...],
    version: int | None,
    since: "datetime | None",
    until: "datetime | None",
    at: "datetime | None",
    receipts: str | None,
    bundle: Path | None,
    form: str,
) -> Exit:
    """Judge the trail of all promotions, or of one MODEL: git, receipts, registry, parameters.

    Every link is verified, and every gap named: then the exit code is 10. The clone needs the
    whole history of main, and the receipts branch; GitHub is not asked.
    """
    from assent.adapters.git import GitRepository
    from assent.core.audit.material import Scope
    from assent.flows.audit import audit as judge
    from assent.wiring import open_world

    if version is not None and model is None:
        raise click.UsageError("--version needs a MODEL.")
    if since is not None and until is not None and since > until:
        raise click.UsageError("--since is after --until.")
    with open_world(repository, writing=False) as world, GitRepository(repository) as objects:
        _require_known(at, world.clock.now())
        chosen = world.config.select(environments)
        scope = Scope(
            environments=tuple(each.name for each in chosen),
            model=model,
            version=version,
            since=since,
            until=until,
        )
        found = judge(world, objects, scope, receipts=receipts, keep=bundle is not None)
    _show(found.audit, at, form)
    for error in found.unread:
        complain(error)
    if bundle is not None:
        if found.unread:
            complain(AssentError("no bundle was written, since something could not be read"))
        else:
            _write_bundle(bundle, found.audit, found.objects)
    return found.exit


def _require_known(at: "datetime | None", read_at: "datetime") -> None:
    """See that a moment is not after the one at which everything was read."""
    from assent.core.timestamps import written

    if at is not None and at > read_at:
        raise click.UsageError(f"--at: this was read at {written(read_at)}; later is not known.")


def _write_bundle(place: Path, found: "Audit", objects: "Mapping[str, tuple[str, bytes]]") -> None:
    from assent.contracts import schema_files
    from assent.core.bundle import for_people, write_bundle

    content = write_bundle(found, objects, for_people(schema_files()), f"assent {__version__}")
    try:
        place.write_bytes(content)
    except OSError as error:
        raise AssentError(f"the bundle could not be written: {error}") from error


def _show(found: "Audit", at: "datetime | None", form: str, **more: str) -> None:
    """Print an audit.

    Args:
        found: What it found.
        at: The moment of which to tell what was live, if any.
        form: How to print it.
        **more: What JSON holds besides.
    """
    from assent.core.audit.moment import live_at
    from assent.core.rendering.audit import (
        audit_csv,
        audit_summary,
        audit_text,
        audit_values,
        gaps_text,
        live_csv,
        live_text,
        live_values,
    )
    from assent.core.rendering.plain import json_text

    live = None if at is None else live_at(found, at)
    if form == "json":
        values = audit_values(found)
        values |= more if at is None or live is None else more | live_values(at, live)
        emit(json_text(values))
    elif form == "csv":
        emit(audit_csv(found) if live is None else live_csv(live, found.gaps))
    elif at is None or live is None:
        emit(audit_text(found))
    else:
        emit("\n".join([live_text(at, live), gaps_text(found.gaps), audit_summary(found)]))


@click.command(short_help="Verify an audit's bundle, offline.")
@click.argument("bundle", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_at
@format_option("table", "json", "csv")
@verdicts
def verify(bundle: Path, *, at: "datetime | None", form: str) -> Exit:
    """Verify a BUNDLE of `assent audit` from its bytes alone: no network, no GitHub, no AWS.

    Compare the anchors that it prints with a source that you trust. Exit codes: 0 whole; 10 it
    names gaps; 1 it is not a bundle as it was written.
    """
    from assent.contracts import load_contracts
    from assent.core.rendering.anchors import anchors_text
    from assent.core.zip_archive import LARGEST
    from assent.flows.verify import verify as judge

    try:
        if bundle.stat().st_size > LARGEST:
            raise AssentError("this is no bundle: it is larger than 2 GiB")
        archive = bundle.read_bytes()
    except OSError as error:
        raise AssentError(f"the bundle could not be read: {error}") from error
    verified = judge(archive, load_contracts())
    _require_known(at, verified.bundle.made_at)
    _show(verified.audit, at, form, bundle=verified.bundle.digest)
    if form == "table":
        emit(anchors_text(verified.bundle))
    return verified.audit.exit
