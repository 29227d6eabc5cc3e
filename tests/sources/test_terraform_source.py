"""Terraform's own language: which keys it declares, and which it only speaks of."""

from __future__ import annotations

import pytest

from lzkey.sources.subject import Declared, PassedOver, Unread
from lzkey.sources.terraform_source import declared


class TestDeclared:
    """Blocks, however they are written."""

    @pytest.mark.parametrize(
        ("name", "text", "addresses"),
        [
            ("main.tf", 'resource "aws_kms_key" "logs" {\n}\n', [("aws_kms_key.logs", 1)]),
            ("main.tofu", '\n  resource "awscc_kms_key" "a-b" {', [("awscc_kms_key.a-b", 2)]),
            ("main.tf", "resource aws_kms_replica_key logs {", [("aws_kms_replica_key.logs", 1)]),
            ("main.tf", '# resource "aws_kms_key" "logs" {', []),
            ("main.tf", '/*\nresource "aws_kms_key" "logs" {\n*/', []),
            ("main.tf", '/*\n*/\nresource "aws_kms_key" "logs" {', [("aws_kms_key.logs", 3)]),
            ("main.tf", 'data "aws_kms_key" "logs" {', []),
            ("main.tf", 'resource "aws_kms_alias" "logs" {', []),
            ("main.tf", 'resource "aws_kms_key_policy" "logs" {', []),
            (
                "main.tf.json",
                '{"resource":\n {"aws_kms_key":\n {"logs": {}}}}',
                [("aws_kms_key.logs", 3)],
            ),
            (
                "main.tf.json",
                '{"resource": [{"aws_kms_key": [{"a": {}}, {"b": {}}]}, {"aws_kms_alias": {"c": {}}}]}',
                [("aws_kms_key.a", None), ("aws_kms_key.b", None)],
            ),
            ("main.tf.json", '{"data": {"aws_kms_key": {"logs": {}}}}', []),
            ("main.tf.json", '{"resource": ', []),
        ],
    )
    def test_each(self, name: str, text: str, addresses: list[tuple[str, int | None]]) -> None:
        """With its line, where somebody can tell."""
        found = [each for each in declared(name, text, named=False) if isinstance(each, Declared)]
        assert [(each.address, each.place.line) for each in found] == addresses

    @pytest.mark.parametrize(("named", "kind"), [(True, Unread), (False, PassedOver)])
    def test_none(self, named: bool, kind: type[Unread | PassedOver]) -> None:  # noqa: FBT001
        """Is passed over in a folder; who asks for the file hears what to give instead."""
        (found,) = declared("main.tf", "kms", named=named)
        assert isinstance(found, kind)
