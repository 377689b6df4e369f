"""The story, step by step. Every number that is told is read from what happened."""

from collections.abc import Callable
from dataclasses import dataclass

from assent.sandbox.demo.auditing import audit
from assent.sandbox.demo.climbing import climb_to_prod, promote_second, run_in_dev
from assent.sandbox.demo.first_rung import apply_first, propose_first, refuse_zoe, review_first
from assent.sandbox.demo.forging import forge_fourth
from assent.sandbox.demo.opening import introduce, train
from assent.sandbox.demo.play import Play
from assent.sandbox.demo.refusing import reject_third
from assent.sandbox.demo.withdrawing import find_drift, retire_second

__all__ = ["STEPS", "Step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A part of the story."""

    title: str
    tell: Callable[[Play], None]
    """Acts, shows and checks; raises where something came out otherwise."""


STEPS = (
    Step(title="What this is", tell=introduce),
    Step(title="zoe trains a model, three times", tell=train),
    Step(title="Version 1 is registered, and a pull request opens", tell=propose_first),
    Step(title="What the approver sees", tell=review_first),
    Step(title="zoe cannot let her own model through", tell=refuse_zoe),
    Step(title="ana approves and merges, and version 1 goes live in dev", tell=apply_first),
    Step(title="Batch inference in dev leads to test", tell=run_in_dev),
    Step(title="From test to uat, and to prod", tell=climb_to_prod),
    Step(title="Version 2 is better, and climbs all the way", tell=promote_second),
    Step(title="Version 3 is worse, and ana says no", tell=reject_third),
    Step(title="Monitoring finds drift in prod", tell=find_drift),
    Step(title="Version 2 is retired from prod, and version 1 runs again", tell=retire_second),
    Step(title="zoe's approval of her own model counts for nothing", tell=forge_fourth),
    Step(title="What an auditor finds", tell=audit),
)
