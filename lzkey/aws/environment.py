"""The AWS settings of this process, replaced for a while."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: No profile, no configuration file, no metadata service. moto makes AWS clients as soon as it is imported.
NO_AWS: Final = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@contextmanager
def aws_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Let boto3 and child processes see these variables, and none of the user's own that begin with AWS_."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("AWS_"):
            del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
