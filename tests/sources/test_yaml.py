"""YAML as CloudFormation reads it, and what is refused of it."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from lzkey.errors import SourceError
from lzkey.sources.numbers import Misread
from lzkey.sources.yaml_text import read_yaml

BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 20)]
)


class TestValues:
    """Scalars are text, tags are functions."""

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("a: 2012-10-17", {"a": "2012-10-17"}),
            ("a: yes\nb: False\nc: 'yes'", {"a": "true", "b": "false", "c": "yes"}),
            ("a:\nb: ~\nc: ''", {"a": None, "b": None, "c": ""}),
            ("a: !Ref x", {"a": {"Ref": "x"}}),
            ("a: !Condition x", {"a": {"Condition": "x"}}),
            ("a: !GetAtt Key.Arn", {"a": {"Fn::GetAtt": ["Key", "Arn"]}}),
            ("a: !GetAtt [Key, Arn]", {"a": {"Fn::GetAtt": ["Key", "Arn"]}}),
            ("a: !Sub ['${b}', {b: !Ref c}]", {"a": {"Fn::Sub": ["${b}", {"b": {"Ref": "c"}}]}}),
            ("a: !Whatever {b: c}", {"a": {"Fn::Whatever": {"b": "c"}}}),
            ("a: &x {b: c}\nd: *x", {"a": {"b": "c"}, "d": {"b": "c"}}),
            ("a: &x {b: c, d: e}\nf: {<<: *x, d: g}", {"a": {"b": "c", "d": "e"}, "f": {"b": "c", "d": "g"}}),
            ("a: {<<: [{b: 1}, {b: 2, c: 3}]}", {"a": {"b": 1, "c": 3}}),
            ("\ufeffa: b", {"a": "b"}),
        ],
    )
    def test_it_is_read_as_a_template_is(self, text: str, value: Any) -> None:
        """Versions stay text, and numbers are numbers, as in JSON."""
        assert read_yaml(text)[0] == value


class TestLines:
    """Where a value stands."""

    TEXT = "a:\n  b:\n    - !If\n      - C\n      - Sid: x\n      - d\n    - e\n"

    @pytest.mark.parametrize(
        ("path", "line"),
        [
            (("a",), 1),
            (("a", "b"), 2),
            (("a", "b", 0), 3),
            (("a", "b", 0, "Fn::If", 1), 5),
            (("a", "b", 0, "Fn::If", 1, "Sid"), 5),
            (("a", "b", 1), 7),
            (("a", "b", 2), None),
            (("x",), None),
        ],
    )
    def test_a_path_leads_to_its_line(self, path: Any, line: int | None) -> None:
        """Through functions in their short form, too."""
        assert read_yaml(self.TEXT)[1](path) == line


class TestNumbers:
    """YAML 1.1, as CloudFormation reads it."""

    @pytest.mark.parametrize(
        "number", [0, 7, -7, 111122223333, 123456789012345678, 0.0, 1.5, -0.25, 1234567.5]
    )
    def test_a_number_that_keeps_its_digits_is_that_number(self, number: float) -> None:
        """As it would be in JSON."""
        assert read_yaml(f"a: {number}")[0] == {"a": number}

    @pytest.mark.parametrize(
        "text",
        [
            *("099922223333", "000000000008", "08", "0_9"),
            *("011122223333", "012345670123", "00", "0" * 100),
            *("1_000", "111_122_223_333", "+7", "-0", "0x1F", "-0xff", "0b101", "1" * 19, "1" * 5_000),
            *("1:30", "190:20:30", "190:20:30.15", "1:" * 50 + "1", "09:30:00"),
            *("1e3", "1E5", "1.0e+3", "111122223333.0", "1.50", "01.5", "1.", ".5", "0.0001", "1e999"),
            *(".inf", "-.Inf", ".NaN"),
        ],
    )
    def test_a_number_that_is_written_differently_is_not_known(self, text: str) -> None:
        """Neither as what stands there nor as what becomes of it; the sentence has the line."""
        value = read_yaml(f"\na: {text}")[0]["a"]
        assert isinstance(value, Misread)
        assert value.why.startswith("line 2: without quotes ")
        assert "put it into quotes" in value.why
        assert "`aws cloudformation package`" in value.why
        assert len(value.why) < 300

    @pytest.mark.parametrize(
        "text", ["099922223333", "011122223333", "1_000", "0x1F", "1e3", "190:20:30", ".5"]
    )
    def test_in_quotes_it_is_text(self, text: str) -> None:
        """The twin; YAML's own tag does the same."""
        assert read_yaml(f"a: '{text}'\nb: \"{text}\"\nc: !!str {text}\nd: |-\n  {text}")[0] == dict.fromkeys(
            "abcd", text
        )

    @pytest.mark.parametrize(
        "text", ["2012-10-17", "0o17", "1.2.3.4", "10.0.0.0/8", "1,000", "0x", "1e", "-x", "9a"]
    )
    def test_what_only_begins_like_a_number_is_text(self, text: str) -> None:
        """Versions and addresses, for some."""
        assert read_yaml(f"a: {text}")[0] == {"a": text}

    @pytest.mark.parametrize("name", ["111122223333", "099922223333", "011122223333"])
    def test_what_has_a_number_for_its_name_is_not_known(self, name: str) -> None:
        """CloudFormation refuses such names; in quotes they are names."""
        value = read_yaml(f"{name}: a")[0][name]
        assert isinstance(value, Misread)
        assert "does not take as a name; put it into quotes" in value.why
        assert read_yaml(f"'{name}': a")[0] == {name: "a"}


class TestRefused:
    """What a template cannot be."""

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("a: [1, 2", "it is not YAML"),
            ("a: b: c", "line 1, column 5: it is not YAML: mapping values are not allowed"),
            ("a: *b", "it is not YAML: found undefined alias"),
            ("a: 1\nb: 2\na: 3", 'line 3: "a" stands twice in one mapping; keep one'),
            ("[a]: b", "line 1: a member's name is text"),
            ("a: &a [*a]", "line 1: an alias stands inside of what it stands for"),
            ("a: {<<: b}", "line 1: << takes a mapping"),
            ("a: \x07", "it is not YAML"),
            ("--- a\n--- b\n", "it is not YAML: but found another document"),
            ("", "it is empty"),
            ("a: " + "[" * 50_000, "nesting"),
            ("a:\n" + "".join(" " * n + "a:\n" for n in range(1, 1100)), "nest"),
            ("a: " + "x" * (1 << 20), "more than 1 MB"),
        ],
    )
    def test_the_message_names_the_place(self, text: str, said: str) -> None:
        """And what is wrong there."""
        with pytest.raises(SourceError) as caught:
            read_yaml(text)
        assert said in str(caught.value)

    def test_a_bomb_is_refused_at_once(self) -> None:
        """Nine to the nineteenth values would not fit anywhere."""
        began = process_time()
        with pytest.raises(SourceError, match=r"aliases expand to more than 200000 values"):
            read_yaml(BOMB)
        assert process_time() - began < 1

    def test_no_object_is_ever_made(self) -> None:
        """A tag is a name, not a constructor."""
        text = "a: !!python/object/apply:os.system [exit]"
        assert read_yaml(text)[0] == {"a": ["exit"]}
