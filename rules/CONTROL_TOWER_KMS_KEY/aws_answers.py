"""Lets clients raise on what is no answer of AWS, before botocore reads it, and on results not taken."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from config_event import RuleError
from landing_zone_key.aws_answers import HELD, fault

if TYPE_CHECKING:
    from botocore.hooks import BaseEventHooks

_PUT: Final = "config-service.PutEvaluations"


def watch(events: "BaseEventHooks") -> None:
    """Let clients that are made after this raise `RuleError` on what is no answer, and on results not taken.

    AssumeRole, in XML, needs no watching: a page has no credentials in it, and rdklib fails without them.
    """
    for event in (f"before-parse.{operation}" for operation in HELD):
        events.register(event, _refuse_no_answer, unique_id=event)
    events.register(f"after-call.{_PUT}", _refuse_failed_evaluations, unique_id=_PUT)


def _refuse_no_answer(event_name: str, response_dict: Mapping[str, Any], **_: object) -> None:
    """Errors are left to botocore: one of a single key is a finding of that key alone."""
    status = response_dict["status_code"]
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return
    operation, content = (
        event_name.removeprefix("before-parse."),
        response_dict["headers"].get("content-type"),
    )
    if wrong := fault(operation, status, response_dict["body"], content):
        raise RuleError(wrong)


def _refuse_failed_evaluations(parsed: Mapping[str, Any], **_: object) -> None:
    if failed := parsed.get("FailedEvaluations"):
        first = failed[0].get("ComplianceResourceId")
        raise RuleError(f"AWS Config did not take {len(failed)} evaluations, the first for {first}")
