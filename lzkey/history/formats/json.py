"""JSON; `lzkey.documents` says what it has in common with every command's."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, TypedDict

from lzkey.documents import Count, document, time_text
from lzkey.errors import ExitCode
from lzkey.history.model import Origin, Standing
from lzkey.history.proving import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lzkey.history.model import Act, Gap, History, Source, Span

Ending: TypeAlias = Annotated[int, ("enum", (ExitCode.DONE, ExitCode.PROBLEM, ExitCode.UNDETERMINED))]


class Tool(TypedDict):
    """What wrote the document."""

    name: Literal["lzkey"]
    version: str


class Done(TypedDict):
    """Something that was done to the key, and went well; or a date that came."""

    at: datetime
    name: str
    """Such as PutKeyPolicy; `recorded`: AWS Config alone shows it; `by itself`: a date had come."""
    principal: str
    """Who did it: an identity's ARN, or a service; empty: no source tells."""
    behind: str
    """The role that it was done with, where the principal is not it already."""
    origin: Annotated[str, Origin]
    event_id: str
    """CloudTrail's id of it; empty: there is none."""
    told: str
    """What is worth knowing of it."""


class Why(TypedDict):
    """One requirement that did not hold."""

    requirement: str
    reason: str
    message: str
    certainty: Literal["refused", "possible"]


class Period(TypedDict):
    """A time in which nothing changed for one service's deliveries."""

    start: datetime
    end: datetime | None
    """null: it is so now."""
    standing: Annotated[str, Standing]
    reasons: list[Why]
    unknown: str
    """Why it is not known; empty where it is."""
    besides: str
    """What else is not known where it is refused, or may be."""
    begun_by: Done | None
    """null: nobody knows, or it was so when what is known begins."""
    ended_by: Done | None


class OfService(TypedDict):
    """What became of a service's deliveries, from the start until now, without a hole."""

    service: str
    now: Annotated[str, Standing]
    open_since: datetime | None
    """Since when they are refused, or may be; null: they are not."""
    windows: list[Period]
    """The times in which they were refused, or may have been; neighbours alike are one."""
    spans: list[Period]


class Hole(TypedDict):
    """A time of which a source tells nothing."""

    start: datetime
    end: datetime
    why: str


class From(TypedDict):
    """What one source has told."""

    origin: Annotated[str, Origin]
    place: str
    start: datetime | None
    """From when on it tells everything that happened, but for its gaps; null: it tells single moments."""
    end: datetime | None
    found: Count
    """How many events, or configuration items, of the key."""
    gaps: list[Hole]
    unread: list[str]
    """What could not be read of it."""


class Lived(TypedDict):
    """What a key was like before, and what became of deliveries with it."""

    tool: Tool
    key: str
    as_of: datetime
    start: datetime
    engine: str
    """The version of the engine that proved every time."""
    parameters: Mapping[str, str]
    """The rule parameters that it was proved with."""
    services: list[OfService]
    acts: list[Done]
    sources: list[From]
    contradictions: list[str]
    """Where sources tell different things of one moment."""
    notes: list[str]
    """What else is to be known."""
    exit_code: Ending


def as_document(history: History) -> dict[str, object]:
    """The history's members, as `Lived` has them; times as text."""
    return {
        "tool": {"name": "lzkey", "version": version("lzkey")},
        "key": history.key,
        "as_of": time_text(history.as_of),
        "start": time_text(history.start),
        "engine": history.engine,
        "parameters": dict(history.parameters),
        "services": [_of_service(history, service) for service in NAMES],
        "acts": [_done(act) for act in history.acts],
        "sources": [_from(source) for source in history.sources],
        "contradictions": list(history.contradictions),
        "notes": list(history.notes),
        "exit_code": history.exit_code,
    }


def render(history: History) -> str:
    """The document, a member a line."""
    return json.dumps(document(as_document(history)), indent=2) + "\n"


def _of_service(history: History, service: str) -> dict[str, object]:
    spans = [span for span in history.spans if span.service == service]
    since = history.open_since(service)
    return {
        "service": service,
        "now": spans[-1].standing.value,
        "open_since": None if since is None else time_text(since.start),
        "windows": [_time(span) for span in history.windows if span.service == service],
        "spans": [_time(span) for span in spans],
    }


def _time(span: Span) -> dict[str, object]:
    return {
        "start": time_text(span.start),
        "end": None if span.end is None else time_text(span.end),
        "standing": span.standing.value,
        "reasons": [
            {
                "requirement": each.requirement,
                "reason": each.reason,
                "message": each.message,
                "certainty": each.certainty,
            }
            for each in span.reasons
        ],
        "unknown": span.unknown,
        "besides": span.besides,
        "begun_by": None if span.begun_by is None else _done(span.begun_by),
        "ended_by": None if span.ended_by is None else _done(span.ended_by),
    }


def _done(act: Act) -> dict[str, object]:
    return {
        "at": time_text(act.at),
        "name": act.name,
        "principal": act.principal,
        "behind": act.behind,
        "origin": act.origin.value,
        "event_id": act.event_id,
        "told": act.told,
    }


def _from(source: Source) -> dict[str, object]:
    return {
        "origin": source.origin.value,
        "place": source.place,
        "start": None if source.start is None else time_text(source.start),
        "end": None if source.end is None else time_text(source.end),
        "found": source.found,
        "gaps": [_hole(gap) for gap in source.gaps],
        "unread": list(source.unread),
    }


def _hole(gap: Gap) -> dict[str, object]:
    return {"start": time_text(gap.start), "end": time_text(gap.end), "why": gap.why}
