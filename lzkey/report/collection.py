"""Everything that AWS tells: through an aggregator, with a role in each account, or of one account alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lzkey.aws.account import UnansweredError, at_once
from lzkey.errors import ReportArgumentError, ReportError
from lzkey.report import aggregated, single
from lzkey.report.facts import Organization, Rule, Seen, World
from lzkey.report.model import Account, Cause, Collected, Doubt, Scope
from lzkey.report.surroundings import landing_zone, organization, rule
from lzkey.report.troubles import trouble
from lzkey.report.wording import counted

if TYPE_CHECKING:
    from lzkey.aws.account import Answer, Asker, Progress
    from lzkey.report.aggregated import Aggregated
    from lzkey.report.facts import Options

#: Control Tower's own, since landing zone 4.0; the first before it.
#: https://docs.aws.amazon.com/controltower/latest/userguide/config-updates-v4.html
_CONTROL_TOWERS: Final = "aws-controltower-"


def collect(aws: Asker, partition: str, options: Options, progress: Progress) -> World:
    """Ask AWS for everything; raise ReportError where it is not clear, or not possible, what to ask."""
    progress("organization", 0, 1)
    whole = organization(aws)
    home = _home(aws, whole, partition, options)
    the_rule = rule(aws, home, options.rule_name)
    excluded = tuple(sorted({*the_rule.excluded_accounts, *options.excluded_accounts}))
    the_rule = replace(the_rule, excluded_accounts=excluded)
    region = the_rule.zone.home_region if the_rule.zone else aws.region
    facts, manifest = landing_zone(home, region, _manager(whole, the_rule))
    if the_rule.zone and not facts.unknown:
        the_rule = replace(the_rule, zone=the_rule.zone.with_manifest(manifest))
    scope = Scope(
        Collected.ACCOUNT,
        aws.account,
        aws.region,
        the_rule.zone.home_region if the_rule.zone else None,
        _manager(whole, the_rule),
        whole.organization_id,
        None,
        (aws.region,),
        excluded,
    )
    manager = scope.management_account
    accounts = sorted(whole.accounts or (), key=lambda account: (account.account != manager, account.account))
    world = World(scope, the_rule, facts, tuple(accounts), (), partition)
    if options.assume_role is not None:
        return _by_roles(aws, world, options, progress)
    aggregator = choose(aws, options.aggregator)
    if aggregator is not None:
        return _by_aggregator(aws, home, world, aggregator, options, progress)
    return _of_account(aws, world, options)


def choose(aws: Asker, wanted: str | None) -> Answer | None:
    """Return the aggregator to ask: an organization's before others, Control Tower's own among several.

    None where the account has none. Raises ReportArgumentError where there are several, or another is wanted.
    """
    action = "config:DescribeConfigurationAggregators"
    try:
        found: list[Answer] = list(aws.each(action, "ConfigurationAggregators"))
    except UnansweredError as error:
        if wanted is not None:
            raise ReportError(str(error)) from error
        aws.log.note(f"{error}: only the account's own results are shown")
        return None
    names = ", ".join(sorted(entry["ConfigurationAggregatorName"] for entry in found)) or "none"
    if wanted is not None:
        for entry in found:
            if entry["ConfigurationAggregatorName"] == wanted:
                return entry
        raise ReportArgumentError(
            f"account {aws.account} has no aggregator {wanted} in {aws.region}; it has {names}"
        )
    whole = [entry for entry in found if entry.get("OrganizationAggregationSource")]
    candidates = whole or found
    if len(candidates) > 1:
        own = [entry for entry in whole if entry["ConfigurationAggregatorName"].startswith(_CONTROL_TOWERS)]
        if len(own) != 1:
            raise ReportArgumentError(
                f"account {aws.account} has several aggregators in {aws.region}: {names}; choose one with "
                "--aggregator"
            )
        candidates = own
    return candidates[0] if candidates else None


def _home(aws: Asker, whole: Organization, partition: str, options: Options) -> Asker:
    """Return the management account where a role gets there, else the account that is asked already."""
    role, manager = options.management_role or options.assume_role, whole.management_account
    if role is None or manager is None or manager == aws.account:
        return aws
    try:
        return aws.role(f"arn:{partition}:iam::{manager}:role/{role}")
    except UnansweredError as error:
        aws.log.note(f"{error}: the landing zone and the organization's rule are not read there")
        return aws


def _manager(whole: Organization, the_rule: Rule) -> str | None:
    return whole.management_account or (the_rule.zone.management_account_id if the_rule.zone else None)


def _by_aggregator(
    aws: Asker, home: Asker, world: World, aggregator: Answer, options: Options, progress: Progress
) -> World:
    found = aggregated.collect(aws, home, aggregator, options.rule_name, progress)
    accounts = _expected(world.accounts, aggregator, found)
    home_region = world.scope.home_region or aws.region
    covered = {region for _, region in found.rules} | {home_region}
    covered |= found.statuses.keys() | found.unread_regions.keys()
    regions = (home_region, *sorted(covered - {home_region}))
    scope = replace(
        world.scope,
        collected=Collected.AGGREGATOR,
        aggregator=str(aggregator["ConfigurationAggregatorName"]),
        regions=regions,
        other_regions=tuple(sorted(set(found.regions) - covered)),
    )
    seen = tuple(_seen(account, region, found, world.rule) for account in accounts for region in regions)
    return replace(world, scope=scope, accounts=accounts, seen=seen)


def _expected(listed: tuple[Account, ...], aggregator: Answer, found: Aggregated) -> tuple[Account, ...]:
    """Return the accounts that should be there: the organization's, and whom an aggregator names or shows.

    An aggregator of some accounts is no reason to miss no others: the rest of the organization is not seen.
    """
    told = {account for account, _ in (*(found.sources or ()), *found.rules, *found.inventory.keys)}
    for source in aggregator.get("AccountAggregationSources", []):
        told |= set(source.get("AccountIds", []))
    unlisted = told - {account.account for account in listed}
    return (*listed, *(Account(name, "", "ACTIVE") for name in sorted(unlisted)))


def _seen(account: Account, region: str, found: Aggregated, the_rule: Rule) -> Seen:
    spot = (account.account, region)
    source = (found.sources or {}).get(spot)
    status = found.statuses.get(region, {}).get(account.account)
    return Seen(
        account.account,
        region,
        found.evaluations.get(spot, ()),
        found.inventory.keys.get(spot, ()),
        found.inventory.changed_at.get(spot, {}),
        trouble(account, region, found, the_rule),
        found.rules.get(spot) or (status[0] if status else None),
        source.updated_at if source else None,
        account.account in the_rule.excluded_accounts,
    )


def _of_account(aws: Asker, world: World, options: Options) -> World:
    listed = {account.account: account for account in world.accounts}
    account = listed.get(aws.account, Account(aws.account, "", "ACTIVE"))
    seen = single.look(aws, options.rule_name, world.rule)
    if aws.account in world.rule.excluded_accounts:
        seen = replace(seen, excluded=True)
    aws.log.note(
        f"account {aws.account} has no aggregator in {aws.region}: the report is of this account alone"
    )
    return replace(world, accounts=(account,), seen=(seen,))


def _by_roles(aws: Asker, world: World, options: Options, progress: Progress) -> World:
    listed = {account.account: account for account in world.accounts}
    if not options.accounts and not listed:
        raise ReportArgumentError(
            f"account {aws.account} may not list the organization's accounts: name them with --account"
        )
    accounts = tuple(listed.get(name, Account(name, "", "ACTIVE")) for name in (options.accounts or listed))
    seen = []
    looks = at_once(lambda account: _with_role(aws, account, world, options), accounts)
    for done, one in enumerate(looks, 1):
        seen.append(one)
        progress("accounts", done, len(accounts))
    if len(accounts) < len(listed):
        aws.log.note(f"the report is of {counted(len(accounts), 'account')} of {len(listed)}: see --account")
    scope = replace(world.scope, collected=Collected.ROLES)
    return replace(world, scope=scope, accounts=accounts, seen=tuple(seen))


def _with_role(aws: Asker, account: Account, world: World, options: Options) -> Seen:
    excluded = account.account in world.rule.excluded_accounts
    seen = Seen(account.account, aws.region, excluded=excluded)
    if account.status != "ACTIVE":
        closed = Doubt(
            Cause.ACCOUNT_NOT_ACTIVE,
            f"AWS Organizations says {account.status}",
            "nothing to do, unless the account is to be used again",
        )
        return replace(seen, trouble=closed)
    try:
        there = aws
        if account.account != aws.account:
            role = f"arn:{world.partition}:iam::{account.account}:role/{options.assume_role}"
            there = aws.role(role)
    except UnansweredError as error:
        aws.log.note(f"{error}: account {account.account} is not read")
        unread = Doubt(Cause.NOT_READ, str(error), f"let {aws.account} assume {options.assume_role} there")
        return replace(seen, trouble=unread)
    return replace(single.look(there, options.rule_name, world.rule), excluded=excluded)
