"""Zip files of one form only: nothing compressed, no times, names in order.

The same files give the same bytes. Reading takes that form and no other, so that nothing hides
between, before or behind the files, and no small archive becomes a large one.
"""

import re
import struct
import zlib
from collections.abc import Iterator, Mapping

from assent.core.errors import AssentError
from assent.core.names import shown

__all__ = ["LARGEST", "NotOfThisForm", "pack", "unpack"]

LARGEST = 2**31 - 1
"""The largest archive in bytes; beyond it zip needs another form."""
_NAME = re.compile(
    r"(?!.*(?:^|/)\.\.?(?:/|$))[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9._-]+)*", re.ASCII
)
_LONGEST_NAME = 255
_MOST_PLAIN = 0xFFFE
"""As many files as the plain end of a zip can count."""

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END_64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_END = struct.Struct("<4s4H2IH")
_VERSION = 20
_VERSION_64 = 45
_MADE_BY_UNIX = 3 << 8 | _VERSION
_FIRST_DAY = 0x21
"""1980-01-01, the first that zip knows."""
_PLAIN_FILE = 0o100644 << 16


class NotOfThisForm(AssentError):
    """A file is no archive that `pack` made."""


def pack(files: Mapping[str, bytes]) -> bytes:
    """An archive of some files.

    Raises:
        NotOfThisForm: A name is none that every system takes literally, or it would be too large.
    """
    parts: list[bytes] = []
    entries: list[bytes] = []
    at = 0
    for name in sorted(files):
        if not _is_name(name):
            raise NotOfThisForm(f"{shown(name)} cannot be a file's name in an archive")
        content, encoded = files[name], name.encode("ascii")
        check, size = zlib.crc32(content), len(content)
        head = _LOCAL.pack(
            *(b"PK\x03\x04", _VERSION, 0, 0, 0, _FIRST_DAY),
            *(check, size, size, len(encoded), 0),
        )
        entry = _CENTRAL.pack(
            *(b"PK\x01\x02", _MADE_BY_UNIX, _VERSION, 0, 0, 0, _FIRST_DAY),
            *(check, size, size, len(encoded), 0, 0, 0, 0, _PLAIN_FILE, at),
        )
        parts += [head, encoded, content]
        entries += [entry, encoded]
        at += len(head) + len(encoded) + size
        if at > LARGEST:
            raise NotOfThisForm(
                "the archive would be larger than 2 GiB", hint="Make it of less at a time."
            )
    directory = b"".join(entries)
    return b"".join([*parts, directory, _end(len(files), len(directory), at)])


def _end(count: int, size: int, start: int) -> bytes:
    most = min(count, 0xFFFF)
    end = _END.pack(b"PK\x05\x06", 0, 0, most, most, size, start, 0)
    if count <= _MOST_PLAIN:
        return end
    larger = _END_64.pack(
        *(b"PK\x06\x06", _END_64.size - 12, _VERSION_64, _VERSION_64, 0, 0, count, count, size),
        start,
    )
    return larger + _LOCATOR.pack(b"PK\x06\x07", 0, start + size, 1) + end


def unpack(archive: bytes) -> dict[str, bytes]:
    """The files of an archive, by name.

    Raises:
        NotOfThisForm: It differs in a single byte from what `pack` makes of these files.
    """
    if len(archive) > LARGEST:
        raise NotOfThisForm("the archive is larger than 2 GiB")
    files = dict(_files(archive))
    if pack(files) != archive:
        raise NotOfThisForm("the archive's directory does not fit its files")
    return files


def _files(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Each file that begins where the one before it ends; what comes after them is compared."""
    at = 0
    last = ""
    while archive[at : at + 4] == b"PK\x03\x04":
        if at + _LOCAL.size > len(archive):
            raise NotOfThisForm("the archive ends within a file")
        *_, check, size, again, length, extra = _LOCAL.unpack_from(archive, at)
        start = at + _LOCAL.size + length
        end = start + size
        if end > len(archive) or size != again or extra or length > _LONGEST_NAME:
            raise NotOfThisForm("the archive ends within a file, or a file is compressed")
        name = archive[at + _LOCAL.size : start].decode("latin-1")
        if not _is_name(name) or name <= last:
            raise NotOfThisForm(
                f"the archive holds {shown(name)}, which is no name, or out of order"
            )
        content = archive[start:end]
        if zlib.crc32(content) != check:
            raise NotOfThisForm(f"{name} was altered: its checksum does not fit")
        yield name, content
        last, at = name, end


def _is_name(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None
