"""The demo as a sequence of scenes; whoever shows them decides how.

Everything in a scene was read back through AWS's APIs after the deployed rule had run; nothing is made up.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from landing_zone_key import KmsKey
from lzkey import RULE_NAME
from lzkey.aws.environment import aws_environment
from lzkey.check.explanation import explanation
from lzkey.check.proposal import propose
from lzkey.errors import DemoError
from lzkey.files import write_text
from lzkey.report.facts import Options
from lzkey.report.formats import Form, render
from lzkey.report.headline import headline
from lzkey.report.making import make_report
from lzkey.sources.subject import FoundKey, Kind, Place
from lzkey.state import State
from lzkey_sandbox import Sandbox
from lzkey_sandbox.config.deliveries import ACCESS_DENIED, ChannelState
from lzkey_sandbox.demo.keys import GOOD_KEY, ZONE, perimeter, policy
from lzkey_sandbox.demo.stage import OBSERVER_ROLE, Stage, put_policy, set_up

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from pathlib import Path

    from lzkey import Untyped
    from lzkey.check.proposal import Proposal
    from lzkey.report.model import Report
    from lzkey.workplace import Shipped


_A_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Row:
    """One key as AWS Config shows it."""

    key: str
    """Its alias, without `alias/`."""
    compliance: str
    annotation: str


@dataclass(frozen=True, slots=True)
class NotJudged:
    """Keys that are NOT_APPLICABLE for one reason."""

    keys: int
    """How many."""
    annotation: str


@dataclass(frozen=True, slots=True)
class Scoped:
    """With KeyScope landing-zone the rule judges the landing zone's key, and none of the account's others."""

    title: str
    row: Row
    others: tuple[NotJudged, ...]


@dataclass(frozen=True, slots=True)
class KeyTable:
    """With KeyScope all: every key of the management account in the home Region."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """Something happens to the landing zone's key, or to the rule, which says what it means."""

    title: str
    row: Row
    notes: tuple[str, ...] = ()
    """What `explain` and `fix` say to it, a line each."""


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The landing zone's key, as it is judged, and what the report says of deliveries with it."""

    title: str
    row: Row
    answer: str
    """Proved and observed, in a sentence."""
    observed: tuple[str, ...]
    """What was observed of each service."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The sandbox goes on; `environment` is what a shell needs to work with it."""

    endpoint: str
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Audit:
    """The report of the whole organization, and the file that holds it."""

    report: Report
    path: Path


Scene = Scoped | Act | KeyTable | Deliveries | Audit | Kept


def scenes(
    shipped: Shipped, report: Path, progress: Callable[[str], None], *, keep: bool = False
) -> Generator[Scene, None, None]:
    """Yield the scenes as they happen; the sandbox lives as long as the iterator.

    `shipped` is what is deployed, `report` the file that gets the report. Raises what
    `deploy` raises, and DemoError when the rule failed.
    """
    with Sandbox(ZONE.home_region, ZONE.management_account_id, recording=False) as sandbox:
        progress(f"AWS on this machine: {sandbox.endpoint_url}")
        stage = set_up(sandbox, shipped, progress)
        progress("the deployed zip evaluates every key")
        stage.begin()
        yield _scoped(stage, "What the AWS Config console shows, with KeyScope=landing-zone")
        yield from _rewritten(stage, progress)
        yield from _perimeter(stage, progress)
        yield from _gallery(stage, progress)
        yield from _not_the_key(stage, progress)
        yield _audit(stage, report, progress)
        if keep:
            shown = {name: value for name, value in sandbox.environment.items() if name.startswith("AWS_")}
            yield Kept(sandbox.endpoint_url, shown)


def _rows(stage: Stage) -> tuple[Row, ...]:
    """Read every key's result as the console would, when AWS Config has evaluated everything."""
    sandbox = stage.sandbox
    sandbox.settle()
    status = sandbox.evaluation_status(stage.rule)
    if status.get("LastErrorCode"):
        raise DemoError(f"the rule failed: {status['LastErrorCode']}: {status.get('LastErrorMessage')}")
    found = sandbox.compliance(stage.rule)
    if missing := [alias for key_id, alias in stage.keys.items() if key_id not in found]:
        raise DemoError(f"AWS Config has no result for {', '.join(missing)}")
    return tuple(
        Row(alias, found[key_id].compliance_type, found[key_id].annotation)
        for key_id, alias in stage.keys.items()
    )


def _good(stage: Stage) -> Row:
    return _scoped(stage, "").row


def _scoped(stage: Stage, title: str) -> Scoped:
    rows = _rows(stage)
    others = [row for row in rows if row.key != GOOD_KEY]
    if judged := [row.key for row in others if row.compliance != State.NOT_APPLICABLE]:
        raise DemoError(
            f"the rule judges {', '.join(judged)}, which the landing zone's manifest does not name"
        )
    counted = Counter(row.annotation for row in others)
    return Scoped(
        title,
        next(row for row in rows if row.key == GOOD_KEY),
        tuple(NotJudged(keys, annotation) for annotation, keys in counted.items()),
    )


def _gallery(stage: Stage, progress: Callable[[str], None]) -> Iterator[KeyTable | Act]:
    """The rule judges every key for a while, and then the landing zone's alone again."""
    progress("PutOrganizationConfigRule: KeyScope becomes all, and every key is evaluated")
    stage.set_key_scope("all")
    yield KeyTable(
        "KeyScope=all for a moment: every key of the account is judged; no two are broken alike",
        _rows(stage),
    )
    progress("PutOrganizationConfigRule: KeyScope is landing-zone again")
    stage.set_key_scope("landing-zone")
    yield Act("KeyScope=landing-zone again", _good(stage))


def _audit(stage: Stage, path: Path, progress: Callable[[str], None]) -> Audit:
    """Report what the aggregator shows of all accounts."""
    progress("the report of the whole organization")
    made = _reported(stage)
    write_text(path, render(made, Form.HTML))
    return Audit(made, path)


def _reported(stage: Stage) -> Report:
    """The report that the auditor makes, with the delivery channels of every account."""
    options = Options(RULE_NAME, observer_role=OBSERVER_ROLE, sample=None)
    with aws_environment(stage.sandbox.environment):
        return make_report(stage.auditor(), options)


def _not_the_key(stage: Stage, progress: Callable[[str], None]) -> Iterator[Deliveries]:
    """Deliveries fail for another reason than the key, with an error that is taken for it."""
    sandbox = stage.sandbox
    progress("a week later the log bucket is made anew, with Object Lock")
    sandbox.age(_A_WEEK)
    stage.make_log_bucket(locked=True)
    sandbox.tell_deliveries(ChannelState.failing(ACCESS_DENIED))
    title = "A week later the log bucket is made anew, with Object Lock: the key is as it was"
    yield _delivered(stage, title)
    progress("the log bucket is made anew, without Object Lock")
    stage.make_log_bucket(locked=False)
    sandbox.tell_deliveries(ChannelState())
    yield _delivered(stage, "The log bucket is made anew once more, without Object Lock")


def _delivered(stage: Stage, title: str) -> Deliveries:
    found = headline(_reported(stage))
    seen = tuple(f"{cell.service}: {cell.seen}" for cell in found.cells)
    return Deliveries(title, _good(stage), found.sentence, seen)


def _found(kms: Untyped) -> FoundKey:
    """The landing zone's key as KMS has it now."""
    name = f"alias/{GOOD_KEY}"
    described = KmsKey.from_describe_key(kms.describe_key(KeyId=name))
    answer = kms.get_key_policy(KeyId=described.arn.key_id, PolicyName="default")
    return FoundKey(name, described.with_policy(answer["Policy"]), Place(name, Kind.LIVE))


def _explained(found: FoundKey) -> str:
    """What `explain` says of the first requirement that fails; where a statement denies, also why."""
    failed = next(answer for answer in explanation(found, ZONE).answers if not answer.holds)
    nearest = failed.refusal.statements[0] if failed.refusal else None
    why = f" ({'; '.join(nearest.why)})" if nearest and nearest.applies else ""
    return f"explain: {failed.detail}{why}"


def _fixed(proposal: Proposal) -> tuple[str, ...]:
    """What `fix` says, a line each: what it adds, and what a Deny needs that it does not touch."""
    added = [f"fix: {'; '.join(proposal.changes)}"] if proposal.changes else []
    exempted = dict.fromkeys(
        f'fix: touches no Deny; add to the Condition of "{each.statement}": {json.dumps(each.exemption)}'
        if each.exemption
        else f"fix: {each.message}"
        for each in proposal.unresolved
    )
    return (*added, *exempted)


def _rewritten(stage: Stage, progress: Callable[[str], None]) -> Iterator[Act]:
    """An update rewrites the key policy without the two statements."""
    kms = stage.sandbox.client("kms")
    key_id = _found(kms).key.arn.key_id
    progress("an update rewrites the key policy")
    put_policy(kms, key_id, policy())
    found = _found(kms)
    proposal = propose(found, ZONE)
    title = "An update of another stack rewrites the key policy and drops the two statements"
    yield Act(title, _good(stage), (_explained(found), *_fixed(proposal)))
    progress("fix restores what is missing")
    put_policy(kms, key_id, proposal.after or {})
    yield Act("The policy that fix proposes is put in place", _good(stage))


def _perimeter(stage: Stage, progress: Callable[[str], None]) -> Iterator[Act]:
    """Someone adds an organization perimeter that forgets AWS services."""
    kms = stage.sandbox.client("kms")
    good = _found(kms).key
    progress("someone adds an organization perimeter")
    document = json.loads(str(good.policy))
    put_policy(kms, good.arn.key_id, {**document, "Statement": [*document["Statement"], perimeter()]})
    found = _found(kms)
    proposal = propose(found, ZONE)
    title = "Someone adds an organization perimeter that forgets AWS services"
    yield Act(title, _good(stage), (_explained(found), *_fixed(proposal)))
    exemption = proposal.unresolved[0].exemption if proposal.unresolved else None
    if exemption:
        progress("the Deny gets the exemption that fix names")
        deny = perimeter()
        exempted = {**deny, "Condition": {**deny["Condition"], **exemption}}
        put_policy(kms, good.arn.key_id, {**document, "Statement": [*document["Statement"], exempted]})
        yield Act("The exemption that fix names is added to the Deny by hand", _good(stage))
