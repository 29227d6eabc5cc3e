"""Reads moto's organizations, and gives them what AWS Organizations has and moto lacks.

moto keeps an organization with its management account, and knows of a member only whose it is.
"""

from __future__ import annotations

from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import UTC
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Final

from moto.organizations import utils
from moto.organizations.models import FakeDelegatedAdministrator, organizations_backends
from moto.utilities.utils import get_partition

from lzkey_sandbox.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey import Untyped

#: Identifiers for examples: the same in every sandbox, and nobody's.
ORGANIZATION_ID: Final = "o-exampleorgid"
LOG_ARCHIVE_ID: Final = "444455556666"
AUDIT_ID: Final = "777788889999"
FIRST_MEMBER_ID: Final = 100000000001

CONFIG: Final = "config.amazonaws.com"
MULTI_ACCOUNT_SETUP: Final = "config-multiaccountsetup.amazonaws.com"

#: AWS Config's service-linked role, with its path.
#: Source: https://docs.aws.amazon.com/config/latest/developerguide/using-service-linked-roles-config.html
CONFIG_ROLE: Final = f"aws-service-role/{CONFIG}/AWSServiceRoleForConfig"


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization as Config sees it; ``accounts`` are id and status, in the order of their joining."""

    organization_id: str
    management: str
    all_features: bool
    accounts: tuple[tuple[str, str], ...]
    delegated: tuple[tuple[str, str], ...]
    """Account and service principal of every delegation."""

    @property
    def active(self) -> tuple[str, ...]:
        """The accounts that are not suspended."""
        return tuple(account for account, status in self.accounts if status == "ACTIVE")

    def administers(self, account: str, service: str) -> bool:
        """Whether an account is the management account or a service's delegated administrator."""
        return account == self.management or (account, service) in self.delegated


def organization_of(account: str, region: str) -> Organization | None:
    """The organization that an account belongs to, or None."""
    partition = get_partition(region)
    master = organizations_backends.master_accounts.get(account, (account, partition))[0]
    if master not in organizations_backends:
        return None
    backend = organizations_backends[master][partition]
    members = tuple((member.id, member.status) for member in backend.accounts)
    if backend.org is None or account not in dict(members):
        return None
    return Organization(
        backend.org.id,
        backend.org.master_account_id,
        backend.org.feature_set == "ALL",
        members,
        tuple((admin.account.id, service) for admin in backend.admins for service in admin.services),
    )


def status_of(account: str, region: str) -> str | None:
    """An account's status in its organization, or None where it has none; quick in a large one."""
    backend = _backend_of(account, region)
    members = backend.accounts if backend is not None and backend.org is not None else ()
    return next((str(member.status) for member in members if member.id == account), None)


def administers(account: str, region: str, service: str) -> bool:
    """Say whether an account is its organization's management account or a service's administrator."""
    backend = _backend_of(account, region)
    if backend is None or backend.org is None:
        return False
    delegated = any(admin.account.id == account and service in admin.services for admin in backend.admins)
    return account == backend.org.master_account_id or delegated


def _backend_of(account: str, region: str) -> Untyped:
    partition = get_partition(region)
    master = organizations_backends.master_accounts.get(account, (account, partition))[0]
    return organizations_backends[master][partition] if master in organizations_backends else None


def described_members(management: str, region: str) -> Iterator[dict[str, Any]] | None:
    """The accounts of a management account's organization as ListAccounts shows them."""
    backend = _backend_of(management, region)
    if backend is None or backend.org is None:
        return None
    return (
        {**member.describe(), "JoinedTimestamp": member.create_time.replace(tzinfo=UTC)}
        for member in tuple(backend.accounts)
    )


def add_members(management: str, region: str, names: Mapping[str, str]) -> None:
    """Let accounts be there, by id and name, that have nothing but a place in the organization."""
    backend = _backend_of(management, region)
    for account, name in names.items():
        member = copy(backend.accounts[0])
        member.id, member.name, member.email = account, name, f"{account}@example.com"
        backend.accounts.append(member)
        organizations_backends.master_accounts[account] = (backend.account_id, backend.partition)


def suspend(management: str, region: str, account: str) -> None:
    """Suspend an account, as CloseAccount does at last."""
    backend = _backend_of(management, region)
    for member in backend.accounts:
        if member.id == account:
            member.status = member.state = "SUSPENDED"


def management_for(account: str, region: str, operation: str) -> str:
    """The management account if an account may call an operation of Organizations, else refuse.

    A delegated administrator may read, whatever the service it is one for.
    Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
    """
    organization = organization_of(account, region)
    if organization is None or account == organization.management:
        return account
    administrators = {administrator for administrator, _ in organization.delegated}
    if account in administrators and operation.startswith(("Describe", "List")):
        return organization.management
    raise ServiceError("AccessDeniedException", "You don't have permissions to access this resource.", 400)


def enable_service_access(management: str, region: str, service: str) -> None:
    """Let a service work in the organization, as EnableAWSServiceAccess does."""
    organizations_backends[management][get_partition(region)].enable_aws_service_access(
        ServicePrincipal=service
    )


@contextmanager
def example_identifiers() -> Iterator[None]:
    """Let moto number organizations and accounts in a fixed order, and delegate Config as AWS does.

    Source: https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-config.html
    """
    # moto takes a number for the management account too, and drops it
    accounts = chain(("000000000000", LOG_ARCHIVE_ID, AUDIT_ID), map(str, count(FIRST_MEMBER_ID)))
    replaced: dict[str, Any] = {
        "make_random_org_id": lambda: ORGANIZATION_ID,
        "make_random_account_id": lambda: next(accounts),
    }
    kept = {name: getattr(utils, name) for name in replaced}
    services = FakeDelegatedAdministrator.SUPPORTED_SERVICES
    FakeDelegatedAdministrator.SUPPORTED_SERVICES = [*services, CONFIG]
    _assign(replaced)
    try:
        yield
    finally:
        _assign(kept)
        FakeDelegatedAdministrator.SUPPORTED_SERVICES = services


def _assign(functions: dict[str, Any]) -> None:
    for name, function in functions.items():
        setattr(utils, name, function)
