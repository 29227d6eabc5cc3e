"""The rule's own annotation, read back: what a key fails, what is said of it, and how certain that is.

landing_zone_key.annotation writes `REQUIREMENT: detail; REQUIREMENT; … (runbook: anchor, …)`; the words that
are looked for here have names there, beside the writer. A detail quotes Sids, which are somebody else's text;
the writer lets nothing in it read as if another part began.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from landing_zone_key.access import FAMILIES
from landing_zone_key.annotation import BETWEEN, BETWEEN_ANCHORS, CUT, EXPIRES, NAMED, RUNBOOK
from landing_zone_key.assessment import COMPLIANT_FOR_ONE, COMPLIANT_REASON
from landing_zone_key.finding import Certainty, Requirement, anchor
from landing_zone_key.refusal import OPEN_TO, REFUSED
from landing_zone_key.requirements import UNKNOWN
from landing_zone_key.whose import EVERY_BUT, FOR_ACCOUNT, LISTED, SOME_ACCOUNTS
from lzkey.report.model import Failure
from lzkey.runbook import ANCHORS

if TYPE_CHECKING:
    from collections.abc import Collection

_BETWEEN, _NAMED = map(re.escape, (BETWEEN, NAMED))
_NAME: Final = "|".join(re.escape(requirement.value) for requirement in Requirement)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EXPIRES: Final = re.escape(EXPIRES) + _DATE.pattern
_PART: Final = re.compile(rf"(?:\A|{_BETWEEN})({_NAME})(?:{_NAMED}|(?={_BETWEEN})|\Z)")
_BEFORE, _AFTER = map(re.escape, RUNBOOK)
_ANCHOR: Final = "[a-z]+(?:-[a-z]+)*"
_RUNBOOK: Final = re.compile(
    rf"{_BEFORE}(?P<anchors>{_ANCHOR}(?:{re.escape(BETWEEN_ANCHORS)}{_ANCHOR})*){_AFTER}\Z"
)

_USE: Final = (Requirement.ENABLED, Requirement.SYMMETRIC)
#: As the engine writes it where it is certain; what it does not write so is possible.
_REFUSED: Final = re.compile(rf"kms:\w+\x20{REFUSED}(?:,|\x20(?:for|in)\x20)")
_OPEN: Final = re.compile(rf"kms:\w+\x20{OPEN_TO}\x20")
_LIST: Final = r"\d{12}(?:(?:,\x20|\x20and\x20)\d{12})*"
#: For whom a request is refused, as the engine writes it: for all but a list, its names or how many; for one;
#: for some.
_ACCOUNTS: Final = re.compile(
    rf"kms:\w+\x20{REFUSED}\x20(?:{EVERY_BUT}\x20(?:the\x20(?P<many>\d+)\x20{LISTED}|(?P<but>{_LIST}))"
    rf"|{FOR_ACCOUNT}\x20(?P<one>\d{{12}})|(?P<some>{SOME_ACCOUNTS}))"
)


def failures(annotation: str) -> tuple[Failure, ...] | None:
    """The failed requirements, as they stand in the annotation; None where it is not our rule's."""
    annotation, anchors = _without_anchors(annotation)
    parts = [*_PART.finditer(annotation)]
    if not parts or parts[0].start():
        return None
    ends = [part.start() for part in parts[1:]] + [len(annotation)]
    details = [(part[1], annotation[part.end() : end]) for part, end in zip(parts, ends, strict=True)]
    return tuple(
        Failure(
            name,
            detail,
            certainty(name, detail),
            runbook=anchors.get(name) or anchor(Requirement(name)),
        )
        for name, detail in details
    )


def _without_anchors(annotation: str) -> tuple[str, dict[str, str]]:
    """The annotation before its anchors, and these by requirement."""
    found = _RUNBOOK.search(annotation)
    if found is None:
        return annotation, {}
    anchors = found["anchors"].split(BETWEEN_ANCHORS)
    return annotation[: found.start()], {ANCHORS[each]: each for each in anchors if each in ANCHORS}


def proves(annotation: str) -> bool:
    """Whether an annotation is what our rule says of a COMPLIANT key."""
    return bool(proved(annotation))


def proved(annotation: str) -> frozenset[Requirement]:
    """Of which services every request is proved, by what our rule says of a COMPLIANT key."""
    reason, expires, date = annotation.partition(EXPIRES)
    if expires and _DATE.fullmatch(date) is None:
        return frozenset()
    by_reason = {told: frozenset(FAMILIES) - {idle} for idle, told in COMPLIANT_FOR_ONE.items()}
    return {**by_reason, COMPLIANT_REASON: frozenset(FAMILIES)}.get(reason, frozenset())


def certainty(requirement: str, detail: str) -> Certainty:
    """How certain the engine was of a failure; what this version did not word is possible."""
    if requirement in FAMILIES:
        certain = _REFUSED.match(detail) is not None or _OPEN.match(detail) is not None
    else:
        certain = bool(detail) and f" {UNKNOWN}" not in detail and not detail.endswith(CUT)
    return Certainty.REFUSED if certain else Certainty.POSSIBLE


def is_of_some_accounts(failure: Failure) -> bool:
    """Whether it is told that the refusal is not one of every account."""
    return _ACCOUNTS.match(failure.detail) is not None


def admits(failure: Failure, accounts: Collection[str]) -> bool | None:
    """Whether all these accounts are proved to be allowed; None: that is open, False: one is refused."""
    found = _ACCOUNTS.match(failure.detail)
    if found is None:
        return False
    if found["but"]:
        return {*accounts} <= {*re.findall(r"\d{12}", found["but"])}
    if found["many"]:
        return None if int(found["many"]) >= len(accounts) else False
    return None if found["some"] or found["one"] not in accounts else False


def stops(failure: Failure) -> bool:
    """Whether a failure is certain to stop deliveries: what is only possible, or unsupported, is not."""
    if failure.certainty is not Certainty.REFUSED:
        return False
    if failure.requirement in FAMILIES:
        return _REFUSED.match(failure.detail) is not None
    return failure.requirement in _USE


def may_stop(failure: Failure) -> bool:
    """Whether a failure is of what a request can be refused for, be it certain or not."""
    return failure.requirement in (*FAMILIES, *_USE)
