"""Keys that pages speak of."""

from __future__ import annotations

from typing import Final

from landing_zone_key import KmsKey

MANAGEMENT: Final = "111122223333"


def key_for(service: str, number: int) -> KmsKey:
    """A key whose policy admits one service to everything."""
    policy = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "kms:*", "Resource": "*"}
    return KmsKey.from_describe_key(
        {
            "Arn": f"arn:aws:kms:us-east-1:{MANAGEMENT}:key/1234abcd-12ab-34cd-56ef-{number:012}",
            "KeyManager": "CUSTOMER",
            "KeyState": "Enabled",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "MultiRegion": False,
        }
    ).with_policy({"Version": "2012-10-17", "Statement": policy})
