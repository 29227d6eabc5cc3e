"""Whatever a document holds, reading it raises nothing: keys, or what cannot be read."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from landing_zone_key import LandingZone, assess
from lzkey.sources.recognition import Document
from lzkey.sources.subject import Context, FoundKey, PassedOver, Unread

HERE = Path(__file__).parent
ZONE = LandingZone.from_rule_parameters({"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"})
PATHS = [
    *sorted((HERE / "documents").glob("*.json")),
    HERE / "templates/cdk.json",
    HERE / "terraform/plan.json",
    HERE / "terraform/state.json",
]
DOCUMENTS = {path.stem: json.loads(path.read_text()) for path in PATHS}
_ANSWERS = [DOCUMENTS["describe_key"], DOCUMENTS["get_key_policy"], DOCUMENTS["key_policy"]]
_MESSAGE = {"messageType": "Oversized", "configurationItemSummary": {"resourceId": "1"}, "s3ObjectKey": "k"}
DOCUMENTS |= {
    "answers": [*_ANSWERS, DOCUMENTS["describe_key"]["KeyMetadata"], [_ANSWERS[0]]],
    "messages": {
        "Records": [
            {"body": json.dumps({"Type": "Notification", "Message": json.dumps({"configurationItem": {}})})},
            {"Sns": {"Message": {"source": "aws.config", "detail": _MESSAGE}}},
        ]
    },
    "batch": {"BaseConfigurationItems": [{}], "UnprocessedResourceIdentifiers": [{"ResourceType": "x"}]},
}
FUNCTIONS = ["Ref", "Fn::Sub", "Fn::GetAtt", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::If", "Fn::FindInMap"]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", "*", "Key", "AWS::NoValue", "${Key.Arn}"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*FUNCTIONS, "Statement", "address", "values"]), inner, max_size=2)
    ),
    max_leaves=6,
)


def places(document: Any) -> list[tuple[Any, Any]]:
    """Every member and element, as its holder and its name there."""
    found = []
    waiting = [document]
    while waiting:
        holder = waiting.pop()
        names = list(holder) if isinstance(holder, dict) else range(len(holder))
        found += [(holder, name) for name in names]
        waiting += [holder[name] for name in names if isinstance(holder[name], dict | list)]
    return found


def read(text: str) -> list[Any]:
    """What a document holds, read as another process reads it; everything that is found can be judged."""
    unit = pickle.loads(pickle.dumps(Document("source", text, named=True)))  # noqa: S301 - our own
    results = list(unit.keys(Context(ZONE)))
    for found in results:
        assert isinstance(found, FoundKey | Unread | PassedOver)
        if isinstance(found, FoundKey):
            for key in filter(None, (found.key, found.hopeful)):
                assert assess(key, ZONE).compliance
    return results


class TestAnyDocument:
    """Documents of every kind, with something else in some place."""

    @pytest.mark.parametrize("name", sorted(DOCUMENTS))
    @settings(max_examples=40)
    @given(data=st.data())
    def test_one_other_value_raises_nothing(self, name: str, data: st.DataObject) -> None:
        """Wherever it is."""
        document = copy.deepcopy(DOCUMENTS[name])
        for _ in range(data.draw(st.integers(1, 3))):
            holder, place = data.draw(st.sampled_from(places(document)))
            holder[place] = data.draw(VALUES)
        text = json.dumps(document)
        assert read(text)
        assert read(f"{text}\n{text}\tdefault\n{text}")

    @settings(max_examples=40)
    @given(st.sampled_from(["answers", "describe_key", "get_key_policy", "batch"]), st.data())
    def test_one_other_value_in_yaml_raises_nothing(self, name: str, data: st.DataObject) -> None:
        """As the AWS CLI prints it."""
        document = copy.deepcopy(DOCUMENTS[name])
        holder, place = data.draw(st.sampled_from(places(document)))
        holder[place] = data.draw(VALUES)
        assert read(yaml.safe_dump(document))

    @given(VALUES)
    def test_any_value_raises_nothing(self, value: Any) -> None:
        """JSON of any shape, and YAML."""
        assert read(json.dumps(value))
        read(f"Resources: {yaml.safe_dump(value, default_flow_style=True)}")

    @given(st.text())
    def test_any_text_raises_nothing(self, text: str) -> None:
        """It is said that it is no source."""
        assert read(text)
        read(f"Resources:\n  {text}")
