"""A GitHub-compatible REST server over real bare git repositories, for the sandbox."""

from assent.sandbox.github.accounts import AppCredentials
from assent.sandbox.github.content_limit import ContentLimit
from assent.sandbox.github.hub import GitHub
from assent.sandbox.github.protection import Protection
from assent.sandbox.github.settings import (
    ActionsSettings,
    DeployEnvironment,
    RepositorySettings,
    Ruleset,
)

__all__ = [
    "ActionsSettings",
    "AppCredentials",
    "ContentLimit",
    "DeployEnvironment",
    "GitHub",
    "Protection",
    "RepositorySettings",
    "Ruleset",
]
