"""A key's history as values: where something is known from, what happened, and what would have been refused.

Nothing is known of a moment of which no source tells: such a span is UNKNOWN, whatever stands around it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from lzkey.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Origin(StrEnum):
    """Where something is known from."""

    EVENT_HISTORY = "event history"
    """CloudTrail's LookupEvents: 90 days."""
    TRAIL_FILES = "trail files"
    """The log files that a trail has delivered, in a folder or a bucket."""
    ATHENA = "Athena"
    """The same files, searched by Amazon Athena."""
    CONFIG = "AWS Config"
    """The key's configuration items, as AWS Config recorded them."""
    PRESENT = "KMS today"
    """The key as KMS describes it now."""


#: The name of an act that AWS Config alone shows, when it recorded what had become of it.
RECORDED: Final = "recorded"
#: The name of what nobody did: a date in the policy, or that of the key's deletion, had come.
BY_ITSELF: Final = "by itself"


class Standing(StrEnum):
    """What would have become of a service's deliveries, the worst first."""

    REFUSED = "refused"
    """For certain."""
    POSSIBLE = "possible"
    """Some of them, perhaps."""
    UNKNOWN = "unknown"
    """No source tells what the key was like."""
    ALLOWED = "allowed"
    """Proved, with what the key was like then."""
    NO_KEY = "no key"
    """The key was not there yet, or no more."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time of which a source tells nothing, though it tells of what is before and after."""

    start: datetime
    end: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Source:
    """What one source has told."""

    origin: Origin
    place: str
    """Such as `account 111122223333, us-east-1`, a folder, or an address in S3; nothing of it is trusted."""
    start: datetime | None = None
    """From when on it tells everything that happened, but for its gaps; None: it tells single moments."""
    end: datetime | None = None
    found: int = 0
    """How many events, or configuration items, of the key."""
    gaps: tuple[Gap, ...] = ()
    unread: tuple[str, ...] = ()
    """What could not be read of it, a sentence each."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done to the key, and went well."""

    at: datetime
    name: str
    """Such as PutKeyPolicy; `recorded` where AWS Config alone shows that it was otherwise before, and of a
    span alone `by itself` where nobody did it, but a date had come."""
    principal: str
    """Who did it: an identity's ARN, or a service; empty where no source tells."""
    behind: str = ""
    """The role that a service such as CloudFormation did it with, where the principal is not it already."""
    origin: Origin = Origin.EVENT_HISTORY
    event_id: str = ""
    """CloudTrail's id of it."""
    told: str = ""
    """What is worth knowing of it, such as when the key will be deleted."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One requirement that did not hold."""

    requirement: str
    reason: str
    message: str
    certainty: str
    """`refused` or `possible`."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which nothing changed for one service's deliveries."""

    service: str
    """CloudTrail or AWS Config."""
    start: datetime
    end: datetime | None
    """None: it is so now."""
    standing: Standing
    reasons: tuple[Reason, ...] = ()
    unknown: str = ""
    """Why it is not known; where it is UNKNOWN alone."""
    begun_by: Act | None = None
    """None: it was so when what is known begins, or nobody knows what began it."""
    ended_by: Act | None = None
    besides: str = ""
    """What else is not known where it is refused, or may be: what no reason names may hold then, or not."""


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a key from `start` until now, and of what not."""

    key: str
    """Its ARN."""
    as_of: datetime
    start: datetime
    parameters: Mapping[str, str]
    """The rule parameters that it was proved with."""
    engine: str
    """The version of the engine that proved it."""
    sources: tuple[Source, ...]
    acts: tuple[Act, ...]
    """By time."""
    spans: tuple[Span, ...]
    """By service, and by time; each service's follow each other without a hole, from `start` to now."""
    contradictions: tuple[str, ...] = ()
    """Where sources tell different things of one moment, a sentence each."""
    notes: tuple[str, ...] = ()
    """What else is to be known, a sentence each."""

    @property
    def windows(self) -> tuple[Span, ...]:
        """The times in which deliveries would have been refused, or possibly; neighbours alike are one."""
        found: list[Span] = []
        for before, span in pairwise((None, *self.spans)):
            if span is None or span.standing not in (Standing.REFUSED, Standing.POSSIBLE):
                continue
            last = found[-1] if found and before is not None else None
            if last and (last.service, last.standing, last.end) == (span.service, span.standing, span.start):
                reasons = tuple(dict.fromkeys((*last.reasons, *span.reasons)))
                found[-1] = replace(last, end=span.end, reasons=reasons, ended_by=span.ended_by)
            else:
                found.append(span)
        return tuple(found)

    @property
    def exit_code(self) -> ExitCode:
        """What it comes to now; a window that has ended is history, and no problem.

        PROBLEM where deliveries are refused for certain now; UNDETERMINED where they may be, as where the key
        is gone, or where anything of the whole time is not known, or told in two ways.
        """
        now = {span.standing for span in self.spans if span.end is None}
        if Standing.REFUSED in now:
            return ExitCode.PROBLEM
        ever = {span.standing for span in self.spans}
        doubt = Standing.UNKNOWN in ever or bool(now & {Standing.POSSIBLE, Standing.NO_KEY})
        doubt = doubt or bool(self.contradictions)
        return ExitCode.UNDETERMINED if doubt else ExitCode.DONE

    def open_since(self, service: str) -> Span | None:
        """The window of a service that is open now; None where there is none."""
        return next((each for each in self.windows if each.service == service and each.end is None), None)
