"""The documented semantics once more, over raw JSON: slow, recursive, and as plain as it can be.

Answers have three values; None is "nobody can tell". Where the documentation leaves something open, the
answer is the one that the design gives. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies.html
"""

import operator
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

Answer = bool | None
Token = str | tuple[str]
"""`*` and `?` are wildcards; any other character, and a literal `*`, is a tuple of one."""


def listed(value: Any) -> list[Any]:
    """A list as it is, anything else as a list of one."""
    return value if isinstance(value, list) else [value]


def some(answers: Iterable[Answer]) -> Answer:
    """Or, with doubt."""
    given = list(answers)
    return True if True in given else None if None in given else False


def every(answers: Iterable[Answer]) -> Answer:
    """And, with doubt."""
    given = list(answers)
    return False if False in given else None if None in given else True


def opposite(answer: Answer) -> Answer:
    """Not, with doubt."""
    return None if answer is None else not answer


def tokens(text: str) -> tuple[Token, ...]:
    """Read `*` and `?` as wildcards; stars in a row are one."""
    read = tuple(character if character in "*?" else (character,) for character in text)
    return tuple(t for place, t in enumerate(read) if not (t == "*" and read[place - 1 : place] == ("*",)))


def plain(text: str) -> tuple[Token, ...]:
    """Read every character as itself."""
    return tuple((character,) for character in text)


def like(pattern: Sequence[Token], text: str) -> bool:
    """Match recursively, as the definition of `*` and `?` says."""
    if not pattern:
        return not text
    head, rest = pattern[0], pattern[1:]
    if head == "*":
        return like(rest, text) or (bool(text) and like(pattern, text[1:]))
    return bool(text) and (head == "?" or head == (text[0],)) and like(rest, text[1:])


def arn_like(pattern: Sequence[Token], text: str) -> Answer:
    """Split pattern and text into six components, and match them one by one."""
    wanted = components(pattern)
    if len(wanted) < 6:
        return None
    given = text.split(":", 5)
    return len(given) == 6 and all(like(*pair) for pair in zip(wanted, given, strict=True))


def components(pattern: Sequence[Token]) -> list[list[Token]]:
    """The pattern at its first five colons."""
    parts: list[list[Token]] = [[]]
    for token in pattern:
        if token == (":",) and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def resource_like(pattern: Sequence[Token], text: str, colons: int = 0) -> bool:
    """As Resource has it: before the sixth component, only a `*` that ends a component crosses colons."""
    if not pattern:
        return not text
    head, rest = pattern[0], pattern[1:]
    ends = head == "*" and (not rest or rest[0] == (":",))
    crosses = bool(text) and (text[0] != ":" or colons >= 5 or ends)
    if head == "*":
        return resource_like(rest, text, colons) or (crosses and resource_like(pattern, text[1:], colons))
    if head == "?":
        return crosses and resource_like(rest, text[1:], colons)
    return bool(text) and head == (text[0],) and resource_like(rest, text[1:], colons + (head == (":",)))


def date(text: str) -> Fraction:
    """Seconds since 1970, given as such or as ISO 8601."""
    if text.isdigit() and len(text) > 4:
        seconds = Fraction(text)
        if seconds >= 253402300800:
            raise ValueError("seconds past the year 9999, or milliseconds")
        return seconds
    moment = datetime.fromisoformat(text)
    return Fraction((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def readable(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Callable[[str, str], Answer]:
    """Compare two texts as values of a kind; nobody can tell where one of them is no such value."""

    def match(given: str, wanted: str) -> Answer:
        try:
            return compare(read(given), read(wanted))
        except ValueError:
            return None

    return match


def in_network(given: str, wanted: str) -> Answer:
    """Whether an address lies in a range."""
    try:
        return ip_address(given) in ip_network(wanted, strict=False)
    except ValueError:
        return None


COMPARED: dict[str, Callable[[str, str], Answer]] = {
    **{
        f"{kind}{name}": readable(read, compare)
        for kind, read in (("Numeric", Fraction), ("Date", date))
        for name, compare in (
            ("Equals", operator.eq),
            ("NotEquals", operator.eq),
            ("LessThan", operator.lt),
            ("LessThanEquals", operator.le),
            ("GreaterThan", operator.gt),
            ("GreaterThanEquals", operator.ge),
        )
    },
    "BinaryEquals": readable(lambda text: b64decode(text, validate=True), operator.eq),
    "IpAddress": in_network,
    "NotIpAddress": in_network,
}


KNOWN = {
    *COMPARED,
    *("Null", "Bool"),
    *(
        f"{kind}{negated}{how}"
        for kind in ("String", "Arn")
        for negated in ("", "Not")
        for how in ("Equals", "Like")
    ),
    *("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
}


def condition(name: str, texts: list[str], values: list[str] | None, fill: Callable[[str], Any]) -> Answer:
    """One operator on one key. `fill` replaces policy variables: tokens, or None where nobody can tell."""
    quantifier, _, rest = name.rpartition(":")
    base = rest.removesuffix("IfExists")
    if base not in KNOWN:
        return None
    if base == "Null":
        asked = [{"true": values is None, "false": values is not None}.get(text.lower()) for text in texts]
        return None if None in asked else any(asked)
    if values is None and rest.endswith("IfExists"):
        return True

    def holds(value: str) -> Answer:
        found = some(matches(base, value, text, fill) for text in texts)
        if base in COMPARED and matches(base, value, value, fill) is None:
            found = None  # the request's own value is of the wrong kind
        return opposite(found) if "Not" in base else found

    if quantifier:
        members = values if values and any(values) else []
        return {"ForAllValues": every, "ForAnyValue": some}[quantifier](map(holds, members))
    if values is None:
        return "Not" in base
    return holds(values[0]) if len(values) == 1 else None


def matches(base: str, value: str, text: str, fill: Callable[[str], Any]) -> Answer:
    """Whether one value of the request matches one of the policy, without the operator's `Not`."""
    if base in COMPARED:
        return COMPARED[base](value, text)
    if base == "Bool":
        return value.lower() == text.lower() if text.lower() in ("true", "false") else None
    read = fill(text)
    if not isinstance(read, tuple):
        return read  # False: a variable without value; None: nobody can tell
    if base.startswith("Arn"):
        return arn_like(read, value)
    if base.endswith("Like"):
        return like(read, value)
    wanted = "".join(token[0] for token in read)
    return value.lower() == wanted.lower() if base.endswith("IgnoreCase") else value == wanted


def allowed(policy: Mapping[str, Any], request: Mapping[str, Any], *, doubt_allows: bool = False) -> bool:
    """Decide: no Deny applies, and some Allow does; doubt counts for the one or the other."""
    applying = {
        effect: some(
            applies(statement, policy.get("Version"), request)
            for statement in listed(policy["Statement"])
            if statement["Effect"] == effect
        )
        for effect in ("Allow", "Deny")
    }
    denied, granted = applying["Deny"], applying["Allow"]
    if doubt_allows:
        return denied is not True and granted is not False
    return denied is False and granted is True


def applies(statement: Mapping[str, Any], version: str | None, request: Mapping[str, Any]) -> Answer:
    """Whether principal, action, resource and every condition match."""
    context = {key.lower(): listed(value) for key, value in request["context"].items()}

    def fill(text: str, *, wild: bool) -> Any:
        return substituted(text, tokens if wild else plain, context if version == "2012-10-17" else None)

    return every(
        [
            principal(statement, request["service"]),
            action(statement, request["action"]),
            resource(statement, request["resource"], fill),
            *(
                condition(
                    name,
                    listed(texts),
                    context.get(key.lower()),
                    partial(fill, wild="Like" in name or "Arn" in name),
                )
                for name, keys in statement.get("Condition", {}).items()
                for key, texts in keys.items()
            ),
            *(None for keys in statement.get("Condition", {}).values() if not keys),
        ]
    )


def substituted(
    text: str, read: Callable[[str], tuple[Token, ...]], context: Mapping[str, Any] | None
) -> Any:
    """The text's tokens with variables filled in; False where one has no value, None where it has several."""
    head, opened, tail = text.partition("${")
    if context is None or not opened:
        return read(text)
    inside, closed, rest = tail.partition("}")
    name, _, default = inside.partition(", ")
    following = substituted(rest, read, context)
    values = context.get(name.lower(), [default.strip("'")] if default else [])
    if name.lower() not in context and ("*" in default or "?" in default):
        return None
    if inside in ("*", "?", "$"):
        values = [inside]
    if not closed or not inside or following is None or len(values) > 1:
        return None
    return False if not values or following is False else (*read(head), *plain(values[0]), *following)


def principal(statement: Mapping[str, Any], service: str) -> Answer:
    """Whether Principal names the service, or NotPrincipal does not."""
    name = "Principal" if "Principal" in statement else "NotPrincipal"
    if name not in statement:
        return False
    value = statement[name]
    if value == "*":
        named: Answer = True
    elif service in listed(value.get("Service", [])):
        named = True
    else:
        everyone = "*" in listed(value.get("AWS", [])) or "*" in listed(value.get("Service", []))
        named = None if everyone else False
    if name == "NotPrincipal" and statement["Effect"] == "Allow" and named is False:
        return None
    return named if name == "Principal" else opposite(named)


def action(statement: Mapping[str, Any], name: str) -> Answer:
    """Whether Action names the action, or NotAction does not; without letter case."""
    element = "Action" if "Action" in statement else "NotAction"
    if element not in statement:
        return False
    named = some(_asks(text.lower(), name.lower()) for text in listed(statement[element]))
    return named if element == "Action" else opposite(named)


def _asks(text: str, name: str) -> Answer:
    if not like(tokens(text), name):
        return False
    return True if text in ("*", name) or text.startswith("kms:") else None


def resource(statement: Mapping[str, Any], arn: str, fill: Callable[..., Any]) -> Answer:
    """Whether Resource names the key, or NotResource does not; without either, no statement applies."""
    element = "Resource" if "Resource" in statement else "NotResource"
    if element not in statement:
        return False
    named = some(_names(text, arn, fill, denied=element != "Resource") for text in listed(statement[element]))
    return named if element == "Resource" else opposite(named)


def _names(text: str, arn: str, fill: Callable[..., Any], *, denied: bool) -> Answer:
    read = fill(text, wild=True)
    if read is False:
        return None if denied else False
    if read is None:
        return None
    parts = text.split(":", 5)
    if text != "*" and (parts[0] != "arn" or len(parts) == 1):
        return None if like(tokens(f"*{text}*"), arn) else False
    if not like(read, arn):
        lacking = [f"{text}*", ":".join([*parts[:-1], "*", parts[-1]])] if len(parts) < 6 else []
        return None if any(like(tokens(other), arn) for other in lacking) else False
    documented = text == "*" or (
        parts[2:3] == ["kms"] and (parts[-1] == "*" or parts[-1].startswith(("key/", "${")))
    )
    crossing = len(parts) < 6 and "kms" not in parts[2:3]
    return True if (documented or crossing) and resource_like(read, arn) else None
