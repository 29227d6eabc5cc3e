#!/usr/bin/env bash
# rdk 0.17.24 (also 1.0.0): `rdk create` takes both A_BC and AB_C, and keeps them apart. `create-rule-template` makes a
# resource's name of a rule's name by leaving out underscores and hyphens, so that both are ABCConfigRule: the template
# for two rules has the one that came last, and the command says that it was written and ends with 0. What is deployed
# from it lacks a rule that nobody has left out. (`rdk deploy` names stacks and functions in the same way.)
#
# Seen: "2 rules asked for; exit code 0; in the template: 1"
# https://github.com/awslabs/aws-config-rdk (create-rule-template)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check rdk==0.17.24 boto3==1.44.8

mkdir "$folder/rules"
cd "$folder/rules"
rdk() {
  env -i PATH="$folder/venv/bin:$PATH" HOME="$folder" AWS_DEFAULT_REGION=us-east-1 "$folder/venv/bin/rdk" "$@" \
    >>"$folder/log" 2>&1
}
rdk create A_BC --runtime python3.13-lib --resource-types AWS::KMS::Key
rdk create AB_C --runtime python3.13-lib --resource-types AWS::S3::Bucket
code=0
rdk create-rule-template A_BC AB_C --rules-only --output-file template.json || code=$?

cat >"$folder/look.py" <<'PYTHON'
import json
import sys

resources = json.load(open("template.json"))["Resources"].values()
rules = [each for each in resources if each["Type"] == "AWS::Config::ConfigRule"]
print(f"2 rules asked for; exit code {sys.argv[1]}; in the template: {len(rules)}")
PYTHON
seen=$("$folder/venv/bin/python" "$folder/look.py" "$code")
echo "rdk 0.17.24: $seen"
[ "$seen" = "2 rules asked for; exit code 0; in the template: 1" ] || {
  echo "that is another behaviour than was found" >&2
  exit 1
}
