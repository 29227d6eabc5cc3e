"""AWS Config rule: every request that the Control Tower landing zone makes to a KMS key will be allowed.

Translates between AWS Config (through rdklib) and the engine in `landing_zone_key`; decides nothing. rdklib
reports many failures as a returned dictionary, which would leave the old compliance standing: here each of
them raises, so that the invocation fails where everyone can see it.
"""

import json
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.session import get_session
from rdklib import ClientFactory, ConfigRule, Evaluation, Evaluator

from aws_answers import watch
from config_event import Event, RuleError, inflated, moment, readable
from key_reader import all_keys, complete, with_landing_zone_manifest
from landing_zone_key import KmsKey, LandingZone, annotate, assess
from landing_zone_key.settings import KeyScope

RESOURCE_TYPES: Final = ["AWS::KMS::Key"]
#: Not more attempts: rdklib first asks an address of STS that some partitions do not have. Not botocore's 60
#: seconds for each: a silent AWS must be told of before Lambda ends the invocation without a word.
CLIENTS: Final = Config(
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=10,
    read_timeout=30,
    max_pool_connections=16,
)


class CONTROL_TOWER_KMS_KEY(ConfigRule):  # type: ignore[misc]  # noqa: N801 - the rule's name, as rdk has it
    """Both triggers of the rule, as rdklib calls them."""

    def evaluate_parameters(self, rule_parameters: Mapping[str, str]) -> LandingZone:
        """Check the rule parameters; raises SettingsError with every fault in it."""
        return LandingZone.from_rule_parameters(rule_parameters)

    def evaluate_change(
        self,
        event: Event,
        client_factory: ClientFactory,
        configuration_item: Mapping[str, Any],
        valid_rule_parameters: LandingZone,
    ) -> list[Evaluation]:
        """Judge the one key of a configuration item, from the item alone as long as it is complete."""
        zone = _landing_zone(valid_rule_parameters, client_factory)
        key = KmsKey.from_configuration_item(configuration_item)
        key = complete(key, lambda: client_factory.build_client("kms", key.arn.region))
        return [_evaluation(key, zone, moment(event))]

    def evaluate_periodic(
        self, event: Event, client_factory: ClientFactory, valid_rule_parameters: LandingZone
    ) -> list[Evaluation]:
        """Judge every key of the account and Region."""
        zone = _landing_zone(valid_rule_parameters, client_factory)
        keys = all_keys(client_factory.build_client("kms"))
        return [_evaluation(key, zone, moment(event), resource_id=key.arn.key_id) for key in keys]


def lambda_handler(event: Event, context: object) -> dict[str, int]:
    """Evaluate, and return a short summary; raises whenever AWS Config did not get all results."""
    _prepare_clients()
    rule, event = CONTROL_TOWER_KMS_KEY(), readable(event)
    # Before rdklib reads its own three, and fails on what is no text without saying so.
    rule.evaluate_parameters(json.loads(event["ruleParameters"]))
    _require_own_account(rule, event, context)
    event = inflated(event, lambda: _client_factory(rule, event).build_client("config"))
    result = Evaluator(rule, RESOURCE_TYPES).handle(event, context)
    if isinstance(result, dict):
        raise RuleError(f"{result.get('internalErrorMessage')}: {result.get('internalErrorDetails')}")
    return {"evaluations": len(result), **Counter(evaluation["ComplianceType"] for evaluation in result)}


def _require_own_account(rule: ConfigRule, event: Event, context: object) -> None:
    """Refuse an event of another account where no role is assumed there: it is the own keys that are read."""
    own = str(getattr(context, "invoked_function_arn", "")).split(":")[4:5]
    if own and not rule.get_assume_role_mode(event) and own[0] != event.get("accountId"):
        raise RuleError(
            f"the event is of account {str(event.get('accountId'))[:12]}, and without AssumeRoleMode the "
            f"function works in its own account, {own[0]}, alone: give AssumeRoleMode and ExecutionRoleName"
        )


def _prepare_clients() -> None:
    """Give the clients that rdklib makes our retries, and let them raise on what is no answer of AWS.

    A default session that somebody else has set up keeps its own retries.
    """
    session = boto3.DEFAULT_SESSION
    if session is None:
        core = get_session()
        core.set_default_client_config(CLIENTS)
        session = boto3.DEFAULT_SESSION = boto3.Session(botocore_session=core)
    watch(session.events)


def _client_factory(rule: ConfigRule, event: Event) -> ClientFactory:
    """The same clients that rdklib's Evaluator makes for the event."""
    role, region = rule.get_execution_role_arn(event), rule.get_assume_role_region(event)
    return ClientFactory(role, region, rule.get_assume_role_mode(event))


def _landing_zone(zone: LandingZone, client_factory: ClientFactory) -> LandingZone:
    """With the keys of its manifest, where the scope asks for them; it belongs to the Lambda's account."""
    if zone.key_scope is not KeyScope.LANDING_ZONE:
        return zone
    controltower = client_factory.build_client("controltower", zone.home_region, assume_role_mode=False)
    return with_landing_zone_manifest(zone, controltower)


def _evaluation(
    key: KmsKey, zone: LandingZone, at: datetime | None, *, resource_id: str | None = None
) -> Evaluation:
    started = time.perf_counter()
    assessment = assess(key, zone, at=at)
    line = {
        "key": str(key.arn),
        "compliance": assessment.compliance,
        "reasons": [f"{finding.requirement}:{finding.reason}" for finding in assessment.findings],
        "milliseconds": round((time.perf_counter() - started) * 1000, 3),
    }
    print(json.dumps(line))  # noqa: T201 - Lambda's log
    return Evaluation(
        assessment.compliance.value, resource_id, RESOURCE_TYPES[0], annotation=annotate(assessment)
    )
