"""The folder: whole files, and nothing outside of it, whatever lies in it."""

import os
from pathlib import Path

import pytest

from assent.scaffold.folder import CannotWrite, Folder
from assent.scaffold.plan import Absent, Blocked, Present

PATH = ".github/workflows/apply.yml"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Folders are made on the way; nothing else is left beside the file."""
    folder = Folder(tmp_path / "new" / "here")
    assert folder.names() == ()
    assert folder.look(PATH) == Absent()
    folder.write(PATH, b"one")
    folder.write(PATH, b"two")
    assert folder.look(PATH) == Present(b"two")
    assert Folder(tmp_path / "new/here/.github/workflows").names() == ("apply.yml",)
    folder.remove(PATH)
    folder.remove(PATH)
    assert folder.look(PATH) == Absent()


def test_a_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    """Others may read it, as the process's mask lets them."""
    Folder(tmp_path).write("x", b"")
    (tmp_path / "y").touch()
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "y").stat().st_mode


@pytest.mark.parametrize("part", [".github", ".github/workflows", PATH])
def test_nothing_behind_a_link_is_seen_or_touched(tmp_path: Path, part: str) -> None:
    """A link at any part of the path blocks it: no read, no write and no removal goes through."""
    outside = tmp_path / "outside"
    inside = tmp_path / "inside"
    target = outside / PATH.removeprefix(part).lstrip("/") if part != PATH else outside / "file"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"theirs")
    link = inside / part
    link.parent.mkdir(parents=True)
    link.symlink_to(target if part == PATH else outside)
    folder = Folder(inside)
    assert isinstance(folder.look(PATH), Blocked)
    if part == PATH:  # a link that is the file itself is replaced as such, or removed as such
        folder.write(PATH, b"ours")
        assert folder.look(PATH) == Present(b"ours")
        link.unlink()
        link.symlink_to(target)
        folder.remove(PATH)
        assert not link.is_symlink()
    else:
        with pytest.raises(CannotWrite, match="symbolic link"):
            folder.write(PATH, b"ours")
        with pytest.raises(CannotWrite, match="symbolic link"):
            folder.remove(PATH)
    assert target.read_bytes() == b"theirs"
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_what_is_no_plain_file_is_not_read(tmp_path: Path) -> None:
    """Neither a folder, nor a pipe, which would make a reader wait, nor what lies below a file."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    folder = Folder(tmp_path)
    for path in ("folder", "pipe", "file/below"):
        assert isinstance(folder.look(path), Blocked), path


def test_what_a_cut_left_is_replaced(tmp_path: Path) -> None:
    """Even where it is a link that leads out of the folder."""
    theirs = tmp_path / "theirs"
    theirs.write_bytes(b"theirs")
    folder = Folder(tmp_path / "folder")
    folder.write("x", b"old")
    (tmp_path / "folder" / ".x.half-written").symlink_to(theirs)
    folder.write("x", b"new")
    assert folder.names() == ("x",)
    assert theirs.read_bytes() == b"theirs"


def test_a_folder_that_takes_nothing_says_so(tmp_path: Path) -> None:
    """A file stands where a folder has to be."""
    (tmp_path / ".github").write_bytes(b"")
    with pytest.raises(CannotWrite, match="could not be written") as caught:
        Folder(tmp_path).write(PATH, b"x")
    assert "run the same again" in caught.value.hint
