"""Condition values that are not text: numbers, dates, addresses, booleans, binary.

Each reader returns None for text it does not understand. Numbers are limited to plain decimals of at most 30
digits on either side of the point, so that comparing them is exact and cheap whatever a policy holds.
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network

#: The end of the year 9999, in seconds since 1970.
LAST_MOMENT: Final = Decimal(253402300799)

#: Compiled when a value is first read: few policies have numbers or dates.
_NUMBER: Final = r"(?a)[+-]?\d{1,30}(\.\d{1,30})?"
_EPOCH: Final = r"(?a)\d{5,18}(\.\d{1,9})?"
_DATE: Final = r"(?a)\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?"
#: No sign, no leading zero, and no digits but ASCII's.
_OCTETS: Final = {str(octet): octet for octet in range(256)}


def read_boolean(text: str) -> bool | None:
    """Read `true` or `false`, in any case."""
    return {"true": True, "false": False}.get(text.lower())


def read_number(text: str) -> Decimal | None:
    """Read an integer or decimal."""
    return Decimal(text) if re.fullmatch(_NUMBER, text) else None


def read_date(text: str) -> Decimal | None:
    """Read a W3C ISO 8601 date, or seconds since 1970; the answer is in seconds since 1970.

    A time without an offset is UTC. Four digits or fewer are no date: a year and an epoch look the same. Nor
    are seconds past the year 9999: who wrote them meant milliseconds.
    """
    if re.fullmatch(_EPOCH, text):
        seconds = Decimal(text)
        return seconds if seconds <= LAST_MOMENT else None
    if not re.fullmatch(_DATE, text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Decimal(repr(moment.timestamp()))


def read_network(text: str) -> Network | None:
    """Read an IPv4 or IPv6 address, or a CIDR range (a net mask instead of the prefix length is none)."""
    address, slash, length = text.partition("/")
    if slash and not length.isdigit():
        return None
    number = _dotted(address)
    try:
        if number is None or not length.isascii():
            return ip_network(text, strict=False)
        return IPv4Network((number, int(length or 32)), strict=False)  # in a third of the time
    except ValueError:
        return None


def _dotted(address: str) -> int | None:
    """The number of an IPv4 address; None for anything else."""
    try:
        first, second, third, fourth = map(_OCTETS.__getitem__, address.split("."))
    except (KeyError, ValueError):
        return None
    return first << 24 | second << 16 | third << 8 | fourth


def read_binary(text: str) -> bytes | None:
    """Read base64."""
    try:
        return b64decode(text.encode("ascii"), validate=True)
    except (NotBase64, UnicodeEncodeError):
        return None


def within(address: Network, network: Network) -> bool:
    """Tell whether the request's address lies in the policy's range."""
    if isinstance(address, IPv4Network):
        return isinstance(network, IPv4Network) and address.subnet_of(network)
    return isinstance(network, IPv6Network) and address.subnet_of(network)
