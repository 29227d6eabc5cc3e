"""What is examined, and the facts about it that several checks share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lzkey import RULE_NAME
from lzkey.aws.account import Manner
from lzkey.aws.rule import is_named
from lzkey.deployment.stack import FUNCTION_NAME

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from lzkey.aws.account import Asker
    from lzkey.parameters import Parameters

Facts = dict[str, Any]

#: Many checks want to know the same.
MANNER: Final = Manner(once=True)


@dataclass(frozen=True, slots=True)
class Subject:
    """One deployment in one account and Region: what it should be, how to look at it, and what time it is."""

    parameters: Parameters
    reader: Asker
    account: str
    region: str
    partition: str
    root: Path
    now: datetime
    management: Subject | None = None
    """The management account, seen by credentials of its own, where this is another account."""
    maker: Subject | None = None
    """The account that made the organization's rule, seen likewise, where this is another account."""

    @property
    def manages(self) -> bool:
        """Whether this is the management account, which alone sees the landing zone."""
        return self.account == self.parameters.management_account

    @property
    def excluded(self) -> bool:
        """Whether the file leaves this account out of the organization's rule."""
        return self.account in self.parameters.deployment.excluded_accounts

    @property
    def assumes_role(self) -> bool:
        """Whether the Lambda works with a role of the account it evaluates, as an organization rule must."""
        return self.parameters.rule.get("AssumeRoleMode", "true").lower() != "false"

    @property
    def function_arn(self) -> str:
        """The ARN that the function has under rdk's name for it."""
        return f"arn:{self.partition}:lambda:{self.region}:{self.account}:function:{FUNCTION_NAME}"

    @property
    def redeploy(self) -> str:
        """What to type to put most things right."""
        command = "deploy-organization" if self.assumes_role else "deploy"
        return f"deploy again: lzkey {command} {self.parameters.path.stem}"

    def rule(self) -> Facts | None:
        """Return the account's own rule; None when there is none of that name."""
        found = self.reader.ask(
            "config:DescribeConfigRules", absent={"NoSuchConfigRuleException"}, ConfigRuleNames=[RULE_NAME]
        )
        return found["ConfigRules"][0] if found and found["ConfigRules"] else None

    def organization_rule(self) -> Facts | None:
        """Return the organization's rule; None when there is none that may be seen.

        Each account sees those that it made itself.

        OrganizationAccessDeniedException is what an account hears that can have no organization rule.
        https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeOrganizationConfigRules.html
        """
        if self.maker is not None:
            return self.maker.organization_rule()
        found = self.reader.ask(
            "config:DescribeOrganizationConfigRules",
            absent={"NoSuchOrganizationConfigRuleException", "OrganizationAccessDeniedException"},
            OrganizationConfigRuleNames=[RULE_NAME],
        )
        rules = found["OrganizationConfigRules"] if found else []
        return rules[0] if rules else None

    def is_organization(self) -> bool:
        """Whether the deployment is an organization's, where the account has no rule of its own."""
        if self.rule() is not None:
            return False
        return self.organization_rule() is not None or self.sent_rule() is not None

    def sent_rule(self) -> Facts | None:
        """Return the rule that an organization's rule has put into this account; None when there is none."""
        rules = self.reader.all("config:DescribeConfigRules", "ConfigRules") or []
        sent = (rule for rule in rules if rule["ConfigRuleName"] != RULE_NAME)
        return next((rule for rule in sent if is_named(rule["ConfigRuleName"], RULE_NAME)), None)

    def made_by(self) -> str | None:
        """Return the account whose function a rule of the organization's calls here, where it is another one.

        None, too, where that account can be asked itself.
        """
        if self.rule() is not None or self.organization_rule() is not None:
            return None
        account = str(((self.sent_rule() or {}).get("Source") or {}).get("SourceIdentifier")).split(":")[4:5]
        return account[0] if account and account[0] != self.account else None

    def rule_here(self) -> str | None:
        """Return the name of the rule that evaluates this account; None when there is none."""
        if self.rule():
            return RULE_NAME
        sent = self.sent_rule() if self.is_organization() else None
        return str(sent["ConfigRuleName"]) if sent else None

    def function(self) -> Facts | None:
        """Return the Lambda function's configuration; None when there is no function that may be seen."""
        if self.maker is not None:
            return self.maker.function()
        found: Facts | None = self.reader.ask(
            "lambda:GetFunctionConfiguration",
            absent={"ResourceNotFoundException"},
            FunctionName=FUNCTION_NAME,
        )
        return found


def ago(now: datetime, then: datetime) -> str:
    """Return how long ago something was, in the largest unit that is at least one."""
    seconds = max(0, round((now - then).total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "less than a minute ago"
