"""Everything that AWS tells: through an aggregator, with a role in each account, or of one account alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KmsKey, LandingZone
from landing_zone_key.key import KeyArn
from lzkey import RULE_NAME
from lzkey.aws.account import ASSUME_ROLE, at_once
from lzkey.aws.aggregator import aggregators
from lzkey.aws.fact import actions_of, identity_policy, statement, takes
from lzkey.aws.keys import NOT_FOUND, key, key_arns
from lzkey.aws.recorder import own_recorder
from lzkey.aws.rule import evaluation_statuses, organization_rule, results, rule_names, rules_named
from lzkey.aws.unanswered import UnansweredError
from lzkey.errors import ReportArgumentError, ReportError
from lzkey.figures import counted
from lzkey.observed.looking import Scene
from lzkey.report import aggregated
from lzkey.report.facts import RuleInForce, Seen, World
from lzkey.report.histories import histories
from lzkey.report.model import Account, Cause, Collected, Doubt, Scope
from lzkey.report.observing import IN_EACH_ACCOUNT, IN_THE_MANAGEMENT_ACCOUNT, observed
from lzkey.report.surroundings import (
    landing_zone,
    names_by_alias,
    organization,
    own_keys,
    rule,
    with_former_keys,
)
from lzkey.report.troubles import ALLOW, DEPLOY, DEPLOY_ALONE, DIAGNOSE, ENROLL, of_recorder, trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.aws.account import Asker, Progress
    from lzkey.aws.aggregator import Aggregator
    from lzkey.aws.organization import OrganizationDetail
    from lzkey.report.aggregated import Aggregated
    from lzkey.report.facts import Options
    from lzkey.report.model import LandingZoneFacts

#: What is asked of the landing zone's keys.
_OF_ITS_KEYS: Final = (with_former_keys, own_keys, names_by_alias)
#: Control Tower's own, since landing zone 4.0; the first before it.
#: https://docs.aws.amazon.com/controltower/latest/userguide/config-updates-v4.html
_CONTROL_TOWERS: Final = "aws-controltower-"


def collect(
    asker: Asker, partition: str, options: Options, progress: Progress, now: datetime | None = None
) -> World:
    """Ask AWS for everything; raise ReportError where it is not clear, or not possible, what to ask."""
    progress("organization", 0, 1)
    whole, listed = organization(asker)
    home = _home(asker, whole, partition, options)
    maker = _maker(asker, home, options.rule_name)
    the_rule = rule(asker, maker, options.rule_name)
    excluded = tuple(sorted({*the_rule.excluded_accounts, *options.excluded_accounts}))
    the_rule = replace(the_rule, excluded_accounts=excluded)
    region = the_rule.zone.home_region if the_rule.zone else asker.region
    facts, manifest = landing_zone(home, region, _manager(whole, the_rule))
    if the_rule.zone and not facts.unknown:
        zone = the_rule.zone.with_manifest(manifest, facts.version)
        the_rule, facts = replace(the_rule, zone=zone), with_former_keys(home, facts, zone)
    scope = Scope(
        Collected.ACCOUNT,
        asker.account,
        asker.region,
        the_rule.zone.home_region if the_rule.zone else None,
        _manager(whole, the_rule),
        whole.id if whole else None,
        None,
        (asker.region,),
        excluded,
    )
    manager = scope.management_account
    accounts = sorted(listed, key=lambda account: (account.account != manager, account.account))
    active = frozenset(account.account for account in listed if account.status == "ACTIVE")
    own = own_keys(home, facts)
    world = World(scope, the_rule, facts, tuple(accounts), (), partition, active, own)
    world = _seen_by(asker, maker, world, options, progress)
    world = replace(world, names={**world.names, **names_by_alias(home, _regions_of(facts))})
    _require_rule(asker, world, options.rule_name)
    if options.history:
        world = replace(world, histories={})
    if manager is None or home.account != manager or facts.unknown:
        return world
    its_region = facts.home_region or region
    zone = the_rule.zone or LandingZone(its_region, manager).with_manifest(manifest, facts.version)
    scene = Scene(home, zone, partition, now or datetime.now(UTC), own)
    if options.history:
        world = replace(world, histories=histories(scene, world, progress))
    return replace(world, observed=observed(scene, asker, world, options, progress))


def _regions_of(facts: LandingZoneFacts) -> Iterator[str]:
    """Where the landing zone's keys are, former ones too; aliases name none."""
    for name in (*facts.keys, *(former.arn for former in facts.former_keys)):
        if ":key/" in name:
            yield name.split(":")[3]


def iam_policy() -> dict[str, Any]:
    """The least that whoever makes a report must be allowed, a statement for each way of making one."""
    return identity_policy(
        statement("WhoAndWhat", actions_of(organization, rule, landing_zone, *_OF_ITS_KEYS)),
        statement("ObservedInTheManagementAccount", actions_of(*IN_THE_MANAGEMENT_ACCOUNT)),
        statement("ObservedInEachAccount", actions_of(*IN_EACH_ACCOUNT)),
        statement("HistoryOfTheKeys", histories.actions),
        statement("ThroughAnAggregator", actions_of(aggregators, aggregated.collect)),
        statement("InAnAccount", look.actions),
        statement("WithRoles", [ASSUME_ROLE]),
    )


def choose(asker: Asker, wanted: str | None) -> Aggregator | None:
    """The aggregator to ask: an organization's before others, Control Tower's own among several.

    None where the account has none. Raises ReportArgumentError where there are several, or another is wanted,
    and UnansweredError where the account does not tell; ReportError where one is wanted then.
    """
    try:
        found = aggregators(asker)
    except UnansweredError as error:
        if wanted is not None:
            raise ReportError(str(error)) from error
        raise
    names = ", ".join(sorted(each.name for each in found)) or "none"
    if wanted is not None:
        for each in found:
            if each.name == wanted:
                return each
        raise ReportArgumentError(
            f"account {asker.account} has no aggregator {wanted} in {asker.region}; it has {names}"
        )
    whole = [each for each in found if each.organization]
    candidates = whole or list(found)
    if len(candidates) > 1:
        own = [each for each in whole if each.name.startswith(_CONTROL_TOWERS)]
        if len(own) != 1:
            raise ReportArgumentError(
                f"account {asker.account} has several aggregators in {asker.region}: {names}; choose one "
                "with --aggregator"
            )
        candidates = own
    return candidates[0] if candidates else None


def _seen_by(asker: Asker, maker: Asker, world: World, options: Options, progress: Progress) -> World:
    if options.assume_role is not None:
        return _by_roles(asker, world, options, progress)
    try:
        aggregator = choose(asker, options.aggregator)
    except UnansweredError as error:
        asker.log.miss(error, ": only the account's own results are shown")
        return _of_account(asker, world, options)
    if aggregator is not None:
        return _by_aggregator(asker, maker, world, aggregator, options, progress)
    asker.log.note(
        f"account {asker.account} has no aggregator in {asker.region}: the report is of this account alone"
    )
    return _of_account(asker, world, options)


def _require_rule(asker: Asker, world: World, wanted: str) -> None:
    """Raise ReportArgumentError where somebody names a rule that is nowhere, as far as all have told."""
    anywhere = any(seen.rule_name or seen.evaluations for seen in world.seen)
    if wanted == RULE_NAME or not world.rule.is_absent or anywhere or asker.log.unanswered:
        return
    there = asker.unless(lambda: rule_names(asker), ())
    raise ReportArgumentError(
        f"there is no rule {wanted} in account {asker.account}, {asker.region}, nor anywhere that is seen "
        f"from there; its rules are {', '.join(there) or 'none'}"
    )


def _home(asker: Asker, whole: OrganizationDetail | None, partition: str, options: Options) -> Asker:
    """The management account where a role gets there, else the account that is asked already."""
    role, manager = (
        options.management_role or options.assume_role,
        whole.management_account if whole else None,
    )
    if role is None or manager is None or manager == asker.account:
        return asker
    try:
        return asker.role(f"arn:{partition}:iam::{manager}:role/{role}")
    except UnansweredError as error:
        asker.log.note(f"{error}: the landing zone and the organization's rule are not read there")
        return asker


def _maker(asker: Asker, home: Asker, rule_name: str) -> Asker:
    """The account that is told of the organization's rule, because it made it: one of the two, if any."""
    if home is asker or home.unless(lambda: organization_rule(home, rule_name), None):
        return home
    return asker


def _manager(whole: OrganizationDetail | None, the_rule: RuleInForce) -> str | None:
    if whole:
        return whole.management_account
    return the_rule.zone.management_account_id if the_rule.zone else None


def _by_aggregator(
    asker: Asker, maker: Asker, world: World, aggregator: Aggregator, options: Options, progress: Progress
) -> World:
    found = aggregated.collect(asker, maker, aggregator, options.rule_name, progress)
    accounts = _expected(world.accounts, aggregator, found)
    home_region = world.scope.home_region or asker.region
    covered = {region for _, region in found.rules} | {home_region}
    covered |= found.statuses.keys() | found.unread_regions.keys()
    regions = (home_region, *sorted(covered - {home_region}))
    scope = replace(
        world.scope,
        collected=Collected.AGGREGATOR,
        aggregator=aggregator.name,
        regions=regions,
        other_regions=tuple(sorted(set(found.regions) - covered)),
    )
    seen = tuple(_seen(account, region, found, world.rule) for account in accounts for region in regions)
    return replace(world, scope=scope, accounts=accounts, seen=seen, names=found.inventory.names)


def _expected(listed: tuple[Account, ...], aggregator: Aggregator, found: Aggregated) -> tuple[Account, ...]:
    """The accounts that should be there: the organization's, and whom an aggregator names or shows.

    An aggregator of some accounts is no reason to miss no others: the rest of the organization is not seen.
    """
    told = {account for account, _ in (*(found.sources or ()), *found.rules, *found.inventory.keys)}
    told |= set(aggregator.accounts)
    unlisted = told - {account.account for account in listed}
    return (*listed, *(Account(name, "", "ACTIVE") for name in sorted(unlisted)))


def _seen(account: Account, region: str, found: Aggregated, the_rule: RuleInForce) -> Seen:
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
        found.rules.get(spot) or (status.rule if status else None),
        source.updated_at if source else None,
        account.account in the_rule.excluded_accounts,
    )


def _of_account(asker: Asker, world: World, options: Options) -> World:
    listed = {account.account: account for account in world.accounts}
    account = listed.get(asker.account, Account(asker.account, "", "ACTIVE"))
    seen = look(asker, options.rule_name, world.rule, _deploy(world))
    if asker.account in world.rule.excluded_accounts:
        seen = replace(seen, excluded=True)
    return replace(world, accounts=(account,), seen=(seen,))


def _by_roles(asker: Asker, world: World, options: Options, progress: Progress) -> World:
    listed = {account.account: account for account in world.accounts}
    if not options.accounts and not listed:
        raise ReportArgumentError(
            f"account {asker.account} may not list the organization's accounts: name them with --account"
        )
    accounts = tuple(
        listed.get(name, Account(name, "", "ACTIVE")) for name in dict.fromkeys(options.accounts or listed)
    )
    seen = []
    looks = at_once(lambda account: _with_role(asker, account, world, options), accounts)
    for done, one in enumerate(looks, 1):
        seen.append(one)
        progress("accounts", done, len(accounts))
    if len(accounts) < len(listed):
        asker.log.note(
            f"the report is of {counted(len(accounts), 'account')} of {len(listed)}: see --account"
        )
    scope = replace(world.scope, collected=Collected.ROLES)
    return replace(world, scope=scope, accounts=accounts, seen=tuple(seen))


def _with_role(asker: Asker, account: Account, world: World, options: Options) -> Seen:
    excluded = account.account in world.rule.excluded_accounts
    seen = Seen(account.account, asker.region, excluded=excluded)
    if account.status != "ACTIVE":
        closed = Doubt(
            Cause.ACCOUNT_NOT_ACTIVE,
            f"AWS Organizations says {account.status}",
            "nothing to do, unless the account is to be used again",
        )
        return replace(seen, trouble=closed)
    try:
        there = asker
        if account.account != asker.account:
            role = f"arn:{world.partition}:iam::{account.account}:role/{options.assume_role}"
            there = asker.role(role)
    except UnansweredError as error:
        asker.log.note(f"{error}: account {account.account} is not read")
        unread = Doubt(Cause.NOT_READ, str(error), f"let {asker.account} assume {options.assume_role} there")
        return replace(seen, trouble=unread)
    return replace(look(there, options.rule_name, world.rule, _deploy(world)), excluded=excluded)


def _deploy(world: World) -> str:
    """How to deploy where the rule is missing: an account of no organization gets none of its rules."""
    if world.scope.organization or world.scope.management_account:
        return DEPLOY
    return DEPLOY_ALONE


@takes(facts=(rules_named, evaluation_statuses, results, own_recorder, key_arns, key, names_by_alias))
def look(asker: Asker, wanted: str, the_rule: RuleInForce, deploy: str = DEPLOY) -> Seen:
    """What one account shows of itself in its Region; the keys are KMS's own list of them.

    What is refused is a note, and a doubt where results depend on it.
    """
    seen = Seen(asker.account, asker.region, names=names_by_alias(asker, [asker.region]))
    try:
        rules = rules_named(asker, wanted)
        if not rules:
            missing = Doubt(Cause.RULE_MISSING, f"the account has no rule {wanted}", deploy)
            return replace(seen, keys=_keys(asker, frozenset()) or (), trouble=missing)
        names = [found.name for found in rules]
        evaluations = tuple(result for name in names for result in results(asker, name))
        failing = _failing(asker, names)
    except UnansweredError as error:
        asker.log.miss(error)
        unread = Doubt(Cause.NOT_READ, str(error), ALLOW)
        return replace(seen, keys=_keys(asker, frozenset()) or (), trouble=unread)
    keys = _keys(asker, frozenset(result.key_id for result in evaluations))
    if failing is None and (the_rule.period is None or not evaluations):
        failing = _recording(asker)
    gap = None
    if keys is None and (the_rule.period is None or not evaluations):
        gap = Doubt(Cause.NOT_READ, "the keys of the account could not be listed", ALLOW)
    seen = replace(seen, evaluations=evaluations, keys=keys or (), rule_name=names[0])
    return replace(seen, trouble=failing, gap=gap)


def _failing(asker: Asker, names: list[str]) -> Doubt | None:
    """The doubt that a rule's last evaluation failed: its results are those of the time before."""
    for status in evaluation_statuses(asker, names):
        if status.is_failing:
            why = status.why or "no reason given"
            return Doubt(Cause.RULE_FAILING, f"the last evaluation failed ({why})", DIAGNOSE)
    return None


def _recording(asker: Asker) -> Doubt | None:
    """The doubt that changes of keys are not recorded here, or that nobody may know it."""
    try:
        recorder = own_recorder(asker)
    except UnansweredError as error:
        asker.log.note(str(error))
        return Doubt(Cause.NOT_READ, str(error), ALLOW)
    if recorder is None:
        return Doubt(Cause.NO_RECORDER, f"there is no recorder in {asker.region}", ENROLL)
    return of_recorder(recorder)


def _keys(asker: Asker, judged: frozenset[str]) -> tuple[KmsKey, ...] | None:
    """The keys that have no result, described; None where KMS does not list them."""

    def listed() -> list[KeyArn]:
        arns = map(KeyArn.parse, key_arns(asker))
        return [arn for arn in arns if arn.key_id not in judged]

    arns = asker.unless(listed, None)
    return None if arns is None else tuple(at_once(lambda arn: _described(asker, arn), arns))


def _described(asker: Asker, arn: KeyArn) -> KmsKey:
    """A key; of one that may not be described nothing is known, and one that is gone is deleted."""
    try:
        return key(asker, str(arn))
    except UnansweredError as error:
        if error.code != NOT_FOUND:
            asker.log.note(str(error))
        return replace(KmsKey.from_arn(arn), deleted=error.code == NOT_FOUND)
