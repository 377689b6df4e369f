"""`assent check` over real git repositories: scenarios as files, and what is hostile or at scale.

A scenario in tests/rules/changes tells what the base holds, what the branch changes (`head`), and
what the base got since (`later`). A record is given by what differs from an ordinary one; null is
a deletion, text is a file's own. `merged` tells when records were merged, `glass` who broke it, and
`offline` that GitHub is not asked; it is 27 November 2026, a Friday, at 10:00.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from assent.adapters.git import GitRepository
from assent.adapters.memory import SettableClock
from assent.contracts import load_contracts
from assent.core.config import InvalidConfig, parse_config
from assent.core.errors import AssentError, Exit
from assent.core.evidence import Evidence, EvidenceSource, Inference
from assent.core.findings import CheckReport, Severity
from assent.core.metrics import Metric
from assent.core.names import RecordId, parse_path
from assent.core.package import Container, Package
from assent.core.record import Decision, Record, Waiver, write_record
from assent.core.rendering.findings import render_github, render_json, render_text
from assent.core.reports import Violation
from assent.core.review import BrokenGlass
from assent.core.rules import RULES
from assent.core.timestamps import read_time
from assent.flows import check as flow
from assent.flows.check import check
from assent.flows.circumstances import Circumstances
from assent.ports import NotThere, TreeEntry

ROOT = Path(__file__).parents[2]
CHANGES = ROOT / "tests" / "rules" / "changes"
VALID = sorted((CHANGES / "valid").glob("*.yaml"))
INVALID = sorted((CHANGES / "invalid").glob("*.yaml"))
CONTRACTS = load_contracts()
CLOCK = SettableClock(read_time("2026-11-27T10:00:00Z"))
DEV, TEST = "promotions/dev/churn/7.yaml", "promotions/test/churn/7.yaml"


@dataclass(frozen=True)
class Blob:
    """A file to commit; None is a deletion."""

    content: bytes | None
    mode: str = "100644"


Files = Mapping[str | bytes, Blob]


def record(path: str, settings: Mapping[str, Any] | None = None) -> bytes:
    """Write the record of a path, ordinary but for what the settings say.

    Above the first rung it rests on a batch inference one rung down.
    """
    given = dict(settings or {})
    given.pop("mode", None)
    id_ = parse_path(path)
    assert id_ is not None, path
    imported = given.pop("imported", False)
    rungs = {} if imported else {"test": "dev", "uat": "test", "prod": "uat"}
    below = rungs.get(id_.environment)
    ran = None if below is None else {"environment": below}
    inference = inferred(given.pop("inference", ran))
    auc = Metric(value=given.pop("auc", 0.9), standard_deviation=given.pop("deviation", None))
    made = Record(
        id=id_,
        decision=Decision(given.pop("status", "Approved")),
        reason=given.pop("reason", ""),
        waivers=tuple(Waiver(**each) for each in given.pop("waivers", [])),
        package=Package(
            arn=f"arn:aws:sagemaker:eu-west-1:111122223333:model-package/{id_.model}/{id_.version}",
            created=read_time(given.pop("created", "2026-11-22T09:00:00Z")),
            created_by="arn:aws:sts::111122223333:assumed-role/training/ana",
            containers=(Container(image=given.pop("image", "xgboost:1.7")),),
        ),
        evidence=Evidence(
            source=EvidenceSource.BATCH_INFERENCE
            if inference
            else EvidenceSource.IMPORT
            if imported
            else EvidenceSource.TRAINING,
            inference=inference,
            collected=read_time(given.pop("collected", "2026-11-22T10:00:00Z")),
            metrics={given.pop("metric", "auc"): auc},
        ),
    )
    assert not given, f"unknown settings {given}"
    return write_record(made, CONTRACTS.promotion)


def inferred(settings: Mapping[str, Any] | None) -> Inference | None:
    """The batch inference that a scenario tells of: where it ran, and what Model Monitor found."""
    if settings is None:
        return None
    return Inference(
        environment=settings["environment"],
        run="nightly-311",
        violations=tuple(Violation(**each) for each in settings.get("violations", [])),
    )


def config(settings: Mapping[str, Any] | None = None) -> bytes:
    """Write an `assent.yaml`, the usual one but for what the settings say.

    `demands` has more settings by environment, `top` more of the whole file, `groups` the scope.
    """
    given = dict(settings or {})
    ladder = given.pop("environments", ["dev", "test", "uat", "prod"])
    extra = given.pop("extra", "parameter_prefix: /assent")
    approvals = given.pop("approvals", 2)
    demands, top = given.pop("demands", {}), given.pop("top", {})
    groups = {"groups": given.pop("groups")} if "groups" in given else {}
    assert not given, f"unknown settings {given}"
    account = {"account": "111122223333", "region": "eu-west-1"}
    rungs = [
        {"name": name, **account, "approvals": approvals, **demands.get(name, {})}
        for name in ladder
    ]
    registry = {**account, **groups}
    # JSON is YAML, and strict YAML at that.
    more = "".join(f"{name}: {json.dumps(value)}\n" for name, value in top.items())
    return (
        f"schema: assent/config/v1\n{extra}\n{more}"
        f"registry: {json.dumps(registry)}\n"
        f"github: {{repository: acme/model-promotions}}\nenvironments: {json.dumps(rungs)}\n"
    ).encode()


@dataclass
class Told:
    """What GitHub would tell, and how often it was asked."""

    merged: Mapping[str, datetime] = field(default_factory=dict)
    """By a record's path."""
    glass: BrokenGlass | None = None
    asked: list[str] = field(default_factory=list)

    def below_since(self, below: RecordId, /) -> datetime | None:
        """See `Circumstances`."""
        self.asked.append(f"since {below.path}")
        return self.merged.get(below.path)

    def broke_glass(self, id_: RecordId, /) -> BrokenGlass | None:
        """See `Circumstances`."""
        self.asked.append(f"glass {id_.path}")
        return self.glass


def told(scenario: Mapping[str, Any]) -> Told | None:
    """What a scenario has GitHub tell; None where it is not to be asked."""
    if scenario.get("offline"):
        return None
    glass = scenario.get("glass")
    return Told(
        merged={path: read_time(time) for path, time in scenario.get("merged", {}).items()},
        glass=None if glass is None else BrokenGlass(by=glass["by"], at=read_time(glass["at"])),
    )


def blob(path: str, given: Mapping[str, Any] | str | None) -> Blob:
    """Make of a scenario's entry the file that it means."""
    match given:
        case None:
            return Blob(None)
        case str():
            return Blob(given.encode())
        case {"mode": "120000"}:
            return Blob(b"elsewhere", "120000")
        case _ if path == "assent.yaml":
            return Blob(config(given))
        case _:
            return Blob(record(path, given), given.get("mode", "100644"))


@dataclass
class Commits:
    """Commits for `git fast-import`, which needs no work tree and takes any path."""

    stream: list[bytes] = field(default_factory=list)

    def add(self, branch: str, files: Files, *, parent: str | None = None) -> None:
        """Commit files to a branch: to its tip, or as its first commit on another one's."""
        lines = [f"commit refs/heads/{branch}".encode()]
        lines += [b"committer Ana <ana@example.com> 1795000000 +0000", b"data 0"]
        if parent is not None:
            lines.append(f"from refs/heads/{parent}".encode())
        for path, file in files.items():
            raw = path if isinstance(path, bytes) else path.encode("utf-8")
            quoted = b'"' + b"".join(b"\\%03o" % byte for byte in raw) + b'"'
            if file.content is None:
                lines.append(b"D " + quoted)
            elif file.mode == "160000":
                lines.append(b"M 160000 " + b"1" * 40 + b" " + quoted)
            else:
                lines.append(b"M " + file.mode.encode() + b" inline " + quoted)
                lines.append(b"data %d" % len(file.content))
                lines.append(file.content)
        self.stream.append(b"\n".join(lines) + b"\n")

    def write(self, place: Path) -> None:
        """Make a bare repository of them."""
        run = ["git", "-C", str(place)]
        subprocess.run([*run, "init", "--quiet", "--bare"], check=True)
        subprocess.run([*run, "fast-import", "--quiet"], input=b"\n".join(self.stream), check=True)


def verdict(
    place: Path,
    base: Files,
    head: Files,
    *,
    later: Files | None = None,
    branch: str | None = None,
    whole: bool = False,
    workers: int | None = 1,
    circumstances: Circumstances | None = None,
) -> CheckReport:
    """Commit a base and a branch, and check the branch, or its whole tree."""
    commits = Commits()
    commits.add("main", {"assent.yaml": Blob(config()), **base})
    commits.add("branch", head, parent="main")
    if later is not None:
        commits.add("main", later)
    place.mkdir(exist_ok=True)
    commits.write(place)
    with GitRepository(place) as history:
        return check(
            history,
            CONTRACTS,
            clock=CLOCK,
            head="branch",
            base=None if whole else "main",
            head_branch=branch,
            workers=workers,
            circumstances=circumstances,
        )


def played(file: Path, place: Path) -> tuple[dict[str, Any], CheckReport]:
    """Check what a scenario tells."""
    scenario = yaml.safe_load(file.read_text("utf-8"))

    def files(part: str) -> dict[str | bytes, Blob]:
        return {path: blob(path, given) for path, given in scenario.get(part, {}).items()}

    report = verdict(
        place,
        files("base"),
        files("head"),
        later=files("later") if "later" in scenario else None,
        branch=scenario.get("branch"),
        whole=scenario.get("whole", False),
        circumstances=told(scenario),
    )
    return scenario, report


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_a_good_change_passes(file: Path, tmp_path: Path) -> None:
    """Every good scenario has no error, the remarks that it names, and judges what it counts."""
    scenario, report = played(file, tmp_path)
    assert [finding.rule for finding in report.findings] == scenario.get("warnings", [])
    assert all(finding.severity is Severity.WARNING for finding in report.findings)
    assert report.records_read == scenario["records"]
    assert report.exit is Exit.OK


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_a_bad_change_is_refused_by_its_rule_and_no_other(file: Path, tmp_path: Path) -> None:
    """Every bad scenario has findings of the rule it is named after, where and as it says."""
    scenario, report = played(file, tmp_path)
    severity = Severity(scenario.get("severity", "error"))
    assert {finding.rule for finding in report.findings} == {file.stem.split("--")[0]}
    assert {finding.severity for finding in report.findings} == {severity}
    assert {finding.path for finding in report.findings} == {
        scenario["at"],
        *scenario.get("also", []),
    }
    assert any(scenario["says"] in finding.message for finding in report.findings)
    assert report.exit is (Exit.FINDINGS if severity is Severity.ERROR else Exit.OK)


QUOTED = [
    (re.findall(r"```text\n(.+)\n```", section)[0], re.findall(r"\(\.\./(tests/.+)\)", section)[0])
    for section in (ROOT / "docs" / "rules.md").read_text("utf-8").split("\n### ")[1:]
]


def test_the_documentation_quotes_a_message_of_every_rule() -> None:
    """Each rule's section has a message and names the example that gives it."""
    assert [Path(file).stem.split("--")[0] for _, file in QUOTED] == [rule.id for rule in RULES]


@pytest.mark.parametrize(("message", "file"), QUOTED, ids=[file for _, file in QUOTED])
def test_the_documentation_quotes_what_is_said(message: str, file: str, tmp_path: Path) -> None:
    """A message in docs/rules.md is, to the letter, what its example gives."""
    if "/changes/" in file:
        _, report = played(ROOT / file, tmp_path)
    else:
        content = (ROOT / file).read_bytes()
        _, mode, path = content.split(b"\n", 1)[0].decode().split(" ", 2)
        report = verdict(tmp_path, {}, {path: Blob(content, mode)}, whole=True)
    assert message in render_text(report).splitlines()


def test_a_reverted_merge_is_told_how_to_retire(tmp_path: Path) -> None:
    """`git revert` of a promotion's merge is refused, with the command that withdraws it."""
    report = verdict(tmp_path, {DEV: Blob(record(DEV))}, {DEV: Blob(None)})
    (finding,) = report.findings
    assert '`assent retire churn 7 --env dev --reason "..."`' in finding.remedy
    assert f"git checkout {report.base} -- {DEV}" in finding.remedy
    assert "status: Retired" in finding.remedy
    assert "Reverting the merge" in finding.remedy


def test_a_reverted_retirement_is_told_how_a_version_comes_back(tmp_path: Path) -> None:
    """`git revert` of a retirement's merge is refused; fresh evidence comes with a new version."""
    retired = record(DEV, {"status": "Retired", "reason": "drift"})
    report = verdict(tmp_path, {DEV: Blob(retired)}, {DEV: Blob(record(DEV))})
    (finding,) = report.findings
    assert finding.rule == "transition"
    assert "Reverting the merge of a retirement" in finding.remedy
    assert "register the model again as a new version" in finding.remedy
    assert "`current` stays what the retirement made it" in finding.remedy


DRIFTED = {
    "inference": {
        "environment": "dev",
        "violations": [
            {
                "feature": "::error::\u202e`",
                "check": "$(id)",
                "description": "x" * 600,
            }
        ]
        * 100,
    }
}


def test_drift_is_told_once_and_where_it_stands(tmp_path: Path) -> None:
    """The warning annotates the violations' line; whoever edits a waiver later is not told."""
    drifted = record(TEST, DRIFTED)
    report = verdict(tmp_path / "new", {DEV: Blob(record(DEV))}, {TEST: Blob(drifted)})
    (finding,) = report.findings
    assert (finding.rule, finding.severity) == ("inference-drift", Severity.WARNING)
    assert drifted.splitlines()[finding.line - 1].strip() == b"violations:"
    assert finding.message.startswith("Model Monitor found at least 100 violations")
    assert len(finding.message) < 500
    (command,) = [line for line in render_github(report).splitlines() if line.startswith("::")]
    assert command.startswith(f"::warning file={TEST},line={finding.line},title=inference-drift")
    edited = record(TEST, {**DRIFTED, "reason": "known since May"})
    base: Files = {DEV: Blob(record(DEV)), TEST: Blob(drifted)}
    assert verdict(tmp_path / "edited", base, {TEST: Blob(edited)}).findings == ()
    assert verdict(tmp_path / "whole", base, {}, whole=True).findings == ()


@pytest.mark.parametrize("status", ["Rejected", "Retired"])
def test_whoever_says_no_is_not_told_of_drift(status: str, tmp_path: Path) -> None:
    """Drift is a reason to say no, and is no news to who does."""
    drifted = record(TEST, {**DRIFTED, "status": status, "reason": "drift"})
    base: dict[str | bytes, Blob] = {DEV: Blob(record(DEV))}
    if status == "Retired":
        base[TEST] = Blob(record(TEST, DRIFTED))
    assert verdict(tmp_path, base, {TEST: Blob(drifted)}).findings == ()


def test_a_renamed_record_is_deleted_and_new(tmp_path: Path) -> None:
    """Moving a record is a deletion where it was, and a record of the wrong path where it went."""
    content = record(DEV)
    report = verdict(
        tmp_path,
        {DEV: Blob(content)},
        {DEV: Blob(None), "promotions/dev/churn/8.yaml": Blob(content)},
    )
    assert [(finding.path, finding.rule) for finding in report.findings] == [
        (DEV, "deletion"),
        ("promotions/dev/churn/8.yaml", "path"),
    ]


def test_a_record_replaced_by_a_folder_is_deleted(tmp_path: Path) -> None:
    """A folder of the record's name takes the record away, and what is in it is unexpected."""
    report = verdict(tmp_path, {DEV: Blob(record(DEV))}, {DEV: Blob(None), f"{DEV}/x": Blob(b"")})
    assert [finding.rule for finding in report.findings] == ["deletion", "unexpected-file"]


def test_promotions_replaced_by_a_link_deletes_every_record(tmp_path: Path) -> None:
    """`promotions` as a symbolic link is refused, and so is the loss of what was in the folder."""
    report = verdict(
        tmp_path,
        {DEV: Blob(record(DEV)), TEST: Blob(record(TEST))},
        {DEV: Blob(None), TEST: Blob(None), "promotions": Blob(b"/tmp", "120000")},
    )
    assert [(finding.path, finding.rule) for finding in report.findings] == [
        ("promotions", "symlink"),
        (DEV, "deletion"),
        (TEST, "deletion"),
    ]


def test_a_record_replaced_by_a_link_is_not_deleted(tmp_path: Path) -> None:
    """A link in a record's place is refused as a link."""
    report = verdict(
        tmp_path, {DEV: Blob(record(DEV))}, {DEV: Blob(b"../../../etc/passwd", "120000")}
    )
    assert [finding.rule for finding in report.findings] == ["symlink"]


HOSTILE = [
    (b"promotions/dev/a\nb/7.yaml", "path"),
    (b"promotions/dev/$(id)/7.yaml", "path"),
    (b"promotions/dev/::error::/7.yaml", "path"),
    (b"promotions/dev/\xff\xfe/7.yaml", "path"),
    (b"promotions/dev/churn/\xff", "unexpected-file"),
    (b"promotions/:(exclude)dev/churn/7.yaml", "path"),
    (b"promotions/dev/churn/7.yaml\n", "unexpected-file"),
    (b"promotions/dev/\xe2\x80\xaechurn/7.yaml", "path"),
    (b"promotions/dev/\x1b[2J/7.yaml", "path"),
    (b"promotions/-rf/churn/7.yaml", "path"),
    (b"promotions/*/churn/7.yaml", "path"),
    (b"PROMOTIONS/dev/churn/7.yaml", "unexpected-file"),
    (b"promotions/a\\..\\b.yaml", "path"),
]


@pytest.mark.parametrize(
    ("name", "rule", "whole"),
    [
        *((name, rule, False) for name, rule in HOSTILE),
        # Of a whole tree only what is below promotions/ is read.
        *((name, rule, True) for name, rule in HOSTILE if name.startswith(b"promotions/")),
    ],
)
def test_hostile_names_are_findings_and_stay_text(
    name: bytes, rule: str, tmp_path: Path, *, whole: bool
) -> None:
    """No file name breaks the check, and none acts in any form of its report."""
    report = verdict(tmp_path, {DEV: Blob(record(DEV))}, {name: Blob(record(DEV))}, whole=whole)
    assert [finding.rule for finding in report.findings] == [rule]
    assert report.findings[0].path == name.decode("utf-8", "surrogateescape")
    for text in (render_text(report), render_json(report), render_github(report)):
        assert all(" " <= character <= "~" or character == "\n" for character in text)
    assert len(render_github(report).splitlines()) == 2
    assert not any(line.lstrip().startswith("::") for line in render_text(report).splitlines())


def test_a_submodule_named_like_a_record_is_refused_unread(tmp_path: Path) -> None:
    """A submodule has no content here, and is never asked for any."""
    report = verdict(tmp_path, {}, {DEV: Blob(b"", "160000")})
    assert [finding.rule for finding in report.findings] == ["symlink"]


def test_the_same_content_at_two_paths_is_judged_at_both(tmp_path: Path) -> None:
    """Git stores equal files once; each of their paths has its own verdict."""
    content = record(DEV)
    other = "promotions/dev/churn/8.yaml"
    report = verdict(tmp_path, {}, {DEV: Blob(content), other: Blob(content)}, whole=True)
    assert [(finding.path, finding.rule) for finding in report.findings] == [(other, "path")]
    assert report.records_read == 2


def test_a_tree_without_records_is_no_pass(tmp_path: Path) -> None:
    """Judging a whole tree in which there is nothing to judge has an exit code of its own."""
    report = verdict(tmp_path, {}, {"promotions/README.md": Blob(b"x")}, whole=True)
    assert report.findings == ()
    assert report.exit is Exit.NOTHING_READ


FOUNDED: Files = {
    "promotions/README.md": Blob(b"x"),
    ".github/CODEOWNERS": Blob(b"* @acme/platform\n"),
}


def test_a_repository_that_waits_for_its_first_record_passes(tmp_path: Path) -> None:
    """It is set up, and what will judge was judged: that is no empty check."""
    report = verdict(tmp_path, {}, FOUNDED, whole=True)
    assert (report.findings, report.records_read, report.founded) == ((), 0, True)
    assert report.exit is Exit.OK


@pytest.mark.parametrize(
    "changes",
    [
        {"promotions/README.md": Blob(None)},
        {".github/CODEOWNERS": Blob(None)},
        {".github/CODEOWNERS": Blob(b"../x", "120000")},
        {".github/CODEOWNERS": Blob(b"* @acme/platform\n/promotions/prod/\n")},
        {".github/CODEOWNERS": Blob(b"/promotions/ @acme/platform\n")},
        {".github/CODEOWNERS": Blob(b"* @acme/platform\n/assent.yaml\n")},
        {"promotions/README.md": Blob(None), "docs/README.md": Blob(b"x")},
    ],
)
def test_a_repository_that_could_judge_nothing_is_not_set_up(
    tmp_path: Path, changes: Files
) -> None:
    """No README where records belong, or a path that decides and has no owner: still no pass."""
    report = verdict(tmp_path, {}, {**FOUNDED, **changes}, whole=True)
    assert (report.findings, report.founded) == ((), False)
    assert report.exit is Exit.NOTHING_READ


def test_a_set_up_repository_with_a_finding_has_findings(tmp_path: Path) -> None:
    """A file that is no record is not overlooked because there is no record."""
    report = verdict(tmp_path, {}, {**FOUNDED, "promotions/x": Blob(b"")}, whole=True)
    assert report.exit is Exit.FINDINGS


def test_the_base_judges_not_the_head(tmp_path: Path) -> None:
    """A change cannot bring the ladder by which its own record would pass."""
    path = "promotions/staging/churn/7.yaml"
    report = verdict(
        tmp_path,
        {},
        {
            "assent.yaml": Blob(config({"environments": ["staging", "dev"]})),
            path: Blob(record(path)),
        },
    )
    assert [finding.rule for finding in report.findings] == ["mixed-change", "environment"]


def test_a_new_ladder_is_held_against_every_record(tmp_path: Path) -> None:
    """A change of assent.yaml must leave every record valid, also those that it does not touch."""
    records: dict[str | bytes, Blob] = {
        DEV: Blob(record(DEV)),
        TEST: Blob(record(TEST)),
        "promotions/dev/bad/1.yaml": Blob(b"nonsense"),
    }
    new = Blob(config({"environments": ["dev", "uat", "prod"]}))
    report = verdict(tmp_path, records, {"assent.yaml": new})
    assert [(finding.path, finding.rule) for finding in report.findings] == [
        ("promotions/dev/bad/1.yaml", "schema"),
        (TEST, "environment"),
    ]
    assert all(
        finding.message.startswith("under the assent.yaml that this change brings: ")
        for finding in report.findings
    )
    assert report.records_read == 3


def test_an_objection_of_both_configurations_is_one_finding(tmp_path: Path) -> None:
    """What base and proposal object to alike is told once, without the proposal's mark."""
    bad = Blob(record(DEV).replace(b"0.9", b"0.8"))
    report = verdict(tmp_path, {}, {DEV: bad, "assent.yaml": Blob(config({"approvals": 1}))})
    digests = [finding for finding in report.findings if finding.rule == "evidence-digest"]
    assert len(digests) == 1
    assert digests[0].message.startswith("package and evidence")


@pytest.mark.parametrize(
    ("broken", "error", "message"),
    [
        (Blob(b"{"), InvalidConfig, "assent.yaml:2: not YAML"),
        (Blob(b"schema: x\n"), InvalidConfig, "assent.yaml:1: schema: must be"),
        (Blob(b"README.md", "120000"), InvalidConfig, "it is no plain file"),
        (Blob(None), NotThere, "there is no assent.yaml in"),
    ],
    ids=["syntax", "schema", "link", "absent"],
)
@pytest.mark.parametrize("whole", [False, True])
def test_without_a_usable_configuration_there_is_no_verdict(
    broken: Blob, error: type[AssentError], message: str, tmp_path: Path, *, whole: bool
) -> None:
    """A broken assent.yaml on the side that judges is a breakdown that says so, not a finding."""
    with pytest.raises(error, match=message) as raised:
        verdict(tmp_path, {"assent.yaml": broken}, {DEV: Blob(record(DEV))}, whole=whole)
    assert raised.value.exit is Exit.BROKEN
    assert "may merge without this check" in raised.value.hint


def test_an_unknown_revision_is_no_verdict(tmp_path: Path) -> None:
    """A revision that the clone lacks is a breakdown."""
    commits = Commits()
    commits.add("main", {"assent.yaml": Blob(config())})
    commits.write(tmp_path)
    with GitRepository(tmp_path) as history:
        for revision in ("nowhere", "0" * 40, "--upload-pack=x"):
            with pytest.raises(NotThere):
                check(history, CONTRACTS, clock=CLOCK, head=revision)


def test_the_id_of_a_tree_can_be_judged(tmp_path: Path) -> None:
    """A work tree that was written as a tree, without a commit, is judged like one."""
    commits = Commits()
    commits.add("main", {"assent.yaml": Blob(config()), DEV: Blob(record(DEV))})
    commits.write(tmp_path)
    found = subprocess.run(
        ["git", "-C", str(tmp_path), "rev-parse", "main^{tree}"],
        capture_output=True,
        check=True,
        text=True,
    )
    with GitRepository(tmp_path) as history:
        assert check(history, CONTRACTS, clock=CLOCK, head=found.stdout.strip()).exit is Exit.OK


class Counting(GitRepository):
    """Counts the blobs and listings that are read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.read: list[str] = []
        self.listed = 0

    def blobs(self, ids: Any, /) -> Iterator[tuple[str, bytes]]:  # noqa: ANN401 - as the port
        """As the port, and noted."""
        for id_, content in super().blobs(ids):
            self.read.append(id_)
            yield id_, content

    def entries(self, commit: str, prefix: str, /) -> Any:  # noqa: ANN401 - as the port
        """As the port, and counted."""
        self.listed += 1
        return super().entries(commit, prefix)


def test_the_cost_of_a_change_follows_the_change(tmp_path: Path) -> None:
    """Among many records only those touched, and the rungs below them, are read."""
    paths = [f"promotions/dev/churn/{version}.yaml" for version in range(1, 301)]
    commits = Commits()
    commits.add(
        "main",
        {
            "assent.yaml": Blob(config()),
            TEST: Blob(record(TEST)),
            **{path: Blob(record(path)) for path in paths},
        },
    )
    retired = Blob(record(TEST, {"status": "Retired", "reason": "drift"}))
    commits.add("retire", {TEST: retired}, parent="main")
    new = "promotions/test/churn/9.yaml"
    commits.add("promote", {new: Blob(record(new))}, parent="main")
    commits.write(tmp_path)
    with Counting(tmp_path) as history:
        assert check(history, CONTRACTS, clock=CLOCK, head="retire", base="main").exit is Exit.OK
        assert len(history.read) <= 4  # assent.yaml, the record before and after, the rung below
        assert history.listed == 0
        history.read.clear()
        assert check(history, CONTRACTS, clock=CLOCK, head="promote", base="main").exit is Exit.OK
        assert len(history.read) <= 4  # the champion, too
        assert history.listed == 2  # names only: a new record may be of a new model; the champion


def many(count: int) -> dict[str | bytes, Blob]:
    paths = [f"promotions/dev/churn/{version}.yaml" for version in range(1, count + 1)]
    files: dict[str | bytes, Blob] = {path: Blob(record(path)) for path in paths}
    first = paths[0]
    files[first] = Blob(record(first).replace(b"0.9", b"0.8"))
    files[paths[-1]] = Blob(b"nonsense")
    return files


def test_several_processes_come_to_the_same_verdict(tmp_path: Path) -> None:
    """Judging in spawned processes finds what one process finds, in the same order."""
    commits = Commits()
    commits.add("main", {"assent.yaml": Blob(config()), **many(flow._ALONE + 1)})
    commits.write(tmp_path)
    with GitRepository(tmp_path) as history:
        alone = check(history, CONTRACTS, clock=CLOCK, head="main", workers=1)
        judge = flow._Judge(history=history, schema=CONTRACTS.promotion, workers=2)
        # Not through `files`, which would hide a pool that cannot start.
        together = judge._in_processes(
            history.entries("main", "promotions"),
            parse_config(config(), CONTRACTS.config),
            whole=False,
        )
        assert check(history, CONTRACTS, clock=CLOCK, head="main", workers=2) == alone
    assert [finding.rule for finding in alone.findings] == ["evidence-digest", "schema"]
    assert alone.findings[0].path == "promotions/dev/churn/1.yaml"
    found = sorted(finding for file in together for finding in file.findings)
    assert tuple(found) == alone.findings
    assert len(together) == alone.records_read


def test_where_no_process_can_start_one_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without shared memory or processes, as in a small container, the verdict is the same."""

    class NoPool:
        def __init__(self, *_arguments: object, **_named: object) -> None:
            raise OSError("no semaphores here")

    monkeypatch.setattr(flow, "ProcessPoolExecutor", NoPool)
    report = verdict(tmp_path, {}, many(flow._ALONE + 1), whole=True, workers=2)
    assert [finding.rule for finding in report.findings] == ["evidence-digest", "schema"]
    assert report.records_read == flow._ALONE + 1


def test_a_batch_reads_each_blob_once() -> None:
    """A tree entry that holds no record is passed on without being read."""
    entry = TreeEntry(path="promotions/README.md", mode="100644", blob="0" * 40)

    class NoBlobs:
        def blobs(self, ids: Mapping[str, object]) -> Iterator[tuple[str, bytes]]:
            assert not ids
            return iter(())

    history: Any = NoBlobs()
    judge = flow._Judge(history=history, schema=CONTRACTS.promotion, workers=1)
    assert list(judge._contents([entry])) == [(entry, None)]
