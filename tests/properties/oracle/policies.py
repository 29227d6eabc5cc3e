"""Strategies: policies and requests of a small vocabulary, so that they meet often."""

from typing import Any

from hypothesis import strategies as st

SERVICE = "config.amazonaws.com"
KEY_ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")

PRINCIPALS: tuple[dict[str, Any], ...] = (
    {"Principal": "*"},
    {"Principal": {"Service": SERVICE}},
    {"Principal": {"Service": ["cloudtrail.amazonaws.com", SERVICE]}},
    {"Principal": {"AWS": "arn:aws:iam::111122223333:root", "Service": SERVICE}},
    {"Principal": {"Service": "cloudtrail.amazonaws.com"}},
    {"Principal": {"AWS": "*"}},
    {"NotPrincipal": {"Service": SERVICE}},
    {"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}},
    {"NotPrincipal": {"AWS": "*"}},
    {},
)
NAMED_ACTIONS: tuple[dict[str, Any], ...] = (
    {"Action": "kms:*"},
    {"Action": "*"},
    {"Action": ["kms:Decrypt", "kms:GenerateDataKey*"]},
    {"Action": "KMS:decrypt"},
    {"Action": "kms:?ecrypt"},
    {"NotAction": "kms:Decrypt"},
    {"NotAction": ["s3:*"]},
    {"Action": ["k*:Decrypt", "s3:*"]},
    {"Action": "*:*"},
    {"NotAction": "?ms:Decrypt"},
    {"NotAction": "kms*"},
    {},
)
RESOURCES: tuple[dict[str, Any], ...] = (
    {"Resource": "*"},
    {"Resource": KEY_ARN},
    {"Resource": ["arn:aws:kms:*:111122223333:key/*"]},
    {"Resource": "arn:aws:kms:*"},
    {"Resource": "arn:*:111122223333:key/*"},
    {"Resource": "arn:a*1:111122223333:key/*"},
    {"Resource": KEY_ARN.replace("1234abcd", "????????")},
    {"Resource": "arn:aws:kms:us-east-1:111122223333:key/${k}"},
    {"NotResource": KEY_ARN},
    {"NotResource": "arn:aws:s3:::*"},
    {"NotResource": "arn:aws:kms:us-east-1:111122223333:key/${k}"},
    {"NotResource": "arn:aws:kms:us-east-1:111122223333:key/${k, '*'}"},
    {"NotResource": "arn:aws:kms:*:111122223333"},
    {"Resource": ["arn:aws:kms:us-east-1", "arn:aws:s3:*"]},
    {"Resource": "arn:aws:k*:us-east-1:111122223333:key/*"},
    {"Resource": "arn:aws:kms:us-east-1:111122223333:*"},
    {"Resource": ["arn:aws:kms:us-east-1:111122223333:k*", "arn:aws:kms:us-east-1:111122223333:alias/*"]},
    {"Resource": "arn:aws:kms:us-east-1:111122223333:*/1234abcd-12ab-34cd-56ef-1234567890ab"},
    {"Resource": "*:key/*"},
    {"Resource": ["key/1234abcd-12ab-34cd-56ef-1234567890ab", "arn:aws:s3:::*"]},
    {"NotResource": "1234abcd-12ab-34cd-56ef-1234567890ab"},
    {"Resource": "arn:aws:kms:us-east-1:key/*"},
    {},
)
KEYS = ("aws:SourceAccount", "kms:EncryptionContext:a", "k")
TEXTS = ("", "a", "A", "ab", "b", "a:b", "p:q:r:s:t:u", "p:q:r:s:t:u:v", "*", "true", "False")
PATTERNS = (*TEXTS, "a*", "?", "*b", "p:q:*:s:t:*", "p:*:u", "?:q:r:s:t:u?v", "p:*:*:*:*:?", "a**")
TEMPLATES = (
    "${k}",
    "a${aws:SourceAccount}",
    "${none}",
    "${none, 'ab'}",
    "${none, 'a*'}",
    "${*}",
    "${K}*",
    "${",
    "p:q:r:s:t:${k}",
)
NUMBERS = ("1", "2", "2.0", "2.5", "-3", "x")
DATES = (
    *("2026-12-01T00:00:00Z", "2026-12-01", "1796083201", "2026-12-01T01:00:00+01:00", "x"),
    "1796083201000",
)
ADDRESSES = ("10.0.0.1", "10.0.0.0/8", "10.0.0.0/31", "2001:db8::1", "2001:db8::/32", "0.0.0.0/0", "x")
BINARIES = ("QQ==", "Qg==", "?")
EQUALITY = ("Equals", "NotEquals")
ORDER = (*EQUALITY, "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
OPERATORS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((f"String{name}" for name in EQUALITY), (*TEXTS, *TEMPLATES)),
    **dict.fromkeys((f"String{name}IgnoreCase" for name in EQUALITY), (*TEXTS, *TEMPLATES)),
    **dict.fromkeys(("StringLike", "StringNotLike"), (*PATTERNS, *TEMPLATES)),
    **dict.fromkeys(("ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals"), (*PATTERNS, *TEMPLATES)),
    "Bool": ("true", "false", "TRUE", "x"),
    **dict.fromkeys((f"Numeric{name}" for name in ORDER), NUMBERS),
    **dict.fromkeys((f"Date{name}" for name in ORDER), DATES),
    **dict.fromkeys(("IpAddress", "NotIpAddress"), ADDRESSES),
    "BinaryEquals": BINARIES,
}
VALUES = (*TEXTS, *NUMBERS, *DATES, "10.0.0.1", "11.0.0.1", "2001:db8::1", *BINARIES)


def one_or_list(values: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """One value, as a string or as a list, or several."""
    several = st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)
    return st.one_of(st.sampled_from(values), several)


@st.composite
def condition_blocks(draw: st.DrawFn, most: int = 3) -> dict[str, dict[str, Any]]:
    """A Condition element."""
    block: dict[str, dict[str, Any]] = {}
    for _ in range(draw(st.integers(0, most))):
        base = draw(st.sampled_from([*OPERATORS, "Null"]))
        name, values = base, OPERATORS.get(base, ("true", "false", "x"))
        if base != "Null":
            name = draw(st.sampled_from(("", "", "ForAllValues:", "ForAnyValue:"))) + base
            name += draw(st.sampled_from(("", "", "IfExists")))
        block.setdefault(name, {})[draw(st.sampled_from(KEYS))] = draw(one_or_list(values))
    if most and draw(st.integers(0, 9)) == 0:
        block[draw(st.sampled_from(("StringLikes", "DateLike", "StringEquals")))] = draw(
            st.sampled_from(({}, {"k": "a"}))
        )
    return block


@st.composite
def statements(draw: st.DrawFn, most: int = 3) -> dict[str, Any]:
    """One statement; usually its principal, action and resource are those of the requests."""
    statement = {"Effect": draw(st.sampled_from(("Allow", "Allow", "Deny")))}
    for elements in (PRINCIPALS, NAMED_ACTIONS, RESOURCES):
        usual = draw(st.integers(0, 2))
        statement |= elements[0] if usual else draw(st.sampled_from(elements))
    block = draw(condition_blocks(most))
    return {**statement, "Condition": block} if block else statement


def policies(most: int = 4) -> st.SearchStrategy[dict[str, Any]]:
    """A policy document as JSON data."""
    listed = st.lists(statements(), min_size=1, max_size=most)
    versions = st.sampled_from(({"Version": "2012-10-17"}, {"Version": "2012-10-17"}, {}))
    return st.builds(lambda version, given: {**version, "Statement": given}, versions, listed)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """A request's service, action, resource and context."""
    value = st.one_of(st.sampled_from(VALUES), st.lists(st.sampled_from(VALUES), min_size=1, max_size=3))
    context = draw(st.dictionaries(st.sampled_from(KEYS), value, max_size=len(KEYS)))
    return {
        "service": SERVICE,
        "action": draw(st.sampled_from(ACTIONS)),
        "resource": KEY_ARN,
        "context": context,
    }
