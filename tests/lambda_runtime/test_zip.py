"""The zip's bytes: the same ones each time, fit for the runtime, and refused where they are not."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.lambda_runtime.conftest import RUNTIME

from assent.cli import main
from assent.distribution import distributed_files
from assent.lambda_zip import EPOCH, Built

UNCHECKED_HASH = 1
"""Flags of a bytecode file that Python takes as it is (PEP 552)."""
AARCH64 = 0xB7
OTHER = next(each for each in ("python3.12", "python3.13") if each != RUNTIME)
"""A runtime of another version than this Python."""


def build(out: Path, *options: str, env: Mapping[str, str] | None = None) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, ["build-lambda", str(out), *options], env=dict(env or {}))


def test_another_place_gives_the_same_bytes(built: Built, tmp_path: Path) -> None:
    """As laid out by a wheel, far from any checkout, for another user with other settings."""
    for name, content in distributed_files().items():
        (tmp_path / "installed" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "installed" / name).write_bytes(content)
    elsewhere = tmp_path / "a much longer path" / "to another folder"
    elsewhere.mkdir(parents=True)
    command = [sys.executable, "-P", "-m", "assent", "build-lambda", "out/again.zip"]
    command += ["--runtime", RUNTIME, "--architecture", built.architecture, "--format", "json"]
    settings = {
        "PYTHONPATH": str(tmp_path / "installed"),
        "HOME": str(elsewhere),
        "TMPDIR": str(elsewhere),
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "4711",
        "PATH": os.environ["PATH"],
    }
    kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    done = subprocess.run(
        command,
        cwd=elsewhere,
        env=kept | settings,
        umask=0o077,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["sha256"], told["content_sha256"]) == (built.sha256, built.content)
    assert (elsewhere / "out" / "again.zip").read_bytes() == built.path.read_bytes()
    assert [path.name for path in (elsewhere / "out").iterdir()] == ["again.zip"]


def test_its_entries_tell_nothing_of_who_built_it(built: Built) -> None:
    """They are sorted, readable to everybody, and of no time; each module has its bytecode."""
    with zipfile.ZipFile(built.path) as archive:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        assert names == sorted(set(names))
        assert {entry.date_time for entry in entries} == {EPOCH}
        assert {entry.external_attr >> 16 for entry in entries} == {0o644}
        compiled = [name for name in names if name.endswith(".pyc")]
        assert len(compiled) == sum(name.endswith(".py") for name in names)
        flags = {int.from_bytes(archive.read(name)[4:8], "little") for name in compiled}
        assert flags == {UNCHECKED_HASH}
        assert not [name for name in names if b"assent-lambda-" in archive.read(name)]
    assert len(names) == built.files
    assert not [name for name in names if re.search(r"/tests/|\.pyi$|RECORD$|^bin/", name)]


def test_each_packages_licence_is_inside(built: Built) -> None:
    """Beside the metadata by which scanners know each package and its version."""
    with zipfile.ZipFile(built.path) as archive:
        names = archive.namelist()
    folders = {name.partition("/")[0] for name in names if ".dist-info/" in name}
    assert len(folders) > 20
    for folder in folders:
        held = [name for name in names if name.startswith(f"{folder}/")]
        assert f"{folder}/METADATA" in held
        assert re.search(r"LICEN[CS]E|NOTICE|COPYING", " ".join(held), re.IGNORECASE), folder


def test_it_is_small_enough_to_upload(built: Built) -> None:
    """Lambda takes 50 MB directly, and 250 MB unpacked; this stays far below both."""
    assert built.size < 20_000_000
    assert built.unpacked < 60_000_000


def test_another_architecture_is_built_without_its_machine(tmp_path: Path) -> None:
    """For a runtime that is not here, without bytecode and not compressed, if asked to."""
    out = tmp_path / "arm.zip"
    options = ("--architecture", "arm64", "--runtime", OTHER, "--no-bytecode", "--stored")
    done = build(out, *options)
    assert done.exit_code == 0, done.output
    assert "no bytecode" in done.output
    with zipfile.ZipFile(out) as archive:
        entries = archive.infolist()
        libraries = [each for each in entries if each.filename.endswith(".so")]
        machines = {archive.read(each)[18] for each in libraries}
    assert machines == {AARCH64}
    assert not [each for each in entries if each.filename.endswith(".pyc")]
    assert {each.compress_type for each in entries} == {zipfile.ZIP_STORED}


@pytest.mark.parametrize("options", [(), ("--python", sys.executable), ("--python", "/nowhere/py")])
def test_bytecode_for_another_python_is_refused(
    tmp_path: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interpreter of the runtime's version compiles, or none does; the hint says what to do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    done = build(tmp_path / "out.zip", "--runtime", OTHER, *options)
    assert done.exit_code == 1
    assert "--no-bytecode" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_cannot_be_had_leaves_no_zip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What pip says is passed on, and what was there before stays."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    out = tmp_path / "out.zip"
    out.write_bytes(b"the last one")
    done = build(out, "--runtime", OTHER, "--no-bytecode")
    assert done.exit_code == 1
    assert "the packages could not be installed" in done.stderr
    assert "No matching distribution" in done.stderr
    assert out.read_bytes() == b"the last one"
    assert list(tmp_path.iterdir()) == [out]


def test_an_index_that_is_not_reached_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing listens at the index's address: the hint says where to look."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    done = build(tmp_path / "out.zip", "--runtime", OTHER, "--no-bytecode")
    assert done.exit_code == 1
    assert "pip did not reach its index" in done.stderr
    assert list(tmp_path.iterdir()) == []
