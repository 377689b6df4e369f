"""The story's opening: what this is, and a model that is trained."""

from typing import Any

from assent.core.strict_yaml import YamlProblem, read_yaml
from assent.sandbox.churn import train_versions
from assent.sandbox.demo.play import Play, Unexpected, require
from assent.sandbox.demo.scenery import APPROVALS, TOP
from assent.sandbox.stage import CODE_OWNERS, REPOSITORY
from assent.sandbox.training_code import TRAINING_REPOSITORY, keep_training_code

__all__ = ["GUESSING", "introduce", "train"]

GUESSING = 0.5
"""The AUC of it."""


def introduce(play: Play) -> None:
    """Say what this is, who takes part, and where it happens."""
    stage = play.stage
    play.say(
        "Assent promotes machine-learning models by pull request. A training pipeline registers "
        "a model version; Assent opens a pull request that says how good it is; a code owner "
        "merges it or closes it. Inference asks Assent what to run, and gets what was merged."
    )
    play.say(
        "A version climbs a ladder of environments, and each rung takes a pull request of its "
        "own. It comes to the next rung when it has run on the one below, so that whoever "
        "decides sees how it did there:"
    )
    play.pull()
    play.narrator.listing("\n".join(map(_rung, _ladder(play))))
    play.say(
        "zoe trains models, and decides nothing. Who decides stands in .github/CODEOWNERS; what a "
        f"version has to show on each rung, in assent.yaml. Both are files of {REPOSITORY}, and "
        "the commands below run in a clone of it, as its workflows do."
    )
    play.say(
        "Everything here runs on this machine. Two servers take the place of GitHub and AWS, and "
        "Assent talks to them over HTTP, as it does in production. Credentials and settings of "
        "your own are out of its reach meanwhile."
    )
    play.narrator.listing(
        f"GitHub   {stage.api_url}   compatible, over real git\n"
        f"AWS      {stage.aws.url}          moto, with these accounts"
    )


def _ladder(play: Play) -> list[dict[str, Any]]:
    """The environments of `assent.yaml`, lowest first, after looking who owns each."""
    document = read_yaml((play.folder.clone / "assent.yaml").read_bytes())
    if isinstance(document, YamlProblem):
        raise Unexpected(f"assent.yaml should read; found: {document.message}")
    environments: list[dict[str, Any]] = document.value["environments"]
    owned = (play.folder.clone / ".github" / "CODEOWNERS").read_text(encoding="utf-8")
    for each in environments:
        line = f"/promotions/{each['name']}/ @acme/ml-approvers-{each['name']}\n"
        require(line in owned, f"CODEOWNERS should say {line.strip()}", owned)
    asked = {each["name"]: each.get("approvals", 1) for each in environments}
    require(asked[TOP] == APPROVALS, f"{TOP} should ask for {APPROVALS} approvals", asked)
    return environments


def _rung(environment: dict[str, Any]) -> str:
    name, approvals = environment["name"], environment.get("approvals", 1)
    owners = ", ".join(CODE_OWNERS.get(name, CODE_OWNERS["uat"]))
    return f"{name:6} AWS account {environment['account']}   decided by {approvals} of {owners}"


def train(play: Play) -> None:
    """Train three versions, and say how good each is."""
    play.say(
        "zoe predicts which customers stop buying. She trains on the purchases of a CD shop, "
        "CDNOW, from 1997 and 1998: real data, trained and measured just now, with the code that "
        "her own repository holds:"
    )
    play.code = keep_training_code(play.stage)
    play.narrator.listing(f"{TRAINING_REPOSITORY}   commit {play.code.commit[:12]}")
    play.trained = {model.version: model for model in train_versions()}
    require(sorted(play.trained) == [1, 2, 3], "there should be three versions")
    for version, model in play.trained.items():
        accuracy, auc = play.metric(version, "accuracy"), play.metric(version, "auc")
        play.narrator.command(f"version {version}   AUC {auc}   accuracy {accuracy}")
        play.narrator.output(model.summary)
    customers = play.quality(1)["dataset"]["item_count"]
    constant = play.metric(3, "accuracy_best_constant_classifier")
    play.say(
        f"All are measured on the same {customers} customers, whom no version saw. AUC is the "
        "chance that a customer who left is ranked above one who stayed; guessing gives "
        f"{GUESSING}. Mind version 3: its accuracy looks harmless, but calling every customer "
        f"lost gives {constant.value:.4g} already."
    )
    first, second, third = (play.metric(version, "auc").value for version in (1, 2, 3))
    require(second > first > third, "by AUC, 2 should be best and 3 worst", (first, second, third))
