"""What is asked of AWS, told as it is answered: a line for each call, for whoever asks with --verbose.

Nothing of what is sent is told, and of what is answered the error's code alone: neither could be known to
hold no secret. Calls of other programs, such as rdk, are not seen here.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.awsrequest import AWSResponse
    from botocore.hooks import BaseEventHooks
    from botocore.model import OperationModel

    from lzkey import Json

#: The command line writes it to standard error.
_LOG: Final = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())

#: Where botocore's events about one call find what is known of it.
_CALL: Final = "lzkey-call"
#: Characters of a code at most: it is whatever answers that gives it.
_LONGEST_CODE: Final = 80


@dataclass(slots=True)
class _Call:
    action: str
    region: str
    began: float
    account: str = ""

    def tell(self, outcome: str, attempts: int) -> None:
        """Say how it went, with all its attempts."""
        account = f", account {self.account}" if self.account else ""
        tried = f", {attempts} attempts" if attempts > 1 else ""
        milliseconds = round((monotonic() - self.began) * 1000)
        where = f"{self.action} in {self.region}{account}"
        _LOG.debug("%s: %s%s, %s ms", where, outcome[:_LONGEST_CODE], tried, f"{milliseconds:,}")


def tell_calls(events: BaseEventHooks) -> None:
    """Let the clients of a session tell their calls, also those that fetch its credentials."""
    events.register("before-call", _began)
    events.register("after-call", _answered)
    events.register("after-call-error", _failed)


def tell_account(events: BaseEventHooks, account: Callable[[], str]) -> None:
    """Let one of these clients tell also in which account it asks."""

    def whose(context: dict[str, Any], **_: object) -> None:
        if _CALL in context:
            context[_CALL].account = account()

    events.register("before-call", whose)


def _began(model: OperationModel, context: dict[str, Any], **_: object) -> None:
    if _LOG.isEnabledFor(logging.DEBUG):
        action = f"{model.service_model.service_name}:{model.name}"
        context[_CALL] = _Call(action, str(context.get("client_region")), monotonic())


def _answered(http_response: AWSResponse, parsed: Json, context: dict[str, Any], **_: object) -> None:
    good = http_response.status_code < HTTPStatus.MULTIPLE_CHOICES
    _tell(context, "ok" if good else str(parsed.get("Error", {}).get("Code", http_response.status_code)))


def _failed(exception: Exception, context: dict[str, Any], **_: object) -> None:
    _tell(context, type(exception).__name__)


def _tell(context: dict[str, Any], outcome: str) -> None:
    if _CALL in context:
        context[_CALL].tell(outcome, context.get("retries", {}).get("attempt", 1))
