"""The last steps of opening a promotion: tell the topic, then put the labels on."""

from assent.core.config import Environment
from assent.core.parameters import Live
from assent.core.receipts import NotNotified
from assent.core.record import Record
from assent.core.rendering.notices import opened_notice
from assent.core.rendering.pull_request import labels
from assent.core.review import ChampionUnread
from assent.flows.assemble_review import LiveState
from assent.flows.notify import notify
from assent.ports import Forge, Notices

__all__ = ["announce"]


def announce(
    record: Record,
    number: int,
    url: str,
    live: LiveState,
    *,
    forge: Forge,
    notices: Notices | None,
    environment: Environment,
) -> NotNotified | None:
    """Tell that a pull request was opened, and label it; the labels say that all of it is done.

    Args:
        record: What merging it would add.
        number: The pull request's.
        url: Its address.
        live: What is live in its environment.
        forge: Where it is.
        notices: Topics; None where nobody is told.
        environment: Whose topic is told.
    """
    failure = notify(notices, environment, opened_notice(record, url, _named(live)))
    forge.label(number, labels(record.id))
    return failure


def _named(live: LiveState) -> int | str | None:
    match live:
        case Live(version=version):
            return version
        case ChampionUnread(why=why):
            return why
        case None:
            return None
