"""The real rdk, run beside this Python; what it says is passed on and never believed.

`rdk modify` is never run: it resets the runtime, the description and the tags of a rule.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lzkey import RULE_NAME
from lzkey.aws.stack import stack
from lzkey.deployment.package import measure
from lzkey.deployment.readback import failures
from lzkey.deployment.stack import STACK_NAME
from lzkey.errors import DeployError, DeployInterruptedError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.deployment.build import BuildResult
    from lzkey.deployment.package import Archive
    from lzkey.deployment.target import Target
    from lzkey.parameters import Parameters

_LINES_KEPT: Final = 20


def rdk_arguments(parameters: Parameters, command: str = "deploy") -> tuple[str, ...]:
    """`rdk deploy` or `rdk deploy-organization`, and flags for what rdk does not read in its parameters.json.

    Excluded accounts are there only for an organization, and only as a flag: in the file alone they end in a
    TypeError (rdk.py, `deploy_organization`).
    """
    wanted = parameters.deployment
    flags = {
        "--lambda-role-arn": wanted.lambda_role_arn,
        "--boundary-policy-arn": wanted.boundary_policy_arn,
        "--custom-code-bucket": wanted.code_bucket,
        "--lambda-timeout": str(wanted.timeout_seconds),
        "--excluded-accounts": ",".join(wanted.excluded_accounts),
    }
    return command, RULE_NAME, *(word for flag, value in flags.items() if value for word in (flag, value))


def remove(command: str, target: Target, progress: Callable[[str], None]) -> None:
    """Run `rdk undeploy` or `rdk undeploy-organization`."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, RULE_NAME).mkdir()  # rdk looks for a directory of the rule's name, and no further
        run_rdk((command, RULE_NAME, "--force"), target, Path(folder), progress)


def run_rdk(
    arguments: tuple[str, ...], target: Target, folder: Path, progress: Callable[[str], None]
) -> None:
    """Run rdk in `folder`; raise DeployError with its last lines when it fails."""
    program = Path(sys.executable).with_name("rdk")
    if not program.is_file():
        raise PrerequisiteError(f"{program} is missing; run `make setup`, or install lzkey again")
    profile = ("--profile", target.profile) if target.profile else ()
    command = (str(program), *profile, "--region", target.region, *arguments)
    progress(f"$ rdk {' '.join(command[1:])}")
    last: deque[str] = deque(maxlen=_LINES_KEPT)
    with tempfile.TemporaryDirectory() as scratch:
        environ = {**os.environ, **_settings(target, scratch)}
        with subprocess.Popen(  # noqa: S603 - the rdk of our own environment, arguments checked by the schema
            command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            try:
                for line in process.stdout or ():
                    last.append(line.rstrip())
                    progress(last[-1])
            except (KeyboardInterrupt, SystemExit) as interrupted:
                process.terminate()
                raise DeployInterruptedError(_interrupted(arguments[0], target)).because_of(
                    interrupted
                ) from interrupted
    if process.returncode:
        reasons = failures(target) if stack(target.asker, STACK_NAME) else ""
        said = "\n  ".join(line for line in (*last, reasons) if line)
        raise DeployError(f"rdk {arguments[0]} failed with exit code {process.returncode}:\n  {said}")


def _interrupted(command: str, target: Target) -> str:
    return (
        f"interrupted while rdk {command} worked: CloudFormation may go on with the stack {STACK_NAME} in "
        f"account {target.account}, and a function that it makes can be invoked by AWS Config of any account "
        "until it is restricted. Wait for the stack, then run the same command again"
    )


def uploaded(built: BuildResult) -> Archive:
    """Measure the zip that rdk made, of which it leaves a copy in the directory.

    rdk zips in the order in which the file system lists a directory, so the bytes need not be those of our
    own zip, but the files must be.
    """
    zipped = measure(built.folder / f"{RULE_NAME}.zip")
    if zipped.content_sha256 != built.archive.content_sha256:
        raise DeployError(
            f"{zipped.path} holds other files than were built; was {built.folder} changed meanwhile?"
        )
    return zipped


def _settings(target: Target, scratch: str) -> dict[str, str]:
    """The environment of rdk: the Region, a folder of its own, and the same order of its sets in every run.

    rdk passes excluded accounts on in the order of a set, and every other order would be an update.
    """
    regions = {"AWS_REGION": target.region, "AWS_DEFAULT_REGION": target.region}
    return {**regions, "TMPDIR": scratch, "TZ": "UTC", "PYTHONUNBUFFERED": "1", "PYTHONHASHSEED": "0"}
