"""Which of the events that sources tell are believed: each once, and none of the future."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from lzkey.figures import counted, moment
from lzkey.history.model import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from lzkey.aws.events import Event
    from lzkey.history.told import Told

#: How far the clocks of two machines may differ.
SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Believed:
    """Events with where each is from, and what is to be said of those that are not believed."""

    events: tuple[tuple[Event, Origin], ...]
    doubted: tuple[tuple[Event, Origin], ...] = ()
    """All tellings of each event that is told in two ways: something was changed, nobody knows to what."""
    contradictions: tuple[str, ...] = ()
    future: tuple[str, ...] = ()


def believed(sources: Iterable[Told], now: datetime) -> Believed:
    """Sort out the events of all sources together; one that the clock of another machine tells is of now."""
    by_id: dict[str, list[tuple[Event, Origin]]] = {}
    future: dict[Origin, list[Event]] = {}
    for told in sorted(sources, key=lambda each: [*Origin].index(each.source.origin)):
        for event in told.events:
            if event.at > now + SKEW:
                future.setdefault(told.source.origin, []).append(event)
                continue
            its = replace(event, at=min(event.at, now))
            by_id.setdefault(event.id or _content(event), []).append((its, told.source.origin))
    alike: list[tuple[Event, Origin]] = []
    different: list[list[tuple[Event, Origin]]] = []
    for found in by_id.values():
        by_content = {_content(event): (event, origin) for event, origin in sorted(found, key=_worth)[::-1]}
        if len(by_content) == 1:
            alike += by_content.values()
        else:
            different.append(sorted(by_content.values(), key=_worth))
    return Believed(
        tuple(alike),
        tuple(each for found in different for each in found),
        tuple(
            f"the event {event.id} ({event.name}, {moment(event.at)}) is told in two ways, and not believed"
            for event, _ in sorted((one for one, *_ in different), key=lambda each: (each[0].at, each[0].id))
        ),
        tuple(_of_future(origin, found) for origin, found in future.items()),
    )


def _worth(told: tuple[Event, Origin]) -> tuple[int, str]:
    """Which telling of an event is taken: the same one in whatever order they come."""
    event, origin = told
    return [*Origin].index(origin), _content(event)


def _content(event: Event) -> str:
    """What an event has changed, as a text that another telling of it has, too."""
    told = [event.name, event.at.timestamp(), event.error_code, event.parameters]
    return json.dumps(told, sort_keys=True, default=str)


def _of_future(origin: Origin, events: list[Event]) -> str:
    latest = max(event.at for event in events)
    told = "is not believed" if len(events) == 1 else "are not believed"
    return (
        f"{counted(len(events), 'event')} in {origin.value} of up to {moment(latest)}, later than now, "
        f"{told}: some clock is wrong"
    )
