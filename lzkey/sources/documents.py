"""The simple documents: a key policy, and what `aws kms describe-key` and `get-key-policy` print."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KeyDataError, KmsKey
from landing_zone_key.key import KeyArn
from lzkey.sources.json_text import decoded, encoded_twice
from lzkey.sources.open_policy import NAMES_OPEN, open_key, with_names_open
from lzkey.sources.source import Format, json_pointer, known_key, members, stand_in_arn, unread
from lzkey.sources.subject import FoundKey, Kind, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey import Json
    from lzkey.sources.source import Source
    from lzkey.sources.subject import Context, Place

KEY_POLICY: Final = Kind("key-policy", "a key policy")
DESCRIBE_KEY: Final = Kind("describe-key", "the output of `aws kms describe-key` or `get-key-policy`")
GET_KEY_POLICY: Final = Kind("get-key-policy")

_KMS_ACTION: Final = re.compile(r"kms:|\*\Z", re.IGNORECASE)

_NO_POLICY: Final = (
    "DescribeKey does not tell it; put the answer of `aws kms get-key-policy` beside it, as member Policy, "
    "or check the live key"
)
ONLY_A_POLICY: Final = (
    "nothing but the policy is known: the key is taken for an enabled, symmetric, single-Region, customer "
    "managed key"
)


_TWICE: Final = (
    "the key policy is JSON text inside of JSON text: it is encoded twice; leave out one jsonencode, or "
    "whatever encodes it"
)
#: The policy that counts: AWS RAM keeps another one, of the keys that it shares.
#: https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
_DEFAULT: Final = "default"
_OTHER_NAME: Final = (
    "it is the policy {} of the key, and not the one that decides: give the one named default"
)

#: Of KeyMetadata, by which it is told from others that have a key's Arn.
_OF_METADATA: Final = frozenset({"KeyManager", "KeyState", "KeySpec", "CustomerMasterKeySpec", "KeyUsage"})


def is_description(document: dict[str, Any]) -> bool:
    """Tell whether it is what DescribeKey answers, or what `--query KeyMetadata` prints of that."""
    return "KeyMetadata" in document or ("Arn" in document and bool(_OF_METADATA & document.keys()))


def arn_in(description: dict[str, Any]) -> str:
    """The ARN of the key that is described."""
    return str(members(description.get("KeyMetadata", description), "Arn"))


def has_policy(description: dict[str, Any]) -> bool:
    """Tell whether GetKeyPolicy's answer has been put beside it."""
    policy = description.get("Policy")
    return isinstance(policy, str | dict) and bool(policy)


def keys_named(policy: Json) -> set[str]:
    """The ARNs of keys, without wildcards, among a policy's resources.

    A key policy is about its own key alone, so that an ARN in Resource is that key's.
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
    """
    document = decoded(policy)
    named = set()
    for statement in _as_list(members(document, "Statement")):
        for text in _as_list(members(statement, "Resource")):
            if isinstance(text, str):
                with suppress(KeyDataError):
                    named.add(str(KeyArn.parse(text)))
    return named


def is_default(answer: dict[str, Any]) -> bool:
    """Tell whether a policy that is answered is the one that the key has of its own."""
    return bool(answer.get("PolicyName", _DEFAULT) == _DEFAULT)


def is_policy(document: dict[str, Any]) -> bool:
    """Tell whether it is certainly the policy of a key, by itself or as it is answered."""
    return is_key_policy(document, named=False) or is_get_key_policy(document, named=False)


def is_key_policy(document: dict[str, Any], *, named: bool) -> bool:
    """Tell whether it is a key policy; in a folder, policies for other things than KMS keys are none."""
    if "Statement" not in document:
        return False
    return named or any(map(_is_about_keys, _as_list(document["Statement"])))


def is_get_key_policy(document: dict[str, Any], *, named: bool) -> bool:
    """Tell whether it is what GetKeyPolicy answers; other services' GetPolicy answers alike."""
    policy = document.get("Policy")
    if named or "PolicyName" in document:
        return isinstance(policy, str | dict)
    inner = decoded(policy)
    return isinstance(inner, dict) and is_key_policy(inner, named=False)


def _is_about_keys(statement: object) -> bool:
    """A resource policy's statement has a principal; one for keys is about kms actions, or all."""
    if not isinstance(statement, dict) or not {"Principal", "NotPrincipal"} & statement.keys():
        return False
    actions = _as_list(statement.get("Action", statement.get("NotAction")))
    return any(isinstance(action, str) and _KMS_ACTION.match(action) for action in actions)


def policy_keys(source: Source, document: Json, context: Context) -> Iterator[FoundKey | Unread]:
    """A bare key policy, also as a JSON string: the key that `Context.key_arn` names, or a stand-in."""
    yield from _keys_of_policy(source, document, context, KEY_POLICY)


def answered_keys(source: Source, document: dict[str, Any], context: Context) -> Iterator[FoundKey | Unread]:
    """GetKeyPolicy's answer: the policy alone, without the key it belongs to.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
    """
    if is_default(document):
        yield from _keys_of_policy(source, document["Policy"], context, GET_KEY_POLICY)
    else:
        yield unread(source, _OTHER_NAME.format(document["PolicyName"]), GET_KEY_POLICY)


def policy_alone(source: Source, document: dict[str, Any], context: Context) -> Iterator[FoundKey | Unread]:
    """The key of which nothing but this is known, of which `is_policy` holds."""
    reader = policy_keys if "Statement" in document else answered_keys
    yield from reader(source, document, context)


def describe_key_keys(
    source: Source, document: dict[str, Any], context: Context
) -> Iterator[FoundKey | Unread]:
    """DescribeKey's answer, also with GetKeyPolicy's `Policy` beside its `KeyMetadata`.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
    """
    yield described(document, source.place(DESCRIBE_KEY), context)


def described(
    document: dict[str, Any], place: Place, context: Context, no_policy: str = _NO_POLICY
) -> FoundKey | Unread:
    """The key of DescribeKey's answer; `no_policy` says what to do where no policy is beside it."""
    try:
        key = KmsKey.from_describe_key(document)
    except KeyDataError as error:
        return Unread(place, str(error))
    if not has_policy(document):
        return known_key(key.with_policy(None, no_policy), place, context)
    if encoded_twice(document["Policy"]):
        return known_key(key.with_policy(None, _TWICE), place, context)
    if not is_default(document):
        return known_key(key.with_policy(None, _OTHER_NAME.format(document["PolicyName"])), place, context)
    return known_key(key.with_policy(document["Policy"]), place, context)


def _keys_of_policy(
    source: Source,
    policy: Json,
    context: Context,
    kind: Kind,
) -> Iterator[FoundKey | Unread]:
    try:
        arn, assumption = _arn_of(source, policy, context)
    except KeyDataError as error:
        yield unread(source, str(error), kind)
        return
    if encoded_twice(policy):
        yield unread(source, f"{source.name}: {_TWICE}", kind)
        return
    either = policy if context.key_arn else with_names_open(policy, arn)
    opened = open_key(customer_key(arn), either, context.zone, put=kind is GET_KEY_POLICY)
    names = () if either is policy else (f"the key: {NAMES_OPEN}, or give --key-arn",)
    yield FoundKey(
        name=str(arn) if context.key_arn else _name(source),
        key=opened.certain,
        place=source.place(kind),
        hopeful=opened.hopeful,
        unresolved=(*names, *opened.reasons) if opened.hopeful else (),
        assumptions=(ONLY_A_POLICY, *assumption),
        statement_lines=source.statement_lines(("Policy",) if kind is GET_KEY_POLICY else (), policy),
        arn_known=context.key_arn is not None,
    )


def _name(source: Source) -> str:
    """What a policy without a key is called: its file, and its place among others in there."""
    return f"{source.name}{json_pointer(source.path)}"


def _arn_of(source: Source, policy: object, context: Context) -> tuple[KeyArn, tuple[str, ...]]:
    """The ARN of the key that has this policy, and what that takes for granted."""
    if context.key_arn is not None:
        return KeyArn.parse(context.key_arn), ()
    named = keys_named(policy)
    if len(named) == 1:
        (text,) = named
        return KeyArn.parse(text), (
            f"the key is the one that the policy names, {text}; --key-arn would tell",
        )
    arn = stand_in_arn(_name(source), context)
    return arn, (f"the key is in account {arn.account} and Region {arn.region}; --key-arn would tell",)


def customer_key(arn: KeyArn) -> KmsKey:
    """A customer managed key as KMS makes one where nothing else is asked for.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
    """
    multi_region = arn.key_id.startswith("mrk-")
    return KmsKey(
        arn,
        key_manager="CUSTOMER",
        key_state="Enabled",
        key_spec="SYMMETRIC_DEFAULT",
        key_usage="ENCRYPT_DECRYPT",
        origin="AWS_KMS",
        multi_region=multi_region,
    )


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


FORMATS: Final = (
    Format(DESCRIBE_KEY, lambda document, _: is_description(document), describe_key_keys),
    Format(KEY_POLICY, lambda document, named: is_key_policy(document, named=named), policy_keys),
    Format(GET_KEY_POLICY, lambda document, named: is_get_key_policy(document, named=named), answered_keys),
)
