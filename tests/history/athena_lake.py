"""A key, and years of an organization's logs with its events, as a reader of the command line has them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landing_zone_key import KmsKey
from landing_zone_key.key import KeyArn
from lzkey.sources.source import documented_policy
from lzkey_sandbox.cloudtrail_events import policy_put
from lzkey_sandbox.http.isolation import EXAMPLE_CREDENTIALS

from .cloudtrail_tables import COLUMNS, DATABASE, NAME, Engine, LogFile, projection
from .lives import BAD, ZONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey_sandbox import Sandbox

PROFILE = "log-archive"
SETTINGS = json.dumps({"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"})
TABLE, BUCKET = f"{DATABASE}.{NAME}", "logs"
DAYS, AGE = 200, 160


@dataclass(frozen=True)
class Lake:
    """A key, and an organization's logs of it that go back further than CloudTrail's event history."""

    sandbox: Sandbox
    key: str
    settings: str
    now: datetime

    def deliver(self, number: int, *records: Any) -> None:
        """Let the trail deliver a file so many days ago."""
        file = LogFile(records, self.ago(number))
        self.sandbox.client("s3").put_object(Bucket=BUCKET, Key=file.key, Body=file.body)

    def ago(self, days: float) -> datetime:
        """So many days ago."""
        return self.now - timedelta(days=days)

    def config(self, given: Mapping[str, Any] | None = None) -> Path:
        """An AWS CLI's settings, with a profile for the account that has the logs: else the same one."""
        file = Path(self.settings).with_name("aws-config")
        keys = EXAMPLE_CREDENTIALS
        if given:
            keys = {
                "aws_access_key_id": given["AccessKeyId"],
                "aws_secret_access_key": given["SecretAccessKey"],
                "aws_session_token": given["SessionToken"],
            }
        lines = "".join(f"{name.lower()} = {value}\n" for name, value in keys.items())
        file.write_text(f"[profile {PROFILE}]\n{lines}")
        return file

    def arguments(self, *more: str) -> tuple[str, ...]:
        """What is typed behind the command."""
        return (self.key, "--athena", TABLE, "--workgroup", "security", *more)


def lake_of(sandbox: Sandbox, tmp_path: Path) -> Lake:
    """150 days ago a policy was put that lets no service in, and 120 days ago the one that is there now."""
    settings = tmp_path / "settings.json"
    settings.write_text(SETTINGS)
    now = datetime.now(UTC)
    key = sandbox.client("kms").create_key()["KeyMetadata"]["Arn"]
    made = Lake(sandbox, key, str(settings), now)
    good = json.dumps(documented_policy(KmsKey.from_arn(KeyArn.parse(key)), ZONE))
    sandbox.client("kms").put_key_policy(KeyId=key, Policy=good, BypassPolicyLockoutSafetyCheck=True)
    sandbox.age(timedelta(days=AGE))
    s3, glue, athena = (sandbox.client(each) for each in ("s3", "glue", "athena"))
    s3.create_bucket(Bucket=BUCKET)
    for number, policy in ((150, BAD), (120, good)):
        made.deliver(number, policy_put(key, policy, made.ago(number)))
    glue.create_database(DatabaseInput={"Name": DATABASE})
    properties = projection(f"{made.ago(180):%Y/%m/%d}")
    glue.create_table(
        DatabaseName=DATABASE,
        TableInput={
            "Name": NAME,
            "StorageDescriptor": {
                "Columns": [{"Name": name, "Type": kind} for name, kind in COLUMNS.items()],
                "Location": f"s3://{BUCKET}/AWSLogs/111122223333/CloudTrail/us-east-1",
            },
            "PartitionKeys": [{"Name": "timestamp", "Type": "string"}],
            "Parameters": {name.replace("__", "."): value for name, value in properties.items()},
        },
    )
    place = {"ResultConfiguration": {"OutputLocation": "s3://results/"}}
    athena.create_work_group(Name="security", Configuration=place)
    sandbox.athena.answers_until_ended = 0
    sandbox.athena.engine = Engine(sandbox, BUCKET, ["timestamp"], tmp_path)
    sandbox.forget_calls()
    return made
