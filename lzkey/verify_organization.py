"""What is really deployed in an organization, read back from AWS: the rule, and how each account fares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lzkey.errors import DeployError
from lzkey.parameters import RESOURCE_TYPE, RULE_NAME
from lzkey.verify import parameter_faults, settled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from mypy_boto3_config.type_defs import OrganizationConfigRuleTypeDef

    from lzkey.parameters import Parameters
    from lzkey.target import Target

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


def verify_organization_rule(target: Target, parameters: Parameters, function_arn: str) -> str:
    """Return the ARN of the organization rule that is exactly as asked; raise DeployError when it is not."""
    found = _rule(target)
    if found is None:
        raise DeployError(
            f"AWS Config has no organization rule {RULE_NAME} in {target.region} after the deployment"
        )
    faults = tuple(rule_faults(found, parameters, function_arn))
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


def verify_organization_rule_gone(target: Target) -> None:
    """Raise DeployError when AWS Config still has the rule: it removes it from each account before."""
    if settled(lambda: _rule(target) is None or None) is None:
        left = [f"{status.account} ({status.status})" for status in account_statuses(target)]
        raise DeployError(
            f"the stack is gone, but AWS Config still has the organization rule {RULE_NAME}, in accounts "
            f"{', '.join(left)}"
        )


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


def _rule(target: Target) -> OrganizationConfigRuleTypeDef | None:
    client = target.session.client("config")
    try:
        found = client.describe_organization_config_rules(OrganizationConfigRuleNames=[RULE_NAME])
    except client.exceptions.NoSuchOrganizationConfigRuleException:
        return None
    return next(iter(found["OrganizationConfigRules"]), None)


def rule_faults(
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
        ("its triggers", set(custom["OrganizationConfigRuleTriggerTypes"]), _triggers(parameters)),
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


def _triggers(parameters: Parameters) -> set[str]:
    if parameters.deployment.periodic:
        return {"ScheduledNotification"}
    return {"ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification"}


def _frequency(parameters: Parameters) -> str | None:
    return parameters.deployment.frequency if parameters.deployment.periodic else None


def _scope(parameters: Parameters) -> set[str]:
    return {RESOURCE_TYPE} if parameters.deployment.on_change else set()


def _listed(values: AbstractSet[str | None]) -> str:
    return ", ".join(sorted(value for value in values if value)) or "none"
