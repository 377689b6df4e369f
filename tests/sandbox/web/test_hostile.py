"""What an intruder could write into a pull request is shown as text, on every page."""

import subprocess
from pathlib import Path

from tests.sandbox.web.conftest import Browser

from assent.sandbox.web.sandbox import Sandbox


def git(clone: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(clone), *arguments], check=True, capture_output=True)


def test_hostile_text_stays_text(own: tuple[Sandbox, Browser], tmp_path: Path) -> None:
    """A title, label, comment, review, branch and file that are HTML are shown as they are."""
    sandbox, browser = own
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    clone = sandbox.stage.clone(tmp_path / "clone")
    url = sandbox.stage.clone_url().replace("://", "://x-access-token:token-of-zoe@")
    git(clone, "checkout", "--quiet", "-b", "promote/dev/<b>x")
    git(clone, "config", "user.name", evil)
    git(clone, "config", "user.email", "zoe@example.org")
    (clone / "<b>.md").write_text(evil, encoding="utf-8")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", evil)
    git(clone, "push", "--quiet", url, "HEAD")
    repository = sandbox.stage.repository("zoe")
    pull = repository.create_pull(
        base="main", head="promote/dev/<b>x", title=evil, body=f"{evil}\n\n> [!NOTE]\n> {evil}"
    )
    pull.add_to_labels("<img src=x onerror=alert(1)>")
    pull.create_issue_comment(f'<div class="flash" style="position:fixed">{evil}</div>')
    sandbox.stage.repository("ben").get_pull(pull.number).create_review(
        body=evil, event="REQUEST_CHANGES"
    )
    for path in (f"/pull/{pull.number}", f"/pull/{pull.number}/files", "/pulls", "/actions"):
        page = browser.get(path)
        assert "<script>alert" not in page
        assert "<img" not in page.replace("<img>", "")
        assert "<b>x" not in page
        assert 'style="position' not in page
    page = browser.get(f"/pull/{pull.number}")
    assert "&lt;script&gt;alert(1)" in page
    assert "GitHub refused, with 405" in browser.press("merge", pull.number)
