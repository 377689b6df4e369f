"""`assent demo`: the whole story in a child process, its failures, and what it leaves behind."""

import io
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from aws_lambda_powertools import Logger

from assent.core.errors import Exit
from assent.ports import Unavailable
from assent.sandbox import demo
from assent.sandbox.demo import surroundings
from assent.sandbox.demo.folder import DemoFolder, ForeignFolder
from assent.sandbox.demo.narrator import WIDTH, Narrator, columns, is_styled
from assent.sandbox.demo.page import excerpt
from assent.sandbox.demo.performance import StepFailed, tell_step
from assent.sandbox.demo.play import Play, require
from assent.sandbox.demo.story import STEPS, Step
from assent.sandbox.stage import Stage

NOWHERE = "http://127.0.0.1:9"
"""Nothing listens there: whatever were sent to it would fail."""


def run(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONUTF8": "1", **variables},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def git(repository: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(repository), *arguments], check=True, capture_output=True, text=True
    ).stdout


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_demo_tells_the_whole_story_over_an_earlier_one(tmp_path: Path) -> None:
    """A run in a pipe, over an earlier run's folder and among hostile settings, ends well."""
    earlier = DemoFolder(tmp_path / ".demo")
    earlier.open_log().close()
    earlier.page(9).write_text("from the earlier run", encoding="utf-8")
    (earlier.root / "github" / "stale").mkdir(parents=True)
    (earlier.root / "notes.txt").write_text("somebody's own", encoding="utf-8")

    answer = run(
        "-m",
        "assent",
        "demo",
        cwd=tmp_path,
        AWS_PROFILE="nobody",
        AWS_ENDPOINT_URL_SSM=NOWHERE,
        ASSENT_GITHUB_TOKEN="not-for-the-demo",
        ASSENT_PARAMETER_PREFIX="/elsewhere",
        GIT_DIR=str(tmp_path / "nowhere"),
        http_proxy=NOWHERE,
        no_proxy="example.org",
        FORCE_COLOR="1",
        COLUMNS="80",
    )

    assert (answer.returncode, answer.stderr) == (0, "")
    told = answer.stdout
    lines = told.splitlines()
    assert "".join(re.findall(r"[^\n\x20-\x7e]", told)).isprintable()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if line.startswith("{")], "a log's JSON spilled"
    assert [line for line in lines if re.match(r"\d+\. ", line)] == [
        "1. What this is",
        "2. zoe trains a model, three times",
        "3. Version 1 is registered, and a pull request opens",
        "4. What the approver sees",
        "5. zoe cannot let her own model through",
        "6. ana approves and merges, and version 1 goes live in dev",
        "7. Batch inference in dev leads to test",
        "8. From test to uat, and to prod",
        "9. Version 2 is better, and climbs all the way",
        "10. Version 3 is worse, and ana says no",
        "11. Monitoring finds drift in prod",
        "12. Version 2 is retired from prod, and version 1 runs again",
        "13. zoe's approval of her own model counts for nothing",
        "14. What an auditor finds",
    ]
    arn = "    arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/"
    resolved = [line for line in lines if line.startswith(arn)]
    assert resolved == [f"{arn}{version}" for version in (1, 1, 2, 1)]
    live = [line.split() for line in lines if re.match(r" {4}churn  \S", line)]
    assert [" ".join(cells[1:]) for cells in live] == [
        "- → 1 - - -",
        "1 1 1 1",
        "2 2 2 2",
        "2 2 2 1",
        "2 2 2 1",
    ]
    for line in (
        "    (exit code 4: nothing approved)",
        "    GitHub: 405 Waiting on code owner review from acme/ml-approvers-dev.",
        "    GitHub: 409 Could not create file: Changes must be made through a",
        "    closing  churn 1 in dev: decides nothing, opened again; zoe is no code",
        "    sent Assent Inference Completed: churn 1 in uat, run nightly-1",
        "  prod $ assent resolve churn --env prod",
        "  │ **✅ 2 of 2 gates pass** · ",
        "  │ **In effect: Approved**: version 1 of `churn` is approved in `dev`, by",
        "  │ **❌ 0 of 2 gates pass, 2 fail** · ",
        "    promotions/dev/churn/3.yaml:46: error[gate]: the gate auc-floor fails:",
        "    promotions/dev/churn/3.yaml:46: error[gate]: the gate auc-regression",
        "    (exit code 10: findings)",
        "    closing  churn 3 in dev: Rejected, by ana in",
        "  Assent Retraining Requested, on the bus",
        "      current is version 2 now, and version 1 once it is merged and applied",
        "    Live in prod: churn version 1",
        "    refused  churn 4 in dev: pull request",
        "      [approved-by-creator]",
        "    decided  churn 4 in dev: not decided → Retired, by ana in",
        "    the trail is whole: 13 events, ",
        "  $ assent verify .demo/audit.zip",
        "    last receipt    prod 6",
        "Every step had the result it should have. That took",
    ):
        assert any(each.startswith(line) for each in lines), line

    left = {path.name for path in earlier.root.iterdir()}
    assert left == {
        ".assent-demo",
        "audit.txt",
        "audit.zip",
        "demo.log",
        "github",
        "issues",
        "model-promotions",
        "notes.txt",
        "pull-requests",
    }
    assert not (earlier.root / "github" / "stale").exists()
    log = earlier.log.read_text("utf-8")
    rest = iter(log.splitlines())
    assert [line for line in lines if line and line not in rest] == []  # the log has them in order
    calls = re.findall(r"^  call +(\d+)  (?:github|aws   )  \S", log, re.MULTILINE)
    assert [int(number) for number in calls] == list(range(1, len(calls) + 1))
    assert "UpdateModelPackage" in log
    pages = {path.name: path.read_text("utf-8") for path in earlier.page(1).parent.iterdir()}
    assert sorted(pages, key=lambda name: int(name[:-3])) == [
        f"{number}.md" for number in (*range(1, 10), 11, 12, 13)
    ]
    assert pages["8.md"].startswith("# Promote churn 2 to prod\n")
    assert "inference of version 1 (live)" in pages["8.md"]
    assert "**assent[bot]** commented:\n\n**Rejected**: version 3" in pages["9.md"]
    assert "from the earlier run" not in pages["9.md"]
    assert "assent retire churn 2 --env prod" in earlier.issue(10).read_text("utf-8")
    trail = earlier.trail.read_text("utf-8")
    assert len(re.findall(r"^\w+ +churn ", trail, re.MULTILINE)) == 13
    verified = run("-m", "assent", "verify", str(earlier.bundle), cwd=tmp_path)
    assert (verified.returncode, verified.stderr) == (0, "")

    git(earlier.clone, "fetch", "--quiet")
    authors = git(earlier.clone, "log", "--first-parent", "--format=%an", "origin/main")
    merged = [
        "ana",
        "zoe",
        "carla",
        "carla",
        "ben",
        "ana",
        "ben",
        "carla",
        "ben",
        "ana",
        "ana",
        "acme",
    ]
    assert authors.split() == merged
    records = git(earlier.clone, "ls-tree", "-r", "--name-only", "origin/main", "promotions")
    assert records.split() == [
        "promotions/README.md",
        *(
            f"promotions/{environment}/churn/{version}.yaml"
            for environment in ("dev", "prod", "test", "uat")
            for version in ((1, 2, 4) if environment == "dev" else (1, 2))
        ),
    ]


UNPROTECTED = """
from assent.cli import main
from assent.sandbox.github import GitHub
GitHub.protect = lambda *_: None
main(["demo", "--folder", "kept"])
"""


def test_demo_fails_where_github_does_not_refuse(tmp_path: Path) -> None:
    """Where main is not protected, the demo ends with exit code 1 at the step that shows it."""
    answer = run("-c", UNPROTECTED, cwd=tmp_path)

    unrefused = "GitHub should not let zoe do this: merges #1"
    assert answer.returncode == Exit.BROKEN
    assert answer.stderr.splitlines() == [
        f"assent: the demo failed in step 5, {STEPS[4].title}: {unrefused}",
        "  kept/demo.log holds everything up to here, with every call to the two servers.",
    ]
    assert "ana approves" not in answer.stdout
    log = (tmp_path / "kept" / "demo.log").read_text("utf-8")
    assert "the demo failed in step 5" in log
    assert re.search(r"^  call +\d+  github  PUT \S+/pulls/1/merge$", log, re.MULTILINE)


def _finds_otherwise(_: Play) -> None:
    require(condition=False, expected="`current` should name 2", found=1)


def _is_refused(_: Play) -> None:
    raise Unavailable("GitHub did not answer", hint="Try again.")


def _breaks(_: Play) -> None:
    raise ZeroDivisionError("division by zero")


LOG_HINT = "demo/demo.log holds everything up to here, with every call to the two servers."


@pytest.mark.parametrize(
    ("tell", "said", "hint"),
    [
        (_finds_otherwise, "`current` should name 2; found: 1", LOG_HINT),
        (_is_refused, "GitHub did not answer", f"Try again. {LOG_HINT}"),
        (_breaks, "ZeroDivisionError: division by zero", LOG_HINT),
    ],
    ids=["unexpected", "refused", "broken"],
)
def test_step_that_goes_wrong_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tell: Callable[[Play], None],
    said: str,
    hint: str,
) -> None:
    """Whatever goes wrong in a step ends the demo with the step's name, there and in the log."""
    monkeypatch.chdir(tmp_path)
    folder = DemoFolder(Path("demo"))
    log = io.StringIO()
    play = Play(stage=Stage(folder.root), narrator=Narrator(log, styled=False), folder=folder)

    with pytest.raises(StepFailed) as failure:
        tell_step(play, 3, Step(title="ana decides", tell=tell))

    assert failure.value.message == f"the demo failed in step 3, ana decides: {said}"
    assert (failure.value.hint, failure.value.exit) == (hint, Exit.BROKEN)
    assert failure.value.message in log.getvalue()


def test_reader_who_stops_reading_is_no_failure(tmp_path: Path) -> None:
    """A closed pipe passes through as itself, for the command line to end quietly."""
    folder = DemoFolder(tmp_path / "demo")
    narrator = Narrator(io.StringIO(), styled=False)
    play = Play(stage=Stage(folder.root), narrator=narrator, folder=folder)

    def stop(_: Play) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        tell_step(play, 1, Step(title="What this is", tell=stop))


def test_folder_of_others_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A folder that holds anything but no marker of the demo's is refused, unchanged."""
    (tmp_path / "github").mkdir()
    (tmp_path / "github" / "thesis.tex").write_text("five years", encoding="utf-8")
    (tmp_path / "demo.log").write_text("mine", encoding="utf-8")
    before = snapshot(tmp_path)

    with pytest.raises(ForeignFolder, match="is not empty, and no demo made it") as refusal:
        demo.run(tmp_path)

    assert refusal.value.exit is Exit.BROKEN
    assert "--folder" in refusal.value.hint
    assert snapshot(tmp_path) == before


def test_links_in_the_folder_are_not_followed(tmp_path: Path) -> None:
    """What an earlier run's name has been linked to stays; only the link is removed."""
    own = DemoFolder(tmp_path / "demo")
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept", encoding="utf-8")
    before = snapshot(precious)
    own.clone.symlink_to(precious)
    own.log.symlink_to(precious / "file")

    again = DemoFolder(tmp_path / "demo")
    with again.open_log() as log:
        log.write("new")

    assert snapshot(precious) == before
    assert not again.clone.exists()


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A folder below a file cannot be made, and the error says which and why."""
    (tmp_path / "file").touch()

    with pytest.raises(ForeignFolder, match=r"file/demo cannot be used: "):
        DemoFolder(tmp_path / "file" / "demo")


def test_missing_packages_are_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the demo's packages nothing is touched, and the error names all of them."""
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "moto", None)

    with pytest.raises(demo.DemoNotReady, match=r"not installed: moto, sklearn$") as refusal:
        demo.run(tmp_path / "demo")

    assert "pip install 'WHEEL[demo]'" in refusal.value.hint
    assert not (tmp_path / "demo").exists()


def _without(_: Path) -> None:
    """No git on PATH at all."""


def _outdated(folder: Path) -> None:
    script = folder / "git"
    script.write_text("#!/bin/sh\necho git version 2.34.1\n", encoding="utf-8")
    script.chmod(0o755)


@pytest.mark.parametrize(
    ("arrange", "said"),
    [(_without, "git, which is not on PATH"), (_outdated, r"git 2\.38, and this is 2\.34")],
)
def test_git_that_cannot_do_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrange: Callable[[Path], None], said: str
) -> None:
    """Without git, or with one that cannot merge in a bare repository, nothing is touched."""
    arrange(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(demo.DemoNotReady, match=said):
        demo.run(tmp_path / "demo")

    assert not (tmp_path / "demo").exists()


def test_surroundings_hide_what_leads_to_real_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials, endpoints and proxies are hidden for the time, and all comes back after it."""
    session = boto3.Session(region_name="eu-west-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    hidden = {
        "AWS_PROFILE": "production",
        "AWS_ENDPOINT_URL_S3": NOWHERE,
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
        "ASSENT_GITHUB_TOKEN": "real",
        "GITHUB_TOKEN": "real",
        "GIT_DIR": "/elsewhere",
        "https_proxy": NOWHERE,
        "ALL_PROXY": NOWHERE,
    }
    for name, value in hidden.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    within: list[tuple[set[str], object]] = []

    def perform() -> None:
        with surroundings.only():
            within.append((hidden.keys() & os.environ.keys(), boto3.DEFAULT_SESSION))
            os.environ["AWS_REGION"] = "eu-west-1"
            os.environ["PATH"] = "/nowhere"
            raise RuntimeError("over")

    with pytest.raises(RuntimeError, match="over"):
        perform()

    assert within == [(set(), None)]
    assert dict(os.environ) == before
    assert boto3.DEFAULT_SESSION is session


def test_other_credentials_are_for_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another account's variables, and sessions made with them, go at the end."""
    session = boto3.Session(region_name="eu-west-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ours")
    monkeypatch.delenv("ASSENT_EVENT_BUS", raising=False)

    with surroundings.credentials({"AWS_ACCESS_KEY_ID": "theirs", "ASSENT_EVENT_BUS": "bus"}):
        assert os.environ["AWS_ACCESS_KEY_ID"] == "theirs"
        assert boto3.DEFAULT_SESSION is None

    assert os.environ["AWS_ACCESS_KEY_ID"] == "ours"
    assert "ASSENT_EVENT_BUS" not in os.environ
    assert boto3.DEFAULT_SESSION is session


def test_an_interrupt_ends_the_demo_at_the_next_line() -> None:
    """The first interrupt lets nothing more be said, wherever it arrives; a second one raises."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with surroundings.interrupts() as arrived:
            narrator = Narrator(io.StringIO(), styled=False, interrupts=arrived)
            signal.raise_signal(signal.SIGINT)
            with pytest.raises(KeyboardInterrupt):
                narrator.say("Nobody reads this.")
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with surroundings.interrupts() as arrived:
            signal.raise_signal(signal.SIGINT)
        assert arrived == []
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_the_function_logs_is_heard_and_not_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Powertools' lines of JSON become messages, and its logger is as before afterwards."""
    logger = Logger(service="assent")
    plain = logging.getLogger("assent")
    before = (plain.handlers, plain.level, plain.propagate)

    with surroundings.heard() as heard:
        logger.info("pull request opened", extra={"message_id": "1"})

    assert heard == ["pull request opened"]
    assert (plain.handlers, plain.level, plain.propagate) == before
    assert capsys.readouterr().out == ""


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "styled"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_style_is_for_willing_terminals(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], *, styled: bool
) -> None:
    """A terminal gets style unless its user declines; a file or a pipe never does."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert is_styled(_Terminal()) is styled
    assert not is_styled(io.StringIO())


@pytest.mark.parametrize(
    ("terminal", "width"), [("80", 80), ("300", WIDTH), ("20", 60), ("", WIDTH)]
)
def test_lines_are_as_wide_as_the_terminal_within_bounds(
    monkeypatch: pytest.MonkeyPatch, terminal: str, width: int
) -> None:
    """A line has between 60 and 100 columns, and 100 where nobody says how many there are."""
    monkeypatch.setenv("COLUMNS", terminal)
    monkeypatch.setattr(sys, "__stdout__", io.StringIO())

    assert columns() == width


def test_long_lines_are_folded_or_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """Prose, commands and output are folded at the width; quotations and tables are cut there."""
    narrator = Narrator(io.StringIO(), styled=False, width=60)
    narrator.say("word " * 20)
    narrator.command("$ " + "word " * 20)
    narrator.output("word " * 20)
    narrator.quote(["word " * 20])
    narrator.table("word " * 20)

    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert max(map(len, lines)) == 60
    assert sum(line.count("word") for line in lines) == 3 * 20 + 2 * 11
    assert [line[-1] for line in lines[-2:]] == ["…", "…"]


def test_what_is_said_quietly_is_in_the_log_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Asides and whole passages go into the log and not onto the terminal."""
    log = io.StringIO()
    narrator = Narrator(log, styled=False)
    with narrator.quietly():
        narrator.output("between ourselves")
    narrator.output("aloud")

    assert capsys.readouterr().out == "    aloud\n"
    assert log.getvalue() == "    between ourselves\n    aloud\n"


@pytest.mark.parametrize("styled", [True, False])
def test_control_characters_are_shown_as_escapes(
    capsys: pytest.CaptureFixture[str], *, styled: bool
) -> None:
    """What others wrote cannot steer the terminal, and the log has no control character at all."""
    log = io.StringIO()
    narrator = Narrator(log, styled=styled)

    narrator.command("merge \x1b]0;owned\x07")
    narrator.output("a\x1b[2Jb\u202ec")
    narrator.quote(["x" * 200])

    printed = capsys.readouterr().out
    assert printed.count("\x1b") == (4 if styled else 0)  # two styled lines, each begun and ended
    assert "\x1b]" not in printed
    assert "\x1b[2J" not in printed
    assert log.getvalue().splitlines() == [
        "",
        r"  merge \x1b]0;owned\x07",
        r"    a\x1b[2Jb\u202ec",
        "",
        f"  │ {'x' * (WIDTH - 5)}…",
    ]


PAGE = """\
## Promote `churn` version 2 to `dev`

Merging makes it live.

### Metrics

| metric | version 2 | difference |
| --- | ---: | ---: |
| `m.auc` | 0.75 | +0.1 |
| `m.auc_best_constant_classifier` | 0.5 | 0 |
| `m.f1` | 0.8 | -0.01 |

<details><summary>1 more</summary>

| metric | version 2 |
| --- | ---: |
| `m.recall` | 1 |

</details>

### Where it came from

| | |
| --- | --- |
| package | `a \\| b` |

### How to decide

- **Approve**: merge.

<!-- assent: for
machines -->
"""


def test_excerpt_keeps_the_pages_own_words() -> None:
    """Chosen sections and metrics stay, tables are lined up, and what is left out is counted."""
    lines = excerpt(
        PAGE,
        sections=["Metrics", "How to decide"],
        metrics=["auc", "m.f1", "recall"],
        width=WIDTH,
    )

    assert lines == [
        "## Promote `churn` version 2 to `dev`",
        "",
        "Merging makes it live.",
        "",
        "### Metrics",
        "",
        "| metric  | version 2 | difference |",
        "| ------- | --------: | ---------: |",
        "| `m.auc` |      0.75 |       +0.1 |",
        "| `m.f1`  |       0.8 |      -0.01 |",
        "… and 1 more rows",
        "",
        "### How to decide",
        "",
        "- **Approve**: merge.",
    ]


def test_excerpt_reads_escaped_borders() -> None:
    """An escaped border inside a cell does not end it."""
    lines = excerpt(PAGE, sections=["Where it came from"], metrics=[], width=WIDTH)

    assert r"| package | `a \| b` |" in lines


def test_wide_tables_of_words_are_wrapped() -> None:
    """Tables of anything but metrics keep every word: the widest columns get several lines."""
    page = """\
### Gates

| | gate | why |
| --- | --- | --- |
| ✅&nbsp;holds | `floor` | 0.91 is at least 0.8 |
| ❌&nbsp;**fails** | `regression` | worse by 0.013, may be worse by 0.01 |
"""

    def shown(width: int) -> list[str]:
        return excerpt(page, sections=["Gates"], metrics=[], width=width)[2:]

    assert shown(WIDTH)[2:] == [
        "| ✅ holds     | `floor`      | 0.91 is at least 0.8                 |",
        "| ❌ **fails** | `regression` | worse by 0.013, may be worse by 0.01 |",
    ]
    assert shown(50) == [
        "|             | gate         | why               |",
        "| ----------- | ------------ | ----------------- |",
        "| ✅ holds     | `floor`      | 0.91 is at least  |",
        "|             |              | 0.8               |",
        "| ❌ **fails** | `regression` | worse by 0.013,   |",
        "|             |              | may be worse by   |",
        "|             |              | 0.01              |",
    ]


def test_wide_tables_lose_the_beginnings_of_names() -> None:
    """Where there is little room, headers are wrapped first, and then names lose their heads."""
    page = """\
### Metrics

| metric | inference in `dev` | inference of version 1 (live) |
| --- | ---: | ---: |
| `classification.auc` | 0.75 ± 0.02 | 0.7 ± 0.02 |
| `f1` | 0.8 | 0.81 |
"""

    def shown(width: int) -> list[str]:
        return excerpt(page, sections=["Metrics"], metrics=["auc", "f1"], width=width)[2:]

    assert shown(54) == [
        "| metric               |   inference |  inference |",
        "|                      |    in `dev` | of version |",
        "|                      |             |   1 (live) |",
        "| -------------------- | ----------: | ---------: |",
        "| `classification.auc` | 0.75 ± 0.02 | 0.7 ± 0.02 |",
        "| `f1`                 |         0.8 |       0.81 |",
    ]
    assert shown(42)[-2:] == [
        "| …ation.auc` | 0.75 ± 0.02 | 0.7 ± 0.02 |",
        "| `f1`        |         0.8 |       0.81 |",
    ]
    assert shown(20)[-2].startswith("| ….auc` |")
