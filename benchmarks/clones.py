"""Clones of several kinds, as actions/checkout makes them: their bytes, and what Assent does there.

The repository is private, each record came in a commit of its own, and git asks over HTTP. A clone
that lacks something, because it is partial, asks for it when Assent reads it: with credentials that
the environment brings, for the clone keeps none.
"""

import base64
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assent.sandbox.stage import ENVIRONMENTS, REPOSITORY
from benchmarks.scene import Scene, open_scene
from benchmarks.tree import TreeShape

__all__ = ["KINDS", "Cloned", "Kind", "clone_and_apply"]

_READER = "token-of-ana"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A way to clone."""

    name: str
    options: tuple[str, ...]
    """Of `git clone`."""
    credentials: bool = True
    """Whether Assent's git can ask for more."""


KINDS = (
    Kind(name="whole, as the workflows do", options=()),
    Kind(name="whole history, few files", options=("--sparse",)),
    Kind(name="blob:none, few files", options=("--filter=blob:none", "--sparse")),
    Kind(
        name="the same, no credentials",
        options=("--filter=blob:none", "--sparse"),
        credentials=False,
    ),
    Kind(name="tree:0, few files", options=("--filter=tree:0", "--sparse")),
    Kind(name="shallow", options=("--depth=1",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloned:
    """What a kind of clone took, and what came of a promotion there."""

    kind: str
    bytes: int
    """Of the clone's `.git`."""
    files: int
    """In its work tree."""
    applied: int
    """The exit code of `assent apply` after a promotion was merged."""
    fetches: int
    """How often git asked for more meanwhile."""
    decided: tuple[str, ...]
    """What `apply` says that it did in the first environment."""
    whole_tree: int | None
    """How often git asked for more when `check` then read every record; None where it did not."""


def clone_and_apply(records: int, folder: Path, kinds: Sequence[Kind] = KINDS) -> list[Cloned]:
    """Clone a repository of so many records in each way, and apply one promotion from each.

    Args:
        records: How many main has, all in effect.
        folder: An empty one.
        kinds: Ways to clone.
    """
    with open_scene(
        TreeShape.of(records), folder / "scene", one_by_one=True, private=True
    ) as scene:
        return [_cloned(scene, kind, folder / f"clone-{n}") for n, kind in enumerate(kinds)]


def _cloned(scene: Scene, kind: Kind, target: Path) -> Cloned:
    trusted = {**os.environ, **_credentials(scene)}
    _git("clone", "--quiet", *kind.options, scene.stage.clone_url(), str(target), env=trusted)
    size, files = _bytes(target), _files(target)
    registered = scene.register_next()
    event = scene.folder / "event.json"
    event.write_text(json.dumps(registered.event), encoding="utf-8")
    scene.run("propose", str(event))
    scene.merge()
    depth = [option for option in kind.options if option.startswith("--depth")]
    _git("-C", str(target), "fetch", "--quiet", *depth, "origin", "main", env=trusted)
    _git("-C", str(target), "reset", "--quiet", "--hard", "FETCH_HEAD", env=trusted)
    environment = scene.environment() | (_credentials(scene) if kind.credentials else {})
    first = ("--env", ENVIRONMENTS[0])
    applied, fetches = _run(scene, target, environment, "apply", *first)
    said = json.loads(applied.stdout) if applied.returncode in {0, 12} else {"receipts": []}
    decided = tuple(each["receipt"] for each in said["receipts"])
    whole_tree = None
    if not applied.returncode:
        checked, whole_tree = _run(scene, target, environment, "check", "--head", "HEAD")
        if checked.returncode:
            raise RuntimeError(f"the whole tree could not be judged: {checked.stderr}")
    else:  # For the next clone everything has to be in effect.
        whole = scene.environment() | _credentials(scene)
        scene_clone = target.with_name(f"{target.name}-whole")
        _git("clone", "--quiet", scene.stage.clone_url(), str(scene_clone), env=trusted)
        _run(scene, scene_clone, whole, "apply", *first)
    return Cloned(
        kind=kind.name,
        bytes=size,
        files=files,
        applied=applied.returncode,
        fetches=fetches,
        decided=decided,
        whole_tree=whole_tree,
    )


def _run(
    scene: Scene, clone: Path, environment: Mapping[str, str], *command: str
) -> tuple["subprocess.CompletedProcess[str]", int]:
    """Run Assent there; returns how it ended, and how often git asked GitHub for objects."""
    ledger = scene.stage.ledger
    ledger.clear()
    done = subprocess.run(
        [*scene.assent(), *command, "--repository", str(clone), "--format", "json"],
        env=dict(environment),
        cwd=scene.folder,
        check=False,
        capture_output=True,
        text=True,
    )
    asked = [
        call
        for call in ledger.calls
        if call.method == "POST"
        and call.path.endswith(f"/{REPOSITORY}.git/git-upload-pack")
        and b"command=ls-refs" not in call.body
    ]
    return done, len(asked)


def _credentials(scene: Scene) -> dict[str, str]:
    """Variables by which git signs in there, and nowhere else; no file keeps them."""
    address = scene.stage.clone_url().removesuffix(f"{REPOSITORY}.git")
    basic = base64.b64encode(f"x-access-token:{_READER}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{address}.extraheader",
        "GIT_CONFIG_VALUE_0": f"AUTHORIZATION: basic {basic}",
    }


def _git(*arguments: str, env: Mapping[str, str]) -> None:
    subprocess.run(["git", *arguments], env=dict(env), check=True, capture_output=True)


def _bytes(clone: Path) -> int:
    return sum(path.stat().st_size for path in (clone / ".git").rglob("*") if path.is_file())


def _files(clone: Path) -> int:
    listed = subprocess.run(
        ["git", "-C", str(clone), "ls-files", "-t"], check=True, capture_output=True, text=True
    ).stdout
    return sum(line.startswith("H ") for line in listed.splitlines())
