"""What is examined, the facts about it that several checks share, and what one look at it finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from shlex import quote
from typing import TYPE_CHECKING, Final

from lzkey import RULE_NAME
from lzkey.aws.account import Manner
from lzkey.aws.function import function
from lzkey.aws.rule import is_sent, organization_rule, own_rule, rules_named
from lzkey.deployment.stack import FUNCTION_NAME

if TYPE_CHECKING:
    from datetime import datetime

    from lzkey.aws.account import Asker
    from lzkey.aws.function import Function
    from lzkey.aws.rule import Rule
    from lzkey.parameters import Parameters
    from lzkey.workplace import Shipped

#: Many checks want to know the same.
MANNER: Final = Manner(once=True)


#: What it takes to know whose rule it is.
RULES: Final = (own_rule, organization_rule, rules_named)


class Status(StrEnum):
    """How one thing stands, the best first."""

    OK = "ok"
    NOT_APPLICABLE = "not-applicable"
    """It is not asked of this deployment, or another line already says why it cannot be."""
    WARNING = "warning"
    """Results can be trusted, and still somebody should know."""
    UNKNOWN = "unknown"
    """AWS did not say, so nobody knows."""
    PROBLEM = "problem"
    """Results cannot be trusted, or there are none."""


@dataclass(frozen=True, slots=True)
class Check:
    """The answer of one check; `fix` is empty where there is nothing to do."""

    status: Status
    detail: str
    fix: str = ""


def ok(detail: str) -> Check:
    """It is so."""
    return Check(Status.OK, detail)


def not_applicable(detail: str) -> Check:
    """It need not be so here."""
    return Check(Status.NOT_APPLICABLE, detail)


def warning(detail: str, fix: str) -> Check:
    """It is so, but."""
    return Check(Status.WARNING, detail, fix)


def unknown(detail: str, fix: str) -> Check:
    """Nobody can say whether it is so."""
    return Check(Status.UNKNOWN, detail, fix)


def problem(detail: str, fix: str) -> Check:
    """It is not so."""
    return Check(Status.PROBLEM, detail, fix)


@dataclass(frozen=True, slots=True)
class Subject:
    """One deployment in one account and Region: what it should be, how to look at it, and what time it is."""

    parameters: Parameters
    asker: Asker
    account: str
    region: str
    partition: str
    shipped: Shipped
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
        return f"deploy again: lzkey {command} {quote(self.parameters.named)}"

    def rule(self) -> Rule | None:
        """The account's own rule; None when there is none of that name."""
        return own_rule(self.asker, RULE_NAME)

    def organization_rule(self) -> Rule | None:
        """The organization's rule; None when there is none that may be seen.

        Each account sees those that it made itself.
        """
        if self.maker is not None:
            return self.maker.organization_rule()
        return organization_rule(self.asker, RULE_NAME)

    def is_organization(self) -> bool:
        """Whether the deployment is an organization's, where the account has no rule of its own."""
        if self.rule() is not None:
            return False
        return self.organization_rule() is not None or self.sent_rule() is not None

    def sent_rule(self) -> Rule | None:
        """The rule that an organization's rule has put into this account; None when there is none."""
        rules = rules_named(self.asker, RULE_NAME)
        return next((rule for rule in rules if is_sent(rule.name)), None)

    def made_by(self) -> str | None:
        """The account whose function a rule of the organization's calls here, where it is another one.

        None, too, where that account can be asked itself.
        """
        if self.rule() is not None or self.organization_rule() is not None:
            return None
        sent = self.sent_rule()
        account = str(sent and sent.function).split(":")[4:5]
        return account[0] if account and account[0] != self.account else None

    def rule_here(self) -> str | None:
        """The name of the rule that evaluates this account; None when there is none."""
        if self.rule():
            return RULE_NAME
        sent = self.sent_rule() if self.is_organization() else None
        return sent.name if sent else None

    def function(self) -> Function | None:
        """The Lambda function; None when there is none that may be seen."""
        if self.maker is not None:
            return self.maker.function()
        return function(self.asker, FUNCTION_NAME)


def ago(now: datetime, then: datetime) -> str:
    """How long ago something was, in the largest unit that is at least one."""
    seconds = max(0, round((now - then).total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "less than a minute ago"
