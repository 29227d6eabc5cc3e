"""What is really deployed, read back from AWS: rdk exits 0 when CloudFormation has rolled back."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from lzkey import RULE_NAME
from lzkey.aws.function import function
from lzkey.aws.recorder import NO_RECORDER
from lzkey.aws.rule import (
    NONE_MADE,
    account_rule_faults,
    member_statuses,
    organization_rule,
    organization_rule_faults,
    own_rule,
)
from lzkey.aws.stack import events, stack
from lzkey.aws.unanswered import NOT_ANSWERED
from lzkey.deployment.build import HANDLER, RUNTIME
from lzkey.deployment.stack import FUNCTION_NAME, STACK_NAME
from lzkey.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lzkey.aws.function import Function
    from lzkey.aws.rule import MemberStatus
    from lzkey.aws.stack import Stack
    from lzkey.deployment.target import Target
    from lzkey.parameters import Parameters

_Answer = TypeVar("_Answer")
_Changing = TypeVar("_Changing", "Stack", "Function")

_DONE: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
_STARTS: Final = frozenset({"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"})
_GONE: Final = "DELETE_COMPLETE"
_WAIT_SECONDS: Final = 300.0
_PAUSE_SECONDS: Final = 2.0


def verify_stack(target: Target, before: Stack | None) -> str:
    """The stack's status; raise DeployError with CloudFormation's reasons when it was rolled back.

    `before` is what it was before the deployment: a stack that did not have to change keeps it.
    """
    after = settled(lambda: _unless_changing(stack(target.asker, STACK_NAME)))
    if after is None:
        raise DeployError(f"stack {STACK_NAME} does not exist after the deployment, or is still changing")
    if after.status not in _DONE and after != before:
        raise DeployError(f"stack {STACK_NAME} ended in {after.status}: {failures(target)}")
    return after.status


def verify_function(target: Target, parameters: Parameters, code_sha256: str) -> tuple[str, str]:
    """The ARNs of the function and its role if it runs the uploaded code; else raise DeployError."""
    found = settled(lambda: _unless_changing(function(target.asker, FUNCTION_NAME)))
    if found is None:
        raise DeployError(f"the Lambda function {FUNCTION_NAME} does not exist, or is still being updated")
    role = parameters.deployment.lambda_role_arn or found.role
    expected = (
        ("CodeSha256", found.code_sha256, code_sha256),
        ("Runtime", found.runtime, RUNTIME),
        ("Handler", found.handler, HANDLER),
        ("Role", found.role, role),
        ("Timeout", found.timeout, parameters.deployment.timeout_seconds),
    )
    faults = [f"{name} is {actual}, not {wanted}" for name, actual, wanted in expected if actual != wanted]
    faults += [f"{addition}, which somebody has given it: take it away" for addition in found.additions]
    if faults:
        raise DeployError(
            f"the Lambda function {FUNCTION_NAME} is not what was uploaded: {'; '.join(faults)}"
        )
    return found.arn, role


def verify_rule(target: Target, parameters: Parameters) -> str:
    """The ARN of the Config rule that is active exactly as asked; raise DeployError when it is not."""
    found = own_rule(target.asker, RULE_NAME)
    if found is None:
        raise DeployError(f"AWS Config has no rule {RULE_NAME} in {target.region} after the deployment")
    faults = tuple(account_rule_faults(found, parameters))
    if faults:
        raise DeployError(f"the rule {RULE_NAME} is not what was asked for: {'; '.join(faults)}")
    return found.arn


def verify_organization_rule(target: Target, parameters: Parameters, function_arn: str) -> str:
    """The ARN of the organization rule that is exactly as asked; raise DeployError when it is not."""
    found = organization_rule(target.asker, RULE_NAME, NONE_MADE)
    if found is None:
        raise DeployError(
            f"AWS Config has no organization rule {RULE_NAME} in {target.region} after the deployment"
        )
    faults = tuple(organization_rule_faults(found, parameters, function_arn))
    if faults:
        raise DeployError(f"the organization rule {RULE_NAME} is not what was asked for: {'; '.join(faults)}")
    return found.arn


def verify_accounts(
    target: Target, parameters: Parameters, expected: frozenset[str] | None
) -> tuple[tuple[MemberStatus, ...], tuple[str, ...]]:
    """Wait until AWS Config has done its work in every account; return their statuses, and warnings.

    `expected` are the organization's active accounts, None when they are not known. Raises DeployError that
    names each account where the rule is not, with its reason.
    """
    settled(lambda: _arrived(target))
    statuses = member_statuses(target.asker, RULE_NAME)
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
    status = settled(lambda: _ended(target))
    if status is None:
        raise DeployError(f"stack {STACK_NAME} is still there: it is still being deleted")
    if status.endswith("_FAILED"):
        raise DeployError(f"stack {STACK_NAME} is still there, in {status}: {failures(target)}")
    if status != _GONE:
        raise DeployError(
            f"stack {STACK_NAME} is still there, in {status}: CloudFormation is not deleting it. See what "
            "rdk said: a permission is missing, or the stack is protected from termination"
        )
    if settled(lambda: own_rule(target.asker, RULE_NAME) is None or None) is None:
        raise DeployError(f"the stack is gone, but AWS Config still has the rule {RULE_NAME}")
    if function(target.asker, FUNCTION_NAME) is not None:
        raise DeployError(f"the stack is gone, but the Lambda function {FUNCTION_NAME} is still there")


def verify_organization_rule_gone(target: Target) -> None:
    """Raise DeployError when AWS Config still has the rule: it removes it from each account before."""
    if settled(lambda: organization_rule(target.asker, RULE_NAME, NONE_MADE) is None or None) is None:
        statuses = member_statuses(target.asker, RULE_NAME)
        left = [f"{status.account} ({status.status})" for status in statuses]
        raise DeployError(
            f"the stack is gone, but AWS Config still has the organization rule {RULE_NAME}, in accounts "
            f"{', '.join(left)}"
        )


def failures(target: Target) -> str:
    """Why the stack's last operation failed: CloudFormation's reasons, oldest first."""
    reasons = [
        f"{event.get('LogicalResourceId')} {event.get('ResourceStatus')}: {event.get('ResourceStatusReason')}"
        for event in _last_operation(target)
        if event.get("ResourceStatus", "").endswith("_FAILED")
        and "cancelled" not in event.get("ResourceStatusReason", "cancelled")
    ]
    return "; ".join(reversed(reasons)) or "CloudFormation gives no reason"


def explained(reason: str, parameters: Parameters, account: str | None = None) -> str:
    """AWS's reason, with what to do where it is known."""
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
    except NOT_ANSWERED as error:
        raise DeployError(f"{what}: {error}").because_of(error) from error


def _last_operation(target: Target) -> Iterator[dict[str, Any]]:
    """The events since the last operation began, newest first."""
    for event in events(target.asker, STACK_NAME):
        yield event
        if event.get("PhysicalResourceId") == event["StackId"] and event.get("ResourceStatus") in _STARTS:
            return


def _unless_changing(found: _Changing | None) -> _Changing | None:
    return None if found is None or found.changing else found


def _ended(target: Target) -> str | None:
    """The stack's status once nothing is done to it any more."""
    found = stack(target.asker, STACK_NAME)
    if found is None:
        return _GONE
    return None if found.changing else found.status


def _told(status: MemberStatus, parameters: Parameters) -> str:
    if status.changing:
        return f"account {status.account}: {status.status}, AWS Config is still at work after five minutes"
    reason = explained(status.reason or "AWS Config gives no reason", parameters, status.account)
    return f"account {status.account}: {status.status}: {reason}"


def _unheard(
    statuses: tuple[MemberStatus, ...], parameters: Parameters, expected: frozenset[str] | None
) -> Iterator[str]:
    """A warning where accounts may be missing without being told of."""
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


def _arrived(target: Target) -> bool | None:
    statuses = member_statuses(target.asker, RULE_NAME)
    return None if not statuses or any(status.changing for status in statuses) else True
