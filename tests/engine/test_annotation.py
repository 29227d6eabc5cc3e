"""At most 256 characters, worst first, every failed requirement named."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from landing_zone_key import (
    Assessment,
    Compliance,
    Finding,
    FindingReason,
    Requirement,
    annotate,
    assess,
)

ORDER = (
    "CLOUDTRAIL_ACCESS",
    "CONFIG_ACCESS",
    "ENABLED",
    "MANAGEMENT_ACCOUNT",
    "HOME_REGION",
    "SYMMETRIC",
    "SINGLE_REGION",
)


def failing(*requirements: Requirement, summary: str, reason: str = "NO_ALLOW") -> Assessment:
    """An assessment with a finding for each of these requirements."""
    findings = tuple(Finding(each, FindingReason(reason), summary, "a message") for each in requirements)
    return Assessment(Compliance.NON_COMPLIANT, findings)


def order(text: str) -> list[str]:
    """The requirements in the order in which the annotation names them."""
    return [part.split(":")[0] for part in without_anchors(text).split("; ")]


def without_anchors(text: str) -> str:
    """The annotation without its end, which has a test of its own."""
    return text.partition(" (runbook: ")[0]


class TestExpiry:
    """Imported key material that is soon gone."""

    EXTERNAL: ClassVar = {"Origin": "EXTERNAL", "ExpirationModel": "KEY_MATERIAL_EXPIRES"}
    AT = datetime(2027, 1, 1, 12, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("date", "told"),
        [
            ("2027-01-31", "; the imported key material expires on 2027-01-31"),
            ("2027-01-01", "; the imported key material expires on 2027-01-01"),
            ("2027-02-01", ""),
        ],
    )
    @pytest.mark.parametrize("statements", [("config", "cloudtrail"), ("config", "cloudtrail", "perimeter")])
    def test_is_told_thirty_days_before(
        self, date: str, told: str, statements: tuple[str, ...], make_key: Any, make_zone: Any
    ) -> None:
        """Whatever the answer is, which stays as it is; not earlier."""
        key = make_key(*statements, **self.EXTERNAL, ValidTo=f"{date}T10:00:00Z")
        expiring, lasting = (assess(each, make_zone(), at=self.AT) for each in (key, make_key(*statements)))
        assert expiring.compliance == lasting.compliance
        before, anchors, names = annotate(lasting).partition(" (runbook: ")
        assert annotate(expiring) == f"{before}{told}{anchors}{names}"

    def test_is_left_out_where_there_is_no_room(self, make_key: Any, make_zone: Any) -> None:
        """The reasons come first; the twin has a shorter Sid."""
        for sid, fits in (("a" * 75, False), ("a" * 9, True)):
            key = make_key("config", {"of": "perimeter", "Sid": sid}, **self.EXTERNAL, ValidTo="2027-01-02")
            text = annotate(assess(key, make_zone(), at=self.AT))
            assert len(text) <= 256
            assert ("2027-01-02" in text) is fits

    def test_of_a_key_that_is_not_judged_is_not_told(self, make_key: Any, make_zone: Any) -> None:
        """It is nobody's business here."""
        key = make_key(**self.EXTERNAL, ValidTo="2027-01-02", KeyManager="AWS")
        assert "2027" not in annotate(assess(key, make_zone(), at=self.AT))


class TestWords:
    """What the on-call reads."""

    def test_the_designs_example(self, make_key: Any, make_zone: Any) -> None:
        """A Deny by its Sid, a state with its date."""
        key = make_key(
            "config", "cloudtrail", "perimeter", KeyState="PendingDeletion", DeletionDate="2026-12-01"
        )
        assert annotate(assess(key, make_zone())) == (
            'CLOUDTRAIL_ACCESS: kms:Decrypt refused, denied by "DenyOutsideOrg"; '
            'CONFIG_ACCESS: kms:Decrypt refused, denied by "DenyOutsideOrg"; '
            "ENABLED: PendingDeletion until 2026-12-01 "
            "(runbook: cloudtrail-access-denied, config-access-denied, not-enabled)"
        )

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (
                {"Principal": {"Service": "configservice.amazonaws.com"}},
                "misses on Principal Service configservice.amazonaws.com",
            ),
            (
                {"Action": ["kms=Decrypt", "kms:GenerateDataKey"]},
                "misses on Action kms=Decrypt",
            ),
        ],
    )
    def test_a_slip_is_shown(self, change: dict[str, Any], words: str, make_key: Any, make_zone: Any) -> None:
        """Of a service or an action that is nearly right; the message says what would be right."""
        assessment = assess(make_key("root", "cloudtrail", {"of": "config", **change}), make_zone())
        sid = '"Allow Config to use KMS for encryption"'
        assert annotate(assessment) == (
            f"CONFIG_ACCESS: kms:Decrypt refused, {sid} {words} (runbook: config-access-not-allowed)"
        )
        (finding,) = assessment.findings
        shown = words.removeprefix("misses on ").replace(" ", ": ", 1)
        right = "config.amazonaws.com" if "Principal" in change else "kms:Decrypt"
        assert finding.message.endswith(f"does not match its {shown}, not {right}")
        assert finding.statement == sid.strip('"')

    def test_a_service_that_is_nothing_like_it_is_none(self, make_key: Any, make_zone: Any) -> None:
        """The twin: nobody meant to allow this service."""
        change = {"of": "config", "Principal": {"Service": "s3.amazonaws.com"}}
        text = annotate(assess(make_key("root", "cloudtrail", change), make_zone()))
        assert without_anchors(text) == "CONFIG_ACCESS: kms:Decrypt refused, no statement allows it"

    def test_compliant_says_what_was_proved(self, make_key: Any, make_zone: Any) -> None:
        """Requests, and the seven requirements."""
        text = annotate(assess(make_key(), make_zone()))
        assert (
            text
            == "Proved: every request of CloudTrail and AWS Config is allowed; all seven requirements hold"
        )

    def test_not_applicable_says_why(self, make_key: Any, make_zone: Any) -> None:
        """The reason alone."""
        text = annotate(assess(make_key(KeyManager="AWS"), make_zone()))
        assert text == "An AWS managed key: Control Tower offers customer managed keys only"

    def test_no_policy_text_is_shown(self, make_key: Any, make_zone: Any) -> None:
        """Values of conditions and resources stay out."""
        condition = {"StringEquals": {"aws:SourceAccount": "777766665555"}}
        statement = {"of": "merged", "Resource": "arn:aws:kms:us-east-1:1:key/x", "Condition": condition}
        text = annotate(assess(make_key(statement), make_zone()))
        assert "Resource" in text
        assert "arn:aws" not in text
        assert "777766665555" not in text


class TestRunbook:
    """Where to read on, at the end."""

    def test_the_worst_come_first(self, make_key: Any, make_zone: Any) -> None:
        """In the order of the findings, each once."""
        key = make_key("root", "config", KeyState="Disabled", MultiRegion=True)
        text = annotate(assess(key, make_zone()))
        _, _, told = text.partition(" (runbook: ")
        assert told == ("cloudtrail-access-not-allowed, not-enabled, multi-region)")

    @pytest.mark.parametrize(
        ("length", "told"),
        [
            (198, " (runbook: config-access-not-allowed, enabled-not-allowed)"),
            (199, " (runbook: config-access-not-allowed)"),
            (219, " (runbook: config-access-not-allowed)"),
            (220, ""),
        ],
    )
    def test_as_many_as_there_is_room_for(self, length: int, told: str) -> None:
        """They never cost a word of what is wrong."""
        found = failing(Requirement.ENABLED, Requirement.CONFIG_ACCESS, summary="x")
        long = replace(found.findings[0], summary="y" * (length - len("CONFIG_ACCESS: x; ENABLED: ")))
        text = annotate(replace(found, findings=(long, found.findings[1])))
        assert len(text) <= 256
        assert text[length:] == told

    def test_a_sid_cannot_look_like_it(self, make_key: Any, make_zone: Any) -> None:
        """A quotation ends with its quote."""
        sid = "x (runbook: config-access-unknown)"
        text = annotate(assess(make_key("merged", {"of": "perimeter", "Sid": sid}), make_zone()))
        assert text.endswith("(runbook: cloudtrail-access-denied, config-access-denied)")

    def test_a_compliant_key_needs_none(self, make_key: Any, make_zone: Any) -> None:
        """Nothing is wrong."""
        assert "runbook" not in annotate(assess(make_key(), make_zone()))


class TestOrder:
    """The worst finding first."""

    def test_what_stops_delivery_comes_first(self) -> None:
        """Access, then state, then where the key is, then what it is."""
        assert order(annotate(failing(*Requirement, summary="x"))) == list(ORDER)
        assert order(annotate(failing(*reversed(Requirement), summary="x"))) == list(ORDER)

    @pytest.mark.parametrize("reason", ["UNKNOWN", "TOO_COMPLEX"])
    def test_what_is_not_certain_comes_last(self, reason: str) -> None:
        """A fault that is known is worse than one that is not."""
        doubtful = failing(Requirement.CLOUDTRAIL_ACCESS, summary="x", reason=reason).findings
        certain = failing(Requirement.SINGLE_REGION, summary="x", reason="MULTI_REGION").findings
        for findings in (doubtful + certain, certain + doubtful):
            text = annotate(Assessment(Compliance.NON_COMPLIANT, findings))
            assert order(text) == ["SINGLE_REGION", "CLOUDTRAIL_ACCESS"]


class TestLength:
    """Never more than AWS Config takes, and never a requirement unnamed."""

    @pytest.mark.parametrize("length", [*range(0, 60, 7), 100, 150, 200, 240, 255, 256, 257, 1000, 40000])
    @pytest.mark.parametrize("count", range(1, 8))
    def test_every_requirement_is_named_within_256_characters(self, length: int, count: int) -> None:
        """However long the details and however many the findings."""
        requirements = list(Requirement)[:count]
        text = annotate(failing(*requirements, summary="x" * length))
        assert 1 <= len(text) <= 256
        assert set(order(text)) == {each.value for each in requirements}

    def test_a_detail_that_must_be_cut_says_so(self) -> None:
        """Three dots, and the room is used."""
        text = annotate(failing(Requirement.ENABLED, summary="x" * 300))
        assert text.endswith("x...")
        assert len(text) >= 250

    def test_a_detail_that_fits_is_whole(self) -> None:
        """The twin: no dots."""
        text = annotate(failing(Requirement.ENABLED, summary="x" * 200))
        assert without_anchors(text) == f"ENABLED: {'x' * 200}"

    def test_a_real_sid_of_any_length_fits(self, make_key: Any, make_zone: Any) -> None:
        """A Sid may be as long as a policy."""
        deny = {"of": "perimeter", "Sid": "D" * 30000}
        text = annotate(assess(make_key("merged", deny, KeyState="Disabled"), make_zone()))
        assert len(text) <= 256
        assert order(text) == ["CLOUDTRAIL_ACCESS", "CONFIG_ACCESS", "ENABLED"]

    def test_a_reason_is_cut_too(self) -> None:
        """NOT_APPLICABLE, with a reason that is too long."""
        assert len(annotate(Assessment(Compliance.NOT_APPLICABLE, reason="x" * 300))) == 256


class TestCharacters:
    """Sids and condition keys are somebody else's text."""

    @pytest.mark.parametrize(
        "character",
        [
            *map(chr, range(0x20)),
            "\x7f",
            "\x85",
            "\xa0",
            "\xad",
            "\u200b",
            "\u200f",
            "\u202e",
            "\u2066",
            "\u2028",
            "\u0100",
            "\u05d0",
            "\ufeff",
            "\U0001f600",
        ],
    )
    def test_nothing_that_steers_a_terminal_or_turns_text_round(
        self, character: str, make_key: Any, make_zone: Any
    ) -> None:
        """Control, format and right-to-left characters become question marks; so does all beyond Latin-1."""
        deny = {"of": "perimeter", "Sid": f"a{character}b"}
        text = annotate(assess(make_key("merged", deny), make_zone()))
        assert 'denied by "a?b"' in text
        assert text.isprintable()

    def test_half_a_character(self) -> None:
        """No policy holds one that could be read; wherever else it comes from, it is a question mark, too."""
        text = annotate(failing(Requirement.ENABLED, summary="a\ud800b"))
        assert without_anchors(text) == "ENABLED: a?b"

    @pytest.mark.parametrize("character", ["é", "ß", "ÿ", " ", "~", "'", "<"])
    def test_what_a_key_policy_may_hold_is_shown(self, character: str, make_key: Any, make_zone: Any) -> None:
        """The twin: printable Latin-1 as it is."""
        deny = {"of": "perimeter", "Sid": f"a{character}b"}
        assert f'denied by "a{character}b"' in annotate(assess(make_key("merged", deny), make_zone()))

    def test_a_quote_cannot_end_the_quotes_around_it(self, make_key: Any, make_zone: Any) -> None:
        """So a Sid cannot read like a requirement that fails."""
        deny = {"of": "perimeter", "Sid": 'a"; ENABLED: b'}
        text = annotate(assess(make_key("merged", deny), make_zone()))
        assert 'denied by "a\';ENABLED: b"' in text
