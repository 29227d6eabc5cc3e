"""Which operation an HTTP request calls: service, Region, operation and who signed it.

The JSON protocols name the operation in ``X-Amz-Target``, the query protocol in ``Action``, the REST
protocols only in method and path, so those are matched against the URIs of botocore's service model.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError, Shape, StructureShape

from lzkey_sandbox.http.contract import service_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey import Untyped

WsgiEnvironment = dict[str, Any]

UNKNOWN = "Unknown"

#: Signing names that are not the name of botocore's service model.
_MODEL_OF_SIGNING_NAME = {
    "monitoring": "cloudwatch",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
}

#: Operations of Amazon S3 that the sandbox answers itself, and whose bodies are small.
_NO_UPLOADS = frozenset({"PutBucketRequestPayment"})

#: Among the features in a user agent, which are a letter or more each.
_WAITER = re.compile(r"\bm/(?:\w+,)*B(?:,|\s|$)")

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request as the caller meant it; ``body`` is empty for uploads, which are left to moto.

    ``headers`` are those that the operation's model knows as text, under the names of its members.
    ``waits`` says that a waiter of botocore asks, which would ask again.
    """

    service: str
    region: str
    operation: str
    access_key: str
    body: bytes
    path_parameters: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    waits: bool = False

    @property
    def protocol(self) -> str:
        """The wire protocol of the service (``json``, ``query``, ``rest-json``, ``rest-xml``)."""
        try:
            return service_model(self.service).protocol
        except UnknownServiceError:
            return "json"


@dataclass(frozen=True, slots=True)
class _Route:
    operation: str
    method: str
    path: re.Pattern[str]
    query: frozenset[str]
    headers: frozenset[str]
    literals: int


def identify(environ: WsgiEnvironment) -> ApiRequest | None:
    """Say which operation a request calls, or None for one that no SDK signed."""
    signature = environ.get("HTTP_AUTHORIZATION", "") or unquote(environ.get("QUERY_STRING", ""))
    match = _CREDENTIAL.search(signature)
    if match is None:
        return None
    access_key, region, signing_name = match.groups()
    service = _MODEL_OF_SIGNING_NAME.get(signing_name, signing_name)
    body = b"" if service == "s3" else _read_body(environ)
    operation, parameters = _operation(service, environ, body)
    if operation in _NO_UPLOADS:
        body = _read_body(environ)
    query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    headers = _headers(service, operation, environ)
    waits = _WAITER.search(environ.get("HTTP_USER_AGENT", "")) is not None
    return ApiRequest(service, region, operation, access_key, body, parameters, query, headers, waits)


def _headers(service: str, operation: str, environ: WsgiEnvironment) -> dict[str, str]:
    """The text that an operation's members have in headers."""
    try:
        shape = service_model(service).operation_model(operation).input_shape
    except (UnknownServiceError, OperationNotFoundError):
        return {}
    members = {name: f"HTTP_{place.upper().replace('-', '_')}" for name, place in _places(shape)}
    return {name: environ[variable] for name, variable in members.items() if variable in environ}


def _places(shape: Shape | None) -> Iterator[tuple[str, str]]:
    for name, member in shape.members.items() if isinstance(shape, StructureShape) else ():
        if member.serialization.get("location") == "header" and member.type_name == "string":
            yield name, str(member.serialization["name"])


def _read_body(environ: WsgiEnvironment) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _operation(service: str, environ: WsgiEnvironment, body: bytes) -> tuple[str, dict[str, str]]:
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rpartition(".")[2], {}
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode()).get("Action", [UNKNOWN])[0], {}
    query = frozenset(parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    for route in _routes(service):
        match = route.path.fullmatch(environ.get("PATH_INFO", "/"))
        sent = {name for name in route.headers if f"HTTP_{name.upper().replace('-', '_')}" in environ}
        if (
            match
            and route.method == environ["REQUEST_METHOD"]
            and route.query <= query
            and sent == route.headers
        ):
            return route.operation, {name: unquote(value) for name, value in match.groupdict().items()}
    return UNKNOWN, {}


@cache
def _routes(service: str) -> tuple[_Route, ...]:
    """The REST routes of a service, the most particular first."""
    try:
        model = service_model(service)
    except UnknownServiceError:
        return ()
    routes = [_route(model.operation_model(name)) for name in model.operation_names]
    return tuple(sorted(routes, key=lambda route: (-len(route.query | route.headers), -route.literals)))


def _route(operation: Untyped) -> _Route:
    path, _, query = str(operation.http["requestUri"]).partition("?")
    names = {part.partition("=")[0] for part in query.split("&") if part}
    headers = set()
    shape = operation.input_shape
    for member in shape.required_members if shape else []:
        place = shape.members[member].serialization
        if place.get("location") == "querystring":
            names.add(place["name"])
        if place.get("location") == "header":
            headers.add(place["name"])
    return _Route(
        operation.name,
        str(operation.http["method"]),
        re.compile(_path_pattern(path)),
        frozenset(names),
        frozenset(headers),
        len(re.sub(r"{[^}]*}", "", path)),
    )


def _path_pattern(path: str) -> str:
    parts = re.split(r"({[^}]*})", path.rstrip("/") or "/")
    return "".join(_part_pattern(part) for part in parts) + "/?"


def _part_pattern(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    name = re.sub(r"\W", "_", part.strip("{}+"))
    return f"(?P<{name}>.+)" if part.endswith("+}") else f"(?P<{name}>[^/]+)"
