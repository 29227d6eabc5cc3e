"""A family small enough that every request of it can be written down, and policies that fit it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations, product
from typing import Any

from hypothesis import strategies as st

from landing_zone_key.policy import Family, Request
from landing_zone_key.policy.family import ABSENT, AtLeast, Clock, Fixed, Other, Text
from landing_zone_key.policy.representatives import Domain, one_of
from oracle.policies import ACTIONS, EQUALITY, KEY_ARN, ORDER, SERVICE

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)

LEFT = ("a", "ab", "b", "ba")
RIGHT = ("a", "b", ":", "aa", "ab", "a:", "ba", "bb", "b:", ":a", ":b", "::")
FACTS: Mapping[str, Any] = {
    "fixed": Fixed(("a",)),
    "two": Fixed(("a", "b")),
    "gone": ABSENT,
    "many": AtLeast(("a",)),
    "other": Other("a"),
    "left": Text(("", "Left", "")),
    "both": Text(("p:q:", "Left", ":s:t:", "Right", "")),
    "now": Clock.ISO,
    "epoch": Clock.EPOCH,
}
FREE = ("free", "many", "other", "numeric", "dated", "address", "binary")

_TEXTS = ("a", "b", "A", "ab", "", "aa", "p:q:a:s:t:b")
_PATTERNS = (
    *_TEXTS,
    "a*",
    "*",
    "?",
    "?*",
    "*b",
    "*a*",
    "b?",
    "p:q:*:s:t:*",
    "p:q:?:s:t:??",
    "p:*",
    "x*",
    "*:*",
)
_TEMPLATES = ("${fixed}", "${gone}", "${gone, 'b'}", "${fixed}*", "${*}")
_UNSETTLED = ("${left}", "${free}", "p:q:${left}:s:t:*", "${two}", "${")
_SECONDS = tuple(NOW + timedelta(seconds=seconds) for seconds in (-2, 0, 1, 3))
_DATES = (*(f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in _SECONDS), "2026-11-25T12:00:01.5Z", "2999-01-01")
_EPOCHS = tuple(str(int(moment.timestamp())) for moment in _SECONDS)
_NUMBERS = ("1", "2", "2.0", "2.5")
_ADDRESSES = ("10.0.0.0/30", "10.0.0.2/31", "0.0.0.0/0", "::/0", "2001:db8::/127")
_BINARIES = ("QQ==", "Qg==")

TEXT_NAMES = {
    **dict.fromkeys((f"String{name}{case}" for name in EQUALITY for case in ("", "IgnoreCase")), _TEXTS),
    **dict.fromkeys(("StringLike", "StringNotLike", "ArnLike", "ArnNotEquals"), _PATTERNS),
}
DATE_NAMES = dict.fromkeys((f"Date{name}" for name in ORDER), _DATES)
NAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("free", "many", "other", "left", "both", "fixed", "two", "gone", "never"), TEXT_NAMES),
    "numeric": dict.fromkeys((f"Numeric{name}" for name in ORDER), _NUMBERS),
    "dated": DATE_NAMES,
    "now": DATE_NAMES,
    "epoch": {**DATE_NAMES, **dict.fromkeys((f"Numeric{name}" for name in ORDER), _EPOCHS)},
    "address": dict.fromkeys(("IpAddress", "NotIpAddress"), _ADDRESSES),
    "binary": {"BinaryEquals": _BINARIES},
}
_SHAPES = ("cases", "cases with absence", "one by one", "impossible", "any", "narrow")
_OPPOSITES = {
    "Equals": "NotEquals",
    "NotEquals": "Equals",
    "Like": "NotLike",
    "NotLike": "Like",
    "LessThan": "GreaterThanEquals",
    "LessThanEquals": "GreaterThan",
    "GreaterThan": "LessThanEquals",
    "GreaterThanEquals": "LessThan",
    "IpAddress": "NotIpAddress",
}


def family(*, excluded: bool) -> Family:
    """The family; with `excluded`, one value of a variable is none of its requests'."""
    right = Domain((((("ab:"), 1),), ((("ab:"), 2),), ()), frozenset({1, 2}), ("a", "ab"))
    return Family(
        SERVICE,
        ACTIONS,
        KEY_ARN,
        FACTS,
        absent_prefixes=("tag/",),
        elsewhere=frozenset({"never"}),
        variables={"Left": one_of(LEFT), "Right": right},
        excluded={"Left": "a"} if excluded else {},
        earliest=NOW,
    )


def assignments(of: Family) -> Iterator[dict[str, str]]:
    """The keys made of variables, for every value of these."""
    for left, right in product(LEFT, RIGHT):
        if left != of.excluded.get("Left"):
            yield {"left": left, "both": f"p:q:{left}:s:t:{right}"}


def clocks() -> Iterator[dict[str, str]]:
    """Both clocks, second by second, and at the end of time."""
    for moment in (*(NOW + timedelta(seconds=second) for second in range(8)), LATEST):
        yield {"now": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "epoch": str(int(moment.timestamp()))}


def _strings(longest: int) -> list[str]:
    return ["".join(text) for length in range(longest + 1) for text in product("abA:z", repeat=length)]


def values(key: str, *, sets: bool) -> list[list[str]]:
    """Lists of values of a free key, densely; more than one in a list only with `sets`."""
    singles = {
        "numeric": ["0", "1", "1.5", "2", "2.25", "2.5", "3", "n"],
        "dated": [*(clock["now"] for clock in clocks()), "2026-11-25T11:59:57Z", "2026-11-25T11:59:58Z", "n"],
        "address": [
            "9.255.255.255",
            *(f"10.0.0.{last}" for last in range(5)),
            "::",
            "2001:db8::2",
            "2001:db8::1",
            "n",
        ],
        "binary": ["QQ==", "Qg==", "Qw==", "n"],
    }.get(key, _strings(2))
    singles += ["p:q:a:s:t:b", "p:q:b:s:t:a", "p:q:b:s:t:aa", "x"] if key in ("free", "many", "other") else []
    found = [[value] for value in singles]
    if sets:
        elements = ["", *dict.fromkeys((*singles[1:4], *singles[-3:]))]
        pairs = [[value, value] for value in elements]
        found = [list(some) for size in (1, 2, 3) for some in combinations(elements, size)] + pairs
    if key == "many":
        return [["a"], *(["a", *(value for value in some if value != "a")] for some in found)]
    return [some for some in found if key != "other" or "a" not in some]


def all_requests(of: Family, keys: frozenset[str], several: frozenset[str]) -> Iterator[Request]:
    """Every request for the first action, as far as it differs in these keys; `several` have more values."""
    carried = {"fixed": ["a"], "two": ["a", "b"], "many": ["a"]}
    free = [
        [*([{}] if key != "many" else []), *({key: some} for some in values(key, sets=key in several))]
        for key in FREE
        if key in keys
    ]
    texts = list(assignments(of)) if keys & {"left", "both"} else list(assignments(of))[:1]
    times = list(clocks()) if keys & {"now", "epoch"} else list(clocks())[:1]
    for chosen in product(texts, times, *free):
        context: dict[str, Any] = dict(carried)
        for part in chosen:
            context.update(part)
        yield Request(of.actions[0], of.resource, of.service, context)


def belongs(request: Request, of: Family) -> bool:
    """Whether a request is one of the family's, fact by fact."""
    given = {key: list(some) for key, some in request.values.items()}
    made = [{key: [text] for key, text in texts.items()} for texts in assignments(of)]
    moment = int(given["epoch"][0])
    return (
        (request.service, request.resource) == (of.service, of.resource)
        and request.action in of.actions
        and given["fixed"] == ["a"]
        and given["two"] == ["a", "b"]
        and not any(key in ("gone", "never") or key.startswith("tag/") for key in given)
        and "a" in given["many"]
        and "a" not in given.get("other", [])
        and {"left": given["left"], "both": given["both"]} in made
        and given["now"] == [datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")]
        and moment >= NOW.timestamp()
    )


@st.composite
def conditions(draw: st.DrawFn, keys: tuple[str, ...], *, unsettled: bool) -> dict[str, Any]:
    """One operator on one of the keys."""
    key = draw(st.sampled_from(keys))
    if draw(st.integers(0, 5)) == 0:
        return {"Null": {key: draw(st.sampled_from(("true", "false")))}}
    name = draw(st.sampled_from(sorted(NAMES[key])))
    pool = NAMES[key][name]
    if pool in (_TEXTS, _PATTERNS):
        pool = (*pool, *_TEMPLATES, *(_UNSETTLED if unsettled else ()))
    texts = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3, unique=True))
    name = draw(st.sampled_from(("", "", "ForAllValues:", "ForAnyValue:"))) + name
    return {name + draw(st.sampled_from(("", "", "IfExists"))): {key: texts}}


def opposite(condition: Mapping[str, Any]) -> dict[str, Any]:
    """The condition with the opposite operator; the same one where there is none."""
    [(name, keys)] = condition.items()
    for ending in sorted(_OPPOSITES, key=len, reverse=True):
        head, found, tail = name.partition(ending)
        if found and tail in ("", "IfExists", "IgnoreCase", "IgnoreCaseIfExists"):
            return {f"{head}{_OPPOSITES[ending]}{tail}": keys}
    return dict(condition)


def one_by_one(condition: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The condition with each of its values alone."""
    [(name, keys)] = condition.items()
    [(key, values)] = keys.items()
    return [{name: {key: value}} for value in ([values] if isinstance(values, str) else values)]


def statement(effect: str, *parts: Mapping[str, Any]) -> dict[str, Any]:
    """A statement for everybody; of two conditions with one operator and key, the last stays."""
    block: dict[str, Any] = {}
    for part in parts:
        for name, keys in part.items():
            block[name] = {**block.get(name, {}), **keys}
    found = {"Effect": effect, "Principal": "*", "Action": "kms:*", "Resource": "*"}
    return {**found, "Condition": block} if block else found


@st.composite
def family_policies(
    draw: st.DrawFn, among: tuple[str, ...] = tuple(sorted(NAMES)), *, unsettled: bool = False
) -> dict[str, Any]:
    """A policy that often allows all requests, or all but a few: opposite cases, and impossible Denies."""
    keys = tuple(draw(st.lists(st.sampled_from(among), min_size=1, max_size=2, unique=True)))
    some = conditions(keys, unsettled=unsettled)
    listed = [statement("Allow")] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 2))):
        first, second = draw(some), draw(some)
        shape = draw(
            st.sampled_from(("cases", "cases with absence", "one by one", "impossible", "any", "narrow"))
        )
        listed += {
            "cases": [statement("Allow", first), statement("Allow", opposite(first))],
            "cases with absence": [
                *(statement("Allow", part) for part in (first, opposite(first))),
                *(statement("Allow", {"Null": {key: "true"}}) for key in keys),
            ],
            "one by one": [
                *(statement("Allow", second, part) for part in one_by_one(first)),
                *(statement("Allow", second, part) for part in one_by_one(opposite(first))),
            ],
            "impossible": [statement("Deny", first, opposite(first), second)],
            "any": [statement(draw(st.sampled_from(("Allow", "Deny"))), first, second)],
            "narrow": [statement("Deny", first, second, draw(some))],
        }[shape]
    return {"Version": "2012-10-17", "Statement": listed}


def used(policy: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each operator of the policy with the key it is on."""
    blocks = (given.get("Condition", {}).items() for given in policy["Statement"])
    return [(name, key) for name, keys in chain.from_iterable(blocks) for key in keys]
