"""An audit's bundle: everything that it judged, in one file that proves itself offline."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from assent.core.audit.judge import Audit, reviewed_in
from assent.core.audit.material import PackageState, Scope
from assent.core.canonical import canonical_json, digest
from assent.core.config import CONFIG_PATH
from assent.core.errors import AssentError
from assent.core.git_objects import object_id
from assent.core.names import VERSION_PATTERN, shown
from assent.core.rendering.bundle_readme import README
from assent.core.statements import head_path
from assent.core.timestamps import read_time, written
from assent.core.zip_archive import NotOfThisForm, pack, unpack

__all__ = [
    "Anchors",
    "Bundle",
    "BundleRefused",
    "MissingObject",
    "Objects",
    "anchors_of",
    "for_people",
    "read_bundle",
    "write_bundle",
]

SCHEMA = "assent/bundle/v1"
_MANIFEST = "manifest.json"
_README = "README.txt"
_PARAMETERS = "state/parameters.json"
_REGISTRY = "state/registry.json"
_RECEIPTS = "receipts/"
_ID = r"[0-9a-f]{40}|[0-9a-f]{64}"
_HELD = re.compile(
    rf"git/(?P<id>{_ID})\.(?P<kind>commit|tree|blob)|records/(?P<record>{_ID})\.yaml"
)
_RECEIPT = re.compile(r"[A-Za-z0-9-]+/[0-9]{3,}/[0-9]{6,}\.json")
_DOCUMENT = re.compile(r"schemas/[a-z-]+\.schema\.json")

Objects = Mapping[str, tuple[str, bytes]]
"""Kind and bytes of git objects, by id."""


class BundleRefused(AssentError):
    """A file is no bundle that Assent wrote, or was altered since."""


class MissingObject(AssentError):
    """A bundle does not hold an object of git that its proof needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """What ties a bundle to the world: to be compared with what an independent source says."""

    branch: str
    """The name of the branch that counts."""
    main: str
    """Its head."""
    receipts_branch: str
    tip: str | None
    """The receipts branch's commit."""
    heads: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """By environment: the number and the digest of the last receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle whose bytes are whole; what they say is not judged yet."""

    tool: str
    """What wrote it."""
    made_at: datetime
    scope: Scope
    anchors: Anchors
    objects: Objects
    """Each has the id that it is named by."""
    parameters: Mapping[str, Mapping[str, str]]
    packages: Mapping[tuple[str, int], PackageState]
    absent: tuple[str, ...]
    """Commits that were approved, and that the clone did not have any more, as receipts name them:
    what they held is not judged."""
    documents: Mapping[str, bytes]
    """What is there for people: how to verify, and the schemas."""
    digest: str
    """Over the manifest, which holds the digest of every other file."""

    def read(self, id_: str) -> tuple[str, bytes]:
        """An object of git.

        Raises:
            MissingObject: It is not in the bundle.
        """
        try:
            return self.objects[id_]
        except KeyError:
            raise MissingObject(
                f"the bundle does not hold the object {shown(id_)}",
                hint="It was taken out, or the bundle was never whole. Have it made again.",
            ) from None


def anchors_of(audit: Audit) -> Anchors:
    """What an audit is tied to the world by."""
    config = audit.material.config
    return Anchors(
        branch=config.branch,
        main=audit.material.head,
        receipts_branch=config.receipts.branch,
        tip=audit.material.tip,
        heads={
            each.environment: (each.receipts[-1].statement.sequence, each.receipts[-1].digest)
            for each in audit.readings
            if each.receipts
        },
    )


def write_bundle(
    audit: Audit, objects: Objects, documents: Mapping[str, bytes], tool: str
) -> bytes:
    """The bundle of an audit.

    Args:
        audit: What was judged.
        objects: Every object of git that was read for it.
        documents: What is there for people: see `for_people`.
        tool: What writes it.

    Raises:
        NotOfThisForm: It would be larger than 2 GiB.
    """
    files = {**documents, **_placed(audit, objects)}
    parameters = {name: dict(texts) for name, texts in audit.material.parameters.items()}
    files[_PARAMETERS] = canonical_json(parameters)
    files[_REGISTRY] = canonical_json(_packages_values(audit.material.packages))
    scope, anchors = audit.material.scope, anchors_of(audit)
    manifest = {
        "schema": SCHEMA,
        "tool": tool,
        "made_at": written(audit.material.read_at),
        "scope": {
            "environments": list(scope.environments),
            "model": scope.model,
            "version": scope.version,
            "since": None if scope.since is None else written(scope.since),
            "until": None if scope.until is None else written(scope.until),
        },
        "anchors": {
            "branch": anchors.branch,
            "main": anchors.main,
            "receipts_branch": anchors.receipts_branch,
            "receipts": anchors.tip,
            "heads": {
                name: {"sequence": number, "receipt": receipt}
                for name, (number, receipt) in anchors.heads.items()
            },
        },
        "absent": _absent(audit),
        "files": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        },
    }
    files[_MANIFEST] = canonical_json({**manifest, "digest": digest(manifest)})
    return pack(files)


def _absent(audit: Audit) -> list[str]:
    """The commits that were approved and are not there; without the list they could be left out."""
    asked = reviewed_in(audit.readings)
    return sorted({place[0] for place in asked if place not in audit.material.reviewed})


def for_people(schemas: Mapping[str, bytes]) -> dict[str, bytes]:
    """What a bundle holds besides its proof: how to verify it, and the schemas by their names."""
    return {_README: README.encode(), **{f"schemas/{name}": each for name, each in schemas.items()}}


def _placed(audit: Audit, objects: Objects) -> dict[str, bytes]:
    """Objects under names that tell people what they are; what has none lies below `git/`."""
    material = audit.material
    digits = len(material.head)
    files: dict[str, bytes] = {}
    for name, chain in material.chains.items():
        if chain.head is not None:
            files[_RECEIPTS + head_path(name)] = chain.head
        files |= {
            _RECEIPTS + path: content
            for path, content in chain.files.items()
            if _RECEIPT.fullmatch(path) and content
        }
    config = material.config_blob
    named = {object_id("blob", content, digits=digits) for content in files.values()}
    for id_, (kind, content) in objects.items():
        if id_ in material.blobs:
            files[f"records/{id_}.yaml"] = content
        elif id_ == config:
            files[CONFIG_PATH] = content
        elif id_ not in named:
            files[f"git/{id_}.{kind}"] = content
    return files


def _packages_values(packages: Mapping[tuple[str, int], PackageState]) -> dict[str, Any]:
    return {
        f"{model}/{version}": {
            "created": written(state.created),
            "approval": state.approval,
            "metadata": dict(state.metadata),
        }
        for (model, version), state in packages.items()
    }


def read_bundle(archive: bytes) -> Bundle:
    """Read a bundle, and see that its bytes are those that were written.

    Args:
        archive: The file; hostile until this returns, and what it says until it was judged.

    Raises:
        BundleRefused: It is no bundle, or a byte of it was altered.
    """
    try:
        files = unpack(archive)
    except NotOfThisForm as error:
        raise BundleRefused(f"this is no bundle as it was written: {error.message}") from error
    return _reading(lambda: _bundle(files))


def _reading(read: Callable[[], Bundle]) -> Bundle:
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BundleRefused("this is no bundle: its manifest or its state does not read") from error


def _bundle(files: Mapping[str, bytes]) -> Bundle:
    manifest = _canonical(_MANIFEST, files.get(_MANIFEST))
    said = manifest.pop("digest", None)
    if manifest.get("schema") != SCHEMA or said != digest(manifest):
        raise BundleRefused(f"{_MANIFEST} was altered: its own digest does not fit")
    listed = manifest["files"]
    if {*listed, _MANIFEST} != set(files):
        raise BundleRefused(f"the bundle holds other files than {_MANIFEST} lists")
    for name, facts in listed.items():
        found = {"bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
        if facts != found:
            raise BundleRefused(f"{shown(name)} was altered: its digest does not fit")
    anchors = _anchors(manifest["anchors"])
    documents = {
        name: content
        for name, content in files.items()
        if name == _README or _DOCUMENT.fullmatch(name)
    }
    return Bundle(
        tool=_text(manifest["tool"]),
        made_at=read_time(manifest["made_at"]),
        scope=_scope(manifest["scope"]),
        anchors=anchors,
        objects=_objects(files, {*documents, _MANIFEST, _PARAMETERS, _REGISTRY}, anchors),
        parameters={
            _text(name): {_text(key): _text(text) for key, text in texts.items()}
            for name, texts in _canonical(_PARAMETERS, files.get(_PARAMETERS)).items()
        },
        packages=_packages(_canonical(_REGISTRY, files.get(_REGISTRY))),
        absent=tuple(_text(each) for each in manifest["absent"]),
        documents=documents,
        digest=said,
    )


def _canonical(name: str, content: bytes | None) -> dict[str, Any]:
    if content is None:
        raise BundleRefused(f"this is no bundle: it has no {name}")
    value = json.loads(content)
    if not isinstance(value, dict) or canonical_json(value) != content:
        raise BundleRefused(f"{name} was altered: it is no canonical JSON")
    return value


def _objects(files: Mapping[str, bytes], others: set[str], anchors: Anchors) -> Objects:
    """The objects of git, each judged by the id that it is named by."""
    digits = len(anchors.main)
    found: dict[str, tuple[str, bytes]] = {}
    for name, content in files.items():
        if name in others:
            continue
        match = _HELD.fullmatch(name)
        kind = "blob" if match is None or match["kind"] is None else match["kind"]
        id_ = object_id(kind, content, digits=digits)
        if match is None:
            if name != CONFIG_PATH and not name.startswith(_RECEIPTS):
                raise BundleRefused(f"{shown(name)} has no place in a bundle")
        elif id_ != (match["id"] or match["record"]):
            raise BundleRefused(f"{name} was altered: git's id of it is {id_}")
        found[id_] = (kind, content)
    return found


def _anchors(value: Mapping[str, Any]) -> Anchors:
    tip = value["receipts"]
    return Anchors(
        branch=_text(value["branch"]),
        main=_id(value["main"]),
        receipts_branch=_text(value["receipts_branch"]),
        tip=None if tip is None else _id(tip),
        heads={
            _text(name): (int(each["sequence"]), _text(each["receipt"]))
            for name, each in value["heads"].items()
        },
    )


def _scope(value: Mapping[str, Any]) -> Scope:
    model, version, since, until = (value[name] for name in ("model", "version", "since", "until"))
    if version is not None and re.fullmatch(VERSION_PATTERN, str(version)) is None:
        raise ValueError("the version is none")
    return Scope(
        environments=tuple(_text(each) for each in value["environments"]),
        model=None if model is None else _text(model),
        version=version,
        since=None if since is None else read_time(since),
        until=None if until is None else read_time(until),
    )


def _packages(value: Mapping[str, Any]) -> dict[tuple[str, int], PackageState]:
    found: dict[tuple[str, int], PackageState] = {}
    for name, state in value.items():
        model, _, version = name.rpartition("/")
        found[model, int(version)] = PackageState(
            created=read_time(state["created"]),
            approval=_text(state["approval"]),
            metadata={_text(key): _text(text) for key, text in state["metadata"].items()},
        )
    return found


def _id(value: object) -> str:
    text = _text(value)
    if re.fullmatch(_ID, text) is None:
        raise ValueError("an id is none")
    return text


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is none")
    return value
