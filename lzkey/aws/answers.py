"""What came with a good status, and is no answer of AWS: it raises before botocore takes it for empty."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from landing_zone_key.aws_answers import fault, json_object, told
from lzkey.aws.unanswered import NotUnderstoodError

if TYPE_CHECKING:
    from botocore.hooks import BaseEventHooks
    from botocore.model import OperationModel

_JSON: Final = frozenset({"json", "rest-json"})
#: The root elements of those of Amazon S3's answers that are asked for; some of the others have no body.
#: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html and so on
_ROOTS: Final = {
    "GetBucketEncryption": "ServerSideEncryptionConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetObjectLockConfiguration": "ObjectLockConfiguration",
    "ListObjectsV2": "ListBucketResult",
}
#: Of what is no XML, and of a page.
_NO_ROOTS: Final = ("", "html")


def watch(events: BaseEventHooks) -> None:
    """Let clients that are made after this raise NotUnderstoodError on what is no answer of AWS.

    What is no XML where Amazon S3 should answer, botocore takes for the server's error, and asks again.
    """
    events.register("before-parse", _require_answer, unique_id="lzkey-no-answer")


def _require_answer(
    event_name: str, operation_model: OperationModel, response_dict: dict[str, Any], **_: object
) -> None:
    """What fails on AWS's side is left to botocore, which tries again."""
    if operation_model.has_streaming_output:
        return
    operation, status = event_name.removeprefix("before-parse."), response_dict["status_code"]
    body, content = response_dict["body"], response_dict["headers"].get("content-type")
    good = status < HTTPStatus.MULTIPLE_CHOICES
    if operation_model.service_model.resolved_protocol in _JSON:
        if good:
            wrong = fault(operation, status, body, content)
        elif status < HTTPStatus.INTERNAL_SERVER_ERROR and body and json_object(body) is None:
            wrong = told(operation, status, body, content, "a JSON object with the error's type")
        else:
            wrong = ""
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        if _root(body) in _NO_ROOTS:
            response_dict["body"] = b""  # else botocore would end on it instead of trying again
        return
    else:
        wrong = _xml_fault(operation, operation_model, status, body, content)
    if wrong:
        raise NotUnderstoodError(told=wrong)


def _xml_fault(operation: str, model: OperationModel, status: int, body: bytes, content: str | None) -> str:
    """Why a body is no answer in XML; of Amazon S3's other answers one may have no body."""
    is_error = status >= HTTPStatus.MULTIPLE_CHOICES
    is_s3 = model.service_model.resolved_protocol == "rest-xml"
    wanted = _ROOTS.get(model.name, "") if is_s3 else f"{model.name}Response"
    root = _root(body)
    if is_error or not wanted:
        is_right = not body or root not in _NO_ROOTS
        right = "XML with the error's code" if is_error else "XML, or nothing"
    else:
        is_right, right = root == wanted, f"XML, a {wanted}"
    return "" if is_right else told(operation, status, body, content, right)


def _root(body: bytes) -> str:
    """The name of the root element, without its namespace; empty where the body is no XML."""
    try:
        return ET.fromstring(body).tag.rpartition("}")[2]  # noqa: S314 - botocore reads it so, too
    except ET.ParseError:
        return ""
