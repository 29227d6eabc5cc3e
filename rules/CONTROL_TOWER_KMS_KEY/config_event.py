"""AWS Config's events as rdklib can read them: its own reading fails on several of the documented forms.

https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from landing_zone_key import LandingZoneKeyError

if TYPE_CHECKING:
    from mypy_boto3_config import ConfigServiceClient

Event: TypeAlias = dict[str, Any]

CHANGE: Final = "ConfigurationItemChangeNotification"
OVERSIZED: Final = "OversizedConfigurationItemChangeNotification"
SCHEDULED: Final = "ScheduledNotification"


class RuleError(LandingZoneKeyError):
    """AWS Config did not get all results; never a ValueError, which rdklib would swallow."""


def readable(event: Mapping[str, Any]) -> Event:
    """Give the event the members that rdklib asks for; rule parameters that are blank are not given.

    Raises `RuleError` for an event that is none of a rule's: rdklib would print it, policy and all.
    """
    kind = json.loads(event["invokingEvent"])["messageType"]
    if kind not in (CHANGE, OVERSIZED, SCHEDULED):
        raise RuleError(f"{json.dumps(kind)[:120]} is no message type that a rule is invoked with")
    parameters = _parameters(event.get("ruleParameters") or "{}")
    # rdklib compares as they are the texts that our own reading of the parameters strips.
    texts = {name: value.strip() if isinstance(value, str) else value for name, value in parameters.items()}
    given = {name: value for name, value in texts.items() if value != ""}
    return {"eventLeftScope": False, **event, "ruleParameters": json.dumps(given)}


def _parameters(text: str) -> dict[str, Any]:
    try:
        parameters = json.loads(text)
    except ValueError as error:
        raise RuleError(f"the rule parameters are not JSON: {error}") from None
    if not isinstance(parameters, dict):
        raise RuleError(f"the rule parameters are no JSON object, but {type(parameters).__name__}")
    return parameters


def inflated(event: Event, config: "Callable[[], ConfigServiceClient]") -> Event:
    """Turn an oversized notification into an ordinary one, with the newest item of the history.

    Where the history does not (yet) hold what the event tells of, the summary alone goes on: what it lacks is
    asked of KMS, or fails its requirement. The newest item may tell of a later state than the event: then it
    is that state, at its time, which is judged.
    """
    invoking = json.loads(event["invokingEvent"])
    if invoking["messageType"] != OVERSIZED:
        return event
    summary = item = invoking["configurationItemSummary"]
    if summary["configurationItemStatus"] in ("OK", "ResourceDiscovered"):
        history = config().get_resource_config_history(
            resourceType=summary["resourceType"], resourceId=summary["resourceId"], limit=1
        )
        newest: Mapping[str, Any] = next(iter(history["configurationItems"]), {})
        if _state(newest) >= _state(summary):
            item = {**summary, **newest}
    ordinary = {**invoking, "configurationItem": item, "messageType": CHANGE}
    return {**event, "invokingEvent": json.dumps(ordinary, default=str)}


def moment(event: Mapping[str, Any]) -> datetime | None:
    """When AWS Config made the event; None where it does not say."""
    stated = json.loads(event["invokingEvent"]).get("notificationCreationTime")
    made = datetime.fromisoformat(stated) if stated else None
    return made.replace(tzinfo=made.tzinfo or UTC) if made else None


def _state(item: Mapping[str, Any]) -> int:
    """`configurationStateId`: a number, or a number as text, that grows from item to item of one resource."""
    state = str(item.get("configurationStateId", ""))
    return int(state) if state.isdecimal() else 0
