"""The demo's scenes as text for a terminal, and as JSON."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Final, TypedDict

from rich.console import Group
from rich.text import Text

from lzkey.documents import document
from lzkey.terminal import STYLES, Folded, folded, plain, table
from lzkey_sandbox.demo.story import Act, Audit, Kept, KeyTable, Row, Scene

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from lzkey import Json
    from lzkey.report.model import Delivery


_INDENT: Final = "  "


class Reported(TypedDict):
    """The report of the whole organization, and what it answers."""

    path: str
    delivery: Annotated[str, Delivery]
    why: str


class Shown(TypedDict):
    """What the demo has shown."""

    keys: list[Row]
    """Every key of the management account in the home Region."""
    acts: list[Act]
    reports: list[Reported]


def shown(scene: Scene) -> RenderableType:
    """Return a scene as rich shows it."""
    match scene:
        case KeyTable(rows):
            return Group(
                table(("Key", "Compliance", "Annotation in the AWS Config console"), map(_cells, rows)),
                folded(_summary(rows)),
            )
        case Act(title, row, notes):
            return _titled(title, [_line(row), *map(plain, notes)])
        case Audit(report, path):
            delivery, why = report.answer.delivery.value, report.answer.why
            counts = ", ".join(f"{count} {state.value}" for state, count in report.counts.items())
            below = [
                plain(f"can the landing zone's logs be delivered today? {delivery}: {why}"),
                plain(f"{len(report.accounts)} accounts; keys: {counts}"),
                plain(f"open {path}"),
            ]
            return _titled("The report of the whole organization", below)
        case Kept(endpoint, environment):
            exports = [plain(f"export {name}={value}") for name, value in environment.items()]
            return Group(plain(f"\nAWS goes on at {endpoint} until Ctrl-C. In another shell:"), *exports)


def as_json(scenes: Iterable[Scene]) -> dict[str, Any]:
    """Return the scenes as one JSON document: the table's rows, the acts, and what the report answers."""
    told = list(scenes)
    rows: list[Json] = [
        dataclasses.asdict(row) for scene in told if isinstance(scene, KeyTable) for row in scene.rows
    ]
    acts: list[Json] = [dataclasses.asdict(scene) for scene in told if isinstance(scene, Act)]
    reports: list[Reported] = [
        {"path": str(scene.path), "delivery": scene.report.answer.delivery, "why": scene.report.answer.why}
        for scene in told
        if isinstance(scene, Audit)
    ]
    members: Shown = {"keys": rows, "acts": acts, "reports": reports}
    return document(members)


def _titled(title: str, below: Iterable[Text]) -> RenderableType:
    heading = plain(f"\n{title}", "bold")
    return Group(heading, *(Folded(line, Text(_INDENT), _INDENT) for line in below))


def _cells(row: Row) -> tuple[Text, Text, Text]:
    return plain(row.key), plain(row.compliance, STYLES.get(row.compliance, "")), plain(row.annotation)


def _line(row: Row) -> Text:
    return Text("  ").join(_cells(row))


def _summary(rows: tuple[Row, ...]) -> str:
    count = Counter(row.compliance for row in rows)
    return (
        f"{len(rows)} keys: the landing zone can use {count['COMPLIANT']} and cannot use "
        f"{count['NON_COMPLIANT']}; {count['NOT_APPLICABLE']} not judged"
    )
