"""Proved and observed: what counts, what it comes to, and the one answer from both."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from lzkey.cli.report import exit_code
from lzkey.observed.causes import CAUSES
from lzkey.observed.timing import DIGEST_FILES, HISTORY, LOG_FILES, Kind, Reading, observation
from lzkey.observed.values import CLOUDTRAIL, CONFIG, Behind, InForce, Observed, Outcome
from lzkey.report.headline import SENTENCES, headline, tone
from lzkey.report.model import Delivery, DeliveryAnswer, ServiceProof

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.observed.values import Observation
    from lzkey.report.model import Report

ACCOUNT, REGION = "111122223333", "us-east-1"
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
#: In force for a month.
OLD = InForce(NOON - timedelta(days=30), "PutKeyPolicy")


def reading(kind: Kind = LOG_FILES, ago: timedelta | None = timedelta(minutes=5), error: str = "") -> Reading:
    """What was read of a delivery so long ago."""
    at = None if ago is None else NOON - ago
    return Reading(kind, ACCOUNT, REGION, None if error else at, at if error else None, error)


def seen(one: Reading, in_force: InForce = OLD) -> Observation:
    """What it is worth at noon."""
    return observation(one, in_force, NOON)


class TestTimeDecides:
    """Later than what is in force by one interval, or it is not observed."""

    @pytest.mark.parametrize("kind", [LOG_FILES, DIGEST_FILES, HISTORY])
    @pytest.mark.parametrize("error", ["", "AccessDenied"])
    def test_to_the_second(self, kind: Kind, error: str) -> None:
        """From one interval after the change on, and not a second before."""
        one = reading(kind, timedelta(minutes=1), error)
        at = NOON - timedelta(minutes=1)
        counts = Outcome.FAILING if error else Outcome.DELIVERING
        changed = InForce(at - kind.interval, "PutKeyPolicy")
        assert seen(one, changed).outcome is counts
        later = InForce(at - kind.interval + timedelta(seconds=1), "PutKeyPolicy")
        found = seen(one, later)
        assert found.outcome is Outcome.NOT_OBSERVED
        assert found.detail.startswith("not observed since the change at 2026-11-29 ")
        assert "(PutKeyPolicy); " in found.detail
        assert (found.error, found.at) == (error, at)

    def test_silence(self) -> None:
        """Is no health, however good the last delivery was."""
        assert seen(reading(ago=LOG_FILES.late)).outcome is Outcome.DELIVERING
        found = seen(reading(ago=LOG_FILES.late + timedelta(seconds=1)))
        assert (found.outcome, found.detail) == (
            Outcome.NOT_OBSERVED,
            "nothing for too long, and no error is told; last delivered at 2026-11-28 11:59 UTC",
        )

    def test_an_old_failure(self) -> None:
        """Is still one: nothing has been delivered since."""
        assert seen(reading(HISTORY, timedelta(days=20), "NoSuchBucket")).outcome is Outcome.FAILING

    @pytest.mark.parametrize(
        ("one", "in_force", "detail"),
        [
            (reading(ago=None), OLD, "no time is told; none were ever delivered, as far as AWS tells"),
            (reading(ago=None, error="X"), OLD, "no time is told; failed with X"),
            (
                reading(),
                InForce(unknown="refused"),
                (
                    "since when key and manifest are as they are is not known (refused); "
                    "last delivered at 2026-11-29 11:55 UTC"
                ),
            ),
            (replace(reading(), unread="account 1 refused it"), OLD, "account 1 refused it"),
            (
                replace(reading(), elsewhere="another key"),
                OLD,
                "another key; last delivered at 2026-11-29 11:55 UTC",
            ),
        ],
    )
    def test_what_does_not_count(self, one: Reading, in_force: InForce, detail: str) -> None:
        """Says why, and is told all the same."""
        found = seen(one, in_force)
        assert (found.outcome, found.detail) == (Outcome.NOT_OBSERVED, detail)

    @pytest.mark.parametrize(
        "in_force", [InForce(unknown="refused"), InForce(NOON - timedelta(minutes=1), "PutKeyPolicy")]
    )
    def test_a_trail_that_is_stopped(self, in_force: InForce) -> None:
        """Delivers nothing today, whenever key and manifest were changed, and whatever it encrypts with."""
        one = replace(reading(error="IsLogging: false"), stopped=True)
        told = "failed with IsLogging: false, as told at 2026-11-29 11:55 UTC"
        assert (seen(one, in_force).outcome, seen(one, in_force).detail) == (Outcome.FAILING, told)
        assert seen(replace(one, elsewhere="another key"), in_force).outcome is Outcome.FAILING

    def test_a_cause(self) -> None:
        """Is named where a page names it; any other code stands as it was read."""
        known = seen(replace(reading(error="NoSuchBucket"), message="no <such> bucket"))
        assert (known.cause, known.source) == (
            "the bucket does not exist",
            "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
        )
        assert known.detail == "failed with NoSuchBucket (no <such> bucket), as told at 2026-11-29 11:55 UTC"
        unknown = seen(reading(error="Surprise"))
        assert (unknown.error, unknown.cause, unknown.source) == ("Surprise", "", "")

    def test_every_cause_has_its_page(self) -> None:
        """Of AWS's documentation."""
        assert all(cause.source.startswith("https://docs.aws.amazon.com/") for cause in CAUSES.values())


GOOD, BAD = reading(), reading(error="AccessDenied")
HISTORY_GOOD = reading(HISTORY, timedelta(hours=1))
HISTORY_BAD = reading(HISTORY, timedelta(hours=1), "AccessDenied")


class TestHowManyWereAsked:
    """Is said as it is."""

    @pytest.mark.parametrize(
        ("asked", "of", "told"),
        [
            (0, 6, "no delivery channel was asked for"),
            (1, 6, "delivery channels of 1 account of 6 were asked for"),
            (6, 6, "delivery channels of all 6 accounts were asked for"),
            (1, 1, "delivery channels of 1 account were asked for"),
            (1, 0, "delivery channels of 1 account were asked for, and of no other"),
        ],
    )
    def test_each(self, asked: int, of: int, told: str) -> None:
        """Nobody, some, all."""
        assert Observed(OLD, accounts_asked=asked, accounts=of).asked == told


class TestOutcome:
    """What the observations of a service come to."""

    @pytest.mark.parametrize(
        ("readings", "cloudtrail", "config"),
        [
            ((), Outcome.NOT_OBSERVED, Outcome.NOT_OBSERVED),
            ((GOOD,), Outcome.DELIVERING, Outcome.NOT_OBSERVED),
            ((GOOD, HISTORY_GOOD), Outcome.DELIVERING, Outcome.DELIVERING),
            ((BAD, HISTORY_GOOD, HISTORY_BAD), Outcome.FAILING, Outcome.FAILING),
            ((GOOD, reading(DIGEST_FILES, error="AccessDenied")), Outcome.DELIVERING, Outcome.NOT_OBSERVED),
            ((reading(DIGEST_FILES),), Outcome.NOT_OBSERVED, Outcome.NOT_OBSERVED),
        ],
    )
    def test_each(self, readings: tuple[Reading, ...], cloudtrail: Outcome, config: Outcome) -> None:
        """One failure is a failure; digest files are no logs."""
        found = Observed(OLD, tuple(map(seen, readings)))
        assert (found.outcome(CLOUDTRAIL), found.outcome(CONFIG)) == (cloudtrail, config)

    def test_who_is_behind(self) -> None:
        """Keeps AWS Config from being healthy, and CloudTrail not; so does that nobody knows."""
        fine = Observed(OLD, (seen(GOOD), seen(HISTORY_GOOD)))
        late = tuple(
            Behind(f"arn:aws:organizations::{ACCOUNT}:ou/o-a/ou-{number}", "x") for number in range(5)
        )
        for doubt in (replace(fine, behind=late), replace(fine, behind_unknown="refused")):
            assert doubt.outcome(CLOUDTRAIL) is Outcome.DELIVERING
            assert doubt.outcome(CONFIG) is Outcome.NOT_OBSERVED
        told = replace(fine, behind=late).why(CONFIG)
        assert "ou-0, ou-1, ou-2 and 2 more not on the landing zone's present configuration" in told
        assert "is not known: refused" in replace(fine, behind_unknown="refused").why(CONFIG)
        failing = replace(fine, observations=(seen(HISTORY_BAD),), behind=late)
        assert failing.outcome(CONFIG) is Outcome.FAILING

    def test_digest_files_that_fail(self) -> None:
        """Are told beside the log files that arrive."""
        found = Observed(OLD, (seen(GOOD), seen(reading(DIGEST_FILES, error="NoSuchBucket"))))
        assert found.why(CLOUDTRAIL) == (
            "log files last delivered at 2026-11-29 11:55 UTC; "
            "digest files failed with NoSuchBucket, as told at 2026-11-29 11:55 UTC"
        )

    def test_how_many_are_alike(self) -> None:
        """Of all accounts and Regions that were asked."""
        there = replace(HISTORY_GOOD, region="eu-west-1")
        found = Observed(OLD, tuple(map(seen, (HISTORY_GOOD, HISTORY_BAD, there))))
        assert found.why(CONFIG).endswith(f"(account {ACCOUNT}, {REGION}; so in 1 of 2)")


def told(report: Report, proved: dict[str, Delivery], observed: dict[str, Outcome] | None) -> Report:
    """The report with these proofs and observations."""
    readings = {
        (CLOUDTRAIL, Outcome.DELIVERING): GOOD,
        (CLOUDTRAIL, Outcome.FAILING): BAD,
        (CONFIG, Outcome.DELIVERING): HISTORY_GOOD,
        (CONFIG, Outcome.FAILING): HISTORY_BAD,
    }
    found = None
    if observed is not None:
        found = Observed(OLD, tuple(seen(readings[each]) for each in observed.items() if each in readings))
    worst = min(proved.values(), key=[*Delivery].index)
    services = tuple(
        ServiceProof(service, delivery, f"why {service}") for service, delivery in proved.items()
    )
    return replace(report, proved=DeliveryAnswer(worst, "why", services), observed=found)


BOTH = (CLOUDTRAIL, CONFIG)


class TestHeadline:
    """A sentence for each pair."""

    def test_is_a_whole_matrix(self) -> None:
        """Every pair once, each with a sentence of its own."""
        assert set(SENTENCES) == {(proved, observed) for proved in Delivery for observed in Outcome}
        assert len(set(SENTENCES.values())) == len(SENTENCES)

    @pytest.mark.parametrize(
        ("proved", "observed", "sentence", "coloured"),
        [
            (
                "yes",
                "delivering",
                "Yes, the landing zone's logs can be delivered, and deliveries are observed",
                "yes",
            ),
            (
                "yes",
                "failing",
                "No, deliveries of the landing zone's logs fail, although the key allows them",
                "no",
            ),
            (
                "yes",
                "not_observed",
                "Yes, the landing zone's logs can be delivered; whether they are was not observed",
                "yes",
            ),
            (
                "no",
                "delivering",
                (
                    "The key is proved to refuse deliveries of the landing zone's logs, and yet they are "
                    "observed: the proof is not of the present policy and state, or an assumption of it is "
                    "wrong"
                ),
                "unknown",
            ),
            ("no", "failing", "No, the landing zone's logs cannot be delivered, and deliveries fail", "no"),
            (
                "no",
                "not_observed",
                "No, the landing zone's logs cannot be delivered; whether they are was not observed",
                "no",
            ),
            (
                "possible",
                "delivering",
                "The key may refuse deliveries of the landing zone's logs; those that are observed arrive",
                "unknown",
            ),
            (
                "possible",
                "failing",
                "No, deliveries of the landing zone's logs fail, and the key may be why",
                "no",
            ),
            (
                "possible",
                "not_observed",
                (
                    "The key may refuse deliveries of the landing zone's logs; whether they arrive was not "
                    "observed"
                ),
                "unknown",
            ),
            (
                "unknown",
                "delivering",
                (
                    "It is not known whether every delivery of the landing zone's logs is allowed; those "
                    "that are observed arrive"
                ),
                "unknown",
            ),
            (
                "unknown",
                "failing",
                "No, deliveries of the landing zone's logs fail, and whether the key is why is not known",
                "no",
            ),
            (
                "unknown",
                "not_observed",
                (
                    "It is not known whether the landing zone's logs can be delivered, and whether they are "
                    "was not observed"
                ),
                "unknown",
            ),
            (
                "none",
                "delivering",
                (
                    "By its manifest, the landing zone's logs are not delivered, and yet "
                    "deliveries are observed"
                ),
                "unknown",
            ),
            (
                "none",
                "failing",
                (
                    "By its manifest, the landing zone's logs are not delivered, and yet "
                    "deliveries are tried, and fail"
                ),
                "no",
            ),
            ("none", "not_observed", "No logs are delivered: the integrations are off", "unknown"),
        ],
    )
    def test_each(
        self,
        load_report: Callable[[str], Report],
        proved: str,
        observed: str,
        sentence: str,
        coloured: str,
    ) -> None:
        """Where both services are alike."""
        pair = Delivery(proved), Outcome(observed)
        report = told(load_report("healthy"), dict.fromkeys(BOTH, pair[0]), dict.fromkeys(BOTH, pair[1]))
        found = headline(report)
        assert (found.proved, found.observed, found.sentence) == (*pair, sentence)
        assert tone(*pair) == coloured

    def test_the_worse_of_two(self, load_report: Callable[[str], Report]) -> None:
        """Is the headline, and says whose it is; the other one stands beside it."""
        report = load_report("healthy")
        found = headline(
            told(
                report,
                dict.fromkeys(BOTH, Delivery.YES),
                {CLOUDTRAIL: Outcome.DELIVERING, CONFIG: Outcome.FAILING},
            )
        )
        assert found.sentence == "No, deliveries of the logs of AWS Config fail, although the key allows them"
        assert [cell.observed for cell in found.cells] == [Outcome.DELIVERING, Outcome.FAILING]
        contradiction = headline(
            told(
                report,
                {CLOUDTRAIL: Delivery.YES, CONFIG: Delivery.NO},
                {CLOUDTRAIL: Outcome.DELIVERING, CONFIG: Outcome.NOT_OBSERVED},
            )
        )
        assert contradiction.sentence == (
            "No, the logs of AWS Config cannot be delivered; whether they are was not observed"
        )

    def test_a_service_that_is_off(self, load_report: Callable[[str], Report]) -> None:
        """Is left out, unless it delivers all the same: the answer is not of its logs."""
        proofs = {CLOUDTRAIL: Delivery.NONE, CONFIG: Delivery.YES}
        silent = {CLOUDTRAIL: Outcome.NOT_OBSERVED, CONFIG: Outcome.DELIVERING}
        report = load_report("healthy")
        assert headline(told(report, proofs, silent)).sentence == (
            "Yes, the logs of AWS Config can be delivered, and deliveries are observed"
        )
        loud = {**silent, CLOUDTRAIL: Outcome.DELIVERING}
        assert headline(told(report, proofs, loud)).sentence.startswith(
            "By its manifest, the logs of CloudTrail are"
        )

    def test_places_without_deliveries(self, load_report: Callable[[str], Report]) -> None:
        """Are counted beside a yes; the management account need not have a delivery channel."""
        report = told(
            load_report("healthy"), dict.fromkeys(BOTH, Delivery.YES), dict.fromkeys(BOTH, Outcome.DELIVERING)
        )
        found = report.observed
        assert found is not None
        manager = replace(seen(HISTORY_GOOD), account=str(report.scope.management_account), sender="")
        lacking = replace(manager, outcome=Outcome.NOT_OBSERVED)
        others = [replace(lacking, account=f"44445555666{number}") for number in range(2)]

        def sentence(*more: Observation) -> str:
            whole = replace(found, observations=(*found.observations, *more))
            return headline(replace(report, observed=whole)).sentence

        assert sentence(lacking) == sentence()
        assert sentence(lacking, *others) == (
            "Yes, the landing zone's logs can be delivered, and deliveries are observed, though of 2 of 4 "
            "trails and delivery channels none are"
        )

    def test_nobody_looked(self, load_report: Callable[[str], Report]) -> None:
        """Is not observed, with what would settle it."""
        found = headline(told(load_report("healthy"), dict.fromkeys(BOTH, Delivery.YES), None))
        assert found.observed is Outcome.NOT_OBSERVED
        assert all("--management-role" in cell.seen for cell in found.cells)

    @pytest.mark.parametrize(
        ("observed", "code"), [(Outcome.DELIVERING, 0), (Outcome.NOT_OBSERVED, 0), (Outcome.FAILING, 3)]
    )
    def test_exit_code(self, load_report: Callable[[str], Report], observed: Outcome, code: int) -> None:
        """What fails is a problem, whatever is proved."""
        report = told(
            load_report("healthy"), dict.fromkeys(BOTH, Delivery.YES), dict.fromkeys(BOTH, observed)
        )
        assert exit_code(report) == code
