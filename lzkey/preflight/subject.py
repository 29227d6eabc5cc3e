"""What is looked at beside the keys, how one look is told, and what AWS does not answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lzkey.aws.account import ASSUME_ROLE
from lzkey.aws.unanswered import UnansweredError
from lzkey.preflight.change import splits
from lzkey.preflight.model import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.aws.account import Asker
    from lzkey.aws.fact import Fact
    from lzkey.aws.landing_zone import LandingZoneDetail
    from lzkey.aws.organization import Member
    from lzkey.preflight.change import Change
    from lzkey.preflight.model import Configuration, Item, Topic

_PERMISSIONS: Final = "lzkey preflight --print-iam-policy"


@dataclass(frozen=True, slots=True)
class Subject:
    """A landing zone's management account, seen in the home Region, and what is to become of it."""

    asker: Asker
    partition: str
    change: Change
    before: Configuration
    after: Configuration
    landing_zone: LandingZoneDetail | UnansweredError
    members: tuple[Member, ...] | UnansweredError
    role: str | None
    """Of the accounts in which the log buckets are."""

    @property
    def home(self) -> str:
        """The home Region."""
        return self.before.zone.home_region

    @property
    def splits(self) -> bool:
        """Whether the update gives the logs of AWS Config a bucket of their own."""
        return splits(self.before, self.after)

    def found(self) -> LandingZoneDetail:
        """The landing zone; raises the UnansweredError that there was in its place."""
        if isinstance(self.landing_zone, UnansweredError):
            raise self.landing_zone
        return self.landing_zone

    def in_account(self, account: str) -> Asker:
        """An account of the log buckets, asked with the role; raises UnansweredError."""
        return self.asker.role(f"arn:{self.partition}:iam::{account}:role/{self.role}")


@dataclass(frozen=True, slots=True)
class Look:
    """Looks at something, and tells how it stands."""

    topic: Topic
    look: Fact[[Subject, Topic], Iterator[Item]]

    def items(self, subject: Subject) -> Iterator[Item]:
        """What it comes to; what is not answered is not known."""
        try:
            yield from self.look(subject, self.topic)
        except UnansweredError as error:
            yield unanswered(self.topic, error)


def unanswered(topic: Topic, error: UnansweredError, about: str = "", *, role: str = "") -> Item:
    """That AWS did not answer, and what to do; `role` is who asked, where it was not the caller."""
    fix = "try again later"
    if error.refused and error.action == ASSUME_ROLE:
        fix = f"allow {ASSUME_ROLE} ({_PERMISSIONS}), and name the caller in the role's trust policy"
    elif error.refused:
        fix = f"allow {error.action} to the role {role}" if role else f"allow {error.action} ({_PERMISSIONS})"
    return topic.item(Level.NOT_KNOWN, str(error), fix, about)
