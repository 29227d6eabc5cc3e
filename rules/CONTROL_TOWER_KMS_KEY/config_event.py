"""AWS Config's events as rdklib can read them: its own reading fails on several of the documented forms.

https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

Event: TypeAlias = dict[str, Any]

CHANGE: Final = "ConfigurationItemChangeNotification"
OVERSIZED: Final = "OversizedConfigurationItemChangeNotification"


def readable(event: Mapping[str, Any]) -> Event:
    """Give the event the members that rdklib asks for; rule parameters that are empty are not given."""
    parameters = json.loads(event.get("ruleParameters") or "{}")
    given = {name: value for name, value in parameters.items() if value != ""}
    return {"eventLeftScope": False, **event, "ruleParameters": json.dumps(given)}


def inflated(event: Event, config: Callable[[], Any]) -> Event:
    """Turn an oversized notification into an ordinary one, with the newest item of the history.

    `config` makes a boto3 client of AWS Config. Where the history does not hold what the event tells of, the
    summary alone goes on: what it lacks is asked of KMS, or fails its requirement.
    """
    invoking = json.loads(event["invokingEvent"])
    if invoking["messageType"] != OVERSIZED:
        return event
    summary = item = invoking["configurationItemSummary"]
    if summary["configurationItemStatus"] in ("OK", "ResourceDiscovered"):
        history = config().get_resource_config_history(
            resourceType=summary["resourceType"], resourceId=summary["resourceId"], limit=1
        )
        newest = next(iter(history["configurationItems"]), {})
        if _state(newest) >= _state(summary):
            item = {**newest, **summary}
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
