"""Answers and errors on the wire, in the protocols of the services."""

from __future__ import annotations

import json
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey_sandbox.errors import ServiceError
    from lzkey_sandbox.execution_environment import Outcome


def json_response(members: Mapping[str, Any], status: int = 200) -> Response:
    """Return an answer of the JSON and the REST-JSON protocol; status 204 has no body."""
    body = "" if status == HTTPStatus.NO_CONTENT else json.dumps(members)
    return Response(body, status=status, headers=_headers("application/json"))


def invoke_response(outcome: Outcome) -> Response:
    """Return Lambda's answer to a synchronous invocation; the function's error is a header, not a status.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    headers = {**_headers("application/json"), "X-Amz-Executed-Version": "$LATEST"}
    if outcome.error is not None:
        headers["X-Amz-Function-Error"] = "Unhandled"
    return Response(outcome.payload, headers=headers)


def error_response(protocol: str, error: ServiceError) -> Response:
    """Return an error in a service's protocol."""
    if protocol in {"json", "rest-json"}:
        body = json.dumps({"__type": error.code, "message": error.message})
        headers = {**_headers("application/json"), "X-Amzn-ErrorType": error.code}
        return Response(body, status=error.status, headers=headers)
    fault = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    if protocol == "rest-xml":
        body = f"<Error>{fault}</Error>"
    else:
        body = f"<ErrorResponse><Error><Type>Sender</Type>{fault}</Error></ErrorResponse>"
    return Response(body, status=error.status, headers=_headers("text/xml"))


def _headers(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "x-amzn-RequestId": str(uuid.uuid4())}
