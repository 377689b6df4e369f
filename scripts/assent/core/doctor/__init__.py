"""What the set-up has to be like, judged from what was read of it. Pure; one module a theme."""

from collections.abc import Mapping

from assent.core.doctor import (
    app,
    bot_branches,
    branch,
    buckets,
    intake,
    owners,
    registry,
    rights,
    trust,
    workflows,
)
from assent.core.doctor.finding import Check

__all__ = ["AWS_CHECKS", "CHECKS", "GITHUB_CHECKS"]

GITHUB_CHECKS: tuple[Check, ...] = (
    *branch.CHECKS,
    *bot_branches.CHECKS,
    *owners.CHECKS,
    *workflows.CHECKS,
    *app.CHECKS,
)
AWS_CHECKS: tuple[Check, ...] = (
    *registry.CHECKS,
    *buckets.CHECKS,
    *intake.CHECKS,
    *trust.CHECKS,
    *rights.CHECKS,
)
CHECKS: Mapping[str, Check] = {check.id: check for check in (*GITHUB_CHECKS, *AWS_CHECKS)}
"""All of them, by id."""
