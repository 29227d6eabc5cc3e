"""The address of STS that rdklib has in its code, answered on this machine.

rdklib calls ``https://sts.<region>.amazonaws.com`` whatever the endpoint configuration says. A function's
proxy takes that call here: TLS under a certificate of an authority that the function trusts, then the
sandbox's endpoint. Nothing looks the name up.
"""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lzkey_sandbox.http.loopback import LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path

_VALID: Final = timedelta(days=1)


class StsAddress:
    """Answers for ``host``; ``authority`` is the file that clients must trust (``AWS_CA_BUNDLE``)."""

    def __init__(self, region: str, endpoint_port: int, directory: Path) -> None:
        self.host = f"sts.{region}.amazonaws.com"
        self.authority = directory / "authority.pem"
        self._port = endpoint_port
        issuer_key, host_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        issuer = _certificate("lzkey sandbox", issuer_key, None)
        certificate = _certificate(self.host, host_key, (issuer, issuer_key))
        self.authority.write_bytes(issuer.public_bytes(serialization.Encoding.PEM))
        chain = directory / "sts.pem"
        chain.write_bytes(_private(host_key) + certificate.public_bytes(serialization.Encoding.PEM))
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(chain)

    def serve(self, connection: socket.socket) -> None:
        """Answer the one request of a connection that a client has opened through the proxy."""
        try:
            with self._tls.wrap_socket(connection, server_side=True) as client:
                client.sendall(self._answer(_read_request(client)))
        except OSError:  # the client has gone away, as one whose time is over does
            return

    def _answer(self, request: bytes) -> bytes:
        with socket.create_connection((LOOPBACK, self._port)) as endpoint:
            endpoint.sendall(request)
            endpoint.shutdown(socket.SHUT_WR)
            return endpoint.makefile("rb").read()


def _read_request(client: ssl.SSLSocket) -> bytes:
    lines, length = [], 0
    stream = client.makefile("rb")
    while line := stream.readline():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        if name.lower() == b"connection":
            continue
        if not line.strip():
            break
        lines.append(line)
    return b"".join([*lines, b"Connection: close\r\n\r\n", stream.read(length)])


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
) -> x509.Certificate:
    """A certificate for a host, or without an issuer one of an authority."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer[1] if issuer else key
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _VALID)
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .add_extension(_usage(signs=issuer is None), critical=True)
    )
    if issuer:
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(names, critical=False).add_extension(usage, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _usage(*, signs: bool) -> x509.KeyUsage:
    unused: dict[str, Any] = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
    )
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
        **unused,
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
