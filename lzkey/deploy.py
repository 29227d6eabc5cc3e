"""Deploying with the real rdk, and believing only what AWS says afterwards.

`rdk modify` is never run: it resets the runtime, the description and the tags of a rule.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from lzkey.archive import import_from_zip, measure
from lzkey.build import BuildResult, build
from lzkey.errors import DeployError, PreflightError
from lzkey.parameters import RULE_NAME, load
from lzkey.preflight import (
    STACK_NAME,
    Target,
    Where,
    code_bucket,
    identify,
    inspect,
    require_role,
    stack_status,
)
from lzkey.verify import failures, verify_function, verify_gone, verify_rule, verify_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lzkey.archive import Archive
    from lzkey.parameters import Parameters

#: The credentials and Region of the environment, and nowhere but the landing zone's home.
HERE: Final = Where()

_LINES_KEPT: Final = 20


@dataclass(frozen=True, slots=True)
class DeployResult:
    """A verified deployment: `verified` says what was read back, `warnings` what will not deliver."""

    built: BuildResult
    uploaded: Archive
    account: str
    region: str
    stack_status: str
    rule_arn: str
    function_arn: str
    role_arn: str
    verified: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UndeployResult:
    """`found` is False when there was nothing to remove."""

    account: str
    region: str
    found: bool


def deploy(
    name: str,
    *,
    root: Path,
    where: Where = HERE,
    progress: Callable[[str], None] = lambda _: None,
) -> DeployResult:
    """Build `parameters/NAME.json`, check the account, run `rdk deploy`, and read back what is there.

    Raises ParametersError, BuildError or PreflightError before anything is changed, DeployError after.
    """
    parameters = load(name, root=root)
    require_role(parameters)
    target = identify(parameters, where)
    progress(f"account {target.account}, Region {target.region}")
    warnings = inspect(parameters, target)
    for warning in warnings:
        progress(f"warning: {warning}")
    built = build(name, root=root)
    import_from_zip(built.archive.path, RULE_NAME)
    progress(f"built {built.folder}: {len(built.files)} files, {built.archive.size} bytes zipped")
    with _said_clearly("the deployment could not be verified"):
        return _deploy(built, target, warnings, progress)


def undeploy(
    name: str,
    *,
    root: Path,
    where: Where = HERE,
    progress: Callable[[str], None] = lambda _: None,
) -> UndeployResult:
    """Remove what `deploy` made, with `rdk undeploy`, and make sure that it is gone.

    The code bucket and a role of your own stay. Raises ParametersError, PreflightError or DeployError.
    """
    target = identify(load(name, root=root), where)
    progress(f"account {target.account}, Region {target.region}")
    with _said_clearly("the removal could not be verified"):
        if stack_status(target) is None:
            progress(f"nothing to remove: there is no stack {STACK_NAME}")
            return UndeployResult(target.account, target.region, found=False)
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, RULE_NAME).mkdir()  # rdk looks for a directory of the rule's name, and no further
            _run_rdk(("undeploy", RULE_NAME, "--force"), target, Path(folder), progress)
        verify_gone(target)
    return UndeployResult(target.account, target.region, found=True)


def rdk_arguments(parameters: Parameters) -> tuple[str, ...]:
    """`rdk deploy` and its flags, for what rdk does not read from its own parameters.json."""
    wanted = parameters.deployment
    flags = {
        "--lambda-role-arn": wanted.lambda_role_arn,
        "--boundary-policy-arn": wanted.boundary_policy_arn,
        "--custom-code-bucket": wanted.code_bucket,
        "--lambda-timeout": str(wanted.timeout_seconds),
    }
    return "deploy", RULE_NAME, *(word for flag, value in flags.items() if value for word in (flag, value))


def _deploy(
    built: BuildResult, target: Target, warnings: tuple[str, ...], progress: Callable[[str], None]
) -> DeployResult:
    parameters = built.parameters
    before = stack_status(target)
    _run_rdk(rdk_arguments(parameters), target, built.folder.parent, progress)
    status = verify_stack(target, before)
    uploaded = _uploaded(built)
    rule_arn = verify_rule(target, parameters)
    function_arn, role_arn = verify_function(target, parameters, uploaded.code_sha256)
    return DeployResult(
        built=built,
        uploaded=uploaded,
        account=target.account,
        region=target.region,
        stack_status=status,
        rule_arn=rule_arn,
        function_arn=function_arn,
        role_arn=role_arn,
        verified=(
            f"stack {STACK_NAME} is {status}",
            f"rule {RULE_NAME} is active with the parameters of {parameters.path.name}",
            f"its triggers are {' and '.join(sorted(parameters.deployment.triggers))}",
            f"its function runs the code of {code_bucket(parameters, target)}, sha256 {uploaded.sha256[:12]}",
            f"that code is what was built, file by file ({len(built.files)} files)",
            f"the function's role is {role_arn}",
        ),
        warnings=warnings,
    )


def _uploaded(built: BuildResult) -> Archive:
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


def _run_rdk(
    arguments: tuple[str, ...], target: Target, folder: Path, progress: Callable[[str], None]
) -> None:
    """Run the rdk beside this Python, in `folder`; raise DeployError with its last lines when it fails."""
    program = Path(sys.executable).with_name("rdk")
    if not program.is_file():
        raise PreflightError(f"{program} is missing; run: make setup")
    profile = ("--profile", target.profile) if target.profile else ()
    command = (str(program), *profile, "--region", target.region, *arguments)
    progress(f"$ rdk {' '.join(command[1:])}")
    last: deque[str] = deque(maxlen=_LINES_KEPT)
    with tempfile.TemporaryDirectory() as scratch:
        regions = {"AWS_REGION": target.region, "AWS_DEFAULT_REGION": target.region}
        environ = {**os.environ, **regions, "TMPDIR": scratch, "TZ": "UTC", "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(  # noqa: S603 - the rdk of our own environment, arguments checked by the schema
            command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            for line in process.stdout or ():
                last.append(line.rstrip())
                progress(last[-1])
    if process.returncode:
        reasons = failures(target) if stack_status(target) else ""
        said = "\n  ".join(line for line in (*last, reasons) if line)
        raise DeployError(f"rdk {arguments[0]} failed with exit code {process.returncode}:\n  {said}")


@contextmanager
def _said_clearly(what: str) -> Iterator[None]:
    """Turn a refused or failed AWS call into one line."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise DeployError(f"{what}: {error}") from error
