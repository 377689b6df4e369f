"""Archives of one form: what zip tools read, and nothing that a hostile file could hide."""

import io
import random
import struct
import zipfile

import pytest

from assent.core import zip_archive
from assent.core.zip_archive import NotOfThisForm, pack, unpack

FILES = {"b/two.txt": b"two\n", "a.txt": b"", "b/one.bin": bytes(range(256))}
PACKED = pack(FILES)


def test_the_same_files_give_the_same_bytes_in_any_order() -> None:
    """Names are sorted, and no time is in it."""
    assert pack(dict(reversed(FILES.items()))) == PACKED
    assert unpack(PACKED) == FILES


def test_any_zip_tool_reads_it() -> None:
    """Nothing is compressed, and each file has its plain mode."""
    with zipfile.ZipFile(io.BytesIO(PACKED)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(FILES)
        assert {name: archive.read(name) for name in archive.namelist()} == FILES
        assert {each.external_attr >> 16 for each in archive.infolist()} == {0o100644}


def test_more_files_than_a_plain_zip_counts() -> None:
    """The larger form of the end takes over, and tools follow it."""
    files = {f"{number:06d}": b"" for number in range(70_000)}
    packed = pack(files)
    assert unpack(packed) == files
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert len(archive.namelist()) == len(files)


def test_no_byte_can_be_changed_added_or_left_out() -> None:
    """Each single byte of the archive counts, directory and all."""
    for at in range(len(PACKED)):
        for spoilt in (
            PACKED[:at] + bytes([PACKED[at] ^ 1]) + PACKED[at + 1 :],
            PACKED[:at] + b"\0" + PACKED[at:],
            PACKED[:at],
        ):
            with pytest.raises(NotOfThisForm):
                unpack(spoilt)
    with pytest.raises(NotOfThisForm):
        unpack(PACKED + b"\n")


def _zipped(name: str, content: bytes = b"x", how: int = zipfile.ZIP_STORED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), content, compress_type=how)
    return made.getvalue()


def _link() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return made.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_hostile_archives_are_refused() -> None:
    """Bombs, links, names that lead out, names twice, sizes that lie, and what is no zip at all."""
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as archive:
        archive.writestr("a", b"1")
        archive.writestr("a", b"2")
    lying = bytearray(PACKED)
    struct.pack_into("<I", lying, 18, 0xFFFFFFFF)
    hostile = [
        _zipped("bomb", bytes(10_000_000), zipfile.ZIP_DEFLATED),
        _zipped("/etc/passwd"),
        _zipped("../up"),
        _zipped("a/../../up"),
        _zipped("a\\b"),
        _zipped("a//b"),
        _zipped("C:x"),
        _zipped("folder/"),
        _zipped("caf\u00e9"),
        _zipped("a\x1b[31m"),
        _zipped("x" * 300),
        _link(),
        twice.getvalue(),
        bytes(lying),
        b"",
        b"PK\x03\x04",
        b"PK\x03\x04" + b"\xff" * 100,
        b"\x00" * 100,
    ]
    for each in hostile:
        with pytest.raises(NotOfThisForm):
            unpack(each)


def test_names_are_such_as_every_system_takes_literally() -> None:
    """Whoever unpacks it elsewhere writes nowhere else."""
    for name in ("", ".", "..", "a/..", "../a", "/a", "a/", "a//b", "a b", "a:b", "a\n", ".a"):
        with pytest.raises(NotOfThisForm):
            pack({name: b""})


def test_what_would_be_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both in writing and in reading."""
    monkeypatch.setattr(zip_archive, "LARGEST", len(PACKED) - 1)
    with pytest.raises(NotOfThisForm, match="larger"):
        unpack(PACKED)
    monkeypatch.setattr(zip_archive, "LARGEST", 100)
    with pytest.raises(NotOfThisForm, match="larger"):
        pack(FILES)


def test_garbage_is_never_a_traceback() -> None:
    """Random bytes behind a proper beginning."""
    chance = random.Random(7)  # noqa: S311 - the same each time
    for _ in range(500):
        cut = chance.randrange(len(PACKED))
        with pytest.raises(NotOfThisForm):
            unpack(PACKED[:cut] + chance.randbytes(chance.randrange(1, 80)))
