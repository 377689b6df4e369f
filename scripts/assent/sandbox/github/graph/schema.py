"""The part of GitHub's GraphQL schema that is answered here.

Names, types and nullability are those of the published schema; what is not here is refused as
GitHub refuses an unknown field.
"""

from functools import cache

from graphql import GraphQLSchema, build_schema

__all__ = ["published_schema"]

_REPOSITORY = """
scalar DateTime
scalar GitObjectID
scalar URI
type Query { repository(owner: String!, name: String!, followRenames: Boolean = true): Repository }
type Repository {
  name: String!
  nameWithOwner: String!
  ref(qualifiedName: String!): Ref
  object(oid: GitObjectID, expression: String): GitObject
  issues(labels: [String!], states: [IssueState!],
         first: Int, after: String, orderBy: IssueOrder): IssueConnection!
  pullRequest(number: Int!): PullRequest
  refs(refPrefix: String!, first: Int, after: String): RefConnection
  pullRequests(headRefName: String, baseRefName: String, labels: [String!],
               states: [PullRequestState!], first: Int, after: String,
               orderBy: IssueOrder): PullRequestConnection!
}
interface GitObject { oid: GitObjectID! }
type Blob implements GitObject {
  oid: GitObjectID! byteSize: Int! text: String isBinary: Boolean isTruncated: Boolean!
}
type Commit implements GitObject {
  oid: GitObjectID!
  associatedPullRequests(first: Int, after: String): PullRequestConnection
  authors(first: Int, last: Int): GitActorConnection!
  committer: GitActor
  file(path: String!): TreeEntry
  parents(first: Int, last: Int): CommitConnection!
}
type CommitConnection { nodes: [Commit] totalCount: Int! }
type GitActorConnection { nodes: [GitActor] totalCount: Int! }
type GitActor { name: String email: String user: User }
type TreeEntry {
  name: String! path: String mode: Int! type: String! oid: GitObjectID! object: GitObject
}
type Tree implements GitObject { oid: GitObjectID! }
type Ref {
  name: String! prefix: String! target: GitObject
  associatedPullRequests(first: Int, after: String,
                         orderBy: IssueOrder): PullRequestConnection!
}
type RefConnection { nodes: [Ref] totalCount: Int! pageInfo: PageInfo! }
interface Actor { login: String! }
type Bot implements Actor { login: String! }
type User implements Actor { login: String! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
enum IssueOrderField { CREATED_AT UPDATED_AT COMMENTS }
enum OrderDirection { ASC DESC }
input IssueOrder { field: IssueOrderField! direction: OrderDirection! }
type LabelConnection { nodes: [Label] totalCount: Int! }
type Label { name: String! }
"""

_ISSUES = """
enum IssueState { OPEN CLOSED }
type IssueConnection { nodes: [Issue] totalCount: Int! pageInfo: PageInfo! }
type Issue {
  number: Int! url: URI! title: String! body: String! state: IssueState!
  author: Actor viewerDidAuthor: Boolean!
  comments(first: Int, last: Int): IssueCommentConnection!
  labels(first: Int, last: Int): LabelConnection
}
type IssueCommentConnection { nodes: [IssueComment] totalCount: Int! }
type IssueComment {
  author: Actor body: String! createdAt: DateTime! viewerDidAuthor: Boolean!
}
"""

_PULL_REQUESTS = """
enum PullRequestState { OPEN CLOSED MERGED }
type PullRequestConnection { nodes: [PullRequest] totalCount: Int! pageInfo: PageInfo! }
type PullRequest {
  number: Int! url: URI! title: String! body: String! state: PullRequestState!
  author: Actor viewerDidAuthor: Boolean!
  updatedAt: DateTime! closedAt: DateTime
  merged: Boolean! mergedAt: DateTime mergedBy: Actor mergeCommit: Commit
  headRefName: String! headRefOid: GitObjectID! baseRefName: String!
  isCrossRepository: Boolean!
  labels(first: Int, last: Int): LabelConnection
  comments(first: Int, last: Int): IssueCommentConnection!
  commits(first: Int, last: Int, after: String): PullRequestCommitConnection!
  files(first: Int, last: Int, after: String): PullRequestChangedFileConnection
  reviews(first: Int, last: Int, after: String): PullRequestReviewConnection
  timelineItems(itemTypes: [PullRequestTimelineItemsItemType!],
                first: Int, last: Int): PullRequestTimelineItemsConnection!
}
type PullRequestCommitConnection {
  nodes: [PullRequestCommit] totalCount: Int! pageInfo: PageInfo!
}
type PullRequestCommit { commit: Commit! }
type PullRequestChangedFileConnection {
  nodes: [PullRequestChangedFile] totalCount: Int! pageInfo: PageInfo!
}
type PullRequestChangedFile { path: String! }
enum PullRequestReviewState { APPROVED CHANGES_REQUESTED COMMENTED DISMISSED PENDING }
type PullRequestReviewConnection {
  nodes: [PullRequestReview] totalCount: Int! pageInfo: PageInfo!
}
type PullRequestReview {
  author: Actor body: String! submittedAt: DateTime state: PullRequestReviewState!
  viewerDidAuthor: Boolean! commit: Commit
}
enum PullRequestTimelineItemsItemType {
  CLOSED_EVENT LABELED_EVENT MERGED_EVENT REOPENED_EVENT UNLABELED_EVENT
}
union PullRequestTimelineItems =
  ClosedEvent | LabeledEvent | MergedEvent | ReopenedEvent | UnlabeledEvent
type PullRequestTimelineItemsConnection { nodes: [PullRequestTimelineItems] filteredCount: Int! }
type ClosedEvent { actor: Actor createdAt: DateTime! closer: Closer }
union Closer = Commit | PullRequest
type LabeledEvent { actor: Actor createdAt: DateTime! label: Label! }
type MergedEvent { actor: Actor createdAt: DateTime! }
type ReopenedEvent { actor: Actor createdAt: DateTime! }
type UnlabeledEvent { actor: Actor createdAt: DateTime! label: Label! }
"""

_COMMITS = """
scalar Base64String
type Mutation {
  createCommitOnBranch(input: CreateCommitOnBranchInput!): CreateCommitOnBranchPayload
}
input CreateCommitOnBranchInput {
  branch: CommittableBranch! clientMutationId: String expectedHeadOid: GitObjectID!
  fileChanges: FileChanges message: CommitMessage!
}
input CommittableBranch { branchName: String id: ID repositoryNameWithOwner: String }
input CommitMessage { body: String headline: String! }
input FileChanges { additions: [FileAddition!] = [] deletions: [FileDeletion!] = [] }
input FileAddition { contents: Base64String! path: String! }
input FileDeletion { path: String! }
type CreateCommitOnBranchPayload { clientMutationId: String commit: Commit }
"""


@cache
def published_schema() -> GraphQLSchema:
    """The part of GitHub's schema that is answered here."""
    return build_schema(_REPOSITORY + _ISSUES + _PULL_REQUESTS + _COMMITS)
