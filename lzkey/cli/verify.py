"""`lzkey verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from lzkey.cli.options import Files, Format, OneFormat, tell
from lzkey.errors import PackError
from lzkey.evidence.checking import content
from lzkey.evidence.screen import as_members, terminal_view
from lzkey.evidence.signature import LARGEST, Outside, as_der, read_fingerprint
from lzkey.evidence.verification import verify as verified

EXIT_CODES: Final = """
\b
Examples:
$ lzkey verify pack
$ lzkey verify pack --public-key signer.pem
$ lzkey verify pack --key-fingerprint SHA256 --format json

Exit codes: 0 everything agrees; 1 it went wrong; 2 wrong arguments, or it is no pack, or one of another \
version; 3 something differs: a file, a verdict, or the signature; 4 nothing differs, but nobody vouches for \
the key that signed it, or something cannot be proved again.
"""

_Pack = Annotated[
    Path, typer.Argument(metavar="DIR", help="The folder that --evidence has written.", show_default=False)
]
_PublicKey = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="The public key that must have signed it: PEM, DER, or as KMS tells it."
    ),
]
_Fingerprint = Annotated[
    str | None, typer.Option(metavar="SHA256", help="The SHA-256 of that public key in DER, 64 digits.")
]


def verify(
    pack: _Pack,
    *,
    public_key: _PublicKey = None,
    key_fingerprint: _Fingerprint = None,
    form: OneFormat = Format.TEXT,
    output: Files = None,
) -> None:
    """Prove every verdict of an evidence pack again, offline, and say exactly what differs.

    No network and no AWS account is needed. An unsigned pack proves that nothing was damaged or carelessly
    edited; a signature of a key that you know from elsewhere, that it is what the key's owner signed.
    """
    outside = Outside(
        None if public_key is None else as_der(_read(public_key), str(public_key)),
        None if key_fingerprint is None else read_fingerprint(key_fingerprint),
    )
    found = verified(pack, outside)
    tell(form, output, as_members(found), [terminal_view(found)])
    raise typer.Exit(found.exit_code)


def _read(path: Path) -> bytes:
    """The bytes of a key file, a link among them."""
    resolved = path.resolve()
    try:
        return content(resolved.parent, resolved.name, LARGEST)
    except PackError as error:
        raise PackError(str(error).replace(resolved.name, str(path), 1)) from error
