"""What is known of keys, as observations: how each requirement stands with each key, and where nobody knows.

Of the landing zone's keys there is an observation for each requirement. Of another key those requirements
that stand alike share one, which names them all: what fails stands alone, what holds stands together.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from lzkey.catalogue import advice
from lzkey.figures import to_the_millisecond
from lzkey.report.oscal.parts import (
    Part,
    can_be_told,
    described,
    each,
    identifier,
    markup,
    part,
    properties,
)
from lzkey.report.verdicts import ALL, Standing, Verdict, standings
from lzkey.report.wording import unknowns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey.report.model import Failure, KeyResult, Report
    from lzkey.report.oscal.subjects import Inventory
    from lzkey.waivers.values import Waived

#: How all of it was observed, by NIST SP 800-53A: what AWS has recorded and what a policy says is analyzed;
#: nothing is exercised, which would be TEST. https://csrc.nist.gov/pubs/sp/800/53/a/r5/final
METHODS: Final = ["EXAMINE"]

#: Who has observed it: the tools that the document describes.
RULE: Final = identifier("tool", "AWS Config rule")
LZKEY: Final = identifier("tool", "lzkey")

#: What a verdict says of one requirement, and of several.
_SAID: Final[Mapping[Verdict, tuple[str, str]]] = {
    Verdict.REFUSED: ("does not hold", "do not hold"),
    Verdict.POSSIBLE: ("may not hold: it is not proved", "may not hold: they are not proved"),
    Verdict.UNKNOWN: ("is unknown", "are unknown"),
    Verdict.HOLDS: ("holds", "hold"),
    Verdict.NOT_ASKED: ("is not asked of this key", "are not asked of this key"),
}


@dataclass(frozen=True, slots=True)
class Noted:
    """An observation, and what findings need to know of it."""

    written: Part
    requirements: tuple[str, ...] = ()
    verdict: Verdict | None = None
    """How these stand; None: it is not of requirements."""
    is_of_key: bool = False
    is_own: bool = False
    """Of one of the landing zone's keys."""
    services: tuple[str, ...] = ()
    """Whose deliveries it is of."""
    risk: Part | None = None
    """What people have decided of what does not hold."""

    @property
    def reference(self) -> Part:
        """What a finding says of it."""
        return {"observation-uuid": self.written["uuid"]}


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The identifiers of one document's parts; what is there twice has two."""

    document: str
    _seen: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def of(self, *names: str) -> str:
        """The UUID of what is called so in this document."""
        self._seen[names] += 1
        return identifier(self.document, *names, str(self._seen[names]))


def of_keys(
    report: Report, inventory: Inventory, uuids: Identifiers, evidence: Mapping[str, list[Part]]
) -> Iterator[Noted]:
    """How every requirement stands with every key."""
    for key in report.keys:
        for standing in standings(key):
            parts = standing.apart if key.of_landing_zone else (standing,)
            for one in parts:
                yield _of_key(report, key, one, inventory, uuids, evidence.get(key.arn, []))


def of_places(report: Report, inventory: Inventory, uuids: Identifiers) -> Iterator[Noted]:
    """Accounts and Regions where keys may be that nobody sees: UNKNOWN, as the report counts them."""
    for doubt, account, region, key in unknowns(report):
        if key:
            continue
        written = part(
            uuid=uuids.of("place", account, region),
            title="Whether there are keys, and how they stand, is unknown",
            description=described(doubt.detail),
            props=properties(
                *each("requirement", ALL),
                ("verdict", Verdict.UNKNOWN),
                ("cause", doubt.cause),
                ("account", account),
                ("region", region),
            ),
            methods=METHODS,
            types=["control-objective"],
            origins=origins(LZKEY),
            subjects=[inventory.place(account, region)],
            collected=to_the_millisecond(report.as_of),
            remarks=markup(doubt.fix),
        )
        yield Noted(written, ALL, Verdict.UNKNOWN)


def _of_key(
    report: Report,
    key: KeyResult,
    standing: Standing,
    inventory: Inventory,
    uuids: Identifiers,
    evidence: list[Part],
) -> Noted:
    known = key.evaluated_at if key.evaluated_at and can_be_told(key.evaluated_at) else None
    requirements, failure, said = standing.requirements, standing.failure, _said(standing)
    written = part(
        uuid=uuids.of("key", key.arn, *requirements),
        title=said,
        description=described(standing.detail or "the annotation had no room for more"),
        props=properties(
            *each("requirement", requirements),
            ("verdict", standing.verdict),
            ("state", key.state),
            ("annotation", key.annotation),
            ("evaluated-at", "" if known else "not known: collected is when the report was made"),
            ("cause", standing.cause),
            ("outdated", key.outdated.detail if key.outdated else ""),
            ("runbook", failure.runbook if failure else ""),
            ("refused-account", (failure.refused_account or "") if failure else ""),
            ("waiver", str(failure.waiver or "") if failure else ""),
        ),
        methods=METHODS,
        types=["control-objective"],
        origins=origins(LZKEY if key.doubt or key.evaluated_at is None else RULE),
        subjects=[inventory.key(key)],
        relevant_evidence=evidence,
        collected=to_the_millisecond(known or report.as_of),
        remarks=markup(advice(failure.requirement).brief(key.arn) if failure else standing.fix),
    )
    return Noted(
        written,
        requirements,
        standing.verdict,
        is_of_key=True,
        is_own=key.of_landing_zone,
        risk=_risk(key, failure, failure.waiver, written, uuids) if failure and failure.waiver else None,
    )


def _risk(key: KeyResult, failure: Failure, waiver: Waived, observation: Part, uuids: Identifiers) -> Part:
    """What does not hold, and who has waived it until when: a deviation, approved while it is in force."""
    last = datetime(waiver.expires.year, waiver.expires.month, waiver.expires.day, 23, 59, 59, tzinfo=UTC)
    return part(
        uuid=uuids.of("risk", key.arn, failure.requirement),
        title=observation["title"],
        description=observation["description"],
        statement=described(str(waiver)),
        props=properties(
            ("requirement", failure.requirement),
            ("key", key.arn),
            ("owner", waiver.owner),
            ("reason", waiver.reason),
            ("expires", waiver.expires.isoformat()),
            ("days-left", str(waiver.days_left)),
        ),
        status="deviation-approved" if waiver.in_force else "open",
        origins=origins(LZKEY),
        deadline=to_the_millisecond(last) if can_be_told(last) else "",
        related_observations=[{"observation-uuid": observation["uuid"]}],
    )


def _said(standing: Standing) -> str:
    """How the requirements stand, in a line."""
    if standing.verdict is Verdict.NOT_APPLICABLE:
        return "The key is not judged"
    names, (singular, plural) = standing.requirements, _SAID[standing.verdict]
    return (
        f"{names[0] if names[0] in ALL else markup(names[0])} {singular}"
        if len(names) == 1
        else f"{len(names)} requirements {plural}"
    )


def origins(tool: str) -> list[Part]:
    """That a tool has observed it."""
    return [{"actors": [{"type": "tool", "actor-uuid": tool}]}]
