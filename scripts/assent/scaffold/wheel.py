"""Assent's own wheel, packed again from what is installed: always the same bytes."""

import base64
import csv
import hashlib
import io
from collections.abc import Mapping
from importlib import metadata

from assent import __version__
from assent.core.errors import AssentError
from assent.core.zip_archive import pack
from assent.distribution import DISTRIBUTION, distributed_files

__all__ = ["NotInstalled", "installed_metadata", "packed", "wheel_name"]

_NAME = DISTRIBUTION.replace("-", "_")
_METADATA = ("METADATA", "WHEEL", "entry_points.txt", "licenses/LICENSE")
"""What a wheel's `.dist-info` holds besides RECORD; what an installer adds is left out."""


class NotInstalled(AssentError):
    """Assent runs without having been installed, so nothing tells what its wheel says of it."""


def wheel_name() -> str:
    """The file's name, which tells pip what it is."""
    return f"{_NAME}-{__version__}-py3-none-any.whl"


def installed_metadata() -> dict[str, bytes]:
    """What the installed distribution says of itself, by the names within `.dist-info`.

    Raises:
        NotInstalled: It is not installed, or is another version than the one that runs.
    """
    hint = "Install it, as by `pip install .` in a checkout, and run `assent init` from there."
    try:
        found = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError as error:
        raise NotInstalled(f"{DISTRIBUTION} is not installed here", hint=hint) from error
    if found.version != __version__:
        raise NotInstalled(
            f"{DISTRIBUTION} {found.version} is installed, and {__version__} is what runs",
            hint=hint,
        )
    files = {}
    for name in _METADATA:
        text = found.read_text(name)
        if text is None:
            raise NotInstalled(f"the installed {DISTRIBUTION} lacks {name}", hint=hint)
        files[name] = text.encode()
    return files


def packed(said: Mapping[str, bytes]) -> bytes:
    """The wheel of the Assent that runs.

    Nothing in it is compressed: what a compressor makes differs from one machine to the next, and
    git compresses for itself.

    Args:
        said: What `.dist-info` holds; see `installed_metadata`.
    """
    folder = f"{_NAME}-{__version__}.dist-info"
    files = dict(distributed_files())
    files.update({f"{folder}/{name}": content for name, content in said.items()})
    record = f"{folder}/RECORD"
    files[record] = _record(files, record)
    return pack(files)


def _record(files: Mapping[str, bytes], record: str) -> bytes:
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    for name, content in sorted(files.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
        lines.writerow([name, f"sha256={digest.decode()}", len(content)])
    lines.writerow([record, "", ""])
    return text.getvalue().encode()
