"""The web application: pull requests as pages, and buttons that act as one of the seeded people.

It is for one person on one machine, and still no other site may press its buttons: it answers only
to this machine's names, every form carries a token, and nothing that is shown can run a script.
"""

import hmac
import secrets
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import (
    Flask,
    Response,
    abort,
    flash,
    get_flashed_messages,
    redirect,
    request,
    send_file,
    session,
)
from github import GithubException, UnknownObjectException
from werkzeug.exceptions import HTTPException

from assent.core.errors import AssentError
from assent.sandbox.stage import ENVIRONMENTS, PEOPLE, REPOSITORY, wall_clock
from assent.sandbox.web.acts import Acts, Said
from assent.sandbox.web.charts import mermaid_script
from assent.sandbox.web.reading import Reader
from assent.sandbox.web.sandbox import Sandbox
from assent.sandbox.web.templating import STATIC, templates

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as Redirection

__all__ = ["create_application"]

HOME = f"/{REPOSITORY}"
_NAMES = {"127.0.0.1", "localhost"}
_HEADERS = {
    # Inline styles are the charts' own; nothing but the scripts beside this file runs.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def create_application(sandbox: Sandbox) -> Flask:
    """Build the application for a sandbox that runs."""
    application = Flask(__name__, static_folder=str(STATIC), template_folder=None)
    application.secret_key = secrets.token_bytes(32)
    application.config.update(
        SESSION_COOKIE_NAME="assent-sandbox",
        SESSION_COOKIE_SAMESITE="Strict",
        SEND_FILE_MAX_AGE_DEFAULT=0,
    )
    pages = _Pages(sandbox)
    application.before_request(pages.admit)
    application.after_request(_harden)
    application.register_error_handler(HTTPException, pages.failed)
    rules: tuple[tuple[str, str, Callable[..., Any]], ...] = (
        ("GET", "/", pages.home),
        ("GET", "/mermaid.js", pages.mermaid),
        ("GET", f"{HOME}/", pages.home),
        ("GET", f"{HOME}/pulls", pages.pulls),
        ("GET", f"{HOME}/pull/<int:number>", pages.pull),
        ("GET", f"{HOME}/pull/<int:number>/files", pages.files),
        ("GET", f"{HOME}/issues/<int:number>", pages.issue),
        ("GET", f"{HOME}/deployments", pages.deployments),
        ("GET", f"{HOME}/actions", pages.actions),
        ("GET", f"{HOME}/blob/<ref>/<path:path>", pages.blob),
        ("POST", "/as", pages.become),
        ("POST", f"{HOME}/pull/<int:number>/<any({','.join(Acts.KINDS)}):act>", pages.act),
        ("POST", "/pipelines/training", pages.train),
        ("POST", "/pipelines/inference", pages.infer),
        ("POST", "/pipelines/schedule", pages.schedule),
    )
    for method, rule, view in rules:
        application.add_url_rule(
            rule, f"{method} {rule}", pages.one_at_a_time(view), methods=[method]
        )
    return application


def _harden(response: Response) -> Response:
    response.headers.update(_HEADERS)
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


class _Pages:
    """The views. One request at a time: the clients behind them are not made for threads."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._reader = Reader(sandbox)
        self._acts = Acts(sandbox, self._reader)
        self._templates = templates(wall_clock, f"{self._reader.home}{HOME}", HOME)
        self._token = secrets.token_urlsafe(32)
        self._lock = threading.Lock()

    def one_at_a_time(self, view: Callable[..., Any]) -> Callable[..., Any]:
        def locked(**path: Any) -> Any:  # noqa: ANN401 - whatever the view takes and gives
            with self._lock:
                return view(**path)

        return locked

    def admit(self) -> None:
        """Refuse what another site, or another name for this machine, could have sent."""
        name = urlsplit(f"//{request.host}").hostname
        if name not in _NAMES:
            abort(HTTPStatus.MISDIRECTED_REQUEST, "This is served to 127.0.0.1 only.")
        if request.method in {"GET", "HEAD"}:
            return
        origin = request.headers.get("Origin")
        if origin is not None and origin != request.host_url.rstrip("/"):
            abort(HTTPStatus.FORBIDDEN, "Another site sent this form.")
        if not hmac.compare_digest(request.form.get("token", "").encode(), self._token.encode()):
            abort(HTTPStatus.FORBIDDEN, "The form is from an earlier run; load the page again.")

    def failed(self, error: HTTPException) -> tuple[str, int]:
        """Say what went wrong, within the pages."""
        code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
        page = self._templates.get_template("error.html")
        values = {"code": int(code), "text": error.description}
        return page.render(self._around("", bare=True) | values), code

    @property
    def _who(self) -> str:
        who = session.get("who")
        return who if who in PEOPLE else PEOPLE[0]

    def _around(self, tab: str, *, bare: bool = False) -> dict[str, Any]:
        """What every page needs; a bare one has no buttons."""
        return {
            "home": HOME,
            "repository": REPOSITORY,
            "tab": tab,
            "people": () if bare else PEOPLE,
            "who": self._who,
            "token": "" if bare else self._token,
            "here": request.path,
            "flashes": () if bare else get_flashed_messages(with_categories=True),
            "mermaid": "/mermaid.js" if mermaid_script() else "",
            "static": "/static",
        }

    def _render(self, name: str, tab: str, **values: object) -> str:
        return self._templates.get_template(name).render(self._around(tab) | values)

    def home(self) -> "Redirection":
        return redirect(f"{HOME}/pulls")

    def mermaid(self) -> Response:
        script = mermaid_script()
        if script is None:
            abort(HTTPStatus.NOT_FOUND)
        return send_file(script, mimetype="text/javascript", max_age=3600)

    def pulls(self) -> str:
        found = self._reader.pulls()
        closed = request.args.get("state") == "closed"
        return self._render(
            "pulls.html",
            "pulls",
            shown=[each for each in found if (each.state == "open") != closed],
            opened=sum(each.state == "open" for each in found),
            closed=sum(each.state != "open" for each in found),
            is_closed=closed,
            live=self._sandbox.pipelines.ladder(),
            next_version=self._sandbox.pipelines.next_version,
            environments=ENVIRONMENTS,
        )

    def pull(self, number: int) -> str:
        return self._pull("pull.html", number)

    def files(self, number: int) -> str:
        return self._pull("files.html", number)

    def _pull(self, template: str, number: int) -> str:
        try:
            page = self._reader.pull(number)
        except UnknownObjectException:
            abort(HTTPStatus.NOT_FOUND, f"There is no pull request {number}.")
        return self._render(template, "pulls", page=page)

    def issue(self, number: int) -> "Redirection":
        return redirect(f"{HOME}/pull/{number}")

    def deployments(self) -> str:
        return self._render(
            "deployments.html",
            "deployments",
            live=self._sandbox.pipelines.ladder(),
            deployments=self._reader.deployments(),
        )

    def actions(self) -> str:
        return self._render("actions.html", "actions", runs=self._sandbox.workflows.runs)

    def blob(self, ref: str, path: str) -> str:
        try:
            text = self._reader.file(ref, path)
        except GithubException:
            abort(HTTPStatus.NOT_FOUND, f"There is no {path} at {ref}.")
        html = self._reader.html(text) if path.endswith(".md") else None
        return self._render("blob.html", "", path=path, ref=ref, text=text, html=html)

    def become(self) -> "Redirection":
        who = request.form.get("who")
        if who not in PEOPLE:
            abort(HTTPStatus.BAD_REQUEST, "Nobody here has that name.")
        session["who"] = who
        return self._back()

    def act(self, number: int, act: str) -> "Redirection":
        try:
            said = self._acts.do(act, number, self._who, request.form.get("text", ""))
        except UnknownObjectException:
            abort(HTTPStatus.NOT_FOUND, f"There is no pull request {number}.")
        _tell(said)
        return redirect(f"{HOME}/pull/{number}#deciding", HTTPStatus.SEE_OTHER)

    def train(self) -> "Redirection":
        version = self._sandbox.pipelines.train()
        answer = self._sandbox.workflows.runs[0]
        _tell(Said(f"zoe registered version {version}. {answer.output}", ok=answer.ok))
        return self._back()

    def infer(self) -> "Redirection":
        environment = request.form.get("environment", "")
        if environment not in ENVIRONMENTS:
            abort(HTTPStatus.BAD_REQUEST, "There is no such environment.")
        try:
            done = self._sandbox.pipelines.infer(environment)
        except AssentError as error:
            _tell(Said(f"{error.message}. {error.hint}", ok=False))
            return self._back()
        answer = self._sandbox.workflows.runs[0]
        _tell(Said(f"In {environment} {done}. {answer.output}", ok=answer.ok))
        return self._back()

    def schedule(self) -> "Redirection":
        before = len(self._sandbox.workflows.runs)
        applied = self._sandbox.workflows.converge("the schedule")
        ran = reversed(self._sandbox.workflows.runs[: len(self._sandbox.workflows.runs) - before])
        said = [f"{run.command} said: {run.output.splitlines()[0]}." for run in ran]
        _tell(Said(" ".join(said), ok=applied.ok))
        return self._back()

    def _back(self) -> "Redirection":
        """To the page where the button was, if that is one of these pages."""
        there = request.form.get("here", "")
        own = there.startswith(f"{HOME}/") and "\\" not in there and "//" not in there
        return redirect(there if own else f"{HOME}/pulls", HTTPStatus.SEE_OTHER)


def _tell(said: Said) -> None:
    flash(said.text, "done" if said.ok else "refused")
