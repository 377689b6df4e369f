"""What was generated, from which answers: `.github/assent/scaffold.json`, read with suspicion."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assent.core.errors import AssentError
from assent.core.names import shown
from assent.scaffold.answers import Answers, BadAnswer, Given, Missing, settle
from assent.scaffold.pins import PIN, are_raised, masked, pins_of

__all__ = [
    "MANIFEST",
    "DamagedManifest",
    "Digests",
    "Manifest",
    "digest_of",
    "is_made",
    "read_manifest",
]

MANIFEST = ".github/assent/scaffold.json"
_SCHEMA = "assent/scaffold/v1"
_DIGEST = re.compile(rf"sha256:[0-9a-f]{{64}}(?: {PIN}){{0,50}}", re.ASCII)
# Only what `init` may ever make is overwritten or removed, whatever the manifest says.
_PART = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]{1,200}"
_PATH = re.compile(
    rf"(?:\.github|infra|schemas)(?:/{_PART}){{1,4}}"
    r"|promotions/README\.md|README\.md|assent\.yaml",
    re.ASCII,
)
_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")

Digests = tuple[str | None, ...]
"""Of all that `init` made, or offered, at a path, the newest last. None stands for no file: where
it is there, a path without a file still waits for one."""


class DamagedManifest(AssentError):
    """The manifest cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What was generated, as far as anybody knows."""

    version: str
    """Of the Assent that did it."""
    answers: Answers
    files: Mapping[str, Digests]
    """By path."""

    def written(self) -> bytes:
        """As a file: the same manifest is always the same bytes."""
        answers = self.answers
        value = {
            "schema": _SCHEMA,
            "assent": self.version,
            "answers": {
                "repository": answers.repository,
                "registry": f"{answers.account}/{answers.region}",
                "environments": [
                    f"{rung.name}={rung.account}/{rung.region}" for rung in answers.rungs
                ],
                "owners": [f"{r.name}={owner}" for r in answers.rungs for owner in r.owners],
                "platform": list(answers.platform),
                "app_id": answers.app_id,
                "api_url": answers.api_url,
            },
            "files": {path: list(self.files[path]) for path in sorted(self.files)},
        }
        return f"{json.dumps(value, indent=2)}\n".encode()


def digest_of(path: str, content: bytes) -> str:
    """By what a file is told from one that somebody edited; of a workflow, with its pins apart."""
    if not _WORKFLOW.fullmatch(path):
        return _sha256(content)
    return " ".join((_sha256(masked(content)), *pins_of(content)))


def is_made(path: str, content: bytes, digests: Digests) -> bool:
    """Whether a file is one of these: byte for byte, but for pins of actions that were raised."""
    found = digest_of(path, content)
    if found in digests or not _WORKFLOW.fullmatch(path):
        return found in digests
    text, *pins = found.split(" ")
    made = [each.split(" ") for each in digests if each is not None]
    return any(each[0] == text and are_raised(pins, each[1:]) for each in made)


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def read_manifest(content: bytes) -> Manifest:
    """Read it.

    Raises:
        DamagedManifest: It is none, or says what no run of `init` writes.
    """
    try:
        return _manifest(json.loads(content))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, BadAnswer) as error:
        raise DamagedManifest(
            f"{MANIFEST} is damaged: {shown(str(error))}",
            hint="Take it from git as it was; without it, everything that is there counts as "
            "written by people.",
        ) from error


def _manifest(value: Any) -> Manifest:  # noqa: ANN401 - any JSON
    if value["schema"] != _SCHEMA:
        raise ValueError(f"its form is not {_SCHEMA}")
    version = _text(value["assent"])
    if not re.fullmatch(r"[0-9A-Za-z.+-]{1,64}", version):
        raise ValueError("it names no version")
    said = value["answers"]
    app_id = said["app_id"]
    if app_id is not None and type(app_id) is not int:
        raise ValueError("app_id is no number")
    answers = settle(
        Given(
            repository=_text(said["repository"]),
            registry=_text(said["registry"]),
            environments=_texts(said["environments"]),
            owners=_texts(said["owners"]),
            platform=_texts(said["platform"]),
            app_id=app_id,
            api_url=_text(said["api_url"]),
        ),
        None,
    )
    if isinstance(answers, Missing):
        raise ValueError(f"an answer is missing: {', '.join(answers.flags)}")  # noqa: TRY004
    return Manifest(
        version=version,
        answers=answers,
        files={_path(path): _digests(each) for path, each in value["files"].items()},
    )


def _path(path: str) -> str:
    if not _PATH.fullmatch(path) or path == MANIFEST:
        raise ValueError(f"{path} is no file that is generated")
    return path


def _digests(value: Any) -> Digests:  # noqa: ANN401 - any JSON
    if not isinstance(value, list) or not 0 < len(value) <= 10:  # noqa: PLR2004 - any small number
        raise ValueError("a file has no digests")
    for each in value:
        if each is not None and not _DIGEST.fullmatch(_text(each)):
            raise ValueError("a digest is none")
    return tuple(value)


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON
    if not isinstance(value, str):
        raise ValueError("a text is none")  # noqa: TRY004 - one kind of error for all of it
    return value


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - any JSON
    if not isinstance(value, list):
        raise ValueError("a list is none")  # noqa: TRY004 - likewise
    return tuple(map(_text, value))
