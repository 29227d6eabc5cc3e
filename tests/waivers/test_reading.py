"""A waivers file: what is read of it, what is refused, and that its schema says the same."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from landing_zone_key import Requirement
from lzkey.documents import schema_of
from lzkey.errors import ExitCode, WaiversError
from lzkey.waivers.reading import LARGEST, read_waivers, waivers_of
from lzkey.waivers.values import MOST_FAULTS

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
WRITTEN = {
    "key": ARN,
    "requirement": "SINGLE_REGION",
    "reason": "Replicas are removed with the move of March.",
    "owner": "platform@example.com",
    "expires": "2027-03-31",
}
TEXT = """\
version: 1
waivers:
  - key: arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
    requirement: SINGLE_REGION
    reason: Replicas are removed
      with the move of March.
    owner: "platform@example.com"
    expires: 2027-03-31      # a comment
"""
VALIDATOR = Draft202012Validator(schema_of("waivers"), format_checker=Draft202012Validator.FORMAT_CHECKER)


def document(**changes: Any) -> dict[str, Any]:
    """A file of one waiver, changed; a member that is None is left out."""
    waiver = {name: value for name, value in {**WRITTEN, **changes}.items() if value is not None}
    return {"version": 1, "waivers": [waiver]}


def faults(text: str) -> str:
    """What is said of a file that is wrong."""
    with pytest.raises(WaiversError) as caught:
        waivers_of(text, "w.yaml")
    assert caught.value.exit_code == ExitCode.MISTAKEN
    return str(caught.value)


class TestRead:
    """What is right."""

    def test_a_file(self, tmp_path: Path) -> None:
        """Each member, and where it stands; a reason is one line."""
        path = tmp_path / "waivers.yaml"
        path.write_text(TEXT)
        found = read_waivers(path)
        (waiver,) = found.all
        assert (found.source, found.text) == (str(path), TEXT)
        assert (waiver.key, waiver.requirement, waiver.line) == (ARN, "SINGLE_REGION", 3)
        assert (waiver.reason, waiver.owner) == (WRITTEN["reason"], WRITTEN["owner"])
        assert waiver.expires == date(2027, 3, 31)

    def test_json_is_yaml_too(self) -> None:
        """With the date in quotes, since JSON has none."""
        (waiver,) = waivers_of(json.dumps(document()), "w.json").all
        assert (waiver.key, waiver.expires) == (ARN, date(2027, 3, 31))

    def test_none(self) -> None:
        """A list may be empty."""
        assert waivers_of("version: 1\nwaivers: []\n", "w.yaml").all == ()

    def test_one_requirement_of_two_keys_and_two_of_one(self) -> None:
        """Are no duplicates."""
        told = document()
        told["waivers"] += [
            {**WRITTEN, "key": ARN[:-1] + "c"},
            {**WRITTEN, "requirement": "ENABLED"},
        ]
        assert len(waivers_of(json.dumps(told), "w.yaml").all) == 3


# A document, and what its fault says; None: it has none.
CASES: list[tuple[object, str | None]] = [
    (document(), None),
    ({"version": 1, "waivers": []}, None),
    (document(reason="x", owner="y"), None),
    *((document(requirement=each.value), None) for each in Requirement),
    (document(key=ARN.replace("arn:aws:", "arn:aws-us-gov:")), None),
    (document(key=ARN.replace("1234abcd-", "mrk-")), None),
    ([], "the file is a list"),
    ("text", 'the file is "text"'),
    ({"version": 1}, "the file lacks waivers"),
    ({"waivers": []}, "the file lacks version"),
    ({"version": 2, "waivers": []}, 'version is "2", but must be 1'),
    ({"version": "1", "waivers": []}, "must be 1"),
    ({"version": True, "waivers": []}, "must be 1"),
    ({"version": 1, "waivers": {}}, "waivers is a mapping, but must be a list"),
    ({"version": 1, "waivers": None}, "must be a list"),
    ({"version": 1, "waivers": [], "more": 1}, 'the file has no member "more"'),
    ({"version": 1, "waivers": ["x"]}, 'a waiver is "x"'),
    ({"version": 1, "waivers": [[]]}, "a waiver is a list"),
    *((document(**{name: None}), f"a waiver lacks {name}") for name in WRITTEN),
    (document(note="x"), 'a waiver has no member "note"'),
    (document(key="*"), 'key is "*", but must be the ARN of one KMS key'),
    (document(key=ARN[:-36] + "*"), "must be the ARN of one KMS key"),
    (document(key="alias/landing-zone"), "must be the ARN of one KMS key"),
    (document(key=ARN.replace(":key/", ":alias/")), "must be the ARN of one KMS key"),
    (document(key=f" {ARN}"), "must be the ARN of one KMS key"),
    (document(key=[ARN]), "key is a list"),
    (document(requirement="SINGLE"), "must be one of ENABLED, SYMMETRIC, SINGLE_REGION"),
    (document(requirement="*"), "must be one of ENABLED"),
    (document(requirement="enabled"), "must be one of ENABLED"),
    (document(reason=""), 'reason is "", but must be text'),
    (document(reason=" \n"), "must be text"),
    (document(reason=5), "must be text"),
    (document(owner=""), "owner is"),
    (document(owner=111122223333), "must be text that says something, in quotes"),
    (document(expires="never"), "must be a date such as 2027-03-31"),
    (document(expires="2027-02-30"), "must be a date"),
    (document(expires="20270331"), "must be a date"),
    (document(expires="2027-03-31T00:00:00Z"), "must be a date"),
    (document(expires=20270331), "must be a date"),
    (document(expires="\u0662027-03-31"), "must be a date"),
]


class TestFaults:
    """What is wrong."""

    @pytest.mark.parametrize(("told", "fault"), CASES, ids=[str(number) for number in range(len(CASES))])
    def test_a_fault_has_its_line_and_what_would_be_right(self, told: object, fault: str | None) -> None:
        """And the schema refuses what the reader refuses, and nothing else."""
        assert VALIDATOR.is_valid(told) is (fault is None)
        if fault is None:
            waivers_of(json.dumps(told), "w.yaml")
        else:
            assert "\n  w.yaml:1: " in faults(json.dumps(told))
            assert fault in faults(json.dumps(told))

    def test_all_at_once(self) -> None:
        """In the order of the file as far as it goes, each with its line."""
        text = TEXT.replace("version: 1", "version: 2").replace("SINGLE_REGION", "SINGLE")
        told = faults(text.replace("2027-03-31", "soon"))
        assert told.splitlines()[0] == "w.yaml: 3 faults:"
        assert [line.split(": ")[0] for line in told.splitlines()[1:]] == [
            "  w.yaml:1",
            "  w.yaml:4",
            "  w.yaml:8",
        ]

    def test_a_duplicate(self) -> None:
        """Names the line of the first; its date may differ."""
        first, _, second = TEXT.partition("waivers:\n")
        told = faults(first + "waivers:\n" + second + second.replace("2027", "2028"))
        assert told == (
            "w.yaml: 1 fault:\n"
            f"  w.yaml:9: SINGLE_REGION is waived for {ARN} twice, first in line 3: keep one"
        )

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("", "w.yaml is empty"),
            ("# nothing\n", "w.yaml is empty"),
            ("version: 1\nwaivers: ]", "w.yaml:2: it is not YAML: "),
            ("version: 1\n\twaivers: []", "w.yaml:2: it is not YAML: "),
            ("version: 1\nwaivers: []\n---\nversion: 1", "w.yaml:3: it is not YAML: "),
            ("version: 1\nwaivers: \0", "it is not YAML: unacceptable character"),
            ("version: &one 1\nwaivers: []", "w.yaml:1: anchors and aliases (& and *) are not read"),
            ("version: &a 1\nwaivers: *a", "w.yaml:2: anchors and aliases"),
            ("version: !!int 1\nwaivers: []", "w.yaml:1: tags (!) are not read"),
            ("version: 1\nwaivers: !!python/object/apply:os.getcwd []", "w.yaml:2: tags (!) are not read"),
            ("version: 1\nversion: 1\nwaivers: []", "w.yaml:2: version is there twice in the file: keep one"),
            ("version: 1\nwaivers: []\n<<: {}", 'w.yaml:3: the file has no member "<<"'),
            ("? [version]\n: 1\nwaivers: []", "w.yaml:1: the file has no member a list"),
            ("version:\nwaivers: []", "w.yaml:1: version is empty, but must be 1"),
            ("version: 01\nwaivers: []", "must be 1"),
            ("[" * 9, "w.yaml:1: it is nested too deeply"),
            ("[" * 100_000, "it is not YAML: "),
            ("#" * (LARGEST + 1), "w.yaml has more than 1 MB"),
        ],
    )
    def test_of_yaml(self, text: str, fault: str) -> None:
        """Nothing is made of what the file need not have."""
        assert fault in faults(text)

    def test_what_is_quoted_drives_no_terminal(self) -> None:
        """And is short."""
        told = faults(json.dumps(document(requirement="\x1b]0;t\x07\u202e" + "x" * 500)))
        assert told.replace("\n", "").isprintable()
        assert max(map(len, told.splitlines())) < 300

    @pytest.mark.parametrize("line", ["-\n", "- &a 1\n"])
    def test_of_very_many_the_first(self, line: str) -> None:
        """And how many more there are: nobody reads them all."""
        told = faults("version: 1\nwaivers:\n" + line * (MOST_FAULTS + 1_000)).splitlines()
        assert (told[0], told[-1]) == ("w.yaml: 1,100 faults:", "  and 1,000 more")
        assert len(told) == MOST_FAULTS + 2

    def test_a_file_without_an_end(self) -> None:
        """Is not read to it."""
        with pytest.raises(WaiversError, match="/dev/zero has more than 1 MB"):
            read_waivers(Path("/dev/zero"))

    def test_the_largest_file(self, tmp_path: Path) -> None:
        """Is measured in bytes, however many characters they are."""
        path = tmp_path / "waivers.yaml"
        path.write_bytes((TEXT + "#").encode().ljust(LARGEST, b"#"))
        assert len(read_waivers(path).all) == 1
        path.write_bytes((TEXT + "#").encode() + "\u00e9".encode() * (LARGEST // 2))
        with pytest.raises(WaiversError, match="has more than 1 MB"):
            read_waivers(path)

    @pytest.mark.parametrize(
        ("content", "fault"), [(None, "cannot be read: No such file"), (b"\xff", "is not UTF-8: byte 0")]
    )
    def test_a_file_that_cannot_be_read(self, tmp_path: Path, content: bytes | None, fault: str) -> None:
        """Its name, and why."""
        path = tmp_path / "waivers.yaml"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(WaiversError, match=fault):
            read_waivers(path)
