"""The demo as a sequence of scenes; whoever shows them decides how.

Everything in a scene was read back through AWS's APIs after the deployed rule had run; nothing is made up.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

from landing_zone_key import KmsKey, repair
from lzkey.aws.environment import aws_environment
from lzkey.errors import DemoError
from lzkey.files import write_text
from lzkey.report.formats import Form, render
from lzkey.report.making import make_report
from lzkey_sandbox import Sandbox
from lzkey_sandbox.demo.keys import GOOD_KEY, ZONE, perimeter, policy
from lzkey_sandbox.demo.stage import Stage, put_policy, set_up

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from pathlib import Path

    from lzkey import Untyped
    from lzkey.report.model import Report
    from lzkey.workplace import Shipped


@dataclass(frozen=True, slots=True)
class Row:
    """One key as AWS Config shows it."""

    key: str
    """Its alias, without `alias/`."""
    compliance: str
    annotation: str


@dataclass(frozen=True, slots=True)
class KeyTable:
    """Every key of the management account in the home Region."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """Something happens to the landing zone's key, and the rule says what it means."""

    title: str
    row: Row
    notes: tuple[str, ...] = ()
    """What `repair` says to it."""


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


Scene = KeyTable | Act | Kept | Audit


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
        yield KeyTable(_rows(stage))
        yield from _rewritten(stage, progress)
        yield from _perimeter(stage, progress)
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
    return next(row for row in _rows(stage) if row.key == GOOD_KEY)


def _audit(stage: Stage, path: Path, progress: Callable[[str], None]) -> Audit:
    """Report what the aggregator shows of all accounts."""
    progress("the report of the whole organization")
    with aws_environment(stage.sandbox.environment):
        made = make_report(boto3.Session(region_name=stage.sandbox.region))
    write_text(path, render(made, Form.HTML))
    return Audit(made, path)


def _good_key(kms: Untyped) -> KmsKey:
    described = KmsKey.from_describe_key(kms.describe_key(KeyId=f"alias/{GOOD_KEY}"))
    answer = kms.get_key_policy(KeyId=described.arn.key_id, PolicyName="default")
    return described.with_policy(answer["Policy"])


def _rewritten(stage: Stage, progress: Callable[[str], None]) -> Iterator[Act]:
    """An update rewrites the key policy without the two statements."""
    kms = stage.sandbox.client("kms")
    key_id = _good_key(kms).arn.key_id
    progress("an update rewrites the key policy")
    put_policy(kms, key_id, policy())
    title = "An update of another stack rewrites the key policy and drops the two statements"
    proposal = repair(_good_key(kms), ZONE)
    yield Act(title, _good(stage), tuple(f"repair: {change}" for change in proposal.changes))
    progress("repair restores what is missing")
    put_policy(kms, key_id, proposal.policy or {})
    yield Act("The policy that repair proposes is put in place", _good(stage))


def _perimeter(stage: Stage, progress: Callable[[str], None]) -> Iterator[Act]:
    """Someone adds an organization perimeter that forgets AWS services."""
    kms = stage.sandbox.client("kms")
    good = _good_key(kms)
    progress("someone adds an organization perimeter")
    document = json.loads(str(good.policy))
    put_policy(kms, good.arn.key_id, {**document, "Statement": [*document["Statement"], perimeter()]})
    proposal = repair(_good_key(kms), ZONE)
    title = "Someone adds an organization perimeter that forgets AWS services"
    notes = dict.fromkeys(f"repair: {unresolved.message}" for unresolved in proposal.unresolved)
    yield Act(title, _good(stage), tuple(notes))
    exemption = proposal.unresolved[0].exemption if proposal.unresolved else None
    if exemption:
        progress("the Deny gets the exemption that repair names")
        deny = perimeter()
        exempted = {**deny, "Condition": {**deny["Condition"], **exemption}}
        put_policy(kms, good.arn.key_id, {**document, "Statement": [*document["Statement"], exempted]})
        yield Act("The exemption that repair names is added to the Deny by hand", _good(stage))
