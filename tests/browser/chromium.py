"""A Chromium that is installed already, driven from Python; nothing is downloaded for it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

__all__ = ["NoBrowser", "found", "launched", "watched"]

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_OPTIONS = (
    "--no-sandbox",  # it only ever loads pages of ours, and often runs as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_LEFT = "net::ERR_ABORTED"


class NoBrowser(Exception):
    """There is no Chromium on PATH."""

    def __init__(self) -> None:
        super().__init__(
            f"none of {', '.join(_NAMES)} is on PATH. On Debian: apt-get install "
            "--no-install-recommends chromium"
        )


def found() -> str:
    """Where the browser is.

    Raises:
        NoBrowser: There is none.
    """
    for name in _NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    raise NoBrowser


@contextmanager
def launched() -> Iterator[Browser]:
    """Start it with a profile of its own, which goes at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found(), args=list(_OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """Open a tab, and collect what it complains of: errors, refused requests, dialogs."""
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: (
            complaints.append(f"console: {message.text}") if message.type != "log" else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on(
        "requestfailed",
        # A page that is left before all of it was there is no failure.
        lambda request: (
            None if request.failure == _LEFT else complaints.append(f"failed: {request.url}")
        ),
    )
    page.on(
        "response",
        lambda answer: (
            complaints.append(f"{answer.status}: {answer.url}") if answer.status >= 400 else None
        ),
    )

    def dismiss(dialog: object) -> None:
        complaints.append(f"dialog: {dialog}")
        dialog.dismiss()  # type: ignore[attr-defined] # typed where the browser's group is there

    page.on("dialog", dismiss)
    return page, complaints
