#!/usr/bin/env bash
# ministack 1.4.21 (also 1.5.33), an emulator of AWS: KMS ListKeys honours Limit and says Truncated=true, but
# gives no NextMarker. The API reference says that a truncated answer has one. boto3's paginator, which goes on
# as long as there is a marker, so ends after the first page: with PageSize=1, one key of three.
#
# Seen: "3 keys; Limit=1: 1 key, Truncated True, NextMarker None; paginator: 1 key"
# https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html
set -euo pipefail

folder=$(mktemp -d)
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ministack==1.4.21 boto3==1.44.8

port=$("$folder/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
env -i PATH="$PATH" HOME="$folder" TMPDIR="$folder" BIND_HOST=127.0.0.1 GATEWAY_PORT="$port" \
  LAMBDA_EXECUTOR=local DOCKER_HOST=unix:///nowhere AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing \
  AWS_EC2_METADATA_DISABLED=true "$folder/venv/bin/python" -m ministack >"$folder/log" 2>&1 &
server=$!

cat >"$folder/look.py" <<'PYTHON'
import sys
import time

import boto3
from botocore.exceptions import BotoCoreError

session = boto3.Session("testing", "testing", region_name="us-east-1")
kms = session.client("kms", endpoint_url=f"http://127.0.0.1:{sys.argv[1]}")
for _ in range(60):
    try:
        before = len(kms.list_keys()["Keys"])
        break
    except BotoCoreError:
        time.sleep(0.5)
for _ in range(3 - before):
    kms.create_key()
page = kms.list_keys(Limit=1)
pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1})
listed = sum(len(each["Keys"]) for each in pages)
print(
    f"{len(kms.list_keys()['Keys'])} keys; Limit=1: {len(page['Keys'])} key, Truncated {page['Truncated']}, "
    f"NextMarker {page.get('NextMarker')}; paginator: {listed} key"
)
PYTHON
seen=$("$folder/venv/bin/python" "$folder/look.py" "$port")
echo "ministack 1.4.21: $seen"
[ "$seen" = "3 keys; Limit=1: 1 key, Truncated True, NextMarker None; paginator: 1 key" ] || {
  echo "that is another behaviour than was found" >&2
  exit 1
}
