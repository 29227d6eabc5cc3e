"""The report as CSV (RFC 4180): what is proved and observed, then a row per key and requirement, or doubt."""

from __future__ import annotations

import csv
import io
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from lzkey.catalogue import advice
from lzkey.quoting import cell
from lzkey.report.headline import headline
from lzkey.report.verdicts import Verdict, by_requirement
from lzkey.report.wording import unknowns
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from lzkey.report.model import KeyResult, Report
    from lzkey.report.verdicts import Standing

_Cells: TypeAlias = tuple[str, ...]

COLUMNS: Final = (
    "account",
    "account_name",
    "region",
    "key",
    "landing_zone_key",
    "state",
    "requirement",
    "holds",
    "detail",
    "cause",
    "fix",
    "evaluated_at",
    "as_of",
    "certainty",
    "runbook",
    "service",
    "proved",
    "observed",
    "observed_at",
    "evidence",
    "waiver",
    "key_name",
    "unit",
)

#: How many columns all rows of a key share, beside the account's name; and of what follows, before `as_of`.
_SHARED: Final = COLUMNS.index("requirement") - 1
#: Where a key stands among what its rows share, after the account; and what follows from key and account.
_KEY: Final = COLUMNS.index("key") - 2
_NAMES: Final = COLUMNS.index("key_name")
_JUDGED: Final = COLUMNS.index("as_of") - COLUMNS.index("requirement")
#: Of all those cells most say what others say: so many are kept.
_REPEATED: Final = 1_024
#: Of what tells nothing of deliveries, the columns between `runbook` and `waiver`.
_NO_DELIVERY: Final = ("",) * (COLUMNS.index("waiver") - COLUMNS.index("runbook") - 1)


def render(report: Report) -> str:
    """The table; every key is in it, and every account and Region that counts as UNKNOWN.

    `holds` is yes or no where the rule has judged; a requirement that its annotation does not name holds,
    since the annotation names every one that does not: but for those of a service that does not use the key,
    and where the result is outdated, of which nothing is said. `certainty` says of a no whether it will
    happen (refused), or may (possible). The first rows are of the services, each with `proved` and
    `observed`, and of what was observed, with the action that told it as `evidence`.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    names = report.account_names
    key_names, units = report.key_names, {account.account: account.unit for account in report.accounts}
    quoted = lru_cache(_REPEATED)(cell)
    as_of = quoted(_time(report.as_of))
    for (account, *rest), found in _rows(report):
        shared = [quoted(value) for value in (account, names.get(account, ""), *rest)]
        last = [quoted(key_names.get(rest[_KEY], "")), quoted(units.get(account, ""))]
        for what in found:
            cells = [quoted(value) for value in what]
            cells.insert(_JUDGED, as_of)
            none = [""] * (_NAMES - len(shared) - len(cells))
            writer.writerow(shared + cells + none + last)
    return text.getvalue()


def _rows(report: Report) -> Iterator[tuple[_Cells, Iterable[_Cells]]]:
    """What rows share, and the rest of each of them."""
    yield from ((row[:_SHARED], (row[_SHARED:],)) for row in _deliveries(report))
    for doubt, account, region, key in unknowns(report):
        if not key:
            where = (account, region, "", "", State.UNKNOWN.value)
            yield where, (("", "", doubt.detail, doubt.cause.value, doubt.fix, ""),)
    former = {key.arn for key in report.landing_zone.former_keys}
    another = "unknown" if report.landing_zone.unknown else "no"
    for result in report.keys:
        own = "yes" if result.of_landing_zone else "former" if result.arn in former else another
        yield (result.account, result.region, result.arn, own, result.state.value), _key(result)


def _deliveries(report: Report) -> Iterator[_Cells]:
    """The matrix, and each observation; `detail` says what it rests on, with an error's cause."""
    scope = report.scope
    for service in headline(report).cells:
        where = (scope.management_account or "", scope.home_region or "", "", "", "")
        told = f"proved: {service.proof}; observed: {service.seen}"
        yield (*where, "", "", told, "", "", "", "", "", service.service, service.proved, service.observed)
    for one in report.observed.observations if report.observed else ():
        told = f"{one.detail}: {one.cause}" if one.cause else one.detail
        what = (f"{one.service}, {one.what}", "", one.outcome, _time(one.at), one.evidence)
        yield (one.account, one.region, "", "", "", "", "", told, "", "", "", "", "", *what)


def _key(key: KeyResult) -> Iterator[_Cells]:
    at = _time(key.evaluated_at)
    if key.doubt is not None:
        yield ("", "", key.doubt.detail, key.doubt.cause.value, key.doubt.fix, at)
    elif key.state is State.NOT_APPLICABLE:
        yield ("", "", key.annotation, "", "", at)
    else:
        for name, standing in by_requirement(key):
            yield _requirement(name, standing, key, at)


def _requirement(name: str, standing: Standing, key: KeyResult, at: str) -> _Cells:
    """How one requirement stands; `holds` is empty where the result says neither."""
    if standing.failure is not None:
        failure = standing.failure
        fix = advice(name).brief(key.arn)
        told = (name, "no", failure.detail, "", fix, at, failure.certainty.value, failure.runbook)
        return (*told, *_NO_DELIVERY, str(failure.waiver)) if failure.waiver else told
    if standing.verdict is Verdict.HOLDS:
        return (name, "yes", "", "", "", at)
    return (name, "", standing.detail, standing.cause, standing.fix, at)


def _time(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else ""
