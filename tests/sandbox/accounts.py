"""A sandbox's own account, and the steps that most tests take in it."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lzkey.deployment.build import rdklib_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey_sandbox import Sandbox

RULES = Path(__file__).parent / "rules"
MESSAGES = {
    "change": "ConfigurationItemChangeNotification",
    "oversized": "OversizedConfigurationItemChangeNotification",
    "periodic": "ScheduledNotification",
}


@dataclass(frozen=True)
class Account:
    """A sandbox's own account, and what a test does in it."""

    sandbox: Sandbox

    def function(
        self, rule: str, /, name: str = "", files: Mapping[str, str] | None = None, **more: Any
    ) -> str:
        """Create a function from `rules/RULE` and rdklib, with further files and settings; return its ARN."""
        sources = {f"{rule}.py": (RULES / rule / f"{rule}.py").read_text()} if rule else {}
        client = self.sandbox.client("lambda")
        created = client.create_function(
            FunctionName=name or rule,
            Role=self.role("lambda"),
            Code={"ZipFile": zipped({**rdklib_files(), **sources, **(files or {})})},
            **{"Runtime": "python3.13", "Handler": f"{rule}.lambda_handler", "Timeout": 30, **more},
        )
        client.add_permission(
            FunctionName=created["FunctionName"],
            StatementId="config",
            Action="lambda:InvokeFunction",
            Principal="config.amazonaws.com",
        )
        return str(created["FunctionArn"])

    def role(self, service: str, account: str = "") -> str:
        """Create a role that a service and its own account may assume, once; return its ARN."""
        iam = self.sandbox.client("iam", account=account or None)
        name, owner = f"{service}-role", account or self.sandbox.account
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": f"{service}.amazonaws.com", "AWS": owner},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        if name not in {role["RoleName"] for role in iam.list_roles()["Roles"]}:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        return str(iam.get_role(RoleName=name)["Role"]["Arn"])

    def rule(
        self,
        function_arn: str,
        name: str = "a-rule",
        triggers: tuple[str, ...] = ("change", "oversized"),
        parameters: Mapping[str, str] | None = None,
        **scope: Any,
    ) -> str:
        """Put a rule for KMS keys, wait until it has been evaluated, and return its name."""
        details = [{"EventSource": "aws.config", "MessageType": MESSAGES[trigger]} for trigger in triggers]
        source = {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": function_arn, "SourceDetails": details}
        rule = {
            "ConfigRuleName": name,
            "Source": source,
            "Scope": scope or {"ComplianceResourceTypes": ["AWS::KMS::Key"]},
            "InputParameters": json.dumps(parameters or {"AssumeRoleMode": "False"}),
        }
        self.sandbox.client("config").put_config_rule(ConfigRule=rule)
        self.sandbox.settle()
        return name

    def key(self, region: str | None = None, **arguments: Any) -> str:
        """Create a key, wait until it has been evaluated, and return its id."""
        created = self.sandbox.client("kms", region).create_key(**arguments)
        self.sandbox.settle()
        return str(created["KeyMetadata"]["KeyId"])

    def kms(self, operation: str, **arguments: Any) -> Any:
        """Call an operation of KMS, and wait until its consequences have been evaluated."""
        answer = getattr(self.sandbox.client("kms"), operation)(**arguments)
        self.sandbox.settle()
        return answer

    def events(self, function: str = "EVENT_LOG") -> list[dict[str, Any]]:
        """Return the events that a function has logged, the invoking events decoded."""
        lines = self.sandbox.lambda_logs(function).splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{")]
        return [{**event, "invokingEvent": json.loads(event["invokingEvent"])} for event in events]

    def token(self, name: str = "a-rule") -> str:
        """Return the result token of a rule's newest invocation; its function logs events."""
        tokens = [event["resultToken"] for event in self.events() if event["configRuleName"] == name]
        return str(tokens[-1])

    def history(self, key_id: str, region: str | None = None, **arguments: Any) -> list[dict[str, Any]]:
        """Return a key's recorded items, the newest first."""
        config = self.sandbox.client("config", region)
        answer = config.get_resource_config_history(
            resourceType="AWS::KMS::Key", resourceId=key_id, **arguments
        )
        return list(answer["configurationItems"])


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Return a zip file of path and content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return buffer.getvalue()
