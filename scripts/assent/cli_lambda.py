"""The command `build-lambda`: the zip that is deployed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assent.cli_options import emit, format_option
from assent.cli_verdicts import verdicts
from assent.core.errors import Exit

if TYPE_CHECKING:
    from assent.lambda_zip import Built

__all__ = ["build_lambda"]

_MB = 1_000_000


@click.command("build-lambda", short_help="Build the Lambda's zip.")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--architecture",
    type=click.Choice(["x86_64", "arm64"]),
    default="x86_64",
    show_default=True,
    help="The function's.",
)
@click.option(
    "--runtime",
    type=click.Choice(["python3.11", "python3.12", "python3.13"]),
    default="python3.13",
    show_default=True,
    help="The function's.",
)
@click.option(
    "--python",
    metavar="PATH",
    help="The interpreter that compiles; of the runtime's version.  [default: this one, or the "
    "runtime's name on PATH]",
)
@click.option("--bytecode/--no-bytecode", default=True, help="Without it, cold starts compile.")
@click.option(
    "--compressed/--stored",
    default=True,
    help="Stored, the bytes depend on no build of zlib, and are about three times as many.",
)
@format_option("text", "json")
@verdicts
def build_lambda(
    out: Path,
    *,
    architecture: str,
    runtime: str,
    python: str | None,
    bytecode: bool,
    compressed: bool,
    form: str,
) -> Exit:
    """Build the Lambda's zip, OUT, from this installation and the packages that it pins.

    The same inputs give the same bytes. Needs pip, and a CPython of the runtime's version.
    """
    from assent.core.rendering.plain import json_text
    from assent.lambda_zip import build_lambda as build

    built = build(
        out,
        architecture=architecture,
        runtime=runtime,
        python=python,
        bytecode=bytecode,
        compressed=compressed,
    )
    emit(json_text(_values(built)) if form == "json" else _text(built))
    return Exit.OK


def _text(built: "Built") -> str:
    from assent.core.rendering.plain import plain
    from assent.lambda_zip import LARGEST_UPLOAD

    compiled = "no bytecode" if built.python is None else f"bytecode of CPython {built.python}"
    large = built.size > LARGEST_UPLOAD
    upload = "too large to upload directly: put it into S3" if large else "fit for a direct upload"
    unpacked = f"{built.unpacked / _MB:.1f} MB in {built.files} files"
    return "\n".join(
        [
            f"{plain(str(built.path))}: {built.runtime}, {built.architecture}, {compiled}",
            f"{built.size / _MB:.1f} MB, {upload}; {unpacked}, of 250 MB that Lambda takes",
            f"zip      sha256:{built.sha256}",
            f"content  sha256:{built.content}",
        ]
    )


def _values(built: "Built") -> dict[str, Any]:
    return {
        "path": str(built.path),
        "runtime": built.runtime,
        "architecture": built.architecture,
        "python": built.python,
        "bytes": built.size,
        "unpacked_bytes": built.unpacked,
        "files": built.files,
        "sha256": built.sha256,
        "content_sha256": built.content,
    }
