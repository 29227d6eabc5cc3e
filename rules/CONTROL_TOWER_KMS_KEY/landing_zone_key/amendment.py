"""Changes to a key policy as a JSON document. Each returns another document; nothing is changed in place."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from landing_zone_key.policy.document import Policy
from landing_zone_key.policy.strict_json import PolicyError, read_json

#: A key policy of which `Policy.parse` has taken every part.
Document: TypeAlias = Mapping[str, Any]

#: Counted in bytes. https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
MAXIMUM_POLICY_BYTES: Final = 32 * 1024


def document_of(policy: str | Mapping[str, Any] | None) -> Document | None:
    """A key policy as a document of its own; None where there is none, or none that can be read."""
    try:
        found = read_json(policy)
        Policy.parse(found)  # type: ignore[arg-type]  # it takes anything, and refuses it
    except PolicyError:
        return None
    copied: Document = _copied(found)
    return copied


def _copied(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """The value, whatever mappings and sequences it is made of, as a JSON document of its own."""
    if isinstance(value, Mapping):
        return {name: _copied(member) for name, member in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list | tuple) else value


def statements_of(document: Document) -> list[Mapping[str, Any]]:
    """The statements as a list, also where the document holds a single one."""
    statements = document["Statement"]
    return list(statements) if isinstance(statements, list | tuple) else [statements]


def with_statement(document: Document, statement: Mapping[str, Any]) -> dict[str, Any]:
    """The document with one more statement at its end, under a Sid that no other statement has."""
    taken = {other.get("Sid") for other in statements_of(document)}
    sid, number = statement["Sid"], 2
    while sid in taken:
        sid, number = f"{statement['Sid']} {number}", number + 1
    return with_statements(document, [{**statement, "Sid": sid}])


def with_statements(document: Document, added: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The document with these statements, as they stand, at its end."""
    return {**document, "Statement": [*statements_of(document), *added]}


def with_condition(document: Document, index: int, operator: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    """The document with a condition more in one statement; values join those that stand there already."""
    listed = statements_of(document)
    condition = listed[index].get("Condition", {})
    merged = dict(condition.get(operator, {}))
    written = {key.lower(): key for key in merged}  # the names of condition keys have no case
    for name, values in keys.items():
        key = written.get(name.lower(), name)
        merged[key] = [*_as_list(merged[key]), *_as_list(values)] if key in merged else values
    listed[index] = {**listed[index], "Condition": {**condition, operator: merged}}
    return {**document, "Statement": listed}


def size_note(document: Document) -> str:
    """What to say of the document's size; empty where it fits however it is written."""
    if len(_text(document, indent=4).encode()) <= MAXIMUM_POLICY_BYTES:
        return ""
    return (
        f"; put the policy as compact JSON, {size(document)} of {MAXIMUM_POLICY_BYTES} bytes: "
        "indented it does not fit"
    )


def size(document: Document) -> int:
    """Bytes of the document as compact JSON."""
    return len(_text(document).encode())


def _text(document: Document, indent: int | None = None) -> str:
    separators = (",", ":") if indent is None else None
    return json.dumps(document, indent=indent, separators=separators, ensure_ascii=False)


def _as_list(values: object) -> list[Any]:
    return list(values) if isinstance(values, list | tuple) else [values]
