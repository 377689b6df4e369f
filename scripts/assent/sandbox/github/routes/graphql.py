"""The part of GitHub's GraphQL API that reads a repository: references, files, pull requests.

Field names, types and nullability follow GitHub's published schema; what is not here is refused by
the schema as GitHub refuses an unknown field.
"""

from functools import cache
from http import HTTPStatus

from graphql import (
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from assent.sandbox.github.access import AsAccount, require
from assent.sandbox.github.calls import Answer, Call
from assent.sandbox.github.conversation import Issue, Pull
from assent.sandbox.github.errors import ApiError
from assent.sandbox.github.repositories import Repository
from assent.sandbox.github.routing import READ_CONTENTS, READ_PULLS, Routes

routes = Routes()

Info = GraphQLResolveInfo[None]
Object = dict[str, object]

_SCHEMA = """
scalar GitObjectID
scalar URI
type Query { repository(owner: String!, name: String!, followRenames: Boolean = true): Repository }
type Repository {
  name: String!
  nameWithOwner: String!
  ref(qualifiedName: String!): Ref
  object(oid: GitObjectID, expression: String): GitObject
  pullRequests(headRefName: String, baseRefName: String, states: [PullRequestState!],
               first: Int, orderBy: IssueOrder): PullRequestConnection!
}
interface GitObject { oid: GitObjectID! }
type Blob implements GitObject {
  oid: GitObjectID! byteSize: Int! text: String isBinary: Boolean isTruncated: Boolean!
}
type Commit implements GitObject { oid: GitObjectID! }
type Tree implements GitObject { oid: GitObjectID! }
type Ref { name: String! prefix: String! target: GitObject }
enum PullRequestState { OPEN CLOSED MERGED }
enum IssueOrderField { CREATED_AT UPDATED_AT COMMENTS }
enum OrderDirection { ASC DESC }
input IssueOrder { field: IssueOrderField! direction: OrderDirection! }
type PullRequestConnection { nodes: [PullRequest] totalCount: Int! }
type PullRequest {
  number: Int! url: URI! title: String! state: PullRequestState!
  headRefName: String! headRefOid: GitObjectID! baseRefName: String!
  isCrossRepository: Boolean! viewerDidAuthor: Boolean!
  labels(first: Int): LabelConnection
}
type LabelConnection { nodes: [Label] totalCount: Int! }
type Label { name: String! }
"""
_LONGEST_TEXT = 512_000


@cache
def published_schema() -> GraphQLSchema:
    """The part of GitHub's schema that is answered here."""
    return build_schema(_SCHEMA)


@routes.on("POST", "/graphql", docs="graphql")
@routes.on("POST", "/api/graphql", docs="graphql")
def query(call: Call) -> Answer:
    """Execute a query; what is wrong with it comes back in `errors`, with status 200."""
    if not isinstance(call.actor, AsAccount):
        raise ApiError(HTTPStatus.UNAUTHORIZED, "This endpoint requires you to be authenticated.")
    source = call.body.text("query")
    sent = call.body.raw("variables")
    variables = sent if isinstance(sent, dict) else {}
    try:
        document = parse(source)
    except GraphQLError as error:
        return Answer(body={"errors": [_error(error)]})
    mistakes = validate(published_schema(), document)
    if mistakes:
        return Answer(body={"errors": [_error(error) for error in mistakes]})
    result = execute_sync(
        published_schema(), document, root_value=_Root(call), variable_values=variables
    )
    body: Object = {"data": result.data}
    if result.errors:
        body["errors"] = [_error(error) for error in result.errors]
    return Answer(body=body)


def _error(error: GraphQLError) -> Object:
    body: Object = {"message": error.message}
    if error.path:
        body["path"] = list(error.path)
    if error.extensions and "type" in error.extensions:
        body["type"] = error.extensions["type"]
    body["locations"] = [
        {"line": place.line, "column": place.column} for place in error.locations or []
    ]
    return body


class _Root:
    """Resolvers of `Query`."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def repository(
        self,
        _info: Info,
        owner: str,
        name: str,
        followRenames: bool = True,  # noqa: ARG002, N803, FBT001, FBT002 - the schema's argument
    ) -> "_Repository":
        call = self._call
        try:
            repository = call.state.repository(f"{owner}/{name}")
            require(call.state, call.actor, repository, READ_CONTENTS)
            require(call.state, call.actor, repository, READ_PULLS)
        except ApiError as refusal:
            kind = "NOT_FOUND" if refusal.status is HTTPStatus.NOT_FOUND else "FORBIDDEN"
            raise GraphQLError(
                f"Could not resolve to a Repository with the name '{owner}/{name}'."
                if kind == "NOT_FOUND"
                else refusal.message,
                extensions={"type": kind},
            ) from refusal
        return _Repository(call, repository)


class _Repository:
    def __init__(self, call: Call, repository: Repository) -> None:
        self._call = call
        self._repository = repository
        self.name = repository.name
        self.nameWithOwner = repository.full_name

    def ref(self, _info: Info, qualifiedName: str) -> Object | None:  # noqa: N803 - the schema's argument
        full = qualifiedName if qualifiedName.startswith("refs/") else f"refs/{qualifiedName}"
        sha = self._repository.git.refs.read(full)
        if sha is None:
            return None
        prefix, _, name = full.rpartition("/")
        if full.startswith("refs/heads/"):
            prefix, name = "refs/heads", full.removeprefix("refs/heads/")
        target = {"__typename": "Commit", "oid": sha}
        return {"name": name, "prefix": f"{prefix}/", "target": target}

    def object(
        self, _info: Info, oid: str | None = None, expression: str | None = None
    ) -> Object | None:
        git = self._repository.git
        revision, _, path = (expression or oid or "").partition(":")
        sha = git.resolve(revision)
        if sha is None:
            return None
        if not path:
            return {"__typename": "Commit", "oid": sha}
        entry = git.entry_at(git.objects.commit(sha).tree, path)
        if entry is None:
            return None
        if entry.kind != "blob":
            return {"__typename": "Tree", "oid": entry.sha}
        return _blob(entry.sha, git.objects.blob(entry.sha))

    def pullRequests(  # noqa: N802 - the schema's field
        self,
        _info: Info,
        headRefName: str | None = None,  # noqa: N803 - the schema's argument
        baseRefName: str | None = None,  # noqa: N803 - likewise
        states: list[str] | None = None,
        first: int | None = None,
        orderBy: dict[str, str] | None = None,  # noqa: N803 - likewise
    ) -> Object:
        if first is None or not 1 <= first <= 100:  # noqa: PLR2004 - GitHub's own limit
            raise GraphQLError(
                "You must provide a `first` or `last` value to properly paginate the "
                "`pullRequests` connection."
            )
        found = [
            _PullRequest(self._call, self._repository, issue, pull)
            for issue, pull in self._repository.pulls()
            if headRefName in (None, pull.head_ref) and baseRefName in (None, pull.base_ref)
        ]
        found = [each for each in found if states is None or each.state in states]
        found.sort(key=lambda each: each.number)
        if orderBy is not None and orderBy["direction"] == "DESC":
            found.reverse()
        return {"nodes": found[:first], "totalCount": len(found)}


class _PullRequest:
    def __init__(self, call: Call, repository: Repository, issue: Issue, pull: Pull) -> None:
        self._issue = issue
        self.number = issue.number
        self.title = issue.title
        self.url = call.links.web(f"/{repository.full_name}/pull/{issue.number}")
        self.state = "MERGED" if pull.merged_at else issue.state.upper()
        self.headRefName = pull.head_ref
        self.headRefOid = pull.head_sha
        self.baseRefName = pull.base_ref
        self.isCrossRepository = False
        self.viewerDidAuthor = issue.author == call.login

    def labels(self, _info: Info, first: int | None = None) -> Object:
        names = self._issue.labels
        return {"nodes": [{"name": name} for name in names[:first]], "totalCount": len(names)}


def _blob(oid: str, content: bytes) -> Object:
    """A file as GraphQL gives it: text only where it is text, cut where it is long."""
    binary = b"\0" in content[:8000]
    text = None if binary else content[:_LONGEST_TEXT].decode("utf-8", "replace")
    return {
        "__typename": "Blob",
        "oid": oid,
        "byteSize": len(content),
        "isBinary": binary,
        "isTruncated": len(content) > _LONGEST_TEXT,
        "text": text,
    }
