"""The demo's scenes as text for a terminal, and as JSON."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Final, TypedDict

from rich.console import Group
from rich.text import Text

from lzkey.documents import document
from lzkey.figures import counted
from lzkey.report.headline import headline
from lzkey.report.wording import scored
from lzkey.state import State
from lzkey.terminal import STYLES, Folded, folded, plain, table
from lzkey_sandbox.demo.story import Act, Audit, Deliveries, Kept, KeyTable, Row, Scene, Scoped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import RenderableType

    from lzkey import Json
    from lzkey.report.model import Delivery
    from lzkey_sandbox.demo.story import NotJudged


_INDENT: Final = "  "


class Reported(TypedDict):
    """The report of the whole organization, and what it answers."""

    path: str
    delivery: Annotated[str, Delivery]
    why: str


class Shown(TypedDict):
    """What the demo has shown."""

    scoped: list[Scoped]
    """What is judged with KeyScope landing-zone, at the beginning."""
    acts: list[Act]
    deliveries: list[Deliveries]
    """The key is as it was, and deliveries fail; then they arrive."""
    keys: list[Row]
    """Every key of the management account in the home Region, judged with KeyScope all."""
    reports: list[Reported]


def shown(scene: Scene) -> RenderableType:
    """Return a scene as rich shows it."""
    match scene:
        case Scoped(title, row, others):
            return _titled(title, _aligned([_cells(row), *map(_not_judged, others)]))
        case KeyTable(title, rows):
            headings = "Key", "Compliance", "Annotation in the AWS Config console"
            return Group(_titled(title, []), table(headings, map(_cells, rows)), folded(_summary(rows)))
        case Act(title, row, notes):
            return _titled(title, [_line(row), *map(plain, notes)])
        case Deliveries(title, row, answer, seen):
            return _titled(title, [_line(row), plain(f"lzkey report: {answer}"), *map(plain, seen)])
        case Audit(report, path):
            below = [
                plain(f"{headline(report).sentence}: {report.proved.why}"),
                plain(f"{len(report.accounts)} accounts; {scored(report)}"),
                plain(f"open {path}"),
            ]
            return _titled("The report of the whole organization", below)
        case Kept(endpoint, environment):
            exports = [plain(f"export {name}={value}") for name, value in environment.items()]
            return Group(plain(f"\nAWS goes on at {endpoint} until Ctrl-C. In another shell:"), *exports)


def in_picture(scene: Scene) -> RenderableType:
    """Return a scene as the picture has it, which shows no table: what it comes to is enough there."""
    if isinstance(scene, KeyTable):
        return _titled(scene.title, [plain(_summary(scene.rows))])
    if isinstance(scene, Deliveries):
        return _titled(scene.title, [plain(f"lzkey report: {scene.answer}")])
    return shown(scene)


def as_json(scenes: Iterable[Scene]) -> dict[str, Any]:
    """Return the scenes as one JSON document: what is judged, the acts, the table's rows, and the report."""
    told = list(scenes)
    scoped: list[Json] = [dataclasses.asdict(scene) for scene in told if isinstance(scene, Scoped)]
    rows: list[Json] = [
        dataclasses.asdict(row) for scene in told if isinstance(scene, KeyTable) for row in scene.rows
    ]
    acts: list[Json] = [dataclasses.asdict(scene) for scene in told if isinstance(scene, Act)]
    delivered: list[Json] = [dataclasses.asdict(scene) for scene in told if isinstance(scene, Deliveries)]
    reports: list[Reported] = [
        {"path": str(scene.path), "delivery": scene.report.proved.delivery, "why": scene.report.proved.why}
        for scene in told
        if isinstance(scene, Audit)
    ]
    members: Shown = {
        "scoped": scoped,
        "acts": acts,
        "deliveries": delivered,
        "keys": rows,
        "reports": reports,
    }
    return document(members)


def _titled(title: str, below: Iterable[Text]) -> RenderableType:
    heading = plain(f"\n{title}", "bold")
    return Group(heading, *(Folded(line, Text(_INDENT), _INDENT) for line in below))


def _aligned(rows: Sequence[tuple[Text, Text, Text]]) -> Iterator[Text]:
    """Return a line for each row, whose cells stand below each other."""
    widths = [max(row[column].cell_len for row in rows) for column in (0, 1)]
    for *first, last in rows:
        for cell, width in zip(first, widths, strict=True):
            cell.pad_right(width - cell.cell_len)
        yield Text("  ").join([*first, last])


def _cells(row: Row) -> tuple[Text, Text, Text]:
    return plain(row.key), plain(row.compliance, STYLES.get(row.compliance, "")), plain(row.annotation)


def _line(row: Row) -> Text:
    return Text("  ").join(_cells(row))


def _not_judged(others: NotJudged) -> tuple[Text, Text, Text]:
    return _cells(Row(counted(others.keys, "other key"), State.NOT_APPLICABLE, others.annotation))


def _summary(rows: tuple[Row, ...]) -> str:
    count = Counter(row.compliance for row in rows)
    return (
        f"{len(rows)} keys: the landing zone can use {count['COMPLIANT']} and cannot use "
        f"{count['NON_COMPLIANT']}; {count['NOT_APPLICABLE']} not judged"
    )
