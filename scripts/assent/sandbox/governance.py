"""How a promotion repository is set up on GitHub: what docs/operating.md asks for, as settings."""

from collections.abc import Mapping

from assent.sandbox.github import DeployEnvironment, RepositorySettings, Ruleset

__all__ = ["governed"]

_RECEIPTS = "receipts"


def governed(*, app_id: int, roles: Mapping[str, str]) -> RepositorySettings:
    """The settings of a promotion repository, beside the protection of its main branch.

    Two things that Assent asks for are left out, since nothing here could give them: the check is
    not required, because no workflow runs; and rebasing stays possible, so that tests can try it.

    Args:
        app_id: The App that proposes and writes receipts.
        roles: The role that applies, by environment.
    """
    app = {"actor_type": "Integration", "actor_id": app_id, "bypass_mode": "always"}
    rulesets = (
        Ruleset(
            name="promotions",
            branches=("promote/**/*", "retire/**/*", "import/**/*"),
            rules={"creation": {}},
            bypass=(app,),
        ),
        Ruleset(
            name="receipts",
            branches=(_RECEIPTS,),
            rules={"creation": {}, "update": {}},
            bypass=(app,),
        ),
        Ruleset(
            name="append-only",
            branches=(_RECEIPTS,),
            rules={"deletion": {}, "non_fast_forward": {}},
        ),
    )
    return RepositorySettings(
        rulesets=dict(enumerate(rulesets, start=1)),
        environments={
            name: DeployEnvironment(
                variables={"ASSENT_APPLY_ROLE": role}, secrets=("ASSENT_APP_PRIVATE_KEY",)
            )
            for name, role in roles.items()
        },
        variables={"ASSENT_APP_ID": str(app_id)},
    )
