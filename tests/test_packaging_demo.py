"""`assent sandbox` and `assent demo` from the wheel, in an empty environment, no checkout near."""

import re
import signal
import subprocess
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from tests.test_packaging import PIP, Installation, install

ADDRESS = re.compile(r"http://127\.0\.0\.1:[1-9][0-9]*/\n")
TOKEN = re.compile(r'name="token" value="([\w-]+)"')
PULL = "acme/model-promotions/pull/3"
PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel with what `assent-promotions[demo]` asks for, pinned."""
    return install(tmp_path_factory, "demo.txt")


def test_nothing_that_the_demo_asks_for_is_missing(demo: Installation) -> None:
    """requirements/demo.txt has all that the extra requires, in versions that fit."""
    python = str(demo.bin / "python")
    asked = ["install", "--dry-run", "--no-index", "assent-promotions[demo]"]
    done = subprocess.run(
        [*PIP, "--python", python, *asked], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr  # nothing would be installed


def test_the_sandbox_runs_from_the_wheel(demo: Installation, tmp_path: Path) -> None:
    """It serves its pages, a promotion is approved, merged and applied, and it ends when asked."""
    here = tmp_path / "empty"
    here.mkdir()
    running = subprocess.Popen(
        [str(demo.bin / "assent"), "sandbox"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=here,
        env={"PATH": demo.path, "HOME": str(tmp_path)},
    )
    with running:
        assert running.stdout is not None
        assert running.stderr is not None
        try:
            address = running.stdout.readline()
            assert ADDRESS.fullmatch(address), running.stderr.read()
            with requests.Session() as browser:
                decide(browser, address.strip())
        finally:
            running.send_signal(signal.SIGINT)
        rest, errors = running.communicate(timeout=PATIENCE_SECONDS)
    assert (running.returncode, rest, errors) == (0, "", "")
    assert list(here.iterdir()) == []


def decide(browser: requests.Session, address: str) -> None:
    start = browser.get(address, timeout=PATIENCE_SECONDS)
    assert start.status_code == 200
    assert "Promote churn 2 to dev" in start.text
    style = re.search(r'href="(/[^"]+\.css)"', start.text)
    assert style is not None
    assert browser.get(urljoin(address, style[1]), timeout=PATIENCE_SECONDS).status_code == 200
    for button, said in (("approve", "1 of 1 approval by code owners"), ("merge", "1 → 2")):
        page = browser.get(urljoin(address, PULL), timeout=PATIENCE_SECONDS)
        assert page.status_code == 200
        token = TOKEN.search(page.text)
        assert token is not None
        answer = browser.post(
            urljoin(address, f"{PULL}/{button}"),
            data={"token": token[1], "text": ""},
            timeout=PATIENCE_SECONDS,
        )
        assert answer.status_code == 200  # after the redirect to the page that shows it
        assert said in answer.text


def test_the_demo_plays_from_the_wheel(demo: Installation, tmp_path: Path) -> None:
    """The whole story, from the wheel alone."""
    done = demo.run("assent", "demo", cwd=tmp_path, environment={"HOME": str(tmp_path)})
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (tmp_path / ".demo").is_dir()
