"""AWS Config rule: can the Control Tower landing zone use this KMS key?

Translates between AWS Config (through rdklib) and the engine in `landing_zone_key`; decides nothing. rdklib
reports many failures as a returned dictionary, which would leave the old compliance standing: here each of them
raises, so that the invocation fails where everyone can see it.
"""

import json
import time
from collections import Counter
from datetime import UTC, datetime

import boto3
from botocore.config import Config
from botocore.session import get_session
from key_reader import all_keys, complete, with_landing_zone_manifest
from landing_zone_key import KmsKey, LandingZone, LandingZoneKeyError, annotate, assess
from landing_zone_key.settings import KeyScope
from rdklib import ClientFactory, ConfigRule, Evaluation, Evaluator

RESOURCE_TYPES = ["AWS::KMS::Key"]
OVERSIZED = "OversizedConfigurationItemChangeNotification"
CLIENTS = Config(retries={"mode": "standard", "total_max_attempts": 8}, max_pool_connections=16)


class RuleError(LandingZoneKeyError):
    """The evaluation did not reach AWS Config; never a ValueError, which rdklib would swallow."""


class CONTROL_TOWER_KMS_KEY(ConfigRule):  # noqa: N801 - rdk takes the class by the rule's name
    """Both triggers of the rule, as rdklib calls them."""

    def evaluate_parameters(self, rule_parameters):
        """Check the rule parameters; raises SettingsError with every fault in it."""
        return LandingZone.from_rule_parameters(rule_parameters)

    def evaluate_change(self, event, client_factory, configuration_item, valid_rule_parameters):
        """Judge the one key of a configuration item, from the item alone as long as it is complete."""
        zone = _landing_zone(valid_rule_parameters, client_factory)
        key = complete(KmsKey.from_configuration_item(configuration_item), lambda: client_factory.build_client("kms"))
        return [_evaluation(key, zone, _moment(event))]

    def evaluate_periodic(self, event, client_factory, valid_rule_parameters):
        """Judge every key of the account and Region."""
        zone = _landing_zone(valid_rule_parameters, client_factory)
        keys = all_keys(client_factory.build_client("kms"))
        return [_evaluation(key, zone, _moment(event), named=True) for key in keys]


def lambda_handler(event, context):
    """Evaluate, and return a short summary; raises whenever AWS Config did not get all results."""
    _prepare_clients()
    rule = CONTROL_TOWER_KMS_KEY()
    result = Evaluator(rule, RESOURCE_TYPES).handle(_inflated(_readable(event), rule), context)
    if isinstance(result, dict):
        message, details = result.get("internalErrorMessage"), result.get("internalErrorDetails")
        raise RuleError(f"{message}: {result.get('customerErrorCode') or ''} {details}")
    return {"evaluations": len(result), **Counter(evaluation["ComplianceType"] for evaluation in result)}


def _prepare_clients():
    """Give the clients that rdklib makes our retries, and let them raise on results that were not taken."""
    if boto3.DEFAULT_SESSION is None:
        session = get_session()
        session.set_default_client_config(CLIENTS)
        session.register("after-call.config.PutEvaluations", _refuse_failed_evaluations)
        boto3.setup_default_session(botocore_session=session)


def _refuse_failed_evaluations(parsed, **_):
    if failed := parsed.get("FailedEvaluations"):
        raise RuleError(f"AWS Config did not take {len(failed)} evaluations")


def _readable(event):
    """The event as rdklib can read it: parameters are an object, and none of them is empty."""
    parameters = json.loads(event.get("ruleParameters") or "{}")
    given = {name: value for name, value in parameters.items() if value != ""}
    return {"eventLeftScope": False, **event, "ruleParameters": json.dumps(given)}


def _inflated(event, rule):
    """An oversized notification as an ordinary one: rdklib fails on several of its documented forms."""
    invoking = json.loads(event["invokingEvent"])
    if invoking["messageType"] != OVERSIZED:
        return event
    summary = item = invoking["configurationItemSummary"]
    if summary["configurationItemStatus"] in ("OK", "ResourceDiscovered"):
        factory = ClientFactory(
            rule.get_execution_role_arn(event), rule.get_assume_role_region(event), rule.get_assume_role_mode(event)
        )
        history = factory.build_client("config").get_resource_config_history(
            resourceType=summary["resourceType"], resourceId=summary["resourceId"], limit=1
        )
        newest = next(iter(history["configurationItems"]), {})
        if str(newest.get("configurationStateId", "")) >= str(summary.get("configurationStateId", "")):
            item = {**newest, **summary}
    ordinary = {**invoking, "configurationItem": item, "messageType": "ConfigurationItemChangeNotification"}
    return {**event, "invokingEvent": json.dumps(ordinary, default=str)}


def _landing_zone(zone, client_factory):
    """With the keys of its manifest, where the scope asks for them; it belongs to the Lambda's own account."""
    if zone.key_scope is not KeyScope.LANDING_ZONE:
        return zone
    controltower = client_factory.build_client("controltower", zone.home_region, assume_role_mode=False)
    return with_landing_zone_manifest(zone, controltower)


def _moment(event):
    stated = json.loads(event["invokingEvent"]).get("notificationCreationTime")
    moment = datetime.fromisoformat(stated) if stated else None
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None


def _evaluation(key, zone, moment, *, named=False):
    started = time.perf_counter()
    assessment = assess(key, zone, at=moment)
    reasons = [f"{finding.requirement}:{finding.reason}" for finding in assessment.findings]
    milliseconds = round((time.perf_counter() - started) * 1000, 3)
    line = {"key": str(key.arn), "compliance": assessment.compliance, "reasons": reasons, "milliseconds": milliseconds}
    print(json.dumps(line))
    place = {"resourceId": key.arn.key_id, "resourceType": RESOURCE_TYPES[0]} if named else {}
    return Evaluation(assessment.compliance.value, annotation=annotate(assessment), **place)
