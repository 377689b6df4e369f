"""What a repository in memory answers about promotions as such."""

from collections.abc import Iterator, Mapping, Sequence

from assent.adapters.memory_pulls import MemoryPull
from assent.core.forge import (
    Branch,
    OpenPromotion,
    OpenPullRequest,
    PromotionView,
    Proposal,
    ProposalState,
)

__all__ = ["branches_below", "open_of", "view_of"]

_LISTED = 100
"""As many open pull requests a view lists."""


def view_of(
    pulls: Sequence[MemoryPull],
    bot: str,
    *,
    head: str,
    files: Mapping[str, bytes],
    branches: tuple[str, str | None],
    label: str | None,
) -> PromotionView:
    """See `ports.Forge.promotion`.

    Args:
        pulls: Every pull request, oldest first.
        bot: Whose are the bot's own.
        head: The tip of the branch that counts.
        files: What it holds of the files asked for.
        branches: The promotion's own, and another one.
        label: What further open pull requests carry.
    """
    own = [pull for pull in reversed(pulls) if pull.author == bot]
    plain, other = branches
    labelled = [
        pull
        for pull in reversed(pulls)
        if label is not None and pull.state is ProposalState.OPEN and label in pull.labels
    ]
    return PromotionView(
        head=head,
        files=dict(files),
        proposals=tuple(_proposal(pull, bot) for pull in own if pull.branch == plain),
        others=tuple(_proposal(pull, bot) for pull in own if pull.branch == other),
        open=tuple(
            OpenPromotion(number=pull.number, url=pull.url, branch=pull.branch)
            for pull in labelled[:_LISTED]
            if pull.author == bot
        ),
        further=max(0, len(labelled) - _LISTED),
    )


def open_of(pulls: Sequence[MemoryPull], bot: str) -> Iterator[OpenPullRequest]:
    """See `ports.Forge.open_promotions`."""
    for pull in list(pulls):
        if pull.state is ProposalState.OPEN and pull.author == bot:
            yield OpenPullRequest(
                number=pull.number,
                url=pull.url,
                branch=pull.branch,
                head=pull.head,
                title=pull.title,
                body=pull.body,
                labels=tuple(pull.labels),
            )


def branches_below(
    branches: Mapping[str, str], pulls: Sequence[MemoryPull], bot: str, prefix: str
) -> Iterator[Branch]:
    """See `ports.Forge.branches_below`."""
    for name, head in sorted(branches.items()):
        if name.startswith(prefix):
            proposals = (_proposal(pull, bot) for pull in reversed(pulls) if pull.branch == name)
            yield Branch(name=name, head=head, proposals=tuple(proposals))


def _proposal(pull: MemoryPull, bot: str) -> Proposal:
    return Proposal(
        number=pull.number,
        url=pull.url,
        state=pull.state,
        head=pull.head,
        labels=tuple(pull.labels),
        own=pull.author == bot,
    )
