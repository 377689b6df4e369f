"""A bundle's anchors: what to compare it by, and what it cannot prove."""

from assent.core.bundle import Bundle
from assent.core.rendering.plain import plain
from assent.core.timestamps import written

__all__ = ["anchors_text"]


def anchors_text(bundle: Bundle) -> str:
    """What ties a bundle to the world, one line each, and how to compare it."""
    anchors = bundle.anchors
    lines = [
        f"bundle          {bundle.digest}",
        f"made            {written(bundle.made_at)} by {plain(bundle.tool)}",
        f"{plain(anchors.branch):<15} {anchors.main}",
        f"{plain(anchors.receipts_branch):<15} {anchors.tip or 'no such branch'}",
    ]
    lines += [
        f"last receipt    {plain(name)} {number} {plain(receipt)}"
        for name, (number, receipt) in sorted(anchors.heads.items())
    ]
    if bundle.absent:
        many = "1 commit that was" if len(bundle.absent) == 1 else f"{len(bundle.absent)} that were"
        lines.append(f"not in it       {many} approved: what it held is not judged")
    return "\n".join([*lines, *_LIMITS])


_LIMITS = (
    "Compare these with a source that you trust: a bundle that somebody made up fits itself, too.",
    "That GitHub said what receipts record of reviews, it cannot prove: `git verify-commit` tells",
    "who signed the commits of the receipts branch. State is what the run read that made it.",
)
