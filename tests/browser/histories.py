"""Histories of a key to draw: usual ones, and those at the edges of what a drawing can show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lzkey.history.model import Act, Gap, History, Origin, Reason, Source, Span, Standing

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
ALICE = "arn:aws:sts::111122223333:assumed-role/KeyAdministrators/alice"
STACKS = "cloudformation.amazonaws.com"
SERVICES = ("CloudTrail", "AWS Config")

REFUSED = Reason(
    "CLOUDTRAIL_ACCESS",
    "DENIED",
    f'kms:GenerateDataKey* refused to CloudTrail with {KEY}, denied by "DenyOutsideOrg"',
    "refused",
)
POSSIBLE = Reason(
    "CONFIG_ACCESS",
    "CONDITION",
    'kms:Decrypt may be refused, "Logs" misses on aws:SourceOrgPaths',
    "possible",
)


def before(days: float = 0, **more: float) -> datetime:
    """A moment so long before now."""
    return NOW - timedelta(days=days, **more)


def act(at: datetime, name: str = "PutKeyPolicy", **more: Any) -> Act:
    """Something that alice did."""
    told = {"principal": ALICE, "event_id": f"0badbeef-0000-4000-8000-{int(at.timestamp()):012d}"}
    return Act(at, name, **{**told, **more})


def spans(service: str, start: datetime, *turns: tuple[datetime, Standing, Act | None]) -> tuple[Span, ...]:
    """The spans of a service: from `start` on as the first turn says, and at each other moment another."""
    ends: list[tuple[datetime | None, Act | None]] = [(at, by) for at, _, by in turns[1:]]
    found = []
    for (at, standing, by), (end, ended_by) in zip(turns, [*ends, (None, None)], strict=True):
        reasons = {Standing.REFUSED: (REFUSED,), Standing.POSSIBLE: (POSSIBLE,)}.get(standing, ())
        unknown = "the trail delivered no file of these days" if standing is Standing.UNKNOWN else ""
        found.append(Span(service, max(at, start), end, standing, reasons, unknown, by, ended_by))
    return tuple(found)


def history(start: datetime, acts: Iterable[Act], *lanes: tuple[Span, ...], **more: Any) -> History:
    """A history with the usual parameters."""
    told: dict[str, Any] = {
        "key": KEY,
        "as_of": NOW,
        "parameters": {"ManagementAccountId": "111122223333", "HomeRegion": "us-east-1"},
        "engine": "1.0.0",
        "sources": (Source(Origin.EVENT_HISTORY, "account 111122223333, us-east-1", before(90), NOW, 3),),
    }
    whole = tuple(span for lane in lanes for span in lane)
    return History(start=start, acts=tuple(acts), spans=whole, **{**told, **more})


def usual() -> History:
    """A year: a gap, a window that ended, and one that is open."""
    start = before(365)
    made = act(start, "CreateKey")
    loosened = act(before(200), behind="arn:aws:iam::111122223333:role/deployer", principal=STACKS)
    broken, mended, again = act(before(60)), act(before(51, hours=3)), act(before(12), "DisableKey")
    return history(
        start,
        (made, loosened, broken, mended, again),
        spans(
            SERVICES[0],
            start,
            (start, Standing.ALLOWED, made),
            (before(330), Standing.UNKNOWN, None),
            (before(200), Standing.ALLOWED, loosened),
            (before(60), Standing.REFUSED, broken),
            (before(51, hours=3), Standing.ALLOWED, mended),
            (before(12), Standing.REFUSED, again),
        ),
        spans(
            SERVICES[1],
            start,
            (start, Standing.POSSIBLE, made),
            (before(330), Standing.UNKNOWN, None),
            (before(200), Standing.POSSIBLE, loosened),
            (before(100), Standing.ALLOWED, None),
        ),
        sources=(
            Source(
                Origin.TRAIL_FILES,
                "s3://aws-controltower-logs-111122223333-us-east-1/o-exampleorgid/AWSLogs",
                start,
                NOW,
                5,
                (Gap(before(330), before(200), "the trail delivered no file of these days"),),
                ("2026/01/07/a.json.gz is cut off after 1,024 bytes",),
            ),
            Source(Origin.PRESENT, "account 111122223333, us-east-1", found=1),
        ),
        contradictions=(
            f"AWS Config recorded {KEY} as Enabled at 2026-11-20 10:00 UTC, after CloudTrail's DisableKey",
        ),
        notes=("The landing zone's accounts of then are not known: those of today were asked for.",),
    )


def crowded() -> History:
    """A thousand changes within a minute, each of which turns the answer."""
    start, first = before(90), before(40)
    acts = [act(first + timedelta(milliseconds=60 * number), f"{'PutKeyPolicy'}") for number in range(1_000)]
    turns = [(start, Standing.ALLOWED, None)]
    turns += [(one.at, (Standing.REFUSED, Standing.ALLOWED)[n % 2], one) for n, one in enumerate(acts)]
    return history(
        start,
        acts,
        spans(SERVICES[0], start, *turns),
        spans(SERVICES[1], start, (start, Standing.ALLOWED, None)),
    )


def quiet() -> History:
    """One change in seven years."""
    start = before(7 * 365.25)
    one = act(before(4 * 365), "CreateKey")
    turns = ((start, Standing.NO_KEY, None), (one.at, Standing.ALLOWED, one))
    return history(start, (one,), *(spans(service, start, *turns) for service in SERVICES))


def brief() -> History:
    """Windows of seconds in a day of changes."""
    start = before(1)
    acts = [act(before(hours=23 - number)) for number in range(20)]
    turns = [(start, Standing.ALLOWED, None)]
    for number, one in enumerate(acts):
        turns += [(one.at, (Standing.REFUSED, Standing.POSSIBLE, Standing.UNKNOWN)[number % 3], one)]
        turns += [(one.at + timedelta(seconds=7), Standing.ALLOWED, None)]
    return history(start, acts, *(spans(service, start, *turns) for service in SERVICES))


def busy() -> History:
    """Changes all over three years."""
    start = before(3 * 365)
    acts = [act(before((number * 37) % 1000 + 3)) for number in range(120)]
    acts.sort(key=lambda one: one.at)
    turns: list[tuple[datetime, Standing, Act | None]] = [(start, Standing.UNKNOWN, None)]
    turns += [(one.at, [*Standing][number % 4], one) for number, one in enumerate(acts)]
    return history(start, acts, *(spans(service, start, *turns) for service in SERVICES))


def empty() -> History:
    """Of which nobody tells anything."""
    return history(NOW, (), sources=())


ATTACKS = (
    "</title><script>alert(1)</script>",
    '"><img src=https://example.com/x onerror=alert(1)>',
    "{{7*7}}{% raw %}",
    "</style></svg>",
    "safe\u202egnp.exe \x1b[31m\u2066red",
    "a" * 300,
)


def hostile() -> History:
    """In which every text is an attack."""
    start = before(30)
    acts = tuple(
        Act(before(25 - number), text, text, behind=text, event_id=text, told=text)
        for number, text in enumerate(ATTACKS)
    )
    lanes = (
        Span(text, start, None, standing, (Reason(text, text, text, text),), text, acts[0], acts[1])
        for text, standing in zip(ATTACKS, [*Standing, Standing.REFUSED], strict=True)
    )
    return history(
        start,
        acts,
        tuple(lanes),
        key=ATTACKS[0],
        engine=ATTACKS[2],
        parameters={text: text for text in ATTACKS},
        sources=tuple(
            Source(Origin.TRAIL_FILES, text, start, NOW, 1, (Gap(start, NOW, text),), (text,))
            for text in ATTACKS
        ),
        contradictions=ATTACKS,
        notes=ATTACKS,
    )


HISTORIES = {
    "usual": usual,
    "crowded": crowded,
    "quiet": quiet,
    "brief": brief,
    "busy": busy,
    "empty": empty,
    "hostile": hostile,
}
