"""What AWS answers, and what is no answer of AWS although it came with 200.

A proxy or a gateway may speak in AWS's place. botocore reads its page, half a body or nothing as an answer
without members: a key without a policy, an account without keys, results that were taken. Here each of them
raises before botocore reads it.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from config_event import RuleError

if TYPE_CHECKING:
    from botocore.hooks import BaseEventHooks

_PUT: Final = "config-service.PutEvaluations"
#: What the answers hold, by AWS's API references: the models of KMS and AWS Config require no member of any.
_HELD: Final[Mapping[str, tuple[str, type]]] = {
    "kms.ListKeys": ("Keys", list),
    "kms.DescribeKey": ("KeyMetadata", dict),
    "kms.GetKeyPolicy": ("Policy", str),
    "controltower.ListLandingZones": ("landingZones", list),
    "controltower.GetLandingZone": ("landingZone", dict),
    "config-service.GetResourceConfigHistory": ("configurationItems", list),
    "config-service.GetComplianceDetailsByConfigRule": ("EvaluationResults", list),
    _PUT: ("FailedEvaluations", list),
}


def watch(events: "BaseEventHooks") -> None:
    """Let clients that are made after this raise `RuleError` on what is no answer, and on results not taken.

    AssumeRole, in XML, needs no watching: a page has no credentials in it, and rdklib fails without them.
    """
    for event in (f"before-parse.{operation}" for operation in _HELD):
        events.register(event, _refuse_no_answer, unique_id=event)
    events.register(f"after-call.{_PUT}", _refuse_failed_evaluations, unique_id=_PUT)


def _refuse_no_answer(event_name: str, response_dict: Mapping[str, Any], **_: object) -> None:
    """Errors are left to botocore: one of a single key is a finding of that key alone."""
    status, body = response_dict["status_code"], response_dict["body"]
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return
    operation = event_name.removeprefix("before-parse.")
    member, kind = _HELD[operation]
    answer = _object(body)
    if answer is None or not (isinstance(answer.get(member), kind) or _none_failed(operation, answer)):
        content = json.dumps(response_dict["headers"].get("content-type", "no content type"))[:60]
        raise RuleError(
            f"{operation} was answered with {status} and {len(body)} bytes ({content}) that are no answer of "
            f'AWS; right would be a JSON object with "{member}": does a proxy or a gateway answer instead?'
        )


def _object(body: bytes) -> dict[str, Any] | None:
    """The body as botocore decodes it, but without an answer of its own making where it is no JSON."""
    try:
        answer = json.loads(body.decode())
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _none_failed(operation: str, answer: Mapping[str, Any]) -> bool:
    """A service may leave out a list that is empty; then it says nothing else instead."""
    return operation == _PUT and answer in ({}, {"FailedEvaluations": None})


def _refuse_failed_evaluations(parsed: Mapping[str, Any], **_: object) -> None:
    if failed := parsed.get("FailedEvaluations"):
        first = failed[0].get("ComplianceResourceId")
        raise RuleError(f"AWS Config did not take {len(failed)} evaluations, the first for {first}")
