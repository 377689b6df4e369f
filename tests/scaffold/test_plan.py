"""What is written and what is left: what people did stays, and is told once."""

import json
from pathlib import Path

import pytest
from tests.scaffold.ground import ANSWERS, planned

from assent.scaffold.establish import Before, carry_out
from assent.scaffold.folder import Folder
from assent.scaffold.manifest import (
    MANIFEST,
    DamagedManifest,
    Manifest,
    digest_of,
    read_manifest,
)
from assent.scaffold.pins import masked, with_newest_pins
from assent.scaffold.plan import (
    Blocked,
    Create,
    Keep,
    Plan,
    Reason,
    Remove,
    Replace,
    Step,
    Unchanged,
    make_plan,
)

ONE = {"assent.yaml": b"one", "README.md": b"read", ".github/CODEOWNERS": b"* @ana"}
TWO = {**ONE, "assent.yaml": b"two"}


class Ground:
    """A folder, and the plan that was carried out there last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = Folder(path)
        self.last: Plan | None = None

    def run(self, files: dict[str, bytes], *restore: str) -> Plan:
        """Bring the folder to some files."""
        plan = planned(self.folder, files, self.last, restore=restore)
        manifest = None if self.last is None else self.last.final
        carry_out(self.folder, Before(manifest=manifest, config=None), plan)
        self.last = plan
        written = read_manifest((self.path / MANIFEST).read_bytes())
        assert written == plan.final
        return plan

    def changed(self, plan: Plan) -> dict[str, type[Step]]:
        """What becomes of each path that is not as it is to be."""
        return {each.path: type(each) for each in plan.steps if not isinstance(each, Unchanged)}


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path / "folder")


def kept(plan: Plan) -> dict[str, tuple[Reason, bool]]:
    return {e.path: (e.reason, e.news) for e in plan.steps if isinstance(e, Keep)}


def test_a_second_run_changes_nothing(ground: Ground) -> None:
    """Neither a file nor the manifest is written again."""
    first = ground.run(ONE)
    assert ground.changed(first) == dict.fromkeys(ONE, Create)
    stamps = {path: path.stat().st_ino for path in ground.path.rglob("*") if path.is_file()}
    second = ground.run(ONE)
    assert (second.writes, second.news, ground.changed(second)) == (False, False, {})
    assert {path: path.stat().st_ino for path in ground.path.rglob("*") if path.is_file()} == stamps


def test_what_nobody_edited_is_replaced_and_what_somebody_edited_stays(ground: Ground) -> None:
    """The edit is told once with each new version, and not while there is none."""
    ground.run(ONE)
    (ground.path / "README.md").write_bytes(b"mine")
    assert kept(ground.run(ONE)) == {"README.md": (Reason.EDITED, False)}
    new = {**TWO, "README.md": b"read anew"}
    plan = ground.run(new)
    assert ground.changed(plan) == {"assent.yaml": Replace, "README.md": Keep}
    assert kept(plan) == {"README.md": (Reason.EDITED, True)}
    assert kept(ground.run(new)) == {"README.md": (Reason.EDITED, False)}
    assert (ground.path / "README.md").read_bytes() == b"mine"
    assert (ground.path / "assent.yaml").read_bytes() == b"two"


@pytest.mark.parametrize("back_to", [b"read", b"read anew"])
def test_an_edit_that_is_taken_back_is_none(ground: Ground, back_to: bytes) -> None:
    """To what it began from, or to what was offered: from then on it is upgraded again."""
    ground.run(ONE)
    (ground.path / "README.md").write_bytes(b"mine")
    ground.run({**ONE, "README.md": b"read anew"})
    (ground.path / "README.md").write_bytes(back_to)
    assert ground.changed(ground.run({**ONE, "README.md": b"third"})) == {"README.md": Replace}


def test_what_somebody_deleted_stays_deleted(ground: Ground) -> None:
    """Also in the next version, without calling for anybody; only being asked brings it back."""
    ground.run(ONE)
    (ground.path / "README.md").unlink()
    for files in (ONE, {**ONE, "README.md": b"read anew"}):
        plan = ground.run(files)
        assert kept(plan) == {"README.md": (Reason.DELETED, False)}
        assert not plan.writes
    assert ground.changed(ground.run(ONE, "README.md")) == {"README.md": Create}
    assert kept(ground.run(ONE)) == {}


def test_an_edit_is_given_up_by_being_asked(ground: Ground) -> None:
    """And is the generated file again from then on."""
    ground.run(ONE)
    (ground.path / "README.md").write_bytes(b"mine")
    assert ground.changed(ground.run(ONE, "README.md")) == {"README.md": Replace}
    assert ground.changed(ground.run(ONE)) == {}


def test_what_was_there_before_stays(ground: Ground) -> None:
    """It is told once; what is the same anyway becomes a generated file."""
    ground.path.mkdir()
    (ground.path / "README.md").write_bytes(b"theirs")
    (ground.path / "assent.yaml").write_bytes(ONE["assent.yaml"])
    (ground.path / "LICENSE").write_bytes(b"theirs")
    plan = ground.run(ONE)
    assert kept(plan) == {"README.md": (Reason.THERE_BEFORE, True)}
    assert kept(ground.run(TWO)) == {"README.md": (Reason.THERE_BEFORE, False)}
    assert (ground.path / "assent.yaml").read_bytes() == b"two"
    (ground.path / "README.md").unlink()
    assert ground.changed(ground.run(TWO)) == {"README.md": Create}
    assert (ground.path / "LICENSE").read_bytes() == b"theirs"


def test_what_is_generated_no_more_goes_unless_somebody_edited_it(ground: Ground) -> None:
    """As the wheel of an older version does."""
    old = {".github/assent/a-1.whl": b"1", ".github/assent/b.txt": b"2", ".github/assent/c": b"3"}
    ground.run({**ONE, **old})
    (ground.path / ".github/assent/b.txt").write_bytes(b"mine")
    (ground.path / ".github/assent/c").unlink()
    plan = ground.run(ONE)
    assert ground.changed(plan) == {".github/assent/a-1.whl": Remove, ".github/assent/b.txt": Keep}
    assert kept(plan) == {".github/assent/b.txt": (Reason.NOT_NEEDED, True)}
    assert not (ground.path / ".github/assent/a-1.whl").exists()
    assert ground.changed(ground.run(ONE)) == {}


def test_a_link_is_left_alone_and_told_each_time(ground: Ground) -> None:
    """It is neither followed nor replaced."""
    ground.run(ONE)
    (ground.path / "README.md").unlink()
    (ground.path / "README.md").symlink_to(ground.path / "elsewhere")
    for _ in range(2):
        assert kept(ground.run(TWO)) == {"README.md": (Reason.BLOCKED, True)}
    assert (ground.path / "README.md").is_symlink()


WORKFLOW = ".github/workflows/apply.yml"


def workflow(commit: str, version: str, *, more: str = "") -> bytes:
    return f"jobs:\n      - uses: actions/checkout@{commit * 40} # v{version}\n{more}".encode()


@pytest.mark.parametrize(
    ("present", "new", "ends"),
    [
        (("b", "7.1.0"), ("a", "7.0.1"), ("b", "7.1.0")),
        (("b", "7.1.0"), ("c", "7.10.0"), ("c", "7.10.0")),
        (("b", "8"), ("c", "7.10.0"), ("b", "8")),
    ],
)
def test_raising_an_action_is_no_edit(
    ground: Ground, present: tuple[str, str], new: tuple[str, str], ends: tuple[str, str]
) -> None:
    """What Dependabot raised stays raised, unless the new version has a newer one."""
    ground.run({WORKFLOW: workflow("a", "7.0.1")})
    (ground.path / WORKFLOW).write_bytes(workflow(*present))
    assert kept(ground.run({WORKFLOW: workflow("a", "7.0.1")})) == {}
    plan = ground.run({WORKFLOW: workflow(*new, more="# new\n")})
    assert ground.changed(plan) == {WORKFLOW: Replace}
    assert (ground.path / WORKFLOW).read_bytes() == workflow(*ends, more="# new\n")
    assert ground.changed(ground.run({WORKFLOW: workflow(*new, more="# new\n")})) == {}


OLDER_OR_ELSEWHERE = [("b", "7.0.0"), ("b", "6.9.9"), ("b", "6"), ("b", "7.0.1")]
"""Pins that somebody took back, or moved to another commit, where ("a", "7.0.1") was made."""


@pytest.mark.parametrize("pin", OLDER_OR_ELSEWHERE)
def test_a_pin_that_is_not_raised_is_an_edit(ground: Ground, pin: tuple[str, str]) -> None:
    """It stays, and is told, in each run; until it is taken back, raised or given up."""
    ground.run({WORKFLOW: workflow("a", "7.0.1")})
    (ground.path / WORKFLOW).write_bytes(workflow(*pin))
    for version, news in (("7.0.1", False), ("7.0.2", True), ("7.0.2", False)):
        plan = ground.run({WORKFLOW: workflow("a" if version == "7.0.1" else "c", version)})
        assert kept(plan) == {WORKFLOW: (Reason.EDITED, news)}
        assert (ground.path / WORKFLOW).read_bytes() == workflow(*pin)
    new = {WORKFLOW: workflow("c", "7.0.2")}
    for made in (workflow("a", "7.0.1"), workflow("d", "7.0.3")):
        (ground.path / WORKFLOW).write_bytes(made)
        assert kept(ground.run(new)) == {}
        (ground.path / WORKFLOW).write_bytes(workflow(*pin))
        assert kept(ground.run(new)) == {WORKFLOW: (Reason.EDITED, False)}
    assert ground.changed(ground.run(new, WORKFLOW)) == {WORKFLOW: Replace}
    assert (ground.path / WORKFLOW).read_bytes() == workflow("c", "7.0.2")


def test_going_back_to_what_an_older_init_made_is_an_edit(ground: Ground) -> None:
    """Once the newer pin was made, the older one is there because somebody wants it."""
    ground.run({WORKFLOW: workflow("a", "7.0.1")})
    new = {WORKFLOW: workflow("c", "7.0.2")}
    ground.run(new)
    (ground.path / WORKFLOW).write_bytes(workflow("a", "7.0.1"))
    assert kept(ground.run(new)) == {WORKFLOW: (Reason.EDITED, False)}


def test_one_pin_that_is_taken_back_keeps_the_whole_file(ground: Ground) -> None:
    """Also where another one was raised."""
    setup = "      - uses: actions/setup-python@{} # v{}\n"
    made = workflow("a", "7.0.1", more=setup.format("a" * 40, "7.0.0"))
    mine = workflow("b", "7.1.0", more=setup.format("b" * 40, "6.0.0"))
    ground.run({WORKFLOW: made})
    (ground.path / WORKFLOW).write_bytes(mine)
    assert kept(ground.run({WORKFLOW: made})) == {WORKFLOW: (Reason.EDITED, False)}
    assert (ground.path / WORKFLOW).read_bytes() == mine


@pytest.mark.parametrize("pin", OLDER_OR_ELSEWHERE)
def test_an_older_pin_stays_where_the_file_was_there_before_or_goes(
    ground: Ground, pin: tuple[str, str]
) -> None:
    """Whoever wrote it; and a newer version that makes no such workflow does not remove it."""
    (ground.path / WORKFLOW).parent.mkdir(parents=True)
    (ground.path / WORKFLOW).write_bytes(workflow(*pin))
    made = {WORKFLOW: workflow("a", "7.0.1")}
    assert kept(ground.run(made)) == {WORKFLOW: (Reason.THERE_BEFORE, True)}
    ground.run(made, WORKFLOW)
    (ground.path / WORKFLOW).write_bytes(workflow(*pin))
    assert kept(ground.run({})) == {WORKFLOW: (Reason.NOT_NEEDED, True)}
    assert (ground.path / WORKFLOW).read_bytes() == workflow(*pin)


def test_any_other_change_of_a_workflow_is_an_edit(ground: Ground) -> None:
    """Another action at the same place, or a pin that is no commit, is told as edited."""
    ground.run({WORKFLOW: workflow("a", "7.0.1")})
    for edited in (
        workflow("a", "7.0.1").replace(b"actions/checkout", b"eve/checkout"),
        workflow("a", "7.0.1").replace(b"a" * 40, b"main"),
        workflow("a", "7.0.1", more="x"),
    ):
        (ground.path / WORKFLOW).write_bytes(edited)
        assert kept(ground.run({WORKFLOW: workflow("a", "7.0.1")})) == {
            WORKFLOW: (Reason.EDITED, False)
        }


def test_pins_are_only_taken_from_the_same_action() -> None:
    """And masking leaves everything else of a text as it is."""
    one = b" uses: a/b@" + b"1" * 40 + b" # v1.0.0\n uses: c/d@" + b"2" * 40 + b" # v9.0.0\n"
    new = b" uses: a/b@" + b"3" * 40 + b" # v2.0.0\n uses: c/d@" + b"4" * 40 + b" # v8.0.0\n"
    assert with_newest_pins(new, one) == (
        b" uses: a/b@" + b"3" * 40 + b" # v2.0.0\n uses: c/d@" + b"2" * 40 + b" # v9.0.0\n"
    )
    assert masked(one) == b" uses: a/b@\n uses: c/d@\n" == masked(new)


def test_the_manifest_reads_back() -> None:
    """As it was written, absent files included."""
    pinned = digest_of(WORKFLOW, workflow("a", "7.0.1"))
    assert pinned.endswith(f" actions/checkout@{'a' * 40}#v7.0.1")
    files = {"assent.yaml": (None, digest_of("assent.yaml", b"x")), WORKFLOW: (pinned,)}
    manifest = Manifest(version="1.0.0", answers=ANSWERS, files=files)
    assert read_manifest(manifest.written()) == manifest


PLAIN = Manifest(
    version="1.0.0",
    answers=ANSWERS,
    files={
        "README.md": (digest_of("README.md", b"x"),),
        WORKFLOW: (digest_of(WORKFLOW, workflow("a", "7.0.1")),),
    },
).written()


@pytest.mark.parametrize(
    "path",
    [
        *(
            ".git/config",
            "../README.md",
            "/etc/passwd",
            "infra/../../x",
            ".github/../x",
            "Makefile",
        ),
        *("promotions/dev/churn/7.yaml", ".github/assent/scaffold.json", "schemas", "infra/./x"),
        *(".github/workflows/\n.yml", ".GIT/hooks/x", "src/x.py"),
    ],
)
def test_a_manifest_cannot_speak_of_other_files(path: str) -> None:
    """So no manifest, whoever wrote it, has anything else overwritten or removed."""
    hostile = PLAIN.replace(b'"README.md"', json.dumps(path).encode())
    with pytest.raises(DamagedManifest, match="no file that is generated"):
        read_manifest(hostile)


@pytest.mark.parametrize(
    "damage",
    [
        (b"{", b"["), (b"assent/scaffold/v1", b"assent/scaffold/v2"), (b'"1.0.0"', b"1"),
        (b'"app_id": 7', b'"app_id": true'), (b'"app_id": 7', b'"app_id": -1'),
        (b"acme/model-promotions", b"acme/model\\npromotions"), (b"sha256:", b"md5:"),
        (b'"@acme/ml-platform"', b'"@acme/ml-platform @eve"'), (b'"answers"', b'"other"'),
        (b'"dev=111122223333/eu-west-1"', b'{"x": 1}'), (b'"owners": [', b'"owners": ["x", '),
        (b"#v7.0.1", b"#v7.x"), (b"#v7.0.1", b"#v"), (b"checkout@a", b"checkout@g"),
        (b" actions/", b"  actions/"), (b" actions/", b" @"),
    ],
)  # fmt: skip
def test_a_damaged_manifest_is_refused(damage: tuple[bytes, bytes]) -> None:
    """No half of one is used."""
    assert damage[0] in PLAIN
    with pytest.raises(DamagedManifest) as caught:
        read_manifest(PLAIN.replace(*damage))
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("content", [b"", b"\xff", b"null", b"[" * 100_000, b"{}"])
def test_what_is_no_manifest_is_refused(content: bytes) -> None:
    """Whatever bytes are there."""
    with pytest.raises(DamagedManifest):
        read_manifest(content)


def test_what_blocks_a_file_that_is_needed_no_more_is_left() -> None:
    """And told, with why."""
    before = Manifest(version="1", answers=ANSWERS, files={"infra/x.yaml": ("sha256:" + "0" * 64,)})
    plan = make_plan(ANSWERS, {}, before, lambda _path: Blocked("it is a pipe"), version="1")
    (step,) = plan.steps
    assert isinstance(step, Keep)
    assert (step.reason, step.why, step.news) == (Reason.BLOCKED, "it is a pipe", True)
