"""Signatures as the library `cryptography` verifies them: imported by those alone who have one to verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from lzkey.errors import PackError
from lzkey.terminal import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey.evidence.schemes import Hash, Scheme

_HASHES: Final[Mapping[Hash, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def fits(public_key: bytes, scheme: Scheme, value: bytes, message: bytes) -> bool:
    """Whether a signature of a message was made by the private key of a public one, in DER.

    A key of another kind than the scheme's fits nothing. Raises PackError where the key is none.
    """
    key = _loaded(public_key)
    digest = _HASHES[scheme.hash]
    try:
        if scheme.kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, message, ec.ECDSA(digest))
        elif scheme.kind == "pss" and isinstance(key, rsa.RSAPublicKey):
            key.verify(value, message, padding.PSS(padding.MGF1(digest), padding.PSS.AUTO), digest)
        elif scheme.kind == "pkcs1" and isinstance(key, rsa.RSAPublicKey):
            key.verify(value, message, padding.PKCS1v15(), digest)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _loaded(public_key: bytes) -> object:
    try:
        return load_der_public_key(public_key)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise PackError(f"the public key cannot be read: {one_line(str(error))[:120]}") from error
