"""One request, in the words of the routes: who calls, what they sent, and how to answer."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar, cast
from urllib.parse import quote, urlencode

from assent.sandbox.github.access import Actor, AsAccount
from assent.sandbox.github.accounts import Account
from assent.sandbox.github.errors import ApiError, invalid_request, missing_field
from assent.sandbox.github.repositories import Repository
from assent.sandbox.github.state import State

Json = dict[str, object]
Item = TypeVar("Item")
Default = TypeVar("Default")

PER_PAGE = 30
PER_PAGE_AT_MOST = 100
_SAFE_IN_PATH = "/:@!$&'()*+,;=~"


def _quoted(path: str) -> str:
    """Percent-encode a path; bytes in it that are no UTF-8 stay the bytes that they are."""
    return quote(path, safe=_SAFE_IN_PATH, errors="surrogateescape")


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Builds addresses under the host and prefix that the request itself came to."""

    host: str
    """``http://127.0.0.1:8080``."""
    prefix: str
    """Empty, or ``/api/v3`` as on GitHub Enterprise Server."""

    def api(self, path: str) -> str:
        """Return the address of a resource; the path is not yet percent-encoded."""
        return f"{self.host}{self.prefix}{_quoted(path)}"

    def web(self, path: str) -> str:
        """Return the address of a page for people."""
        return f"{self.host}{_quoted(path)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a route replies."""

    body: object = None
    """JSON, or bytes; None for an empty body."""
    status: HTTPStatus = HTTPStatus.OK
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json; charset=utf-8"


class Body:
    """A JSON object, read field by field; a field of the wrong type is refused as GitHub does."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        self._fields = fields

    @classmethod
    def parse(cls, data: bytes) -> "Body":
        """Read a request's body; an empty one counts as an empty object."""
        if not data.strip():
            return cls({})
        try:
            fields = json.loads(data)
        except ValueError:
            raise ApiError(HTTPStatus.BAD_REQUEST, "Problems parsing JSON") from None
        if not isinstance(fields, dict):
            raise ApiError(HTTPStatus.BAD_REQUEST, "Body should be a JSON object")
        return cls(fields)

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def is_null(self, name: str) -> bool:
        """Whether the field was sent, and as null."""
        return name in self._fields and self._fields[name] is None

    def raw(self, name: str) -> object:
        """Return a field as it came; None when it was not sent."""
        return self._fields.get(name)

    def text(self, name: str) -> str:
        """Return a required string."""
        if self._fields.get(name) is None:
            raise missing_field(name)
        return self.text_or(name, "")

    def text_or(self, name: str, default: Default) -> str | Default:
        """Return an optional string."""
        value = self._fields.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self._wrong(name, value, "a string")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return an optional boolean."""
        value = self._fields.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self._wrong(name, value, "a boolean")
        return value

    def number(self, name: str, *, default: int) -> int:
        """Return an optional integer."""
        value = self._fields.get(name)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name, value, "an integer")
        return value

    def texts(self, name: str) -> list[str]:
        """Return an optional list of strings."""
        values = self._list(name)
        for value in values:
            if not isinstance(value, str):
                raise self._wrong(name, value, "a string")
        return cast("list[str]", values)

    def nested_all(self, name: str) -> list["Body"]:
        """Return an optional list of objects."""
        values = self._list(name)
        for value in values:
            if not isinstance(value, dict):
                raise self._wrong(name, value, "an object")
        return [Body(value) for value in cast("list[dict[str, object]]", values)]

    def nested(self, name: str) -> "Body | None":
        """Return an optional object."""
        value = self._fields.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self._wrong(name, value, "an object")
        return Body(value)

    def items(self) -> list[tuple[str, object]]:
        """Return the fields as they came."""
        return list(self._fields.items())

    def _list(self, name: str) -> list[object]:
        value = self._fields.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(name, value, "an array")
        return value

    @staticmethod
    def _wrong(name: str, value: object, expected: str) -> ApiError:
        return invalid_request(
            f"For 'properties/{name}', {json.dumps(value, default=str)} is not {expected}."
        )


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request to the API."""

    state: State
    actor: Actor
    links: Links
    path: str
    """As requested, percent-encoded, without the prefix."""
    query: Mapping[str, str]
    accept: str
    data: bytes = field(repr=False)
    rate: Mapping[str, int]
    """The caller's rate limit, this call included."""

    @property
    def body(self) -> Body:
        """The body, parsed."""
        return Body.parse(self.data)

    @property
    def login(self) -> str:
        """The login of whoever calls; routes that need none never ask."""
        if not isinstance(self.actor, AsAccount):
            raise ApiError(HTTPStatus.UNAUTHORIZED, "Requires authentication")
        return self.actor.login

    @property
    def account(self) -> Account:
        """The account of whoever calls."""
        return self.state.account(self.login)

    def page(self, items: Sequence[Item], render: Callable[[Item], object]) -> Answer:
        """Answer with the part of a list that ``page`` and ``per_page`` ask for."""
        number, size = self._paging()
        rendered = [render(item) for item in items[(number - 1) * size : number * size]]
        return Answer(body=rendered, headers=self._link_header(len(items), number, size))

    def page_of(
        self, name: str, items: Sequence[Item], render: Callable[[Item], object], **more: object
    ) -> Answer:
        """Answer with a page of a list that is wrapped in an object."""
        number, size = self._paging()
        rendered = [render(item) for item in items[(number - 1) * size : number * size]]
        return Answer(
            body={**more, "total_count": len(items), name: rendered},
            headers=self._link_header(len(items), number, size),
        )

    def _paging(self) -> tuple[int, int]:
        def positive(name: str, default: int) -> int:
            text = self.query.get(name, "")
            return max(1, int(text)) if re.fullmatch(r"\d{1,9}", text) else default

        return positive("page", 1), min(positive("per_page", PER_PAGE), PER_PAGE_AT_MOST)

    def _link_header(self, count: int, number: int, size: int) -> dict[str, str]:
        last = max(1, -(-count // size))
        targets: dict[str, int] = {}
        if number > 1:
            targets |= {"prev": min(number - 1, last)}
        if number < last:
            targets |= {"next": number + 1, "last": last}
        if number > 1:
            targets |= {"first": 1}
        if not targets:
            return {}
        here = f"{self.links.host}{self.links.prefix}{self.path}"
        return {
            "Link": ", ".join(
                f'<{here}?{urlencode({**self.query, "page": page})}>; rel="{relation}"'
                for relation, page in targets.items()
            )
        }


@dataclass(frozen=True, kw_only=True)
class RepositoryCall(Call):
    """A request about one repository, which exists and which the caller may see."""

    repository: Repository
