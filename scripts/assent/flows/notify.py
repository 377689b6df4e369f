"""Tell an environment's topic; a topic that fails stops nothing."""

from assent.core.config import Environment
from assent.core.errors import AssentError
from assent.core.receipts import NotNotified
from assent.core.rendering.notices import Notice
from assent.ports import Notices

__all__ = ["notify"]


def notify(notices: Notices | None, environment: Environment, notice: Notice) -> NotNotified | None:
    """Publish a message, if the environment names a topic; says so where that failed.

    A message is sent once at most: a run that was cut off before it sends none.
    """
    if notices is None or environment.topic is None:
        return None
    try:
        notices.publish(environment.topic, notice.subject, notice.text)
    except AssentError as error:
        return NotNotified(
            environment=environment.name, topic=environment.topic, message=error.message
        )
    return None
