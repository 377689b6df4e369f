"""The command line: what each command prints, where, and with which exit code."""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.command_line import (
    CONFIG,
    HOSTILE,
    REPORT,
    Play,
    assert_harmless,
    leave_out_surroundings,
    package_of,
    promoted,
    record_of,
    run,
)

from assent import __version__
from assent.core.events import Ignored
from assent.core.names import RecordId, parse_package_arn
from assent.core.outcome import (
    Attempt,
    DriftReported,
    DriftStep,
    Outcome,
    Proposed,
    Settled,
    Unusable,
    Vanished,
    Waiting,
)
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.rendering.plain import json_text, plain

ROOT = Path(__file__).parents[1]
RULES = ROOT / "tests" / "rules"
RECORD = "promotions/dev/churn/7.yaml"
ON_A_CLONE: dict[str, tuple[str, ...]] = {
    "apply": (),
    "check": (),
    "history": ("churn",),
    "plan": (),
    "reject": ("1",),
    "retire": ("churn", "7", "--env", "dev", "--reason", "x"),
    "status": (),
    "tidy": (),
}
"""Commands that work on a clone, each with the arguments that it needs."""
COMMANDS = (*ON_A_CLONE, "demo", "propose", "report-inference", "report-violations", "resolve")


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_surroundings(monkeypatch)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
        check=True,
        capture_output=True,
    )


@pytest.fixture
def clone(tmp_path: Path) -> Callable[[Mapping[str, bytes | Path]], Path]:
    """Make a clone whose HEAD holds these files."""

    def make(files: Mapping[str, bytes | Path]) -> Path:
        folder = tmp_path / "clone"
        folder.mkdir()
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read_bytes() if isinstance(content, Path) else content)
        _git(folder, "init", "--quiet")
        _git(folder, "add", "--all")
        _git(folder, "commit", "--quiet", "--allow-empty", "--message", "All")
        return folder

    return make


Clone = Callable[[Mapping[str, bytes | Path]], Path]


# What every command has in common.


def test_the_version_is_told() -> None:
    """`assent --version` prints name and version."""
    assert run("--version").output == f"assent, version {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str) -> None:
    """`--help`, and `-h`, of each command tell its usage and end well."""
    result = run(command, "--help")
    assert (result.exit_code, result.output) == (0, run(command, "-h").output)
    assert result.output.startswith(f"Usage: main {command} ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["promote"],
        ["--verbose"],
        ["check", "--all"],
        ["check", "extra"],
        ["check", "--format", "yaml"],
        ["check", "--repository", "no/such/folder"],
        ["check", "--pull-request", "0"],
        ["check", "--pull-request", "x"],
        ["check", "--summary", "."],
        ["plan", "--format", "github"],
        ["apply", "--format", "markdown"],
        ["status", "--env"],
        ["propose"],
        ["propose", "no-such-file.json"],
        ["resolve"],
        ["resolve", "churn"],
        ["resolve", "--env", "dev"],
        ["reject"],
        ["reject", "0"],
        ["reject", "twelve"],
        ["retire", "churn", "7", "--env", "dev"],
        ["retire", "churn", "7", "--reason", "x"],
        ["retire", "churn", "0", "--env", "dev", "--reason", "x"],
        ["retire", "churn", "1e3", "--env", "dev", "--reason", "x"],
        ["history"],
        ["report-inference", "churn", "--metrics", REPORT],
        ["report-inference", "churn", "--env", "dev", "--version", "1"],
        ["report-inference", "churn", "--env", "dev", "--version", "1", "--metrics", "a.json"],
        ["report-inference", "churn", "--env", "dev", "--version", "1", "--report", REPORT],
        ["report-inference", "-x", "--env", "dev", "--version", "1", "--metrics", REPORT],
        ["report-violations", "churn", "--env", "dev"],
        ["report-violations", "churn", "--env", "dev", "--report", "https://x/y"],
        ["report-violations", "chürn", "--env", "dev", "--report", REPORT],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_has_code_2(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """Usage errors are click's own: code 2, told on standard error, and nothing is sent."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr


@pytest.mark.parametrize("command", ON_A_CLONE)
def test_a_folder_that_is_no_clone_is_no_verdict(command: str, tmp_path: Path) -> None:
    """Outside of a git repository: code 1, with what to do."""
    result = run(command, *ON_A_CLONE[command], "--repository", tmp_path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is no git repository" in result.stderr
    assert "Run inside a clone of the promotion repository" in result.stderr


@pytest.mark.parametrize("command", ON_A_CLONE)
def test_a_clone_without_configuration_is_no_verdict(command: str, clone: Clone) -> None:
    """Without assent.yaml nothing is judged and nothing is read: code 1."""
    result = run(command, *ON_A_CLONE[command], "--repository", clone({"README.md": b"x"}))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "assent.yaml" in result.stderr


@pytest.mark.parametrize("command", ON_A_CLONE)
def test_a_bad_configuration_is_no_verdict(command: str, clone: Clone) -> None:
    """Each problem is told with its line, whatever it holds: code 1."""
    bad = CONFIG.replace(b"parameter_prefix: /assent", b'parameter_prefix: "\\e[31m::error::"')
    result = run(command, *ON_A_CLONE[command], "--repository", clone({"assent.yaml": bad}))
    assert (result.exit_code, result.stdout) == (1, "")
    line = bad[: bad.index(b"parameter_prefix")].count(b"\n") + 1
    assert f"assent.yaml:{line}: parameter_prefix: " in result.stderr
    assert_harmless(result.stderr)


@pytest.mark.parametrize("command", [name for name in ON_A_CLONE if name != "check"])
def test_an_unknown_environment_is_named(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that is no rung is told, with the ladder."""
    Play().install(monkeypatch)
    result = run(command, *ON_A_CLONE[command], "--env", HOSTILE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is no environment of assent.yaml" in result.stderr
    assert "dev → test → uat → prod" in result.stderr
    assert_harmless(result.stderr)


# check


def test_check_accepts_a_valid_tree(clone: Clone) -> None:
    """A valid tree has code 0 and one line."""
    folder = clone({"assent.yaml": CONFIG, RECORD: RULES / "valid" / "approved.yaml"})
    result = run("check", "--repository", folder)
    assert (result.exit_code, result.output) == (0, "no finding; 1 record judged\n")


def test_check_never_calls_an_empty_tree_green(clone: Clone) -> None:
    """A tree without a record has code 3."""
    result = run("check", "--repository", clone({"assent.yaml": CONFIG}))
    assert result.exit_code == 3
    assert result.output == "nothing was judged: there is no promotion record\n"


def test_check_refuses_an_unknown_revision(clone: Clone) -> None:
    """A base that the clone does not know is no verdict: code 1."""
    result = run("check", "--repository", clone({"assent.yaml": CONFIG}), "--base", "no-such")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no-such" in result.stderr


@pytest.fixture
def hostile_tree(clone: Clone) -> Path:
    """A tree whose paths and values hold what nobody should act on."""
    record = (RULES / "valid" / "approved.yaml").read_bytes()
    escapes = rb'"\e[31m::error::\u202e##[error]\x7f\r\n"'
    return clone(
        {
            "assent.yaml": CONFIG,
            RECORD: record.replace(b"model: churn", b"model: " + escapes),
            "promotions/dev/churn/8.yaml": record.replace(b"status:", escapes + b": x\nstatus:"),
            "promotions/dev/\x1b[31m::error::\n##[x]/1.yaml": record,
        }
    )


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_check_shows_findings_and_does_nothing_else_with_them(
    hostile_tree: Path, form: str
) -> None:
    """Findings have code 10; no format lets their text move a cursor or start a command."""
    result = run("check", "--repository", hostile_tree, "--format", form)
    assert (result.exit_code, result.stderr) == (10, "")
    if form == "github":
        commands = [line for line in result.output.split("\n") if line.startswith("::")]
        assert commands
        assert all(line.startswith("::error file=promotions/") for line in commands)
        assert_harmless("\n".join(line.removeprefix("::") for line in result.output.split("\n")))
    else:
        assert_harmless(result.output)
    assert result.output == run("check", "--repository", hostile_tree, "--format", form).output


def test_check_tells_json_by_its_schema(hostile_tree: Path) -> None:
    """The JSON names its form, counts, and has each finding's rule, path and line."""
    value = json.loads(run("check", "--repository", hostile_tree, "--format", "json").output)
    assert value["schema"] == "assent/findings/v1"
    assert (value["records_read"], value["errors"]) == (2, len(value["findings"]))
    assert {each["rule"] for each in value["findings"]} == {"path", "schema"}
    assert all(isinstance(each["line"], int) for each in value["findings"])


DEMANDS = b"stop_the_line: incident 12\n"


@pytest.fixture
def stopped(clone: Clone) -> Path:
    """A clone whose HEAD brings a promotion to a base that stops the line."""
    folder = clone({"assent.yaml": CONFIG + DEMANDS, "README.md": b"x"})
    _git(folder, "branch", "base")
    path = folder / RECORD
    path.parent.mkdir(parents=True)
    path.write_bytes((RULES / "valid" / "approved.yaml").read_bytes())
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "Promote")
    return folder


def test_check_without_credentials_is_no_verdict_where_github_decides(stopped: Path) -> None:
    """It says what is missing, and how to have the rest judged; then it warns instead."""
    arguments = ("check", "--repository", stopped, "--base", "base")
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there are no credentials for GitHub" in result.stderr
    assert "ASSENT_GITHUB_TOKEN" in result.stderr
    assert "--offline" in result.stderr
    offline = run(*arguments, "--offline")
    assert (offline.exit_code, offline.stderr) == (0, "")
    assert "warning[stop-the-line]: not judged offline: " in offline.output
    assert offline.output.endswith("1 warning; 1 record judged\n")


def test_check_needs_no_credentials_where_nothing_holds_a_promotion_up(stopped: Path) -> None:
    """The same promotion passes once the line runs again, without GitHub being reached."""
    _git(stopped, "checkout", "--quiet", "base")
    (stopped / "assent.yaml").write_bytes(CONFIG)
    _git(stopped, "commit", "--quiet", "--all", "--message", "Go on")
    result = run("check", "--repository", stopped, "--base", "base", "--head", "@{-1}")
    assert (result.exit_code, result.output) == (0, "no finding; 1 record judged\n")


def test_check_appends_its_summary(stopped: Path, tmp_path: Path) -> None:
    """The page and the findings follow what the file holds; the output is as without."""
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    arguments = ("check", "--repository", stopped, "--base", "base", "--offline")
    plain_output = run(*arguments).output
    assert run(*arguments, "--summary", summary).output == plain_output
    text = summary.read_text("utf-8")
    assert text.startswith("before\n# assent check: 1 warning; 1 record judged\n")
    assert "Promote" in text
    assert "stop-the-line" in text.partition("## Findings")[2]


@pytest.mark.parametrize("form", ["github", "text", "json"])
def test_check_uses_the_jobs_summary_in_a_job(
    stopped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """With the format for GitHub the runner's file is used, unless another one is named."""
    jobs, other = tmp_path / "jobs.md", tmp_path / "other.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(jobs))
    arguments = ("check", "--repository", stopped, "--base", "base", "--offline", "--format", form)
    assert run(*arguments).exit_code == 0
    assert jobs.exists() is (form == "github")
    before = jobs.read_bytes() if jobs.exists() else b""
    assert run(*arguments, "--summary", other).exit_code == 0
    assert (jobs.read_bytes() if jobs.exists() else b"") == before
    assert other.stat().st_size


def test_a_summary_that_cannot_be_written_changes_no_verdict(
    hostile_tree: Path, tmp_path: Path
) -> None:
    """The verdict was reached; that nobody can read its summary is told beside it."""
    result = run(
        "check", "--repository", hostile_tree, "--summary", tmp_path / "no-folder" / "summary.md"
    )
    assert result.exit_code == 10
    assert "the summary could not be written" in result.stderr
    assert_harmless(result.stderr)


def test_a_summary_never_outgrows_what_github_shows(hostile_tree: Path, tmp_path: Path) -> None:
    """In a file that is nearly full nothing is cut: what does not fit is left out."""
    summary = tmp_path / "summary.md"
    for held in (1024 * 1024, 1024 * 1024 - 100, 1024 * 1024 - 3000):
        summary.write_bytes(b"x" * held)
        assert run("check", "--repository", hostile_tree, "--summary", summary).exit_code == 10
        written = summary.read_bytes()[held:]
        assert held + len(written) <= 1024 * 1024
        assert written == b"" or written.startswith(b"# assent check: ")


# propose


@dataclass(frozen=True)
class _Answering:
    outcome: Outcome

    def propose(self, _event: object) -> Outcome:
        return self.outcome


@pytest.mark.parametrize(
    ("outcome", "code", "line"),
    [
        (
            Proposed(
                id=RecordId("dev", "churn", 7),
                url="https://github.com/acme/model-promotions/pull/12",
                number=12,
                attempt=Attempt.OPENED,
            ),
            0,
            "churn 7 in dev: https://github.com/acme/model-promotions/pull/12 (opened)",
        ),
        (
            Settled(id=RecordId("dev", "churn", 7), why="main holds it"),
            0,
            "churn 7 in dev: nothing to propose, main holds it",
        ),
        (
            Waiting(id=RecordId("dev", "churn", 7), branch="promote/dev/churn/7", why=HOSTILE),
            0,
            f"churn 7 in dev: waits on promote/dev/churn/7, {plain(HOSTILE)}",
        ),
        (Ignored(why=HOSTILE), 0, f"ignored: {plain(HOSTILE)}"),
        (Vanished(why="it is gone"), 3, "nothing to propose: it is gone"),
        (
            Unusable(id=RecordId("test", "churn", 7), run="nightly", uri=REPORT, why=HOSTILE),
            10,
            f"churn 7 in test: not proposed after nightly: {REPORT}: {plain(HOSTILE)}",
        ),
        (
            DriftReported(
                id=RecordId("prod", "churn", 7),
                run="nightly",
                url="https://github.com/acme/p/issues/13",
                number=13,
                step=DriftStep.OPENED,
                violations=2,
                unread=0,
            ),
            0,
            "churn 7 in prod: drift, 2 violations: https://github.com/acme/p/issues/13 (opened)",
        ),
    ],
    ids=["proposed", "settled", "waiting", "ignored", "vanished", "unusable", "drift-reported"],
)
def test_propose_tells_what_became_of_an_event(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, outcome: Outcome, code: int, line: str
) -> None:
    """One line of text or one JSON object; 3 tells of nothing, 10 of a report without use."""
    event = tmp_path / "event.json"
    event.write_text("{}", encoding="utf-8")
    monkeypatch.setattr("assent.wiring.proposer_from_environment", lambda: _Answering(outcome))
    shown = run("propose", event)
    assert (shown.exit_code, shown.output) == (code, f"{line}\n")
    assert_harmless(shown.output)
    told = run("propose", event, "--format", "json")
    assert told.exit_code == code
    assert json.loads(told.output)["outcome"].replace("-", "") == type(outcome).__name__.lower()
    assert_harmless(told.output)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[" * 100_000, HOSTILE.encode("utf-8", "replace")]
)
def test_an_event_that_is_no_json_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    """The file is judged before anybody is asked: code 1."""
    monkeypatch.setenv("ASSENT_REPOSITORY", "acme/model-promotions")
    monkeypatch.setenv("ASSENT_GITHUB_TOKEN", "opens-nothing")
    event = tmp_path / "event.json"
    event.write_bytes(content)
    result = run("propose", event)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("assent: the message is not JSON: ")
    assert_harmless(result.stderr)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "ASSENT_REPOSITORY does not name a repository"),
        ({"ASSENT_REPOSITORY": "promotions"}, "ASSENT_REPOSITORY does not name a repository"),
        ({"ASSENT_REPOSITORY": "acme/p"}, "there are no credentials for GitHub"),
        ({"ASSENT_REPOSITORY": "acme/p", "ASSENT_APP_ID": "1"}, "there are no credentials"),
    ],
)
def test_propose_says_which_setting_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    """Without its settings nothing is asked: code 1, and what to set."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    event = tmp_path / "event.json"
    event.write_text("{}", encoding="utf-8")
    result = run("propose", event)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert "Set " in result.stderr


# plan, apply, status: over the services in memory


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    return promoted(monkeypatch)


@pytest.fixture
def hostile(play: Play) -> Play:
    """Beside it a record and parameters that do not read."""
    broken = record_of("fraud", 1).replace(b"status: Approved", rb'status: "\e[31m##[error]\x7f"')
    play.promote("fraud", 1, content=broken)
    play.promote("spam", 1)
    history = {
        "schema": "assent/history/v1",
        "environment": HOSTILE,
        "model": HOSTILE,
        "version": 1,
    }
    play.parameters.values["/assent/dev/spam/versions/1"] = json.dumps(history)
    play.parameters.values["/assent/dev/spam/current"] = HOSTILE
    play.parameters.values["/assent/dev/applied"] = HOSTILE
    return play


def test_plan_and_apply_tell_the_same_story(play: Play) -> None:
    """Plan shows the change, apply makes it, and then there is nothing to do."""
    head = play.repository.branches["main"]
    planned = run("plan", "--env", "dev")
    assert planned.exit_code == 0
    assert planned.output == (
        "dev: 2 changes\n"
        "  decide   churn 7 in dev: not decided → Approved\n"
        "  current  churn in dev: no version → 7\n"
    )
    assert play.parameters.writes == []
    applied = run("apply", "--env", "dev")
    assert applied.exit_code == 0
    assert applied.output == (
        "decided  churn 7 in dev: not decided → Approved, by ana in https://forge.example/pull/1\n"
        "current  churn in dev: no version → 7\n"
        f"{head[:12]}: 1 decided, 1 current written\n"
    )
    again = run("apply", "--env", "dev")
    assert again.exit_code == 0
    assert again.output == f"{head[:12]}: nothing to do: everything is as main asks\n"
    assert run("plan", "--env", "dev").output == "dev: no change\n"


def test_status_tells_what_is_live_and_what_is_asked(play: Play) -> None:
    """Before apply an arrow leads to what main asks for; afterwards the version stands alone."""
    before, after = "model  dev    test\nchurn  - → 7  -\n", "model  dev  test\nchurn  7    -\n"
    arguments = ("status", "--env", "test", "--env", "dev")
    assert run(*arguments).output == before
    assert run("apply").exit_code == 0
    assert run(*arguments).output == after
    assert play.parameters.values["/assent/dev/applied"]


def test_status_of_an_empty_repository_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a record there is no table, only a sentence."""
    Play().install(monkeypatch)
    result = run("status")
    assert (result.exit_code, result.output) == (0, "no model has a record under promotions/\n")


def test_a_refusal_has_code_12(play: Play) -> None:
    """What nobody approved is refused, told, and the rest is done."""
    play.repository.push({"promotions/dev/churn/8.yaml": record_of("churn", 8)})
    play.registry.put(
        ModelVersion(
            arn=parse_package_arn(package_of("churn", 8).arn),
            package=package_of("churn", 8),
            status="Completed",
            approval=RegistryApproval.PENDING,
        )
    )
    result = run("apply")
    assert result.exit_code == 12
    assert "refused  churn 8 in dev: " in result.output
    assert "current  churn in dev: no version → 7" in result.output


def test_an_unreadable_parameter_is_no_verdict(hostile: Play) -> None:
    """Plan ends with code 1 and says why on standard error; what reads is planned all the same."""
    result = run("plan", "--env", "dev")
    assert result.exit_code == 1
    assert "decide   churn 7 in dev" in result.stdout
    assert "refuse   fraud 1 in dev" in result.stdout
    assert "/assent/dev/spam/versions/1 is not what Assent wrote" in result.stderr
    assert hostile.parameters.writes == []


LISTINGS: list[tuple[str, ...]] = [
    ("plan",),
    ("plan", "--all"),
    ("plan", "--format", "markdown"),
    ("plan", "--format", "json"),
    ("status",),
    ("status", "--format", "json"),
    ("apply",),
    ("apply", "--format", "json"),
    ("history", "spam"),
    ("history", "spam", "--format", "json"),
]


@pytest.mark.parametrize("arguments", LISTINGS, ids=" ".join)
def test_no_listing_does_anything_with_hostile_text(
    hostile: Play, arguments: tuple[str, ...]
) -> None:
    """What registry, parameters and records hold is shown, and neither colours nor commands."""
    assert HOSTILE in hostile.parameters.values.values()
    result = run(*arguments)
    assert result.exit_code in {0, 1, 12}
    assert_harmless(result.stdout)
    assert_harmless(result.stderr)
    assert "spam" in result.output


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (("plan", "--format", "json"), ["head", "plans"]),
        (("plan", "--all", "--format", "json"), ["head", "plans"]),
        (("status", "--format", "json"), ["environments", "models"]),
    ],
)
def test_a_json_listing_is_stable(
    hostile: Play, arguments: tuple[str, ...], keys: list[str]
) -> None:
    """It parses, has the keys that scripts rely on, and says the same when asked again."""
    first, second = run(*arguments).stdout, run(*arguments).stdout
    assert first == second
    assert list(json.loads(first)) == keys
    assert hostile.parameters.writes == []


def test_the_json_of_apply_has_a_receipt_for_each_change(play: Play) -> None:
    """Head, exit code and receipts, each with the fields that an auditor needs."""
    result = run("apply", "--format", "json")
    value = json.loads(result.output)
    assert (result.exit_code, value["exit"]) == (0, 0)
    assert value["head"] == play.repository.branches["main"]
    decided, current = value["receipts"]
    assert (decided["receipt"], decided["by"], decided["becomes"]) == (
        "decided",
        ["ana"],
        "Approved",
    )
    assert current == {
        "receipt": "current",
        "environment": "dev",
        "model": "churn",
        "was": None,
        "becomes": 7,
    }


def test_the_json_of_status_has_each_cell(play: Play) -> None:
    """Live and asked, by model and environment; an environment without records is absent."""
    assert play.parameters.values == {}
    value = json.loads(run("status", "--format", "json").output)
    assert value == {
        "environments": ["dev", "test", "uat", "prod"],
        "models": {"churn": {"dev": {"live": None, "asked": 7}}},
    }


# What the renderers share.


def test_plain_text_keeps_what_people_read() -> None:
    """Letters of any script and ordinary signs stay as they are."""
    text = "größer → 7, «auc» ≥ 0.9 🌍 a::b # [x] %0A"
    assert plain(text) == text


def test_plain_text_shows_what_would_act() -> None:
    """Everything else is one line of escapes."""
    assert plain(HOSTILE) == (r"\x1b[31mred\x07\r\n::error::x #\x23[error]y \u202e\x7f\ud800")
    assert plain("  ::stop-commands::x") == r"  \x3a:stop-commands::x"


def test_json_text_reads_back_equal() -> None:
    """What is escaped in JSON is escaped by JSON's own means."""
    value: dict[str, Any] = {HOSTILE: [HOSTILE, None, 7, 0.5, True]}
    text = json_text(value)
    assert json.loads(text) == value
    assert_harmless(text)
