"""The rules over one file, by a corpus of good and bad records, and the renderers, by golden files.

A file in tests/rules begins with two comments: `# MODE PATH`, where it would stand, and why it is
there. A bad one is named after the rule that has to refuse it.
"""

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from assent.contracts import load_contracts
from assent.core.config import parse_config
from assent.core.errors import Exit
from assent.core.findings import CheckReport, Finding, Severity
from assent.core.names import parse_path
from assent.core.record import ParsedRecord, parse_record
from assent.core.rendering.findings import render_github, render_json, render_text
from assent.core.rules import (
    CHANGE_RULES,
    FILE_RULES,
    RULES,
    TREE_RULES,
    evidence_digest,
    inference_rung,
    parameter_size,
    schema,
)
from assent.core.rules.judge import holds_record, judge_file
from assent.core.rules.subject import UNREADABLE, JudgedFile, PromotionFile, Standing

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "rules"
VALID = sorted((CORPUS / "valid").glob("*.yaml"))
INVALID = sorted((CORPUS / "invalid").glob("*.yaml"))
CHANGES = sorted((CORPUS / "changes" / "invalid").glob("*.yaml"))
GOLDEN = CORPUS / "golden"

CONTRACTS = load_contracts()
CONFIG = parse_config((ROOT / "assent.yaml").read_bytes(), CONTRACTS.config)


class Example(NamedTuple):
    """A file of the corpus."""

    mode: str
    path: str
    content: bytes


def example(file: Path) -> Example:
    content = file.read_bytes()
    first = content.split(b"\n", 1)[0].removeprefix(b"\xef\xbb\xbf").decode()
    found = re.fullmatch(r"# ([0-9]{6}) (.+)", first)
    assert found, f"{file} does not say where it stands"
    return Example(found[1], found[2], content)


def judged(mode: str, path: str, content: bytes) -> JudgedFile:
    return judge_file(
        path=path,
        mode=mode,
        blob="0" * 40,
        content=content if holds_record(path, mode) else None,
        schema=CONTRACTS.promotion,
        config=CONFIG,
    )


def approved() -> Example:
    return example(CORPUS / "valid" / "approved.yaml")


def rule_of(file: Path) -> str:
    return file.stem.split("--")[0]


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_a_good_record_has_no_finding(file: Path) -> None:
    """Every record of the good corpus passes every rule over one file, and stands."""
    found = judged(*example(file))
    assert found.findings == ()
    assert isinstance(found.state, Standing)


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_a_bad_file_is_refused_by_its_rule_and_no_other(file: Path) -> None:
    """Every file of the bad corpus has findings of the one rule that it is named after."""
    found = judged(*example(file))
    assert {finding.rule for finding in found.findings} == {rule_of(file)}
    assert all(finding.path == example(file).path for finding in found.findings)
    assert all(finding.severity is Severity.ERROR for finding in found.findings)
    assert all(finding.message and finding.remedy for finding in found.findings)


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("strict-yaml--duplicate-key", 8, "the key 'status' stands twice"),
        ("strict-yaml--exponent", 31, "'1e-3' means different things"),
        ("strict-yaml--sexagesimal", 5, "'12:30:45' means different things"),
        ("strict-yaml--word-no", 4, "'no' means different things"),
        ("strict-yaml--timestamp", 12, "'2026-11-22T10:00:00Z' means different things"),
        ("strict-yaml--alias-bomb", 3, "an anchor (&) stands here"),
        ("strict-yaml--hidden-line-break", 7, "the character U+2028 stands here"),
        ("strict-yaml--carriage-return", 7, "the character U+000D stands here"),
        ("strict-yaml--bidirectional", 8, "the character U+202E stands here"),
        ("strict-yaml--deep", 9, "nested deeper than 16 levels"),
        ("schema--no-such-day", 12, "package.created: 2026-02-31T10:00:00Z is no time"),
        ("schema--workflow-command", 8, r"reason: 'a\n::error::b' does not have the form"),
        ("schema--command-as-name", 4, "model: '$(id)' does not have the form"),
        ("path--other-environment", 6, "the file says dev, its path test"),
        ("environment--by-case", 6, "'Dev' is no environment of assent.yaml"),
        ("package-arn--other-account", 11, "the ARN has the account 999999999999"),
        ("evidence-digest--edited-metric", 34, "package and evidence have the digest sha256:"),
        ("evidence-digest--edited-violations", 57, "package and evidence have the digest sha256:"),
        ("inference-rung--skipped", 34, "ran in dev, and the rung below uat is test"),
        ("inference-rung--first-rung", 34, "nothing runs below dev, the first rung"),
        ("schema--training-with-inference", 33, "evidence.inference: must not be there"),
        ("schema--inference-missing", 21, "evidence: 'inference' is a required field"),
        ("parameter-size--many-containers", 14, "with 15 containers the parameter"),
    ],
)
def test_a_finding_says_what_and_where(name: str, line: int, message: str) -> None:
    """A finding names the line to look at and what is wrong with it."""
    found = judged(*example(CORPUS / "invalid" / f"{name}.yaml")).findings
    assert found[0].line == line
    assert message in found[0].message


def test_ids_files_headings_and_corpus_agree() -> None:
    """Each rule has one id, one module, one heading in docs/rules.md and a bad example."""
    ids = [rule.id for rule in RULES]
    package = ROOT / "scripts" / "assent" / "core" / "rules"
    others = {"__init__", "rule", "subject", "judge", "waiting"}
    files = {file.stem for file in package.glob("*.py")} - others
    modules = {name.replace("_", "-") for name in files}
    documented = re.findall(
        r"^### `(.+)`$", (ROOT / "docs" / "rules.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(set(ids)) == len(ids)
    assert modules == set(ids)
    assert sorted(documented) == sorted(ids)
    assert {rule_of(file) for file in [*INVALID, *CHANGES]} == set(ids)


def test_a_file_example_is_of_a_rule_over_one_file() -> None:
    """The bad corpus holds rules over one file; the others need a repository to be judged in."""
    assert {rule_of(file) for file in INVALID} == {rule.id for rule in FILE_RULES}
    assert {rule_of(file) for file in CHANGES} == {rule.id for rule in [*TREE_RULES, *CHANGE_RULES]}


def test_the_documentation_quotes_the_rules() -> None:
    """docs/rules.md gives each rule's own sentence."""
    text = " ".join((ROOT / "docs" / "rules.md").read_text("utf-8").split())
    missing = [rule.id for rule in RULES if rule.description not in text]
    assert not missing


def test_a_barred_file_is_no_record() -> None:
    """What is refused as a file takes no part in the rules over several records."""
    file = example(CORPUS / "invalid" / "path--other-version.yaml")
    assert judged(*file).state is UNREADABLE


def test_a_file_too_large_is_refused_unread() -> None:
    """A record of a mebibyte is one finding that says how large it is."""
    mode, path, content = approved()
    (finding,) = judged(mode, path, content + b"#" * (1024 * 1024)).findings
    assert finding.rule == "strict-yaml"
    assert f"{len(content) + 1024 * 1024} bytes" in finding.message


def test_a_file_that_is_all_wrong_has_few_findings() -> None:
    """A file of a hundred thousand mistakes does not bury the reader."""
    _, path, _ = approved()
    found = judged("100644", path, b"waivers: [" + b"{}," * 100_000 + b"]").findings
    assert len(found) == 21
    assert found[-1].message == "more of the file differs from the schema"


def test_a_long_field_name_is_cut() -> None:
    """A place that runs over pages is shortened, visibly."""
    _, path, content = approved()
    bad = content.replace(b"binary_classification_metrics.f1", b'"' + b"x" * 900 + b'"')
    found = judged("100644", path, bad.replace(b"{value: 0.81}", b"{value: []}")).findings
    assert {finding.rule for finding in found} == {"schema"}
    assert all(len(finding.place) < 230 for finding in found)


def test_values_without_a_digest_are_refused() -> None:
    """Where no digest can be computed, none fits."""
    mode, path, content = approved()
    parsed = parse_record(content, CONTRACTS.promotion)
    assert isinstance(parsed, ParsedRecord)
    file = PromotionFile(path=path, mode=mode, blob="", id=parse_path(path), parsed=parsed)
    (problem,) = evidence_digest.judge(file, CONFIG)
    assert problem.message.startswith("package and evidence have no digest")


def test_a_no_may_be_of_any_size() -> None:
    """A rejected version never becomes `current`, so its size is nobody's business."""
    mode, path, content = example(CORPUS / "invalid" / "parameter-size--many-containers.yaml")
    content = content.replace(b"status: Approved", b"status: Rejected")
    content = content.replace(b'reason: ""', b"reason: too many containers")
    assert judged(mode, path, content).findings == ()


def test_a_no_may_rest_on_inference_from_anywhere() -> None:
    """Who says no is told where the inference ran, and not held up by it."""
    mode, path, content = example(CORPUS / "invalid" / "inference-rung--skipped.yaml")
    content = content.replace(b"status: Approved", b"status: Rejected")
    content = content.replace(b'reason: ""', b"reason: too weak")
    (finding,) = judged(mode, path, content).findings
    assert (finding.rule, finding.severity) == ("inference-rung", Severity.WARNING)
    assert finding.place == "evidence.inference.environment"


def test_rules_over_a_record_pass_over_a_file_without_one() -> None:
    """A rule that needs a record says nothing where another rule has refused the file."""
    file = PromotionFile(path="promotions/x", mode="100644", blob="", id=None, parsed=None)
    assert list(parameter_size.judge(file, CONFIG)) == []
    assert list(inference_rung.judge(file, CONFIG)) == []
    assert list(schema.judge(file, CONFIG)) == []


# The renderers.

PLAIN = Finding(
    path="promotions/dev/churn/7.yaml",
    line=33,
    place="evidence.digest",
    rule="evidence-digest",
    severity=Severity.ERROR,
    message="package and evidence have another digest: 100%, or more",
    remedy="Put them back.",
)
HOSTILE = Finding(
    path="promotions/::error::/a\nb\u202e,x:\udcff.yaml",
    line=1,
    place="",
    rule="path",
    severity=Severity.ERROR,
    message="::error::\r\n::stop-commands::x ##[group]\x1b[2J \u202e % $(id) 'größe'\x7f",
    remedy="%0A::warning::",
)
REMARK = Finding(
    path="promotions/test/churn/7.yaml",
    line=7,
    place="status",
    rule="rung-below",
    severity=Severity.WARNING,
    message="promotions/dev/churn/7.yaml says Retired",
    remedy="Promote it there first.",
)
REPORT = CheckReport(
    findings=tuple(sorted([REMARK, PLAIN, HOSTILE])),
    records_read=3,
    head="1" * 40,
    base="2" * 40,
)
RENDERERS = {"txt": render_text, "json": render_json, "github": render_github}


@pytest.mark.parametrize("kind", RENDERERS)
def test_a_report_renders_as_its_golden_file(kind: str) -> None:
    """Each form is exactly what tests/rules/golden has, hostile texts included."""
    assert RENDERERS[kind](REPORT) == (GOLDEN / f"report.{kind}").read_text("utf-8")


@pytest.mark.parametrize("kind", RENDERERS)
def test_no_form_lets_untrusted_text_act(kind: str) -> None:
    """Output is printable ASCII, and only the github form has lines that are commands."""
    text = RENDERERS[kind](REPORT)
    assert all(" " <= character <= "~" or character == "\n" for character in text)
    assert "##[" not in text
    commands = [line for line in text.splitlines() if line.lstrip().startswith("::")]
    assert len(commands) == (len(REPORT.findings) if kind == "github" else 0)
    assert all(re.match(r"::(error|warning) file=[^:,]*,line=\d+,title=", x) for x in commands)


def test_a_workflow_command_keeps_its_properties_apart() -> None:
    """A comma, a colon, a percent sign or a line break in a path ends no property."""
    (command,) = [line for line in render_github(REPORT).splitlines() if "title=path" in line]
    properties, _, message = command.removeprefix("::error ").partition("::")
    assert [each.split("=")[0] for each in properties.split(",")] == ["file", "line", "title"]
    assert "::" in message


def test_json_gives_back_what_was_found() -> None:
    """The JSON form holds every field of every finding, unescaped when read."""
    value = json.loads(render_json(REPORT))
    assert value["findings"][0]["path"] == REPORT.findings[0].path
    assert {each["message"] for each in value["findings"]} == {
        finding.message for finding in REPORT.findings
    }
    assert (value["errors"], value["warnings"], value["records_read"]) == (2, 1, 3)


@pytest.mark.parametrize(
    ("report", "closing", "code"),
    [
        (CheckReport(findings=(), records_read=2, head=""), "no finding; 2 records", Exit.OK),
        (
            CheckReport(findings=(), records_read=0, head=""),
            "nothing was judged: there is no promotion record",
            Exit.NOTHING_READ,
        ),
        (
            CheckReport(findings=(), records_read=0, head="", base=""),
            "no finding; the change touches no promotion record",
            Exit.OK,
        ),
        (
            CheckReport(findings=(REMARK,), records_read=1, head=""),
            "1 warning; 1 record judged",
            Exit.OK,
        ),
        (
            CheckReport(findings=(PLAIN, PLAIN), records_read=0, head=""),
            "2 errors; 0 records judged",
            Exit.FINDINGS,
        ),
    ],
)
def test_the_closing_line_and_the_exit_code_agree(
    report: CheckReport, closing: str, code: Exit
) -> None:
    """Text and exit code tell the same: errors count, warnings do not, nothing is no pass."""
    assert render_text(report).splitlines()[-1].startswith(closing)
    assert render_github(report).splitlines()[-1].startswith(closing)
    assert report.exit is code
