"""Config's evaluation loop: which rule is invoked for what, and what becomes of a failure.

One worker thread invokes the functions one after the other, so that results are deterministic; ``settle``
waits for it. As at AWS: a recorded change invokes every rule with a change trigger whose scope covers the
key, a new or changed rule is evaluated at once, and a failed invocation leaves the old results in place.
Sources: https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config.html and
https://docs.aws.amazon.com/config/latest/APIReference/API_StartConfigRulesEvaluation.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Queue
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any

from lzkey_sandbox.config import events
from lzkey_sandbox.config.ledger import Ledger, Rule
from lzkey_sandbox.errors import EvaluationLoopError, ServiceError
from lzkey_sandbox.functions.execution_environment import Outcome
from lzkey_sandbox.moto import motostate

if TYPE_CHECKING:
    from lzkey_sandbox.config.configuration_item import ConfigurationItem
    from lzkey_sandbox.config.recorder import Recorder

#: Invokes a function by its ARN; raises ServiceError when there is no such function.
Invoke = Callable[[str, Mapping[str, Any]], Outcome]


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """One pending invocation; without an item a periodic one."""

    account: str
    region: str
    rule_id: str
    item: ConfigurationItem | None = None
    before: ConfigurationItem | None = None


class EvaluationLoop:
    """Invokes rules; ``oversized_limit`` is the largest notification in bytes that carries its item.

    An event whose invocation ended in an error is tried again ``retries`` times, with its token. Source:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """

    def __init__(self, ledger: Ledger, recorder: Recorder, invoke: Invoke, oversized_limit: int) -> None:
        self.oversized_limit = oversized_limit
        self.retries = 0
        self._ledger = ledger
        self._recorder = recorder
        self._invoke = invoke
        self._seen: dict[str, str] = {}
        self._queue: Queue[_Evaluation | None] = Queue()
        self._idle = Condition()
        self._pending = 0
        self._crash: Exception | None = None
        self._stopping = False
        self._worker = Thread(target=self._work, name="config-evaluation", daemon=True)
        self._worker.start()

    def item_recorded(self, item: ConfigurationItem, before: ConfigurationItem | None) -> None:
        """Evaluate every change-triggered rule whose scope covers the item, or covered it before."""
        for definition in motostate.config_rules(item.account, item.region):
            if _watches_changes(definition) and _concerns(definition, item, before):
                self._add(_Evaluation(item.account, item.region, definition["ConfigRuleId"], item, before))

    def rules_changed(self, account: str, region: str) -> None:
        """Evaluate the rules that are new or changed since the last look."""
        for definition in motostate.config_rules(account, region):
            content = {name: value for name, value in definition.items() if name != "LastUpdatedTime"}
            text = json.dumps(content, sort_keys=True, default=str)
            with self._idle:
                known = self._seen.get(definition["ConfigRuleId"])
                self._seen[definition["ConfigRuleId"]] = text
            if known != text:
                self.start(account, region, definition)

    def start(self, account: str, region: str, definition: Mapping[str, Any]) -> None:
        """Evaluate a rule now: every recorded key for a change trigger, once for a periodic one."""
        if events.SCHEDULED in events.triggers(definition):
            self._add(_Evaluation(account, region, definition["ConfigRuleId"]))
        if not _watches_changes(definition):
            return
        for item in self._recorder.discovered(account, region):
            if item.configuration is not None and events.in_scope(definition, item):
                self._add(_Evaluation(account, region, definition["ConfigRuleId"], item))

    def run_scheduled(self, account: str, region: str, name: str | None) -> None:
        """Invoke one rule that has a periodic trigger, or all that have one, as their schedule would."""
        rules = motostate.config_rules(account, region)
        periodic = {
            rule["ConfigRuleName"]: rule["ConfigRuleId"]
            for rule in rules
            if events.SCHEDULED in events.triggers(rule)
        }
        if name is not None and name not in periodic:
            raise ServiceError("NoSuchConfigRuleException", f"{name} is no rule with a periodic trigger")
        for rule_id in periodic.values() if name is None else (periodic[name],):
            self._add(_Evaluation(account, region, rule_id))

    def settle(self, timeout: float) -> None:
        """Wait until every evaluation is done; EvaluationLoopError after ``timeout`` seconds or a crash."""
        end = time.monotonic() + timeout
        with self._idle:
            while self._pending:
                if not self._idle.wait(end - time.monotonic()) and time.monotonic() >= end:
                    raise EvaluationLoopError(f"{self._pending} evaluations are not done after {timeout} s")
            crash, self._crash = self._crash, None
        if crash is not None:
            raise EvaluationLoopError("the evaluation loop failed") from crash

    def cancel(self) -> None:
        """Drop the pending evaluations; the one that is running goes on."""
        self._stopping = True

    def stop(self) -> None:
        """End the worker after the evaluation that is running; pending ones are dropped."""
        self.cancel()
        self._queue.put(None)
        self._worker.join()

    def _add(self, evaluation: _Evaluation) -> None:
        with self._idle:
            self._pending += 1
        self._queue.put(evaluation)

    def _work(self) -> None:
        while (evaluation := self._queue.get()) is not None:
            try:
                if not self._stopping:
                    self._evaluate(evaluation)
            except Exception as error:  # noqa: BLE001 - a bug of the loop; settle() raises it to the user
                self._crash = error
            finally:
                with self._idle:
                    self._pending -= 1
                    self._idle.notify_all()

    def _evaluate(self, evaluation: _Evaluation) -> None:
        definition = _definition(evaluation)
        if definition is None:  # deleted in the meantime
            return
        rule = rule_of(evaluation.account, evaluation.region, definition)
        now = datetime.now(UTC)
        invoking_event = self._invoking_event(evaluation, now)
        if invoking_event["messageType"] not in events.triggers(definition):
            return
        event = events.rule_event(
            rule,
            invoking_event,
            parameters=definition.get("InputParameters"),
            token=self._ledger.issue_token(rule, now),
            role=motostate.recorder_role(rule.account, rule.region),
            left_scope=evaluation.item is not None and not events.in_scope(definition, evaluation.item),
        )
        for _ in range(1 + self.retries):
            if self._invoked(rule, definition["Source"]["SourceIdentifier"], event):
                break

    def _invoked(self, rule: Rule, function: str, event: Mapping[str, Any]) -> bool:
        """Invoke the function once; say whether there is nothing to try again."""
        now = datetime.now(UTC)
        try:
            outcome = self._invoke(function, event)
        except ServiceError as error:
            self._ledger.note_failed_invocation(rule, datetime.now(UTC), (error.code, error.message))
            return True
        self._ledger.note_invocation(rule, now)
        if outcome.error is None:
            return True
        self._ledger.note_failed_evaluation(rule, datetime.now(UTC), outcome.error)
        return False

    def _invoking_event(self, evaluation: _Evaluation, now: datetime) -> dict[str, Any]:
        if evaluation.item is None:
            return events.scheduled_notification(evaluation.account, now)
        return events.change_notification(evaluation.item, evaluation.before, now, self.oversized_limit)


def rule_of(account: str, region: str, definition: Mapping[str, Any]) -> Rule:
    """A rule's identity from what DescribeConfigRules shows of it."""
    return Rule(
        account, region, definition["ConfigRuleName"], definition["ConfigRuleId"], definition["ConfigRuleArn"]
    )


def _definition(evaluation: _Evaluation) -> dict[str, Any] | None:
    rules = motostate.config_rules(evaluation.account, evaluation.region)
    return next((rule for rule in rules if rule["ConfigRuleId"] == evaluation.rule_id), None)


def _watches_changes(definition: Mapping[str, Any]) -> bool:
    return bool(events.triggers(definition) & {events.CHANGE, events.OVERSIZED})


def _concerns(
    definition: Mapping[str, Any], item: ConfigurationItem, before: ConfigurationItem | None
) -> bool:
    in_scope_before = before is not None and events.in_scope(definition, before)
    return in_scope_before or events.in_scope(definition, item)
