#!/usr/bin/env bash
# moto 5.2.5: KMS signs what it is given: with MessageType RAW the message, which it hashes itself, with DIGEST a digest
# that the caller has made. moto takes DIGEST without an error and hashes it once more, so that the signature is one of
# the digest's digest: whoever verifies it as AWS's guide says, with the message, finds it wrong, and code that signs
# long files by their digest cannot be tested on it. With RAW both agree.
#
# Seen: "RAW: of the message; DIGEST: of the digest of the digest"
# https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html (MessageType)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'moto[kms]==5.2.5' cryptography==50.0.2

cat >"$folder/look.py" <<'PYTHON'
from hashlib import sha256

import boto3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from moto import mock_aws

MESSAGE = b"An example of a message."
DIGEST = sha256(MESSAGE).digest()
MEANINGS = {"of the message": MESSAGE, "of the digest of the digest": DIGEST}


def meaning(public_key, signature):
    for words, signed in MEANINGS.items():
        try:
            public_key.verify(signature, signed, ECDSA(SHA256()))
        except InvalidSignature:
            continue
        return words
    return "of something else"


with mock_aws():
    kms = boto3.client("kms", "us-east-1", aws_access_key_id="example", aws_secret_access_key="example")
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    public_key = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    asked = {"KeyId": key, "SigningAlgorithm": "ECDSA_SHA_256"}
    raw = kms.sign(Message=MESSAGE, MessageType="RAW", **asked)["Signature"]
    digest = kms.sign(Message=DIGEST, MessageType="DIGEST", **asked)["Signature"]
    print(f"RAW: {meaning(public_key, raw)}; DIGEST: {meaning(public_key, digest)}")
PYTHON
seen=$("$folder/venv/bin/python" -W ignore "$folder/look.py")
echo "moto 5.2.5: $seen"
[ "$seen" = "RAW: of the message; DIGEST: of the digest of the digest" ] || {
  echo "that is another behaviour than was found" >&2
  exit 1
}
