"""What is asked of GitHub about promotions as such, by GraphQL, and how the answers are read."""

from collections.abc import Mapping, Sequence
from functools import cache

from assent.adapters.github_queries import Node, some
from assent.core.forge import (
    Branch,
    OpenPromotion,
    OpenPullRequest,
    PromotionView,
    Proposal,
    ProposalState,
)

__all__ = [
    "BRANCHES",
    "OPEN_PROMOTIONS",
    "expressions",
    "promotion_query",
    "read_branch",
    "read_open",
    "read_promotion",
]

_PULLS = """
fragment Proposals on PullRequestConnection {
  nodes {
    number url state headRefOid isCrossRepository viewerDidAuthor
    labels(first: 20) { nodes { name } }
  }
}"""


@cache
def promotion_query(files: int) -> str:
    """The query for one promotion, with a number of files that its variables name.

    Only numbers are put into its text.
    """
    places = range(files)
    asked = "".join(f", $file{place}: String!" for place in places)
    read = "\n".join(
        f"    file{place}: object(expression: $file{place}) {{ ...File }}" for place in places
    )
    return f"""
query Promotion($owner: String!, $name: String!, $ref: String!, $branch: String!,
                $other: String!, $withOther: Boolean!,
                $label: String!, $withLabel: Boolean!{asked}) {{
  repository(owner: $owner, name: $name) {{
    ref(qualifiedName: $ref) {{ target {{ oid }} }}
{read}
    proposals: pullRequests(headRefName: $branch, first: 20,
                            orderBy: {{field: CREATED_AT, direction: DESC}}) {{ ...Proposals }}
    others: pullRequests(headRefName: $other, first: 20,
                         orderBy: {{field: CREATED_AT, direction: DESC}})
      @include(if: $withOther) {{ ...Proposals }}
    open: pullRequests(labels: [$label], states: [OPEN], first: 100,
                       orderBy: {{field: CREATED_AT, direction: DESC}})
      @include(if: $withLabel) {{
      totalCount
      nodes {{ number url headRefName isCrossRepository viewerDidAuthor }}
    }}
  }}
}}
fragment File on Blob {{ text isTruncated isBinary }}{_PULLS}
"""


OPEN_PROMOTIONS = """
query OpenPromotions($owner: String!, $name: String!, $base: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequests(baseRefName: $base, states: [OPEN], first: 50, after: $after,
                 orderBy: {field: CREATED_AT, direction: ASC}) {
      nodes {
        number url headRefName headRefOid title body isCrossRepository viewerDidAuthor
        labels(first: 20) { nodes { name } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""

BRANCHES = f"""
query Branches($owner: String!, $name: String!, $prefix: String!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    refs(refPrefix: $prefix, first: 50, after: $after) {{
      nodes {{
        name prefix target {{ oid }}
        associatedPullRequests(first: 20, orderBy: {{field: CREATED_AT, direction: DESC}}) {{
          ...Proposals
        }}
      }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}{_PULLS}
"""
_HEADS = "refs/heads/"


def expressions(branch: str, paths: Sequence[str]) -> dict[str, str]:
    """The variables of `promotion_query` that name files of a branch."""
    return {f"file{place}": f"{branch}:{path}" for place, path in enumerate(paths)}


def read_promotion(repository: Node, paths: Sequence[str]) -> PromotionView:
    """Read the answer to `promotion_query`, of a repository that has the branch.

    Args:
        repository: The answer.
        paths: Those that were asked for, in their order.
    """
    beside = repository.get("open")
    listed = some(beside)
    return PromotionView(
        head=repository["ref"]["target"]["oid"],
        files={
            path: _text(found)
            for place, path in enumerate(paths)
            if (found := repository[f"file{place}"]) is not None
        },
        proposals=_own(repository["proposals"]),
        others=_own(repository.get("others")),
        open=tuple(
            OpenPromotion(number=node["number"], url=node["url"], branch=node["headRefName"])
            for node in listed
            if _is_own(node)
        ),
        further=0 if beside is None else max(0, beside["totalCount"] - len(listed)),
    )


def read_open(node: Node) -> OpenPullRequest | None:
    """Read a pull request of `OPEN_PROMOTIONS`; None for one that the App did not open."""
    if not _is_own(node):
        return None
    return OpenPullRequest(
        number=node["number"],
        url=node["url"],
        branch=node["headRefName"],
        head=node["headRefOid"],
        title=node["title"],
        body=node["body"],
        labels=_labels(node),
    )


def read_branch(node: Node, prefix: str) -> Branch:
    """Read a branch of `BRANCHES`; its name may be told from the prefix that was asked for on."""
    full = f"{node['prefix']}{node['name']}"
    if not full.startswith(f"{_HEADS}{prefix}"):
        full = f"{_HEADS}{prefix}{node['name']}"
    return Branch(
        name=full.removeprefix(_HEADS),
        head=node["target"]["oid"],
        proposals=tuple(
            _proposal(each)
            for each in some(node["associatedPullRequests"])
            if not each["isCrossRepository"]
        ),
    )


def _own(connection: Node | None) -> tuple[Proposal, ...]:
    return tuple(_proposal(node) for node in some(connection) if _is_own(node))


def _is_own(node: Node) -> bool:
    """Whether the App opened it; anybody may open one, from a branch of any name."""
    return bool(node["viewerDidAuthor"]) and not node["isCrossRepository"]


def _proposal(node: Node) -> Proposal:
    return Proposal(
        number=node["number"],
        url=node["url"],
        state=ProposalState(node["state"].lower()),
        head=node["headRefOid"],
        labels=_labels(node),
        own=node["viewerDidAuthor"],
    )


def _labels(node: Node) -> tuple[str, ...]:
    return tuple(label["name"] for label in some(node["labels"]))


def _text(value: Mapping[str, object]) -> bytes | None:
    """A file's bytes, if it is text and given whole; what is no file has no text at all."""
    text = value.get("text")
    if not isinstance(text, str) or value.get("isTruncated") or value.get("isBinary"):
        return None
    return text.encode()
