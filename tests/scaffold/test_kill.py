"""`init` killed before and after each write, and run again: as if it had never been killed."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.scaffold.ground import ANSWERS, tree

from assent.scaffold import folder as folder_module
from assent.scaffold.establish import Before, carry_out
from assent.scaffold.folder import Folder
from assent.scaffold.manifest import MANIFEST, read_manifest
from assent.scaffold.plan import Keep, make_plan

WRITES = ("open", "mkdir", "replace", "unlink")
OLD = {
    "README.md": b"read 1",
    "assent.yaml": b"one",
    "infra/gone.yaml": b"1",
    "infra/edited-and-gone.yaml": b"1",
    "schemas/edited.json": b"1",
    "schemas/deleted.json": b"1",
    "schemas/same.json": b"1",
}
NEW = {
    "README.md": b"read 2",
    "assent.yaml": b"two",
    "infra/new.yaml": b"2",
    ".github/workflows/new.yml": b"2",
    "schemas/edited.json": b"2",
    "schemas/deleted.json": b"2",
    "schemas/same.json": b"1",
    "schemas/theirs.json": b"2",
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody pulls the plug here, so nothing has to wait for the disk."""
    monkeypatch.setattr(os, "fsync", lambda _number: None)


class Killed(BaseException):
    """What nothing catches."""


class CutOff:
    """The module `os`, as the writer knows it, that is cut off at the nth call that may write.

    Args:
        at: At which call.
        after: Whether once it is done.
    """

    def __init__(self, at: int, *, after: bool) -> None:
        self._left = at
        self._after = after

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - anything of os
        real = getattr(os, name)
        return self._counted(real) if name in WRITES else real

    def _counted(self, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            self._left -= 1
            if self._left == 0 and not self._after:
                raise Killed
            done = real(*args, **kwargs)
            if self._left == 0:
                raise Killed
            return done

        return call

    @property
    def reached(self) -> bool:
        """Whether it was cut off at all."""
        return self._left <= 0


def run(path: Path, files: Mapping[str, bytes]) -> None:
    """One run, from what the folder itself says."""
    place = Folder(path)
    manifest = path / MANIFEST
    before = read_manifest(manifest.read_bytes()) if manifest.exists() else None
    plan = make_plan(ANSWERS, files, before, place.look, version="1.0.0")
    carry_out(place, Before(manifest=before, config=None), plan)


def cut_off(
    monkeypatch: pytest.MonkeyPatch, path: Path, files: Mapping[str, bytes], at: int, *, after: bool
) -> bool:
    """One run that is killed; whether it was, since it had not so many calls."""
    os_like = CutOff(at, after=after)
    with monkeypatch.context() as patched:
        patched.setattr(folder_module, "os", os_like)
        try:
            run(path, files)
        except Killed:
            return True
    return os_like.reached


def edited(path: Path) -> None:
    """What people do to a folder after its first run."""
    run(path, OLD)
    (path / "schemas/edited.json").write_bytes(b"mine")
    (path / "infra/edited-and-gone.yaml").write_bytes(b"mine")
    (path / "schemas/deleted.json").unlink()
    (path / "schemas/theirs.json").write_bytes(b"theirs")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_first_run_that_was_killed_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    """Wherever it was, also by another version in between: nothing of it counts as people's."""
    clean = tmp_path / "clean"
    run(clean, NEW)
    at = 1
    while cut_off(monkeypatch, path := tmp_path / f"{at}", NEW, at, after=after):
        other = tmp_path / f"{at}-other"
        if path.exists():
            shutil.copytree(path, other)
        run(other, OLD)
        run(other, NEW)
        for each in (path, other):
            run(each, NEW)
            assert tree(each) == tree(clean), at
        at += 1
    assert at > 20


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_an_upgrade_that_was_killed_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    """Meanwhile each file is the old or the new one, and what people did is untouched."""
    clean, start = tmp_path / "clean", tmp_path / "start"
    edited(start)
    shutil.copytree(start, clean)
    run(clean, NEW)
    for name, content in {
        "schemas/edited.json": b"mine",
        "infra/edited-and-gone.yaml": b"mine",
        "schemas/theirs.json": b"theirs",
    }.items():
        assert (clean / name).read_bytes() == content
    assert not (clean / "schemas/deleted.json").exists()
    assert not (clean / "infra/gone.yaml").exists()
    at = 1
    while True:
        path = tmp_path / f"{at}"
        shutil.copytree(start, path)
        if not cut_off(monkeypatch, path, NEW, at, after=after):
            break
        was, now = tree(start), tree(clean)
        for name, content in tree(path).items():
            if name != MANIFEST and not name.endswith(".half-written"):
                assert content in {was.get(name), now.get(name)}, (at, name)
        back = tmp_path / f"{at}-back"
        shutil.copytree(path, back)
        run(path, NEW)
        assert tree(path) == now, at
        run(back, OLD)  # back to the older version, and forward again
        assert {n: c for n, c in tree(back).items() if n != MANIFEST} == {
            n: c for n, c in was.items() if n != MANIFEST
        }, at
        at += 1
    assert at > 20


def test_what_was_not_told_before_a_cut_is_told_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that ends before its last write leaves the news to the next one."""
    at = 1
    while True:
        path = tmp_path / f"{at}"
        edited(path)
        calls = CutOff(at, after=False)
        with monkeypatch.context() as patched:
            patched.setattr(folder_module, "os", calls)
            try:
                run(path, NEW)
            except Killed:
                pass
            else:
                break
        manifest = read_manifest((path / MANIFEST).read_bytes())
        plan = make_plan(ANSWERS, NEW, manifest, Folder(path).look, version="1.0.0")
        told = {step.path for step in plan.steps if isinstance(step, Keep) and step.news}
        assert {"schemas/edited.json", "schemas/theirs.json"} <= told, at
        at += 1
        if not plan.writes:
            break
    assert at > 20
