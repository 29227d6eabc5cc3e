"""Conditions, one at a time: operators and their values, keys, and policy variables."""

from collections.abc import Callable, Mapping
from typing import Any

Case = Mapping[str, Any]


class _Conditions:
    """Judge each case of a table, and its twin."""

    def test_is_judged_as_documented(
        self, case: Case, judge: Callable[..., str], twin_of: Callable[[Case], Case]
    ) -> None:
        """The condition holds, fails or is in doubt as its table says; so does its twin, the other way."""
        for one in (case, twin_of(case)):
            assert judge(one["condition"], one["context"], version=one.get("version")) == one["expected"]


class TestStrings(_Conditions):
    """StringEquals, StringLike, their negations, and IgnoreCase."""

    TABLE = "strings.json"


class TestArns(_Conditions):
    """ArnLike and ArnEquals compare component by component."""

    TABLE = "arns.json"


class TestNumbersAndDates(_Conditions):
    """Numeric and Date operators compare values, not text."""

    TABLE = "numbers_and_dates.json"


class TestAddresses(_Conditions):
    """IpAddress and NotIpAddress, for both kinds of addresses."""

    TABLE = "addresses.json"


class TestPresenceAndBooleans(_Conditions):
    """Null, Bool and BinaryEquals."""

    TABLE = "presence_and_booleans.json"


class TestVariables(_Conditions):
    """Policy variables in condition values."""

    TABLE = "variables.json"


class TestKeysAndOperators(_Conditions):
    """Names of keys and operators, and several conditions in one statement."""

    TABLE = "keys_and_operators.json"
