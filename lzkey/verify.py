"""What is really deployed, read back from AWS: rdk exits 0 when CloudFormation has rolled back."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from lzkey.build import RUNTIME
from lzkey.errors import DeployError
from lzkey.parameters import RESOURCE_TYPE, RULE_NAME
from lzkey.stack import FUNCTION_NAME, STACK_NAME, stack_status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef
    from mypy_boto3_config.type_defs import ConfigRuleOutputTypeDef
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef

    from lzkey.parameters import Parameters
    from lzkey.target import Target

_Answer = TypeVar("_Answer")

HANDLER: Final = f"{RULE_NAME}.lambda_handler"

_DONE: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
_STARTS: Final = frozenset({"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"})
_WAIT_SECONDS: Final = 300.0
_PAUSE_SECONDS: Final = 2.0

#: EVALUATING is a passing state of an active rule (AWS Config API, ConfigRule).
_RULE_STATES: Final = frozenset({"ACTIVE", "EVALUATING"})


def verify_stack(target: Target, before: tuple[str, str] | None) -> str:
    """Return the stack's status; raise DeployError with CloudFormation's reasons when it was rolled back.

    `before` is what `stack_status` said before the deployment: a stack that did not have to change keeps it.
    """
    after = settled(lambda: _unless_in_progress(stack_status(target)))
    if after is None:
        raise DeployError(f"stack {STACK_NAME} does not exist after the deployment, or is still changing")
    if after[0] not in _DONE and after != before:
        raise DeployError(f"stack {STACK_NAME} ended in {after[0]}: {failures(target)}")
    return after[0]


def verify_rule(target: Target, parameters: Parameters) -> str:
    """Return the ARN of the Config rule that is active exactly as asked; raise DeployError when it is not."""
    found = _rule(target)
    if found is None:
        raise DeployError(f"AWS Config has no rule {RULE_NAME} in {target.region} after the deployment")
    faults = tuple(rule_faults(found, parameters))
    if faults:
        raise DeployError(f"the rule {RULE_NAME} is not what was asked for: {'; '.join(faults)}")
    return found["ConfigRuleArn"]


def verify_function(target: Target, parameters: Parameters, code_sha256: str) -> tuple[str, str]:
    """Return the ARNs of the function and its role if it runs the uploaded code; else raise DeployError."""
    function = settled(lambda: _unless_updating(target))
    if function is None:
        raise DeployError(f"the Lambda function {FUNCTION_NAME} does not exist, or is still being updated")
    role = parameters.deployment.lambda_role_arn or function["Role"]
    expected = {
        "CodeSha256": code_sha256,
        "Runtime": RUNTIME,
        "Handler": HANDLER,
        "Role": role,
        "Timeout": parameters.deployment.timeout_seconds,
    }
    faults = [
        f"{name} is {function.get(name)}, not {value}"
        for name, value in expected.items()
        if function.get(name) != value
    ]
    if faults:
        raise DeployError(
            f"the Lambda function {FUNCTION_NAME} is not what was uploaded: {'; '.join(faults)}"
        )
    return function["FunctionArn"], role


def verify_gone(target: Target) -> None:
    """Raise DeployError when the stack, the rule or the function is still there."""
    status = settled(lambda: _gone_or_failed(target))
    if status != "gone":
        why = failures(target) if status == "failed" else "it is still being deleted"
        raise DeployError(f"stack {STACK_NAME} is still there: {why}")
    if settled(lambda: _rule(target) is None or None) is None:
        raise DeployError(f"the stack is gone, but AWS Config still has the rule {RULE_NAME}")
    if _function(target) is not None:
        raise DeployError(f"the stack is gone, but the Lambda function {FUNCTION_NAME} is still there")


def failures(target: Target) -> str:
    """Return why the stack's last operation failed: CloudFormation's reasons, oldest first."""
    reasons = [
        f"{event.get('LogicalResourceId')} {event.get('ResourceStatus')}: {event.get('ResourceStatusReason')}"
        for event in _last_operation(target)
        if event.get("ResourceStatus", "").endswith("_FAILED")
        and "cancelled" not in event.get("ResourceStatusReason", "cancelled")
    ]
    return "; ".join(reversed(reasons)) or "CloudFormation gives no reason"


def settled(ask: Callable[[], _Answer | None]) -> _Answer | None:
    """Ask until there is an answer, for at most five minutes; None when there was none."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while (answer := ask()) is None and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
    return answer


@contextmanager
def said_clearly(what: str) -> Iterator[None]:
    """Turn a refused or failed AWS call into one line."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise DeployError(f"{what}: {error}") from error


def _last_operation(target: Target) -> Iterator[StackEventTypeDef]:
    """Yield the events since the last operation began, newest first."""
    pages = target.session.client("cloudformation").get_paginator("describe_stack_events")
    for page in pages.paginate(StackName=STACK_NAME):
        for event in page["StackEvents"]:
            yield event
            if event.get("PhysicalResourceId") == event["StackId"] and event.get("ResourceStatus") in _STARTS:
                return


def _unless_in_progress(found: tuple[str, str] | None) -> tuple[str, str] | None:
    return None if found is None or found[0].endswith("_IN_PROGRESS") else found


def _unless_updating(target: Target) -> FunctionConfigurationResponseTypeDef | None:
    function = _function(target)
    if (
        function is None
        or function.get("LastUpdateStatus") == "InProgress"
        or function.get("State") == "Pending"
    ):
        return None
    return function


def _gone_or_failed(target: Target) -> str | None:
    status = (stack_status(target) or ("gone", ""))[0]
    if status.endswith("_FAILED"):
        return "failed"
    return "gone" if status in {"gone", "DELETE_COMPLETE"} else None


def _rule(target: Target) -> ConfigRuleOutputTypeDef | None:
    try:
        rules = target.session.client("config").describe_config_rules(ConfigRuleNames=[RULE_NAME])
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchConfigRuleException":
            return None
        raise
    return next(iter(rules["ConfigRules"]), None)


def _function(target: Target) -> FunctionConfigurationResponseTypeDef | None:
    try:
        return target.session.client("lambda").get_function_configuration(FunctionName=FUNCTION_NAME)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise


def rule_faults(found: ConfigRuleOutputTypeDef, parameters: Parameters) -> Iterator[str]:
    """Yield what is otherwise about the rule than the file says."""
    state = found.get("ConfigRuleState")
    if state not in _RULE_STATES:
        yield f"its state is {state}"
    yield from parameter_faults(found.get("InputParameters"), parameters)
    triggers: set[tuple[str, str | None]] = {
        (detail.get("MessageType", ""), detail.get("MaximumExecutionFrequency"))
        for detail in found["Source"].get("SourceDetails", [])
    }
    if triggers != _triggers(parameters):
        yield f"its triggers are {_listed(triggers)}, not {_listed(_triggers(parameters))}"
    scope = found.get("Scope", {}).get("ComplianceResourceTypes", [])
    if parameters.deployment.on_change and list(scope) != [RESOURCE_TYPE]:
        yield f"its scope is {', '.join(scope) or 'everything'}, not {RESOURCE_TYPE}"


def parameter_faults(text: str | None, parameters: Parameters) -> Iterator[str]:
    """Yield each rule parameter, of those that AWS Config has as JSON text, that differs from the file's."""
    there: dict[str, str] = json.loads(text or "{}")
    for name in sorted({*there, *parameters.rule}):
        actual, wanted = there.get(name), parameters.rule.get(name)
        if actual is None:
            yield f"{name} is not given; {parameters.path.name} says {wanted!r}"
        elif wanted is None:
            yield f"{name} is {actual!r}; {parameters.path.name} gives none"
        elif actual != wanted:
            yield f"{name} is {actual!r}, not {wanted!r}"


def _triggers(parameters: Parameters) -> set[tuple[str, str | None]]:
    triggers: set[tuple[str, str | None]] = set()
    if parameters.deployment.on_change:
        triggers |= {("ConfigurationItemChangeNotification", None)}
        triggers |= {("OversizedConfigurationItemChangeNotification", None)}
    if parameters.deployment.periodic:
        triggers |= {("ScheduledNotification", parameters.deployment.frequency)}
    return triggers


def _listed(triggers: set[tuple[str, str | None]]) -> str:
    return ", ".join(sorted(f"{kind} {every}" if every else kind for kind, every in triggers)) or "none"
