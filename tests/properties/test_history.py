"""What the fake says of history is what git says."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from assent.adapters.git import GitRepository
from assent.adapters.memory_repository import MemoryRepository

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ana",
    "GIT_AUTHOR_EMAIL": "ana@example.com",
    "GIT_COMMITTER_NAME": "Ana",
    "GIT_COMMITTER_EMAIL": "ana@example.com",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
}


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=IDENTITY
    )


def commit(folder: Path, name: str, content: str | None) -> None:
    if content is None:
        git(folder, "rm", "--quiet", name)
    else:
        (folder / name).write_text(content)
        git(folder, "add", name)
    git(folder, "commit", "--quiet", "--message", f"{name} {content}")


def test_touched_names_what_was_changed_and_changed_back(tmp_path: Path) -> None:
    """Git and the fake agree, also on merges, of which the change to the first parent counts."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path, "first", "1")
    git(tmp_path, "branch", "promote")
    commit(tmp_path, "undone", "1")
    commit(tmp_path, "undone", None)
    commit(tmp_path, "first", "2")
    git(tmp_path, "switch", "--quiet", "promote")
    commit(tmp_path, "merged", "1")
    commit(tmp_path, "within the branch only", "1")
    commit(tmp_path, "within the branch only", None)
    git(tmp_path, "switch", "--quiet", "main")
    git(tmp_path, "merge", "--quiet", "--no-ff", "promote")

    fake = MemoryRepository({"first": b"1"}, now=lambda: datetime.now(UTC))
    start = fake.commit("main")
    fake.create_branch("promote", start)
    for path, content in (("undone", b"1"), ("undone", None), ("first", b"2")):
        fake.push({path: content})
    for path, content in (("merged", b"1"), ("branch", b"1"), ("branch", None)):
        fake.push({path: content}, branch="promote")
    number = fake.open_pull_request("promote", "title", "").number
    fake.approve(number, "ana")
    fake.merge(number)

    with GitRepository(tmp_path) as real:
        oldest, newest = real.commit("main~4"), real.commit("main")
        assert set(real.touched(oldest, newest)) == {"first", "merged", "undone"}
        assert set(real.changed(oldest, newest)) == {"first", "merged"}
        assert real.touched(newest, newest) == ()
    assert set(fake.touched(start, fake.commit("main"))) == {"first", "merged", "undone"}
    assert fake.touched(fake.commit("main"), fake.commit("main")) == []
