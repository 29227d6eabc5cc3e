"""What is observed, as values: of each kind of deliveries whether it arrives, and since when that counts.

An observation counts only where it is later than the present policy, key state and manifest, and one delivery
interval after them. A refusal, an absence, or a time that nobody tells is *not observed*, never health.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from landing_zone_key.manifest import Delivery as Block
from landing_zone_key.records import dataclass
from lzkey.figures import counted, some

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lzkey.aws.standing import Standing

CLOUDTRAIL: Final = "CloudTrail"
CONFIG: Final = "AWS Config"

#: Of CloudTrail: by them the integrity of its log files is validated.
DIGESTS: Final = "digest files"

#: What each service delivers with, by the manifest's block for it.
BLOCKS: Final = {CLOUDTRAIL: Block.CLOUDTRAIL, CONFIG: Block.CONFIG}


class Outcome(StrEnum):
    """What is observed of deliveries."""

    DELIVERING = "delivering"
    FAILING = "failing"
    NOT_OBSERVED = "not_observed"


@dataclass(frozen=True, slots=True)
class Observation:
    """One kind of deliveries of one account and Region."""

    service: str
    """CloudTrail or AWS Config."""
    what: str
    """Such as `log files`."""
    account: str
    region: str
    outcome: Outcome
    detail: str
    """What was read, or why nothing counts."""
    evidence: str
    """The action that told it, such as cloudtrail:GetTrailStatus."""
    at: datetime | None = None
    """Of the last success, or of the failure."""
    error: str = ""
    """AWS's code, as it was read; also where it does not count."""
    message: str = ""
    cause: str = ""
    """What the code means, from a table with its source; empty: the cause is not known."""
    source: str = ""
    """The page that says so."""
    key: str | None = None
    """The ARN of the key that it encrypts with, where AWS tells."""
    bucket: str = ""
    sender: str = ""
    """What delivers: the trail's ARN, or the delivery channel's name; empty where it was not seen."""
    succeeded_at: datetime | None = None
    """The last success, also where deliveries fail since."""


@dataclass(frozen=True, slots=True)
class InForce:
    """Since when the present policy, key state and manifest are in force."""

    since: datetime | None = None
    """The latest change of them; null: not known."""
    change: str = ""
    """Which change it was, or that there was none in the history."""
    unknown: str = ""
    """Why it is not known."""
    key: str = ""
    """The ARN of the key that it changed; empty where it was the landing zone, or nothing."""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A key's last use, as KMS tells: it names no caller, so it says nothing of a service."""

    key: str
    operation: str | None = None
    at: datetime | None = None
    event_id: str | None = None
    tracked_since: datetime | None = None
    """Of the time before, KMS tells nothing."""
    created_at: datetime | None = None
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class OutOfService:
    """Since when a key that is not Enabled has not been, by CloudTrail's event history."""

    key: str
    since: datetime | None = None
    """At the latest: of the changes after which nothing has enabled it the first that the history shows."""
    change: str = ""
    """Such as DisableKey."""
    unknown: str = ""
    """Why it is not known."""


@dataclass(frozen=True, slots=True)
class Behind:
    """An organizational unit or account that is not on the landing zone's present configuration."""

    target: str
    """Its ARN."""
    detail: str
    is_account: bool = False

    @property
    def name(self) -> str:
        """The id of the organizational unit, or of the account."""
        return self.target.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Beside:
    """Something beside the key policy that lets a request through, or stops a delivery."""

    what: str
    detail: str
    stops: bool = False
    """Whether it stops deliveries by AWS's documentation."""
    source: str = ""
    subject: str = ""
    """The ARN of the key, or the name of the bucket, that has it."""
    service: str = ""
    """Whose deliveries it stops; empty: nobody's."""


@dataclass(frozen=True, slots=True)
class Events:
    """KMS's events of a key by one principal, in CloudTrail's event history."""

    key: str
    principal: str
    allowed: int
    refused: int
    """For want of a permission (AccessDenied)."""
    since: datetime
    """Earlier events were not read."""
    latest: datetime | None = None
    failed: int = 0
    """With any other error, such as DisabledException."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An event that is not as our request families say: shown whole, for it proves our assumption wrong."""

    key: str
    why: str
    event: str
    """The whole event, as JSON; of several that are alike, the latest."""
    service: str = ""
    """CloudTrail or AWS Config."""
    kind: str = ""
    """In what it is strange, such as `refused`."""
    alike: int = 1
    """How many such events there are."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that was observed, and how much was asked."""

    in_force: InForce
    observations: tuple[Observation, ...] = ()
    accounts_asked: int = 0
    """Accounts whose delivery channels were asked for; not those where no role let in whoever asks."""
    accounts: int = 0
    """Accounts that there are, where that is known."""
    uses: tuple[KeyUse, ...] = ()
    behind: tuple[Behind, ...] = ()
    behind_unknown: str = ""
    """Why it is not known which are; empty where it is."""
    beside: tuple[Beside, ...] = ()
    events_read: bool = False
    """Whether KMS's events of the keys were asked for, and told."""
    events: tuple[Events, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    unread: tuple[str, ...] = ()
    """What else could not be read, a sentence each."""
    standings: tuple[Standing, ...] = ()
    """The landing zone's keys, as KMS shows them."""
    out_of_service: tuple[OutOfService, ...] = ()
    """Of the keys that are not Enabled, former ones among them."""

    @property
    def asked(self) -> str:
        """How many accounts were asked for their delivery channels; of how many, where that is known."""
        if not self.accounts_asked:
            return "no delivery channel was asked for"
        number = counted(self.accounts_asked, "account")
        if self.accounts_asked < self.accounts:
            number = f"{number} of {self.accounts:,}"
        elif self.accounts > 1:
            number = f"all {number}"
        no_more = "" if self.accounts else ", and of no other"
        return f"delivery channels of {number} were asked for{no_more}"

    def of(self, service: str) -> tuple[Observation, ...]:
        """What is observed of a service's deliveries."""
        return tuple(one for one in self.observations if one.service == service)

    def logs(self, service: str) -> tuple[Observation, ...]:
        """The same without digest files, which are not the logs."""
        return tuple(one for one in self.of(service) if one.what != DIGESTS)

    def outcome(self, service: str) -> Outcome:
        """What it comes to for a service: one failure is a failure; health takes that nothing is behind.

        Digest files are not the logs: that they fail is told beside.
        """
        found = {one.outcome for one in self.logs(service)}
        if Outcome.FAILING in found:
            return Outcome.FAILING
        if Outcome.DELIVERING in found and not self._late(service):
            return Outcome.DELIVERING
        return Outcome.NOT_OBSERVED

    def why(self, service: str) -> str:
        """What the outcome rests on, in words: the first of its observations, and how many are alike."""
        outcome = self.outcome(service)
        logs = self.logs(service)
        alike = [one for one in logs if one.outcome is outcome] or [*logs]
        told = [_first(alike, logs)] if alike else []
        told += [f"{one.what} {one.detail}" for one in self.of(service) if _is_failing_digest(one)]
        return "; ".join(filter(None, (*told, self._late(service)))) or "nothing was asked"

    def stopped(self, service: str) -> str:
        """What of a bucket, and not of the key, stops a delivery that fails; empty where none is known."""
        failing = {one.bucket for one in self.of(service) if one.outcome is Outcome.FAILING}
        stops = (one for one in self.beside if one.stops and one.service == service)
        return next((one.detail for one in stops if one.subject in failing), "")

    def _late(self, service: str) -> str:
        """That AWS Config may deliver elsewhere, or nothing, in some accounts; empty where it does not."""
        if service != CONFIG:
            return ""
        if self.behind_unknown:
            return f"whether accounts deliver elsewhere is not known: {self.behind_unknown}"
        names = some([one.name for one in self.behind])
        late = f"{names} not on the landing zone's present configuration, so may deliver nothing"
        return late if self.behind else ""


def _is_failing_digest(one: Observation) -> bool:
    return one.what == DIGESTS and one.outcome is Outcome.FAILING


def _first(alike: Sequence[Observation], of: Sequence[Observation]) -> str:
    """The first of observations, and in how many of all places it is so; a trail is in one."""
    one = alike[0]
    cause = f": {one.cause}" if one.cause else ": its cause is not known" if one.error else ""
    where = f"account {one.account}, {one.region}; so in {_places(alike)} of {_places(of)}"
    return f"{one.what} {one.detail}{cause}{'' if one.service == CLOUDTRAIL else f' ({where})'}"


def _places(observations: Sequence[Observation]) -> int:
    return len({(one.account, one.region) for one in observations})
