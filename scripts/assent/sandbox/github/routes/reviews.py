"""Reviews of pull requests, and who was asked for one."""

from dataclasses import replace
from http import HTTPStatus

from assent.sandbox.github.access import may
from assent.sandbox.github.accounts import Role
from assent.sandbox.github.calls import Answer, Body, RepositoryCall
from assent.sandbox.github.conversation import Issue, Pull, Review, ReviewState
from assent.sandbox.github.errors import forbidden, missing_field, not_found, unprocessable
from assent.sandbox.github.merging import commits_of
from assent.sandbox.github.pushing import catch_up, new_event
from assent.sandbox.github.reviewing import dismiss
from assent.sandbox.github.routing import READ_PULLS, WRITE_PULLS, repository_routes
from assent.sandbox.github.views.people import simple_user, team_json
from assent.sandbox.github.views.pulls import review_json, simple_pull

routes = repository_routes()

_STATES: dict[str, ReviewState] = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
}
_OWN = {
    "APPROVE": "Can not approve your own pull request",
    "REQUEST_CHANGES": "Can not request changes on your own pull request",
}


@routes.on(
    "GET",
    "/pulls/<int:number>/reviews",
    docs="pulls/reviews#list-reviews-for-a-pull-request",
    needs=READ_PULLS,
)
def list_reviews(call: RepositoryCall, number: int) -> Answer:
    """List a pull request's reviews, oldest first; a pending one only to its author."""
    issue, pull = catch_up(call.state, call.repository, number)
    me = getattr(call.actor, "login", None)
    shown = [review for review in pull.reviews if review.state != "PENDING" or review.author == me]
    return call.page(shown, lambda review: review_json(call, issue, review))


@routes.on(
    "POST",
    "/pulls/<int:number>/reviews",
    docs="pulls/reviews#create-a-review-for-a-pull-request",
    needs=WRITE_PULLS,
)
def create_review(call: RepositoryCall, number: int) -> Answer:
    """Review a pull request at a commit: its head unless another one of it is named."""
    body = call.body
    with call.repository.lock:
        issue, pull = catch_up(call.state, call.repository, number)
        commit = body.text_or("commit_id", pull.head_sha)
        if commit != pull.head_sha and commit not in commits_of(call.repository, pull):
            raise unprocessable("Unprocessable Entity", "Commit is not part of the pull request")
        review = Review(
            id=call.state.next_id(),
            author=call.login,
            body=body.text_or("body", ""),
            state="PENDING",
            commit_id=commit,
            submitted_at=None,
        )
        if any(r.state == "PENDING" and r.author == call.login for r in pull.reviews):
            raise unprocessable(
                "Unprocessable Entity", "User can only have one pending review per pull request"
            )
        event = body.text_or("event", "PENDING")
        if event != "PENDING":
            review = _submitted(call, issue, review, event)
        reviewed = _without_request(call, replace(pull, reviews=(*pull.reviews, review)))
        issue = call.repository.put(replace(issue, updated_at=call.state.now()), reviewed)
    return Answer(body=review_json(call, issue, review))


@routes.on(
    "GET",
    "/pulls/<int:number>/reviews/<int:review>",
    docs="pulls/reviews#get-a-review-for-a-pull-request",
    needs=READ_PULLS,
)
def show_review(call: RepositoryCall, number: int, review: int) -> Answer:
    """Show a review."""
    issue, pull = call.repository.pull(number)
    return Answer(body=review_json(call, issue, _review(pull, review)))


@routes.on(
    "PUT",
    "/pulls/<int:number>/reviews/<int:review>",
    docs="pulls/reviews#update-a-review-for-a-pull-request",
    needs=WRITE_PULLS,
)
def update_review(call: RepositoryCall, number: int, review: int) -> Answer:
    """Change what a review says, not what it decides."""
    text = call.body.text("body")
    with call.repository.lock:
        issue, pull = call.repository.pull(number)
        found = _own_review(call, pull, review)
        changed = replace(found, body=text)
        issue = call.repository.put(issue, _with(pull, changed))
    return Answer(body=review_json(call, issue, changed))


@routes.on(
    "DELETE",
    "/pulls/<int:number>/reviews/<int:review>",
    docs="pulls/reviews#delete-a-pending-review-for-a-pull-request",
    needs=WRITE_PULLS,
)
def delete_review(call: RepositoryCall, number: int, review: int) -> Answer:
    """Throw a pending review away."""
    with call.repository.lock:
        issue, pull = call.repository.pull(number)
        found = _own_review(call, pull, review)
        if found.state != "PENDING":
            raise unprocessable("Unprocessable Entity", "Can not delete a non-pending review")
        others = tuple(other for other in pull.reviews if other.id != review)
        issue = call.repository.put(issue, replace(pull, reviews=others))
    return Answer(body=review_json(call, issue, found))


@routes.on(
    "POST",
    "/pulls/<int:number>/reviews/<int:review>/events",
    docs="pulls/reviews#submit-a-review-for-a-pull-request",
    needs=WRITE_PULLS,
)
def submit_review(call: RepositoryCall, number: int, review: int) -> Answer:
    """Submit a pending review."""
    body = call.body
    with call.repository.lock:
        issue, pull = catch_up(call.state, call.repository, number)
        found = _own_review(call, pull, review)
        if found.state != "PENDING":
            raise unprocessable("Unprocessable Entity", "Can not submit a non-pending review")
        found = replace(found, body=body.text_or("body", found.body))
        submitted = _submitted(call, issue, found, body.text("event"))
        decided = _without_request(call, _with(pull, submitted))
        issue = call.repository.put(replace(issue, updated_at=call.state.now()), decided)
    return Answer(body=review_json(call, issue, submitted))


@routes.on(
    "GET",
    "/pulls/<int:number>/reviews/<int:review>/comments",
    docs="pulls/reviews#list-comments-for-a-pull-request-review",
    needs=READ_PULLS,
)
def list_review_comments(call: RepositoryCall, number: int, review: int) -> Answer:
    """List a review's comments on lines: none, this server does not keep them."""
    _review(call.repository.pull(number)[1], review)
    return Answer(body=[])


@routes.on(
    "PUT",
    "/pulls/<int:number>/reviews/<int:review>/dismissals",
    docs="pulls/reviews#dismiss-a-review-for-a-pull-request",
    needs=WRITE_PULLS,
)
def dismiss_review(call: RepositoryCall, number: int, review: int) -> Answer:
    """Dismiss an approval or a request for changes, with a reason."""
    message = call.body.text("message")
    if not may(call.state, call.actor, call.repository, Role.WRITE):
        raise forbidden("Must have write access to dismiss reviews.")
    with call.repository.lock:
        issue, pull = call.repository.pull(number)
        found = _review(pull, review)
        if found.state not in {"APPROVED", "CHANGES_REQUESTED"}:
            raise unprocessable(
                "Unprocessable Entity",
                f"Can not dismiss a {found.state.lower()} pull request review",
            )
        issue = call.repository.put(
            dismiss(call.state, issue, found, actor=call.login, message=message)
        )
    _, pull = call.repository.pull(number)
    return Answer(body=review_json(call, issue, _review(pull, review)))


@routes.on(
    "GET",
    "/pulls/<int:number>/requested_reviewers",
    docs="pulls/review-requests#get-all-requested-reviewers-for-a-pull-request",
    needs=READ_PULLS,
)
def list_requests(call: RepositoryCall, number: int) -> Answer:
    """Show who was asked for a review and has not answered."""
    _, pull = call.repository.pull(number)
    owner = call.repository.owner
    return Answer(
        body={
            "users": [simple_user(call, login) for login in pull.requested_reviewers],
            "teams": [
                team_json(call, call.state.team(owner, slug)) for slug in pull.requested_teams
            ],
        }
    )


@routes.on(
    "POST",
    "/pulls/<int:number>/requested_reviewers",
    docs="pulls/review-requests#request-reviewers-for-a-pull-request",
    needs=WRITE_PULLS,
)
def request_reviews(call: RepositoryCall, number: int) -> Answer:
    """Ask people and teams for a review."""
    people, teams = call.body.texts("reviewers"), call.body.texts("team_reviewers")
    state, repository = call.state, call.repository
    with repository.lock:
        issue, pull = call.repository.pull(number)
        if issue.author in people:
            raise unprocessable("Review cannot be requested from pull request author.")
        known = {team.slug for team in state.teams(repository.owner)}
        outsiders = [p for p in people if state.role(repository, p) < Role.READ]
        if outsiders or not set(teams) <= known:
            raise unprocessable(
                "Reviews may only be requested from collaborators. One or more of the users or "
                f"teams you specified is not a collaborator of the {repository.full_name} "
                "repository."
            )
        logins = [state.account(login).login for login in people]
        events = tuple(
            new_event(state, "review_requested", call.login, requested_reviewer=login)
            for login in logins
        )
        asked = replace(
            pull,
            requested_reviewers=tuple(dict.fromkeys((*pull.requested_reviewers, *logins))),
            requested_teams=tuple(dict.fromkeys((*pull.requested_teams, *teams))),
        )
        issue = repository.put(replace(issue, events=(*issue.events, *events)), asked)
    return Answer(body=simple_pull(call, issue), status=HTTPStatus.CREATED)


@routes.on(
    "DELETE",
    "/pulls/<int:number>/requested_reviewers",
    docs="pulls/review-requests#remove-requested-reviewers-from-a-pull-request",
    needs=WRITE_PULLS,
)
def withdraw_requests(call: RepositoryCall, number: int) -> Answer:
    """Ask people and teams no longer."""
    body: Body = call.body
    people, teams = set(body.texts("reviewers")), set(body.texts("team_reviewers"))
    with call.repository.lock:
        issue, pull = call.repository.pull(number)
        asked = replace(
            pull,
            requested_reviewers=tuple(p for p in pull.requested_reviewers if p not in people),
            requested_teams=tuple(t for t in pull.requested_teams if t not in teams),
        )
        issue = call.repository.put(issue, asked)
    return Answer(body=simple_pull(call, issue))


def _submitted(call: RepositoryCall, issue: Issue, review: Review, event: str) -> Review:
    state = _STATES.get(event)
    if state is None:
        raise unprocessable("Unprocessable Entity", f"Variable $event was provided {event}")
    if issue.author == call.login and event in _OWN:
        raise unprocessable("Unprocessable Entity", _OWN[event])
    if event != "APPROVE" and not review.body:
        raise missing_field("body")
    return replace(review, state=state, submitted_at=call.state.now())


def _without_request(call: RepositoryCall, pull: Pull) -> Pull:
    """Take the caller, and the teams that the caller speaks for, off the list of the asked."""
    mine = {
        team.slug for team in call.state.teams(call.repository.owner) if call.login in team.members
    }
    return replace(
        pull,
        requested_reviewers=tuple(p for p in pull.requested_reviewers if p != call.login),
        requested_teams=tuple(t for t in pull.requested_teams if t not in mine),
    )


def _with(pull: Pull, changed: Review) -> Pull:
    reviews = tuple(changed if other.id == changed.id else other for other in pull.reviews)
    return replace(pull, reviews=reviews)


def _review(pull: Pull, number: int) -> Review:
    for review in pull.reviews:
        if review.id == number:
            return review
    raise not_found()


def _own_review(call: RepositoryCall, pull: Pull, number: int) -> Review:
    review = _review(pull, number)
    if review.author != call.login:
        raise forbidden("Only the author of a review may change it.")
    return review
