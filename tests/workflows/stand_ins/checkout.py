"""Stands in for actions/checkout."""

import base64
import re
import subprocess
from pathlib import Path

from tests.workflows.stand_ins.job import env, mask, permissions, refuse, say

COMMIT = re.compile(r"[0-9a-f]{40}")
ALL = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")


def main() -> None:
    """Fetch what was asked for, as deep as asked, and leave no token in the clone."""
    if permissions().get("contents") not in {"read", "write"}:
        refuse("checkout: the job may not read contents")
    if env("PERSIST") != "false":
        refuse("checkout: only persist-credentials: false is tried")
    if env("DEPTH") not in {"0", "1"}:
        refuse(f"checkout: fetch-depth {env('DEPTH')} is not tried")
    workspace = Path(env("GITHUB_WORKSPACE")).resolve()
    folder = (workspace / env("FOLDER")).resolve()
    if not folder.is_relative_to(workspace):
        refuse(f"checkout: {env('FOLDER')} is not below the workspace")
    given, server = env("REF"), env("GITHUB_SERVER_URL")
    # As the real one: without a ref, the event's own, by its commit.
    ref, commit = (given, "") if given else (env("GITHUB_REF"), env("GITHUB_SHA"))
    if COMMIT.fullmatch(ref):
        ref, commit = "", ref
    fetched, at = wanted(ref, commit)
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "remote", "add", "origin", f"{server}/{env('GITHUB_REPOSITORY')}")
    basic = base64.b64encode(f"x-access-token:{env('TOKEN')}".encode()).decode()
    mask(basic)
    header = f"http.{server}/.extraheader=AUTHORIZATION: basic {basic}"
    fetch = ["-c", header, "fetch", "--quiet", "--no-tags"]
    if env("DEPTH") == "1":
        git(folder, *fetch, "--depth=1", "origin", fetched)
    else:
        git(folder, *fetch, "origin", *ALL)
        if commit:  # which may be no branch's, or not its tip any more
            git(folder, *fetch, "origin", fetched)
    git(folder, "checkout", "--quiet", "--force", *at)
    say(git(folder, "log", "-1", "--format=%H %s"))


def wanted(ref: str, commit: str) -> tuple[str, list[str]]:
    """Say what to fetch, and what to check out of it."""
    pull = re.fullmatch(r"refs/pull/([0-9]+/merge)", ref)
    branch = re.fullmatch(r"refs/heads/(.+)", ref)
    if pull and commit:
        place = f"refs/remotes/pull/{pull[1]}"
        return f"+{commit}:{place}", ["--detach", place]
    if branch and commit:
        place = f"refs/remotes/origin/{branch[1]}"
        return f"+{commit}:{place}", ["-B", branch[1], place]
    if commit and not ref:
        return commit, ["--detach", commit]
    if not BRANCH.fullmatch(ref) or ref.startswith("refs/"):
        refuse(f"checkout: nobody tried the ref {ref!r}")
    place = f"refs/remotes/origin/{ref}"
    return f"+refs/heads/{ref}:{place}", ["-B", ref, place]


def git(folder: Path, *arguments: str) -> str:
    """Run git, and end with what it said where it fails."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        refuse(f"git {arguments[-1]}: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    main()
