"""What is really deployed, read back from AWS: rdk exits 0 when CloudFormation has rolled back."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from landing_zone_key.key import RESOURCE_TYPE
from lzkey import RULE_NAME
from lzkey.deployment.build import RUNTIME
from lzkey.deployment.stack import FUNCTION_NAME, STACK_NAME, stack_status
from lzkey.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef
    from mypy_boto3_config.type_defs import ConfigRuleOutputTypeDef, OrganizationConfigRuleTypeDef
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef

    from lzkey.deployment.target import Target
    from lzkey.parameters import Parameters

_Answer = TypeVar("_Answer")

HANDLER: Final = f"{RULE_NAME}.lambda_handler"

_DONE: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
_STARTS: Final = frozenset({"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"})
_WAIT_SECONDS: Final = 300.0
_PAUSE_SECONDS: Final = 2.0

#: EVALUATING is a passing state of an active rule (AWS Config API, ConfigRule).
_RULE_STATES: Final = frozenset({"ACTIVE", "EVALUATING"})

#: What a rule is sent (AWS Config API, SourceDetail).
_CHANGES: Final = frozenset(
    {"ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification"}
)
_SCHEDULED: Final = "ScheduledNotification"

#: Part of the error code of an account without a recorder; AWS does not document how it ends.
NO_RECORDER: Final = "NoAvailableConfigurationRecorder"


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """How the rule fares in one account (AWS Config API, MemberAccountStatus)."""

    account: str
    rule: str
    status: str
    reason: str = ""

    @property
    def changing(self) -> bool:
        """Whether AWS Config is still at work there."""
        return self.status.endswith("_IN_PROGRESS")

    @property
    def successful(self) -> bool:
        """Whether the account has the rule."""
        return self.status in {"CREATE_SUCCESSFUL", "UPDATE_SUCCESSFUL"}


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


def verify_rule(target: Target, parameters: Parameters) -> str:
    """Return the ARN of the Config rule that is active exactly as asked; raise DeployError when it is not."""
    found = _account_rule(target)
    if found is None:
        raise DeployError(f"AWS Config has no rule {RULE_NAME} in {target.region} after the deployment")
    faults = tuple(account_rule_faults(found, parameters))
    if faults:
        raise DeployError(f"the rule {RULE_NAME} is not what was asked for: {'; '.join(faults)}")
    return found["ConfigRuleArn"]


def verify_organization_rule(target: Target, parameters: Parameters, function_arn: str) -> str:
    """Return the ARN of the organization rule that is exactly as asked; raise DeployError when it is not."""
    found = _organization_rule(target)
    if found is None:
        raise DeployError(
            f"AWS Config has no organization rule {RULE_NAME} in {target.region} after the deployment"
        )
    faults = tuple(organization_rule_faults(found, parameters, function_arn))
    if faults:
        raise DeployError(f"the organization rule {RULE_NAME} is not what was asked for: {'; '.join(faults)}")
    return found["OrganizationConfigRuleArn"]


def verify_accounts(
    target: Target, parameters: Parameters, expected: frozenset[str] | None
) -> tuple[tuple[AccountStatus, ...], tuple[str, ...]]:
    """Wait until AWS Config has done its work in every account; return their statuses, and warnings.

    `expected` are the organization's active accounts, None when they are not known. Raises DeployError that
    names each account where the rule is not, with its reason.
    """
    settled(lambda: _unless_changing(account_statuses(target)))
    statuses = account_statuses(target)
    if not statuses:
        raise DeployError(f"AWS Config tells of no account that has the organization rule {RULE_NAME}")
    failed = [status for status in statuses if not status.successful]
    if failed:
        lines = "".join(f"\n  {_told(status, parameters)}" for status in failed)
        raise DeployError(
            f"the rule is in {len(statuses) - len(failed)} of {len(statuses)} accounts and stays there. It "
            f"is not as asked for in:{lines}\nPut that right, and deploy again"
        )
    return statuses, tuple(_unheard(statuses, parameters, expected))


def verify_gone(target: Target) -> None:
    """Raise DeployError when the stack, the rule or the function is still there."""
    status = settled(lambda: _gone_or_failed(target))
    if status != "gone":
        why = failures(target) if status == "failed" else "it is still being deleted"
        raise DeployError(f"stack {STACK_NAME} is still there: {why}")
    if settled(lambda: _account_rule(target) is None or None) is None:
        raise DeployError(f"the stack is gone, but AWS Config still has the rule {RULE_NAME}")
    if _function(target) is not None:
        raise DeployError(f"the stack is gone, but the Lambda function {FUNCTION_NAME} is still there")


def verify_organization_rule_gone(target: Target) -> None:
    """Raise DeployError when AWS Config still has the rule: it removes it from each account before."""
    if settled(lambda: _organization_rule(target) is None or None) is None:
        left = [f"{status.account} ({status.status})" for status in account_statuses(target)]
        raise DeployError(
            f"the stack is gone, but AWS Config still has the organization rule {RULE_NAME}, in accounts "
            f"{', '.join(left)}"
        )


def failures(target: Target) -> str:
    """Return why the stack's last operation failed: CloudFormation's reasons, oldest first."""
    reasons = [
        f"{event.get('LogicalResourceId')} {event.get('ResourceStatus')}: {event.get('ResourceStatusReason')}"
        for event in _last_operation(target)
        if event.get("ResourceStatus", "").endswith("_FAILED")
        and "cancelled" not in event.get("ResourceStatusReason", "cancelled")
    ]
    return "; ".join(reversed(reasons)) or "CloudFormation gives no reason"


def account_statuses(target: Target) -> tuple[AccountStatus, ...]:
    """Return how the rule fares in each account that AWS Config tells of, ordered by account."""
    pages = target.session.client("config").get_paginator("get_organization_config_rule_detailed_status")
    found = [
        AccountStatus(
            entry["AccountId"],
            entry["ConfigRuleName"],
            entry["MemberAccountRuleStatus"],
            ": ".join(filter(None, (entry.get("ErrorCode"), entry.get("ErrorMessage")))),
        )
        for page in pages.paginate(OrganizationConfigRuleName=RULE_NAME)
        for entry in page["OrganizationConfigRuleDetailedStatus"]
    ]
    return tuple(sorted(found, key=lambda status: status.account))


def explained(reason: str, parameters: Parameters, account: str | None = None) -> str:
    """Return AWS's reason, with what to do where it is known."""
    if NO_RECORDER not in reason:
        return reason
    management = parameters.management_account
    if account == management or (
        account is None and management not in parameters.deployment.excluded_accounts
    ):
        return (
            f"{reason} (Control Tower does not enable AWS Config in the management account, {management}: "
            "name it in deployment.excludedAccounts, or create a recorder there with deploy/recorder.yaml)"
        )
    return (
        f"{reason} (AWS Config is off there: enroll the account in Control Tower, or name it in "
        "deployment.excludedAccounts)"
    )


def account_rule_faults(found: ConfigRuleOutputTypeDef, parameters: Parameters) -> Iterator[str]:
    """Yield what is otherwise about the rule than the file says."""
    state = found.get("ConfigRuleState")
    if state not in _RULE_STATES:
        yield f"its state is {state}"
    yield from parameter_faults(found.get("InputParameters"), parameters)
    triggers = {
        " ".join(filter(None, (detail.get("MessageType"), detail.get("MaximumExecutionFrequency"))))
        for detail in found["Source"].get("SourceDetails", [])
    }
    if triggers != _account_triggers(parameters):
        yield f"its triggers are {_listed(triggers)}, not {_listed(_account_triggers(parameters))}"
    scope = found.get("Scope", {}).get("ComplianceResourceTypes", [])
    if parameters.deployment.on_change and list(scope) != [RESOURCE_TYPE]:
        yield f"its scope is {', '.join(scope) or 'everything'}, not {RESOURCE_TYPE}"


def organization_rule_faults(
    found: OrganizationConfigRuleTypeDef, parameters: Parameters, function_arn: str
) -> Iterator[str]:
    """Yield what is otherwise about the organization's rule than the file says."""
    custom = found.get("OrganizationCustomRuleMetadata")
    if custom is None:
        yield "it is no custom rule"
        return
    yield from parameter_faults(custom.get("InputParameters"), parameters)
    pairs: tuple[tuple[str, AbstractSet[str | None], AbstractSet[str | None]], ...] = (
        ("its function", {custom["LambdaFunctionArn"]}, {function_arn}),
        (
            "its triggers",
            set(custom["OrganizationConfigRuleTriggerTypes"]),
            _organization_triggers(parameters),
        ),
        ("its schedule", {custom.get("MaximumExecutionFrequency")}, {_frequency(parameters)}),
        ("its scope", set(custom.get("ResourceTypesScope", [])), _scope(parameters)),
        (
            "its excluded accounts",
            set(found.get("ExcludedAccounts", [])),
            set(parameters.deployment.excluded_accounts),
        ),
    )
    for what, actual, wanted in pairs:
        if actual != wanted:
            yield f"{what}: {_listed(actual)}, not {_listed(wanted)}"


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


def _account_rule(target: Target) -> ConfigRuleOutputTypeDef | None:
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


def _told(status: AccountStatus, parameters: Parameters) -> str:
    if status.changing:
        return f"account {status.account}: {status.status}, AWS Config is still at work after five minutes"
    reason = explained(status.reason or "AWS Config gives no reason", parameters, status.account)
    return f"account {status.account}: {status.status}: {reason}"


def _unheard(
    statuses: tuple[AccountStatus, ...], parameters: Parameters, expected: frozenset[str] | None
) -> Iterator[str]:
    """Yield a warning where accounts may be missing without being told of."""
    if expected is None:
        yield "the organization's accounts may not be listed: whether AWS Config told of all is not known"
        return
    excluded = parameters.deployment.excluded_accounts
    missing = expected - {status.account for status in statuses} - set(excluded)
    if missing:
        yield f"AWS Config tells nothing of the active accounts {', '.join(sorted(missing))}"
    foreign = set(excluded) - expected
    if foreign:
        yield f"excluded, but no active accounts of the organization: {', '.join(sorted(foreign))}"


def _unless_changing(statuses: tuple[AccountStatus, ...]) -> bool | None:
    return None if not statuses or any(status.changing for status in statuses) else True


def _organization_rule(target: Target) -> OrganizationConfigRuleTypeDef | None:
    client = target.session.client("config")
    try:
        found = client.describe_organization_config_rules(OrganizationConfigRuleNames=[RULE_NAME])
    except client.exceptions.NoSuchOrganizationConfigRuleException:
        return None
    return next(iter(found["OrganizationConfigRules"]), None)


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


def _account_triggers(parameters: Parameters) -> set[str]:
    """Kinds of message, that of a schedule with its frequency."""
    wanted = parameters.deployment
    changes = _CHANGES if wanted.on_change else frozenset()
    scheduled = {f"{_SCHEDULED} {wanted.frequency}"} if wanted.periodic else frozenset()
    return {*changes, *scheduled}


def _organization_triggers(parameters: Parameters) -> AbstractSet[str]:
    """Kinds of message: either the schedule's or those of changes, see prerequisites."""
    return {_SCHEDULED} if parameters.deployment.periodic else _CHANGES


def _frequency(parameters: Parameters) -> str | None:
    return parameters.deployment.frequency if parameters.deployment.periodic else None


def _scope(parameters: Parameters) -> set[str]:
    return {RESOURCE_TYPE} if parameters.deployment.on_change else set()


def _listed(values: AbstractSet[str | None] | AbstractSet[str]) -> str:
    return ", ".join(sorted(value for value in values if value)) or "none"
