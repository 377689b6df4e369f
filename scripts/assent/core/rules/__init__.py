"""The rules of `assent check`, one a module; this list is what runs, in this order."""

from assent.core.rules import (
    configuration,
    deletion,
    environment,
    evidence_digest,
    evidence_edited,
    freeze,
    gate,
    imported,
    inference_drift,
    inference_missing,
    inference_rung,
    mixed_change,
    model_case,
    one_record,
    package_arn,
    parameter_size,
    path,
    rung_below,
    schema,
    scope,
    soak,
    stop_the_line,
    strict_yaml,
    symlink,
    transition,
    unexpected_file,
    waiver,
)
from assent.core.rules.rule import ChangeRule, FileRule, Problem, Rule, TreeRule

__all__ = [
    "CHANGE_RULES",
    "FILE_RULES",
    "RULES",
    "TREE_RULES",
    "ChangeRule",
    "FileRule",
    "Problem",
    "Rule",
    "TreeRule",
]

FILE_RULES: tuple[FileRule, ...] = (
    symlink.RULE,
    unexpected_file.RULE,
    strict_yaml.RULE,
    schema.RULE,
    path.RULE,
    environment.RULE,
    package_arn.RULE,
    evidence_digest.RULE,
    inference_rung.RULE,
    parameter_size.RULE,
)
"""Over one file. The order counts: what bars a file comes before what needs a record."""

TREE_RULES: tuple[TreeRule, ...] = (model_case.RULE, scope.RULE, rung_below.RULE)
"""Over records that rest on one another."""

CHANGE_RULES: tuple[ChangeRule, ...] = (
    transition.RULE,
    evidence_edited.RULE,
    inference_drift.RULE,
    inference_missing.RULE,
    imported.RULE,
    gate.RULE,
    waiver.RULE,
    soak.RULE,
    freeze.RULE,
    stop_the_line.RULE,
    deletion.RULE,
    one_record.RULE,
    mixed_change.RULE,
    configuration.RULE,
)
"""Over what a pull request changes."""

RULES: tuple[Rule, ...] = (*FILE_RULES, *TREE_RULES, *CHANGE_RULES)
