"""Pages of an answer, cut as AWS cuts them."""

from __future__ import annotations

from typing import Any

import pytest

from lzkey_sandbox import ServiceError
from lzkey_sandbox.http.listings import Listings

WHERE = ("111122223333", "us-east-1")


def page(listings: Listings, name: str = "Results", rows: int = 5, **members: Any) -> dict[str, Any]:
    """A page of two of some rows, none of them empty."""
    return listings.page(name, lambda: range(rows), WHERE, members, 2, may_be_empty=False)


class TestPages:
    """From the first to the last."""

    def test_all_rows_come_once(self) -> None:
        """The last page has no token."""
        listings = Listings()
        first = page(listings)
        second = page(listings, NextToken=first["NextToken"])
        third = page(listings, NextToken=second["NextToken"])
        assert [each["Results"] for each in (first, second, third)] == [[0, 1], [2, 3], [4]]
        assert "NextToken" not in third

    def test_a_page_that_ends_with_the_rows_is_the_last(self) -> None:
        """There is no token to an empty page."""
        assert page(Listings(), rows=2) == {"Results": [0, 1]}

    def test_an_empty_token_asks_for_the_first_page(self) -> None:
        """As AWS tolerates."""
        assert page(Listings(), NextToken="")["Results"] == [0, 1]


class TestTokens:
    """A token goes on in the answer that it was issued with."""

    @pytest.mark.parametrize(("name", "token"), [("Results", "NextToken"), ("results", "nextToken")])
    def test_has_the_letters_of_its_answer(self, name: str, token: str) -> None:
        """It goes on under the name that it came under."""
        listings = Listings()
        first = page(listings, name)
        assert set(first) == {name, token}
        assert page(listings, name, **{token: first[token]})[name] == [2, 3]

    @pytest.mark.parametrize(
        ("name", "members"), [("Others", {}), ("Results", {"ConfigRuleName": "another"})]
    )
    def test_is_for_no_other_request(self, name: str, members: dict[str, str]) -> None:
        """Neither for another answer nor for other members; the twin is the test above."""
        listings = Listings()
        token = page(listings)["NextToken"]
        with pytest.raises(ServiceError, match="InvalidNextTokenException"):
            page(listings, name, NextToken=token, **members)

    @pytest.mark.parametrize("limit", ["Limit", "MaxResults"])
    def test_the_size_of_a_page_may_change(self, limit: str) -> None:
        """It is no part of what is asked for."""
        listings = Listings()
        token = page(listings, **{limit: 2})["NextToken"]
        assert page(listings, NextToken=token, **{limit: 3})["Results"] == [2, 3]
