"""Signatures by keys of KMS, as moto's makes them; OpenSSL has the second opinion."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from lzkey.errors import LzkeyError, NotInstalledError, PackError, SignatureError
from lzkey.evidence.signature import (
    DESCRIPTION,
    PUBLIC_KEY,
    VALUE,
    Outside,
    Trust,
    as_der,
    fingerprint,
    read_fingerprint,
    told_by,
    trust,
)
from lzkey.evidence.signing import Signer, sign

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
MESSAGE = b"0123  manifest-sha256.txt\n"

# Each kind of key, and the algorithm that it signs with.
KINDS = {
    "ECC_NIST_P256": "ECDSA_SHA_256",
    "ECC_NIST_P384": "ECDSA_SHA_384",
    "ECC_NIST_P521": "ECDSA_SHA_512",
    "ECC_SECG_P256K1": "ECDSA_SHA_256",
    "RSA_2048": "RSASSA_PSS_SHA_256",
    "RSA_4096": "RSASSA_PSS_SHA_256",
}


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield


def session() -> boto3.Session:
    """A session in the home Region."""
    return boto3.Session(region_name="us-east-1")


def key(spec: str, usage: str = "SIGN_VERIFY") -> str:
    """The ARN of a new key."""
    made = session().client("kms").create_key(KeySpec=spec, KeyUsage=usage)
    return str(made["KeyMetadata"]["Arn"])


def signed(spec: str = "ECC_NIST_P256") -> dict[str, bytes]:
    """The files of a signature of the message."""
    return Signer.of(session(), key(spec)).sign(MESSAGE, AT)


def verified(files: dict[str, bytes], message: bytes = MESSAGE, outside: Outside = Outside()) -> Trust:  # noqa: B008 - a value
    """What the files come to."""
    signature = told_by(json.loads(files[DESCRIPTION]), files[PUBLIC_KEY], files[VALUE])
    return trust(signature, message, outside)


class TestSigning:
    """`sign`, and what it comes to."""

    @pytest.mark.parametrize(("spec", "algorithm"), KINDS.items(), ids=KINDS)
    def test_each_kind_of_key(self, spec: str, algorithm: str) -> None:
        """By its own key it is signed, and nobody vouches; by one from outside it is vouched for."""
        files = signed(spec)
        assert json.loads(files[DESCRIPTION])["algorithm"] == algorithm
        assert verified(files) is Trust.OWN_KEY
        outside = as_der(files[PUBLIC_KEY], PUBLIC_KEY)
        assert verified(files, outside=Outside(outside)) is Trust.VOUCHED
        assert verified(files, outside=Outside(None, fingerprint(outside))) is Trust.VOUCHED
        assert verified(files, outside=Outside(outside, fingerprint(outside))) is Trust.VOUCHED

    @pytest.mark.parametrize("spec", ["ECC_NIST_P256", "RSA_2048"])
    def test_openssl_agrees(self, tmp_path: Path, spec: str) -> None:
        """With the command of docs/evidence.md; and it refuses another message."""
        files = signed(spec)
        (tmp_path / "key.pem").write_bytes(files[PUBLIC_KEY])
        (tmp_path / "value").write_bytes(files[VALUE])
        padding = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:auto" if spec == "RSA_2048" else ""
        for message, said in ((MESSAGE, "Verified OK\n"), (MESSAGE + b" ", "Verification failure\n")):
            (tmp_path / "message").write_bytes(message)
            words = f"openssl dgst -sha256 {padding} -verify key.pem -signature value message".split()
            done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.stdout == said

    def test_another_message_is_not_signed(self) -> None:
        """A byte is enough."""
        files = signed()
        assert verified(files, MESSAGE + b" ") is Trust.BROKEN
        outside = Outside(as_der(files[PUBLIC_KEY], PUBLIC_KEY))
        assert verified(files, MESSAGE + b" ", outside) is Trust.BROKEN

    def test_a_forger_s_key_is_another_one(self) -> None:
        """Whatever his pack says of itself."""
        files, others = signed(), signed()
        ours = Outside(as_der(others[PUBLIC_KEY], PUBLIC_KEY))
        assert verified(files, outside=ours) is Trust.OTHER_KEY
        assert verified(files, outside=Outside(None, "0" * 64)) is Trust.OTHER_KEY
        assert verified({**files, PUBLIC_KEY: others[PUBLIC_KEY]}, outside=ours) is Trust.BROKEN

    def test_the_kind_of_key_is_not_for_the_pack_to_say(self) -> None:
        """A description of another algorithm makes nothing valid."""
        files = signed()
        told = json.loads(files[DESCRIPTION]) | {"algorithm": "RSASSA_PKCS1_V1_5_SHA_256"}
        assert verified({**files, DESCRIPTION: json.dumps(told).encode()}) is Trust.BROKEN

    def test_without_the_library(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is there and not verified; whoever wants it verified is told what to install."""
        files = signed()
        outside = Outside(as_der(files[PUBLIC_KEY], PUBLIC_KEY))
        monkeypatch.setitem(sys.modules, "lzkey.evidence.asymmetric", None)
        assert verified(files) is Trust.NOT_VERIFIED
        with pytest.raises(NotInstalledError, match="install lzkey with its extra `signature`"):
            verified(files, outside=outside)

    def test_what_kms_gives_is_not_believed(self) -> None:
        """A signature of another key than was asked."""
        signer = Signer.of(session(), key("ECC_NIST_P256"))
        other = Signer.of(session(), key("ECC_NIST_P256"))
        wrong = type(other.key)(signer.key.arn, signer.key.algorithm, other.key.public_key)
        with pytest.raises(SignatureError, match="does not fit its public key"):
            sign(signer.asker, wrong, MESSAGE, AT)


class TestKeysThatCannotSign:
    """Told before the long work."""

    @pytest.mark.parametrize(
        ("spec", "usage", "said"),
        [
            ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "cannot sign"),
            ("HMAC_256", "GENERATE_VERIFY_MAC", "cannot sign"),
            ("RSA_2048", "ENCRYPT_DECRYPT", "it is RSA_2048 for ENCRYPT_DECRYPT"),
        ],
    )
    def test_its_kind(self, spec: str, usage: str, said: str) -> None:
        """With what would be right."""
        with pytest.raises(LzkeyError, match=said):
            Signer.of(session(), key(spec, usage))

    @pytest.mark.parametrize(
        ("change", "state"), [("disable_key", "Disabled"), ("schedule_key_deletion", "Pend")]
    )
    def test_its_state(self, change: str, state: str) -> None:
        """It would be refused in the end, after everything was read."""
        arn = key("ECC_NIST_P256")
        getattr(session().client("kms"), change)(KeyId=arn.rpartition("/")[2])
        with pytest.raises(SignatureError, match=f"cannot sign: its state is {state}"):
            Signer.of(session(), arn)

    def test_a_key_that_is_not_there(self) -> None:
        """As KMS says it."""
        arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
        with pytest.raises(LzkeyError, match="kms:DescribeKey"):
            Signer.of(session(), arn)

    @pytest.mark.parametrize(
        "name", ["alias/signing", "1234abcd", "arn:aws:kms:us-east-1:111122223333:alias/signing", "\x1b[2J"]
    )
    def test_what_is_no_arn(self, name: str) -> None:
        """An alias may be another key tomorrow."""
        with pytest.raises(SignatureError, match="is not the ARN of a KMS key") as caught:
            Signer.of(session(), name)
        assert str(caught.value).isprintable()


class TestKeysFromOutside:
    """What somebody gives as a public key, or as its fingerprint."""

    def test_in_each_form(self) -> None:
        """PEM, DER, and what `aws kms get-public-key` prints."""
        files = signed()
        pem = files[PUBLIC_KEY]
        der = as_der(pem, "key")
        printed = "".join(pem.decode().splitlines()[1:-1]).encode() + b"\n"
        assert as_der(der, "key") == as_der(printed, "key") == der
        assert der[:1] == b"\x30"

    @pytest.mark.parametrize(
        "content",
        [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", b"\xff" * 9],
    )
    def test_what_is_none(self, content: bytes) -> None:
        """Told with the forms that there are."""
        with pytest.raises(PackError, match="key is no public key: PEM that begins with"):
            as_der(content, "key")

    def test_der_of_something_else(self) -> None:
        """It is said when it is used."""
        files = signed()
        rubbish = b"\x30\x03\x02\x01\x01"
        signature = told_by(json.loads(files[DESCRIPTION]), rubbish, files[VALUE])
        with pytest.raises(PackError, match="the public key cannot be read"):
            trust(signature, MESSAGE, Outside())

    def test_one_that_is_too_long(self) -> None:
        """Nothing of it is decoded."""
        with pytest.raises(PackError, match="20,000 bytes: it is no public key"):
            as_der(b"0" * 20_000, "key")

    @pytest.mark.parametrize("text", ["ab" * 32, ":".join(["AB"] * 32), "SHA256:" + "ab" * 32])
    def test_a_fingerprint_as_people_write_it(self, text: str) -> None:
        """The digits count."""
        assert read_fingerprint(text) == "ab" * 32

    @pytest.mark.parametrize("text", ["", "ab" * 31, "xy" * 32, "ab" * 32 + "\x1b"])
    def test_what_is_no_fingerprint(self, text: str) -> None:
        """It has 64 digits."""
        with pytest.raises(PackError, match="64 digits of a SHA-256"):
            read_fingerprint(text)


class TestDescriptions:
    """`signature.json` of somebody else."""

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"schema_version": 2}, "of another version"),
            ({"signed": "manifest-sha256.txt"}, "of another version"),
            ({"algorithm": "NONE"}, 'has the algorithm "NONE", none of ECDSA_SHA_256'),
            ({"algorithm": ["\x1b"]}, "none of ECDSA_SHA_256"),
        ],
        ids=str,
    )
    def test_what_is_not_read(self, change: dict[str, object], said: str) -> None:
        """One sentence."""
        files = signed()
        with pytest.raises(PackError, match=said):
            told_by(json.loads(files[DESCRIPTION]) | change, files[PUBLIC_KEY], files[VALUE])

    def test_no_object(self) -> None:
        """It tells of nothing."""
        with pytest.raises(PackError, match="is no JSON object"):
            told_by([], b"", b"")
