"""Rule `symlink`: what git holds below `promotions/` is a plain file."""

from collections.abc import Iterator

from assent.core.config import Config
from assent.core.rules.rule import FileRule, Problem
from assent.core.rules.subject import REGULAR_FILE, PromotionFile

__all__ = ["RULE"]

_KINDS = {
    "100755": "is executable",
    "120000": "is a symbolic link",
    "160000": "is a submodule",
}


def judge(file: PromotionFile, _config: Config) -> Iterator[Problem]:
    """Refuse every mode but that of a plain file."""
    if file.mode != REGULAR_FILE:
        what = _KINDS.get(file.mode, f"has the mode {file.mode}")
        yield Problem(path=file.path, message=f"this {what}; only a plain file is read")


RULE = FileRule(
    id="symlink",
    description="Everything below promotions/ is a plain file: no symbolic link, no submodule, "
    "no executable.",
    remedy="Replace it by a plain file; `git update-index --chmod=-x PATH` takes the executable "
    "bit away.",
    judge=judge,
    bars=True,
)
