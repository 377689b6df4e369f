"""Who closes a promotion, where, and in what state: what each means, and what Assent says of it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from github.Repository import Repository
from tests.end_to_end import play
from tests.end_to_end.ladder import Ladder

from assent.adapters.github import app_installation, connect
from assent.contracts import load_contracts
from assent.core.evidence import evidence_digest
from assent.core.record import ParsedRecord, parse_record, write_record
from assent.sandbox.aws import register
from assent.sandbox.stage import ENVIRONMENTS, REPOSITORY, Stage

# Each row has a model of its own. The first part says what is done, and by which command Assent
# looks at it; the second what stands afterwards: the pull request, the decisions there and who
# made them, the registry's status and stage, what `current` names there, and what was answered.
MATRIX = """
who closes      where  before          seen by  then    decisions   registry  current  answer
code owner      dev    pending         reject   closed  X ana       R:dev     none     rejected
code owner      dev    approved here   reject   closed  A ben       A:dev     1        stays
code owner      prod   pending         reject   closed  X ana       R:prod    none     rejected
code owner      prod   approved below  reject   closed  X ana       A:uat     none     rejected
code owner      prod   approved here   reject   closed  A ben       A:prod    1        stays
other writer    dev    pending         reject   open    -           -         -        no owner
other writer    dev    approved here   reject   open    A ben       A:dev     1        no owner
other writer    prod   pending         reject   open    -           -         -        no owner
other writer    prod   approved below  reject   open    -           A:uat     -        no owner
other writer    prod   approved here   reject   open    A ben       A:prod    1        no owner
author          dev    pending         reject   open    -           -         -        own
author          dev    approved here   reject   open    A ben       A:dev     1        own
author          prod   pending         reject   open    -           -         -        own
author          prod   approved below  reject   open    -           A:uat     -        own
author          prod   approved here   reject   open    A ben       A:prod    1        own
bot             dev    pending         reject   open    -           -         -        own
bot             dev    approved here   reject   open    A ben       A:dev     1        own
bot             prod   pending         reject   open    -           -         -        own
bot             prod   approved below  reject   open    -           A:uat     -        own
bot             prod   approved here   reject   open    A ben       A:prod    1        own
owner deletes   dev    pending         reject   closed  X ana       R:dev     none     rejected
owner deletes   dev    approved here   reject   closed  A ben       A:dev     1        stays
owner deletes   prod   pending         reject   closed  X ana       R:prod    none     rejected
owner deletes   prod   approved below  reject   closed  X ana       A:uat     none     rejected
owner deletes   prod   approved here   reject   closed  A ben       A:prod    1        stays
writer deletes  dev    pending         reject   open    -           -         -        no owner
writer deletes  dev    approved here   reject   open    A ben       A:dev     1        no owner
writer deletes  prod   pending         reject   open    -           -         -        no owner
writer deletes  prod   approved below  reject   open    -           A:uat     -        no owner
writer deletes  prod   approved here   reject   open    A ben       A:prod    1        no owner
code owner      dev    pending         apply    closed  X ana       R:dev     none     rejected
code owner      prod   approved below  apply    closed  X ana       A:uat     none     rejected
code owner      prod   approved here   apply    closed  A ben       A:prod    1        stays
other writer    dev    pending         apply    open    -           -         -        no owner
author          prod   pending         apply    open    -           -         -        own
bot             prod   approved below  apply    open    -           A:uat     -        own
owner deletes   dev    pending         apply    closed  X ana       R:dev     none     rejected
writer deletes  prod   approved below  apply    open    -           A:uat     -        no owner
"""
BOT = "assent[bot]"
REASON = "not convinced"
NOTHING = "**This closing rejects nothing**: "
ANSWERS = {
    "rejected": "**Rejected**: version 1 of `{model}` does not run in `{where}`. `{by}` is a code "
    f"owner of `{{path}}` and closed this pull request. Reason: `{REASON}`\n",
    "stays": f"{NOTHING}version 1 is Approved in `{{where}}` and stays so.\n",
    "no owner": f"{NOTHING}`{{by}}` is no code owner of `{{path}}`.\n",
    "own": f"{NOTHING}`{{by}}` opened this pull request, and nobody decides on their own.\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is done in one row."""

    model: str
    who: str
    where: str
    before: str
    command: str

    @property
    def author(self) -> str:
        """Who opened the pull request."""
        return "ana" if self.who == "author" else BOT

    @property
    def by(self) -> str:
        """Who closes it; carla owns everything but the promotions to dev and test."""
        match self.who:
            case "code owner" | "author" | "owner deletes":
                return "ana"
            case "bot":
                return BOT
            case _:
                return "carla" if self.where == "dev" else "zoe"

    @property
    def approved_in(self) -> tuple[str, ...]:
        """Where the version is Approved beforehand."""
        place = ENVIRONMENTS.index(self.where)
        return {
            "pending": (),
            "approved below": ENVIRONMENTS[:place],
            "approved here": ENVIRONMENTS[: place + 1],
        }[self.before]

    def path(self, environment: str | None = None) -> str:
        """The version's record, there or elsewhere."""
        return f"promotions/{environment or self.where}/{self.model}/1.yaml"


def test_who_closes_where_and_when_decides_what_it_means(ladder: Ladder) -> None:
    """Only a code owner's closing rejects, and only what is not Approved there already."""
    _, *lines = MATRIX.strip().splitlines()
    cells = [re.split(" {2,}", line) for line in lines]
    rows = [
        Row(model=f"row-{number}", who=who, where=where, before=before, command=command)
        for number, (who, where, before, command, *_) in enumerate(cells, start=1)
    ]
    house = House(ladder, rows)
    numbers = {row: house.proposed(row) for row in rows}
    states = {row: house.state(row) for row in rows}

    for row in rows:
        house.close(row, numbers[row])
    ladder.clock.tick()
    for row in rows:
        if row.command == "reject":
            rejected = house.assent("reject", numbers[row])
            assert rejected.exit_code == 0, rejected.output
    applied = ladder.apply()
    seen = [line for line in applied.output.splitlines() if line.startswith("closing ")]
    assert len(seen) == sum(row.command == "apply" for row in rows)

    found = {row: house.outcome(row, numbers[row], states[row]) for row in rows}
    afterwards = {row: house.state(row) for row in rows}
    for row, (*done, then, decisions, registry, current, answer) in zip(rows, cells, strict=True):
        assert (done, found[row]) == (done, [then, decisions, registry, current, answer])

    ladder.stage.ledger.clear()
    house.assent("reject", numbers[rows[0]])
    assert "nothing to do: everything is as main asks" in ladder.apply("--all").output
    assert ladder.stage.ledger.count("aws", writes=True) == 0
    assert {row: house.state(row) for row in rows} == afterwards


class House:
    """The rows' versions, each approved so far as its row says."""

    def __init__(self, ladder: Ladder, rows: list[Row]) -> None:
        self._ladder = ladder
        self._stage: Stage = ladder.stage
        said = self._stage.environment()
        auth = app_installation(
            said["ASSENT_APP_ID"],
            said["ASSENT_APP_PRIVATE_KEY"],
            int(said["ASSENT_INSTALLATION_ID"]),
        )
        self._bot = connect(auth, self._stage.api_url)
        self._arns: dict[str, str] = {}
        for row in rows:
            version = register(self._stage.aws, group=row.model, reports=play.evaluation(0.9))
            self._arns[row.model] = version.arn
            self._stage.aws.emit(version.event)
        ladder.drain()
        opened = self._stage.pull_requests()
        self._first = {pull.head.ref: pull.number for pull in opened}
        self._records = {
            row.model: self._file(row.path("dev"), f"promote/dev/{row.model}/1") for row in rows
        }
        approved = {
            row.path(name): self._record(row, name) for row in rows for name in row.approved_in
        }
        ladder.bring(approved, "ben")

    def _as(self, login: str) -> Repository:
        client = self._bot if login == BOT else self._stage.person(login)
        return client.get_repo(REPOSITORY)

    def _file(self, path: str, branch: str) -> bytes:
        found = self._as("ana").get_contents(path, ref=branch)
        assert not isinstance(found, list)
        return found.decoded_content

    def _record(self, row: Row, environment: str) -> bytes:
        text = self._records[row.model].decode()
        assert text.count("\nenvironment: dev\n") == 1
        return text.replace("\nenvironment: dev\n", f"\nenvironment: {environment}\n").encode()

    def proposed(self, row: Row) -> int:
        """A pull request of the row's author that would let the version become Approved."""
        branch = f"promote/{row.where}/{row.model}/1"
        if row.author == BOT and branch in self._first and row.before == "pending":
            return self._first[branch]
        if row.author != BOT:
            branch = f"by-hand/{row.model}"
        elif branch in self._first:
            branch += "-20261122T100000Z"
        content = self._record(row, row.where)
        repository = self._as(row.author)
        repository.create_git_ref(f"refs/heads/{branch}", repository.get_branch("main").commit.sha)
        if row.before == "approved here":
            there = repository.get_contents(row.path())
            assert not isinstance(there, list)
            renewed = with_fresh_evidence(content)
            repository.update_file(row.path(), "Again", renewed, there.sha, branch=branch)
        else:
            repository.create_file(row.path(), "Add", content, branch=branch)
        return repository.create_pull(base="main", head=branch, title=f"Add {row.path()}").number

    def close(self, row: Row, number: int) -> None:
        """Somebody says why, and closes a pull request, or deletes its branch."""
        pull = self._as(row.by).get_pull(number)
        pull.create_issue_comment(REASON)
        if row.who.endswith("deletes"):
            # PyGithub's lazy references delete at an address that GitHub does not document.
            path = f"/repos/{REPOSITORY}/git/refs/heads/{pull.head.ref}"
            self._as(row.by).requester.requestJsonAndCheck("DELETE", path)
        else:
            pull.edit(state="closed")

    def assent(self, command: str, number: int) -> Any:  # noqa: ANN401 - click's own result
        """Run a command about a pull request, in the clone as it is."""
        return play.assent(command, str(number), "--repository", self._ladder.folder / "clone")

    def state(self, row: Row) -> dict[str, Any]:
        """What registry and parameters say of a row's version, the parameters by environment."""
        described: Any = self._stage.aws.sagemaker.describe_model_package(
            ModelPackageName=self._arns[row.model]
        )
        keys = ("ModelApprovalStatus", "ApprovalDescription", "ModelLifeCycle")
        found: dict[str, Any] = {key: described.get(key) for key in keys}
        found["metadata"] = described.get("CustomerMetadataProperties", {})
        for name in ENVIRONMENTS:
            root = f"/assent/{name}/{row.model}"
            answer = self._stage.ssm(name).get_parameters(
                Names=[f"{root}/current", f"{root}/versions/1"]
            )
            found[name] = {
                each["Name"].removeprefix(f"{root}/"): json.loads(each["Value"])
                for each in answer["Parameters"]
            }
        return found

    def outcome(self, row: Row, number: int, before: dict[str, Any]) -> list[str]:
        """The second part of a row; all else is as it was before."""
        pull = self._as("ana").get_pull(number)
        after = self.state(row)
        entries = after[row.where].get("versions/1", {"decisions": []})["decisions"]
        letters = " ".join(f"{said_by(entry)}" for entry in entries) or "-"
        if entries and entries[-1]["status"] == "Rejected":
            self._assert_rejected(row, pull.html_url, pull.head.sha, before, after)
        else:
            assert after == before
        current = after[row.where].get("current")
        life_cycle = after["ModelLifeCycle"]
        return [
            pull.state,
            letters,
            f"{after['ModelApprovalStatus'][0]}:{life_cycle['Stage']}" if life_cycle else "-",
            "-" if current is None else str(current["version"] or "none"),
            self._answer(row, number),
        ]

    def _assert_rejected(
        self, row: Row, url: str, head: str, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        """The rejection is told in full where the row is about, and nothing else changed."""
        for name in ENVIRONMENTS:
            if name != row.where:
                assert after[name] == before[name]
        (entry,) = after[row.where]["versions/1"]["decisions"]
        told = [entry[key] for key in ("by", "pull_request", "commit", "reason")]
        assert told == [["ana"], url, head, REASON]
        assert after["metadata"] == before["metadata"] | {
            row.where: "Rejected",
            f"{row.where}.by": "ana",
            f"{row.where}.pull-request": url,
        }
        said = f"Rejected in {row.where} by ana: {url} ({REASON})"
        assert after["ApprovalDescription"] == said

    def _answer(self, row: Row, number: int) -> str:
        """Which of the answers the bot's one comment begins with."""
        comments = self._as("ana").get_pull(number).get_issue_comments()
        (text,) = (each.body for each in comments if each.body != REASON)
        values = {"model": row.model, "where": row.where, "by": row.by, "path": row.path()}
        return next(
            (key for key, answer in ANSWERS.items() if text.startswith(answer.format(**values))),
            text,
        )


def said_by(entry: Mapping[str, Any]) -> str:
    """A decision in short."""
    letter = {"Approved": "A", "Rejected": "X"}[entry["status"]]
    return f"{letter} {' '.join(entry['by'])}"


def with_fresh_evidence(content: bytes) -> bytes:
    """A record whose evidence was collected an hour later."""
    parsed = parse_record(content, load_contracts().promotion)
    assert isinstance(parsed, ParsedRecord)
    record = parsed.record
    evidence = replace(record.evidence, collected=record.evidence.collected + timedelta(hours=1))
    digest = evidence_digest(record.package, evidence)
    return write_record(
        replace(record, evidence=replace(evidence, digest=digest)), load_contracts().promotion
    )
