"""`assent sandbox`: the pull requests as pages in GitHub's style, with buttons that decide."""

import importlib.util
from pathlib import Path

from assent.core.errors import Exit
from assent.sandbox.demo import DemoNotReady, require_ready

__all__ = ["run"]

_MODULES = ("cmarkgfm", "jinja2", "nh3")


def run(folder: Path | None, port: int) -> Exit:
    """Serve a seeded sandbox until it is interrupted; see `serving.serve`.

    Raises:
        DemoNotReady: A package of the extra `demo` is missing, or git is.
    """
    require_ready()
    missing = [name for name in _MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise DemoNotReady(
            f"the sandbox needs packages that are not installed: {', '.join(missing)}",
            hint="Install them with `pip install 'WHEEL[demo]'`; in a checkout, "
            "`make sandbox` does.",
        )
    # Only now: it imports what may have been missing.
    from assent.sandbox.web.serving import serve  # noqa: PLC0415

    serve(folder, port)
    return Exit.OK
