"""What DescribeKey and GetKeyPolicy answer side by side: which policy is which key's.

GetKeyPolicy's answer does not name its key. Both are put together where that is certain, and else not at all.
https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lzkey.sources import documents
from lzkey.sources.json_text import decoded
from lzkey.sources.subject import FoundKey, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lzkey import Json
    from lzkey.sources.source import Source
    from lzkey.sources.subject import Context, Place

    #: An answer with what is its source.
    Part = tuple[Source, dict[str, Any]]

_AS_MEMBER: Final = "put the policy beside the KeyMetadata of its key, as member Policy"
_WHOSE: Final = f"nothing tells for certain whose policy this is; {_AS_MEMBER}"
_WHICH: Final = f"nothing tells for certain which policy beside it, if any, is this key's; {_AS_MEMBER}"


def is_answer(document: dict[str, Any]) -> bool:
    """Tell whether it describes a key, or is the policy of one."""
    return documents.is_description(document) or documents.is_policy(document)


def answered(parts: Sequence[Part], context: Context) -> Iterator[FoundKey | Unread]:
    """The keys of answers that stand side by side, each with its policy where that is certain."""
    descriptions = [part for part in parts if documents.is_description(part[1])]
    policies = [part for part in parts if not documents.is_description(part[1])]
    joined = _joined({documents.arn_in(document) for _, document in descriptions}, policies, context.key_arn)
    lacking = {
        documents.arn_in(document) for _, document in descriptions if not documents.has_policy(document)
    }
    taken = {_text(joined[arn][0]) for arn in lacking & joined.keys()}
    left = [part for part in policies if _text(part) not in taken]
    open_ = lacking - joined.keys() and not context.key_arn
    for source, document in descriptions:
        place, arn = source.place(documents.DESCRIBE_KEY), documents.arn_in(document)
        if not documents.has_policy(document) and arn in joined:
            yield _described(document, place, *joined[arn], context)
        else:
            yield documents.described(document, place, context, *([_WHICH] if left and open_ else []))
    for part in left:
        if open_ and documents.is_default(part[1]):
            yield Unread(part[0].place(documents.GET_KEY_POLICY), _WHOSE)
        else:
            yield from documents.policy_alone(*part, context)


def _joined(arns: set[str], policies: Sequence[Part], key_arn: str | None) -> dict[str, tuple[Part, str]]:
    """The policy of each of these keys where that is certain, and why it is."""
    own = [part for part in reversed(policies) if documents.is_default(part[1])]
    named = [
        (part, _keys_named(part, arns, key_arn)) for part in {_text(part): part for part in own}.values()
    ]
    joined = {}
    for arn in arns:
        naming = [part for part, names in named if names == {arn}]
        if len(naming) == 1:
            joined[arn] = naming[0], "--key-arn tells so" if key_arn else "it names this key"
    if len(arns) == len(named) == 1:
        (arn,), ((part, names),) = arns, named
        if not names or arn in names:
            joined.setdefault(arn, (part, "it is the only one beside the only key that is described"))
    return joined


def _keys_named(part: Part, arns: set[str], key_arn: str | None) -> set[str]:
    """The keys that a policy may be of: named beside it (as in PutKeyPolicy), by --key-arn, or in it."""
    key_id = part[1].get("KeyId")
    if isinstance(key_id, str):
        return {arn for arn in arns if key_id in (arn, arn.rpartition("/")[2])} or {key_id}
    return {key_arn} if key_arn else documents.keys_named(_policy(part))


def _described(
    document: dict[str, Any], place: Place, policy: Part, why: str, context: Context
) -> FoundKey | Unread:
    """The key with a policy from elsewhere, which is an assumption."""
    source, answer = policy
    found = documents.described({**document, "Policy": _policy(policy)}, place, context)
    if isinstance(found, Unread):
        return found
    at = source.place(documents.GET_KEY_POLICY)
    where = f"in {at.source}" + (f", line {at.line}" if at.line else "")
    lines = source.statement_lines(() if "Statement" in answer else ("Policy",), _policy(policy))
    return replace(
        found,
        statement_lines=lines if source.name == place.source else (),
        assumptions=(*found.assumptions, f"the policy of the key is the one {where}: {why}"),
    )


def _policy(part: Part) -> Json:
    """A policy, of which the answer may be nothing else."""
    document = part[1]
    return document if "Statement" in document else document["Policy"]


def _text(part: Part) -> str:
    """The same for policies that say the same."""
    return json.dumps([part[1].get("KeyId"), decoded(_policy(part))], sort_keys=True, default=repr)
