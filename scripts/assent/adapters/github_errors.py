"""What GitHub's refusals mean to the flows."""

from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from github.GithubException import (
    BadCredentialsException,
    GithubException,
    RateLimitExceededException,
    UnknownObjectException,
)

from assent.core.errors import AssentError
from assent.ports import AlreadyThere, NothingToMerge, NotThere, Unavailable

__all__ = ["GitHubRefused", "translated"]


class GitHubRefused(AssentError):
    """GitHub understood, and said no."""


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn what PyGithub and requests raise into what the flows understand.

    Args:
        doing: What is being done, to stand after "while".
    """
    try:
        yield
    except RateLimitExceededException as error:
        raise _unavailable(doing, "the rate limit is reached", error, limited=True) from error
    except BadCredentialsException as error:
        raise GitHubRefused(
            f"GitHub refused the credentials while {doing}",
            hint="The token has expired, or the App's key or installation is another one.",
        ) from error
    except UnknownObjectException as error:
        raise NotThere(f"GitHub knows nothing there while {doing}", hint=_NOT_FOUND) from error
    except GithubException as error:
        raise _refusal(doing, error) from error
    except requests.RequestException as error:
        raise Unavailable(
            f"GitHub did not answer while {doing}: {type(error).__name__}",
            hint="Try again; githubstatus.com tells whether it is down.",
        ) from error
    except AssertionError as error:
        # PyGithub asserts that every address in an answer is below its base address.
        raise GitHubRefused(
            f"GitHub's answer names another host than github.api_url while {doing}",
            hint="For GitHub Enterprise Server, api_url is https://HOST/api/v3.",
        ) from error


_NOT_FOUND = "Check github.repository in assent.yaml, and that the App is installed there."
_PERMISSIONS = (
    "The App needs contents, deployments, issues and pull requests: write, and members: read."
)
_CONFLICT = 409
_UNPROCESSABLE = 422
_SERVER_ERROR = 500
_TOO_MANY = 429
_FORBIDDEN = 403
_GRAPHQL = 400
"""The status under which PyGithub reports what came in `errors`, with status 200."""
_TAKEN = ("already exists", "sha", "does not exist", "state cannot be changed")
"""What GitHub's 422 says where somebody else was first."""
_LIMITED_FOR = 60
"""Seconds to leave GitHub alone where it does not say how many; its documentation does."""


def _refusal(doing: str, error: GithubException) -> AssentError:
    message = _message(error)
    said = message.lower()
    if error.status == _CONFLICT:
        return AlreadyThere(f"somebody else was first while {doing}: {message}")
    if error.status == _UNPROCESSABLE:
        if "no commits between" in said:
            return NothingToMerge(f"nothing to merge while {doing}: {message}")
        if any(sign in said for sign in _TAKEN):
            return AlreadyThere(f"somebody else was first while {doing}: {message}")
        return GitHubRefused(f"GitHub refused the content while {doing}: {message}")
    kinds = _graphql_kinds(error)
    if kinds:
        return _graphql_refusal(doing, error, kinds, message)
    retry_after = (error.headers or {}).get("retry-after")
    limited = error.status == _TOO_MANY or (
        error.status == _FORBIDDEN and bool(retry_after or "rate limit" in said)
    )
    if limited or error.status >= _SERVER_ERROR:
        return _unavailable(doing, f"it answered {error.status}", error, limited=limited)
    return GitHubRefused(
        f"GitHub answered {error.status} while {doing}: {message}",
        hint=_PERMISSIONS if error.status == _FORBIDDEN else "",
    )


def _graphql_refusal(
    doing: str, error: GithubException, kinds: frozenset[str], message: str
) -> AssentError:
    """What a query's `errors` mean; GitHub sends them with status 200, those of its own too."""
    if kinds == {"NOT_FOUND"}:
        return NotThere(f"GitHub knows nothing there while {doing}: {message}", hint=_NOT_FOUND)
    if kinds == {"STALE_DATA"}:
        return AlreadyThere(f"somebody else was first while {doing}: {message}")
    if "rate limit" in message.lower():
        return _unavailable(doing, "the rate limit is reached", error, limited=True)
    if "something went wrong" in message.lower():
        return _unavailable(doing, "it could not execute the query", error, limited=False)
    return GitHubRefused(
        f"GitHub refused the query while {doing}: {message}",
        hint=_PERMISSIONS if "FORBIDDEN" in kinds else "",
    )


def _unavailable(doing: str, what: str, error: GithubException, *, limited: bool) -> Unavailable:
    seconds = _wait(error.headers or {}, limited=limited)
    wait = f" Retry after {seconds} s." if seconds is not None else ""
    return Unavailable(
        f"GitHub cannot be used now while {doing}: {what}",
        hint=f"Try again later.{wait}",
        retry_after=seconds,
    )


def _wait(headers: dict[str, Any], *, limited: bool) -> int | None:
    """The seconds that GitHub asks for: by itself, or until its hourly limit begins anew."""
    after = str(headers.get("retry-after", ""))
    if after.isascii() and after.isdecimal():
        return int(after)
    reset = str(headers.get("x-ratelimit-reset", ""))
    spent = headers.get("x-ratelimit-remaining") == "0"
    if limited and spent and reset.isascii() and reset.isdecimal():
        try:
            asked = parsedate_to_datetime(str(headers.get("date", ""))).timestamp()
        except ValueError:
            return _LIMITED_FOR
        return max(1, int(int(reset) - asked) + 1)
    return _LIMITED_FOR if limited else None


def _graphql_kinds(error: GithubException) -> frozenset[str]:
    """The kinds of what GraphQL reported; a kind may be empty."""
    if error.status != _GRAPHQL:
        return frozenset()
    return frozenset(
        str(detail.get("type", "")) for detail in _details(error) if isinstance(detail, dict)
    )


def _details(error: GithubException) -> list[Any]:
    data = error.data if isinstance(error.data, dict) else {}
    details = data.get("errors")
    return details if isinstance(details, list) else []


def _message(error: GithubException) -> str:
    """GitHub's own words, with the details of a 422, on one line of plain text."""
    data = error.data if isinstance(error.data, dict) else {}
    details = [
        str(detail.get("message") if isinstance(detail, dict) else detail)
        for detail in _details(error)
    ]
    said = data.get("message") or error.message
    parts = [str(said), *details] if said else details or ["no message"]
    text = " ".join("; ".join(parts).split())
    return ascii(text[:300])[1:-1]
