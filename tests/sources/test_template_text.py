"""Which texts are templates in YAML, however they begin."""

from __future__ import annotations

from time import process_time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Reader

TEMPLATE = """\
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}, Action: 'kms:*',
             Resource: '*'}
"""
FLOW = "{Resources: {Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {Statement: []}}}}}"


def indented(by: str) -> str:
    """The template with something before each line."""
    return "".join(f"{by}{line}" for line in TEMPLATE.splitlines(keepends=True))


class TestTemplates:
    """The key in each of them is found, and by its line."""

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            (TEMPLATE, 3),
            (indented("  "), 3),
            (f"---\n# all is indented\n\n{indented('   ')}", 6),
            (f"--- # a comment\n{TEMPLATE}", 4),
            (f"%YAML 1.1\n---\n{TEMPLATE}", 5),
            (f"\ufeff---\n{TEMPLATE}", 4),
            (f"# a comment\n{TEMPLATE}...\n", 4),
            (TEMPLATE.replace("Resources:", "'Resources' :"), 3),
            (TEMPLATE.replace("AWSTemplateFormatVersion", '"AWSTemplateFormatVersion"'), 3),
            (TEMPLATE.replace("\n", "\r\n"), 3),
            (FLOW, 1),
            (f"--- {FLOW}", 1),
            (FLOW.replace("Resources", "'Resources'"), 1),
            ('# a comment\n{"Resources": {"Key": {"Type": "AWS::KMS::Key"}}}', 2),
            ("{ # a comment\n  Resources: {\n    Key: {Type: AWS::KMS::Key}}}", 3),
        ],
    )
    @pytest.mark.parametrize("named", [True, False])
    def test_a_template_is_read(self, reader: Reader, text: str, line: int, *, named: bool) -> None:
        """Named, or found in a folder."""
        found = reader.text(text, named=named).key
        assert (found.name, found.place.line) == ("Key", line)
        assert reader.failed(found) == ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]


class TestOthers:
    """The twins: what is no template is none because it holds the words of one."""

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{'a': 1}",
            "[Resources: 1]",
            "service: logs\nresources:\n  Resources:\n    Bucket: {Type: AWS::S3::Bucket}\n",
            "text: |\n  Resources: none\n",
            "  a: 1\nResources:\n",
        ],
    )
    def test_other_texts_are_not(self, reader: Reader, text: str) -> None:
        """Where they were asked for, that is said."""
        result = reader.text(text)
        assert (result.keys, len(result.unread)) == ([], 1)

    def test_json_is_json(self, reader: Reader) -> None:
        """A comma too many is told of, which YAML would take."""
        text = '{"Resources": {"Key": {"Type": "AWS::KMS::Key"},}}'
        assert "no comma before the closing brace" in reader.text(text).message

    @pytest.mark.parametrize("text", ["# x\n" * 200_000, "\n" * 900_000, " " * 900_000, "---\n" * 200_000])
    def test_what_never_begins_is_soon_left(self, reader: Reader, text: str) -> None:
        """However often something may stand before the root."""
        before = process_time()
        reader.text(text)
        assert process_time() - before < 5
