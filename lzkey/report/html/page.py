"""The page: templates, style and script put together into one file that asks no server for anything."""

from __future__ import annotations

import shlex
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from lzkey.catalogue import PREMISES, mapped
from lzkey.page.axis import ROOMS
from lzkey.page.making import environment, ours, rendered, resource
from lzkey.report import wording
from lzkey.report.blast import blast_radii
from lzkey.report.headline import headline, tone
from lzkey.report.html import sections, words
from lzkey.report.html.rows import accounts_by_id, island, key_rows, matrix_rows, regions_of
from lzkey.report.html.scores import BOTTOM, HEIGHT, TOP, line
from lzkey.report.model import Collected
from lzkey.report.own import defaults_in_force, next_expected, own_keys
from lzkey.state import WORST_FIRST, State, told_states

if TYPE_CHECKING:
    from jinja2 import Environment

    from lzkey.report.model import Report

Row = TypeVar("Row")

_PACKAGE: Final = "lzkey.report.html"

ALL_ROWS: Final = 250
#: A table of at most ALL_ROWS is written as HTML in full, for who has no JavaScript; of others the first.
FIRST_ROWS: Final = 100
#: So many of the landing zone's keys have a table of their own: of two at most, unless KeyScope names more.
SHOWN_OWN: Final = 20


class Beside(NamedTuple):
    """The same report as JSON, in a file that was written with the page."""

    name: str
    sha256: str
    """Of the file's bytes."""

    @property
    def command(self) -> str:
        """What prints the digest again, in the file's folder."""
        name = f"./{self.name}" if self.name.startswith("-") else self.name  # which is no option
        return f"sha256sum {shlex.quote(name)}"


def as_html(report: Report, beside: Beside | None = None) -> str:
    """The report as one HTML page, the same for the same report, and for the same file beside it.

    It loads nothing, and its Content-Security-Policy lets it load nothing; nothing of the report is trusted.
    """
    keys, matrix, own = key_rows(report), matrix_rows(report), own_keys(report)
    by_state = report.keys_by_state
    failing = sections.failing(keys)
    observations, more_observations = sections.observations(report)
    data = island(report, keys, matrix, [one.requirement for one in failing])
    return rendered(
        _environment(),
        "page.html.j2",
        style=_resource("page.css"),
        script=_resource("listing.js") + _resource("page.js"),
        report=report,
        headline=headline(report),
        radii=blast_radii(report),
        observations=observations,
        more_observations=more_observations,
        premises=PREMISES,
        mapped=mapped(),
        subject=wording.sentence(wording.subject(report.scope).removeprefix("organization ")),
        data=ours(data),
        beside=beside,
        sections=_contents(report),
        keys=keys,
        written_keys=_written(keys),
        matrix=matrix,
        written_matrix=_written(matrix),
        own=own[:SHOWN_OWN],
        more_own=max(0, len(own) - SHOWN_OWN),
        own_places={key.arn: place for place, key in enumerate(own[:SHOWN_OWN], 1)},
        defaults=defaults_in_force(report),
        expected=next_expected(report),
        key_names=report.key_names,
        account_names=report.account_names,
        units=report.units,
        regions=regions_of(report),
        accounts=accounts_by_id(report),
        by_state=by_state,
        states=told_states(by_state),
        bar=sections.bar(by_state),
        bar_counted=sections.bar(report.counts),
        bar_before=sections.bar(report.trend.counts_before) if report.trend else None,
        differences=sections.differences(report, report.trend) if report.trend else (),
        score=sections.score(report),
        oldest=sections.oldest(report),
        coverage=sections.coverage(report),
        unknown_in_words=sections.unknown_in_words(report),
        failing=failing,
        findings=sections.findings(report, keys),
        doubts=sections.doubts(report),
        changes=sections.changes(report),
        scores=report.line[-sections.SHOWN :],
        lines={name: line(report.line, room) for name, room in ROOMS.items()} if report.line else {},
    )


def _written(rows: list[Row]) -> list[Row]:
    return rows if len(rows) <= ALL_ROWS else rows[:FIRST_ROWS]


def _contents(report: Report) -> dict[str, tuple[int, str]]:
    """The sections' numbers and titles by id."""
    titles = {
        "summary": "Summary",
        "deliveries": "Proved and observed",
        "matrix": "Accounts and Regions",
        "findings": "Findings",
        "unknown": "What is not known",
        "keys": "All keys",
        "trend": "Since the earlier report",
        "method": "Method and limits",
    }
    if report.trend is None:
        del titles["trend"]
    return {name: (number, title) for number, (name, title) in enumerate(titles.items(), 1)}


@cache
def _environment() -> Environment:
    made = environment(_PACKAGE)
    made.filters |= {
        "percent": wording.percentage,
        "title": wording.heading,
        "freshness": wording.freshness,
        "in_doubt": wording.in_doubt,
        "commands": words.with_commands,
        "blast_radius": wording.blast_radius,
        "former_key": wording.former_key,
        "in_force": wording.in_force,
        "key_use": wording.key_use,
        "formula": wording.formula,
        "strange": wording.strange,
        "sentence": wording.sentence,
    }
    made.globals |= {
        "words": words,
        "tone": tone,
        "BLAST_RADIUS": wording.BLAST_RADIUS,
        "CONTROLS": wording.controls(),
        "FORMER_KEYS": wording.FORMER_KEYS,
        "EVENTS": wording.EVENTS,
        "PROVED": wording.PROVED,
        "REPORT_IT": wording.REPORT_IT,
        "OBSERVED": wording.OBSERVED,
        "VERDICTS": wording.VERDICTS,
        "NO_UNIT": wording.NO_UNIT,
        "State": State,
        "TOP": TOP,
        "BOTTOM": BOTTOM,
        "HEIGHT": HEIGHT,
        "WORST_FIRST": WORST_FIRST,
        "Collected": Collected,
    }
    return made


def _resource(name: str) -> str:
    return resource(_PACKAGE, name)
