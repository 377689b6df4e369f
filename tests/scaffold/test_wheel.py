"""The wheel that is packed again: the same bytes each time, and a valid one."""

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Mapping
from importlib import metadata

import pytest

from assent import __version__
from assent.distribution import distributed_files
from assent.scaffold import wheel

SAID = {
    "METADATA": b"Metadata-Version: 2.4\nName: assent-promotions\n",
    "WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "entry_points.txt": b"[console_scripts]\nassent = assent.cli:main\n",
    "licenses/LICENSE": b"the licence\n",
}
FOLDER = f"assent_promotions-{__version__}.dist-info"


def contents(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_is_the_same_bytes_twice() -> None:
    """No time, no order of a folder and no compressor is in it."""
    assert wheel.packed(SAID) == wheel.packed(dict(reversed(SAID.items())))


def test_it_holds_the_package_and_what_is_said_of_it() -> None:
    """Every distributed file and the metadata, and nothing else but their record."""
    found = contents(wheel.packed(SAID))
    record = found.pop(f"{FOLDER}/RECORD")
    assert found == {
        **distributed_files(),
        **{f"{FOLDER}/{name}": content for name, content in SAID.items()},
    }
    rows = list(csv.reader(io.StringIO(record.decode())))
    assert rows.pop() == [f"{FOLDER}/RECORD", "", ""]
    assert {name: (digest, int(size)) for name, digest, size in rows} == {
        name: (f"sha256={_encoded(content)}", len(content)) for name, content in found.items()
    }


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def test_its_name_is_one_that_installers_take() -> None:
    """Distribution, version and tag, as its metadata says them."""
    assert wheel.wheel_name() == f"assent_promotions-{__version__}-py3-none-any.whl"


class Installed:
    """A distribution that says what it is told to."""

    def __init__(self, version: str, files: Mapping[str, bytes]) -> None:
        self.version = version
        self._files = files

    def read_text(self, name: str) -> str | None:
        """See `importlib.metadata`."""
        content = self._files.get(name)
        return None if content is None else content.decode()


def test_metadata_is_that_of_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an installer adds is left out."""
    files = {**SAID, "INSTALLER": b"pip\n", "RECORD": b"x", "direct_url.json": b"{}"}
    monkeypatch.setattr(metadata, "distribution", lambda _name: Installed(__version__, files))
    assert wheel.installed_metadata() == SAID


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (Installed("0.0.1", SAID), r"0\.0\.1 is installed, and .* is what runs"),
        (Installed(__version__, {"METADATA": b""}), "lacks WHEEL"),
        (None, "is not installed here"),
    ],
)
def test_without_an_installation_there_is_no_wheel(
    monkeypatch: pytest.MonkeyPatch, found: Installed | None, says: str
) -> None:
    """A checkout that was never installed, or another version's metadata, makes none."""

    def distribution(name: str) -> Installed:
        if found is None:
            raise metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(metadata, "distribution", distribution)
    with pytest.raises(wheel.NotInstalled, match=says) as caught:
        wheel.installed_metadata()
    assert "pip install" in caught.value.hint
