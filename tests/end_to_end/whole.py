"""All that a stage holds at one moment: to compare two runs by, and to go back to."""

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.ssm.models import Parameter, ssm_backends
from tests.end_to_end import scene
from tests.receipt_chain import LASTING, chain, effect

from assent.sandbox.aws import Registered
from assent.sandbox.aws.registry import package
from assent.sandbox.github.conversation import Issue
from assent.sandbox.stage import ACCOUNT, ENVIRONMENTS, REGION, REPOSITORY, Stage

RECEIPTS = "refs/heads/receipts"
STORE = "acme-evidence"
"""The bucket that keeps reports, on stages that have one."""
Picture = dict[str, Any]

_EVIDENCE = re.compile(
    r'\n  collected: "(?P<collected>[^"]+)"\n(?:.*\n)*?  digest: (?P<digest>sha256:[0-9a-f]{64})\n'
)
_COLLECTED = re.compile(r"collected [0-9T:-]{19}Z")


class Clock:
    """GitHub's clock, which stands until it is moved on; it begins at the machine's time."""

    def __init__(self) -> None:
        self.time = datetime.now(tz=UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        """The time, in UTC."""
        return self.time

    def tick(self) -> None:
        """Let a few seconds pass, so that GitHub sees no two steps in the same one."""
        self.time += timedelta(seconds=10)


class Whole:
    """A stage as it is when this is made, and as it is at any later moment.

    Args:
        stage: A running one.
        versions: Those whose description counts.
    """

    def __init__(self, stage: Stage, versions: Iterable[Registered]) -> None:
        self.stage = stage
        self._arns = [version.arn for version in versions]
        self._aws = scene.Aws(stage, versions)
        self._packages = {arn: copy.deepcopy(_package(arn)) for arn in self._arns}
        self._parameters = {account: _parameters(account) for account in self._accounts}
        self._hosted = stage.hub._state.repository(REPOSITORY)
        self._git = self._hosted.git
        self._issues = dict(self._hosted.issues)
        self._labels = dict(self._hosted.labels)
        self._deployments = dict(self._hosted.deployments)
        self._refs = self._git.refs.under("refs/")
        self._kept = self._store()
        self._trees: dict[str, Mapping[str, str]] = {}
        self._old: set[str] = set()
        """Commits that are no attempt's."""
        for sha in self._refs.values():
            self._know(sha)
        trees = {self._git.objects.commit(sha).tree for sha in self._old}
        self._old_texts = {text for tree in trees for text in self._files(tree).values()}

    def restore(self) -> None:
        """Put everything back to where it was when this was made."""
        hosted = self._hosted
        with hosted.lock:
            hosted.issues.clear()
            hosted.issues.update(self._issues)
            hosted.labels.clear()
            hosted.labels.update(self._labels)
            hosted.deployments.clear()
            hosted.deployments.update(self._deployments)
            now = self._git.refs.under("refs/")
            for name in now.keys() - self._refs.keys():
                (self._git.path / name).unlink()
            for name, sha in self._refs.items():
                if now.get(name) != sha:
                    path = self._git.path / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(f"{sha}\n")
        # Behind the API's back, which would take longer than all the rest.
        for arn, attributes in self._packages.items():
            held = _package(arn)
            held.clear()
            held.update(copy.deepcopy(attributes))
        for account, parameters in self._parameters.items():
            there = ssm_backends[account][REGION]._parameters
            there.clear()
            there.update({name: list(versions) for name, versions in parameters.items()})
        for key in self._store().keys() - self._kept.keys():
            self.stage.aws.s3.delete_object(Bucket=STORE, Key=key)

    @property
    def _accounts(self) -> set[str]:
        return {self.stage.account_of(name) for name in ENVIRONMENTS}

    def picture(self) -> Picture:
        """What stands now on GitHub, in registry and parameters, and of kept reports.

        Left out is what only tells when an attempt was made: ids and times, those that evidence
        and its digest cover included.
        """
        branches = self._git.refs.under("refs/heads/")
        receipts = branches.pop(RECEIPTS, None)
        words = dict(each for sha in branches.values() for each in self._digests(sha))
        return {
            "branches": {name: self._commit(sha, words) for name, sha in branches.items()},
            "issues": {
                number: self._issue(issue, words) for number, issue in self._hosted.issues.items()
            },
            "deployments": [
                (each.environment, each.payload, each.production, [s.state for s in each.statuses])
                for each in self._hosted.deployments.values()
            ],
            "aws": self._aws.values(),
            "kept": self._store(),
            "receipts": self._receipts(receipts),
        }

    def _receipts(self, tip: str | None) -> list[tuple[Any, ...]]:
        """What the receipts tell of, and whether late; each chain is found to be whole."""
        if tip is None:
            return []
        texts = self._files(self._git.objects.commit(tip).tree)
        files = {path: text.encode() for path, text in texts.items()}
        return [
            (each.kind, each.recovered, effect(each))
            for name in ENVIRONMENTS
            for each in chain(files, name)
        ]

    def _know(self, sha: str) -> None:
        if sha not in self._old:
            self._old.add(sha)
            for parent in self._git.objects.commit(sha).parents:
                self._know(parent)

    def _digests(self, sha: str) -> Iterator[tuple[str, str]]:
        """Of the evidence that an attempt collected, each with the words to put in its place."""
        if sha in self._old:
            return
        for path, text in self._files(self._git.objects.commit(sha).tree).items():
            match = _EVIDENCE.search(text)
            if match is not None and text not in self._old_texts:
                yield match["digest"], f"DIGEST OF {path}"

    def _files(self, tree: str) -> Mapping[str, str]:
        if tree not in self._trees:
            self._trees[tree] = dict(self._read(tree, ""))
        return self._trees[tree]

    def _read(self, tree: str, folder: str) -> Iterator[tuple[str, str]]:
        objects = self._git.objects
        for name, entry in objects.tree(tree).items():
            if entry.kind == "tree":
                yield from self._read(entry.sha, f"{folder}{name}/")
            else:
                yield f"{folder}{name}", objects.blob(entry.sha).decode()

    def _commit(self, sha: str, words: Mapping[str, str]) -> Picture | str:
        """A commit by all that it holds, for its id covers when it was made; an old one by its."""
        if sha in self._old:
            return sha
        found = self._git.objects.commit(sha)
        files = self._files(found.tree)
        return {
            "author": found.author.name,
            "message": found.message,
            "files": {path: _told(text, words) for path, text in files.items()},
            "parents": [self._commit(parent, words) for parent in found.parents],
        }

    def _issue(self, issue: Issue, words: Mapping[str, str]) -> Picture:
        said: Picture = {
            "title": issue.title,
            "body": _told(issue.body or "", words),
            "author": issue.author,
            "state": issue.state,
            "labels": issue.labels,
            "comments": [(each.author, _told(each.body, words)) for each in issue.comments],
            "events": [(each.name, each.actor) for each in issue.events],
        }
        if issue.pull is not None:
            said["head"] = (issue.pull.head_ref, self._commit(issue.pull.head_sha, words))
            said["reviewers"] = (issue.pull.requested_reviewers, issue.pull.requested_teams)
            said["merged"] = issue.pull.merge_commit_sha
        return said

    def _store(self) -> Mapping[str, str]:
        """The kept reports' checksums by key."""
        s3 = self.stage.aws.s3
        if STORE not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
            return {}
        listed = s3.list_objects_v2(Bucket=STORE).get("Contents", [])
        return {each["Key"]: each["ETag"] for each in listed}


def _package(arn: str) -> dict[str, Any]:
    return package(ACCOUNT, REGION, arn).__dict__


def _parameters(account: str) -> dict[str, list[Parameter]]:
    """Every parameter's versions; moto adds to them, and changes none."""
    held = ssm_backends[account][REGION]._parameters
    return {name: list(versions) for name, versions in held.items()}


def ended(picture: Picture) -> Picture:
    """A picture without what a run that was cut off cannot leave to the next one to know.

    That is the times until which closings were looked at (see `settled`), and what of registry and
    `current` the run before it had written already; and whose receipt came late, or of what leaves
    no other trace was lost.
    """
    issues = {number: _untimed(issue) for number, issue in picture["issues"].items()}
    receipts = sorted(str(told) for kind, _, told in picture["receipts"] if kind in LASTING)
    return {**picture, "issues": issues, "aws": settled(picture["aws"]), "receipts": receipts}


_WRITTEN = re.compile(r"^- (Registry:|`current` of ).*$", re.MULTILINE)


def _untimed(issue: Picture) -> Picture:
    told = [
        (author, _WRITTEN.sub(r"- \1", text) if "<!-- assent: applied " in text else text)
        for author, text in issue["comments"]
    ]
    return {**issue, "comments": told}


def settled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without the times until which closings were looked at.

    A run that finds nothing new need not move them on, and the next one looks at a little more.
    """
    return {
        name: {key: each for key, each in value.items() if key != "closings"}
        if name.endswith("/applied")
        else value
        for name, value in values.items()
    }


def _told(text: str, words: Mapping[str, str]) -> str:
    """A text with words in the place of what an attempt's own time covers."""
    match = _EVIDENCE.search(text)
    if match is not None and match["digest"] in words:
        text = text.replace(f'collected: "{match["collected"]}"', "collected: BY AN ATTEMPT")
    for digest, instead in words.items():
        if digest in text:  # of a page, which says when its evidence was collected, too
            text = _COLLECTED.sub("collected BY AN ATTEMPT", text.replace(digest, instead))
    return text
