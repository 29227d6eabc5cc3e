"""Whether two texts are one key policy: KMS lays it out anew, and names who is gone by an id."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lzkey import Json

#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
_ID: Final = re.compile(r"A(?:IDA|ROA|GPA|NPA)[A-Z0-9]{16,}")
_PRINCIPAL: Final = re.compile(r"arn:[a-z-]+:(?:iam|sts)::\d{12}:(?:user|role|assumed-role)/.+")
_SOMEBODY: Final = "a user or role"


def alike(one: str, other: str) -> bool:
    """Whether two policies say the same; of users and roles, where one of them names some by id, any do."""
    if one == other:
        return True
    parsed = _parsed(one), _parsed(other)
    if None in parsed:
        return False
    by_id = any('"' in text and _ID.search(text) for text in (one, other))
    first, second = (_plain(each, by_id=by_id) for each in parsed)
    return bool(first == second)


def _parsed(text: str) -> Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _plain(value: Json, *, by_id: bool) -> Json:
    """The same without what makes no difference: the order in lists but that of statements, lists of one."""
    if isinstance(value, dict):
        return {
            name: [_plain(each, by_id=by_id) for each in (its if isinstance(its, list) else [its])]
            if name == "Statement"
            else _plain(its, by_id=by_id)
            for name, its in value.items()
        }
    if isinstance(value, list):
        made = [_plain(each, by_id=by_id) for each in value]
        plain = sorted(made, key=lambda each: json.dumps(each, sort_keys=True))
        return plain[0] if len(plain) == 1 else plain
    if by_id and isinstance(value, str) and (_ID.fullmatch(value) or _PRINCIPAL.fullmatch(value)):
        return _SOMEBODY
    return value
