"""Condition values that are not text, read as the standard library reads them."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from landing_zone_key.policy.values import read_network

ADDRESSES = ("10.0.0.0", "10.1.2.255", "255.255.255.255", "0.0.0.7", "2001:db8::", "::ffff:10.0.0.0")
NO_ADDRESSES = (
    *("", ".", "10", "10.0.0", "10.0.0.0.0", "10.0.0.", ".0.0.0", "10.0.0.256", "10.0.0.00", "010.0.0.0"),
    *("10.0.0.-1", "10.0.0.+1", " 10.0.0.0", "10.0.0.0 ", "10.0.0.0\n", "10.0.0.1_0", "10.0.0.²", "10.0.0.٣"),
)
LENGTHS = ("", "/0", "/8", "/24", "/31", "/32", "/024", "/33", "/129", f"/{'9' * 5000}", "/²", "/٣", "/8/8")


class TestNetwork:
    """IPv4 in dots has a way of its own, which is faster."""

    @pytest.mark.parametrize("length", LENGTHS)
    @pytest.mark.parametrize("address", [*ADDRESSES, *NO_ADDRESSES])
    def test_is_what_ip_network_says(self, address: str, length: str) -> None:
        """The same network, or none."""
        try:
            expected = ip_network(address + length, strict=False)
        except ValueError:
            expected = None
        assert read_network(address + length) == expected

    @pytest.mark.parametrize("length", ["/", "/255.0.0.0", "/0.0.0.255", "/-1", "/+8", "/ 8", "/8\n"])
    def test_has_a_length_of_digits(self, length: str) -> None:
        """A net mask is none."""
        assert read_network(f"10.0.0.0{length}") is None
