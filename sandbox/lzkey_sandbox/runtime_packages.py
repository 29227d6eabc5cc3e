"""The Python packages that Lambda's runtime brings along, and rdk's public layer.

The runtime has boto3 and its dependencies and the runtime client, nothing else; a rule that needs rdklib
must bring it in its zip or in a layer.
Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-included
"""

from __future__ import annotations

import importlib.util
import io
import zipfile
from functools import cache
from importlib.metadata import files
from pathlib import Path
from typing import Final

from lzkey_sandbox.errors import SandboxError

RUNTIME_MODULES: Final = (
    "boto3",
    "botocore",
    "dateutil",
    "jmespath",
    "s3transfer",
    "six",
    "urllib3",
    # the runtime client and what it needs
    "awslambdaric",
    "runtime_client",
    "simplejson",
    "snapshot_restore_py",
)

_ZIP_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


class MissingRuntimeError(SandboxError):
    """A package of the Lambda runtime is not installed; ``pip install 'lzkey[sandbox]'`` brings it."""


def link_runtime(directory: Path) -> None:
    """Fill an empty directory with links to the runtime's packages in this interpreter's environment."""
    for name in RUNTIME_MODULES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise MissingRuntimeError(f"the Lambda runtime needs {name}: pip install 'lzkey[sandbox]'")
        origin = Path(spec.origin)
        source = origin.parent if spec.submodule_search_locations else origin
        (directory / source.name).symlink_to(source)


@cache
def rdklib_layer() -> bytes:
    """Return rdk's layer as a zip file: rdklib, from the installed wheel, below ``python/``.

    Source: https://github.com/awslabs/aws-config-rdklib (template.yaml: the layer carries rdklib alone,
    without boto3 and botocore).
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(files("rdklib") or [], key=str):
            if file.parts[0] == "rdklib" and file.suffix == ".py":
                archive.writestr(zipfile.ZipInfo(f"python/{file.as_posix()}", _ZIP_EPOCH), file.read_binary())
    return buffer.getvalue()
