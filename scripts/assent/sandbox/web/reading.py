"""What the pages show, read over GitHub's API as anybody would, into values for the templates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Literal

from github import UnknownObjectException
from github.PullRequest import PullRequest
from github.Repository import Repository
from markupsafe import Markup

from assent.contracts import load_contracts
from assent.core.codeowners import LOCATIONS, OwnerKind, owners_of
from assent.core.config import CONFIG_PATH, Config, InvalidConfig, parse_config
from assent.core.forge import BREAK_GLASS
from assent.core.names import RecordId, record_of_branch
from assent.core.record import ParsedRecord, parse_record
from assent.core.timestamps import read_time
from assent.sandbox.stage import PEOPLE
from assent.sandbox.web.github_html import CHART, github_html
from assent.sandbox.web.judging import Proposal
from assent.sandbox.web.sandbox import Sandbox
from assent.sandbox.web.workflows import Check, Run

__all__ = [
    "Deployed",
    "FileChange",
    "Happening",
    "Label",
    "Line",
    "MergeBox",
    "PullLine",
    "PullPage",
    "Reader",
    "Reviews",
]

PullState = Literal["open", "merged", "closed"]
Offer = Literal["yes", "early", "try", "no"]

_COLOR = re.compile(r"[0-9a-fA-F]{6}", re.ASCII)
_HUNK = re.compile(r"@@ -(?P<old>\d+)(?:,\d+)? \+(?P<new>\d+)(?:,\d+)? @@")
_DECISIONS = {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}
_READER = "ana"
"""Whose eyes the pages are read with; everybody sees the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label, and whether dark letters can be read on it."""

    name: str
    color: str
    """Six hexadecimal digits."""
    light: bool

    @property
    def loud(self) -> bool:
        """Whether it lifts what holds a promotion up."""
        return self.name.lower() == BREAK_GLASS


@dataclass(frozen=True, slots=True, kw_only=True)
class PullLine:
    """A pull request as a list shows it."""

    number: int
    title: str
    state: PullState
    author: str
    labels: tuple[Label, ...]
    opened: datetime
    closed: datetime | None
    check: Check | None
    """None for one that is no longer open."""

    @property
    def glass_broken(self) -> bool:
        """Whether it carries the label, whoever put that on."""
        return any(label.loud for label in self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something on a pull request's timeline."""

    kind: str
    """GitHub's word for it: commented, approved, labeled, merged ..."""
    actor: str
    at: datetime
    html: Markup | None = None
    """What was said, sanitised; None where nothing was."""
    labels: tuple[Label, ...] = ()
    commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a difference."""

    kind: Literal["added", "removed", "same", "hunk"]
    text: str
    old: int | None = None
    new: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """What a pull request does to a file."""

    path: str
    status: str
    additions: int
    deletions: int
    lines: tuple[Line, ...]
    """Empty where GitHub shows no difference: the file is too large, or no text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """Who approved, and who is to."""

    given: tuple[str, ...]
    """The code owners who approve, as GitHub counts reviews."""
    others: tuple[str, ...]
    """Those who approve and own nothing of it."""
    needed: int
    """How many code owners have to."""
    owners: tuple[str, ...]
    """The people who may."""
    barred: tuple[str, ...] = ()
    """Those who ask for a waiver, or wrote part of it: their approval does not count."""

    @property
    def enough(self) -> bool:
        """Whether as many approve as have to."""
        return len(self.given) >= self.needed


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeBox:
    """Whether a pull request may be merged, and what speaks against it."""

    offer: Offer
    """`early`: GitHub lets it through, and apply will refuse. `try`: GitHub will refuse."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PullPage:
    """A pull request with all that its page shows."""

    line: PullLine
    body: Markup
    branch: str
    head: str
    merged_by: str
    happenings: tuple[Happening, ...]
    files: tuple[FileChange, ...]
    reviews: Reviews
    check: Check | None
    """None for one that is no longer open."""
    merge: MergeBox | None
    """None likewise."""
    runs: tuple[Run, ...]

    @property
    def has_charts(self) -> bool:
        """Whether anything on it is to be drawn; Mermaid is large."""
        said = (self.body, *(each.html or "" for each in self.happenings))
        return any(f'class="{CHART}"' in html for html in said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A deployment as GitHub lists it."""

    environment: str
    state: str
    description: str
    by: str
    at: datetime
    commit: str
    link: str


class Reader:
    """Reads pull requests and what belongs to them.

    Args:
        sandbox: A running one.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._stage = sandbox.stage
        self._workflows = sandbox.workflows
        self.home = sandbox.stage.api_url.removesuffix("/api/v3")
        """Where the sandbox's GitHub believes its pages to be."""

    @property
    def _repository(self) -> Repository:
        return self._stage.repository(_READER)

    def html(self, text: str | None) -> Markup:
        """Untrusted Markdown as GitHub shows it; the one place where HTML is taken as it is."""
        return Markup(github_html(text or "", home=self.home))  # noqa: S704 - sanitised there

    def pulls(self) -> tuple[PullLine, ...]:
        """Every pull request, the newest first."""
        repository = self._repository
        base = repository.get_branch("main").commit.sha
        found = repository.get_pulls(state="all", sort="created", direction="desc")
        return tuple(self._line(pull, base) for pull in found)

    def pull(self, number: int) -> PullPage:
        """Everything about a pull request.

        Raises:
            UnknownObjectException: There is none of that number.
        """
        repository = self._repository
        pull = repository.get_pull(number)
        base = repository.get_branch("main").commit.sha
        check = None
        if pull.state == "open":
            check = self._workflows.check(_proposal(pull, base))
        reviews = self._reviews(repository, pull, check)
        return PullPage(
            line=self._line(pull, base),
            body=self.html(pull.body),
            branch=pull.head.ref,
            head=pull.head.sha,
            merged_by=pull.merged_by.login if pull.merged_at is not None else "",
            happenings=tuple(
                self._happenings([each.raw_data for each in pull.as_issue().get_timeline()])
            ),
            files=tuple(_file(each.raw_data) for each in pull.get_files()),
            reviews=reviews,
            check=check,
            merge=_merge_box(pull, reviews, check) if check else None,
            runs=self._workflows.of(number),
        )

    def reviews(self, number: int) -> Reviews:
        """Who approved a pull request, and who is to."""
        repository = self._repository
        return self._reviews(repository, repository.get_pull(number), self.check(number))

    def check(self, number: int) -> Check:
        """The verdict of `assent check` on a pull request that somebody wants to merge."""
        repository = self._repository
        pull = repository.get_pull(number)
        base = repository.get_branch("main").commit.sha
        return self._workflows.check(_proposal(pull, base))

    def file(self, ref: str, path: str) -> str:
        """The text of a file.

        Raises:
            GithubException: There is none.
        """
        found = self._repository.get_contents(path, ref=ref)
        if isinstance(found, list):
            return "\n".join(each.path for each in found)
        return found.decoded_content.decode("utf-8", "replace")

    def deployments(self) -> tuple[Deployed, ...]:
        """Every deployment, the latest first."""
        return tuple(_deployed(each) for each in self._repository.get_deployments())

    def _line(self, pull: PullRequest, base: str) -> PullLine:
        return PullLine(
            number=pull.number,
            title=pull.title,
            state="merged" if pull.merged_at else "open" if pull.state == "open" else "closed",
            author=pull.user.login,
            labels=tuple(_label(each.name, each.color) for each in pull.labels),
            opened=pull.created_at,
            closed=pull.closed_at,
            check=self._workflows.known_check(_proposal(pull, base))
            if pull.state == "open"
            else None,
        )

    def _happenings(self, items: Sequence[Any]) -> list[Happening]:
        """A timeline: labels that came together are one thing, and merging closes by itself."""
        found: list[Happening] = []
        for one in map(self._happening, items):
            last = found[-1] if found else None
            if last is None or (one.actor, one.at) != (last.actor, last.at):
                found.append(one)
            elif one.kind == last.kind == "labeled":
                found[-1] = replace(last, labels=(*last.labels, *one.labels))
            elif (last.kind, one.kind) != ("merged", "closed"):
                found.append(one)
        return found

    def _happening(self, item: Any) -> Happening:  # noqa: ANN401 - JSON
        person = item.get("user") or item.get("actor") or {"login": "ghost"}
        kind = item["event"]
        if kind == "reviewed":
            kind = item["state"]
        label = item.get("label")
        return Happening(
            kind=kind,
            actor=person["login"],
            at=read_time(item.get("submitted_at") or item["created_at"]),
            html=self.html(item["body"]) if item.get("body") else None,
            labels=(_label(label["name"], label["color"]),) if label else (),
            commit=item.get("commit_id") or "",
        )

    def _reviews(self, repository: Repository, pull: PullRequest, check: Check | None) -> Reviews:
        opinions = {
            each.user.login: each.state for each in pull.get_reviews() if each.state in _DECISIONS
        }
        approving = [login for login, state in opinions.items() if state == "APPROVED"]
        wanting = _wanting(repository, pull, check.demands.waived) if check else ()
        wrote = [each.raw_data["author"] for each in pull.get_commits()]
        barred = {*(each["login"] for each in wrote if each), *wanting}
        owners = self._owners(repository, [each.filename for each in pull.get_files()])
        counting = [login for login in owners if login not in barred]
        return Reviews(
            given=tuple(login for login in approving if login in counting),
            others=tuple(login for login in approving if login not in {*owners, *barred}),
            needed=_needed(_config(repository), pull.head.ref) + bool(wanting),
            owners=tuple(counting),
            barred=tuple(login for login in PEOPLE if login in barred),
        )

    def _owners(self, repository: Repository, paths: Sequence[str]) -> tuple[str, ...]:
        """The people who own any of these files, as CODEOWNERS of main says."""
        content = b""
        for location in LOCATIONS:
            try:
                content = repository.get_contents(location).decoded_content  # type: ignore[union-attr]
                break
            except UnknownObjectException:
                continue
        people: dict[str, None] = {}
        for path in paths:
            for owner in owners_of(content, path):
                if owner.kind is OwnerKind.PERSON:
                    people[owner.name] = None
                elif owner.kind is OwnerKind.TEAM:
                    organization, _, slug = owner.name.partition("/")
                    team = self._stage.person(_READER).get_organization(organization)
                    members = team.get_team_by_slug(slug).get_members()
                    people |= dict.fromkeys(each.login for each in members)
        return tuple(people)


def _proposal(pull: PullRequest, base: str) -> Proposal:
    # An edit and a label run the check again, on GitHub as here.
    labels = sorted(label.name for label in pull.labels)
    return Proposal(
        number=pull.number,
        base=base,
        head=pull.head.sha,
        branch=pull.head.ref,
        touched=f"{pull.updated_at} {labels}",
    )


def _wanting(repository: Repository, pull: PullRequest, waived: Sequence[int]) -> tuple[str, ...]:
    """Who asks for the waivers, by their places in the record, that a gate is excused by."""
    id_ = record_of_branch(pull.head.ref)
    if id_ is None or not waived:
        return ()
    file = repository.get_contents(id_.path, ref=pull.head.sha)
    if isinstance(file, list):
        return ()
    parsed = parse_record(file.decoded_content, load_contracts().promotion)
    if not isinstance(parsed, ParsedRecord):
        return ()
    return tuple(parsed.record.waivers[place].asked_by for place in waived)


def _config(repository: Repository) -> Config | None:
    found = repository.get_contents(CONFIG_PATH)
    if isinstance(found, list):
        return None
    return _parsed(found.decoded_content)


@cache
def _parsed(content: bytes) -> Config | None:
    try:
        return parse_config(content, load_contracts().config)
    except InvalidConfig:
        return None


def _needed(config: Config | None, branch: str) -> int:
    """How many code owners approve what a branch asks for, waivers aside; a no takes one."""
    id_: RecordId | None = record_of_branch(branch)
    if config is None or id_ is None or not branch.startswith("promote/"):
        return 1
    return config.approvals(id_.environment, id_.model) if id_.environment in config.ladder else 1


def _merge_box(pull: PullRequest, reviews: Reviews, check: Check) -> MergeBox:
    if pull.mergeable is False:
        return MergeBox(offer="no", why="It conflicts with main.")
    if check.broken:
        return MergeBox(offer="no", why="assent check reached no verdict.")
    if not check.passed:
        return MergeBox(offer="no", why="assent check, which is required, has findings.")
    if pull.mergeable_state not in {"clean", "unstable"}:
        wanted = " or ".join(reviews.owners) or "a code owner"
        return MergeBox(offer="try", why=f"GitHub waits for the approval of {wanted}.")
    if not reviews.enough:
        return MergeBox(
            offer="early",
            why=f"It takes {reviews.needed} approvals of code owners to take effect, and has "
            f"{len(reviews.given)}. GitHub would merge it, and apply would refuse it.",
        )
    return MergeBox(offer="yes", why="")


def _label(name: str, color: str) -> Label:
    safe = color if _COLOR.fullmatch(color) else "ededed"
    red, green, blue = (int(safe[at : at + 2], 16) for at in (0, 2, 4))
    lightness = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
    return Label(name=name, color=safe, light=lightness > 0.453)  # noqa: PLR2004 - GitHub's own


def _file(item: Any) -> FileChange:  # noqa: ANN401 - JSON
    return FileChange(
        path=item["filename"],
        status=item["status"],
        additions=item["additions"],
        deletions=item["deletions"],
        lines=tuple(_lines(item.get("patch") or "")),
    )


def _lines(patch: str) -> list[Line]:
    found: list[Line] = []
    old = new = 0
    for text in patch.split("\n") if patch else ():
        hunk = _HUNK.match(text)
        if hunk is not None:
            old, new = int(hunk["old"]), int(hunk["new"])
            found.append(Line(kind="hunk", text=text))
        elif text.startswith("+"):
            found.append(Line(kind="added", text=text[1:], new=new))
            new += 1
        elif text.startswith("-"):
            found.append(Line(kind="removed", text=text[1:], old=old))
            old += 1
        elif not text.startswith("\\"):  # "\ No newline at end of file"
            found.append(Line(kind="same", text=text[1:], old=old, new=new))
            old, new = old + 1, new + 1
    return found


def _deployed(deployment: Any) -> Deployed:  # noqa: ANN401 - PyGithub's, whose fields load lazily
    latest = next(iter(deployment.get_statuses()), None)
    return Deployed(
        environment=deployment.environment,
        state=latest.state if latest else "pending",
        description=(latest.description if latest else "") or deployment.description or "",
        by=deployment.creator.login,
        at=latest.created_at if latest else deployment.created_at,
        commit=deployment.sha,
        link=(latest.raw_data.get("log_url") if latest else "") or "",
    )
