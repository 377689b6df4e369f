"""What attackers and bystanders do, and how one sees that nothing came of it."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

from click.testing import Result
from github import GithubException
from github.PullRequest import PullRequest
from tests.end_to_end import play
from tests.end_to_end.whole import Clock

from assent.adapters.github import app_installation, connect
from assent.contracts import load_contracts
from assent.core.changes import Reason
from assent.core.evidence import evidence_digest
from assent.core.record import ParsedRecord, Record, parse_record, write_record
from assent.sandbox.aws import Registered, register
from assent.sandbox.github import Protection
from assent.sandbox.stage import ACCOUNT, REPOSITORY, Stage

__all__ = ["CREATOR", "FIRST", "SECOND", "Siege", "forged"]

FIRST = "promotions/dev/churn/1.yaml"
SECOND = "promotions/dev/churn/2.yaml"
CREATOR = f"arn:aws:sts::{ACCOUNT}:assumed-role/training/ana"
"""The session by which ana trains models."""

_UNPROTECTED = Protection(
    required_approvals=0,
    require_code_owners=False,
    dismiss_stale=False,
    enforce_admins=False,
    require_pull_request=False,
    allow_force_pushes=True,
)
_IDENTITIES = f"identities: {{principals: [{{match: '{CREATOR}', login: ana}}]}}\nenvironments:"
_SCHEMA = load_contracts().promotion
_ZOE = ("-c", "user.name=zoe", "-c", "user.email=zoe@acme.test")


def forged(content: bytes, change: Callable[[Record], Record]) -> bytes:
    """A record as somebody changed it who knows how to make the digest fit again."""
    parsed = parse_record(content, _SCHEMA)
    assert isinstance(parsed, ParsedRecord)
    record = change(parsed.record)
    digest = evidence_digest(record.package, record.evidence)
    return write_record(replace(record, evidence=replace(record.evidence, digest=digest)), _SCHEMA)


@dataclass(slots=True, kw_only=True)
class Siege:
    """A stage with one version live in dev, and no protection on its repository."""

    stage: Stage
    clock: Clock
    folder: Path
    live: Registered
    """Version 1, which is to stay what inference runs."""

    @classmethod
    @contextmanager
    def laid(cls, folder: Path) -> Iterator[Self]:
        """Promote version 1 as it should be, then switch everything off that GitHub enforces."""
        clock = Clock()
        with (
            Stage(folder / "stage", now=clock) as stage,
            patch.dict(os.environ, stage.environment()),
        ):
            siege = cls(stage=stage, clock=clock, folder=folder, live=play.train(stage))
            siege.configure("environments:", _IDENTITIES)
            pull = siege.propose(siege.live)
            siege.approve(pull, "ben")
            siege.merge(pull, "ben")
            applied = siege.apply()
            assert applied.exit_code == 0, applied.output
            stage.hub.protect(REPOSITORY, "main", _UNPROTECTED)
            yield siege

    # What people do; time passes with each step.

    def train(self, **how: Any) -> Registered:  # noqa: ANN401 - handed on
        """Register the next version."""
        self.clock.tick()
        return register(self.stage.aws, **{"reports": play.evaluation(0.93), **how})

    def propose(self, version: Registered) -> PullRequest:
        """Let the bot open a version's pull request."""
        self.clock.tick()
        return play.propose(self.stage, version)

    def proposed(self, **how: Any) -> tuple[Registered, PullRequest]:  # noqa: ANN401 - handed on
        """Register the next version, and let the bot open its pull request."""
        version = self.train(**how)
        return version, self.propose(version)

    def approve(self, pull: PullRequest, who: str) -> None:
        """Approve a pull request at its present head."""
        self.clock.tick()
        self.stage.approve(pull.number, who)

    def approve_as_app(self, pull: PullRequest) -> None:
        """Let another App than Assent's own approve a pull request."""
        self.clock.tick()
        app = self.stage.hub.add_app(slug="helper", app_id=2)
        auth = app_installation(str(app.app_id), app.private_key_pem, app.installation_id)
        repository = connect(auth, self.stage.api_url).get_repo(REPOSITORY)
        repository.get_pull(pull.number).create_review(event="APPROVE")

    def merge(self, pull: PullRequest, who: str, method: str = "merge") -> str:
        """Merge a pull request."""
        self.clock.tick()
        return self.stage.merge(pull.number, who, method=method)

    def record(self, path: str, ref: str = "main") -> bytes:
        """A record as it stands on a branch."""
        there = self.stage.repository("ana").get_contents(path, ref=ref)
        assert not isinstance(there, list)
        return there.decoded_content

    def commit(self, who: str, path: str, content: bytes | str, branch: str = "main") -> str:
        """Commit one file to a branch as a person, over GitHub's API."""
        self.clock.tick()
        repository = self.stage.repository(who)
        try:
            there = repository.get_contents(path, ref=branch)
        except GithubException:
            made = repository.create_file(path, f"Add {path}", content, branch=branch)
        else:
            assert not isinstance(there, list)
            made = repository.update_file(path, f"Edit {path}", content, there.sha, branch=branch)
        return made["commit"].sha

    def branch(self, name: str, commit: str | None = None, who: str = "zoe") -> None:
        """Create a branch, of main's tip unless told otherwise."""
        repository = self.stage.repository(who)
        tip = commit or repository.get_branch("main").commit.sha
        repository.create_git_ref(f"refs/heads/{name}", tip)

    def open(self, branch: str, who: str = "zoe") -> PullRequest:
        """Open a pull request by hand."""
        self.clock.tick()
        return self.stage.repository(who).create_pull(base="main", head=branch, title=branch)

    def push(self, path: str, content: bytes | None) -> str:
        """Put a commit onto main behind GitHub's back; None deletes the file."""
        clone = self.stage.clone(self.folder / "pushing")
        place = clone / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            place.unlink()
        else:
            place.write_bytes(content)
        play.push(self.stage, clone, path)
        return _git(clone, "rev-parse", "HEAD")

    def forward(self, pull: PullRequest, who: str = "zoe") -> None:
        """Move main on to a pull request's own commits, by pushing them to GitHub."""
        clone = self.stage.clone(self.folder / "forwarding")
        self.clock.tick()
        url = self.stage.clone_url().replace("://", f"://{who}:token-of-{who}@")
        _git(clone, "push", "--quiet", url, f"origin/{pull.head.ref}:refs/heads/main")

    def force(self, commit: str, branch: str) -> None:
        """Let a branch name another commit that the repository has, whatever it named before."""
        self.clock.tick()
        _git(self._bare, "update-ref", f"refs/heads/{branch}", commit)

    def rewrite(self, changes: Mapping[str, bytes]) -> None:
        """Replace main by a history of one commit: what it holds, with some files changed."""
        clone = self.stage.clone(self.folder / "rewriting")
        _git(clone, "checkout", "--quiet", "--orphan", "rewritten")
        self._commit(clone, changes, "Start over")
        self.clock.tick()
        _git(clone, "push", "--quiet", "--force", str(self._bare), "HEAD:refs/heads/main")

    def merge_by_hand(self, pull: PullRequest, changes: Mapping[str, bytes]) -> None:
        """Merge a pull request in a clone, with other files than it has, and push that."""
        clone = self.stage.clone(self.folder / "merging")
        head = f"origin/{pull.head.ref}"
        _git(clone, *_ZOE, "merge", "--quiet", "--no-ff", "--no-commit", head)
        self._commit(clone, changes, f"Merge {pull.head.ref}")
        self.clock.tick()
        _git(clone, "push", "--quiet", str(self._bare), "HEAD:refs/heads/main")

    @property
    def _bare(self) -> Path:
        return self.stage.hub.repository_path(REPOSITORY)

    @staticmethod
    def _commit(clone: Path, changes: Mapping[str, bytes], message: str) -> None:
        for path, content in changes.items():
            place = clone / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        _git(clone, "add", "--all")
        _git(clone, *_ZOE, "commit", "--quiet", "--message", message)

    def configure(self, old: str, new: str) -> None:
        """Change main's configuration, before anything is attacked."""
        text = self.record("assent.yaml").decode()
        assert text.count(old) == 1, text
        self.push("assent.yaml", text.replace(old, new).encode())
        play.cold_start()

    # What Assent does.

    def apply(self, *options: str) -> Result:
        """Run apply on main's head."""
        self.clock.tick()
        return play.apply(self.stage, *options)

    # What one sees.

    def refusal(self, reason: Reason, version: int = 2) -> str:
        """See that a version is refused for a reason, in every run, and that nothing took effect.

        Returns:
            What was said of it.
        """
        before, registry = play.parameters(self.stage), self.fields(version)
        detail = ""
        for _ in range(2):
            applied = self.apply()
            assert applied.exit_code == 12, applied.output
            said = re.findall(
                rf"^refused  churn {version} in dev: (.*) \[(.*)\]$", applied.output, re.MULTILINE
            )
            assert [why for _, why in said] == [reason], applied.output
            detail = said[0][0]
        assert self.fields(version) == registry
        self._stands(before)
        return detail

    def _stands(self, before: Mapping[str, Any]) -> None:
        """See that no parameter says anything else than before, but for how far apply came."""
        after = play.parameters(self.stage)
        assert {key: value for key, value in after.items() if not key.endswith("/applied")} == {
            key: value for key, value in before.items() if not key.endswith("/applied")
        }
        assert play.current(self.stage) == 1

    def fields(self, version: int) -> Mapping[str, Any]:
        """What the registry says of a version's approval; nothing where there is none."""
        arn = self.live.arn.removesuffix("/1") + f"/{version}"
        try:
            said = self.stage.aws.sagemaker.describe_model_package(ModelPackageName=arn)
        except self.stage.aws.sagemaker.exceptions.ClientError:
            return {}
        kept = ("ModelApprovalStatus", "CustomerMetadataProperties", "ModelLifeCycle")
        return {name: value for name, value in said.items() if name in kept}

    def comments(self, number: int) -> list[str]:
        """What the App said on a pull request."""
        issue = self.stage.repository("ana").get_issue(number)
        return [each.body for each in issue.get_comments() if each.user.login == "assent[bot]"]

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - any JSON
        """What a command says as JSON, whatever its exit code."""
        clone = self.stage.clone(self.folder / "reading")
        said = play.assent(*arguments, "--repository", clone, "--format", "json")
        return json.loads(said.stdout)


def _git(clone: Path, *arguments: str) -> str:
    command = ["git", "-C", str(clone), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
