"""Bundles: verified from their bytes alone, and any change of them found."""

import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.flows.test_audit import SPOILT
from tests.flows.trail import CONTRACTS, START, Trail, promoted

import assent
from assent.core.audit.gaps import GapKind
from assent.core.audit.walk import Walk
from assent.core.bundle import BundleRefused, MissingObject, read_bundle
from assent.core.canonical import canonical_json, digest
from assent.core.errors import AssentError, Exit
from assent.core.git_objects import object_id
from assent.core.names import RecordId
from assent.core.rendering.anchors import anchors_text
from assent.core.rendering.audit import audit_values
from assent.core.zip_archive import pack, unpack
from assent.flows.verify import verify

APPROVED = promoted().chains["dev"][0].what["blob"]
"""The record of version 1 in dev."""


@pytest.fixture(scope="module")
def bundle() -> bytes:
    return promoted().bundle()


def test_a_whole_trail_verifies(bundle: bytes) -> None:
    """The same events, the same verdict, and anchors to compare."""
    found = promoted().judge().audit
    verified = verify(bundle, CONTRACTS)
    assert verified.audit.exit is Exit.OK
    assert audit_values(verified.audit) == audit_values(found)
    assert verified.bundle.anchors.main == found.material.head
    assert verified.bundle.anchors.tip == found.material.tip
    assert {name: number for name, (number, _) in verified.bundle.anchors.heads.items()} == {
        "dev": 7,
        "prod": 2,
    }


def test_the_same_trail_gives_the_same_bytes(bundle: bytes) -> None:
    """Nothing of the machine or of the moment of writing is in it, but the clock's time."""
    assert promoted().bundle() == bundle


@pytest.mark.parametrize("kind", list(GapKind))
def test_a_bundle_shows_the_gaps_that_the_audit_found(kind: GapKind) -> None:
    """Each kind of gap comes out of the bundle's bytes as it came out of the services."""
    for spoil, besides in SPOILT[kind]:
        trail = promoted()
        spoil(trail)
        verified = verify(trail.bundle(), CONTRACTS)
        assert {each.kind for each in verified.audit.gaps} == {kind, *besides}
        assert verified.audit.exit is Exit.FINDINGS


@pytest.mark.parametrize(
    "narrower", [{"model": "churn"}, {"model": "churn", "version": 2}, {"model": "unknown"}]
)
def test_a_narrower_bundle_verifies(narrower: dict[str, Any]) -> None:
    """It holds less, and its own scope, by which it is judged again."""
    trail = promoted()
    trail.decide(1, model="fraud")
    whole = trail.bundle()
    narrow = trail.bundle("dev", **narrower)
    assert len(narrow) < len(whole)
    verified = verify(narrow, CONTRACTS)
    assert verified.audit.gaps == ()
    assert verified.bundle.scope.environments == ("dev",)
    assert {each.id.model for each in verified.audit.events} <= {narrower["model"]}


def test_any_single_byte_that_is_changed_makes_it_fail(bundle: bytes) -> None:
    """200 random changes, each refused with a message, none with a traceback."""
    chance = random.Random(5)  # noqa: S311 - the same each time
    for _ in range(200):
        at = chance.randrange(len(bundle))
        spoilt = bytearray(bundle)
        spoilt[at] ^= chance.randrange(1, 256)
        with pytest.raises(AssentError) as refused:
            verify(bytes(spoilt), CONTRACTS)
        assert refused.value.exit is Exit.BROKEN
        assert refused.value.message


def remade(bundle: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """A bundle whose files were changed, with every checksum and the manifest put right again."""
    files = unpack(bundle)
    change(files)
    manifest = json.loads(files.pop("manifest.json"))
    manifest.pop("digest")
    manifest["files"] = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files.items()
    }
    files["manifest.json"] = canonical_json({**manifest, "digest": digest(manifest)})
    return pack(files)


def test_a_forger_who_puts_the_checksums_right_again_is_found(bundle: bytes) -> None:
    """Each file's content is bound by more than the manifest: 200 random changes in files."""
    assert remade(bundle, lambda _: None) == bundle
    free = {"README.txt", *(name for name in unpack(bundle) if name.startswith("schemas/"))}
    names = sorted(unpack(bundle).keys() - {"manifest.json"} - free)
    chance = random.Random(11)  # noqa: S311 - the same each time
    for _ in range(200):
        name = chance.choice(names)

        def change(files: dict[str, bytes], name: str = name) -> None:
            content = bytearray(files[name])
            content[chance.randrange(len(content))] ^= chance.randrange(1, 256)
            files[name] = bytes(content)

        spoilt = remade(bundle, change)
        try:
            verified = verify(spoilt, CONTRACTS)
        except AssentError:
            continue
        # What Parameter Store and the registry held nobody proves; but decisions speak against it.
        assert name.startswith("state/")
        assert verified.audit.gaps or not _matters(bundle, spoilt, name)


def _matters(bundle: bytes, spoilt: bytes, name: str) -> bool:
    """Whether a change of state is one of what decisions speak of; `created` of a no is not."""
    before, after = (json.loads(unpack(each)[name]) for each in (bundle, spoilt))
    if name == "state/parameters.json":
        return bool(before != after)
    fields = [
        {key: (each["approval"], each["metadata"]) for key, each in state.items()}
        for state in (before, after)
    ]
    return bool(fields[0] != fields[1])


@pytest.mark.parametrize(
    "change",
    [
        lambda files: files.update({"extra.txt": b"hello"}),
        lambda files: files.update({"git/" + "0" * 40 + ".blob": b"hello"}),
        lambda files: files.update({f"git/{object_id('blob', b'hello')}.blob": b"hello"}),
        lambda files: files.update({"receipts/dev/000/000099.json": b"{}"}),
        lambda files: files.update({"receipts/dev/000/000002.json": files["assent.yaml"]}),
        lambda files: files.pop("receipts/dev/000/000003.json"),
        lambda files: files.pop("assent.yaml"),
        lambda files: files.pop("state/registry.json"),
        lambda files: files.pop(f"records/{APPROVED}.yaml"),
        lambda files: files.pop(next(name for name in files if name.endswith(".commit"))),
        lambda files: files.pop(next(name for name in files if name.endswith(".tree"))),
        lambda files: files.update({"state/registry.json": b"[]"}),
        lambda files: files.update({"state/registry.json": b'{"churn/x":{}}'}),
        lambda files: files.update({"state/parameters.json": b'{"dev":{}}'}),
        lambda files: files.update({"state/parameters.json": b"[" * 100_000}),
    ],
)
def test_nothing_can_be_added_or_taken_out(bundle: bytes, change: Any) -> None:  # noqa: ANN401 - a function
    """Whatever the manifest says: a bundle holds what its proof needs, and nothing else."""
    with pytest.raises(AssentError) as refused:
        verify(remade(bundle, change), CONTRACTS)
    assert isinstance(refused.value, BundleRefused | MissingObject)


def test_what_was_reviewed_cannot_be_left_out_unseen() -> None:
    """The manifest names each commit that was approved and is not there, and has its own digest."""
    trail = promoted()
    path = RecordId("dev", "churn", 1).path
    what = trail.chains["dev"][0].what
    other = trail.objects.commit_files({path: b"another record\n"}, at=START)
    trail.reword("dev", 1, approvals=[{**what["approvals"][0], "commit": other}])
    bundle = trail.bundle()
    assert verify(bundle, CONTRACTS).audit.exit is Exit.FINDINGS
    assert read_bundle(bundle).absent == ("e" * 40,)  # those of the others' decisions

    def strip(files: dict[str, bytes]) -> None:
        del files[f"git/{other}.commit"]
        tree = trail.objects.objects[other][1].split(b"\n")[0].split()[1].decode()
        for each in ("", "/promotions", "/promotions/dev", "/promotions/dev/churn"):
            place = Walk(trail.objects.raw).file(other, each[1:]) if each else None
            files.pop(f"git/{tree if place is None else place.id}.tree")

    with pytest.raises(BundleRefused, match="does not come out the same"):
        verify(remade(bundle, strip), CONTRACTS)

    def strip_and_say_so(files: dict[str, bytes]) -> None:
        strip(files)
        manifest = json.loads(files["manifest.json"])
        files["manifest.json"] = canonical_json({**manifest, "absent": sorted(["e" * 40, other])})

    forged = verify(remade(bundle, strip_and_say_so), CONTRACTS)
    assert forged.audit.exit is Exit.OK  # nothing contradicts it now; so it says what it lacks
    assert forged.bundle.digest != read_bundle(bundle).digest
    assert "2 that were approved" in anchors_text(forged.bundle)
    assert "with the one that you were told" in forged.bundle.documents["README.txt"].decode()


@pytest.mark.parametrize(
    "change",
    [
        {"anchors": None},
        {"anchors": {"main": "x"}},
        {"scope": {"environments": ["dev"]}},
        {"scope": {"environments": 7}},
        {"scope": {"environments": ["nowhere"], "model": None, "version": None}},
        {"scope": {"environments": ["prod", "dev"], "model": None, "version": None}},
        {"made_at": "2026-02-31T00:00:00Z"},
        {"schema": "assent/bundle/v2"},
        {"tool": 7},
        {"files": {}},
        {"absent": []},
        {"absent": None},
        {"more": 1},
    ],
)
def test_a_manifest_that_says_something_else_is_refused(
    bundle: bytes, change: dict[str, Any]
) -> None:
    """With its digest put right again, too."""
    files = unpack(bundle)
    manifest = json.loads(files["manifest.json"]) | change
    if "scope" in change and isinstance(change["scope"].get("environments"), list):
        manifest["scope"] |= {"since": None, "until": None}
    manifest.pop("digest")
    files["manifest.json"] = canonical_json({**manifest, "digest": digest(manifest)})
    with pytest.raises(BundleRefused):
        verify(pack(files), CONTRACTS)


@pytest.mark.parametrize("anchor", ["main", "receipts"])
def test_anchors_are_those_of_the_proof(bundle: bytes, anchor: str) -> None:
    """A bundle that names another head than it proves is refused."""
    files = unpack(bundle)
    manifest = json.loads(files["manifest.json"])
    manifest.pop("digest")
    head = manifest["anchors"]["main"]
    read = read_bundle(bundle)
    (parent,) = Walk(read.read).commit(head).parents
    manifest["anchors"][anchor] = parent
    files["manifest.json"] = canonical_json({**manifest, "digest": digest(manifest)})
    with pytest.raises(AssentError):
        verify(pack(files), CONTRACTS)


def test_what_is_no_bundle_is_refused() -> None:
    """Empty, garbage, another zip, or one with a manifest that is none."""
    for each in (
        b"",
        b"PK\x05\x06" + bytes(18),
        random.Random(3).randbytes(5_000),  # noqa: S311 - likewise
        pack({"hello.txt": b"hello"}),
        pack({"manifest.json": b"{}"}),
        pack({"manifest.json": b"[" * 100_000}),
        pack({"manifest.json": b'{"a":' + b"9" * 10_000 + b"}"}),
    ):
        with pytest.raises(AssentError) as refused:
            verify(each, CONTRACTS)
        assert refused.value.exit is Exit.BROKEN


def test_a_bundle_of_nothing_is_not_called_whole() -> None:
    """An empty trail packs and verifies, with code 3."""
    assert verify(Trail().bundle(), CONTRACTS).audit.exit is Exit.NOTHING_READ


ALONE = """
import socket, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"boto3", "botocore", "github", "requests", "subprocess"}:
            raise ImportError(name + " is blocked")

sys.meta_path.insert(0, Blocked())

def refuse(*_arguments, **_named):
    raise OSError("there is no network")

socket.socket = socket.create_connection = socket.getaddrinfo = refuse
sys.argv = ["assent", "verify", sys.argv[1]]
from assent.cli import main
main()
"""


def test_it_verifies_in_a_process_that_can_reach_nothing(bundle: bytes, tmp_path: Path) -> None:
    """Without boto3, PyGithub, requests, git or a network: code 0, and the anchors."""
    file = tmp_path / "out.zip"

    def run(content: bytes) -> "subprocess.CompletedProcess[str]":
        file.write_bytes(content)
        return subprocess.run(
            [sys.executable, "-c", ALONE, str(file)],
            env={
                "PATH": "",
                "PYTHONPATH": str(Path(assent.__file__).parents[1]),
                "LC_ALL": os.environ.get("LC_ALL", "C.UTF-8"),
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    whole = run(bundle)
    assert (whole.returncode, whole.stderr) == (0, "")
    assert "the trail is whole" in whole.stdout
    assert read_bundle(bundle).anchors.main in whole.stdout
    spoilt = run(bundle[:-1] + b"\x01")
    assert (spoilt.returncode, spoilt.stdout) == (1, "")
    assert spoilt.stderr.startswith("assent: this is no bundle as it was written: ")
    trail = promoted()
    trail.commit({"promotions/dev/churn/4.yaml": trail.record(4)})
    gapped = run(trail.bundle())
    assert (gapped.returncode, gapped.stderr) == (10, "")
    assert "GAP  undecided  promotions/dev/churn/4.yaml" in gapped.stdout
