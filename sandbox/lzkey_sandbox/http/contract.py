"""Requests and answers checked against botocore's service models.

botocore's own ``ParamValidator`` checks types and required members and little else, because the services
check the rest; so lengths, enumerations and patterns of the model are checked here. The wording follows
what AWS answers: ``1 validation error detected: Value … at … failed to satisfy constraint: …``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

from lzkey_sandbox.errors import ContractError, ServiceError

if TYPE_CHECKING:
    from lzkey import Untyped

Json = Any  # a value as the json module reads and writes it

#: How patterns write what two code units make together, as Java reads it, and how Python does.
#: Source: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/regex/Pattern.html
_BEYOND: Final = (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")

#: A request's members, as botocore's types.
Members = Mapping[str, Any]

#: An answer's members, as botocore's types.
Answer = dict[str, Any]


@cache
def service_model(service: str) -> ServiceModel:
    """Botocore's model of a service; ``UnknownServiceError`` when there is none."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def operation_model(service: str, operation: str) -> OperationModel:
    """Botocore's model of one operation."""
    return service_model(service).operation_model(operation)


def parse_input(operation: OperationModel, raw: Mapping[str, Json]) -> dict[str, Any]:
    """A request's members as botocore's types; an invalid request is AWS's ValidationException."""
    if operation.input_shape is None:
        return {}
    members = _decode(operation.input_shape, raw)
    faults = _faults(operation.input_shape, members)
    if faults:
        noun = "error" if len(faults) == 1 else "errors"
        raise ServiceError(
            "ValidationException", f"{len(faults)} validation {noun} detected: " + "; ".join(faults)
        )
    return dict(members)


def render_output(operation: OperationModel, answer: Mapping[str, Any]) -> dict[str, Json]:
    """An answer as JSON members; an answer outside the model is a bug and raises ContractError."""
    if operation.output_shape is None:
        if answer:
            raise ContractError(f"{operation.name} has no output, but the sandbox answered {sorted(answer)}")
        return {}
    unknown = sorted(set(answer) - set(operation.output_shape.members))
    faults = [f"unknown member {name}" for name in unknown] + _faults(operation.output_shape, answer)
    if faults:
        raise ContractError(f"{operation.name} answered outside its model: " + "; ".join(faults))
    return dict(_encode(operation.output_shape, answer))


def _faults(shape: Shape, value: Untyped) -> list[str]:
    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        return [line.strip() for line in report.generate_report().splitlines()]
    return list(_constraint_faults(shape, value, ""))


def _constraint_faults(shape: Shape, value: Untyped, path: str) -> Iterator[str]:
    for constraint in _violated(shape, value):
        yield f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"
    for member, item, step in _children(shape, value):
        yield from _constraint_faults(member, item, f"{path}.{step}" if path else step)


def _violated(shape: Shape, value: Untyped) -> Iterator[str]:
    facts = shape.metadata
    if shape.type_name in {"string", "list"}:
        if len(value) > facts.get("max", len(value)):
            yield f"Member must have length less than or equal to {facts['max']}"
        if len(value) < facts.get("min", 0):
            yield f"Member must have length greater than or equal to {facts['min']}"
    if shape.type_name in {"integer", "long"} and value > facts.get("max", value):
        yield f"Member must have value less than or equal to {facts['max']}"
    if shape.type_name == "string" and value not in facts.get("enum", [value]):
        yield f"Member must satisfy enum value set: [{', '.join(facts['enum'])}]"
    pattern = str(facts.get("pattern", "")).replace(*_BEYOND)
    if shape.type_name == "string" and not re.search(pattern, value):
        yield f"Member must satisfy regular expression pattern: {facts['pattern']}"


def _children(shape: Shape, value: Untyped) -> Iterator[tuple[Shape, Untyped, str]]:
    if isinstance(shape, StructureShape) and not shape.metadata.get("document"):
        for name in value:
            if name in shape.members:
                yield shape.members[name], value[name], name[:1].lower() + name[1:]
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value, start=1):
            yield shape.member, item, f"{number}.member"
    elif isinstance(shape, MapShape):
        for name, item in value.items():
            yield shape.value, item, f"{name}.member"


def _decode(shape: Shape, value: Json) -> Untyped:
    return _convert(shape, value, _from_wire)


def _encode(shape: Shape, value: Untyped) -> Json:
    return _convert(shape, value, _to_wire)


def _convert(shape: Shape, value: Untyped, leaf: Callable[[str, Untyped], Untyped]) -> Untyped:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        if shape.metadata.get("document"):
            return value
        known = {name: item for name, item in value.items() if name in shape.members and item is not None}
        return {name: _convert(shape.members[name], item, leaf) for name, item in known.items()}
    if isinstance(shape, ListShape) and isinstance(value, (list, tuple)):
        return [_convert(shape.member, item, leaf) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {name: _convert(shape.value, item, leaf) for name, item in value.items()}
    return leaf(shape.type_name, value)


def _from_wire(type_name: str, value: Json) -> Untyped:
    if type_name == "timestamp" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    if type_name == "timestamp" and isinstance(value, str):
        raise ServiceError("SerializationException", f"{value!r} is no number of seconds since the epoch")
    if type_name == "blob" and isinstance(value, str):
        return base64.b64decode(value)
    return value


def _to_wire(type_name: str, value: Untyped) -> Json:
    if type_name == "timestamp":
        return round(value.timestamp(), 3)  # epoch seconds, what the JSON protocols use
    if type_name == "blob":
        return base64.b64encode(value).decode("ascii")
    return value
