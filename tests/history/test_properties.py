"""What holds of every history, whatever sources tell."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lzkey.history.events import CHANGING, TAGGING
from lzkey.history.model import History, Origin, Standing
from lzkey.history.timeline import history_from

from .lives import BAD, GOOD, KEY, NOW, ZONE, ago, did, made, of, present, put, recorded, told
from .lives import item as an_item

if TYPE_CHECKING:
    from lzkey.history.told import Told

REPRODUCIBLE = settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)

POLICIES = st.sampled_from([GOOD, BAD])
DAYS = st.integers(1, 40)
SIMPLE = st.sampled_from(["EnableKey", "DisableKey", "CancelKeyDeletion", "DeleteImportedKeyMaterial"])


@st.composite
def records(draw: st.DrawFn) -> list[Any]:
    """Changes of a key, some of them in one second, with or without its making."""
    found = [put(draw(DAYS), draw(POLICIES)) for _ in range(draw(st.integers(0, 3)))]
    found += [did(draw(SIMPLE), draw(DAYS)) for _ in range(draw(st.integers(0, 3)))]
    if draw(st.booleans()):
        found.append(did("ScheduleKeyDeletion", draw(DAYS), {"pendingWindowInDays": 7}))
    if draw(st.booleans()):
        found.append(made(45, draw(POLICIES)))
    return found


@st.composite
def sources(draw: st.DrawFn) -> list[Told]:
    """Some sources, each with its own part of what was told, and of the time."""
    everything = draw(records())
    found = []
    for origin in (Origin.EVENT_HISTORY, Origin.TRAIL_FILES):
        its = [each for each in everything if draw(st.booleans())]
        since = draw(st.sampled_from([None, 50, 30, 10]))
        gaps = draw(st.lists(st.sampled_from([(25, 20), (9, 8), (3, 1)]), max_size=2))
        found.append(told(*its, since=since, gaps=gaps if since else [], origin=origin))
    items = [an_item(draw(DAYS), draw(POLICIES)) for _ in range(draw(st.integers(0, 2)))]
    found.append(recorded(*items, since=draw(st.sampled_from([None, 15]))))
    if draw(st.booleans()):
        found.append(present(draw(POLICIES), draw(st.sampled_from(["Enabled", "Disabled"]))))
    return found


def history(told_by: list[Told]) -> History:
    """What they come to."""
    return history_from(KEY, ZONE, NOW, told_by)


@REPRODUCIBLE
@given(sources())
def test_every_moment_is_in_one_span_of_each_service(told_by: list[Told]) -> None:
    """From the start to now, without a hole, and each time has a length but for the last."""
    found = history(told_by)
    for service in ("CloudTrail", "AWS Config"):
        spans = of(found, service)
        assert (spans[0].start, spans[-1].end) == (found.start, None)
        assert all(one.end == other.start for one, other in pairwise(spans))
        assert all(span.end is None or span.start < span.end for span in spans)
        assert all(
            (one.standing, one.reasons, one.unknown, one.besides)
            != (other.standing, other.reasons, other.unknown, other.besides)
            for one, other in pairwise(spans)
        )


@REPRODUCIBLE
@given(sources(), st.integers(0, 1000))
def test_order_and_repetition_do_not_matter(told_by: list[Told], seed: int) -> None:
    """Events in another order, and some of them twice, tell the same."""
    random = Random(seed)  # noqa: S311 - an order, and no secret

    def mixed(each: Told) -> Told:
        events = [*each.events, *each.events[:1]]
        random.shuffle(events)
        return replace(each, events=tuple(events), items=tuple(reversed(each.items)))

    assert history([mixed(each) for each in told_by]) == history(told_by)


@REPRODUCIBLE
@given(sources())
def test_unknown_has_a_reason_and_refused_has_one(told_by: list[Told]) -> None:
    """Each standing brings what it needs, and nothing that belongs to another."""
    for span in history(told_by).spans:
        assert bool(span.unknown) is (span.standing is Standing.UNKNOWN)
        assert bool(span.reasons) is (span.standing in (Standing.REFUSED, Standing.POSSIBLE))


@REPRODUCIBLE
@given(records(), st.booleans(), st.integers(0, 60))
def test_less_told_is_never_more_known(everything: list[Any], seen: bool, at: int) -> None:  # noqa: FBT001 - hypothesis
    """Where nothing contradicts, a moment that is not known stays so when a source is left out."""
    now = [present()] if seen else []
    whole = [told(*everything, since=50), told(since=10, origin=Origin.TRAIL_FILES), *now]
    with_all = history(whole)
    if with_all.contradictions:
        return
    for left_out in range(len(whole)):
        rest = [each for place, each in enumerate(whole) if place != left_out]
        if not rest:
            continue
        fewer = history_from(KEY, ZONE, NOW, rest, since=with_all.start)
        assert known_at(fewer, at) <= known_at(with_all, at)


@REPRODUCIBLE
@given(records(), st.sampled_from([(48, 41), (30, 20), (9, 1)]))
def test_a_gap_makes_nothing_known(everything: list[Any], gap: tuple[int, int]) -> None:
    """Whatever is allowed with a gap is allowed, or was never known to be otherwise, without it."""
    whole = history([told(*everything, since=50)])
    torn = history_from(KEY, ZONE, NOW, [told(*everything, since=50, gaps=[gap])], since=whole.start)
    for at in range(50):
        assert known_at(torn, at) <= known_at(whole, at)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["policy", "tags", "tagKeys", "tagKey", "keyMetadata", "keyState", "omitted", "validTo"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@REPRODUCIBLE
@given(st.sampled_from((*CHANGING, *TAGGING)), ANYTHING, ANYTHING)
def test_whatever_an_event_asks_for_it_is_read(name: str, asked: Any, answered: Any) -> None:
    """What is not as AWS writes it is not known, and never an error."""
    record = {**did(name, 9), "requestParameters": asked, "responseElements": answered}
    found = history([told(made(20), record), present()])
    assert [act.name for act in found.acts][:1] == ["CreateKey"]
    assert {span.standing for span in of(found)} <= {*Standing}


@pytest.mark.parametrize("at", [0, 5, 20])
def test_what_the_properties_compare(at: int) -> None:
    """They can fail: what is known of a life is not nothing."""
    assert known_at(history([told(made(45)), present()]), at) == {("CloudTrail", Standing.ALLOWED)}
    assert known_at(history([told(since=None)]), at) == set()


def known_at(found: History, days: int) -> set[tuple[str, Standing]]:
    """What is known of a moment a little before so many days ago; nothing where it is before the start."""
    moment = ago(days + 0.04)
    return {
        (span.service, span.standing)
        for span in of(found)
        if span.start <= moment
        and (span.end is None or moment < span.end)
        and span.standing is not Standing.UNKNOWN
    }
