"""Where a command works: whose credentials, which account, which Region."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lzkey.aws.account import Asker, Manner
from lzkey.aws.session import profile_region, session_in
from lzkey.aws.unanswered import UnansweredError
from lzkey.errors import PrerequisiteError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.aws.organization import OrganizationDetail
    from lzkey.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Where:
    """Where the caller wants to work: `--profile` and `--region` of the AWS CLI, and what he allows."""

    profile: str | None = None
    region: str | None = None
    other_account: bool = False
    other_region: bool = False
    unknown_region: bool = False


#: The credentials and Region of the environment, and nowhere but the landing zone's home.
HERE: Final = Where()


@dataclass(frozen=True, slots=True)
class Target:
    """The account and Region that a command works on."""

    asker: Asker
    profile: str | None
    partition: str
    organization: OrganizationDetail | None = None
    """Whose rule the command works on; None for a rule of the account alone."""
    members: frozenset[str] | None = None
    """The organization's active accounts; None where the caller may not list them."""

    @property
    def account(self) -> str:
        """The account's 12 digits."""
        return self.asker.account

    @property
    def region(self) -> str:
        """The Region's name."""
        return self.asker.region


def identify(parameters: Parameters, where: Where) -> Target:
    """Find out who calls and where; refuse any place but the landing zone's management account and home.

    Raises PrerequisiteError.
    """
    target = locate(parameters, where)
    if target.account != parameters.management_account and not where.other_account:
        raise PrerequisiteError(
            f"the credentials belong to account {target.account}, but ManagementAccountId in "
            f"{parameters.path} is {parameters.management_account}. Use that account's credentials, or "
            "--allow-other-account"
        )
    return target


def locate(parameters: Parameters, where: Where) -> Target:
    """Find out who calls and where, as the AWS CLI would; refuse any Region but the landing zone's home.

    The Region is `where.region`, else the file's `deployment.region`, AWS_REGION, AWS_DEFAULT_REGION, the
    profile's, and last HomeRegion. Raises PrerequisiteError, and what `Asker.of` raises.
    """
    try:
        own = profile_region(where.profile)
    except SettingsError as error:
        raise PrerequisiteError(str(error)) from error
    region, origin = _region(parameters, where.region, own)
    home = parameters.home_region
    if region != home and not where.other_region:
        raise PrerequisiteError(
            f"{origin} is {region}, but the landing zone's home Region is {home}: elsewhere every key fails "
            f"HOME_REGION. Use --region {home}, or --allow-other-region"
        )
    asker, caller = Asker.of(session_in(where.profile, region), Manner())
    return Target(asker, where.profile, caller.partition)


@contextmanager
def asked(target: Target) -> Iterator[None]:
    """Turn an AWS call that was refused or failed before anything was changed into one line."""
    try:
        yield
    except UnansweredError as error:
        if not error.answered:
            raise
        what = f"{error.action} in {target.region} ({error.code}: {error.message})"
        raise PrerequisiteError(f"account {target.account} refused {what}") from error


def _region(parameters: Parameters, argument: str | None, session: str | None) -> tuple[str, str]:
    """The Region and the name of where it was found; boto3 itself does not read AWS_REGION."""
    candidates = (
        (argument, "--region"),
        (parameters.deployment.region, f"deployment.region in {parameters.path}"),
        (os.environ.get("AWS_REGION"), "AWS_REGION"),
        (session, "the Region of AWS_DEFAULT_REGION or the profile"),
        (parameters.home_region, "HomeRegion"),
    )
    return next((region, origin) for region, origin in candidates if region)
