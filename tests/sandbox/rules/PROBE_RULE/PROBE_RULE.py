"""A throw-away Config rule: an enabled key is COMPLIANT. What it finds out of the ordinary it says aloud."""

import os
import sys
import time

import boto3
import rdklib
from rdklib import ComplianceType, ConfigRule, Evaluation, Evaluator

RESOURCE_TYPE = "AWS::KMS::Key"


class ProbeRule(ConfigRule):
    """Judges ``keyState`` alone; a description tells it to misbehave."""

    def evaluate_parameters(self, rule_parameters):
        """Accept everything."""
        return rule_parameters

    def evaluate_change(self, event, client_factory, configuration_item, valid_rule_parameters):
        """Judge one key from its configuration item."""
        configuration = configuration_item["configuration"]
        print("policy is", type(configuration_item["supplementaryConfiguration"]["Policy"]).__name__)
        misbehave(configuration["description"])
        return [verdict(configuration["keyState"])]

    def evaluate_periodic(self, event, client_factory, valid_rule_parameters):
        """Judge every key of the account and Region."""
        kms = client_factory.build_client("kms")
        evaluations = []
        for key in kms.list_keys()["Keys"]:
            state = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"]
            found = verdict(state)
            evaluations.append(
                Evaluation(found.complianceType, key["KeyId"], RESOURCE_TYPE, found.annotation)
            )
        return evaluations


def verdict(state):
    """Return the evaluation for a key state."""
    if state == "Enabled":
        return Evaluation(ComplianceType.COMPLIANT, annotation="enabled")
    return Evaluation(ComplianceType.NON_COMPLIANT, annotation=f"state {state}")


def misbehave(wish):
    """Do what a key's description asks for."""
    if wish == "raise":
        raise KeyError("the rule is broken")
    if wish == "exit":
        os._exit(3)
    if wish == "sleep":
        time.sleep(60)


def lambda_handler(event, context):
    """Evaluate, or answer a question about the runtime that a test asks."""
    if "question" in event:
        return answer(event, context)
    return Evaluator(ProbeRule(), [RESOURCE_TYPE]).handle(event, context)


def answer(event, context):
    """Answer a test's question."""
    if event["question"] == "modules":
        return {"rdklib": rdklib.__file__, "boto3": boto3.__file__, "path": sys.path}
    if event["question"] == "environment":
        return dict(os.environ)
    if event["question"] == "identity":
        return boto3.client("sts").get_caller_identity()["Arn"]
    if event["question"] == "remaining":
        return context.get_remaining_time_in_millis()
    if event["question"] == "import":
        return __import__(event["name"]).__name__
    if event["question"] == "large":
        return "x" * event["size"]
    misbehave(event["question"])
    return os.getpid()
