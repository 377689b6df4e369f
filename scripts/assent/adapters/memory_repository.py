"""A repository with its pull requests and issues in memory: the fake behind `Forge` and `History`.

It keeps its own state: commits with their trees, branches, pull requests with what was said and
done on them, issues.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from assent.adapters.memory_deployments import MemoryDeployments
from assent.adapters.memory_history import Files, MemoryHistory
from assent.adapters.memory_promotions import branches_below, open_of, view_of
from assent.adapters.memory_pulls import MemoryIssue, MemoryPull, bringing_of, difference
from assent.adapters.memory_receipts import MemoryReceiptLog
from assent.core.approval import Bringing, Review, ReviewState
from assent.core.errors import AssentError
from assent.core.forge import (
    Branch,
    Conversation,
    IssueReport,
    Labelling,
    OpenedPullRequest,
    OpenPullRequest,
    PromotionView,
    ProposalState,
    PullRequestState,
    Remark,
    Turn,
    TurnKind,
)
from assent.core.git_objects import blob_id
from assent.ports import AlreadyThere, NothingToMerge, NotThere

__all__ = ["MemoryIssue", "MemoryPull", "MemoryRepository", "Merging"]

_PATHS_SHOWN = 100
"""As many of a pull request's paths a conversation has."""
_LABELLINGS_SHOWN = 100

Merging = Literal["merge", "squash", "rebase"]


class MemoryRepository(MemoryHistory):
    """Implements `Forge` for a bot and `History` for a clone; people act through the rest.

    Args:
        files: The first commit's files.
        now: The time of what is done and said.
        bot: The login under which `Forge` writes.
    """

    def __init__(
        self, files: Files, *, now: Callable[[], datetime], bot: str = "assent[bot]"
    ) -> None:
        super().__init__(files, now=now)
        self._now = now
        self._bot = bot
        self.pulls: list[MemoryPull] = []
        self.issues: list[MemoryIssue] = []
        """They share one series of numbers with the pull requests."""
        self.writers: set[str] | None = None
        """Logins of those who may write; None lets everybody."""
        self.shown = MemoryDeployments()
        """The deployments page."""
        self.dismisses_stale = True
        """Whether a push that changes what a pull request changes dismisses its approvals."""
        self.receipted: dict[str, MemoryReceiptLog] = {}
        """Branches of receipts by name."""
        self.teams: dict[str, set[str]] = {}
        """Logins by `organization/slug`; other teams cannot be seen."""

    # What people do.

    def push(
        self,
        changes: Mapping[str, bytes | None],
        *,
        branch: str = "main",
        by: Sequence[str] = (),
        unknown: Sequence[str] = (),
    ) -> str:
        """Commit straight to a branch; None deletes a file.

        Args:
            changes: By path.
            branch: Which one.
            by: Logins that the commit names as its writers.
            unknown: Addresses that it names and that belong to nobody.
        """
        tip = self.branches[branch]
        files = _changed(self.files_of(tip), changes)
        self.branches[branch] = self._store((tip,), files, by=by, unknown=unknown)
        self._follow(branch)
        return self.branches[branch]

    def put_back(self, branch: str, commit: str) -> None:
        """Let a branch name another commit, by force."""
        self.branches[branch] = commit
        self._follow(branch)

    def approve(self, number: int, login: str, *, commit: str | None = None) -> None:
        """Approve a pull request at its head, or an earlier commit; nobody approves their own."""
        pull = self.pull(number)
        at = commit or pull.head
        given = {each.by: each for each in pull.reviews}.get(login)
        known = given is not None and (given.state, given.commit) == (ReviewState.APPROVED, at)
        if login != pull.author and not known:
            self._review(pull, login, ReviewState.APPROVED, at)

    def ask_for_changes(self, number: int, login: str) -> None:
        """Review a pull request, and say no."""
        pull = self.pull(number)
        self._review(pull, login, ReviewState.CHANGES_REQUESTED, pull.head)

    def _review(self, pull: MemoryPull, login: str, state: ReviewState, commit: str) -> None:
        at = self._touch(pull)
        is_bot = login.endswith("[bot]")
        pull.reviews.append(Review(by=login, state=state, at=at, commit=commit, is_bot=is_bot))

    def dismiss(self, number: int, login: str | None = None) -> None:
        """Dismiss a person's approvals, or everybody's."""
        pull = self.pull(number)
        pull.reviews[:] = [
            replace(each, state=ReviewState.DISMISSED)
            if each.state is ReviewState.APPROVED and login in (None, each.by)
            else each
            for each in pull.reviews
        ]
        self._touch(pull)

    def update_branch(self, number: int, *, by: str) -> str:
        """Merge main into a pull request's branch, as the button does."""
        pull, main = self.pull(number), self.branches["main"]
        files = self._merged(pull.head, main)
        self.branches[pull.branch] = self._store((pull.head, main), files, by=(by,))
        self._move(pull)
        return pull.head

    def merge(
        self, number: int, *, by: str = "ana", how: Merging = "merge", bypass: bool = False
    ) -> str:
        """Merge an approved pull request.

        Args:
            number: Which one.
            by: Who merges; the merge queue is a bot.
            how: Whether by a merge commit, by one commit of everything, or commit by commit.
            bypass: Do so without an approval, as an administrator may.

        Returns:
            The commit that main has then.

        Raises:
            ValueError: It is not open, not approved, or does not merge.
        """
        pull = self.pull(number)
        approved = bypass or bool(pull.approvals)
        if pull.state is not ProposalState.OPEN or not approved:
            raise ValueError(f"pull request {number} cannot be merged")
        main = self.branches["main"]
        files = self._merged(main, pull.head)
        if how == "rebase":
            landed = self._rebased(main, pull.head)
        else:
            parents = (main, pull.head) if how == "merge" else (main,)
            landed = [self._store(parents, files, by=(by,))]
        self.branches["main"] = landed[-1]
        pull.state, pull.merged_at, pull.merged_by = ProposalState.MERGED, self._now(), by
        pull.merge_commit, pull.base, pull.landed = landed[-1], main, tuple(landed)
        pull.closed_at = self._touch(pull)
        return landed[-1]

    def _merged(self, onto: str, head: str) -> dict[str, bytes]:
        """The files of a merge of two commits."""
        base = self._merge_base(onto, head)
        old, ours, changes = self.files_of(base), self.files_of(onto), difference(self, onto, head)
        if any(ours.get(path) not in (old.get(path), new) for path, new in changes.items()):
            raise ValueError("they conflict")
        return _changed(ours, changes)

    def _rebased(self, onto: str, head: str) -> list[str]:
        landed: list[str] = []
        for each in self.commits_between(onto, head):
            tip = landed[-1] if landed else onto
            (parent,) = self._commits[each].parents
            files = _changed(self.files_of(tip), difference(self, parent, each))
            landed.append(self._store((tip,), files, by=self.writers_of(each)[0]))
        return landed

    def close(self, number: int, *, by: str = "ana", referred: bool = False) -> None:
        """Close a pull request without merging it, or by a keyword in what was merged elsewhere."""
        pull = self.pull(number)
        if pull.state is ProposalState.OPEN:
            pull.state = ProposalState.CLOSED
            pull.closed_at = self._touch(pull)
            turn = Turn(kind=TurnKind.CLOSED, by=by, at=pull.updated_at, referred=referred)
            pull.turns.append(turn)

    def delete_branch(self, name: str, *, by: str = "ana") -> None:
        """Delete a branch, which closes the open pull request that comes from it."""
        del self.branches[name]
        for pull in self.pulls:
            if pull.branch == name:
                self.close(pull.number, by=by)

    def remark(self, number: int, by: str, text: str) -> None:
        """Comment on a pull request or issue, or review it without a verdict."""
        place = next((issue for issue in self.issues if issue.number == number), None)
        where = place or self.pull(number)
        at = self._touch(where)
        where.remarks.append(Remark(by=by, at=at, text=text, own=by == self._bot))

    def put_labels(self, number: int, labels: Sequence[str], by: str) -> None:
        """Put labels on a pull request; those that it has stay as they are."""
        pull = self.pull(number)
        new = [label for label in labels if label not in pull.labels]
        if new:
            pull.labels.extend(new)
            self._labelled(pull, new, by, added=True)

    def _labelled(self, pull: MemoryPull, labels: Sequence[str], by: str, *, added: bool) -> None:
        at = self._touch(pull)
        pull.labellings += [Labelling(label=label, by=by, at=at, added=added) for label in labels]

    def pull(self, number: int) -> MemoryPull:
        """A pull request by its number.

        Raises:
            NotThere: There is none.
        """
        for pull in self.pulls:
            if pull.number == number:
                return pull
        raise NotThere(f"no pull request {number}")

    def _follow(self, branch: str) -> None:
        for pull in self.pulls:
            if pull.branch == branch and pull.state is ProposalState.OPEN:
                self._move(pull)

    def _move(self, pull: MemoryPull) -> None:
        head, main = self.branches[pull.branch], self.branches["main"]
        if pull.head != head:
            unchanged = difference(self, main, pull.head) == difference(self, main, head)
            pull.head = head
            self._touch(pull)
            if self.dismisses_stale and not unchanged:
                self.dismiss(pull.number)

    def _touch(self, changed: "MemoryPull | MemoryIssue") -> datetime:
        # In whole seconds, as GitHub tells its times.
        changed.updated_at = self._now().replace(microsecond=0)
        return changed.updated_at

    def _next_number(self) -> int:
        numbers = [pull.number for pull in self.pulls] + [issue.number for issue in self.issues]
        return max(numbers, default=0) + 1

    def deployments(self) -> MemoryDeployments:
        """The deployments page, as the adapter over GitHub gives it."""
        return self.shown

    def receipts(self, branch: str) -> MemoryReceiptLog:
        """The receipts branch, as the adapter over GitHub gives it."""
        return self.receipted.setdefault(branch, MemoryReceiptLog())

    # Forge.

    def configuration(self) -> bytes:
        """See `ports.Forge`."""
        content = self.file("assent.yaml", "main")
        if content is None:
            raise NotThere("no assent.yaml on main")
        return content

    def promotion(
        self,
        path: str,
        branch: str,
        /,
        *,
        beside: Sequence[str] = (),
        other: str | None = None,
        label: str | None = None,
    ) -> PromotionView:
        """See `ports.Forge`."""
        main = self.branches["main"]
        there = self._commits[main].files
        files = {each: there[each] for each in (path, *beside) if each in there}
        return view_of(
            self.pulls, self._bot, head=main, files=files, branches=(branch, other), label=label
        )

    def open_promotions(self) -> Iterator[OpenPullRequest]:
        """See `ports.Forge`."""
        yield from open_of(self.pulls, self._bot)

    def branches_below(self, prefix: str, /) -> Iterator[Branch]:
        """See `ports.Forge`."""
        yield from branches_below(self.branches, self.pulls, self._bot, prefix)

    def file(self, path: str, commit: str, /) -> bytes | None:
        """See `ports.Forge`."""
        return self._commits[self.commit(commit)].files.get(path)

    def create_branch(self, name: str, commit: str, /) -> None:
        """See `ports.Forge`."""
        if name in self.branches:
            raise AlreadyThere(f"the branch {name} exists")
        self.branches[name] = commit

    def commit_files(self, parent: str, files: Mapping[str, bytes], message: str, /) -> str:  # noqa: ARG002 - nobody reads it here
        """See `ports.Forge`."""
        there = self._commits[self.commit(parent)].files
        return self._store((parent,), _changed(there, dict(files)), by=(self._bot,))

    def move_branch(self, name: str, commit: str, /) -> None:
        """See `ports.Forge`."""
        if name not in self.branches:
            raise NotThere(f"no branch {name}")
        self.put_back(name, commit)

    def add_file(
        self, branch: str, path: str, content: bytes, message: str, /, *, replaces: str | None
    ) -> None:
        """See `ports.Forge`."""
        there = self._commits[self.branches[branch]].files.get(path)
        if (None if there is None else blob_id(there)) != replaces:
            raise AlreadyThere(f"{path} is another one ({message})")
        self.push({path: content}, branch=branch, by=(self._bot,))

    def open_pull_request(self, branch: str, title: str, body: str, /) -> OpenedPullRequest:
        """See `ports.Forge`."""
        if any(p.branch == branch and p.state is ProposalState.OPEN for p in self.pulls):
            raise AlreadyThere(f"a pull request of {branch} is open")
        head = self.branches[branch]
        main = self.branches["main"]
        base = self._commits[self._merge_base(main, head)].files
        if self._commits[head].files == base:
            raise NothingToMerge(f"no commits between main and {branch}")
        pull = MemoryPull(
            number=self._next_number(),
            branch=branch,
            author=self._bot,
            title=title,
            body=body,
            head=head,
            updated_at=self._now(),
        )
        self._touch(pull)
        self.pulls.append(pull)
        return OpenedPullRequest(number=pull.number, url=pull.url)

    def label(self, number: int, labels: Sequence[str], /) -> None:
        """See `ports.Forge`."""
        self.put_labels(number, labels, self._bot)

    def unlabel(self, number: int, label: str, /, *, by: str | None = None) -> None:
        """See `ports.Forge`; people give their login."""
        pull = self.pull(number)
        if label in pull.labels:
            pull.labels.remove(label)
            self._labelled(pull, [label], by or self._bot, added=False)

    def brought(self, commit: str, path: str, /) -> Sequence[Bringing]:
        """See `ports.Forge`."""
        found = [bringing_of(self, pull, path) for pull in self.pulls if commit in pull.landed]
        return sorted(found, key=lambda each: each.merge_commit != commit)

    def body(self, number: int, /) -> str:
        """See `ports.Forge`."""
        return self.pull(number).body

    def edit_body(self, number: int, body: str, /) -> None:
        """See `ports.Forge`."""
        pull = self.pull(number)
        pull.body = body
        self._touch(pull)

    def tip(self) -> str:
        """See `ports.Forge`."""
        return self.branches["main"]

    def other_files(self, branch: str, path: str, /) -> Sequence[str]:
        """See `ports.Forge`."""
        main, head = self.branches["main"], self.branches[branch]
        return [each for each in self.changed(main, head, from_fork_point=True) if each != path]

    def pull_request(self, number: int, /) -> PullRequestState:
        """See `ports.Forge`."""
        return _state_of(self.pull(number))

    def recent_pull_requests(self, since: datetime | None, /) -> Iterator[PullRequestState]:
        """See `ports.Forge`."""
        earliest = None if since is None else since.replace(microsecond=0)
        latest_first = sorted(
            self.pulls, key=lambda pull: (pull.updated_at, pull.number), reverse=True
        )
        for pull in latest_first:
            if earliest is not None and pull.updated_at < earliest:
                return
            yield _state_of(pull)

    def conversation(self, number: int, /) -> Conversation:
        """See `ports.Forge`."""
        pull = self.pull(number)
        # What was merged is compared with what main was before.
        main = pull.base or self.branches["main"]
        return Conversation(
            turns=tuple(pull.turns),
            remarks=tuple(pull.remarks),
            files=tuple(self.changed(main, pull.head, from_fork_point=True)[:_PATHS_SHOWN]),
            labellings=tuple(pull.labellings[-_LABELLINGS_SHOWN:]),
            url=pull.url,
        )

    def comment(self, number: int, text: str, /) -> None:
        """See `ports.Forge`."""
        self.remark(number, self._bot, text)

    def reopen(self, number: int, /, *, by: str | None = None) -> None:
        """See `ports.Forge`; people give their login."""
        pull = self.pull(number)
        if pull.state is ProposalState.OPEN:
            return
        self._require_reopenable(pull)
        pull.state, pull.closed_at = ProposalState.OPEN, None
        at = self._touch(pull)
        pull.turns.append(Turn(kind=TurnKind.REOPENED, by=by or self._bot, at=at))
        self._move(pull)

    def _require_reopenable(self, pull: MemoryPull) -> None:
        tip = self.branches.get(pull.branch)
        others = (other for other in self.pulls if other.branch == pull.branch)
        problem = None
        if pull.state is ProposalState.MERGED:
            problem = "it is merged"
        elif tip is None:
            problem = "its branch is gone"
        elif any(other.state is ProposalState.OPEN for other in others):
            problem = "another one of its branch is open"
        elif not self.is_ancestor(pull.head, tip):
            problem = "its branch is another one"
        elif self.is_ancestor(tip, self.branches["main"]):
            problem = "there is nothing to merge"
        if problem is not None:
            raise AlreadyThere(f"pull request {pull.number} cannot be reopened: {problem}")

    def may_write(self, login: str, /) -> bool:
        """See `ports.Forge`."""
        if login.endswith("[bot]"):
            return False
        return self.writers is None or _has(self.writers, login)

    def is_member(self, team: str, login: str, /) -> bool:
        """See `ports.Forge`."""
        for name, members in self.teams.items():
            if name.lower() == team.lower():
                return _has(members, login)
        raise AssentError(f"the team {team} cannot be seen, if it exists")

    def own_issues(self, label: str, /) -> Iterator[IssueReport]:
        """See `ports.Forge`."""
        for issue in list(self.issues):
            if issue.is_open and issue.author == self._bot and _has(issue.labels, label):
                yield _report_of(issue)

    def open_issue(self, title: str, body: str, labels: Sequence[str], /) -> IssueReport:
        """See `ports.Forge`."""
        issue = MemoryIssue(
            number=self._next_number(),
            author=self._bot,
            title=title,
            body=body,
            updated_at=self._now(),
            labels=list(labels),
        )
        self._touch(issue)
        self.issues.append(issue)
        return _report_of(issue)

    def edit_issue(self, number: int, body: str, /) -> None:
        """See `ports.Forge`."""
        issue = self._issue(number)
        issue.body = body
        self._touch(issue)

    def close_issue(self, number: int, /) -> None:
        """See `ports.Forge`."""
        issue = self._issue(number)
        issue.is_open = False
        self._touch(issue)

    def _issue(self, number: int) -> MemoryIssue:
        for issue in self.issues:
            if issue.number == number:
                return issue
        raise NotThere(f"no issue {number}")


def _state_of(pull: MemoryPull) -> PullRequestState:
    return PullRequestState(
        number=pull.number,
        url=pull.url,
        state=pull.state,
        author=pull.author,
        branch=pull.branch,
        head=pull.head,
        updated_at=pull.updated_at,
        closed_at=pull.closed_at,
        reopened=any(turn.kind is TurnKind.REOPENED for turn in pull.turns),
    )


def _report_of(issue: MemoryIssue) -> IssueReport:
    return IssueReport(
        number=issue.number,
        url=issue.url,
        title=issue.title,
        body=issue.body,
        said=tuple(remark.text for remark in issue.remarks if remark.own),
    )


def _has(names: "set[str] | list[str]", name: str) -> bool:
    """Whether a name is among others; GitHub tells none apart by its case."""
    return name.lower() in {each.lower() for each in names}


def _changed(files: Files, changes: Mapping[str, bytes | None]) -> dict[str, bytes]:
    after = {path: content for path, content in files.items() if path not in changes}
    after.update({path: content for path, content in changes.items() if content is not None})
    return after
