"""What is put into the hub from Python."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assent.sandbox.github import GitHub


def empty(root: Path) -> GitHub:
    hub = GitHub(root, now=lambda: datetime(2021, 3, 4, tzinfo=UTC))
    hub.add_user("ada", "token-of-ada")
    hub.add_organization("acme", members=["ada"])
    return hub


MISTAKES: dict[str, tuple[Callable[[GitHub], object], str]] = {
    "a login taken": (lambda hub: hub.add_user("ADA", "x"), "'ADA' is taken"),
    "a token like an assertion": (lambda hub: hub.add_user("ben", "a.b.c"), "look like a JWT"),
    "no token": (lambda hub: hub.add_user("ben", ""), "must not be empty"),
    "a member unknown": (
        lambda hub: hub.add_organization("other", members=["ben"]),
        "no account 'ben' yet",
    ),
    "a team member unknown": (
        lambda hub: hub.add_team("acme", "team", members=["ben"]),
        "no account 'ben' yet",
    ),
    "a writer unknown": (
        lambda hub: hub.create_repository("acme/x", files={}, writers=["ben"]),
        "no account 'ben' yet",
    ),
    "a writing team unknown": (
        lambda hub: hub.create_repository("acme/x", files={}, writers=["acme/team"]),
        "no team 'acme/team' yet",
    ),
    "an owner unknown": (
        lambda hub: hub.create_repository("other/x", files={}),
        "no account 'other' yet",
    ),
    "a name that leaves the folder": (
        lambda hub: hub.create_repository("acme/..", files={}),
        "is not owner/name",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_explained(tmp_path: Path, mistake: str) -> None:
    """What cannot be added says why, and what to do first."""
    make, message = MISTAKES[mistake]
    with pytest.raises(ValueError, match=message):
        make(empty(tmp_path))


def test_a_repository_is_created_once(tmp_path: Path) -> None:
    """Its folder is bare and where it is said to be; a second one of the name is refused."""
    hub = empty(tmp_path)
    path = hub.create_repository("acme/x", files={"a": "b"}, default_branch="trunk")
    assert path == hub.repository_path("acme/x") == hub.repository_path("Acme/X")
    assert (path / "HEAD").read_text(encoding="ascii") == "ref: refs/heads/trunk\n"
    with pytest.raises(ValueError, match="exists already"):
        hub.create_repository("acme/x", files={})


def test_an_app_gets_a_key_of_its_own(tmp_path: Path) -> None:
    """Two Apps never share one; a key that is given is kept."""
    hub = empty(tmp_path)
    first, second = hub.add_app("one", app_id=1), hub.add_app("two", app_id=2)
    assert first.private_key_pem != second.private_key_pem
    assert first.installation_id != second.installation_id
    given = hub.add_app("three", app_id=3, private_key_pem=first.private_key_pem)
    assert given.private_key_pem == first.private_key_pem


def test_a_file_is_stored_as_it_is(tmp_path: Path) -> None:
    """Text or bytes, such as a wheel's: git has the very same."""
    hub = empty(tmp_path)
    content: dict[str, bytes | str] = {
        "wheel": b"PK\x03\x04\x00\xff",
        "text": "caf\N{LATIN SMALL LETTER E WITH ACUTE}\n",
    }
    bare = hub.create_repository("acme/x", files=content)
    for name, file in content.items():
        done = subprocess.run(
            ["git", "-C", bare, "cat-file", "blob", f"main:{name}"], check=True, capture_output=True
        )
        assert done.stdout == (file if isinstance(file, bytes) else file.encode())
