"""What is lost, and what brings it back: the commands of docs/operating/recovery.md, executed."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from click.testing import Result
from tests.end_to_end import play
from tests.end_to_end.ladder import MODEL, Ladder
from tests.end_to_end.organisation import ADOPTED, Organisation
from tests.end_to_end.test_tidy import in_environment

from assent.sandbox.aws import registry as registry_routes
from assent.sandbox.stage import ACCOUNT, ENVIRONMENTS, REPOSITORY, Stage

PAGE = (Path(__file__).parents[2] / "docs" / "operating" / "recovery.md").read_text("utf-8")
EXIT = re.compile(r" # exit code (?P<codes>\d+(?: or \d+)*)$")
AGAIN = "brought again after the repository was lost"


def section(heading: str) -> str:
    """What the page says below a heading, up to the next one."""
    (found,) = re.findall(
        rf"^##+ {re.escape(heading)}\n(.*?)(?=^## |^### |\Z)", PAGE, re.MULTILINE | re.DOTALL
    )
    return str(found)


def commands(heading: str) -> list[list[str]]:
    """The blocks of commands below a heading, line by line."""
    blocks = re.findall(r"^```sh\n(.*?)^```", section(heading), re.MULTILINE | re.DOTALL)
    assert blocks, heading
    return [block.splitlines() for block in blocks]


class Operator:
    """Somebody with the page in front of them, who types what it says.

    Args:
        ladder: Where it is typed.
    """

    def __init__(self, ladder: Ladder) -> None:
        self.ladder = ladder
        self.mirror = ladder.folder / "mirror"
        (script,) = re.findall(
            r"^```python\n(.*?)^```", section("Keep copies"), re.MULTILINE | re.DOTALL
        )
        (ladder.folder / "parameters.py").write_text(script, encoding="utf-8")

    def follow(self, block: list[str]) -> list[str]:
        """Type a block; each line has to end as the page says, with 0 unless it says otherwise."""
        return [self._type(line) for line in block]

    def _type(self, line: str) -> str:
        said = EXIT.search(line)
        codes = {0} if said is None else {int(code) for code in said["codes"].split(" or ")}
        words = shlex.split(EXIT.sub("", line))
        self.ladder.clock.tick()
        if words[0] == "assent":
            done: Result | subprocess.CompletedProcess[str] = self.ladder.assent(*words[1:])
        else:
            done = self._run(words)
        code = done.exit_code if isinstance(done, Result) else done.returncode
        output = done.output if isinstance(done, Result) else done.stdout + done.stderr
        assert code in codes, f"{line}: {code}\n{output}"
        return str(output)

    def _run(self, words: list[str]) -> "subprocess.CompletedProcess[str]":
        places = {"$REPOSITORY": str(self.ladder.bare), "$MIRROR": str(self.mirror)}
        environ = {"PATH": os.environ["PATH"]}
        if words[0] == "python":
            account = self.ladder.stage.account_of(words[3])
            environ |= self.ladder.stage.aws.environment(account=account)
            words[0] = sys.executable
        return subprocess.run(
            [places.get(word, word) for word in words],
            cwd=self.ladder.folder,
            env=environ,
            check=False,
            capture_output=True,
            text=True,
        )

    def save(self, environment: str) -> None:
        """Keep a copy of an environment's parameters."""
        self._type(f"python parameters.py save {environment} {environment}.json")


@pytest.fixture
def standing(ladder: Ladder) -> Ladder:
    """Version 2 runs in dev, 1 in test; 3 was rejected by closing its pull request."""
    ladder.promoted({1: ["dev", "test"], 2: ["dev"]})
    ladder.register(3)
    (pull,) = ladder.stage.pull_requests()
    ladder.close(pull.number, "ana")
    return ladder


def parameters(ladder: Ladder | Organisation, environment: str) -> dict[str, Any]:
    """What Parameter Store says, by name; when something took effect is left out."""
    pages = (
        ladder.stage.ssm(environment)
        .get_paginator("get_parameters_by_path")
        .paginate(Path=f"/assent/{environment}", Recursive=True)
    )
    found = {
        each["Name"].removeprefix(f"/assent/{environment}/"): json.loads(each["Value"])
        for page in pages
        for each in page["Parameters"]
    }
    for value in found.values():
        for decision in value.get("decisions", ()):
            del decision["applied_at"]
    return found


def lose(ladder: Ladder | Organisation, *environments: str) -> None:
    """Somebody deletes all parameters of some environments."""
    for environment in environments:
        ssm = ladder.stage.ssm(environment)
        for name in parameters(ladder, environment):
            ssm.delete_parameter(Name=f"/assent/{environment}/{name}")


def runs_nothing(ladder: Ladder, environment: str) -> None:
    """An inference job there is told that nothing is approved, and no more."""
    with ladder.signed_in(environment):
        asked = play.assent("resolve", MODEL, "--env", environment)
    assert asked.exit_code == 4, asked.output
    assert "arn:" not in asked.output


def decided(ladder: Ladder, environment: str) -> dict[str, Any]:
    """The parameters but `applied`, which tells of runs and not of decisions."""
    return {
        name: value for name, value in parameters(ladder, environment).items() if name != "applied"
    }


def registry(ladder: Ladder) -> dict[int, Any]:
    """Each version's status and fields."""
    found = {}
    for version, registered in ladder.registered.items():
        said: Any = ladder.stage.aws.sagemaker.describe_model_package(
            ModelPackageName=registered.arn
        )
        found[version] = said["ModelApprovalStatus"], said.get("CustomerMetadataProperties")
    return found


def gaps(output: str) -> set[str]:
    return set(re.findall(r"^GAP  ([a-z-]+)", output, re.MULTILINE))


def test_every_command_of_the_page_is_executed_here() -> None:
    """The page has no block of commands that no test follows."""
    headings = re.findall(r"^##+ (.*)$", PAGE, re.MULTILINE)
    followed = {
        "Keep copies",
        "With a copy",
        "Without a copy",
        "The registry was reset",
        "The branch of receipts is lost",
        "The repository is lost",
        "The repository and the parameters are lost",
    }
    assert {each for each in headings if "```sh" in section(each)} == followed


def test_a_copy_of_the_parameters_brings_everything_back(standing: Ladder) -> None:
    """Written back, it says what it said; what was decided since is applied anew, without a gap."""
    operator = Operator(standing)
    ((*commands_of_the_page,),) = commands("With a copy")
    before = parameters(standing, "dev")
    operator.save("dev")
    lose(standing, "dev")
    operator.follow(commands_of_the_page)
    assert parameters(standing, "dev") == before
    assert standing.retire(2, "dev").exit_code == 0
    (pull,) = standing.stage.pull_requests()
    play.accept(standing.stage, pull.number)
    standing.apply()
    after = decided(standing, "dev")
    assert after["churn/current"]["version"] == 1
    lose(standing, "dev")
    *first, audit = commands_of_the_page
    operator.follow(first)
    assert decided(standing, "dev") == after
    # The copy does not know the retirement, which so took effect, and was receipted, twice.
    assert gaps(operator.follow([f"{audit} # exit code 10"])[0]) <= {
        "receipt-repeated",
        "entry-differs",
    }


def test_without_a_copy_main_and_the_reviews_bring_back_what_runs(standing: Ladder) -> None:
    """Nobody approves anew; closings do not come back, the audit names what repeats."""
    operator = Operator(standing)
    (block,) = commands("Without a copy")
    before = {each: decided(standing, each) for each in ENVIRONMENTS}
    shown = registry(standing)
    pulls = len(standing.stage.pull_requests(state="all"))
    lose(standing, *ENVIRONMENTS)
    runs_nothing(standing, "dev")
    *_, audit = operator.follow(block)
    standing.resolve("dev", 2)
    standing.resolve("test", 1)
    assert before["dev"].pop("churn/versions/3")["decisions"][0]["status"] == "Rejected"
    assert {each: decided(standing, each) for each in ENVIRONMENTS} == before
    assert registry(standing) == shown
    assert len(standing.stage.pull_requests(state="all")) == pulls
    assert gaps(audit) == {"receipt-repeated", "entry-differs", "receipt-without-entry"}


@pytest.fixture
def own_role() -> Iterator[None]:
    """The registry names who writes as AWS names Assent's own role."""
    identity = {"Arn": f"arn:aws:sts::{ACCOUNT}:user/moto", "PrincipalId": "A"}
    with patch.object(registry_routes, "_caller", lambda _: {"IamIdentity": identity}):
        yield


def adopted(stage: Stage, folder: Path, *environments: str) -> Organisation:
    """A version from before Assent came is imported, up to an environment."""
    organisation = Organisation(stage, folder)
    organisation.had(MODEL, "Approved")
    organisation.allow_imports()
    pull = organisation.imported(environments[-1])
    organisation.approve(pull, *environments)
    organisation.merge(pull)
    assert organisation.assent("apply").exit_code == 0
    assert play.current(stage, MODEL, environments[-1]) == 1
    return organisation


@pytest.mark.usefixtures("own_role")
def test_an_import_comes_back_while_its_setting_stands(stage: Stage, tmp_path: Path) -> None:
    """Into the first environment, as the page says: and not while `imports` is taken out."""
    organisation = adopted(stage, tmp_path, "dev")
    lose(organisation, "dev")
    setting = f'imports: {{registered_before: "{ADOPTED}"}}\n'
    written = rewrite(organisation, setting, "")
    applied = organisation.assent("apply", "--all")
    assert applied.exit_code == 12, applied.output
    assert "has no imports.registered_before" in applied.output
    assert f"{MODEL}/current" not in parameters(organisation, "dev")
    rewrite(organisation, written, written.replace("environments:", f"{setting}environments:"))
    applied = organisation.assent("apply", "--all")
    assert applied.exit_code == 0, applied.output
    assert play.current(stage, MODEL, "dev") == 1


def rewrite(organisation: Organisation, old: str, new: str) -> str:
    """Main's assent.yaml says something else; returns all of it."""
    clone = organisation.stage.clone(organisation.folder / "configuring")
    text = (clone / "assent.yaml").read_text("utf-8")
    assert text.count(old) == 1
    (clone / "assent.yaml").write_text(text.replace(old, new), encoding="utf-8")
    play.push(organisation.stage, clone, "assent.yaml")
    play.cold_start()
    return text.replace(old, new)


@pytest.mark.usefixtures("own_role")
def test_an_import_into_several_environments_takes_a_copy(stage: Stage, tmp_path: Path) -> None:
    """As the page warns: a higher environment wrote last, so who did before cannot be told."""
    assert "keep a copy of the parameters" in section("Without a copy")
    organisation = adopted(stage, tmp_path, "dev", "test")
    kept = {each: raw(organisation, each) for each in ("dev", "test")}
    lose(organisation, "dev", "test")
    applied = organisation.assent("apply", "--all")
    assert applied.exit_code == 12, applied.output
    assert "nobody can tell [import-refused]" in applied.output
    assert f"{MODEL}/current" not in parameters(organisation, "dev")
    for environment, values in kept.items():
        for name, value in values.items():
            stage.ssm(environment).put_parameter(
                Name=name, Value=value, Type="String", Overwrite=True
            )
    applied = organisation.assent("apply")
    assert applied.exit_code == 0, applied.output
    assert {play.current(stage, MODEL, each) for each in ("dev", "test")} == {1}
    assert organisation.assent("drift").exit_code == 0


def raw(organisation: Organisation, environment: str) -> dict[str, str]:
    """What `parameters.py save` would keep."""
    pages = (
        organisation.stage.ssm(environment)
        .get_paginator("get_parameters_by_path")
        .paginate(Path=f"/assent/{environment}", Recursive=True)
    )
    return {each["Name"]: each["Value"] for page in pages for each in page["Parameters"]}


def test_healing_before_applying_takes_back_what_applying_shows_again(standing: Ladder) -> None:
    """Why the page says not to: without a history nothing explains an approval."""
    operator = Operator(standing)
    shown = registry(standing)
    lose(standing, "dev", "test")
    operator.follow(["assent drift --heal # exit code 12"])
    assert registry(standing)[2] == (
        "PendingManualApproval",
        shown[2][1] | {"dev": "PendingManualApproval"},
    )
    operator.follow(["assent apply --all"])
    assert {v: status for v, (status, _) in registry(standing).items()} == {
        v: status for v, (status, _) in shown.items()
    }


def test_a_soak_holds_again_until_it_is_taken_out(standing: Ladder) -> None:
    """As the page warns: the rung above waits, and the setting's removal lets it take effect."""
    operator = Operator(standing)
    old, new = in_environment("test", "soak: 24h")
    configure(standing, old, new)
    lose(standing, "dev", "test")
    (output,) = operator.follow(["assent apply --all # exit code 12"])
    assert "[soaking]" in output
    standing.resolve("dev", 2)
    runs_nothing(standing, "test")
    configure(standing, new, old)
    standing.resolve("test", 1)
    configure(standing, old, new, expects=0)
    standing.resolve("test", 1)


def configure(ladder: Ladder, old: str, new: str, expects: int = 0) -> None:
    """The platform team changes assent.yaml in a pull request, and `apply` runs."""
    content = ladder.stage.repository("ana").get_contents("assent.yaml")
    assert not isinstance(content, list)
    text = content.decoded_content.decode()
    assert text.count(old) == 1, text
    ladder.bring({"assent.yaml": text.replace(old, new).encode()}, "carla")
    assert ladder.assent("apply").exit_code == expects


def test_a_registry_that_was_reset_is_healed(standing: Ladder) -> None:
    """Statuses and fields say again what is in effect."""
    operator = Operator(standing)
    (block,) = commands("The registry was reset")
    shown = registry(standing)
    for version in (1, 2):
        standing.stage.aws.sagemaker.update_model_package(
            ModelPackageArn=standing.registered[version].arn,
            ModelApprovalStatus="Rejected",
            CustomerMetadataProperties={"dev": "Rejected", "test": "by hand"},
        )
    heal, drift = block
    assert "restored churn 1 in test" in operator.follow([heal])[0]
    operator.follow([drift])
    assert {version: status for version, (status, _) in registry(standing).items()} == {
        version: status for version, (status, _) in shown.items()
    }


def test_lost_receipts_are_pushed_back_or_made_up_for(standing: Ladder) -> None:
    """From a mirror the very branch; without one each decision gets a receipt marked recovered."""
    operator = Operator(standing)
    pushed, made_up = commands("The branch of receipts is lost")
    operator.follow(commands("Keep copies")[0])

    def lose_receipts() -> str:
        tip = git(standing, "rev-parse", "refs/heads/receipts")
        git(standing, "update-ref", "-d", "refs/heads/receipts")
        shutil.rmtree(standing.folder / "clone", ignore_errors=True)
        return tip

    tip = lose_receipts()
    operator.follow(pushed)
    assert git(standing, "rev-parse", "refs/heads/receipts") == tip
    lose_receipts()
    *_, audit = operator.follow(made_up)
    assert git(standing, "rev-parse", "refs/heads/receipts") != tip
    told = [line for line in audit.splitlines() if f"{MODEL}  " in line]
    assert len(told) == 4
    assert all("(recovered)" in line for line in told)


def git(ladder: Ladder, *arguments: str) -> str:
    command = ["git", "--git-dir", str(ladder.bare), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def lose_the_repository(ladder: Ladder) -> None:
    """GitHub has nothing of it any more, and an administrator makes an empty one of its name."""
    shutil.rmtree(ladder.bare)
    shutil.rmtree(ladder.folder / "clone")
    ladder.stage.add_repository(REPOSITORY)
    assert ladder.stage.pull_requests(state="all") == []


def test_a_lost_repository_is_pushed_back_and_nothing_is_approved_anew(standing: Ladder) -> None:
    """Everything in effect stays, the trail is whole, and the next version climbs as before."""
    operator = Operator(standing)
    (block,) = commands("The repository is lost")
    operator.follow(commands("Keep copies")[0])
    before, shown = decided(standing, "dev"), registry(standing)
    lose_the_repository(standing)
    operator.follow(block)
    assert (decided(standing, "dev"), registry(standing)) == (before, shown)
    standing.score(2, "dev")
    (pull,) = standing.stage.pull_requests()
    assert pull.title.startswith("Promote churn 2 to test")
    standing.merge(pull.number, "ana")
    standing.resolve("test", 2)
    operator.follow(["assent audit"])


def test_repository_and_parameters_lost_take_approvals_anew(standing: Ladder) -> None:
    """A clone alone approves nothing: no record takes effect until code owners approve it again."""
    operator = Operator(standing)
    first, last = commands("The repository and the parameters are lost")
    operator.follow(commands("Keep copies")[0])
    before = {each: decided(standing, each)["churn/current"] for each in ("dev", "test")}
    shown = registry(standing)
    lose_the_repository(standing)
    operator.follow(commands("The repository is lost")[0][:1])
    lose(standing, *ENVIRONMENTS)
    (output,) = operator.follow(first)
    assert output.count("[direct-push]") == 2
    runs_nothing(standing, "dev")
    runs_nothing(standing, "test")
    assert {status for status, _ in registry(standing).values()} <= {
        "PendingManualApproval",
        "Rejected",
    }
    repository, files = standing.stage.repository("zoe"), {}
    for path in ("dev/churn/1", "dev/churn/2", "test/churn/1"):
        content = repository.get_contents(f"promotions/{path}.yaml")
        assert not isinstance(content, list)
        text = content.decoded_content.decode()
        assert text.count('reason: ""') == 1
        files[content.path] = text.replace('reason: ""', f'reason: "{AGAIN}"').encode()
    assert AGAIN in section("The repository and the parameters are lost")
    standing.bring(files, "ana")
    operator.follow(last)
    for environment, current in before.items():
        now = decided(standing, environment)["churn/current"]
        assert now["version"] == current["version"]
        assert now["containers"] == current["containers"]
    assert {version: status for version, (status, _) in registry(standing).items()} == {
        version: status for version, (status, _) in shown.items()
    }
