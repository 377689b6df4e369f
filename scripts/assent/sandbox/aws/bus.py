"""Corrections to moto's EventBridge, each with what the service really does.

Events reach queues and other buses with the envelope that the service gives them: who sent them,
from which account and region. Rules that transform their input are refused, since nothing here
needs them.
"""

import copy
import datetime as dt
import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, cast

from moto.core.exceptions import JsonRESTError
from moto.events.models import EventBus, EventsBackend, Rule, events_backends
from moto.events.utils import EventMessageType
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import sqs_backends
from moto.utilities.arns import parse_arn

from assent.sandbox.aws.events import present
from assent.sandbox.aws.policies import admits
from assent.sandbox.aws.registry import Correction

__all__ = ["corrections", "emit"]

_ENTRIES = 10
_BYTES = 1 << 20
"""Of all entries of a call together."""
_STAMP = 14
"""What an entry's own time counts for, in bytes."""
_REQUIRED = ("Source", "DetailType", "Detail")
_PUT = "events:PutEvents"
_TRANSFORMING = frozenset({"Input", "InputPath", "InputTransformer"})


def corrections() -> Iterator[Correction]:
    """List what is to be replaced."""
    yield EventsBackend, "put_events", _put_events
    yield Rule, "send_to_targets", _send_to_targets


def emit(event: Mapping[str, Any]) -> None:
    """Let an AWS service send an event: to the default bus of the account and region it names."""
    backend: EventsBackend = events_backends[event["account"]][event["region"]]
    _pass_on(backend.event_buses["default"], cast("EventMessageType", event))


def _put_events(self: EventsBackend, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # moto looks for every bus in the sender's account, and raises where there is none.
    if len(events) > _ENTRIES or sum(map(_size, events)) > _BYTES:
        raise JsonRESTError(
            "ValidationException", "Total size of the entries in the request is over the limit."
        )
    buses = [_bus(self, entry.get("EventBusName") or "default") for entry in events]
    return [_put(self, entry, bus) for entry, bus in zip(events, buses, strict=True)]


def _put(backend: EventsBackend, entry: Mapping[str, Any], bus: EventBus | None) -> dict[str, str]:
    for name in _REQUIRED:
        if not entry.get(name):
            return _failed(
                "InvalidArgument",
                f"Parameter {name} is not valid. Reason: {name} is a required argument.",
            )
    # Whatever begins with this only AWS's own services may send; moto lets everybody.
    if entry["Source"].lower().startswith("aws."):
        return _failed("NotAuthorizedForSourceException", "Not authorized for the source.")
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        return _failed("MalformedDetail", "Detail is malformed.")
    event: EventMessageType = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": backend.account_id,
        "time": _time(entry.get("Time")),
        "region": backend.region_name,
        "resources": entry.get("Resources") or [],
        "detail": detail,
    }
    # The service answers the same for a bus that does not exist, and drops the event.
    if bus is not None:
        _pass_on(bus, event)
    return {"EventId": event["id"]}


def _failed(code: str, message: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": message}


def _size(entry: Mapping[str, Any]) -> int:
    texts = [str(entry.get(name) or "") for name in _REQUIRED] + list(entry.get("Resources") or [])
    return sum(len(text.encode()) for text in texts) + (_STAMP if entry.get("Time") else 0)


def _time(given: float | str | None) -> str:
    if given is None:
        moment = present()
    elif isinstance(given, str):
        moment = dt.datetime.fromisoformat(given)
    else:
        moment = dt.datetime.fromtimestamp(given, tz=dt.UTC)
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _bus(sender: EventsBackend, name: str) -> EventBus | None:
    """Find a bus by name or ARN; None where the sender's own account has none of that name.

    Raises:
        JsonRESTError: It is another account's, and that account lets the sender not in.
    """
    if not name.startswith("arn:"):
        return sender.event_buses.get(name)
    arn = parse_arn(name)
    owner: EventsBackend = events_backends[arn.account][arn.region]
    found = owner.event_buses.get(arn.resource_id)
    if arn.account != sender.account_id and not _lets_in(found, sender.account_id):
        raise JsonRESTError(
            "AccessDeniedException",
            f"User: arn:aws:iam::{sender.account_id}:user/sandbox is not authorized to perform: "
            f"{_PUT} on resource: {name} because no resource-based policy allows the {_PUT} action",
        )
    return found


def _lets_in(bus: EventBus | None, account: str) -> bool:
    policy = bus.policy if bus is not None else None
    return policy is not None and admits(json.loads(policy)["Statement"], account, _PUT)


def _pass_on(bus: EventBus, event: EventMessageType) -> None:
    for rule in bus.rules.values():
        rule.send_to_targets(copy.deepcopy(event))


def _send_to_targets(
    self: Rule,
    original_event: EventMessageType,
    transform_input: bool = True,  # noqa: ARG001, FBT001, FBT002  # moto's signature
) -> None:
    # moto sends by disabled rules too, leaves the account out of the envelope, and names itself
    # as the sender of what it passes to another bus.
    if self.state == "DISABLED" or not self.event_pattern.matches_event(original_event):
        return
    for target in self.targets:
        if not _TRANSFORMING.isdisjoint(target):
            raise NotImplementedError("the sandbox's rules do not transform their input")
        arn = parse_arn(target["Arn"])
        if arn.service == "sqs":
            _to_queue(arn.account, arn.region, arn.resource_id, original_event)
        elif arn.service == "events" and arn.resource_type == "event-bus":
            _to_bus(self, arn.account, arn.region, arn.resource_id, original_event)
        else:
            raise NotImplementedError(f"the sandbox's rules do not reach {target['Arn']}")


def _to_queue(account: str, region: str, name: str, event: EventMessageType) -> None:
    try:
        sqs_backends[account][region].send_message(name, json.dumps(event))
    except QueueDoesNotExist:
        return  # the service counts a failed invocation; whoever sent the event hears nothing


def _to_bus(rule: Rule, account: str, region: str, name: str, event: EventMessageType) -> None:
    found = events_backends[account][region].event_buses.get(name)
    if found is not None and (account == rule.account_id or _lets_in(found, rule.account_id)):
        _pass_on(found, event)
