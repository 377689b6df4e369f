"""What a stage holds at one moment, as plain values: what two runs are compared by."""

import copy
import json
import re
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assent.sandbox.aws import Registered
from assent.sandbox.aws.registry import package
from assent.sandbox.stage import ACCOUNT, ENVIRONMENTS, REGION, Stage

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_COLLECTED = re.compile(r'(?<=\n  collected: )"[^"]+"')
_DIGEST = re.compile(r"(?<=\n  digest: )sha256:[0-9a-f]{64}")


def _git(bare: Path, *arguments: str) -> str:
    command = ["git", "--git-dir", str(bare), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@cache
def _blob(bare: Path, blob: str) -> str:
    return _git(bare, "cat-file", "blob", blob)


def repository(stage: Stage, name: str) -> dict[str, Any]:
    """Every branch with all of its commits and their files, and every pull request.

    The time at which evidence was collected is the clock's at the attempt that committed the
    record, and the digest covers it: both are replaced by words, once it is sure that the pull
    request's page shows the very digest of the record it carries. Commit ids cover times too, so
    that commits are compared by what they hold. The repository's name differs from case to case.
    """
    bare = stage.hub.repository_path(name)
    digests: set[str] = set()

    def git(*arguments: str) -> str:
        return _git(bare, *arguments)

    def plain(text: str) -> str:
        digests.update(_DIGEST.findall(text))
        text = _COLLECTED.sub("COLLECTED", _DIGEST.sub("DIGEST", text)).replace(name, "NAME")
        for digest in digests:
            text = text.replace(digest, "DIGEST")
        return text

    def commit(entry: str) -> dict[str, Any]:
        id_, author, parents, message = entry.split("\0")
        listing = git("ls-tree", "-r", "--format=%(objectname) %(path)", id_).splitlines()
        files = [line.split(" ", 1) for line in listing]
        return {
            "author": author,
            "parents": len(parents.split()),
            "message": message,
            "files": {path: plain(_blob(bare, blob)) for blob, path in files},
        }

    def commits(branch: str) -> list[dict[str, Any]]:
        entries = git("log", "--format=%H%x00%an%x00%p%x00%B%x01", branch).split("\x01")
        return [commit(entry.lstrip("\n")) for entry in entries if entry.strip()]

    branches = git("for-each-ref", "--format=%(refname)", "refs/heads").splitlines()
    held = {branch: commits(branch) for branch in branches}
    pulls = []
    for pull in stage.pull_requests(state="all", name=name):
        assert any(digest in pull.body for digest in digests), "the page is not of this record"
        pulls.append(
            {
                "number": pull.number,
                "state": pull.state,
                "head": pull.head.ref,
                "labels": [label.name for label in pull.labels],
                "title": pull.title,
                "body": plain(pull.body),
            }
        )
    return {"branches": held, "pull requests": pulls}


class Aws:
    """The registry's and Parameter Store's state, to compare and to go back to.

    Args:
        stage: A running one.
        versions: Those whose description counts.
    """

    def __init__(self, stage: Stage, versions: Iterable[Registered]) -> None:
        self._stage = stage
        self._arns = [version.arn for version in versions]
        self._packages = {arn: copy.deepcopy(self._package(arn)) for arn in self._arns}
        self._parameters = self._texts()

    def restore(self) -> None:
        """Put everything back to where it was when this was made."""
        for arn, attributes in self._packages.items():
            held = self._package(arn)
            held.clear()
            held.update(copy.deepcopy(attributes))
        for account, name in self._texts().keys() - self._parameters.keys():
            self._ssm(account).delete_parameter(Name=name)
        for (account, name), text in self._parameters.items():
            self._ssm(account).put_parameter(Name=name, Value=text, Type="String", Overwrite=True)

    def values(self) -> dict[str, Any]:
        """What stands now: descriptions by ARN, and parameters by name.

        A parameter outside the registry's account has its account before its name.
        When a package was last written, and when a decision was applied, is the clock's at the
        attempt that got there; both are left out.
        """
        found: dict[str, Any] = {}
        for arn in self._arns:
            said: Any = self._stage.aws.sagemaker.describe_model_package(ModelPackageName=arn)
            found[arn] = {
                key: value
                for key, value in said.items()
                if key not in {"LastModifiedTime", "ResponseMetadata"}
            }
        for (account, name), text in self._texts().items():
            place = name if account == ACCOUNT else f"{account}:{name}"
            value = found[place] = json.loads(text)
            for decision in value.get("decisions", ()):
                del decision["applied_at"]
        return found

    def _texts(self) -> dict[tuple[str, str], str]:
        """Every parameter by account and name."""
        return {
            (account, each["Name"]): each["Value"]
            for account in sorted({self._stage.account_of(name) for name in ENVIRONMENTS})
            for page in self._ssm(account)
            .get_paginator("get_parameters_by_path")
            .paginate(Path="/assent", Recursive=True)
            for each in page["Parameters"]
        }

    def _ssm(self, account: str) -> "SSMClient":
        return self._stage.aws.backstage(account=account).ssm

    @staticmethod
    def _package(arn: str) -> dict[str, Any]:
        return package(ACCOUNT, REGION, arn).__dict__
