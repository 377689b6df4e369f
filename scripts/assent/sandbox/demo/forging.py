"""The forgery: an approval that GitHub takes for one, and that counts for nothing."""

from assent.core.errors import Exit
from assent.sandbox.demo.play import MODEL, Play, require
from assent.sandbox.demo.reviewing import approve_and_merge, opened, show_comments
from assent.sandbox.demo.running import deliver, register_version, shows_live
from assent.sandbox.stage import CODE_OWNERS

__all__ = ["forge_fourth"]

_TEAM = "ml-approvers-dev"
_FORGED = 4


def forge_fourth(play: Play) -> None:
    """Let zoe approve a model that she registered herself; apply refuses it by name."""
    play.say(
        "zoe registers version 2's model once more, as version 4. Whoever manages the teams has "
        f"meanwhile put her into {_TEAM}, so that she owns promotions/dev/ as ana and ben do. "
        "She approves her own model. For GitHub everything is in order, and it merges:"
    )
    play.trained[_FORGED] = play.trained[2]
    register_version(play, _FORGED)
    deliver(play, play.registered[_FORGED].event, logged=["(opened)"])
    number = opened(play, f"Promote {MODEL} {_FORGED} to dev").number
    owners = CODE_OWNERS["dev"]
    play.stage.hub.add_team("acme", _TEAM, members=[*owners, "zoe"])
    approve_and_merge(play, number, "zoe")
    play.say(
        "Apply does not take GitHub's word for it. It asks who approved which bytes, and the "
        "registry who registered the model; assent.yaml says who stands behind that principal:"
    )
    play.pull()
    said = play.assent("apply", exit_code=Exit.INCOMPLETE)
    require(
        f"refused  {MODEL} {_FORGED} in dev" in said and "[approved-by-creator]" in said,
        "the approval of the model's creator should be refused by name",
        said,
    )
    show_comments(play, number, last="**Refused** (`approved-by-creator`)")
    play.say(
        "Nothing took effect, and everything else went on. ana takes zoe off the team, and "
        "retires what stands on main without effect, so that the next run is green:"
    )
    play.stage.hub.add_team("acme", _TEAM, members=list(owners))
    reason = "Approved by the person who registered it."
    play.assent("retire", MODEL, str(_FORGED), "--env", "dev", "--reason", reason)
    pull = opened(play, f"Retire {MODEL} {_FORGED} from dev")
    approve_and_merge(play, pull.number, "ana")
    play.pull()
    said = play.assent("apply")
    require(f"{MODEL} {_FORGED} in dev: not decided → Retired" in said, "4 should be retired", said)
    shows_live(play, "2", "2", "2", "1")
