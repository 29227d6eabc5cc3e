"""How a table's partitions are laid out: which of them hold a key's events, by day, account and Region.

A partition key is used only where AWS documents what it is, or the table itself declares it: what is used
though it is something else would hide events. Days are those on which CloudTrail delivered a file, so that an
event may lie a day later than it happened, or longer where deliveries failed at first.
https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html,
create-cloudtrail-table.html and create-cloudtrail-table-org-wide-trail.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from lzkey.errors import UsageError
from lzkey.history.athena.columns import is_text

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from landing_zone_key.key import KeyArn
    from lzkey.aws.athena import Table

#: How long CloudTrail goes on trying to deliver to a bucket that refuses.
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html
DELIVERED_WITHIN: Final = timedelta(days=30)

#: What the page on trails of organizations calls the account.
_ACCOUNT: Final = "account"
#: What others call it: taken for that where the table declares what its values are.
_ACCOUNTS: Final = (_ACCOUNT, "accountid", "account_id")
_DECLARED: Final = frozenset({"enum", "injected"})
_REGION: Final = "region"
_PARTS: Final = ("year", "month", "day")
_INTEGERS: Final = frozenset({"tinyint", "smallint", "int", "integer", "bigint"})

#: A name that needs no second look before it stands in a query.
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")

#: Formats of Java's that sort as days do, and the same in Python's.
#: https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
FORMATS: Final = {"yyyy/MM/dd": "%Y/%m/%d", "yyyy-MM-dd": "%Y-%m-%d", "yyyyMMdd": "%Y%m%d"}
_RELATIVE: Final = re.compile(r"NOW(?:\s*([+-])\s*(\d{1,5})\s*(DAY|WEEK|MONTH|YEAR)S?)?", re.IGNORECASE)
#: The fewest and the most that each can have: a range is said to be no longer than it is.
_DAYS: Final = {"DAY": (1, 1), "WEEK": (7, 7), "MONTH": (28, 31), "YEAR": (365, 366)}
_INTERVALS: Final = frozenset({"", "DAY", "DAYS"})
_NUMBERS: Final = re.compile(r"(\d{1,4})\s*,\s*(\d{1,4})")
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class DayColumn:
    """A partition key whose values are days, as the table declares."""

    name: str
    format: str
    """As Python writes it."""
    start: date | None
    """The first day that Athena looks at; None where the table's range says nothing that is understood."""
    end: date | None = None
    """The last one; None where that is today, or later."""
    unclear: tuple[str, ...] = ()
    """Properties of the table that say otherwise which days it has."""

    def has(self, day: date) -> bool:
        """Whether Athena looks at a day."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    def written(self, day: date) -> str:
        """The value of a day."""
        return day.strftime(self.format)


@dataclass(frozen=True, slots=True)
class DayParts:
    """Partition keys that are year, month and day, as text or as numbers."""

    year_is_text: bool
    digits: tuple[int, int, int] = (4, 2, 2)
    """How many each has in a place of Amazon S3."""
    values: tuple[Container[int], ...] = ()
    """What each may be, where partitions are projected."""
    unclear: tuple[str, ...] = ()
    """As of a `DayColumn`."""

    def has(self, day: date) -> bool:
        """Whether Athena looks at a day."""
        parts = (day.year, day.month, day.day)
        return all(part in values for part, values in zip(parts, self.values, strict=False))


Days: TypeAlias = DayColumn | DayParts


@dataclass(frozen=True, slots=True)
class Layout:
    """What bounds the partitions that are looked at."""

    account: str = ""
    """The partition key that is the account; empty: none is."""
    region: str = ""
    days: Days | None = None
    unused: tuple[str, ...] = ()
    """Partition keys that nothing is known of: all their values are looked at."""
    projected: bool = False
    """Whether Athena works the partitions out, and none is in the catalog."""
    keys: tuple[str, ...] = ()
    """All partition keys, in their order."""


def layout_of(table: Table, key: KeyArn, now: datetime) -> Layout:
    """How a table is partitioned.

    Raises UsageError where its projection leaves out the key's account or Region.
    """
    types = {each.name: each.type.strip().lower() for each in table.partition_keys}
    texts = {name for name, written in types.items() if is_text(written)}
    projected = table.parameters.get("projection.enabled", "").strip().lower() == "true"
    projection = table.parameters if projected else {}
    declared = {name for name in types if _declared(projection, name) in _DECLARED}
    account = next((name for name in _ACCOUNTS if name in texts & {_ACCOUNT, *declared}), "")
    region = _REGION if _REGION in texts else ""
    _require_value(projection, account, key.account)
    _require_value(projection, region, key.region)
    days = _days(types, texts, projection, now)
    used = {account, region, *_names(days)}
    unused = tuple(name for name in types if name not in used)
    return Layout(account, region, days, unused, projected, tuple(types))


def prefix_of(table: Table, layout: Layout, key: KeyArn, day: date) -> str | None:
    """Where in Amazon S3 a projected partition of the key's account and Region lies; None: it is not known.

    https://docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html
    """
    values = {layout.account: key.account, layout.region: key.region}
    if isinstance(layout.days, DayColumn):
        values[layout.days.name] = layout.days.written(day)
    elif layout.days:
        numbers = zip(_PARTS, (day.year, day.month, day.day), layout.days.digits, strict=True)
        values |= {name: f"{number:0{digits}}" for name, number, digits in numbers}
    template = table.parameters.get("storage.location.template")
    if template is None:  # as Hive would
        steps = "/".join(f"{name}=${{{name}}}" for name in layout.keys)
        template = f"{table.location.rstrip('/')}/{steps}/"
    if any(name not in values for name in _VARIABLE.findall(template)):
        return None
    return _VARIABLE.sub(lambda found: values[found[1]], template)


def _names(days: Days | None) -> tuple[str, ...]:
    if days is None:
        return ()
    return (days.name,) if isinstance(days, DayColumn) else _PARTS


def _declared(projection: Mapping[str, str], name: str) -> str:
    """The type of a projected partition key."""
    return projection.get(f"projection.{name}.type", "").strip().lower()


def _require_value(projection: Mapping[str, str], name: str, value: str) -> None:
    """Refuse a projection that lists values, and has none of the key's: nothing would ever be found."""
    if _declared(projection, name) != "enum":
        return
    values = [each.strip() for each in projection.get(f"projection.{name}.values", "").split(",")]
    if value not in values:
        raise UsageError(
            f"the table's property projection.{name}.values does not have {value}, which the key is of: "
            "Athena would find nothing; add it, or name another table"
        )


def _days(
    types: Mapping[str, str], texts: set[str], projection: Mapping[str, str], now: datetime
) -> Days | None:
    """The days, where the table declares a key of dates, or has the three that AWS documents."""
    for name in types:
        form = FORMATS.get(projection.get(f"projection.{name}.format", "").strip())
        if _declared(projection, name) == "date" and form and name in texts and _NAME.fullmatch(name):
            return _day_column(name, form, projection, now)
    if all(name in texts or types.get(name) in _INTEGERS for name in _PARTS):
        values = {name: _values(projection, name) for name in _PARTS} if projection else {}
        unclear = tuple(f"projection.{name}" for name, found in values.items() if found is None)
        known = () if unclear else tuple(each for each in values.values() if each is not None)
        return DayParts("year" in texts, _digits(projection), known, unclear)
    return None


def _day_column(name: str, form: str, projection: Mapping[str, str], now: datetime) -> DayColumn:
    """A key of dates, with the days that its range and interval say."""
    begin, _, until = projection.get(f"projection.{name}.range", "").partition(",")
    start, end = _limit(begin.strip(), form, now), _limit(until.strip(), form, now, ends=True)
    interval = projection.get(f"projection.{name}.interval", "1").strip()
    unit = projection.get(f"projection.{name}.interval.unit", "").strip().upper()
    daily = interval == "1" and unit in _INTERVALS
    unclear = {"range": start is not None and end is not None, "interval": daily}
    told = tuple(f"projection.{name}.{each}" for each, is_clear in unclear.items() if not is_clear)
    return DayColumn(name, form, start, end if end and end < now.date() else None, told)


def _values(projection: Mapping[str, str], name: str) -> Container[int] | None:
    """What a projected number may be; None where that is not understood."""
    kind = _declared(projection, name)
    numbers = _NUMBERS.fullmatch(projection.get(f"projection.{name}.range", "").strip())
    step = projection.get(f"projection.{name}.interval", "1").strip()
    if kind == "integer" and numbers and re.fullmatch(r"[1-9]\d{0,3}", step):
        return range(int(numbers[1]), int(numbers[2]) + 1, int(step))
    listed = [each.strip() for each in projection.get(f"projection.{name}.values", "").split(",")]
    if kind == "enum" and all(re.fullmatch(r"\d{1,4}", each) for each in listed):
        return frozenset(map(int, listed))
    return None


def _limit(text: str, form: str, now: datetime, *, ends: bool = False) -> date | None:
    """The first or last day of a range, as a date or as a time from now on; None for anything else."""
    relative = _RELATIVE.fullmatch(text)
    try:
        if relative is None:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        sign, number, unit = relative.groups()
        days = int(number) * _DAYS[unit.upper()][ends == (sign == "-")] if unit else 0
        return (now + timedelta(days=-days if sign == "-" else days)).date()
    except (ValueError, OverflowError):
        return None


def _digits(projection: Mapping[str, str]) -> tuple[int, int, int]:
    """How many digits the three have: of projected numbers as many as they say, else as many as they need."""
    if not projection:
        return 4, 2, 2

    def of(name: str) -> int:
        told = projection.get(f"projection.{name}.digits", "").strip()
        return int(told) if re.fullmatch(r"[1-9]", told) else 1

    return of("year"), of("month"), of("day")
