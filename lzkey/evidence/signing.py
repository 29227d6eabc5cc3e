"""Signing a pack with a key of KMS; the private key never leaves it.

https://docs.aws.amazon.com/kms/latest/developerguide/symmetric-asymmetric.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lzkey.aws.account import Asker, Manner
from lzkey.aws.fact import takes
from lzkey.aws.keys import key
from lzkey.documents import document, time_text
from lzkey.errors import SignatureError
from lzkey.evidence.schemes import SCHEMES
from lzkey.evidence.signature import (
    DESCRIPTION,
    PUBLIC_KEY,
    SIGNED,
    VALUE,
    fits,
    pem,
    region_of,
    require_library,
    signer_members,
)
from lzkey.terminal import one_line

if TYPE_CHECKING:
    from datetime import datetime

    import boto3

_WANTED: Final = (
    "A key with the usage SIGN_VERIFY can, of an elliptic curve (ECC_NIST_P256 and the like) or RSA"
)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of KMS that can sign a pack."""

    arn: str
    algorithm: str
    public_key: bytes
    """As SubjectPublicKeyInfo in DER, as KMS gives it."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs a pack, once it is complete."""

    asker: Asker
    key: SigningKey

    @classmethod
    def of(cls, session: boto3.Session, arn: str) -> Signer:
        """The signer with a key; raises, before the long work, where it could not sign.

        SignatureError, UnansweredError, CredentialsError, and NotInstalledError without `cryptography`.
        """
        region_of(arn)
        require_library()
        asker, _ = Asker.of(session, Manner())
        return cls(asker, signing_key(asker, arn))

    @property
    def told(self) -> dict[str, str]:
        """Who signs, as what is signed says it."""
        return signer_members(self.key.arn, self.key.public_key)

    def sign(self, message: bytes, at: datetime) -> dict[str, bytes]:
        """The files of the signature of a message; see `sign`."""
        return sign(self.asker, self.key, message, at)


@takes("kms:GetPublicKey", facts=(key,))
def signing_key(asker: Asker, arn: str) -> SigningKey:
    """The key as one that can sign; raises SignatureError where it cannot, UnansweredError.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetPublicKey.html
    """
    region = region_of(arn)
    described = key(asker, arn, region)
    if described.key_usage != "SIGN_VERIFY":
        its = one_line(f"{described.key_spec} for {described.key_usage}")
        raise SignatureError(f"{arn} cannot sign: it is {its}. {_WANTED}")
    if described.key_state != "Enabled":
        raise SignatureError(f"{arn} cannot sign: its state is {one_line(str(described.key_state))}")
    answer = asker.ask("kms:GetPublicKey", region=region, about=f"key {arn}", KeyId=arn)
    offered = answer.get("SigningAlgorithms") or ()
    usable = [name for name in SCHEMES if name in offered]
    if not usable:
        its = one_line(f"{described.key_spec}, which signs by {', '.join(map(str, offered)) or 'nothing'}")
        raise SignatureError(f"{arn} cannot sign a pack: it is {its}. {_WANTED}")
    return SigningKey(arn, usable[0], bytes(answer["PublicKey"]))


@takes("kms:Sign")
def sign(asker: Asker, with_key: SigningKey, message: bytes, at: datetime) -> dict[str, bytes]:
    """The files of the signature of a message, by their paths.

    KMS makes the digest itself, of at most 4,096 bytes, and a tag manifest has some 300. What KMS gives is
    verified before it is believed. Raises UnansweredError, SignatureError.
    https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
    """
    answer = asker.change(
        "kms:Sign",
        region=region_of(with_key.arn),
        KeyId=with_key.arn,
        Message=message,
        MessageType="RAW",
        SigningAlgorithm=with_key.algorithm,
    )
    value = bytes(answer["Signature"])
    if not fits(with_key.public_key, with_key.algorithm, value, message):
        raise SignatureError(f"what KMS gave as the signature of {with_key.arn} does not fit its public key")
    told = document(
        {
            "signed": SIGNED,
            "algorithm": with_key.algorithm,
            **signer_members(with_key.arn, with_key.public_key),
            "signed_at": time_text(at),
        }
    )
    return {
        DESCRIPTION: (json.dumps(told, indent=1) + "\n").encode(),
        PUBLIC_KEY: pem(with_key.public_key),
        VALUE: value,
    }
