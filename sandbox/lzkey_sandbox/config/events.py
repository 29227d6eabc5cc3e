"""The events that Config sends to a rule's Lambda function.

Source: https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from lzkey_sandbox.config.configuration_item import KEY_TYPE, ConfigurationItem, changed_properties, timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lzkey_sandbox.config.ledger import Rule

CHANGE: Final = "ConfigurationItemChangeNotification"
OVERSIZED: Final = "OversizedConfigurationItemChangeNotification"
SCHEDULED: Final = "ScheduledNotification"


def change_notification(
    item: ConfigurationItem, before: ConfigurationItem | None, now: datetime, limit: int
) -> dict[str, Any]:
    """The invoking event for an item; over ``limit`` bytes of JSON, the oversized one.

    The oversized event has the item's summary and its message type and nothing else, as documented.
    """
    changes = changed_properties(before, item) if before is not None else {}
    event = {
        "configurationItemDiff": {"changedProperties": changes, "changeType": item.change},
        "configurationItem": item.notification(),
        "notificationCreationTime": timestamp(now),
        "messageType": CHANGE,
        "recordVersion": "1.3",
    }
    if len(json.dumps(event).encode()) <= limit:
        return event
    return {"configurationItemSummary": item.summary(), "messageType": OVERSIZED}


def scheduled_notification(account: str, now: datetime) -> dict[str, Any]:
    """The invoking event of a periodic evaluation."""
    return {
        "awsAccountId": account,
        "notificationCreationTime": timestamp(now),
        "messageType": SCHEDULED,
        "recordVersion": "1.0",
    }


def rule_event(
    rule: Rule,
    invoking_event: Mapping[str, Any],
    *,
    parameters: str | None,
    token: str,
    role: str,
    left_scope: bool,
) -> dict[str, Any]:
    """The event itself; the invoking event and the parameters are JSON strings in it."""
    return {
        "version": "1.0",
        "invokingEvent": json.dumps(invoking_event),
        "ruleParameters": parameters or "{}",
        "resultToken": token,
        "eventLeftScope": left_scope,
        "executionRoleArn": role,
        "configRuleArn": rule.arn,
        "configRuleName": rule.name,
        "configRuleId": rule.rule_id,
        "accountId": rule.account,
        "evaluationMode": "DETECTIVE",
    }


def in_scope(definition: Mapping[str, Any], item: ConfigurationItem) -> bool:
    """Say whether a rule's scope covers an item; a rule without a scope covers every resource.

    Source: https://docs.aws.amazon.com/config/latest/APIReference/API_Scope.html
    """
    scope = definition.get("Scope") or {}
    types = scope.get("ComplianceResourceTypes")
    if types and KEY_TYPE not in types:
        return False
    if scope.get("ComplianceResourceId", item.key_id) != item.key_id:
        return False
    tag = scope.get("TagKey")
    value = dict(item.tags).get(tag or "")
    return not tag or (value is not None and scope.get("TagValue", value) == value)


def triggers(definition: Mapping[str, Any]) -> frozenset[str]:
    """The message types on which Config invokes a rule's function; AWS managed rules have none."""
    source = definition.get("Source", {})
    details = source.get("SourceDetails") or [] if source.get("Owner") == "CUSTOM_LAMBDA" else []
    return frozenset(detail["MessageType"] for detail in details)
