"""What is said of bytes and of their price."""

from __future__ import annotations

import pytest

from lzkey.aws.athena import WorkGroup
from lzkey.history.athena.coverage import Coverage
from lzkey.history.athena.estimate import Estimate, cost, size, told_after

GROUP = WorkGroup("audit", enabled=True, output="s3://results/", managed=False, cutoff=None, engine="")
MB, GB, TB = 1 << 20, 1 << 30, 1 << 40


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0 bytes"),
        (1023, "1,023 bytes"),
        (1024, "1.0 KB"),
        (10 * MB, "10.0 MB"),
        (123 * GB, "123 GB"),
        (3 * TB // 2, "1.5 TB"),
        (5000 * 1024 * TB, "5,000 PB"),
    ],
)
def test_bytes_are_read_by_people(number: int, shown: str) -> None:
    """With the unit that fits."""
    assert size(number) == shown


@pytest.mark.parametrize(
    ("number", "dollars"),
    [(0, 0.0000524), (10 * MB, 0.0000524), (10 * MB + 1, 0.0000577), (10**12, 5.0), (3 * 10**12, 15.0)],
)
def test_a_price_is_of_megabytes_and_of_ten_at_least(number: int, dollars: float) -> None:
    """As AWS charges: what is begun counts whole."""
    assert cost(number) == pytest.approx(dollars, rel=0.01)


def test_an_estimate_of_all_is_a_bound() -> None:
    """And says so."""
    first, limit = Estimate(Coverage(size=3 * 10**12, objects=1_234), GROUP).sentences()
    assert first == (
        "it scans 2.7 TB in 1,234 objects at most: about USD 15.00 (USD 5 a TB in most Regions, as of 2025)"
    )
    assert limit == "the work group audit does not limit what a query scans"


def test_an_estimate_of_some_is_none() -> None:
    """What was counted is told as that, after why there may be more."""
    some = Coverage(size=10**12, objects=1, unknown=("a place was not listed",))
    first, second, *_ = Estimate(some, GROUP).sentences()
    assert first == "a place was not listed"
    assert second.startswith(
        "how much it scans is not known: 931 GB in 1 object were counted, these alone about"
    )


def test_what_it_has_cost() -> None:
    """By what Athena tells."""
    assert told_after(2 * TB) == (
        "it scanned 2.0 TB: about USD 11.00 (USD 5 a TB in most Regions, as of 2025)"
    )


def test_of_two_places_both_count() -> None:
    """Sentences once."""
    one, other = Coverage(1, 2, unknown=("why",)), Coverage(3, 4, unknown=("why",))
    assert one + other == Coverage(4, 6, unknown=("why",))
