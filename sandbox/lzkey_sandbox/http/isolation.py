"""Keeps processes and clients to the sandbox: no profile, no configuration file, no way out."""

from __future__ import annotations

import os
from functools import cache
from typing import Final

import boto3
from botocore.loaders import Loader
from botocore.session import Session as CoreSession

#: AWS's documentation's own example credentials; moto knows them not, so they are the default account's.
EXAMPLE_CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}

#: Shared by all sessions: reading the service models takes most of a client's making.
_LOADER: Final = Loader()


def isolated_variables(proxy_url: str) -> dict[str, str]:
    """The variables that keep a process from everything but the loopback interface."""
    proxies = {"HTTP_PROXY": proxy_url, "HTTPS_PROXY": proxy_url, "NO_PROXY": "localhost,127.0.0.1"}
    return {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **proxies,
        **{name.lower(): value for name, value in proxies.items()},
    }


@cache
def private_session() -> boto3.session.Session:
    """The session that knows nothing of the user's own credentials, profiles and configuration files.

    There is one for all accounts: making a session takes as long as making a client.
    """
    private = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    core = CoreSession(session_vars=private)
    core.register_component("data_loader", _LOADER)
    return boto3.session.Session(botocore_session=core)
