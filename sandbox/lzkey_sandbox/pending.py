"""Work that AWS has begun and not done when it answers: a stack in progress, a pending function.

It is shown once, to whoever looks. Whoever waits for the end (a waiter of botocore, or rdk, which lists the
stacks) finds it there, so that nobody really waits. Sources:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html and
https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

from __future__ import annotations

import json
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from lzkey_sandbox.moto import motostacks

if TYPE_CHECKING:
    from lzkey_sandbox.endpoint import Exchange
    from lzkey_sandbox.http.requests import ApiRequest
    from lzkey_sandbox.moto.motostacks import AtWork

_STACK_WORK: Final = frozenset({"CreateStack", "DeleteStack", "ExecuteChangeSet", "UpdateStack"})

_UPDATE: Final = {
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being updated.",
}
_FUNCTION_WORK: Final = {
    "CreateFunction": {
        "State": "Pending",
        "StateReason": "The function is being created.",
        "StateReasonCode": "Creating",
    },
    "UpdateFunctionCode": _UPDATE,
    "UpdateFunctionConfiguration": _UPDATE,
}


class Pending:
    """What is still to be shown as not done; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._events: dict[str, int] = {}
        self._stacks: dict[tuple[str, str], list[AtWork]] = {}
        self._functions: dict[str, dict[str, str]] = {}

    def before(self, account: str, request: ApiRequest) -> None:
        """Let the work on stacks be done for everybody but whoever describes them without waiting."""
        if request.service == "cloudformation" and (request.operation != "DescribeStacks" or request.waits):
            self._done(account, request.region, "")

    def after(self, exchange: Exchange) -> None:
        """Begin the work that a request asked for; what an answer has shown is done after it."""
        request = exchange.request
        if request.service == "cloudformation" and request.operation in _STACK_WORK:
            with self._lock:
                begun = motostacks.changed(exchange.account, request.region, self._events)
                self._stacks.setdefault((exchange.account, request.region), []).extend(begun)
        if (request.service, request.operation) == ("cloudformation", "DescribeStacks"):
            name = parse_qs(request.body.decode()).get("StackName", [""])[0]
            self._done(exchange.account, request.region, name)
        if request.service == "lambda":
            self._show_function(exchange)

    def function_invoked(self, arn: str) -> None:
        """A function that runs is no longer pending."""
        with self._lock:
            self._functions.pop(arn, None)

    def _done(self, account: str, region: str, name: str) -> None:
        """Let the work on one stack, or on all, be done."""
        with self._lock:
            at_work = self._stacks.pop((account, region), [])
            for stack in at_work:
                if name in {"", stack.name, stack.stack_id}:
                    stack.done()
                else:
                    self._stacks.setdefault((account, region), []).append(stack)

    def _show_function(self, exchange: Exchange) -> None:
        operation, work = exchange.request.operation, _FUNCTION_WORK.get(exchange.request.operation)
        if work is None and operation not in {"GetFunction", "GetFunctionConfiguration"}:
            return
        answer: dict[str, Any] = json.loads(exchange.response.get_data())
        shown = answer["Configuration"] if operation == "GetFunction" else answer
        arn = ":".join(shown["FunctionArn"].split(":")[:7])
        with self._lock:
            if work is not None:
                self._functions[arn] = work
            else:
                work = self._functions.pop(arn, {})
        if not exchange.request.waits:
            shown.update(work)
            exchange.response.set_data(json.dumps(answer))
