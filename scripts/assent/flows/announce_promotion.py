"""The last steps of opening a promotion: tell the topic, then put the labels on."""

from assent.core.config import Environment
from assent.core.receipts import NotNotified
from assent.core.rendering.notices import opened_notice
from assent.core.rendering.page.decision import decision_words
from assent.core.rendering.pull_request import labels
from assent.core.review import Champion, ChampionState, ChampionUnread, Review
from assent.flows.notify import notify
from assent.ports import Forge, Notices

__all__ = ["announce"]


def announce(
    review: Review,
    number: int,
    url: str,
    *,
    forge: Forge,
    notices: Notices | None,
    environment: Environment,
) -> NotNotified | None:
    """Tell that a pull request was opened, and label it; the labels say that all of it is done.

    Args:
        review: What its page says.
        number: The pull request's.
        url: Its address.
        forge: Where it is.
        notices: Topics; None where nobody is told.
        environment: Whose topic is told.
    """
    live, decision = _named(review.champion), decision_words(review)
    failure = notify(notices, environment, opened_notice(review.record, url, live, decision))
    forge.label(number, labels(review.record.id))
    return failure


def _named(champion: ChampionState) -> int | str | None:
    match champion:
        case Champion(version=version):
            return version
        case ChampionUnread(why=why):
            return why
        case None:
            return None
