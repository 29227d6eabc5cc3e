"""What Config remembers of its rules: results, result tokens and the evaluation status.

Everything is kept per rule id. An id is new with every creation, so a deleted rule's results are gone
with it, as at AWS.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING

from lzkey_sandbox.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Rule:
    """A Config rule as its own account and Region know it."""

    account: str
    region: str
    name: str
    rule_id: str
    arn: str


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one rule for one resource."""

    resource_type: str
    resource_id: str
    compliance: str
    annotation: str | None
    ordered: datetime
    invoked: datetime
    recorded: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """A result token: it ties the evaluations of one invocation to the rule that was invoked."""

    rule: Rule
    invoked: datetime


@dataclass(frozen=True, slots=True)
class Status:
    """A rule's evaluation status, as DescribeConfigRuleEvaluationStatus reports it.

    ``error`` is code and message of the last failure; it stays until the next success.
    """

    successful_invocation: datetime | None = None
    failed_invocation: datetime | None = None
    successful_evaluation: datetime | None = None
    failed_evaluation: datetime | None = None
    activated: datetime | None = None
    error: tuple[str, str] | None = None
    evaluated: bool = False


@dataclass(slots=True)
class _Record:
    results: dict[tuple[str, str], Result] = field(default_factory=dict)
    status: Status = Status()


class Ledger:
    """The memory of all rules; safe to use from several threads."""

    def __init__(self, token_lifetime: timedelta) -> None:
        self._token_lifetime = token_lifetime
        self._lock = Lock()
        self._tokens: dict[str, Token] = {}
        self._records: dict[str, _Record] = {}

    def issue_token(self, rule: Rule, now: datetime) -> str:
        """A new result token for one invocation of a rule."""
        token = secrets.token_urlsafe(48)
        with self._lock:
            self._tokens[token] = Token(rule, now)
            record = self._records.setdefault(rule.rule_id, _Record())
            record.status = replace(record.status, activated=record.status.activated or now)
        return token

    def redeem(self, token: str, account: str, region: str, now: datetime) -> Token:
        """What a token stands for; InvalidResultTokenException if unknown, foreign or expired."""
        with self._lock:
            known = self._tokens.get(token)
        if (
            known is None
            or (known.rule.account, known.rule.region) != (account, region)
            or now - known.invoked > self._token_lifetime
        ):
            raise ServiceError("InvalidResultTokenException", "The result token is invalid.")
        return known

    def store(self, token: Token, results: Sequence[Result]) -> None:
        """Store results; one that is older than what is known of its resource is left out."""
        with self._lock:
            record = self._records.setdefault(token.rule.rule_id, _Record())
            for result in results:
                known = record.results.get((result.resource_type, result.resource_id))
                if known is None or known.ordered <= result.ordered:
                    record.results[result.resource_type, result.resource_id] = result

    def results(self, rule_id: str) -> tuple[Result, ...]:
        """A rule's results, in the order in which their resources were first seen."""
        with self._lock:
            record = self._records.get(rule_id)
            return tuple(record.results.values()) if record else ()

    def forget_results(self, rule_id: str) -> None:
        """Drop a rule's results, as DeleteEvaluationResults does."""
        with self._lock:
            if rule_id in self._records:
                self._records[rule_id].results.clear()

    def status(self, rule_id: str) -> Status:
        """A rule's evaluation status; an empty one when the rule was never invoked."""
        with self._lock:
            record = self._records.get(rule_id)
            return record.status if record else Status()

    def note_invocation(self, rule: Rule, now: datetime) -> None:
        """Note that Config could invoke the rule's function."""
        self._change(rule, lambda status: replace(status, successful_invocation=now))

    def note_evaluation(self, rule: Rule, now: datetime) -> None:
        """Note that the function reported results."""
        self._change(
            rule, lambda status: replace(status, successful_evaluation=now, evaluated=True, error=None)
        )

    def note_failed_invocation(self, rule: Rule, now: datetime, error: tuple[str, str]) -> None:
        """Note that Config could not invoke the rule's function."""
        self._change(rule, lambda status: replace(status, failed_invocation=now, error=error))

    def note_failed_evaluation(self, rule: Rule, now: datetime, error: tuple[str, str]) -> None:
        """Note that the function ended in an error; the results it reported before that stay."""
        self._change(rule, lambda status: replace(status, failed_evaluation=now, error=error))

    def _change(self, rule: Rule, change: Callable[[Status], Status]) -> None:
        with self._lock:
            record = self._records.setdefault(rule.rule_id, _Record())
            record.status = change(record.status)
