"""The GitHub App: what it may do, and what it need not."""

from collections.abc import Iterator

from assent.core.doctor.finding import Check, Finding, Read, Unread
from assent.core.doctor.github_facts import AppInstallation

__all__ = ["CHECKS", "NEEDED", "judge_app"]

_APP = Check(
    id="app-permissions",
    demands="The App may do what it is needed for, and no more.",
    remedy="Set the App's permissions as docs/operating.md lists them, and accept the change where "
    "the App is installed.",
)
CHECKS = (_APP,)

NEEDED = {
    "contents": "write",
    "deployments": "write",
    "issues": "write",
    "members": "read",
    "metadata": "read",
    "pull_requests": "write",
}
"""What the Lambda and the workflows ask for."""
_ORDER = {"read": 1, "write": 2, "admin": 3}


def judge_app(app: Read[AppInstallation]) -> Iterator[Finding]:
    """Judge what the installed App may do."""
    if isinstance(app, Unread):
        yield _APP.unknown("GitHub App", app)
        return
    if app.suspended:
        yield _APP.problem(app.slug, "its installation is suspended", "Unsuspend it.")
    missing = [
        f"{name}: {level}"
        for name, level in NEEDED.items()
        if _ORDER.get(app.permissions.get(name, ""), 0) < _ORDER[level]
    ]
    more = [
        f"{name}: {level}"
        for name, level in sorted(app.permissions.items())
        if _ORDER.get(level, 3) > _ORDER.get(NEEDED.get(name, ""), 0)
    ]
    if missing:
        yield _APP.problem(app.slug, f"it lacks {', '.join(missing)}")
    if more:
        yield _APP.warning(app.slug, f"it needs none of {', '.join(more)}", "Take that away.")
    if not missing and not more and not app.suspended:
        yield _APP.ok(app.slug, "it may do what it is needed for, and no more")
