"""The demo as a sequence of scenes; whoever shows them decides how.

Everything in a scene was read back through AWS's APIs after the deployed rule had run; nothing is made up.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KmsKey, repair
from lzkey.demo.keys import GOOD_KEY, KEYS, RULE_PARAMETERS, ZONE, DemoKey, perimeter, policy
from lzkey.deploy import deploy
from lzkey.environment import aws_environment
from lzkey.errors import DemoError
from lzkey.parameters import RULE_NAME
from lzkey.sandbox import LandingZone, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

_DEPLOYMENT: Final = {"triggers": ["change", "periodic"], "tags": {"Application": "landing-zone-key"}}


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


Scene = KeyTable | Act | Kept


def scenes(
    root: Path, progress: Callable[[str], None], *, keep: bool = False
) -> Generator[Scene, None, None]:
    """Yield the scenes as they happen; the sandbox lives as long as the iterator.

    `root` is a checkout of the project. Raises what `deploy` raises, and DemoError when the rule failed.
    """
    with Sandbox(ZONE.home_region, ZONE.management_account_id, recording=False) as sandbox:
        progress(f"AWS on this machine: {sandbox.endpoint_url}")
        keys = _make_landing_zone(sandbox)
        progress(f"{len(keys)} keys made; deploying the rule with rdk")
        _deploy(sandbox, root, progress)
        progress("the deployed zip evaluates every key")
        sandbox.recording = True
        sandbox.record_all()
        yield KeyTable(_rows(sandbox, keys))
        yield from _rewritten(sandbox, keys, progress)
        yield from _perimeter(sandbox, keys, progress)
        if keep:
            shown = {name: value for name, value in sandbox.environment.items() if name.startswith("AWS_")}
            yield Kept(sandbox.endpoint_url, shown)


def _make_landing_zone(sandbox: Sandbox) -> dict[str, str]:
    """Make what a management account has; return the alias of every key by its id."""
    name = f"config-rule-code-bucket-{sandbox.account}-{sandbox.region}"
    sandbox.client("s3").create_bucket(Bucket=name)  # as `rdk init` does
    config = sandbox.client("config")
    role = (
        f"arn:aws:iam::{sandbox.account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    )
    config.put_configuration_recorder(
        ConfigurationRecorder={
            "name": "default",
            "roleARN": f"arn:aws:iam::{sandbox.account}:role/{role}",
            "recordingGroup": {"resourceTypes": ["AWS::KMS::Key"]},
        }
    )
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": name})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    kms = sandbox.client("kms")
    keys = {_make(kms, key): key.alias for key in KEYS}
    managed = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"]
    good = kms.describe_key(KeyId=f"alias/{GOOD_KEY}")["KeyMetadata"]["Arn"]
    sandbox.landing_zone = LandingZone.with_key(good, "4.0")
    return {**keys, managed: "aws/s3"}


def _make(kms: Any, wanted: DemoKey) -> str:  # noqa: ANN401 - boto3 makes its clients at run time
    made = kms.create_key(**wanted.created_with)["KeyMetadata"]
    key_id = str(made["KeyId"])
    kms.create_alias(AliasName=f"alias/{wanted.alias}", TargetKeyId=key_id)
    key = KmsKey.from_describe_key(made)
    _put_policy(kms, key_id, policy(*wanted.statements(key)))
    for operation, arguments in wanted.then:
        getattr(kms, operation)(KeyId=key_id, **arguments)
    return key_id


def _put_policy(kms: Any, key_id: str, document: Mapping[str, Any]) -> None:  # noqa: ANN401 - as above
    kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=json.dumps(document, indent=2))


def _deploy(sandbox: Sandbox, root: Path, progress: Callable[[str], None]) -> None:
    """Deploy the checkout's rule with parameters of the demo's own, and leave the checkout as it is."""
    with tempfile.TemporaryDirectory(prefix="lzkey-demo-") as name, aws_environment(sandbox.environment):
        project = Path(name)
        (project / "parameters").mkdir()
        (project / "rules").symlink_to(root / "rules", target_is_directory=True)
        shutil.copy(root / "parameters" / "schema.json", project / "parameters")
        document = {"ruleParameters": RULE_PARAMETERS, "deployment": _DEPLOYMENT}
        (project / "parameters" / "demo.json").write_text(json.dumps(document), encoding="utf-8")
        for line in deploy("demo", root=project, progress=progress).verified:
            progress(f"verified: {line}")


def _rows(sandbox: Sandbox, keys: Mapping[str, str]) -> tuple[Row, ...]:
    """Read every key's result as the console would, when AWS Config has evaluated everything."""
    sandbox.settle()
    status = sandbox.evaluation_status(RULE_NAME)
    if status.get("LastErrorCode"):
        raise DemoError(f"the rule failed: {status['LastErrorCode']}: {status.get('LastErrorMessage')}")
    found = sandbox.compliance(RULE_NAME)
    if missing := [alias for key_id, alias in keys.items() if key_id not in found]:
        raise DemoError(f"AWS Config has no result for {', '.join(missing)}")
    return tuple(
        Row(alias, found[key_id].compliance_type, found[key_id].annotation) for key_id, alias in keys.items()
    )


def _good(sandbox: Sandbox, keys: Mapping[str, str]) -> Row:
    return next(row for row in _rows(sandbox, keys) if row.key == GOOD_KEY)


def _good_key(kms: Any) -> KmsKey:  # noqa: ANN401 - as above
    described = KmsKey.from_describe_key(kms.describe_key(KeyId=f"alias/{GOOD_KEY}"))
    answer = kms.get_key_policy(KeyId=described.arn.key_id, PolicyName="default")
    return described.with_policy(answer["Policy"])


def _rewritten(sandbox: Sandbox, keys: Mapping[str, str], progress: Callable[[str], None]) -> Iterator[Act]:
    """An update rewrites the key policy without the two statements."""
    kms = sandbox.client("kms")
    key_id = _good_key(kms).arn.key_id
    progress("an update rewrites the key policy")
    _put_policy(kms, key_id, policy())
    title = "An update of another stack rewrites the key policy and drops the two statements"
    proposal = repair(_good_key(kms), ZONE)
    yield Act(title, _good(sandbox, keys), tuple(f"repair: {change}" for change in proposal.changes))
    progress("repair restores what is missing")
    _put_policy(kms, key_id, proposal.policy or {})
    yield Act("The policy that repair proposes is put in place", _good(sandbox, keys))


def _perimeter(sandbox: Sandbox, keys: Mapping[str, str], progress: Callable[[str], None]) -> Iterator[Act]:
    """Someone adds an organization perimeter that forgets AWS services."""
    kms = sandbox.client("kms")
    good = _good_key(kms)
    progress("someone adds an organization perimeter")
    document = json.loads(str(good.policy))
    _put_policy(kms, good.arn.key_id, {**document, "Statement": [*document["Statement"], perimeter()]})
    proposal = repair(_good_key(kms), ZONE)
    title = "Someone adds an organization perimeter that forgets AWS services"
    notes = dict.fromkeys(f"repair: {unresolved.message}" for unresolved in proposal.unresolved)
    yield Act(title, _good(sandbox, keys), tuple(notes))
    exemption = proposal.unresolved[0].exemption if proposal.unresolved else None
    if exemption:
        progress("the Deny gets the exemption that repair names")
        deny = perimeter()
        exempted = {**deny, "Condition": {**deny["Condition"], **exemption}}
        _put_policy(kms, good.arn.key_id, {**document, "Statement": [*document["Statement"], exempted]})
        yield Act("The exemption that repair names is added to the Deny by hand", _good(sandbox, keys))
