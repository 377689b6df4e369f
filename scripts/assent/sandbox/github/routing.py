"""How a route says what it answers to and what it asks of its caller."""

from collections.abc import Callable
from dataclasses import dataclass

from assent.sandbox.github.access import Needs
from assent.sandbox.github.accounts import Role
from assent.sandbox.github.calls import Answer

Handler = Callable[..., Answer]

READ = Needs(permissions=("metadata",), level="read", role=Role.READ)
READ_CONTENTS = Needs(permissions=("contents",), level="read", role=Role.READ)
WRITE_CONTENTS = Needs(permissions=("contents",), level="write", role=Role.WRITE)
READ_PULLS = Needs(permissions=("pull_requests",), level="read", role=Role.READ)
WRITE_PULLS = Needs(permissions=("pull_requests",), level="write", role=Role.READ)
MERGE_PULLS = Needs(permissions=("contents",), level="write", role=Role.WRITE)
READ_ISSUES = Needs(permissions=("issues", "pull_requests"), level="read", role=Role.READ)
WRITE_ISSUES = Needs(permissions=("issues", "pull_requests"), level="write", role=Role.READ)
TRIAGE_ISSUES = Needs(permissions=("issues", "pull_requests"), level="write", role=Role.TRIAGE)
READ_STATUSES = Needs(permissions=("statuses", "contents"), level="read", role=Role.READ)
WRITE_STATUSES = Needs(permissions=("statuses",), level="write", role=Role.WRITE)
READ_DEPLOYMENTS = Needs(permissions=("deployments",), level="read", role=Role.READ)
WRITE_DEPLOYMENTS = Needs(permissions=("deployments",), level="write", role=Role.WRITE)
ADMINISTER = Needs(permissions=("administration",), level="write", role=Role.ADMIN)
READ_ADMINISTRATION = Needs(permissions=("administration",), level="read", role=Role.ADMIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation of the API."""

    method: str
    path: str
    handler: Handler
    needs: Needs | None
    """None for routes outside a repository, which judge their caller themselves."""
    docs: str
    """The operation's place in GitHub's reference, below ``docs.github.com/rest/``."""

    @property
    def creates(self) -> bool:
        """Whether it makes or changes content; a GraphQL query is sent by POST and only reads."""
        return self.method != "GET" and not self.path.endswith("/graphql")


class Routes:
    """The routes of one module, under a common path."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self.all: list[Route] = []

    def on(
        self, method: str, path: str, *, docs: str, needs: Needs | None = None
    ) -> Callable[[Handler], Handler]:
        """Register the decorated function for a method and a path."""

        def register(handler: Handler) -> Handler:
            self.all.append(
                Route(
                    method=method,
                    path=self._prefix + path,
                    handler=handler,
                    needs=needs,
                    docs=docs,
                )
            )
            return handler

        return register


def repository_routes() -> Routes:
    """Return routes below one repository; their handlers get a ``RepositoryCall``."""
    return Routes("/repos/<owner>/<repo>")
