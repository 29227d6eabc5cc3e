"""What AWS tells of deliveries, as observations: of trails and delivery channels, and of what stops them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lzkey.figures import to_the_millisecond
from lzkey.observed.values import BLOCKS, CONFIG
from lzkey.report.oscal.observations import LZKEY, METHODS, Noted, origins
from lzkey.report.oscal.parts import Part, can_be_told, described, markup, part, properties
from lzkey.report.wording import OBSERVED, REPORT_IT, strange

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lzkey.observed.values import Behind, Beside, Contradiction, Observation
    from lzkey.report.model import Report
    from lzkey.report.oscal.observations import Identifiers
    from lzkey.report.oscal.subjects import Inventory

_PAGES: Final = "https://docs.aws.amazon.com/"


def of_deliveries(report: Report, inventory: Inventory, uuids: Identifiers) -> Iterator[Noted]:
    """Everything that was observed; nothing where whoever made the report could not see it."""
    found = report.observed
    if found is None:
        return
    noted = to_the_millisecond(report.as_of)
    for one in found.observations:
        yield _delivery(one, inventory, uuids, noted)
    for event in found.contradictions:
        yield _contradiction(event, report, inventory, uuids)
    for thing in found.beside:
        yield _beside(thing, uuids, noted)
    for target in found.behind:
        yield _behind(target, uuids, noted)


def _delivery(one: Observation, inventory: Inventory, uuids: Identifiers, noted: str) -> Noted:
    """One trail or delivery channel, as the action told it that is its evidence."""
    page = [{"href": one.source, "rel": "reference"}] if one.source.startswith(_PAGES) else []
    written = part(
        uuid=uuids.of("delivery", one.service, one.what, one.account, one.region, one.sender),
        title=markup(f"{one.service}, {one.what}: {OBSERVED[one.outcome].lower()}"),
        description=described(one.detail),
        props=properties(
            ("outcome", one.outcome),
            ("service", one.service),
            ("account", one.account),
            ("region", one.region),
            ("sender", one.sender),
            ("bucket", one.bucket),
            ("key", one.key or ""),
            ("delivered-at", _told(one.at)),
            ("succeeded-at", _told(one.succeeded_at)),
            ("error", one.error),
            ("message", one.message),
        ),
        methods=METHODS,
        types=["finding"],
        origins=origins(LZKEY),
        subjects=[inventory.named(one.key, one.account, one.region)],
        relevant_evidence=_evidence(one.evidence, page),
        collected=noted,
        remarks=markup(one.cause),
    )
    return Noted(written, services=(one.service,))


def _contradiction(one: Contradiction, report: Report, inventory: Inventory, uuids: Identifiers) -> Noted:
    """An event that is not as the proof assumes, whole."""
    scope = report.scope
    place = scope.management_account or scope.account, scope.home_region or scope.region
    written = part(
        uuid=uuids.of("contradiction", one.key, one.kind, one.event),
        title="An event is not as the proof assumes",
        description=described(strange(one)),
        props=properties(
            ("kind", one.kind), ("service", one.service), ("key", one.key), ("event", one.event)
        ),
        methods=METHODS,
        types=["finding"],
        origins=origins(LZKEY),
        subjects=[inventory.named(one.key, *place)],
        relevant_evidence=_evidence("cloudtrail:LookupEvents", []),
        collected=to_the_millisecond(report.as_of),
        remarks=f"{REPORT_IT}.",
    )
    return Noted(written, services=_services(one.service))


def _beside(one: Beside, uuids: Identifiers, noted: str) -> Noted:
    """Something beside the key policy."""
    written = part(
        uuid=uuids.of("beside", one.what, one.subject, one.detail),
        title=markup(one.what) or "Something beside the key policy",
        description=described(one.detail),
        props=properties(
            ("subject", one.subject),
            ("service", one.service),
            ("stops-deliveries", "yes" if one.stops else "no"),
        ),
        links=[{"href": one.source, "rel": "reference"}] if one.source.startswith(_PAGES) else [],
        methods=METHODS,
        types=["finding"],
        origins=origins(LZKEY),
        collected=noted,
    )
    return Noted(written, services=_services(one.service))


def _behind(one: Behind, uuids: Identifiers, noted: str) -> Noted:
    """What is not on the landing zone's present configuration: AWS Config may deliver nothing there."""
    written = part(
        uuid=uuids.of("behind", one.target),
        title=markup(f"{one.name} is not on the landing zone's present configuration"),
        description=described(one.detail),
        props=properties(("target", one.target), ("service", CONFIG)),
        methods=METHODS,
        types=["finding"],
        origins=origins(LZKEY),
        collected=noted,
    )
    return Noted(written, services=(CONFIG,))


def _evidence(action: str, links: list[Part]) -> list[Part]:
    """What an action of AWS has told: there is no file of it to cite."""
    return [part(description=f"What {markup(action)} told.", links=links)] if action else []


def _services(service: str) -> tuple[str, ...]:
    return (service,) if service else tuple(BLOCKS)


def _told(at: datetime | None) -> str:
    return to_the_millisecond(at) if at and can_be_told(at) else ""
