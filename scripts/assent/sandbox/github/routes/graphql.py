"""The part of GitHub's GraphQL API that reads a repository, and commits to it."""

from functools import lru_cache
from http import HTTPStatus

from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    parse,
    validate,
)

from assent.sandbox.github.access import AsAccount
from assent.sandbox.github.calls import Answer, Call
from assent.sandbox.github.errors import ApiError
from assent.sandbox.github.graph.paging import Object
from assent.sandbox.github.graph.repository import Root
from assent.sandbox.github.graph.schema import published_schema
from assent.sandbox.github.routing import Routes

routes = Routes()


@routes.on("POST", "/graphql", docs="graphql")
@routes.on("POST", "/api/graphql", docs="graphql")
def query(call: Call) -> Answer:
    """Execute a query; what is wrong with it comes back in `errors`, with status 200."""
    if not isinstance(call.actor, AsAccount):
        raise ApiError(HTTPStatus.UNAUTHORIZED, "This endpoint requires you to be authenticated.")
    sent = call.body.raw("variables")
    variables = sent if isinstance(sent, dict) else {}
    document = _prepared(call.body.text("query"))
    if not isinstance(document, DocumentNode):
        return Answer(body={"errors": [_error(mistake) for mistake in document]})
    if any(
        isinstance(each, OperationDefinitionNode) and each.operation is OperationType.MUTATION
        for each in document.definitions
    ):
        call.state.content.admit(call.actor.login)
    result = execute_sync(
        published_schema(), document, root_value=Root(call), variable_values=variables
    )
    body: Object = {"data": result.data}
    if result.errors:
        body["errors"] = [_error(error) for error in result.errors]
    return Answer(body=body)


@lru_cache(maxsize=64)
def _prepared(source: str) -> DocumentNode | tuple[GraphQLError, ...]:
    """Parse and validate a query, or say what is wrong with it; clients send few, and often."""
    try:
        document = parse(source)
    except GraphQLError as error:
        return (error,)
    return tuple(validate(published_schema(), document)) or document


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
