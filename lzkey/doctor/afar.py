"""What a delegated administrator can tell of the management account, whose landing zone it cannot see.

None of it settles a check; it says where one stands until somebody looks from the management account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from landing_zone_key.key import RESOURCE_TYPE
from lzkey.aws.organization import organization
from lzkey.doctor.aggregated import SOURCE_ACTIONS, aggregators, compliance, selected, sources
from lzkey.doctor.organization import IS_ORGANIZATION

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.doctor.subject import Subject


@dataclass(frozen=True, slots=True)
class Hint:
    """A sentence about the management account, and the IAM actions that it takes."""

    actions: tuple[str, ...]
    tell: Callable[[Subject], str]


def _manager(subject: Subject) -> str:
    found = organization(subject.reader)
    if found is None:
        return f"account {subject.account} is in no organization"
    return f"{found.management_account} manages organization {found.id}"


def _results(subject: Subject) -> str:
    aggregator, rule = next(iter(aggregators(subject)), None), subject.rule_here()
    if aggregator is None or rule is None:
        return ""
    manager = subject.parameters.management_account
    kind = compliance(subject, aggregator, rule).get(manager)
    return f"{aggregator} shows {f'{kind} results' if kind else 'no result'} for account {manager}"


def _source(subject: Subject) -> str:
    manager = subject.parameters.management_account
    for aggregator in aggregators(subject):
        for source in sources(subject, aggregator):
            if source.get("SourceId") == manager:
                return f"{aggregator} shows account {manager} as {source.get('LastUpdateStatus')}"
        return f"account {manager} is no source of {aggregator}"
    return ""


def _policies(subject: Subject) -> str:
    aggregator = next(iter(aggregators(subject)), None)
    if aggregator is None:
        return ""
    query = (
        f"SELECT resourceId, supplementaryConfiguration WHERE resourceType = '{RESOURCE_TYPE}' "
        f"AND accountId = '{subject.parameters.management_account}' AND awsRegion = '{subject.region}'"
    )
    found = selected(subject, aggregator, query)
    read = [item for item in found if (item.get("supplementaryConfiguration") or {}).get("Policy")]
    return f"{aggregator} shows the policies of {len(read)} of its {len(found)} recorded keys"


MANAGER: Final = Hint(tuple(organization.actions), _manager)
RESULTS: Final = Hint(
    (*IS_ORGANIZATION, *SOURCE_ACTIONS, "config:DescribeAggregateComplianceByConfigRules"), _results
)
SOURCE: Final = Hint(SOURCE_ACTIONS, _source)
POLICIES: Final = Hint((*SOURCE_ACTIONS, "config:SelectAggregateResourceConfig"), _policies)
