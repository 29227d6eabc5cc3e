"""The sandbox's one HTTP endpoint: a thin WSGI layer before moto's own application.

It answers the operations that moto lacks, lets moto answer the rest, injects faults on demand, keeps a
record of the calls, and tells an observer of those that succeeded.
"""

from __future__ import annotations

import io
import json
import logging
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape, unescape

from botocore import xform_name
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.http.contract import operation_model, parse_input, render_output, service_model
from lzkey_sandbox.http.faults import Faults
from lzkey_sandbox.http.requests import ApiRequest, identify
from lzkey_sandbox.moto import motostate

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

    from lzkey import Untyped
    from lzkey_sandbox.functions.execution_environment import Outcome

_log: Final = logging.getLogger(__name__)

#: What a bug of the sandbox is answered with, at a status that no SDK retries.
INTERNAL_FAILURE: Final = "InternalFailure"

_XML: Final = "rest-xml"
#: The root elements of Amazon S3's answers, which botocore's model does not know; others have no body.
#: Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketRequestPayment.html
_ROOTS: Final = {"GetBucketRequestPayment": "RequestPaymentConfiguration"}
_TEXT: Final = re.compile(r"<(\w+)>([^<>]*)</\1>")

#: Where GetFunction says that the code of functions is; moto's addresses lead nowhere.
#: Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html (Code.Location)
_CODE_ADDRESS: Final = "/lzkey-sandbox/function-code/"

#: Answers an operation: account, Region, members of the request -> members of the answer.
Handler = Callable[[str, str, Mapping[str, Any]], dict[str, Any]]

#: Invokes a function: account, Region, name, event -> Outcome.
Invoke = Callable[[str, str, str, object], Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call that the endpoint answered; ``error`` is AWS's code when a handler or a fault refused it."""

    service: str
    operation: str
    account: str
    region: str
    status: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation the sandbox answers itself; ``applies`` sees the raw request and may leave it to moto."""

    handler: Handler
    applies: Callable[[Mapping[str, Any]], bool]


def operations(
    service: str, api: object, applies: Callable[[Mapping[str, Any]], bool] = lambda _raw: True
) -> dict[tuple[str, str], Operation]:
    """The operations of a service for which an object has a method, under the name that it has in boto3."""
    methods = {name: getattr(api, xform_name(name), None) for name in service_model(service).operation_names}
    return {
        (service, name): Operation(method, applies) for name, method in methods.items() if method is not None
    }


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that moto answered with success, for the observer."""

    account: str
    request: ApiRequest
    response: Response


class Observer:
    """Told of the requests that moto answers, before and after; does nothing by itself."""

    def answering_account(self, account: str, request: ApiRequest) -> str:
        """The account whose state answers a request: by default the caller's own."""
        del request
        return account

    def before(self, account: str, request: ApiRequest) -> bytes | None:
        """See a request before moto does; a body that is returned takes the place of the request's."""

    def after(self, exchange: Exchange) -> None:
        """See a request that moto answered with success, before the caller sees the answer."""


class Endpoint:
    """The WSGI application; ``default_account`` owns every access key that moto did not issue."""

    def __init__(
        self,
        operations: Mapping[tuple[str, str], Operation],
        invoke: Invoke,
        observer: Observer,
        default_account: str,
    ) -> None:
        self._operations = operations
        self._invoke = invoke
        self._observer = observer
        self._default_account = default_account
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._lock = Lock()
        self._calls: list[Call] = []
        self.faults = Faults()

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call so far, in the order in which they were answered."""
        with self._lock:
            return tuple(self._calls)

    def forget_calls(self) -> None:
        """Begin a new record of calls."""
        with self._lock:
            self._calls.clear()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = identify(environ)
        if request is None:
            code = _code_at(environ.get("PATH_INFO", ""))
            answer = Response.from_app(self._moto, environ) if code is None else Response(code)
            return answer(environ, start_response)
        account = motostate.account_of(request.access_key, self._default_account)
        error = ""
        try:
            response = self._answer(account, request, environ)
        except ServiceError as refusal:
            response, error = _error_response(request.protocol, refusal), refusal.code
        except Exception as bug:  # noqa: BLE001 - a bug of the sandbox; the caller gets to see it
            _log.exception("%s %s", request.service, request.operation)
            failure = ServiceError(INTERNAL_FAILURE, f"{type(bug).__name__}: {bug}", 501)
            response, error = _error_response(request.protocol, failure), failure.code
        call = Call(request.service, request.operation, account, request.region, response.status_code, error)
        with self._lock:
            self._calls.append(call)
        return response(environ, start_response)

    def _answer(self, account: str, request: ApiRequest, environ: dict[str, Any]) -> Response:
        self.faults.check(request)
        if (request.service, request.operation) == ("lambda", "Invoke"):
            return self._invoke_function(account, request, environ)
        operation = self._operations.get((request.service, request.operation))
        raw = _members(request) if operation else {}
        if operation and operation.applies(raw):
            model = operation_model(request.service, request.operation)
            answer = operation.handler(account, request.region, parse_input(model, raw))
            members, status = render_output(model, answer), model.http.get("responseCode", 200)
            if request.protocol == _XML:
                return _xml_response(request.operation, members, status)
            return _json_response(members, status)
        return self._ask_moto(account, request, environ)

    def _ask_moto(self, account: str, request: ApiRequest, environ: dict[str, Any]) -> Response:
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._observer.answering_account(account, request)
        body = self._observer.before(account, request)
        if body is not None:
            environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})
        response = Response.from_app(self._moto, environ)
        if response.status_code < HTTPStatus.MULTIPLE_CHOICES:
            self._observer.after(Exchange(account, request, response))
            if (request.service, request.operation) == ("lambda", "GetFunction"):
                _give_address(response, environ["HTTP_HOST"], account, request.region)
        return response

    def _invoke_function(self, account: str, request: ApiRequest, environ: dict[str, Any]) -> Response:
        if Request(environ).headers.get("X-Amz-Invocation-Type", "RequestResponse") != "RequestResponse":
            raise ServiceError("InvalidParameterValueException", "only synchronous invocations are supported")
        event = _json(request.body)
        name = request.path_parameters["FunctionName"]
        return _invoke_response(self._invoke(account, request.region, name, event))


def _members(request: ApiRequest) -> dict[str, Any]:
    """The members of a request, wherever it has them."""
    body = _xml(request) if request.protocol == _XML else _json(request.body)
    return {**request.query, **request.path_parameters, **request.headers, **body}


def _xml(request: ApiRequest) -> dict[str, Any]:
    """The member that is a request's body, whose own members are text."""
    shape = operation_model(request.service, request.operation).input_shape
    payload = shape.serialization.get("payload") if shape else None
    found = {name: unescape(text) for name, text in _TEXT.findall(request.body.decode())}
    return {payload: found} if payload else {}


def _json(body: bytes) -> Untyped:
    try:
        return json.loads(body or b"{}")
    except ValueError as error:
        raise ServiceError("SerializationException", f"the request is no JSON: {error}") from error


def _json_response(members: Mapping[str, Any], status: int = 200) -> Response:
    """An answer of the JSON and the REST-JSON protocol; status 204 has no body."""
    body = "" if status == HTTPStatus.NO_CONTENT else json.dumps(members)
    return Response(body, status=status, headers=_headers("application/json"))


def _xml_response(operation: str, members: Mapping[str, Any], status: int) -> Response:
    """An answer of the REST-XML protocol whose members are text."""
    told = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in members.items())
    root = _ROOTS.get(operation)
    body = f"<{root}>{told}</{root}>" if root else ""
    return Response(body, status=status, headers=_headers("application/xml"))


def _invoke_response(outcome: Outcome) -> Response:
    """Lambda's answer to a synchronous invocation; the function's error is a header, not a status.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    headers = {**_headers("application/json"), "X-Amz-Executed-Version": "$LATEST"}
    if outcome.error is not None:
        headers["X-Amz-Function-Error"] = "Unhandled"
    return Response(outcome.payload, headers=headers)


def _error_response(protocol: str, error: ServiceError) -> Response:
    """An error in a service's protocol."""
    if protocol in {"json", "rest-json"}:
        body = json.dumps({"__type": error.code, "message": error.message})
        headers = {**_headers("application/json"), "X-Amzn-ErrorType": error.code}
        return Response(body, status=error.status, headers=headers)
    fault = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    if protocol == _XML:
        body = f"<Error>{fault}</Error>"
    else:
        body = f"<ErrorResponse><Error><Type>Sender</Type>{fault}</Error></ErrorResponse>"
    return Response(body, status=error.status, headers=_headers("text/xml"))


def _headers(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "x-amzn-RequestId": str(uuid.uuid4())}


def _give_address(response: Response, host: str, account: str, region: str) -> None:
    """Let an answer of GetFunction name an address on this endpoint."""
    members = json.loads(response.get_data())
    name = members["Configuration"]["FunctionName"]
    members["Code"]["Location"] = f"http://{host}{_CODE_ADDRESS}{account}/{region}/{name}"
    response.set_data(json.dumps(members))


def _code_at(path: str) -> bytes | None:
    """The zip that a path of such an address stands for; None for any other path."""
    if not path.startswith(_CODE_ADDRESS):
        return None
    account, region, name = path.removeprefix(_CODE_ADDRESS).split("/")
    return motostate.function(account, region, name).code
