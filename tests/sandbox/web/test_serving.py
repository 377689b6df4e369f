"""`assent sandbox` as a command: what it prints, where it listens, and how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from assent.cli import main
from assent.core.errors import Exit
from assent.sandbox import web
from assent.sandbox.web import serving

ADDRESS = re.compile(r"http://127\.0\.0\.1:[1-9][0-9]*/\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped(tmp_path: Path, number: signal.Signals) -> None:
    """In a pipe it prints the address alone, among hostile settings, and ends well."""
    folder = tmp_path / "kept"
    running = subprocess.Popen(
        [sys.executable, "-m", "assent", "sandbox", "--folder", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "AWS_PROFILE": "nobody", "ASSENT_GITHUB_TOKEN": "not-for-this"},
    )
    with running:
        assert running.stdout is not None
        assert running.stderr is not None
        try:
            address = running.stdout.readline()
            assert ADDRESS.fullmatch(address), running.stderr.read()
            page = requests.get(address.strip(), timeout=30)
            assert page.status_code == 200
            assert "Promote churn 2 to dev" in page.text
        finally:
            running.send_signal(number)
        rest, errors = running.communicate(timeout=60)
    assert (running.returncode, rest, errors) == (0, "", "")
    assert (folder / "github").is_dir()


def test_it_listens_on_loopback_where_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The port is the one that was asked for."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stopped = threading.Event()
    stopped.set()
    serving.serve(tmp_path / "new", port, stopped)
    assert capsys.readouterr().out == ""  # stopped before it was ready


def test_a_taken_port_is_told_at_once(tmp_path: Path) -> None:
    """No version is trained for an address that cannot be had."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(serving.Occupied, match=f"port {port} of 127.0.0.1 cannot be used"):
            serving.serve(tmp_path / "new", port)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    """Nothing of somebody's own is written over."""
    notes = tmp_path / "notes.txt"
    notes.write_text("somebody's own", encoding="utf-8")
    result = CliRunner().invoke(main, ["sandbox", "--folder", str(tmp_path)])
    assert result.exit_code == Exit.BROKEN
    assert "is not empty; nothing was changed" in result.output
    assert list(tmp_path.iterdir()) == [notes]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A path through a file is no folder."""
    (tmp_path / "file").touch()
    with pytest.raises(serving.Occupied, match="cannot be used"):
        serving.serve(tmp_path / "file" / "below", 0)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a package it says which, and how to install it, before anything starts."""
    monkeypatch.setattr(web, "_MODULES", ("cmarkgfm", "no_such_module"))
    result = CliRunner().invoke(main, ["sandbox"])
    assert result.exit_code == Exit.BROKEN
    assert "no_such_module" in result.output
    assert "make sandbox" in result.output
