"""The way in: EventBridge's rules, the queue with its dead letters, and the function behind it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assent.core.doctor.aws_facts import Consumer, EventRule, QueueSettings
from assent.core.doctor.finding import Check, Finding, Read, Unread

__all__ = [
    "CHECKS",
    "RAN",
    "REGISTERED",
    "WATCHED",
    "EventKind",
    "judge_consumers",
    "judge_dead_letters",
    "judge_queue",
    "judge_rules",
    "leading_to",
    "takes",
]

_RULES = Check(
    id="event-rules",
    demands="SageMaker's events of new versions reach the queue.",
    remedy="Create a rule on that bus for source aws.sagemaker and the detail-types of "
    "docs/operating.md, with the queue as its target; from another account, with the bus.",
)
_QUEUE = Check(
    id="queue",
    demands="A message is tried long enough, and is not lost when that fails.",
    remedy="Set the queue up as docs/operating.md says, under “The Lambda and its queue”.",
)
_DEAD = Check(
    id="dead-letters",
    demands="No message was given up.",
    remedy="Look into the function's log for why, set that right, and redrive the queue; what is "
    "delivered again does no harm.",
)
_FUNCTION = Check(
    id="function",
    demands="The Lambda function takes the queue's messages.",
    remedy="Enable its event source mapping, with ReportBatchItemFailures.",
)
CHECKS = (_RULES, _QUEUE, _DEAD, _FUNCTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """Events that Assent lives on."""

    what: str
    says: Mapping[str, str]
    """`source` and `detail-type`."""
    needed: bool
    """Whether nothing else tells the same."""


REGISTERED = EventKind(
    what="new versions",
    says={"source": "aws.sagemaker", "detail-type": "SageMaker Model Package State Change"},
    needed=True,
)
RAN = EventKind(
    what="batch inference",
    says={"source": "aws.sagemaker", "detail-type": "SageMaker Transform Job State Change"},
    needed=False,  # pipelines may report by themselves
)
WATCHED = EventKind(
    what="monitoring",
    says={"source": "aws.sagemaker", "detail-type": "SageMaker Processing Job State Change"},
    needed=False,
)
_TIMES = 6
_RETENTION = 14 * 24 * 3600
_DELIVERIES = 100


def takes(pattern: Mapping[str, Any], event: Mapping[str, str]) -> bool:
    """Whether a pattern takes events of a kind, perhaps narrowed by what else they say.

    Args:
        pattern: The rule's.
        event: `source` and `detail-type`.
    """
    return bool(pattern) and all(
        _one_of(pattern[name], value) for name, value in event.items() if name in pattern
    )


def _one_of(wanted: object, value: str) -> bool:
    for each in wanted if isinstance(wanted, list) else []:
        if each == value:
            return True
        if isinstance(each, Mapping):
            prefix, suffix = each.get("prefix"), each.get("suffix")
            if isinstance(prefix, str) and value.startswith(prefix):
                return True
            if isinstance(suffix, str) and value.endswith(suffix):
                return True
    return False


def leading_to(rules: Sequence[EventRule]) -> tuple[str, ...]:
    """The targets to which events of new versions are led."""
    return tuple(
        dict.fromkeys(
            target
            for rule in rules
            if rule.enabled and takes(rule.pattern, REGISTERED.says)
            for target in rule.targets
        )
    )


def judge_rules(
    rules: Read[Sequence[EventRule]], kind: EventKind, *, about: str, goals: Sequence[str]
) -> Iterator[Finding]:
    """Judge whether a bus leads events on.

    Args:
        rules: The bus's.
        kind: Which events.
        about: The bus.
        goals: Queues or buses, one of which has to be a target; none where that is not known.
    """
    if isinstance(rules, Unread):
        yield _RULES.unknown(about, rules)
        return
    tell = _RULES.problem if kind.needed else _RULES.warning
    fitting = [rule for rule in rules if takes(rule.pattern, kind.says)]
    running = [rule for rule in fitting if rule.enabled]
    leading = [
        rule for rule in running if (set(goals) & set(rule.targets) if goals else rule.targets)
    ]
    if not fitting:
        yield tell(about, f"no rule takes the events of {kind.what}")
    elif not running:
        yield tell(about, f"the rule {fitting[0].name} is disabled", "Enable it.")
    elif not leading:
        goal = " or ".join(goals) or "any target"
        yield tell(about, f"the rule {running[0].name} does not lead to {goal}")
    else:
        yield from _led(leading, kind, about)


def _led(leading: Sequence[EventRule], kind: EventKind, about: str) -> Iterator[Finding]:
    names = ", ".join(rule.name for rule in leading)
    if all(set(rule.pattern) - set(kind.says) for rule in leading):
        yield _RULES.warning(
            about,
            f"{names} takes only some of the events of {kind.what}",
            "See that its pattern leaves none out that you mean to promote.",
        )
    else:
        yield _RULES.ok(about, f"{names} leads {kind.what} on")


def judge_queue(
    queue: Read[QueueSettings | None], consumers: Read[Sequence[Consumer]], about: str
) -> Iterator[Finding]:
    """Judge how long a message is tried, and where it goes after that."""
    if isinstance(queue, Unread):
        yield _QUEUE.unknown(about, queue)
        return
    if queue is None:
        yield _QUEUE.problem(about, "there is no such queue")
        return
    trouble = list(_waiting(queue, consumers, about))
    yield from trouble
    if queue.dead_letters is None:
        yield _QUEUE.problem(
            about, "it has no dead-letter queue: what fails is lost without a trace"
        )
    elif queue.deliveries < _DELIVERIES:
        yield _QUEUE.warning(
            about,
            f"a message is given up after {queue.deliveries} deliveries; each refusal by a rate "
            "limit is one",
            f"Set maxReceiveCount to {_DELIVERIES} or more.",
        )
    if queue.retention < _RETENTION:
        yield _QUEUE.warning(
            about,
            f"it forgets messages after {queue.retention // 3600} hours",
            "Keep them 14 days.",
        )
    if not trouble and queue.dead_letters is not None:
        yield _QUEUE.ok(about, f"visibility {queue.visibility} s, dead letters kept")


def _waiting(
    queue: QueueSettings, consumers: Read[Sequence[Consumer]], about: str
) -> Iterator[Finding]:
    if isinstance(consumers, Unread):
        return  # said of the function
    for consumer in consumers:
        if isinstance(consumer.timeout, Unread):
            yield _QUEUE.unknown(about, consumer.timeout)
        elif queue.visibility < consumer.timeout:
            yield _QUEUE.problem(
                about,
                f"a message comes again after {queue.visibility} s, while {consumer.function} may "
                f"still work on it for {consumer.timeout} s",
                f"Set the visibility timeout to {_TIMES * consumer.timeout} s.",
            )
        elif queue.visibility < _TIMES * consumer.timeout:
            yield _QUEUE.warning(
                about,
                f"the visibility timeout of {queue.visibility} s is less than {_TIMES} times the "
                f"{consumer.timeout} s of {consumer.function}",
                f"Set it to {_TIMES * consumer.timeout} s.",
            )


def judge_dead_letters(queue: Read[QueueSettings | None], about: str) -> Iterator[Finding]:
    """Judge the dead-letter queue: whatever is in it was proposed nowhere."""
    if isinstance(queue, Unread):
        yield _DEAD.unknown(about, queue)
    elif queue is None:
        yield _DEAD.problem(about, "there is no such queue: what fails is lost", "Create it.")
    elif queue.messages:
        yield _DEAD.problem(about, f"{queue.messages} messages were given up")
    else:
        yield _DEAD.ok(about, "it is empty")


def judge_consumers(consumers: Read[Sequence[Consumer]], about: str) -> Iterator[Finding]:
    """Judge what takes the queue's messages."""
    if isinstance(consumers, Unread):
        yield _FUNCTION.unknown(about, consumers)
        return
    if not consumers:
        yield _FUNCTION.problem(about, "no Lambda function takes its messages")
    for each in consumers:
        if not each.enabled:
            yield _FUNCTION.problem(about, f"the mapping to {each.function} is not enabled")
        elif not each.reports_failures:
            yield _FUNCTION.problem(
                about, f"one failed message brings all of its batch back to {each.function}"
            )
        else:
            yield _FUNCTION.ok(about, f"{each.function} takes its messages")
