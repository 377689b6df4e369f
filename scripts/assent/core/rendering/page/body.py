"""The page, put together: sections in the order in which an approver asks."""

from assent.core.rendering.page.alerts import alerts
from assent.core.rendering.page.attributions import attributions_section
from assent.core.rendering.page.bias import bias_section
from assent.core.rendering.page.curves import curves_section
from assent.core.rendering.page.decision import decision
from assent.core.rendering.page.effects import effects_section
from assent.core.rendering.page.gates import gates_section
from assent.core.rendering.page.how import how_section
from assent.core.rendering.page.inference import inference_section
from assent.core.rendering.page.layout import LAYOUTS, MAX_BODY
from assent.core.rendering.page.matrix import matrix_section
from assent.core.rendering.page.metrics import metrics_section
from assent.core.rendering.page.origin import origin_section
from assent.core.rendering.page.trend import trend_section
from assent.core.rendering.page.unread import unread_section
from assent.core.rendering.page.violations import violations_section
from assent.core.rendering.page_markers import marked
from assent.core.review import Review

__all__ = ["MAX_BODY", "pull_request_body"]

_SECTIONS = (
    decision,
    alerts,
    gates_section,
    metrics_section,
    inference_section,
    bias_section,
    attributions_section,
    violations_section,
    curves_section,
    matrix_section,
    trend_section,
    origin_section,
    unread_section,
    effects_section,
    how_section,
)


def pull_request_body(review: Review) -> str:
    """The page between its marks: the decision, what speaks for and against it, how to decide.

    The same review gives the same text, so that a refresh without news changes nothing.

    Args:
        review: What it says.
    """
    body = ""
    for layout in LAYOUTS:
        parts = [section(review, layout) for section in _SECTIONS]
        body = marked("\n\n".join(part for part in parts if part))
        # Measured as it is sent: escaping lengthens what strangers write.
        if len(body) <= MAX_BODY:
            break
    return body
